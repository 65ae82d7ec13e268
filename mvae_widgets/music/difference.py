"""How one piece differs from another, note by note: what a reconstruction kept, lost and made up."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .kits import KITS
from .score import bar_length

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .score import Score

__all__ = ["NEAR", "Difference", "difference"]

# Quarters: half a step of a 16th. Onsets that lie further apart belong to different notes.
NEAR = 0.125
EPSILON = 1e-4


@dataclass(frozen=True)
class Difference:
    """Notes that two scores share, and those that one of them lacks.

    Parameters
    ----------
    same
        (row in the first score's notes, row in the second's), in order of the first.
    missing
        Rows of the first score's notes that the second lacks.
    added
        Rows of the second score's notes that the first lacks.
    beats
        (start, end, differences): for every beat of the longer score, in quarters, how many missing and added
        notes begin in it.
    """

    same: tuple[tuple[int, int], ...]
    missing: tuple[int, ...]
    added: tuple[int, ...]
    beats: tuple[tuple[float, float, int], ...]

    @property
    def kept(self) -> float:
        """Share of the first score's notes that the second has, 0 to 1; 1 where there is nothing to keep."""
        total = len(self.same) + len(self.missing)
        return len(self.same) / total if total else 1.0


def difference(first: Score, second: Score) -> Difference:
    """Compare two scores that have the same list of tracks.

    Notes are the same when they are on the same track, have the same pitch (drums: the same class of drum) and
    begin within `NEAR` of each other; length and loudness do not count. Each note is the same as one other at
    most, and as many as possible are.
    """
    waiting: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for row, key in enumerate(_keys(second.notes)):
        waiting[key].append(row)
    same, missing = [], []
    for row, key in enumerate(_keys(first.notes)):
        queue, start = waiting[key], float(first.notes[row, 0])
        # Rows are in order of time: what begins too early for this one is too early for all that follow.
        while queue and float(second.notes[queue[0], 0]) < start - NEAR - EPSILON:
            queue.pop(0)
        if queue and float(second.notes[queue[0], 0]) <= start + NEAR + EPSILON:
            same.append((row, queue.pop(0)))
        else:
            missing.append(row)
    used = {row for _, row in same}
    added = [row for row in range(len(second.notes)) if row not in used]
    onsets = [float(first.notes[row, 0]) for row in missing] + [float(second.notes[row, 0]) for row in added]
    longer = max(first, second, key=lambda score: score.quarters)
    return Difference(tuple(same), tuple(missing), tuple(added), _beats(longer, onsets))


def _keys(notes: NDArray[np.float32]) -> list[tuple[int, int, bool]]:
    """Track and sound of each note; a drum of no class is only like itself."""
    classes = KITS["reduced"].class_of
    keys = []
    for _, _, pitch, _, track, _, is_drum in notes.tolist():
        sound = round(pitch)
        keys.append((round(track), classes.get(sound, -sound) if is_drum else sound, bool(is_drum)))
    return keys


def _beats(score: Score, onsets: list[float]) -> tuple[tuple[float, float, int], ...]:
    """Every beat of the score, and how many onsets lie in it."""
    beats, begun = [], sorted(onset + EPSILON for onset in onsets)
    for start, end in pairwise(score.bar_starts()):
        _, _, denominator = next(meter for meter in reversed(score.meters) if meter[0] <= start + EPSILON)
        beat = bar_length(1, denominator)
        for k in range(max(1, math.ceil((end - start) / beat - EPSILON))):
            low, high = start + k * beat, min(end, start + (k + 1) * beat)
            beats.append((low, high, bisect_left(begun, high) - bisect_left(begun, low)))
    return tuple(beats)
