"""ABC: folk music typed as text (abcnotation.com, standard 2.1).

note_seq has a parser too, but it knows neither rests nor triplets, chords, ties, first and second
endings or pick-up bars, one of which nearly every written-down tune has. This one reads a tune as
a musician would: grace notes, ornaments and words are left out, and `abc_playing` plays out
repeats, endings and ties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..errors import ReadError
from .abc_fields import ALTER, PITCHES, SlipError, endings_of, fraction_of, key_of, length_of, meter_of
from .abc_playing import Bar, Key, Sound, Voice, perform

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["load", "looks_like"]

# Notes of a tuplet -> the time they take, in notes; those not listed take 2, in compound meters 3.
TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
MAX_LENGTH = 64  # quarters; a longer note is a slip of the pen
MAX_TEXT = 2**20

FIELD = re.compile(r"\s*([A-Za-z+])\s*:(.*)")
LENGTH = r"(\d*)(/*)(\d*)"
PITCH = r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)"
NOTE = re.compile(PITCH + LENGTH)
REST = re.compile("([zx])" + LENGTH)
BARS_REST = re.compile(r"[ZX](\d*)")
CHORD = re.compile(r"\[((?:[\^_=]*[A-Ga-g][,']*\d*/*\d*-?\s*)+)\]" + LENGTH)
TUPLET = re.compile(r"\((\d)(?::(\d*))?(?::(\d*))?")
BAR_LINE = re.compile(r"(?P<left>:*)(?P<line>\[\||\|\]|[|]+|\[(?=\d))(?P<right>:*)|(?P<both>::+)|\]")
ENDING = re.compile(r"\s*\[?(\d[\d,\-]*)")
INLINE = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
QUOTED = re.compile(r'"([^"]*)"')
BROKEN = re.compile(r"<+|>+")
# Grace notes, decorations, slurs, spacers, and what concerns the typesetter.
SKIPPED = re.compile(r"\{[^}]*\}|![^!\s]*!|\+[^+\s]+\+|[.~H-WYh-wy]\d*|[()`\\$*;#?@\s]")
PROGRAM = re.compile(r"(?:%%|I:)\s*MIDI\s+program\s+(?:\d+\s+)?(\d+)", re.IGNORECASE)


def looks_like(data: bytes) -> bool:
    """Tell whether some bytes are text with an ABC header."""
    return b"\0" not in data and re.search(rb"^[XK]:", data, re.MULTILINE) is not None


def load(data: bytes) -> NoteSequence:
    """Read the first tune in some ABC text.

    Parameters
    ----------
    data
        UTF-8 or Latin-1. Fields before the first ``X:`` hold for every tune of a book.

    Raises
    ------
    ReadError
        Something in it that is not ABC, with the number of its line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin1")
    if len(text) > MAX_TEXT:
        raise ReadError("the ABC text is longer than a million characters.", "Give one tune of it.")
    reader = _Reader()
    for number, line in _first_tune(text):
        try:
            reader.line(line)
        except SlipError as slip:
            raise ReadError(f"line {number} of the ABC: {slip}.", "Correct that line.") from slip
    return perform(list(reader.voices.values()), reader.title)


def _first_tune(text: str) -> list[tuple[int, str]]:
    """Lines of the first tune, numbered from 1, with the fields of the book's own header before them."""
    lines = list(enumerate(text.splitlines(), 1))
    first = next((i for i, (_, line) in enumerate(lines) if line.startswith("X:")), None)
    if first is None:
        return lines
    book = [(n, line) for n, line in lines[:first] if FIELD.match(line) and line[0] in "LMQ"]
    tune: list[tuple[int, str]] = []
    in_body = False
    for n, line in lines[first:]:
        if tune and (line.startswith("X:") or (in_body and not line.strip())):
            break
        in_body = in_body or line.startswith("K:")
        tune.append((n, line))
    return book + tune


@dataclass
class _State:
    """What holds for the music that follows, in one voice."""

    voice: Voice
    meter: tuple[int, int] | None = (4, 4)
    unit: Fraction | None = None  # of a whole note
    key: dict[str, int] = field(default_factory=dict)
    in_bar: dict[str, int] = field(default_factory=dict)  # accidentals, by letter
    tied: dict[str, int] = field(default_factory=dict)  # accidentals that a tie carries on
    factor: Fraction = Fraction(1)  # of a broken rhythm, for the next note
    tuplet: Fraction = Fraction(1)
    tuplet_left: int = 0
    ending: frozenset[int] = frozenset()

    @property
    def unit_length(self) -> Fraction:
        """Unit note length in quarters."""
        if self.unit is not None:
            return self.unit * 4
        return Fraction(1, 4) if self.meter and Fraction(*self.meter) < Fraction(3, 4) else Fraction(1, 2)

    @property
    def bar(self) -> Bar:
        return self.voice.bars[-1]


