"""Music as a mixer and a swing let it be heard: what a widget plays, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .score import EPSILON, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STRAIGHT", "as_heard"]

#: The swing of straight eighths.
STRAIGHT = 0.5


def as_heard(score: Score, mix: Sequence[Mapping[str, Any]], swing: float = STRAIGHT) -> Score:
    """The notes that sound, when, how loud and by which instrument: as js/src/core/mix.ts and play-time.ts have it.

    Parameters
    ----------
    score
        The music.
    mix
        By track, what departs from the music: ``mute``, ``solo``, ``level`` (0 to 1) and ``program``. A level
        multiplies the velocities: a synthesiser's loudness goes with their square, as the page's does with the level's.
    swing
        Share of a beat that its first eighth lasts, 0.5 to 0.75. Only quarters swing; an eighth that is a beat
        itself, as in 6/8, does not.

    Returns
    -------
    Score
        Of the same length and tracks.
    """
    tracks = [dict(mix[k]) if k < len(mix) else {} for k in range(len(score.tracks))]
    alone = any(track.get("solo") for track in mix)
    heard = [not track.get("mute") and (not alone or bool(track.get("solo"))) for track in tracks]
    levels = np.array([track.get("level", 1.0) * on for track, on in zip(tracks, heard, strict=True)], np.float32)
    notes = score.notes.copy()
    of = notes[:, 4].astype(int)
    notes[:, 3] = np.maximum(1, np.round(notes[:, 3] * levels[of]))
    for k, track in enumerate(tracks):
        if "program" in track:
            notes[of == k, 5] = track["program"]
    notes[:, :2] = _swung(score, notes[:, :2], swing)
    return replace(score, notes=notes[levels[of] > 0])


def _swung(score: Score, quarters: NDArray[np.float32], swing: float) -> NDArray[np.float32]:
    """Quarters where they sound: eighths off the beat come late, what lies between them is stretched along."""
    if swing == STRAIGHT:
        return quarters
    starts = np.array(score.bar_starts())
    bar = np.clip(np.searchsorted(starts, quarters + EPSILON, "right") - 1, 0, len(starts) - 2)
    within = quarters - starts[bar]
    beat = np.floor(within + EPSILON)
    place = np.clip(within - beat, 0, 1)
    warped = np.where(place < 0.5, place * 2 * swing, swing + (place - 0.5) * 2 * (1 - swing))
    meters = np.array([meter[0] for meter in score.meters])
    denominators = np.array([meter[2] for meter in score.meters])
    slow = denominators[np.searchsorted(meters, starts[bar] + EPSILON, "right") - 1] <= 4
    whole = starts[bar] + beat + 1 <= starts[bar + 1] + EPSILON
    return np.where(slow & whole, starts[bar] + beat + warped, quarters).astype(np.float32)
