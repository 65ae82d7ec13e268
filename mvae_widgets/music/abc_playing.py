"""From written bars of ABC to played notes: repeats, endings, ties, and the bar lines that result."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .library import note_seq
from .score import TempoMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    NoteSequence = Any
    Note = Any

__all__ = ["Bar", "Key", "Sound", "Voice", "perform", "play_order"]

TICKS_PER_QUARTER = 220
DEFAULT_QPM = 120.0
VELOCITY = 80


@dataclass(frozen=True)
class Key:
    """A key: pitch class of its tonic, and the number of its mode in a NoteSequence."""

    tonic: int
    mode: int


@dataclass
class Sound:
    """Notes or a rest for some quarters; with length 0, a chord symbol or a tempo."""

    length: Fraction
    pitches: tuple[int, ...] = ()
    tied: bool = False
    chord: str = ""
    qpm: float = 0.0


@dataclass
class Bar:
    """What stands between two bar lines.

    Parameters
    ----------
    sounds
        In order.
    meter, key
        The meter, None for free time; a key that begins here.
    opens
        A repeat begins before it.
    closes
        How often what ends with it is played; 0 without a repeat sign.
    ends_section
        A double line or a repeat sign follows: a later repeat does not go back beyond it.
    ending
        The times through on which it is played; none for every time.
    """

    sounds: list[Sound] = field(default_factory=list)
    meter: tuple[int, int] | None = None
    key: Key | None = None
    opens: bool = False
    closes: int = 0
    ends_section: bool = False
    ending: frozenset[int] = frozenset()

    @property
    def length(self) -> Fraction:
        """Quarters."""
        return sum((sound.length for sound in self.sounds), Fraction(0))


@dataclass
class Voice:
    """One part of a tune."""

    program: int = 0
    name: str = ""
    bars: list[Bar] = field(default_factory=list)


def perform(voices: list[Voice], title: str) -> NoteSequence:
    """Play voices together.

    Parameters
    ----------
    voices
        Each becomes an instrument. Meters, keys, tempos and chord symbols are those of the first.
    title
        Title of the sequence.

    Returns
    -------
    NoteSequence
        As long as its longest voice, rests at the end included.
    """
    sequence = note_seq().NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER)
    sequence.sequence_metadata.title = title
    played = [[voice.bars[i] for i in play_order(voice.bars)] for voice in voices]
    lead = played[0] if played else []
    changes = [(at, sound.qpm) for at, sound in _timed(lead) if sound.qpm]
    if not changes or changes[0][0] > 0:
        changes.insert(0, (Fraction(0), DEFAULT_QPM))
    seconds = _Clock(changes)
    for at, qpm in dict(changes).items():
        if not sequence.tempos or sequence.tempos[-1].qpm != qpm:  # a repeat plays the mark again
            sequence.tempos.add(time=seconds(at), qpm=qpm)
    for at, numerator, denominator in _meters(lead):
        sequence.time_signatures.add(time=seconds(at), numerator=numerator, denominator=denominator)
    key_now: Key | None = None
    at = Fraction(0)
    for bar in lead:
        if bar.key is not None and bar.key != key_now:
            key_now = bar.key
            sequence.key_signatures.add(time=seconds(at), key=bar.key.tonic, mode=bar.key.mode)
        at += bar.length
    chord_type = sequence.TextAnnotation.CHORD_SYMBOL
    for at, sound in _timed(lead):
        if sound.chord:
            sequence.text_annotations.add(time=seconds(at), text=sound.chord, annotation_type=chord_type)
    for i, (voice, bars) in enumerate(zip(voices, played, strict=True)):
        if voice.name:
            sequence.instrument_infos.add(instrument=i, name=voice.name)
        for start, end, pitch in _notes(bars):
            sequence.notes.add(
                pitch=pitch,
                velocity=VELOCITY,
                start_time=seconds(start),
                end_time=seconds(end),
                instrument=i,
                program=voice.program,
            )
    longest = max((sum((bar.length for bar in bars), Fraction(0)) for bars in played), default=Fraction(0))
    sequence.total_time = seconds(longest)
    return sequence


def play_order(bars: list[Bar]) -> list[int]:
    """Numbers of the bars, from 0, in the order in which they are played."""
    order: list[int] = []
    i, start, time = 0, 0, 1
    while i < len(bars):
        bar = bars[i]
        if i > start and (bar.opens or (not bar.ending and bars[i - 1].ending)):
            start, time = i, 1
        if bar.ending and time not in bar.ending:
            i += 1
            continue
        order.append(i)
        times = max([bar.closes, *_endings(bars, start)]) if bar.closes else 0
        if time < times:
            time, i = time + 1, start
            continue
        i += 1
        more = i < len(bars) and bars[i].ending
        if bar.closes or (bar.ends_section and not more):
            start, time = i, 1
    return order


def _endings(bars: list[Bar], start: int) -> set[int]:
    """Collect the numbers of the endings of the section that begins at a bar."""
    numbers: set[int] = set()
    for i in range(start, len(bars)):
        if i > start and (bars[i].opens or (numbers and not bars[i].ending)):
            break
        numbers |= bars[i].ending
    return numbers


class _Clock:
    """Quarters to seconds at given changes of tempo."""

    def __init__(self, changes: list[tuple[Fraction, float]]) -> None:
        seconds, last, rate = 0.0, Fraction(0), DEFAULT_QPM
        tempos = []
        for at, qpm in changes:
            seconds += float(at - last) * 60 / rate
            tempos.append((seconds, qpm))
            last, rate = at, qpm
        self._map = TempoMap(tempos)

    def __call__(self, quarters: Fraction) -> float:
        return float(self._map.seconds(float(quarters)))


def _timed(bars: list[Bar]) -> Iterator[tuple[Fraction, Sound]]:
    at = Fraction(0)
    for bar in bars:
        for sound in bar.sounds:
            yield at, sound
            at += sound.length


def _notes(bars: list[Bar]) -> list[tuple[Fraction, Fraction, int]]:
    """Find the notes, (start, end, pitch) in quarters; tied ones are one note."""
    notes: list[list[Any]] = []
    held: dict[int, list[Any]] = {}
    for at, sound in _timed(bars):
        if not sound.length:
            continue
        now = {}
        for pitch in dict.fromkeys(sound.pitches):
            note = held.get(pitch)
            if note is None:
                note = [at, at, pitch]
                notes.append(note)
            note[1] = at + sound.length
            now[pitch] = note
        held = now if sound.tied else {}
    return [(start, end, pitch) for start, end, pitch in notes]


def _meters(bars: list[Bar]) -> list[tuple[Fraction, int, int]]:
    """Meters as (quarter, numerator, denominator).

    Short bars on both sides of a repeat sign are two halves of one bar. A short bar on its own, a
    pick-up say, gets a meter of its own, so that the bar lines after it are where they are written.
    """
    meters: list[tuple[Fraction, int, int]] = []
    at, i = Fraction(0), 0
    while i < len(bars):
        meter = bars[i].meter
        full = 4 * Fraction(*meter) if meter else Fraction(0)
        length, n = bars[i].length, 1
        if i:  # the first bar is a pick-up, not a half
            while length < full and i + n < len(bars) and length + bars[i + n].length <= full:
                length, n = length + bars[i + n].length, n + 1
        own = meter if length == full or (i + n == len(bars) and i) else _as_meter(length)
        if meter and own and length and (not meters or meters[-1][1:] != own):
            meters.append((at, *own))
        at, i = at + length, i + n
    return meters


def _as_meter(quarters: Fraction) -> tuple[int, int] | None:
    """Write a length as a meter; None where that needs a bar of no power of two."""
    wholes = quarters / 4
    unit = max(wholes.denominator, 4)
    return (int(wholes * unit), unit) if unit in (4, 8, 16, 32, 64) else None