class _Reader:
    """Reads lines one by one into voices."""

    def __init__(self) -> None:
        self.title = ""
        self.voices: dict[str, Voice] = {}
        self._states: dict[str, _State] = {}
        self._header = _State(Voice())
        self._tempo: str | None = None
        self._now: _State | None = None  # None in the header

    def line(self, line: str) -> None:
        """Read a line of the header or of the body."""
        program = PROGRAM.match(line)
        if program:
            (self._now or self._header).voice.program = min(int(program[1]), 127)
            return
        line = re.sub(r"(?<!\\)%.*", "", line).rstrip()
        found = FIELD.match(line)
        if found:
            self._field(found[1], found[2].strip())
        elif line.strip():
            self._music(line, self._begin())

    def _begin(self) -> _State:
        """Open the first voice, if no voice is open."""
        if self._now is None:
            self._now = self._voice("")
        return self._now

    def _voice(self, name: str) -> _State:
        name = name or next(iter(self._states), "1")
        if name not in self._states:
            head = self._header
            voice = Voice(head.voice.program, bars=[Bar(meter=head.meter)])
            voice.bars[0].key = head.voice.bars[0].key if head.voice.bars else None
            self._states[name] = _State(voice, head.meter, head.unit, dict(head.key))
            self.voices[name] = voice
            if self._tempo is not None:
                self._set_tempo(self._states[name], self._tempo)
        return self._states[name]

    def _field(self, name: str, value: str) -> None:
        state = self._now or self._header
        if name == "T" and not self.title:
            self.title = value
        elif name == "V":
            self._set_voice(value)
        elif name == "L":
            state.unit = fraction_of(value, "unit note length")
        elif name == "M":
            state.meter = meter_of(value)
            if state.voice.bars and not state.bar.sounds:
                state.bar.meter = state.meter
        elif name == "Q" and self._now is None:
            self._tempo = value
        elif name == "Q":
            self._set_tempo(state, value)
        elif name == "K":
            state.key, key = key_of(value)
            if self._now is None:
                state.voice.bars = [Bar(key=key)]
                if not self._states:
                    self._now = self._voice("")
                else:  # voices were named in the header: they take what it ends with
                    self._close_header(key)
            else:
                state.bar.key = key

    def _close_header(self, key: Key | None) -> None:
        names = list(self._states)
        kept = {name: self._states[name].voice for name in names}
        self._states.clear()
        for name in names:
            state = self._voice(name)
            state.voice.name, state.voice.program = kept[name].name, kept[name].program
        self._now = self._states[names[0]]

    def _set_voice(self, value: str) -> None:
        name = value.split()[0] if value.split() else "1"
        in_header = self._now is None
        state = self._voice(name)
        label = re.search(r'\b(?:name|nm)\s*=\s*"?([^"]*)"?', value)
        state.voice.name = label[1].strip() if label else state.voice.name or ""
        if not in_header:
            self._now = state

    def _set_tempo(self, state: _State, value: str) -> None:
        value = QUOTED.sub("", value).strip()
        if not value:
            return
        left, _, right = value.rpartition("=")
        beats = [fraction_of(part, "tempo") for part in left.split()] if "/" in left else []
        digits = re.match(r"\s*(\d+(?:\.\d+)?)", right)
        if not digits or not float(digits[1]):
            raise SlipError(f"'{value}' is not a tempo")
        beat = sum(beats, Fraction(0)) * 4 if beats else state.unit_length
        state.bar.sounds.append(Sound(Fraction(0), qpm=float(beat) * float(digits[1])))

    def _music(self, line: str, state: _State) -> None:
        at = 0
        while at < len(line):
            at = self._symbol(line, at, state)
            state = self._begin()

    def _symbol(self, line: str, at: int, state: _State) -> int:
        """Read one symbol and return where the next begins."""
        if found := INLINE.match(line, at):
            self._field(found[1], found[2].strip())
        elif found := CHORD.match(line, at):
            notes = list(NOTE.finditer(found[1]))
            length = length_of(*notes[0].groups()[3:]) * length_of(*found.groups()[1:])
            tied = "-" in found[1]
            self._sound(state, length, [self._pitch(note, state) for note in notes], tied)
        elif found := BAR_LINE.match(line, at):
            return self._bar_line(line, found, state)
        elif found := NOTE.match(line, at):
            self._sound(state, length_of(*found.groups()[3:]), [self._pitch(found, state)], False)
        elif found := REST.match(line, at):
            self._sound(state, length_of(*found.groups()[1:]), [], False)
        elif found := BARS_REST.match(line, at):
            self._rest_bars(state, min(int(found[1] or 1), 999))
        elif found := TUPLET.match(line, at):
            self._open_tuplet(state, found)
        elif found := BROKEN.match(line, at):
            self._break(state, found[0])
        elif found := QUOTED.match(line, at):
            if re.match(r"[A-G][#b]?(?![a-ln-z])|N\.?C", found[1]):
                state.bar.sounds.append(Sound(Fraction(0), chord=found[1].strip()))
        elif line[at] == "-":
            self._tie(state)
            return at + 1
        elif line[at] == "&":
            raise SlipError("a voice overlay (&) cannot be read, write it as a voice of its own (V:)")
        elif found := SKIPPED.match(line, at):
            pass
        else:
            raise SlipError(f"'{line[at]}' is not a sign of ABC")
        return max(found.end(), at + 1)

    def _pitch(self, note: re.Match[str], state: _State) -> int:
        accidental, letter, octaves = note.groups()[:3]
        name = letter.upper()  # an accidental holds in every octave (standard 2.1, 11.3)
        if accidental:
            state.in_bar[name] = ALTER[accidental]
        carried = state.in_bar.get(name, state.tied.get(name, state.key.get(name, 0)))
        octave = letter.islower() + octaves.count("'") - octaves.count(",")
        pitch = PITCHES[name] + carried + 12 * octave
        if not 0 <= pitch <= 127:
            raise SlipError(f"the note '{note[0]}' lies outside of MIDI's range")
        return pitch

    def _sound(self, state: _State, length: Fraction, pitches: list[int], tied: bool) -> None:
        length *= state.unit_length * state.factor
        state.factor = Fraction(1)
        state.tied = {}
        if state.tuplet_left:
            length *= state.tuplet
            state.tuplet_left -= 1
        if not 0 < length <= MAX_LENGTH:
            raise SlipError(f"a note of {length} quarters")
        state.bar.sounds.append(Sound(length, tuple(pitches), tied))

    def _rest_bars(self, state: _State, count: int) -> None:
        for i in range(count):
            if i:
                self._new_bar(state)
            state.bar.sounds.append(Sound(4 * Fraction(*(state.meter or (4, 4)))))

    def _open_tuplet(self, state: _State, found: re.Match[str]) -> None:
        notes = int(found[1])
        if notes < 2:
            raise SlipError(f"a tuplet of {notes}")
        compound = state.meter is not None and state.meter[0] % 3 == 0 and state.meter[0] > 3
        time = int(found[2] or 0) or TUPLETS.get(notes, 3 if compound else 2)
        state.tuplet, state.tuplet_left = Fraction(time, notes), int(found[3] or 0) or notes

    def _break(self, state: _State, signs: str) -> None:
        short = Fraction(1, 2 ** len(signs[:4]))
        last = next((s for s in reversed(state.bar.sounds) if s.length), None)
        if last is None:
            raise SlipError(f"'{signs}' follows no note of its bar")
        first, second = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        last.length *= first
        state.factor = second

    def _tie(self, state: _State) -> None:
        last = next((s for s in reversed(state.bar.sounds) if s.length), None)
        if last is not None:
            last.tied = True
            state.tied = dict(state.in_bar)

    def _bar_line(self, line: str, found: re.Match[str], state: _State) -> int:
        left, right = len(found["left"] or ""), len(found["right"] or "")
        if found["both"]:
            left, right = len(found["both"]) // 2, len(found["both"]) - len(found["both"]) // 2
        heavy = bool(left or right or len(found["line"] or "") > 1 or found["both"] or found[0] == "]")
        # In "| :|" and at the start of a line the sign belongs to the bar before.
        empty = not any(sound.length for sound in state.bar.sounds)
        ended = state.voice.bars[-2] if empty and len(state.voice.bars) > 1 else None if empty else state.bar
        if ended is not None:
            ended.ends_section = ended.ends_section or heavy
            ended.closes = max(ended.closes, min(left + 1, 9) if left else 0)
        ending = ENDING.match(line, found.end())
        if heavy:
            state.ending = frozenset()
        if ending:
            state.ending = endings_of(ending[1])
        if not empty:
            self._new_bar(state)
        state.bar.opens = state.bar.opens or bool(right)
        state.bar.ending = state.ending
        state.in_bar = {}
        return ending.end() if ending else found.end()

    def _new_bar(self, state: _State) -> None:
        state.voice.bars.append(Bar(meter=state.meter, ending=state.ending))
