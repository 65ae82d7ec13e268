"""Drumming with its loudness and its timing: the converter of GrooVAE (MUSICVAE.md 4.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .chords import refuse_chords
from .converter import ClipSpec, Converter, Example, Inputs
from .drum_rules import GrooveRules
from .drums import INSTRUMENT
from .kits import Kit, kit_of
from .labels import TICKS_PER_QUARTER
from .library import note_seq
from .quantising import quantise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any
    Rows = NDArray[Any]

__all__ = ["MODES", "TAP_CLASS", "GrooveConverter"]

MODES = ("infer", "train", "eval")
TAP_CLASS = 3
# Half a step early or late is the next place; a hair less keeps a hit in its step.
MOST_OFFSET = 0.4999


class GrooveConverter:
    """Drum performances to hits, velocities and offsets and back, equal to upstream's GrooveConverter.

    Tokens are float32 [steps, 3 classes]: hits (0 or 1), velocities (0 to 1), offsets (-1 to 1, in half
    steps, positive is early). They always hold the whole groove; what the encoder hears of it is in
    `inputs`. Two things differ from upstream: a drum that the kit does not know is left out instead of
    raising, and a hit before the beginning starts at 0.

    Parameters
    ----------
    slice_bars
        Length of a window; None gives one window with everything. An incomplete one is left out.
    steps_per_quarter
        Grid.
    hop_steps
        Steps from one window to the next; the window's length by default.
    tapify
        The encoder hears one hit a step, the loudest, on the open hi-hat's place.
    humanize
        It hears neither velocities nor offsets.
    fixed_velocities
        It hears no velocities.
    add_instruments
        Classes that it does not hear.
    max_note_dropout
        Largest share of notes that it does not hear, in training (`inputs` with a generator).
    hits_as_controls
        The hits are given to encoder and decoder as controls.
    split_instruments
        A row for each drum of each step, with the drum as a control, instead of one a step.
    velocity_bins, offset_bins
        One-hot bins instead of numbers; 0 for numbers.
    mode
        ``"infer"`` hears drums by ``infer_kit``, ``"train"`` and ``"eval"`` by ``train_kit``.
    train_kit, infer_kit
        Names or lists of pitches, see `kits`; both with as many classes.
    """

    def __init__(
        self,
        *,
        slice_bars: int | None = 2,
        steps_per_quarter: int = 4,
        hop_steps: int | None = None,
        tapify: bool = False,
        humanize: bool = False,
        fixed_velocities: bool = False,
        add_instruments: Sequence[int] = (),
        max_note_dropout: float = 0.0,
        hits_as_controls: bool = False,
        split_instruments: bool = False,
        velocity_bins: int = 0,
        offset_bins: int = 0,
        mode: str = "infer",
        train_kit: str | Sequence[Sequence[int]] = "roland",
        infer_kit: str | Sequence[Sequence[int]] = "reduced",
    ) -> None:
        for name, value in (
            ("steps_per_quarter", steps_per_quarter),
            ("slice_bars", slice_bars),
            ("hop_steps", hop_steps),
        ):
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}.", "Give a whole number from 1.")
        if mode not in MODES:
            raise ConfigError(f"There is no mode '{mode}'.", f"Use one of: {', '.join(MODES)}.")
        if not 0 <= max_note_dropout <= 1 or min(velocity_bins, offset_bins) < 0:
            raise ConfigError("A share of notes is 0 to 1, a number of bins 0 or more.")
        self.kits = {"infer": kit_of(infer_kit), "train": kit_of(train_kit)}
        self.mode = mode
        self.classes = len(self.kit)
        if len({len(kit) for kit in self.kits.values()}) > 1:
            raise ConfigError("The kits for training and inference have different numbers of classes.")
        if not all(0 <= k < self.classes for k in add_instruments) or (tapify and self.classes <= TAP_CLASS):
            raise ConfigError(f"The kit has the classes 0 to {self.classes - 1} only.")
        self.slice_bars = slice_bars
        self.steps_per_quarter = steps_per_quarter
        self.hop_steps = hop_steps
        self.tapify, self.humanize, self.fixed_velocities = tapify, humanize, fixed_velocities
        self.add_instruments = tuple(add_instruments)
        self.max_note_dropout = max_note_dropout
        self.hits_as_controls, self.split_instruments = hits_as_controls, split_instruments
        self.velocity_bins, self.offset_bins = velocity_bins, offset_bins

    @property
    def kit(self) -> Kit:
        """The kit of the mode."""
        return self.kits["infer" if self.mode == "infer" else "train"]

    @property
    def widths(self) -> tuple[int, int, int]:
        """Columns of hits, velocities and offsets in a row of the model."""
        drums = 1 if self.split_instruments else self.classes
        return drums, drums * (self.velocity_bins or 1), drums * (self.offset_bins or 1)

    @property
    def depth(self) -> int:
        """27 with nine classes and numbers; 3 split."""
        return sum(self.widths)

    @property
    def output_depth(self) -> int:
        """As `depth`."""
        return self.depth

    @property
    def control_depth(self) -> int:
        """Hits, then the drum of a split row."""
        hits = self.widths[0] if self.hits_as_controls else 0
        return hits + (self.classes if self.split_instruments else 0)

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input holds; two bars where the converter does not slice."""
        detail = tuple(pitch for pitches in self.kit.classes for pitch in (*pitches, -1))
        return ClipSpec(self.slice_bars or 2, self.steps_per_quarter, 0, 127, "groove", detail)

    @property
    def rules(self) -> GrooveRules:
        """How a user's piece is cut: all drum tracks together, a clip a window."""
        return GrooveRules(self.clip_spec, self.kit)

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Cut a sequence into windows; changes of tempo or meter give nothing."""
        quantised = quantise(sequence, self.steps_per_quarter)
        if quantised is None:
            return []
        known = self.kit.class_of
        notes = [note for note in quantised.notes if note.pitch in known]
        if not notes:
            return []
        steps = np.array([note.quantized_start_step for note in notes])
        classes = np.array([known[note.pitch] for note in notes])
        velocities = np.clip([note.velocity for note in notes], 0, 127)
        step_length = 60.0 / quantised.tempos[0].qpm / self.steps_per_quarter
        early = 2 * (steps * step_length - [note.start_time for note in notes]) / step_length
        # Written from the softest to the loudest, the first among equals last, so that it stays.
        order = np.lexsort((-np.arange(len(notes)), velocities))
        bar = 4 * self.steps_per_quarter
        groove = np.zeros(((steps.max() // bar + 1) * bar, 3, self.classes), np.float32)
        values = np.stack([np.ones(len(notes)), velocities / 127, np.clip(early, -1, 1)], axis=1)
        for i in order:
            groove[steps[i], :, classes[i]] = values[i]
        groove = groove.reshape(len(groove), -1)
        window = self.slice_bars * bar if self.slice_bars else len(groove)
        starts = range(0, len(groove) - window + 1, self.hop_steps or window)
        return [Example(groove[start : start + window]) for start in starts]

    def hear(self, tokens: Rows, generator: np.random.Generator | None = None) -> NDArray[np.float32]:
        """What of a groove the encoder hears.

        Parameters
        ----------
        tokens
            The whole groove, [steps, 3 classes].
        generator
            Where it comes from that some notes are not heard in training; None to hear all.

        Returns
        -------
        ndarray
            float32 [steps, 3 classes].
        """
        groove = tokens.reshape(len(tokens), 3, self.classes).astype(np.float32)
        heard = groove.copy()
        if generator is not None and self.max_note_dropout:
            share = generator.uniform(0, self.max_note_dropout)
            chance = share * np.maximum(0.2, 1 - groove[:, 1])
            heard[np.broadcast_to((generator.random(chance.shape) < chance)[:, None], heard.shape)] = 0
        if self.tapify:
            # What is tapped comes from the whole groove, even where the loudest note was dropped.
            loudest = heard[:, 1].argmax(axis=1)
            heard[:] = 0
            heard[:, :, TAP_CLASS] = np.take_along_axis(groove, loudest[:, None, None], axis=2)[:, :, 0]
        if self.humanize:
            heard[:, 1:] = 0
        if self.fixed_velocities:
            heard[:, 1] = 0
        heard[:, :, list(self.add_instruments)] = 0
        return heard.reshape(len(tokens), -1)

    def inputs(self, example: Example, generator: np.random.Generator | None = None) -> Inputs:
        """What is heard, as rows of the model; controls; number of rows. See `hear` for the generator."""
        x = self._rows(self.hear(example.tokens, generator))
        return x, self.controls(example), len(x)

    def targets(self, example: Example) -> NDArray[np.float32]:
        """The whole groove as rows of the model."""
        return self._rows(example.tokens)

    def controls(self, example: Example) -> NDArray[np.float32] | None:
        """Hits and drum of each row, float32 [rows, control_depth]; None without."""
        hits = example.tokens[:, : self.classes].astype(np.float32)
        parts = []
        if self.hits_as_controls:
            parts.append(hits.reshape(-1, self.widths[0]))
        if self.split_instruments:
            parts.append(np.tile(np.eye(self.classes, dtype=np.float32), (len(hits), 1)))
        return np.concatenate(parts, axis=1) if parts else None

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Drums hear no chords: always a `ConfigError`."""
        refuse_chords()

    def to_sequence(
        self, tokens: Rows, *, qpm: float = 120.0, program: int = 0, chords: Sequence[Any] | Rows | None = None
    ) -> NoteSequence:
        """Turn the decoder's rows, or tokens, into drum notes with velocity and timing.

        Each lasts a step; instrument 9. ``program`` has no meaning for drums.
        """
        if chords is not None:
            refuse_chords()
        groove = self.tokens_from(tokens).reshape(-1, 3, self.classes).astype(np.float64)
        sequence = note_seq().NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER)
        sequence.tempos.add(qpm=qpm)
        step = 60.0 / qpm / self.steps_per_quarter
        steps, classes = np.nonzero(groove[:, 0] > 0.5)
        velocities = np.clip(np.round(127 * groove[steps, 1, classes]), 0, 127).astype(int)
        offsets = np.clip(groove[steps, 2, classes] / 2, -MOST_OFFSET, MOST_OFFSET)
        starts = np.maximum(steps - offsets, 0) * step
        pitches = self.kit.pitches[classes]
        for pitch, velocity, start in zip(pitches.tolist(), velocities.tolist(), starts.tolist(), strict=True):
            end = start + step
            sequence.notes.add(
                pitch=pitch, velocity=velocity, start_time=start, end_time=end, instrument=INSTRUMENT, is_drum=True
            )
            sequence.total_time = max(sequence.total_time, end)
        return sequence

    def tokens_from(self, outputs: Rows) -> NDArray[np.float32]:
        """Hits, velocities and offsets [steps, 3 classes] of tokens or of rows of the model."""
        rows = np.asarray(outputs)
        if rows.ndim != 2 or rows.shape[1] not in (self.depth, 3 * self.classes) or not np.isfinite(rows).all():
            raise ConfigError(
                f"A groove of shape {rows.shape} is not of this model.",
                f"Give finite numbers, [steps, {self.depth}].",
            )
        rows = rows.astype(np.float32)
        if rows.shape[1] == 3 * self.classes:
            return rows
        if rows.size % (self.depth if not self.split_instruments else self.depth * self.classes):
            raise ConfigError(f"{len(rows)} rows are not {self.classes} for each step.")
        hits, velocities, offsets = np.split(rows, np.cumsum(self.widths)[:2], axis=1)
        parts = (
            hits.reshape(-1, self.classes),
            _from_bins(velocities, self.velocity_bins, 0.0).reshape(-1, self.classes),
            _from_bins(offsets, self.offset_bins, -1.0).reshape(-1, self.classes),
        )
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def _rows(self, tokens: Rows) -> NDArray[np.float32]:
        """Tokens [steps, 3 classes] as rows of the model."""
        groove = tokens.reshape(len(tokens), 3, self.classes).astype(np.float32)
        hits, velocities, offsets = self.widths
        parts = (
            groove[:, 0].reshape(-1, hits),
            _to_bins(groove[:, 1], self.velocity_bins, 0.0).reshape(-1, velocities),
            _to_bins(groove[:, 2], self.offset_bins, -1.0).reshape(-1, offsets),
        )
        return np.concatenate(parts, axis=1)


def _edges(bins: int, lowest: float) -> NDArray[np.float64]:
    return np.linspace(lowest, 1.0001, bins)


def _to_bins(values: NDArray[np.float32], bins: int, lowest: float) -> NDArray[np.float32]:
    """One-hot of the bin of each value, the bins last; the values themselves for 0 bins."""
    if not bins:
        return values
    found = np.digitize(values, _edges(bins, lowest), right=True)
    return np.eye(bins, dtype=np.float32)[np.minimum(found, bins - 1)]


def _from_bins(columns: NDArray[Any], bins: int, lowest: float) -> NDArray[Any]:
    if not bins:
        return columns
    return np.asarray(_edges(bins, lowest)[columns.reshape(-1, bins).argmax(axis=1)])


if TYPE_CHECKING:
    _CHECKED: type[Converter] = GrooveConverter
