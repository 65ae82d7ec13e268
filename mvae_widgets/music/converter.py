"""The one interface between note sequences and what a model reads and writes.

Each family of models has its converter (melody, drums, trio, groove, multitrack); all of them answer
to `Converter`, so that whatever trains, encodes or decodes need not know which music it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .rules import Rules

    NoteSequence = Any

__all__ = ["ClipSpec", "Converter", "Example", "Inputs"]

Inputs = tuple["NDArray[np.float32]", "NDArray[np.float32] | None", "int | list[int]"]


@dataclass(frozen=True)
class ClipSpec:
    """Length, grid and content of one model input, in bars of four quarters. Equal specs, equal tokens.

    Parameters
    ----------
    bars
        Length of a clip.
    steps_per_quarter
        4 makes a step a 16th.
    min_pitch, max_pitch
        The MIDI pitches the model has a label for, both included.
    family
        What the tokens are: ``"melody"``, ``"drums"``, ``"trio"``, ``"groove"``, ``"multitrack"``.
    detail
        What else tells tokens of one family apart, such as the drum kit.
    """

    bars: int = 2
    steps_per_quarter: int = 4
    min_pitch: int = 21
    max_pitch: int = 108
    family: str = "melody"
    detail: tuple[str | int, ...] = ()

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
        """Steps of musical time in one clip."""
        return self.bars * self.bar_steps


@dataclass(frozen=True, eq=False)
class Example:
    """One model input with what it is conditioned on.

    Parameters
    ----------
    tokens
        What the clip holds, one row a model step (first axis): labels for melodies (uint8 [T]), class
        bits for drums (uint8 [T, classes]), three labels for trios (int16 [T, 3]), hits, velocities
        and offsets for grooves (float32 [T, 27]), event labels for multitracks (int16 [512], -1 where
        there is no row).
    chords
        Chord class of each row, if the converter conditions on chords (MUSICVAE.md 2.10).
    keys
        Key of each row, 0 (C) to 11, if it conditions on keys.
    """

    tokens: NDArray[Any]
    chords: NDArray[np.uint8] | None = None
    keys: NDArray[np.uint8] | None = None


class Converter(Protocol):
    """Note sequences to what a model reads, and what it writes to note sequences."""

    @property
    def depth(self) -> int:
        """Width of a row that the encoder reads, without controls."""

    @property
    def output_depth(self) -> int:
        """Width of a row that the decoder writes."""

    @property
    def control_depth(self) -> int:
        """Width of the controls that accompany a row; 0 without conditioning."""

    @property
    def clip_spec(self) -> ClipSpec:
        """What one input of the model holds."""

    @property
    def rules(self) -> Rules:
        """How a user's piece is cut into clips (`cutting.Cutter`)."""

    def to_examples(self, sequence: NoteSequence) -> list[Example]:
        """Everything in a sequence that is an input of the model, as upstream finds it."""

    def inputs(self, example: Example) -> Inputs:
        """What the encoder reads.

        Returns
        -------
        x, controls, length
            float32 [T, depth]; float32 [T, control_depth] or None; the rows that count, or one number
            for each chunk of a hierarchical encoder.
        """

    def targets(self, example: Example) -> NDArray[np.float32]:
        """What the decoder should write: float32 [T, output_depth]."""

    def chord_controls(self, figures: Sequence[str]) -> NDArray[np.float32]:
        """Spread chord symbols over a clip: float32 [T, control_depth]; `ConfigError` without conditioning."""

    def tokens_from(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """`Example.tokens` of one decoder output [T, output_depth]; tokens are passed through.

        Raises
        ------
        ConfigError
            Output of another model.
        """

    def to_sequence(
        self,
        tokens: NDArray[Any],
        *,
        qpm: float = 120.0,
        program: int = 0,
        chords: Sequence[str] | Sequence[int] | NDArray[Any] | None = None,
    ) -> NoteSequence:
        """Turn one model output into notes.

        Parameters
        ----------
        tokens
            The decoder's output [T, output_depth], or `Example.tokens`.
        qpm
            Tempo of the result.
        program
            Sound of a melody, where the tokens do not say.
        chords
            Chord symbols, or a class a row, written into the result where each changes.

        Returns
        -------
        NoteSequence
            As upstream gives it: ``total_time`` is the end of the last note.

        Raises
        ------
        ConfigError
            Tokens of another model; chords for a model without.
        """
