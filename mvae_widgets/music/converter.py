"""The one interface between note sequences and what a model reads and writes.

Each family of models has its converter (melody, drums, trio, ...); all of them answer to
`Converter`, so that whatever trains, encodes or decodes need not know which music it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any

__all__ = ["ClipSpec", "Converter", "Example"]


@dataclass(frozen=True)
class ClipSpec:
    """Length, grid and range of one model input, in bars of four quarters.

    Parameters
    ----------
    bars
        Length of a clip.
    steps_per_quarter
        4 makes a step a 16th.
    min_pitch, max_pitch
        The MIDI pitches the model has a label for, both included.
    """

    bars: int = 2
    steps_per_quarter: int = 4
    min_pitch: int = 21
    max_pitch: int = 108

    def __post_init__(self) -> None:
        """Refuse what no model can hold."""
        if self.bars < 1 or self.steps_per_quarter < 1:
            raise ConfigError(
                f"A clip of {self.bars} bars with {self.steps_per_quarter} steps a quarter is empty.",
                "Give whole numbers from 1.",
            )
        if not 0 <= self.min_pitch <= self.max_pitch <= 127:
            raise ConfigError(
                f"{self.min_pitch} to {self.max_pitch} is not a range of pitches.",
                "Use 0 <= min_pitch <= max_pitch <= 127.",
            )

    @property
    def bar_steps(self) -> int:
        """Steps of one bar."""
        return 4 * self.steps_per_quarter

    @property
    def steps(self) -> int:
        """Steps of one clip."""
        return self.bars * self.bar_steps


@dataclass(frozen=True, eq=False)
class Example:
    """One model input with what it is conditioned on.

    Parameters
    ----------
    tokens
        Labels or rows, one a step (first axis).
    chords
        Chord class of each step, if the converter conditions on chords (MUSICVAE.md 2.10).
    keys
        Key of each step, 0 (C) to 11, if it conditions on keys.
    """

    tokens: NDArray[np.uint8]
    chords: NDArray[np.uint8] | None = None
    keys: NDArray[np.uint8] | None = None


class Converter(Protocol):
    """Note sequences to tokens and back."""

    @property
    def classes(self) -> int:
        """Number of labels, or width of a row."""

    @property
    def control_classes(self) -> int:
        """Width of the controls that accompany a step; 0 without conditioning."""

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input of the model holds."""

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Everything in a sequence that is an input of the model, with its controls."""

    def to_tokens(self, sequence: NoteSequence) -> list[NDArray[np.uint8]]:
        """Everything in a sequence that is an input of the model."""

    def to_sequence(self, tokens: NDArray[Any]) -> NoteSequence:
        """Turn one model output into notes."""
