"""What a family of models takes of a piece: the one part of cutting that differs between families."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .chords import ChordEncoding
    from .converter import ClipSpec
    from .score import Score, Track

    NoteSequence = Any

__all__ = ["Cast", "Lose", "Note", "Rules", "Span", "Why", "names_of"]

Span = tuple[float, float, int, int]  # start and end in quarters, pitch, track index
Why = tuple[str, str]  # reason, in which {n} stands for "3 notes", and remedy


@dataclass(frozen=True)
class Note:
    """A note on the grid of its window: steps count from the window's start.

    Parameters
    ----------
    start, end
        Steps; ``end`` may lie beyond the window.
    pitch, velocity
        As MIDI has them.
    track
        Index into the score's tracks.
    exact
        Start in steps, as it was played.
    bar
        Bar of the piece, counted from 1.
    span
        The note as a `Refusal` names it.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    track: int
    exact: float
    bar: int
    span: Span


@dataclass(frozen=True)
class Cast:
    """The tracks that together make one clip.

    Parameters
    ----------
    tracks
        Indices into the score's tracks; the first one gives the clip its place.
    name
        What to call them.
    program
        Sound of the clip where its tokens do not say.
    """

    tracks: tuple[int, ...]
    name: str
    program: int = 0


Lose = Callable[[Note, Why], None]
"""Reports a note that the model does not get."""


class Rules(ABC):
    """How a piece becomes the clips of one family.

    Parameters
    ----------
    spec
        Length, grid and content of a clip.
    chord_encoding
        What chord classes are, where the model is conditioned on chords.
    condition_on_key
        Whether it is conditioned on keys.
    """

    def __init__(
        self, spec: ClipSpec, chord_encoding: ChordEncoding | None = None, condition_on_key: bool = False
    ) -> None:
        self.spec = spec
        self.chord_encoding = chord_encoding
        self.condition_on_key = condition_on_key

    def prepare(self, sequence: NoteSequence) -> NoteSequence:
        """Change a piece before it is cut; it stays as it is by default."""
        return sequence

    @abstractmethod
    def casts(self, score: Score) -> tuple[list[Cast], dict[int, Why]]:
        """Which tracks make clips, and why the others do not."""

    def missing(self, score: Score) -> list[Why]:
        """Say what the model hears and the piece does not have."""
        return []

    def refuse(self, pitch: int, velocity: int, track: Track) -> Why | None:
        """Why a note of a cast cannot be heard, if it cannot."""
        if velocity == 0:
            return "{n} with velocity 0", "give it a velocity from 1"
        if not self.spec.min_pitch <= pitch <= self.spec.max_pitch:
            where = "below" if pitch < self.spec.min_pitch else "above"
            return f"{{n}} {where} the model's range", "fold them in with fold_into_range"
        return None

    @abstractmethod
    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Make the tokens of one window, reporting the notes that find no place."""

    @abstractmethod
    def silence(self) -> NDArray[Any]:
        """Tokens of a window without a note."""

    @abstractmethod
    def onsets(self, tokens: NDArray[Any]) -> int:
        """Number of notes in a clip."""

    def control_steps(self, tokens: NDArray[Any]) -> NDArray[np.int64]:
        """Step of the clip at which each row's chord and key are read; -1 for no chord."""
        return np.arange(len(tokens))


def names_of(tracks: Sequence[Track]) -> str:
    """Name some tracks in a few words."""
    names = [track.name for track in tracks]
    return ", ".join(names) if len(names) < 4 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
