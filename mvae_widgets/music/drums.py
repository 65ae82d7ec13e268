"""Drum tracks of a sequence as upstream finds them (MUSICVAE.md 4.6)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .chords import refuse_chords
from .converter import ClipSpec, Converter, Example, Inputs
from .drum_rules import DrumRules
from .kits import kit_of
from .labels import TICKS_PER_QUARTER
from .library import note_seq
from .quantising import quantise, split_on_time_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any
    Labels = NDArray[Any] | Sequence[Any]

__all__ = ["DrumsConverter", "drum_sequence"]

VELOCITY = 80
INSTRUMENT = 9
MOST_ONE_HOT_CLASSES = 12


class DrumsConverter:
    """Drums of a sequence to class bits and back, equal to upstream's DrumsConverter.

    Tokens are uint8 [steps, classes]: 1 where a drum of the class starts. With an end token a column
    follows that is 1 in one last row.

    Parameters
    ----------
    kit
        ``"reduced"`` (9 classes), ``"full"`` (61) or ``"roland"``, or lists of pitches, the first of
        which is played (see `kits`).
    roll_input
        True for an encoder that reads the bits and one more, which is 1 where there is no drum; False
        for one that reads a one-hot of all combinations.
    roll_output
        True for a decoder that writes bits (NADE); False for one that writes a one-hot label, the sum
        of 2^class.
    slice_bars
        Length of a slice; slices start at every bar of a drum track. None gives whole tracks.
    steps_per_quarter
        Grid; 4 makes a step a 16th.
    max_bars
        Tracks longer than this are cut off; None for no limit.
    gap_bars
        Rest that ends a track, in bars; None for no limit.
    add_end_token
        Ends each example with a row of its own.
    max_tensors
        The first so many examples only; None for all.
    presplit_on_time_changes
        Cut at changes of tempo and meter first. Without it, such a sequence gives nothing.
    pad_to_total_time
        Fill each track up with rest on both sides, to the length of the sequence.
    """

    def __init__(
        self,
        *,
        kit: str | Sequence[Sequence[int]] = "reduced",
        roll_input: bool = True,
        roll_output: bool = False,
        slice_bars: int | None = 2,
        steps_per_quarter: int = 4,
        max_bars: int | None = 100,
        gap_bars: float | None = 1.0,
        add_end_token: bool = False,
        max_tensors: int | None = None,
        presplit_on_time_changes: bool = True,
        pad_to_total_time: bool = False,
    ) -> None:
        for name, value in (("steps_per_quarter", steps_per_quarter), ("slice_bars", slice_bars)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}.", "Give a whole number from 1.")
        self.kit = kit_of(kit)
        if len(self.kit) > MOST_ONE_HOT_CLASSES and not (roll_input and roll_output):
            raise ConfigError(
                f"A one-hot of all combinations of {len(self.kit)} drums is too wide.",
                "Use roll_input=True and roll_output=True.",
            )
        self.roll_input = roll_input
        self.roll_output = roll_output
        self.slice_bars = slice_bars
        self.steps_per_quarter = steps_per_quarter
        self.max_bars = max_bars
        self.gap_bars = float(gap_bars) if gap_bars else float("inf")
        self.add_end_token = add_end_token
        self.max_tensors = max_tensors
        self.presplit_on_time_changes = presplit_on_time_changes
        self.pad_to_total_time = pad_to_total_time

    @property
    def steps_per_bar(self) -> int:
        """Steps of a bar of four quarters; bars of another length give nothing."""
        return 4 * self.steps_per_quarter

    @property
    def bits(self) -> int:
        """Width of the tokens: classes, and the end token's column."""
        return len(self.kit) + self.add_end_token

    @property
    def labels(self) -> int:
        """Number of one-hot labels: 512 for nine classes, and the end token."""
        return (1 << len(self.kit)) + self.add_end_token

    @property
    def depth(self) -> int:
        """Bits and the one for no drum, or labels."""
        return self.bits + 1 if self.roll_input else self.labels

    @property
    def output_depth(self) -> int:
        """Bits or labels."""
        return self.bits if self.roll_output else self.labels

    @property
    def control_depth(self) -> int:
        """No drum model has controls."""
        return 0

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input holds; two bars where the converter does not slice."""
        detail = tuple(pitch for pitches in self.kit.classes for pitch in (*pitches, -1))
        return ClipSpec(self.slice_bars or 2, self.steps_per_quarter, 0, 127, "drums", detail)

    @property
    def rules(self) -> DrumRules:
        """How a user's piece is cut: all drum tracks together, a clip a window."""
        return DrumRules(self.clip_spec, self.kit)

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Find the drum tracks of a sequence, slice by slice, without doubles, in order of time."""
        pieces = split_on_time_changes(sequence) if self.presplit_on_time_changes else [sequence]
        return [e for piece in pieces for e in self._piece(piece)[: self.max_tensors]][: self.max_tensors]

    def inputs(self, example: Example) -> Inputs:
        """Bits with the one for no drum, or one-hot labels; no controls; number of steps."""
        tokens = example.tokens
        if not self.roll_input:
            return self.one_hot(tokens), None, len(tokens)
        silent = ~tokens.any(axis=1, keepdims=True)
        return np.concatenate([tokens, silent], axis=1).astype(np.float32), None, len(tokens)

    def targets(self, example: Example) -> NDArray[np.float32]:
        """Bits or one-hot labels."""
        return example.tokens.astype(np.float32) if self.roll_output else self.one_hot(example.tokens)

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Drums hear no chords: always a `ConfigError`."""
        refuse_chords()

    def to_labels(self, tokens: NDArray[Any]) -> NDArray[np.int64]:
        """Labels [steps] of bits: the sum of 2^class, the end token the last one."""
        return np.asarray(tokens.astype(np.int64) @ (1 << np.arange(self.bits, dtype=np.int64)))

    def one_hot(self, tokens: NDArray[Any]) -> NDArray[np.float32]:
        """One-hot labels [steps, labels] of bits [steps, bits]."""
        result = np.zeros((len(tokens), self.labels), np.float32)
        result[np.arange(len(tokens)), self.to_labels(tokens)] = 1
        return result

    def to_sequence(
        self, tokens: Labels, *, qpm: float = 120.0, program: int = 0, chords: Labels | None = None
    ) -> NoteSequence:
        """Turn bits [steps, classes], one-hot labels [steps, 512] or labels [steps] into drum notes.

        Each lasts a step; velocity 80, instrument 9. What follows an end token is left out.
        ``program`` has no meaning for drums.
        """
        if chords is not None:
            refuse_chords()
        bits = self.tokens_from(tokens)
        steps, classes = np.nonzero(bits)
        return drum_sequence(steps, self.kit.pitches[classes], 60.0 / qpm / self.steps_per_quarter, qpm)

    def tokens_from(self, outputs: Labels) -> NDArray[np.uint8]:
        """Bits [steps, classes] of bits, one-hot labels or labels, up to the end token."""
        rows = np.asarray(outputs)
        if rows.ndim == 2 and rows.shape[1] == self.labels and self.labels != self.bits:
            rows = rows.argmax(axis=1)
        if rows.ndim == 2 and rows.shape[1] in (self.bits, len(self.kit)):
            bits = rows >= 0.5
        elif rows.ndim == 1 and np.issubdtype(rows.dtype, np.integer):
            if len(rows) and not 0 <= rows.min() <= rows.max() < self.labels:
                raise ConfigError(
                    f"Labels from {rows.min()} to {rows.max()} are not those of this model.",
                    f"Labels are 0 to {self.labels - 1}.",
                )
            bits = (rows[:, None].astype(np.int64) >> np.arange(self.bits, dtype=np.int64) & 1).astype(bool)
        else:
            raise ConfigError(
                f"Drums of shape {rows.shape} and type {rows.dtype} are not those of this model.",
                f"Give [steps, {self.output_depth}], or bits [steps, {self.bits}].",
            )
        if self.add_end_token and bits.shape[1] == self.bits and bits[:, -1].any():
            bits = bits[: int(bits[:, -1].argmax())]
        return bits[:, : len(self.kit)].astype(np.uint8)

    def _piece(self, piece: NoteSequence) -> list[Example]:
        quantised = quantise(piece, self.steps_per_quarter)
        if quantised is None:
            return []
        known = self.kit.class_of
        drums = [note for note in quantised.notes if note.is_drum and note.pitch in known]
        notes = [copy.copy(note) for note in drums]
        for note in notes:
            note.pitch = known[note.pitch]
        del quantised.notes[:]
        quantised.notes.extend(notes)
        tracks = [part for track in self._tracks(quantised) for part in self._slices(track)]
        # A dictionary keeps the first of equal ones, in order; upstream's set has no order.
        unique = {track.tobytes(): track for track in tracks}
        return [Example(self._ended(track)) for track in unique.values()]

    def _tracks(self, quantised: NoteSequence) -> list[NDArray[np.uint8]]:
        """Every stretch of drumming as bits [steps, classes]."""
        lib = note_seq().drums_lib
        found: list[NDArray[np.uint8]] = []
        search = 0
        while True:
            track = lib.DrumTrack()
            track.from_quantized_sequence(
                quantised, search_start_step=search, gap_bars=self.gap_bars, pad_end=True, ignore_is_drum=True
            )
            if not len(track):
                return found
            search = track.end_step + -track.end_step % self.steps_per_bar
            if self.max_bars:
                track.set_length(min(len(track), self.max_bars * self.steps_per_bar))
            if self.pad_to_total_time:
                track.set_length(len(track) + track.start_step, from_left=True)
                track.set_length(quantised.total_quantized_steps)
            bits = np.zeros((len(track), len(self.kit)), np.uint8)
            for step, classes in enumerate(track):
                bits[step, list(classes)] = 1
            found.append(bits)

    def _slices(self, track: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        if self.slice_bars is None:
            return [track]
        width = self.slice_bars * self.steps_per_bar
        return [track[end - width : end] for end in range(width, len(track) + 1, self.steps_per_bar)]

    def _ended(self, track: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.pad(track, (0, 1)) | _corner(track.shape) if self.add_end_token else track


def _corner(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros one larger than a shape, with a 1 in the last row of the last column."""
    corner = np.zeros((shape[0] + 1, shape[1] + 1), np.uint8)
    corner[-1, -1] = 1
    return corner


def drum_sequence(steps: NDArray[np.int64], pitches: NDArray[np.int64], step: float, qpm: float) -> NoteSequence:
    """Make a NoteSequence of drum notes of one step each.

    Parameters
    ----------
    steps, pitches
        One each a note.
    step
        Seconds of a step.
    qpm
        Tempo.
    """
    sequence = note_seq().NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER)
    sequence.tempos.add(qpm=qpm)
    for start, pitch in zip(steps.tolist(), pitches.tolist(), strict=True):
        sequence.notes.add(
            pitch=pitch,
            velocity=VELOCITY,
            start_time=start * step,
            end_time=(start + 1) * step,
            instrument=INSTRUMENT,
            is_drum=True,
        )
        sequence.total_time = (start + 1) * step
    return sequence


if TYPE_CHECKING:
    _CHECKED: type[Converter] = DrumsConverter
