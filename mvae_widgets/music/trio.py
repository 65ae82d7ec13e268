"""Trios of melody, bass and drums as upstream finds them (MUSICVAE.md 4.7)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .chords import ChordEncoding, annotate, one_hot_controls, spread_chords
from .converter import ClipSpec, Converter, Example, Inputs
from .drums import DrumsConverter
from .melody import MelodyConverter
from .quantising import has_chords, infer_missing_chords, quantise, split_on_time_changes
from .trio_rules import BASS, DRUMS, MELODY, PARTS, TrioRules, part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any

__all__ = ["BASS_PROGRAM", "TrioConverter"]

BASS_PROGRAM = 33
MOST_BARS = 1024
INSTRUMENTS = 128


class TrioConverter:
    """Melody, bass and drums of a sequence to labels and back, equal to upstream's TrioConverter.

    Tokens are int16 [steps, 3]: the label of the melody, of the bass (see `labels`) and of the drums
    (the sum of 2^class over nine classes).

    Parameters
    ----------
    slice_bars
        Length of a window; windows start at every bar.
    steps_per_quarter
        Grid.
    gap_bars
        How long a part may rest before it counts as absent.
    chord_encoding
        ``"triad"`` or ``"major_minor"`` for the chord of each step; inferred where there are no symbols.
    condition_on_key
        True to get the key of each step.
    max_tensors
        The first so many examples only; None for all.
    """

    def __init__(
        self,
        *,
        slice_bars: int = 16,
        steps_per_quarter: int = 4,
        gap_bars: int = 2,
        chord_encoding: str | None = None,
        condition_on_key: bool = False,
        max_tensors: int | None = None,
    ) -> None:
        if gap_bars < 0:
            raise ConfigError(f"gap_bars is {gap_bars}.", "Give a whole number from 0.")
        whole: dict[str, Any] = {
            "steps_per_quarter": steps_per_quarter,
            "slice_bars": None,
            "max_bars": None,
            "gap_bars": None,
            "presplit_on_time_changes": False,
            "pad_to_total_time": True,
        }
        self.melody = MelodyConverter(**whole, chord_encoding=chord_encoding, condition_on_key=condition_on_key)
        self.drums = DrumsConverter(**whole)
        self.slice_bars = slice_bars
        self.steps_per_quarter = steps_per_quarter
        self.gap_bars = gap_bars
        self.max_tensors = max_tensors
        _ = self.clip_spec  # refuses lengths that make no sense

    @property
    def chord_encoding(self) -> ChordEncoding | None:
        """What chord classes are."""
        return self.melody.chord_encoding

    @property
    def condition_on_key(self) -> bool:
        """Whether there are keys among the controls."""
        return self.melody.condition_on_key

    @property
    def widths(self) -> tuple[int, int, int]:
        """Columns of melody, bass and drums in a row of the model."""
        return self.melody.classes, self.melody.classes, self.drums.labels

    @property
    def depth(self) -> int:
        """692: the three one-hots side by side."""
        return sum(self.widths)

    @property
    def output_depth(self) -> int:
        """As `depth`."""
        return self.depth

    @property
    def control_depth(self) -> int:
        """Width of chord and key."""
        return self.melody.control_classes

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input holds."""
        return ClipSpec(self.slice_bars, self.steps_per_quarter, self.melody.min_pitch, self.melody.max_pitch, "trio")

    @property
    def rules(self) -> TrioRules:
        """How a user's piece is cut: one melody, one bass and all drums together."""
        return TrioRules(self.clip_spec, self.drums.kit, self.chord_encoding, self.condition_on_key)

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Find every window in which a melody, a bass and drums play together."""
        pieces = split_on_time_changes(sequence)
        return [e for piece in pieces for e in self._piece(piece)[: self.max_tensors]][: self.max_tensors]

    def passages(self, sequence: NoteSequence) -> list[Example]:
        """Find every stretch in which three instruments play, whole: `to_examples` are windows of these."""
        return [passage for piece in split_on_time_changes(sequence) for passage in self._passages(piece)]

    def inputs(self, example: Example) -> Inputs:
        """Three one-hots a step, controls, number of steps."""
        return self.targets(example), self.melody.controls(example), len(example.tokens)

    def targets(self, example: Example) -> NDArray[np.float32]:
        """Three one-hots a step."""
        rows = np.zeros((len(example.tokens), self.depth), np.float32)
        columns = example.tokens + np.array([0, *np.cumsum(self.widths)[:2]])
        np.put_along_axis(rows, columns.astype(np.int64), 1, axis=1)
        return rows

    def controls(self, example: Example) -> NDArray[np.float32] | None:
        """One-hot controls of an example; None without conditioning."""
        return one_hot_controls(example.chords, example.keys, self.chord_encoding)

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Spread chord symbols evenly over a clip: float32 [steps, control_depth], in C where keys count."""
        return spread_chords(figures, self.clip_spec.steps, self.chord_encoding, self.condition_on_key)

    def to_sequence(
        self,
        tokens: NDArray[Any],
        *,
        qpm: float = 120.0,
        program: int = 0,
        chords: Sequence[str] | Sequence[int] | NDArray[Any] | None = None,
        keys: Sequence[int] | NDArray[Any] | None = None,
    ) -> NoteSequence:
        """Turn rows of the model [steps, 692] or labels [steps, 3] into notes.

        The melody is instrument 0 with ``program``, the bass instrument 1 with program 33, the drums
        instrument 9. ``total_time`` is the end of the last note of any part.
        """
        labels = self.tokens_from(tokens)
        sequence = self.melody.to_sequence(labels[:, MELODY], qpm=qpm, program=program, keys=keys)
        bass = self.melody.to_sequence(labels[:, BASS], qpm=qpm, program=BASS_PROGRAM, instrument=1)
        drums = self.drums.to_sequence(labels[:, DRUMS], qpm=qpm)
        for part in (bass, drums):
            sequence.notes.extend(part.notes)
        sequence.total_time = max((note.end_time for note in sequence.notes), default=sequence.total_time)
        seconds = np.arange(len(labels)) * 60.0 / qpm / self.steps_per_quarter
        annotate(sequence, chords, self.chord_encoding, seconds)
        return sequence

    def tokens_from(self, outputs: NDArray[Any]) -> NDArray[np.int16]:
        """Labels [steps, 3] of labels or of rows of the model."""
        rows = np.asarray(outputs)
        if rows.ndim == 2 and rows.shape[1] == self.depth:
            parts = np.split(rows, np.cumsum(self.widths)[:2], axis=1)
            return np.stack([part.argmax(axis=1) for part in parts], axis=1).astype(np.int16)
        if rows.ndim != 2 or rows.shape[1] != len(PARTS) or not np.issubdtype(rows.dtype, np.integer):
            raise ConfigError(
                f"A trio of shape {rows.shape} and type {rows.dtype} is not of this model.",
                f"Give [steps, {self.depth}], or whole numbers [steps, 3].",
            )
        if ((rows < 0) | (rows >= np.array(self.widths))).any():
            raise ConfigError(
                "A trio has labels that are not those of this model.",
                f"Melody and bass have {self.widths[0]} labels, drums {self.widths[2]}.",
            )
        return rows.astype(np.int16)

    def _piece(self, piece: NoteSequence) -> list[Example]:
        bar = self.melody.steps_per_bar
        width = self.slice_bars * bar
        return [
            _part(passage, start, start + width)
            for passage in self._passages(piece)
            for start in range(0, len(passage.tokens) - width + 1, bar)
        ]

    def _passages(self, piece: NoteSequence) -> list[Example]:
        quantised = quantise(piece, self.steps_per_quarter)
        if quantised is None:
            return []
        if self.chord_encoding and not has_chords(piece):
            if not infer_missing_chords(quantised, keys=self.condition_on_key):
                return []
            piece = copy.deepcopy(piece)
            piece.text_annotations.extend(quantised.text_annotations)
            if self.condition_on_key:
                del piece.key_signatures[:]
                piece.key_signatures.extend(quantised.key_signatures)
        bar = self.melody.steps_per_bar
        bars = min(-(-quantised.total_quantized_steps // bar), MOST_BARS)
        parts, coverage = _coverage(quantised, bars, bar)
        if not all((parts == part).any() for part in range(len(PARTS))):
            return []
        length = bars * bar * 60.0 / quantised.tempos[0].qpm / self.steps_per_quarter
        encoded: dict[int, Example] = {}
        for instrument in np.flatnonzero(coverage.any(axis=0) & (parts >= 0)).tolist():
            example = self._encode(piece, instrument, parts[instrument] == DRUMS, length)
            if example is not None and len(example.tokens) >= bars * bar:
                encoded[instrument] = example
            else:
                coverage[:, instrument] = False
        if not encoded:
            return []
        controls = next(iter(encoded.values())) if not self.control_depth else _first_controls(encoded)
        if controls is None:
            return []
        coverage = _smear(coverage, self.gap_bars)
        candidates = [[i for i in encoded if parts[i] == part] for part in range(len(PARTS))]
        passages = []
        for trio in product(*candidates):
            tokens = np.stack([encoded[i].tokens[: bars * bar] for i in trio], axis=1).astype(np.int16)
            whole = Example(tokens, controls.chords, controls.keys)
            runs = self._runs(coverage[:, trio])
            passages += [_part(whole, first * bar, last * bar) for first, last in runs]
        return passages

    def _encode(self, piece: NoteSequence, instrument: int, drums: bool, length: float) -> Example | None:
        """Labels of one instrument over the whole piece; None if it yields nothing."""
        alone = copy.deepcopy(piece)
        del alone.notes[:]
        alone.notes.extend(note for note in piece.notes if note.instrument == instrument)
        alone.total_time = length
        if not drums:
            melodies = self.melody.to_examples(alone)
            return melodies[0] if melodies else None
        found = self.drums.to_examples(alone)
        return Example(self.drums.to_labels(found[0].tokens)) if found else None

    def _runs(self, covered: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """First bar of each stretch in which three instruments play, and the bar after it; covered is [bars, 3]."""
        playing: NDArray[np.bool_] = np.asarray(covered.all(axis=1))
        gap = self.gap_bars
        if gap:
            playing[:gap] = covered[:gap].any()
            playing[-gap:] = covered[-gap:].any()
        edges = np.flatnonzero(np.diff(playing, prepend=False, append=False))
        return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _part(whole: Example, start: int, end: int) -> Example:
    """The steps from start to end of an example."""
    chords = None if whole.chords is None else whole.chords[start:end]
    keys = None if whole.keys is None else whole.keys[start:end]
    return Example(whole.tokens[start:end], chords, keys)


def _coverage(quantised: NoteSequence, bars: int, bar: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Part of each instrument number (-1 for none), and in which bars it sounds: [128], [bars, 128]."""
    parts = np.full(INSTRUMENTS, -2)
    coverage = np.zeros((bars, INSTRUMENTS), bool)
    for note in quantised.notes:
        if not 0 <= note.instrument < INSTRUMENTS:
            continue
        part = part_of(note.program, note.is_drum)
        known = parts[note.instrument]
        parts[note.instrument] = part if known in (-2, part) else -1
        coverage[note.quantized_start_step // bar : -(-note.quantized_end_step // bar), note.instrument] = True
    return parts, coverage


def _smear(coverage: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Count a part as playing so many bars before and after it does."""
    result = coverage.copy()
    for shift in range(1, gap + 1):
        result[shift:] |= coverage[:-shift]
        result[:-shift] |= coverage[shift:]
    return result


def _first_controls(encoded: dict[int, Example]) -> Example | None:
    """The melody or bass that says which chords there are; upstream takes the first instrument's."""
    return next((e for e in encoded.values() if e.chords is not None or e.keys is not None), None)


if TYPE_CHECKING:
    _CHECKED: type[Converter] = TrioConverter
