"""Which drum a MIDI pitch is: the kits of MUSICVAE.md 4.6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ConfigError

__all__ = ["DRUM_NAMES", "KITS", "Kit", "kit_of"]

DRUM_NAMES = (
    "kick", "snare", "closed hi-hat", "open hi-hat", "low tom", "mid tom", "high tom", "crash", "ride",
)  # fmt: skip


@dataclass(frozen=True)
class Kit:
    """Drums as classes.

    Parameters
    ----------
    name
        Name of the kit.
    classes
        The pitches of each class; the first is the one that is played.
    """

    name: str
    classes: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @cached_property
    def class_of(self) -> dict[int, int]:
        """Class of each known pitch."""
        return {pitch: i for i, pitches in enumerate(self.classes) for pitch in pitches}

    @cached_property
    def pitches(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The pitch that is played for each class."""
        return np.array([pitches[0] for pitches in self.classes])


# In the order of the labels that the published weights know.
_REDUCED = (
    (36, 35),
    (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    (46, 67, 72, 74, 79, 81, 26),
    (45, 29, 41, 43, 61, 64, 84),
    (48, 47, 60, 63, 77, 86, 87),
    (50, 30, 62, 76, 83),
    (49, 52, 55, 57, 58),
    (51, 53, 59, 82),
)
_FULL = (
    36, 35, 38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85, 42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 46,
    67, 72, 74, 79, 81, 45, 29, 41, 61, 64, 84, 48, 47, 60, 63, 77, 86, 87, 50, 30, 43, 62, 76, 83, 49, 55, 57, 58,
    51, 52, 53, 59, 82,
)  # fmt: skip
_ROLAND = ((36,), (38, 37, 40), (42, 22, 44), (46, 26), (43, 58), (47, 45), (50, 48), (49, 52, 55, 57), (51, 53, 59))

KITS = {
    "reduced": Kit("reduced", _REDUCED),
    "full": Kit("full", tuple((pitch,) for pitch in _FULL)),
    "roland": Kit("roland", _ROLAND),
}


def kit_of(kit: str | Sequence[Sequence[int]]) -> Kit:
    """Return a kit by its name, or make one of lists of pitches.

    Raises
    ------
    ConfigError
        No such kit, or a class without a pitch.
    """
    if isinstance(kit, str):
        if kit not in KITS:
            raise ConfigError(f"There is no drum kit '{kit}'.", f"Use one of: {', '.join(KITS)}.")
        return KITS[kit]
    classes = tuple(tuple(int(pitch) for pitch in pitches) for pitches in kit)
    if not classes or not all(classes):
        raise ConfigError("A drum kit needs a pitch in every class.", "Give lists of MIDI pitches.")
    return Kit("own", classes)
