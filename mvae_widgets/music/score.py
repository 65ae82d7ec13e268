"""A NoteSequence seen as a score: notes in quarters, bar lines, tempos and tracks.

Drawing, playing and cutting all measure musical time in quarters from the start of the piece, so
that a tempo change moves nothing on the page. This module is the one place where seconds become
quarters.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any  # note_seq.NoteSequence: note_seq has no types and is not imported here

__all__ = ["NOTE_COLUMNS", "Score", "TempoMap", "Track", "from_sequence"]

NOTE_COLUMNS = ("start", "end", "pitch", "velocity", "track", "program", "is_drum")

DEFAULT_QPM = 120.0
# Two places closer than this are one place: seconds read from MIDI ticks are off by rounding.
EPSILON = 1e-4
# A meter with shorter bars than a 16th is a damaged file, and would draw bar lines without end.
MIN_BAR = 0.25
# Quarters; 14 hours at 120. What lies later is a damaged number.
LONGEST = 100_000.0


def is_tempo(qpm: float) -> bool:
    """Whether this can be a tempo at all; what is slower or faster is a damaged number."""
    return 0.1 <= qpm <= 100_000.0


@dataclass(frozen=True)
class Track:
    """One part of a score.

    Parameters
    ----------
    name
        The track's own name, else ``"Drums"``, else the General MIDI instrument; unique in a score.
    program
        General MIDI program, 0 to 127.
    is_drum
        True for a percussion part, whose pitches are instruments.
    """

    name: str
    program: int
    is_drum: bool


class TempoMap:
    """Seconds to quarters and back.

    Parameters
    ----------
    tempos
        Pairs (second, quarters per minute). Before the first one, and where there is none at all,
        120 holds, as in a MIDI file (MUSICVAE.md 4.3). Pairs that make no sense are left out.
    """

    def __init__(self, tempos: list[tuple[float, float]]) -> None:
        known: dict[float, float] = {0.0: DEFAULT_QPM}
        for time, qpm in tempos:
            if math.isfinite(time) and is_tempo(qpm):
                known[max(time, 0.0)] = qpm  # of several at one time the last holds
        seconds, qpms = [0.0], [known.pop(0.0)]
        for time in sorted(known):
            if known[time] != qpms[-1]:
                seconds.append(time)
                qpms.append(known[time])
        self._seconds = np.array(seconds)
        self._per_second = np.array(qpms) / 60
        steps = np.diff(self._seconds) * self._per_second[:-1]
        self._quarters = np.concatenate([[0.0], np.cumsum(steps)])

    @classmethod
    def of(cls, sequence: NoteSequence) -> TempoMap:
        """Make the tempo map of a NoteSequence."""
        return cls([(tempo.time, tempo.qpm) for tempo in sequence.tempos])

    def quarters(self, seconds: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Quarters from the start at these seconds; any shape."""
        seconds = np.asarray(seconds, np.float64)
        piece = np.maximum(np.searchsorted(self._seconds, seconds, "right") - 1, 0)
        return np.asarray(self._quarters[piece] + (seconds - self._seconds[piece]) * self._per_second[piece])

    def seconds(self, quarters: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Seconds from the start at these quarters; any shape."""
        quarters = np.asarray(quarters, np.float64)
        piece = np.maximum(np.searchsorted(self._quarters, quarters, "right") - 1, 0)
        return np.asarray(self._seconds[piece] + (quarters - self._quarters[piece]) / self._per_second[piece])

    def qpm(self, quarter: float) -> float:
        """Return the tempo in force at a quarter."""
        piece = int(np.searchsorted(self._quarters, quarter + EPSILON, "right")) - 1
        return float(self._per_second[max(piece, 0)] * 60)

    def changes(self) -> tuple[tuple[float, float], ...]:
        """Pairs (quarter, qpm), the first at 0."""
        return tuple(zip(self._quarters.tolist(), (self._per_second * 60).tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Score:
    """Notes and bar lines of one piece, in quarters.

    Parameters
    ----------
    notes
        float32 [n, 7], columns `NOTE_COLUMNS`: start and end in quarters, MIDI pitch, velocity,
        track (index into ``tracks``), program, is_drum (0 or 1); sorted by start, track, pitch.
    quarters
        Length, rounded up to whole bars; at least one bar.
    tempos
        (quarter, qpm), the first at 0.
    meters
        (quarter, numerator, denominator), the first at 0. A meter always starts a new bar.
    tracks
        The parts, in order of their instrument numbers.
    title
        Title of the piece, may be empty.
    """

    notes: NDArray[np.float32]
    quarters: float
    tempos: tuple[tuple[float, float], ...]
    meters: tuple[tuple[float, int, int], ...]
    tracks: tuple[Track, ...]
    title: str

    def bar_starts(self) -> list[float]:
        """Quarters of every bar line, from 0 to the end of the piece."""
        return list(self._bar_lines)

    def bar_of(self, quarter: float) -> int:
        """Return the number of the bar that holds this quarter; the first bar is 1."""
        bars = len(self._bar_lines) - 1
        return min(max(bisect_right(self._bar_lines, quarter + EPSILON), 1), bars)

    def as_dict(self) -> dict[str, Any]:
        """Everything but notes and title as JSON scalars: the `_score` trait of the widgets."""
        return {
            "quarters": self.quarters,
            "tempos": [list(tempo) for tempo in self.tempos],
            "meters": [list(meter) for meter in self.meters],
            "tracks": [{"name": t.name, "program": t.program, "drum": t.is_drum} for t in self.tracks],
        }

    @cached_property
    def _bar_lines(self) -> tuple[float, ...]:
        lines: list[float] = []
        ends = [start for start, _, _ in self.meters[1:]] + [self.quarters]
        for (start, numerator, denominator), end in zip(self.meters, ends, strict=True):
            bar = bar_length(numerator, denominator)
            lines += [start + i * bar for i in range(max(math.ceil((end - start - EPSILON) / bar), 1))]
        return (*lines, self.quarters)


def from_sequence(sequence: NoteSequence) -> Score:
    """Lay a NoteSequence out in quarters, through its whole tempo map.

    Parameters
    ----------
    sequence
        Any NoteSequence. A quantised one is read from its seconds, or from its steps where it has
        no seconds.

    Returns
    -------
    Score
        Notes with impossible times are left out; nothing is raised for musical content.
    """
    tempo_map = TempoMap.of(sequence)
    starts, ends, total = _note_times(sequence, tempo_map)
    track_of, tracks = _tracks(sequence)
    rest = [(n.pitch, n.velocity, i, n.program, n.is_drum) for n, i in zip(sequence.notes, track_of, strict=True)]
    table = np.column_stack([starts, np.maximum(starts, ends), np.array(rest, np.float64).reshape(-1, 5)])
    table = table[(table[:, 0] >= 0) & (table[:, 1] < LONGEST)]  # False for NaN too
    notes = table[np.lexsort((table[:, 2], table[:, 4], table[:, 0]))].astype(np.float32)
    end = max(total if 0 < total < LONGEST else 0.0, float(table[:, 1].max(initial=0.0)))
    meters = _meters(sequence, tempo_map, end)
    last, numerator, denominator = meters[-1]
    bar = bar_length(numerator, denominator)
    quarters = last + bar * max(math.ceil((end - last - EPSILON) / bar), 1)
    tempos = tuple(t for t in tempo_map.changes() if t[0] == 0 or t[0] < end - EPSILON)
    return Score(notes, quarters, tempos, meters, tracks, title_of(sequence))


def title_of(sequence: NoteSequence) -> str:
    """Title of a sequence, else the name of its file without folder and suffix, else nothing."""
    title = str(sequence.sequence_metadata.title).strip()
    if title:
        return title
    name = str(sequence.filename).replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def bar_length(numerator: int, denominator: int) -> float:
    """Length of a bar in quarters."""
    return 4 * numerator / denominator


def track_keys(sequence: NoteSequence) -> list[tuple[int, bool, int]]:
    """(instrument, is_drum, program) of each note's track.

    MIDI import gives each track its own instrument number; other makers of sequences reuse 0 for
    everything, so that program and drum flag must tell the tracks apart.
    """
    return [(n.instrument, n.is_drum, n.program) for n in sequence.notes]


def _note_times(sequence: NoteSequence, tempo_map: TempoMap) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    notes = sequence.notes
    info = sequence.quantization_info
    only_steps = not any(n.end_time for n in notes) and any(n.quantized_end_step for n in notes)
    if only_steps and info.WhichOneof("resolution") is not None:
        steps = np.array([(n.quantized_start_step, n.quantized_end_step) for n in notes], np.float64)
        if info.steps_per_quarter:
            times = steps / info.steps_per_quarter
            return times[:, 0], times[:, 1], sequence.total_quantized_steps / info.steps_per_quarter
        if info.steps_per_second:
            times = tempo_map.quarters(steps / info.steps_per_second)
            total = float(tempo_map.quarters(sequence.total_quantized_steps / info.steps_per_second))
            return times[:, 0], times[:, 1], total
    seconds = np.array([(n.start_time, n.end_time) for n in notes], np.float64).reshape(-1, 2)
    # Rounded so that a note on a bar line is on it, whatever the tempo did to its seconds.
    times = np.round(tempo_map.quarters(seconds), 6)
    return times[:, 0], times[:, 1], float(tempo_map.quarters(sequence.total_time))


def _meters(sequence: NoteSequence, tempo_map: TempoMap, end: float) -> tuple[tuple[float, int, int], ...]:
    meters = [(0.0, 4, 4)]
    for signature in sorted(sequence.time_signatures, key=lambda s: float(s.time)):
        numerator, denominator = signature.numerator, signature.denominator
        if numerator < 1 or denominator < 1 or bar_length(numerator, denominator) < MIN_BAR:
            continue
        start = round(float(tempo_map.quarters(signature.time)), 6)
        if not math.isfinite(start) or (start >= end - EPSILON and start > EPSILON):
            continue
        if start <= meters[-1][0] + EPSILON:
            meters[-1] = (meters[-1][0], numerator, denominator)
        elif (numerator, denominator) != meters[-1][1:]:
            meters.append((start, numerator, denominator))
    return tuple(meters)


def _tracks(sequence: NoteSequence) -> tuple[list[int], tuple[Track, ...]]:
    """Index of each note's track, and the tracks."""
    keys = track_keys(sequence)
    order = sorted(set(keys))
    given = {info.instrument: str(info.name).strip() for info in sequence.instrument_infos}
    tracks: list[Track] = []
    taken: set[str] = set()
    for instrument, is_drum, program in order:
        base = given.get(instrument) or ("Drums" if is_drum else instrument_name(program))
        name, copy = base, 2
        while name in taken:
            name, copy = f"{base} {copy}", copy + 1
        taken.add(name)
        tracks.append(Track(name, int(program), bool(is_drum)))
    place = {key: i for i, key in enumerate(order)}
    return [place[key] for key in keys], tuple(tracks)


def instrument_name(program: int) -> str:
    """General MIDI name of a program, or ``"Program 200"`` for a number that is none."""
    import pretty_midi

    if 0 <= program <= 127:
        return str(pretty_midi.program_to_instrument_name(program))
    return f"Program {program}"
