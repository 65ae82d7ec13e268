"""Melodies of a sequence as upstream finds them (MUSICVAE.md 4.2 to 4.5).

For training, and wherever equality with upstream counts. A user's own music goes through `clips`.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .chords import ChordEncoding, annotate, one_hot_controls, spread_chords
from .converter import ClipSpec, Converter, Example, Inputs
from .labels import FIRST_PITCH, HOLD, NOTE_OFF, notes_from_labels, sequence_from_notes
from .library import note_seq
from .melody_rules import MelodyRules
from .quantising import infer_missing_chords, quantise, split_on_time_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any
    Melody = Any
    Labels = NDArray[np.integer[Any]] | Sequence[int]

__all__ = ["HOLD", "NOTE_OFF", "MelodyConverter"]


class MelodyConverter:
    """Melodies of a sequence to label arrays and back, equal to upstream's OneHotMelodyConverter.

    Parameters
    ----------
    steps_per_quarter
        Grid; 4 makes a step a 16th.
    slice_bars
        Length of a slice; slices start at every bar of a melody. None gives whole melodies.
    max_bars
        Melodies longer than this are cut off; None for no limit.
    gap_bars
        Rest that ends a melody, in bars; None for no limit.
    min_pitch, max_pitch
        Range, both included. Other notes are left out before anything else.
    valid_programs
        If given, notes of other programs are left out.
    skip_polyphony
        True gives a track up at the first notes that start together; False keeps the highest.
    add_end_token
        Appends one more label to each example: the number of labels before it.
    chord_encoding
        ``"triad"`` or ``"major_minor"`` to get the chord of each step; inferred where the sequence
        has no chord symbols.
    condition_on_key
        True to get the key of each step. A sequence without a key then gives nothing.
    max_tensors
        The first so many examples only; None for all.
    presplit_on_time_changes
        Cut at changes of tempo and meter first. Without it, such a sequence gives nothing.
    pad_to_total_time
        Fill each melody up with rest on both sides, to the length of the sequence.
    """

    def __init__(
        self,
        *,
        steps_per_quarter: int = 4,
        slice_bars: int | None = 2,
        max_bars: int | None = None,
        gap_bars: float | None = 1.0,
        min_pitch: int = 21,
        max_pitch: int = 108,
        valid_programs: Collection[int] | None = None,
        skip_polyphony: bool = False,
        add_end_token: bool = False,
        chord_encoding: str | None = None,
        condition_on_key: bool = False,
        max_tensors: int | None = None,
        presplit_on_time_changes: bool = True,
        pad_to_total_time: bool = False,
    ) -> None:
        if not 0 <= min_pitch <= max_pitch <= 127:
            raise ConfigError(
                f"{min_pitch} to {max_pitch} is not a range of pitches.", "Use 0 <= min_pitch <= max_pitch <= 127."
            )
        for name, value in (("steps_per_quarter", steps_per_quarter), ("slice_bars", slice_bars)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}.", "Give a whole number from 1.")
        self.steps_per_quarter = steps_per_quarter
        self.slice_bars = slice_bars
        self.max_bars = max_bars
        self.gap_bars = float(gap_bars) if gap_bars else float("inf")
        self.min_pitch = min_pitch
        self.max_pitch = max_pitch
        self.valid_programs = None if valid_programs is None else frozenset(valid_programs)
        self.skip_polyphony = skip_polyphony
        self.add_end_token = add_end_token
        self.chord_encoding = None if chord_encoding is None else ChordEncoding(chord_encoding)
        self.condition_on_key = condition_on_key
        self.max_tensors = max_tensors
        self.presplit_on_time_changes = presplit_on_time_changes
        self.pad_to_total_time = pad_to_total_time

    @property
    def steps_per_bar(self) -> int:
        """Steps of a bar of four quarters; bars of another length give nothing."""
        return 4 * self.steps_per_quarter

    @property
    def end_token(self) -> int | None:
        """The label that ends an example, if there is one."""
        return FIRST_PITCH + self.max_pitch - self.min_pitch + 1 if self.add_end_token else None

    @property
    def classes(self) -> int:
        """Number of labels: 90 with the usual range."""
        return FIRST_PITCH + self.max_pitch - self.min_pitch + 1 + self.add_end_token

    @property
    def control_classes(self) -> int:
        """Width of the controls of a step."""
        chords = self.chord_encoding.classes if self.chord_encoding else 0
        return chords + (12 if self.condition_on_key else 0)

    @property
    def depth(self) -> int:
        """Width of a row that the encoder reads: a one-hot label."""
        return self.classes

    @property
    def output_depth(self) -> int:
        """Width of a row that the decoder writes: a one-hot label."""
        return self.classes

    @property
    def control_depth(self) -> int:
        """Width of the controls of a step."""
        return self.control_classes

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input holds; two bars where the converter does not slice."""
        return ClipSpec(self.slice_bars or 2, self.steps_per_quarter, self.min_pitch, self.max_pitch)

    @property
    def rules(self) -> MelodyRules:
        """How a user's piece is cut: a clip a track and window, the highest note of each step."""
        return MelodyRules(self.clip_spec, self.chord_encoding, self.condition_on_key)

    def to_tokens(self, sequence: NoteSequence) -> list[NDArray[np.uint8]]:
        """Find the melodies of a sequence as labels.

        Parameters
        ----------
        sequence
            Any NoteSequence, not quantised.

        Returns
        -------
        list of ndarray
            uint8 [steps] each, without doubles, in order of track and time. Empty where there is
            nothing of the kind.
        """
        return [example.tokens for example in self.to_examples(sequence)]

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Find the melodies of a sequence as labels, with chord and key of each step."""
        wanted = self._only_valid_notes(sequence)
        pieces = split_on_time_changes(wanted) if self.presplit_on_time_changes else [wanted]
        return [e for piece in pieces for e in self._piece(piece)[: self.max_tensors]][: self.max_tensors]

    def controls(self, example: Example) -> NDArray[np.float32] | None:
        """One-hot controls of an example: float32 [steps, control_classes]; None without conditioning."""
        return one_hot_controls(example.chords, example.keys, self.chord_encoding)

    def inputs(self, example: Example) -> Inputs:
        """One-hot labels float32 [steps, classes], controls, number of steps."""
        return self.targets(example), self.controls(example), len(example.tokens)

    def targets(self, example: Example) -> NDArray[np.float32]:
        """One-hot labels, float32 [steps, classes]."""
        return np.asarray(np.eye(self.classes, dtype=np.float32)[example.tokens])

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Spread chord symbols evenly over a clip: float32 [steps, control_depth], in C where keys count."""
        return spread_chords(figures, self.clip_spec.steps, self.chord_encoding, self.condition_on_key)

    def to_sequence(
        self,
        tokens: Labels,
        *,
        qpm: float = 120.0,
        velocity: int = 80,
        program: int = 0,
        instrument: int = 0,
        chords: Labels | Sequence[str] | None = None,
        keys: Labels | None = None,
    ) -> NoteSequence:
        """Turn labels into notes.

        Parameters
        ----------
        tokens
            Labels [steps], or a score for each label [steps, classes], of which the highest counts.
            What follows an end token is left out.
        qpm
            Tempo of the result.
        velocity, program, instrument
            Given to each note.
        chords
            Chord symbols spread evenly, or a class a step; each change becomes a chord symbol.
        keys
            Key of each step; each change becomes a key signature.

        Returns
        -------
        NoteSequence
            ``total_time`` is the end of the last note, or of the tokens where there is no note, so
            that silence keeps its length.

        Raises
        ------
        ConfigError
            Labels of another converter.
        """
        labels = self.tokens_from(tokens)
        notes = notes_from_labels(labels, self.min_pitch)
        sequence = sequence_from_notes(
            notes,
            self.steps_per_quarter,
            qpm=qpm,
            velocity=velocity,
            program=program,
            instrument=instrument,
            total_steps=len(labels) if not len(notes) else None,
        )
        step = 60.0 / qpm / self.steps_per_quarter
        annotate(sequence, chords, self.chord_encoding, np.arange(len(labels)) * step)
        if keys is not None:
            numbers = [int(key) for key in list(keys)[: len(labels)]]
            times = [i * step for i in range(len(numbers))]
            note_seq().chords_lib.add_keys_to_sequence(sequence, numbers, times)
        return sequence

    def tokens_from(self, outputs: Labels) -> NDArray[np.uint8]:
        """Labels [steps] of labels or of scores for each label, up to the end token."""
        labels = np.asarray(outputs)
        if labels.ndim == 2 and labels.shape[1] == self.classes:
            labels = labels.argmax(axis=1)
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ConfigError(
                f"Tokens of shape {labels.shape} and type {labels.dtype} are no labels.",
                f"Give whole numbers [steps], or [steps, {self.classes}].",
            )
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
            raise ConfigError(
                f"Labels from {labels.min()} to {labels.max()} are not those of this model.",
                f"Labels are 0 to {self.classes - 1}.",
            )
        labels = labels.astype(np.uint8)
        if self.end_token is not None and (labels == self.end_token).any():
            labels = labels[: int((labels == self.end_token).argmax())]
        return labels

    def _only_valid_notes(self, sequence: NoteSequence) -> NoteSequence:
        result = copy.deepcopy(sequence)
        del result.notes[:]
        result.notes.extend(
            note
            for note in sequence.notes
            if self.min_pitch <= note.pitch <= self.max_pitch
            and (self.valid_programs is None or note.program in self.valid_programs)
        )
        return result

    def _piece(self, sequence: NoteSequence) -> list[Example]:
        """Examples of a sequence with one tempo and one meter."""
        quantised = quantise(sequence, self.steps_per_quarter)
        if quantised is None:
            return []
        if self.chord_encoding and not infer_missing_chords(quantised, keys=self.condition_on_key):
            return []
        melodies = [part for melody in self._melodies(quantised) for part in self._slices(melody)]
        controls = self._find_controls(quantised, melodies)
        if controls is None:
            return []
        examples: dict[bytes, Example] = {}
        for melody, chords, keys in zip(melodies, *controls, strict=True):
            example = self._example(melody, chords, keys)
            parts = (example.tokens, example.chords, example.keys)
            # A dictionary keeps the first of equal ones, in order; upstream's set has no order.
            examples.setdefault(b"|".join(p.tobytes() for p in parts if p is not None), example)
        return list(examples.values())

    def _melodies(self, quantised: NoteSequence) -> list[Melody]:
        """Every stretch of one-note music, track by track (MUSICVAE.md 4.4)."""
        lib = note_seq().melodies_lib
        melodies = []
        for instrument in sorted({note.instrument for note in quantised.notes}):
            search = 0
            while True:
                melody = lib.Melody()
                try:
                    melody.from_quantized_sequence(
                        quantised,
                        search_start_step=search,
                        instrument=instrument,
                        gap_bars=self.gap_bars,
                        ignore_polyphonic_notes=not self.skip_polyphony,
                        pad_end=True,
                    )
                except lib.PolyphonicMelodyError:
                    break
                if not len(melody):
                    break
                search = melody.end_step + -melody.end_step % self.steps_per_bar
                if self.max_bars:
                    melody.set_length(min(len(melody), self.max_bars * self.steps_per_bar))
                if self.pad_to_total_time:
                    melody.set_length(len(melody) + melody.start_step, from_left=True)
                    melody.set_length(quantised.total_quantized_steps)
                melodies.append(melody)
        return melodies

    def _slices(self, melody: Melody) -> list[Melody]:
        """Slices of a melody, one a bar; note_seq cleans note-offs before a slice's first onset."""
        if self.slice_bars is None:
            return [melody]
        width = self.slice_bars * self.steps_per_bar
        return [melody[end - width : end] for end in range(width, len(melody) + 1, self.steps_per_bar)]

    def _find_controls(self, quantised: NoteSequence, melodies: list[Melody]) -> tuple[list[Any], list[Any]] | None:
        """Chord and key classes of each melody's steps; None where they cannot be had."""
        library = note_seq()
        chords: list[Any] = [None] * len(melodies)
        keys: list[Any] = [None] * len(melodies)
        if self.chord_encoding:
            try:
                figures = library.chords_lib.event_list_chords(quantised, melodies)
                chords = [[self.chord_encoding.encode(figure) for figure in row] for row in figures]
            except (library.chords_lib.CoincidentChordsError, ConfigError):
                return None
        if self.condition_on_key:
            if not quantised.key_signatures:
                return None
            per_second = self.steps_per_quarter * quantised.tempos[0].qpm / 60
            keys = library.chords_lib.event_list_keys(quantised, melodies, per_second)
        return chords, keys

    def _example(self, melody: Melody, chords: list[int] | None, keys: list[int] | None) -> Example:
        events = np.array(list(melody), np.int64)
        labels = np.where(events < 0, events + FIRST_PITCH, events - self.min_pitch + FIRST_PITCH)
        if self.end_token is not None:
            labels = np.append(labels, self.end_token)

        def row(classes: list[int] | None) -> NDArray[np.uint8] | None:
            if classes is None:
                return None
            return np.array(classes + classes[-1:] * self.add_end_token, np.uint8)

        return Example(labels.astype(np.uint8), row(chords), row(keys))


if TYPE_CHECKING:
    _CHECKED: type[Converter] = MelodyConverter
