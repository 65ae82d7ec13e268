"""Bars of several instruments as upstream finds them (MUSICVAE.md 4.9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .chords import ChordEncoding, annotate, require_chords
from .converter import ClipSpec, Converter, Example, Inputs
from .labels import TICKS_PER_QUARTER
from .library import note_seq
from .multitrack_rules import MultitrackRules, Tracks, finished, in_order
from .performance import DRUM_PROGRAM, Vocabulary
from .quantising import has_chords, infer_missing_chords, quantise, split_on_time_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any

__all__ = ["MultitrackConverter"]

DEFAULT_VELOCITY = 100
MAX_SHIFT_QUARTERS = 4


class MultitrackConverter:
    """Bars of several tracks to event labels and back, equal to upstream's converter.

    Tokens are int16 [rows], ``max_tracks`` times ``max_events`` rows: for each track its program, its
    events and the end, then -1 to fill up; only the end where there is no track. With several chunks
    these follow each other.

    Parameters
    ----------
    slice_bars
        Length of an example, and the way from one to the next.
    chunk_bars
        Length of a chunk, in which tracks have their events; the whole example by default.
    steps_per_quarter
        Grid.
    velocity_bins
        Number of loudness steps; 0 for no velocities.
    min_tracks, max_tracks
        Bars with fewer or more instruments are left out.
    max_events
        Rows of a track, program and end included; bars with longer tracks are left out.
    min_events
        Bars with fewer events in all are left out.
    min_pitch, max_pitch
        Bars with other pitches are left out.
    chord_encoding
        ``"triad"`` or ``"major_minor"`` for the chord of each event; inferred where there are no symbols.
    max_tensors
        The first so many examples only; None for all.
    """

    def __init__(
        self,
        *,
        slice_bars: int = 1,
        chunk_bars: int | None = None,
        steps_per_quarter: int = 24,
        velocity_bins: int = 8,
        min_tracks: int = 2,
        max_tracks: int = 8,
        max_events: int = 64,
        min_events: int = 8,
        min_pitch: int = 0,
        max_pitch: int = 127,
        chord_encoding: str | None = None,
        max_tensors: int | None = None,
    ) -> None:
        self.slice_bars = slice_bars
        self.chunk_bars = slice_bars if chunk_bars is None else chunk_bars
        self.steps_per_quarter = steps_per_quarter
        if self.chunk_bars < 1 or slice_bars % self.chunk_bars:
            raise ConfigError(f"{slice_bars} bars are not made of chunks of {self.chunk_bars} bars.")
        if not 0 <= velocity_bins <= 127 or max_tracks < 1 or max_events < 3:
            raise ConfigError("Velocity bins are 0 to 127, tracks 1 or more, events 3 or more.")
        self.vocabulary = Vocabulary(MAX_SHIFT_QUARTERS * steps_per_quarter, velocity_bins)
        self.min_tracks, self.max_tracks = min_tracks, max_tracks
        self.min_events, self.max_events = min_events, max_events
        self.min_pitch, self.max_pitch = min_pitch, max_pitch
        self.chord_encoding = None if chord_encoding is None else ChordEncoding(chord_encoding)
        self.max_tensors = max_tensors
        _ = self.clip_spec  # refuses lengths and pitches that make no sense

    @property
    def chunks(self) -> int:
        """Chunks of an example."""
        return self.slice_bars // self.chunk_bars

    @property
    def chunk_steps(self) -> int:
        """Steps of a chunk."""
        return self.chunk_bars * 4 * self.steps_per_quarter

    @property
    def rows(self) -> int:
        """Rows of an example: 512 with the published settings."""
        return self.chunks * self.max_tracks * self.max_events

    @property
    def depth(self) -> int:
        """Number of labels: 490 with the published settings."""
        return self.vocabulary.size

    @property
    def output_depth(self) -> int:
        """As `depth`."""
        return self.depth

    @property
    def control_depth(self) -> int:
        """Width of the chord of a row."""
        return self.chord_encoding.classes if self.chord_encoding else 0

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input holds."""
        detail = (self.vocabulary.velocity_bins, self.max_tracks, self.max_events, self.chunk_bars)
        grid = self.steps_per_quarter
        return ClipSpec(self.slice_bars, grid, self.min_pitch, self.max_pitch, "multitrack", detail)

    @property
    def rules(self) -> MultitrackRules:
        """How a user's piece is cut: all its tracks, bar by bar."""
        shape = (self.chunks, self.max_tracks, self.max_events)
        return MultitrackRules(self.clip_spec, self.vocabulary, shape, self.chord_encoding)

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Find every bar that fits the model."""
        pieces = split_on_time_changes(sequence)
        return [e for piece in pieces for e in self._piece(piece)[: self.max_tensors]][: self.max_tensors]

    def inputs(self, example: Example) -> Inputs:
        """One-hot labels [rows, 490], zero where there is no row; controls; rows of each track."""
        lengths = (example.tokens.reshape(-1, self.max_events) >= 0).sum(axis=1)
        return self.targets(example), self.controls(example), [int(n) for n in lengths]

    def targets(self, example: Example) -> NDArray[np.float32]:
        """One-hot labels, zero where there is no row."""
        return _one_hot(example.tokens, example.tokens, self.depth)

    def controls(self, example: Example) -> NDArray[np.float32] | None:
        """One-hot chords of the rows there are; None without conditioning."""
        if self.chord_encoding is None or example.chords is None:
            return None
        return _one_hot(example.chords, example.tokens, self.chord_encoding.classes)

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Chord symbols as magenta.js gives them: none for a track's first row, then spread over the others."""
        encoding = require_chords(self.chord_encoding)
        spread = encoding.progression(figures, self.chunks * (self.max_events - 1)).reshape(self.chunks, 1, -1)
        classes = np.pad(np.repeat(spread, self.max_tracks, axis=1), ((0, 0), (0, 0), (1, 0))).ravel()
        return _one_hot(classes, classes, encoding.classes)

    def to_sequence(
        self,
        tokens: NDArray[Any],
        *,
        qpm: float = 120.0,
        program: int = 0,
        chords: Sequence[str] | Sequence[int] | NDArray[Any] | None = None,
    ) -> NoteSequence:
        """Turn rows of the model [rows, 490] or labels [rows] into notes; each track is an instrument.

        ``chords`` are symbols, spread over the bars, or a class a row. Each track says its ``program``.
        """
        labels = self.tokens_from(tokens)
        step = 60.0 / qpm / self.steps_per_quarter
        sequence = note_seq().NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER)
        sequence.tempos.add(qpm=qpm)
        for chunk, tracks in enumerate(labels.reshape(self.chunks, self.max_tracks, self.max_events)):
            first = chunk * self.chunk_steps
            for instrument, track in enumerate(tracks):
                sound, notes = self.vocabulary.decode(track, self.chunk_steps)
                for start, end, pitch, velocity in notes:
                    sequence.notes.add(
                        pitch=pitch,
                        velocity=1 + (velocity - 1) * self.vocabulary.bin_size if velocity else DEFAULT_VELOCITY,
                        start_time=(first + start) * step,
                        end_time=(first + end) * step,
                        instrument=instrument,
                        program=0 if sound == DRUM_PROGRAM else sound,
                        is_drum=sound == DRUM_PROGRAM,
                    )
        sequence.total_time = max((note.end_time for note in sequence.notes), default=0.0)
        if chords is not None and len(chords) and not isinstance(chords[0], str):
            steps, classes = self._chord_changes(labels, np.asarray(chords))
            annotate(sequence, classes, self.chord_encoding, steps * step)
        else:
            annotate(sequence, chords, self.chord_encoding, np.arange(self.clip_spec.steps) * step)
        return sequence

    def tokens_from(self, outputs: NDArray[Any]) -> NDArray[np.int16]:
        """Labels [rows] of labels or of rows of the model; -1 for a row of zeros."""
        rows = np.asarray(outputs)
        if rows.ndim == 2 and rows.shape[1] == self.depth:
            rows = np.where(rows.any(axis=1), rows.argmax(axis=1), -1)
        if rows.shape != (self.rows,) or not np.issubdtype(rows.dtype, np.integer):
            raise ConfigError(
                f"Tracks of shape {np.shape(outputs)} are not those of this model.",
                f"Give [{self.rows}, {self.depth}], or whole numbers [{self.rows}].",
            )
        if not -1 <= rows.min() <= rows.max() < self.depth:
            raise ConfigError(
                f"Labels from {rows.min()} to {rows.max()} are not those of this model.",
                f"Labels are 0 to {self.depth - 1}, or -1 for no row.",
            )
        return rows.astype(np.int16)

    def _piece(self, piece: NoteSequence) -> list[Example]:
        whole = quantise(piece, self.steps_per_quarter)
        if whole is None:
            return []
        piece = note_seq().sequences_lib.apply_sustain_control_changes(piece)
        if self.chord_encoding and not has_chords(piece):
            whole = quantise(piece, self.steps_per_quarter)
            if whole is None or not infer_missing_chords(whole):
                return []
            piece.text_annotations.extend(whole.text_annotations)
        seconds = self.chunk_steps * 60.0 / whole.tempos[0].qpm / self.steps_per_quarter
        chunks = [self._chunk(part) for part in note_seq().sequences_lib.split_note_sequence(piece, seconds)]
        examples = []
        for first in range(0, len(chunks), self.chunks):
            found = [chunk for chunk in chunks[first : first + self.chunks] if chunk is not None]
            if len(found) == self.chunks:
                chords = [c.chords for c in found if c.chords is not None]
                tokens = np.concatenate([chunk.tokens for chunk in found])
                examples.append(Example(tokens, np.concatenate(chords) if chords else None))
        return examples

    def _chunk(self, part: NoteSequence) -> Example | None:
        """Tokens of one chunk; None if it does not fit the model."""
        quantised = quantise(part, self.steps_per_quarter)
        if quantised is None:
            return None
        tracks = self._tracks(quantised)
        if tracks is None or not self.min_tracks <= len(tracks) <= self.max_tracks:
            return None
        events = [len(labels) for _, labels in tracks]
        if max(events) > self.max_events - 2 or sum(events) < self.min_events:
            return None
        ended = [[self.vocabulary.program + program, *labels, self.vocabulary.end] for program, labels in tracks]
        tokens = finished(ended, self.max_tracks, self.max_events, self.vocabulary.end)
        if self.chord_encoding is None:
            return Example(tokens)
        chords = self._chords(quantised, tokens)
        return None if chords is None else Example(tokens, chords)

    def _tracks(self, quantised: NoteSequence) -> Tracks | None:
        """Program and events of each instrument, in the order of the model."""
        by_instrument = defaultdict(list)
        for note in quantised.notes:
            by_instrument[note.instrument].append(note)
        tracks: Tracks = []
        for notes in by_instrument.values():
            programs = {DRUM_PROGRAM if note.is_drum else note.program for note in notes}
            (program, *others) = programs
            pitches = [note.pitch for note in notes]
            in_range = self.min_pitch <= min(pitches) and max(pitches) <= self.max_pitch
            loud = all(1 <= note.velocity <= 127 for note in notes)
            if others or not in_range or not loud or not 0 <= program <= DRUM_PROGRAM:
                return None
            notes.sort(key=lambda note: (note.start_time, note.pitch))
            played = [
                (n.quantized_start_step, n.quantized_end_step, n.pitch, self.vocabulary.bin_of(n.velocity))
                for n in notes
            ]
            # Upstream converts each chunk to notes and back once, which ends what sounds on.
            _, cut = self.vocabulary.decode(self.vocabulary.encode(played, self.chunk_steps), self.chunk_steps)
            tracks.append((program, self.vocabulary.encode(in_order(cut), self.chunk_steps)))
        return sorted(tracks, key=lambda track: track[0])

    def _chords(self, quantised: NoteSequence, tokens: NDArray[np.int16]) -> NDArray[np.uint8] | None:
        """Chord class of each row; None where there are two at once or one without a class."""
        encoding = require_chords(self.chord_encoding)
        library = note_seq().chords_lib
        progression = library.ChordProgression()
        try:
            progression.from_quantized_sequence(quantised, 0, self.chunk_steps)
            classes = np.array([encoding.encode(figure) for figure in progression], np.uint8)
        except (library.CoincidentChordsError, ConfigError):
            return None
        steps = self.rules.control_steps(tokens)
        return np.where(steps < 0, 0, classes[np.clip(steps, 0, len(classes) - 1)]).astype(np.uint8)

    def _chord_changes(
        self, labels: NDArray[np.int16], chords: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps and classes of the chords of the rows that have one, in order of time."""
        if chords.shape != labels.shape:
            raise ConfigError(f"{len(chords)} chords are not one for each of {len(labels)} rows.")
        steps = self.rules.control_steps(labels)
        found = dict(sorted({int(s): int(c) for s, c in zip(steps, chords, strict=True) if s >= 0}.items()))
        return np.array(list(found), np.int64), np.array(list(found.values()), np.int64)


def _one_hot(classes: NDArray[Any], tokens: NDArray[Any], width: int) -> NDArray[np.float32]:
    """One-hot rows, zero where there is no token."""
    rows = np.zeros((len(tokens), width), np.float32)
    there = np.flatnonzero(tokens >= 0)
    rows[there, classes[there]] = 1
    return rows


if TYPE_CHECKING:
    _CHECKED: type[Converter] = MultitrackConverter
