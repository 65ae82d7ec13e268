"""How a piece becomes multitrack clips: up to eight tracks, bar by bar (MUSICVAE.md 4.9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .library import note_seq
from .performance import DRUM_PROGRAM, TrackNote, Vocabulary
from .rules import Cast, Lose, Note, Rules, Why, names_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .chords import ChordEncoding
    from .converter import ClipSpec
    from .score import Score

    NoteSequence = Any

__all__ = ["MultitrackRules", "Tracks", "finished", "in_order"]

Tracks = list[tuple[int, list[int]]]
"""Program (or `DRUM_PROGRAM`) and event labels of each track."""


class MultitrackRules(Rules):
    """All tracks together; in each bar the eight with the most notes.

    Parameters
    ----------
    spec
        Length, grid and range of a clip.
    vocabulary
        The labels.
    shape
        Chunks of a clip, tracks of a chunk, rows of a track.
    chord_encoding
        As for `Rules`.
    """

    def __init__(
        self,
        spec: ClipSpec,
        vocabulary: Vocabulary,
        shape: tuple[int, int, int],
        chord_encoding: ChordEncoding | None = None,
    ) -> None:
        super().__init__(spec, chord_encoding)
        self.vocabulary = vocabulary
        self.chunks, self.most_tracks, self.most_rows = shape
        self.chunk_steps = spec.steps // self.chunks

    def prepare(self, sequence: NoteSequence) -> NoteSequence:
        """Hold notes as long as the pedal does."""
        lib = note_seq().sequences_lib
        if lib.is_quantized_sequence(sequence) or not sequence.control_changes:
            return sequence
        return lib.apply_sustain_control_changes(sequence)

    def casts(self, score: Score) -> tuple[list[Cast], dict[int, Why]]:
        """All tracks at once, but for those whose program is none."""
        known = [i for i, t in enumerate(score.tracks) if t.is_drum or 0 <= t.program < DRUM_PROGRAM]
        casts = [Cast(tuple(known), names_of([score.tracks[i] for i in known]))] if known else []
        wrong: Why = ("{n} of a program that does not exist", "give the track a program from 0 to 127")
        return casts, {i: wrong for i in range(len(score.tracks)) if i not in known}

    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Labels of program, events and end of each track, int16 [rows]."""
        chunks: list[list[Note]] = [[] for _ in range(self.chunks)]
        for note in notes:
            chunks[note.start // self.chunk_steps].append(note)
        parts = [self._place_chunk(i * self.chunk_steps, part, score, lose) for i, part in enumerate(chunks)]
        return np.concatenate(parts)

    def silence(self) -> NDArray[Any]:
        """No track."""
        return np.tile(finished([], self.most_tracks, self.most_rows, self.vocabulary.end), self.chunks)

    def onsets(self, tokens: NDArray[Any]) -> int:
        """Notes that are heard."""
        tracks = tokens.reshape(-1, self.most_rows)
        return sum(len(self.vocabulary.decode(track, self.chunk_steps)[1]) for track in tracks)

    def control_steps(self, tokens: NDArray[Any]) -> NDArray[np.int64]:
        """Step of each event; -1 for a track's first row and where there is no row."""
        tracks = np.asarray(tokens, np.int64).reshape(-1, self.most_tracks, self.most_rows)
        steps = np.full(tracks.shape, -1)
        for chunk, index in np.ndindex(tracks.shape[:2]):
            track = tracks[chunk, index]
            last = np.flatnonzero((track < 0) | (track == self.vocabulary.end))[:1]
            events = track[1 : last[0] if len(last) else None]
            times = self.vocabulary.steps_of(events) + chunk * self.chunk_steps
            steps[chunk, index, 1 : 1 + len(times)] = times
            if len(times) and len(last) and track[last[0]] >= 0:
                steps[chunk, index, last[0]] = times[-1]  # the end has the last event's chord
        return steps.ravel()

    def _place_chunk(self, first: int, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[np.int16]:
        by_track: defaultdict[int, list[Note]] = defaultdict(list)
        for note in notes:
            by_track[note.track].append(note)
        order = sorted(by_track, key=lambda i: (-len(by_track[i]), i))
        for i in order[self.most_tracks :]:
            for note in by_track[i]:
                why = f"{{n}} beyond {self.most_tracks} tracks in a bar", "leave other tracks out to hear this one"
                lose(note, why)
        tracks: Tracks = []
        for i in sorted(order[: self.most_tracks]):
            track = score.tracks[i]
            tracks.append(self._track(DRUM_PROGRAM if track.is_drum else track.program, first, by_track[i], lose))
        tracks.sort(key=lambda track: track[0])
        rows = [labels for _, labels in tracks]
        return finished(rows, self.most_tracks, self.most_rows, self.vocabulary.end)

    def _track(self, program: int, first: int, notes: list[Note], lose: Lose) -> tuple[int, list[int]]:
        """Rows of one track, without its last notes where it has too many events."""
        notes = sorted(notes, key=lambda note: (note.start, note.pitch))
        while True:
            played = [self._played(note, first) for note in notes]
            rows = self._rows(program, played)
            if len(rows) <= self.most_rows:
                return program, rows
            reason = f"{{n}} beyond the {self.most_rows - 2} events of a track in a bar"
            lose(notes.pop(), (reason, "thin the track out, or share its notes among two tracks"))

    def _played(self, note: Note, first: int) -> TrackNote:
        end = min(note.end - first, self.chunk_steps)
        velocity = self.vocabulary.bin_of(min(max(note.velocity, 1), 127)) if self.vocabulary.velocity_bins else 0
        return note.start - first, end, note.pitch, velocity

    def _rows(self, program: int, notes: list[TrackNote]) -> list[int]:
        """Program, events and end, written as shortly as needed to fit."""
        start, end = [self.vocabulary.program + program], [self.vocabulary.end]
        events = self.vocabulary.encode(notes, self.chunk_steps)
        if len(events) + 2 > self.most_rows:
            # What sounds at the end stops there without being told.
            events = self.vocabulary.encode(sorted(notes, key=lambda n: (n[0], n[3], n[2])), self.chunk_steps)
            for lowest, highest in (
                (self.vocabulary.note_off, self.vocabulary.shift),
                (self.vocabulary.shift + 1, self.vocabulary.velocity),
            ):
                while events and lowest <= events[-1] <= highest:
                    events.pop()
        if len(events) + 2 > self.most_rows and not program:
            start = []  # the first program is what is heard where none is named
        return start + events + (end if len(start) + len(events) < self.most_rows else [])


def in_order(notes: Sequence[TrackNote]) -> list[TrackNote]:
    """Sort notes by start, then pitch."""
    return sorted(notes, key=lambda note: (note[0], note[2]))


def finished(tracks: Sequence[Sequence[int]], most_tracks: int, most_rows: int, end: int) -> NDArray[np.int16]:
    """Fill tracks up with -1, and missing ones with an end: int16 [most_tracks * most_rows]."""
    rows = np.full((most_tracks, most_rows), -1, np.int16)
    rows[len(tracks) :, 0] = end
    for row, labels in zip(rows, tracks, strict=False):
        row[: len(labels)] = labels
    return rows.ravel()
