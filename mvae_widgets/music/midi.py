"""MIDI files: the bytes to a NoteSequence and back.

Reading is mido, pretty_midi and note_seq in a row. What stands here is what they leave to their
caller: sizes that would exhaust memory, tempo changes outside the first track, names that are not
Latin, and tracks that share an instrument number.
"""

from __future__ import annotations

import copy
import io
import re
from typing import TYPE_CHECKING, Any

from ..errors import MusicVAEError, ReadError
from .library import note_seq, quiet
from .score import LONGEST, title_of, track_keys

if TYPE_CHECKING:
    NoteSequence = Any
    MidiFile = Any
    MidiTrack = Any
    MetaMessage = Any

__all__ = ["dump", "load"]

CONDUCTOR = ("set_tempo", "time_signature", "key_signature")
# pretty_midi keeps a table with one entry a tick; note_seq lifts its guard of ten million.
MAX_TICKS = 10_000_000
MAX_DENOMINATOR = 64
KEY_EVENT = re.compile(rb"\xff\x59\x02([\x00-\xff])([\x00-\xff])")


def load(data: bytes) -> NoteSequence:
    """Read the bytes of a standard MIDI file (also inside RIFF, as .rmi files are).

    Raises
    ------
    ReadError
        A file that ends too early, counts time in film frames, or lasts beyond all reason. Other
        exceptions of mido and pretty_midi come through.
    """
    import mido
    import pretty_midi

    if data.startswith(b"RIFF"):
        data = data[max(data.find(b"MThd"), 0) :]
    data = KEY_EVENT.sub(_check_key, data)
    try:
        file = mido.MidiFile(file=io.BytesIO(data), charset="latin1")
    except EOFError as error:
        raise ReadError("the MIDI file ends too early.", "Download or export it again.") from error
    if file.ticks_per_beat <= 0:
        raise ReadError(
            "the MIDI file counts time in film frames (SMPTE), not in quarters.",
            "Export it again with ticks per quarter.",
        )
    sequence_class = note_seq().NoteSequence
    title = _prepare(file)
    if not file.tracks:
        sequence = sequence_class(ticks_per_quarter=file.ticks_per_beat)
    else:
        with quiet():
            sequence = note_seq().midi_to_note_sequence(pretty_midi.PrettyMIDI(mido_object=file))
    if file.type == 0:
        # The one track's name is the title; it names none of the instruments.
        del sequence.instrument_infos[:]
    sequence.sequence_metadata.title = title
    return sequence


def dump(sequence: NoteSequence) -> bytes:
    """Write a sequence as the bytes of a standard MIDI file.

    Raises
    ------
    MusicVAEError
        A pitch, a velocity or a time that MIDI cannot hold.
    """
    import mido

    buffer = io.BytesIO()
    try:
        with quiet():
            note_seq().note_sequence_to_pretty_midi(_separate(sequence)).write(buffer)
            file = mido.MidiFile(file=io.BytesIO(buffer.getvalue()), charset="latin1")
            title = title_of(sequence)
            if title:
                file.tracks[0].insert(0, mido.MetaMessage("track_name", name=_latin(title), time=0))
            buffer = io.BytesIO()
            file.save(file=buffer)
    except Exception as error:
        raise MusicVAEError(
            f"The sequence cannot be written as MIDI: {error}.",
            "Pitches and velocities must lie in 0 to 127, times must not be negative.",
        ) from error
    return buffer.getvalue()


def _check_key(event: re.Match[bytes]) -> bytes:
    """Turn a key signature that is none into a text: mido gives up the whole file for it."""
    sharps, mode = event[1][0], event[2][0]
    known = (sharps <= 7 or sharps >= 249) and mode <= 1
    return event[0] if known else b"\xff\x01" + event[0][2:]


def _prepare(file: MidiFile) -> str:
    """Mend a mido file in place; return its title, which may be empty."""
    file.tracks = [track for track in file.tracks if track]
    conductor: list[tuple[int, Any]] = []
    last, title = 0, ""
    for index, track in enumerate(file.tracks):
        timed, now = [], 0
        for message in track:
            now += message.time
            if message.type == "track_name":
                message.name = _text(message.name)
                if index == 0 and not title and (file.type == 0 or not _has_notes(track)):
                    title = message.name
            if message.type not in CONDUCTOR:
                timed.append((now, message))
            elif _sane(message):
                # Every reader but pretty_midi obeys a tempo wherever it stands.
                conductor.append((now, message))
        last = max(last, now)
        _retime(track, timed)
    if last > min(MAX_TICKS, file.ticks_per_beat * LONGEST):
        raise ReadError(
            f"the MIDI file claims to last {last / file.ticks_per_beat:,.0f} quarters.",
            "It is probably damaged: export it again.",
        )
    if file.tracks:
        first, now = [], 0
        for message in file.tracks[0]:
            now += message.time
            first.append((now, message))
        _retime(file.tracks[0], sorted(conductor + first, key=lambda event: event[0]))
    return title


def _retime(track: MidiTrack, timed: list[tuple[int, Any]]) -> None:
    now = 0
    for tick, message in timed:
        message.time = tick - now
        now = tick
    track[:] = [message for _, message in timed]


def _has_notes(track: MidiTrack) -> bool:
    return any(message.type == "note_on" for message in track)


def _sane(message: MetaMessage) -> bool:
    if message.type == "set_tempo":
        return bool(message.tempo > 0)
    if message.type == "time_signature":
        return bool(message.numerator > 0 and message.denominator <= MAX_DENOMINATOR)
    return True


def _text(latin: str) -> str:
    """MIDI names no encoding: read UTF-8 where it is, else keep Latin-1."""
    try:
        text = latin.encode("latin1").decode("utf-8")
    except UnicodeError:
        text = latin
    return "".join(c for c in text if c.isprintable()).strip()


def _latin(text: str) -> str:
    """Write UTF-8 through libraries that write Latin-1."""
    return text.encode("utf-8").decode("latin1")


def _separate(sequence: NoteSequence) -> NoteSequence:
    """Copy a sequence so that each track has an instrument number of its own, counted from 0.

    note_seq's writer keeps only the last of the tracks that share number 0.
    """
    keys = sorted(set(track_keys(sequence)))
    number = {key: i for i, key in enumerate(keys)}
    result = copy.deepcopy(sequence)
    names = {info.instrument: info.name for info in sequence.instrument_infos}
    del result.instrument_infos[:]
    for (instrument, _, _), i in number.items():
        if names.get(instrument):
            result.instrument_infos.add(instrument=i, name=_latin(names[instrument]))
    for field in (result.notes, result.control_changes, result.pitch_bends):
        kept = []
        for event in field:
            key = (event.instrument, event.is_drum, event.program)
            if key in number and getattr(event, "end_time", 1) > getattr(event, "start_time", 0):
                event.instrument = number[key]
                kept.append(copy.deepcopy(event))
        del field[:]
        field.extend(kept)
    tempos = sorted((copy.deepcopy(tempo) for tempo in result.tempos), key=lambda tempo: float(tempo.time))
    del result.tempos[:]
    result.tempos.extend(tempo for tempo in tempos if tempo.qpm > 0)
    return result
