"""The same music in another key and at another speed, for training (MUSICVAE.md 4.11)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .library import note_seq

if TYPE_CHECKING:
    import numpy as np

    NoteSequence = Any

__all__ = ["Augmenter", "stretch", "transpose"]


@dataclass(frozen=True)
class Augmenter:
    """Draws a transposition and a speed for each sequence.

    Parameters
    ----------
    transpose_range
        Lowest and highest number of semitones, both included; None for none.
    stretch_range
        Lowest and highest factor by which times are multiplied; None for none.
    """

    transpose_range: tuple[int, int] | None = None
    stretch_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse ranges that hold nothing."""
        for name, ends in (("transpose_range", self.transpose_range), ("stretch_range", self.stretch_range)):
            if ends is not None and (len(ends) != 2 or not ends[0] <= ends[1]):
                raise ConfigError(f"{name} is {ends}.", "Give the lower end and the higher one.")
        if self.stretch_range is not None and self.stretch_range[0] <= 0:
            raise ConfigError("A speed of 0 has no music.", "Give factors above 0.")

    def __call__(self, sequence: NoteSequence, generator: np.random.Generator) -> NoteSequence:
        """Return a changed copy of a sequence."""
        result = sequence
        if self.stretch_range is not None:
            result = stretch(result, float(generator.uniform(*self.stretch_range)))
        if self.transpose_range is not None:
            lowest, highest = self.transpose_range
            result = transpose(result, int(generator.integers(lowest, highest + 1)))
        return result


def transpose(sequence: NoteSequence, semitones: int) -> NoteSequence:
    """Move pitches, chord symbols and keys; drums stay, and notes that leave 0 to 127 are left out.

    Parameters
    ----------
    sequence
        Any NoteSequence; it is not changed.
    semitones
        Up, or down where negative.

    Returns
    -------
    NoteSequence
        A copy whose ``total_time`` is the end of its last note.

    Raises
    ------
    ConfigError
        A chord symbol that cannot be read.
    """
    library = note_seq()
    try:
        moved, _ = library.sequences_lib.transpose_note_sequence(sequence, int(semitones))
    except library.chord_symbols_lib.ChordSymbolError as error:
        hint = "Write a root and a kind: C, F#m7."
        raise ConfigError(f"A chord symbol cannot be transposed: {error}.", hint) from error
    return moved


def stretch(sequence: NoteSequence, factor: float) -> NoteSequence:
    """Multiply all times and divide the tempo: the same bars, slower for a factor above 1.

    Raises
    ------
    ConfigError
        A factor that is no positive number; a sequence that is quantised already.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise ConfigError(f"Times cannot be multiplied by {factor}.", "Give a number above 0.")
    lib = note_seq().sequences_lib
    if lib.is_quantized_sequence(sequence):
        raise ConfigError("The sequence is quantised already.", "Give the sequence as it was before quantising.")
    return lib.stretch_note_sequence(sequence, factor)
