"""Attributes measured on melody tokens: numbers that can be asked of any clip (MUSICVAE.md 5.3).

All functions take tokens ``[clips, steps]`` (0 hold, 1 note-off, 2 + pitch - 21) and return one number a
clip; clips without an onset give NaN where the number needs one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "FEATURES",
    "average_interval",
    "c_diatonic",
    "in_scale",
    "mean_pitch",
    "note_density",
    "on_beat",
    "onsets",
    "pitch_range",
    "pitches",
    "repetition",
]

Tokens = np.ndarray[Any, Any]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]

FIRST_PITCH_TOKEN = 2
MIN_PITCH = 21
MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], bool)


def onsets(tokens: Tokens) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a note starts, ``[clips, steps]``."""
    return np.asarray(tokens) >= FIRST_PITCH_TOKEN


def pitches(tokens: Tokens) -> np.ndarray[Any, np.dtype[np.int64]]:
    """MIDI pitch at onsets; meaningless elsewhere, ``[clips, steps]``."""
    return np.asarray(tokens).astype(np.int64) - FIRST_PITCH_TOKEN + MIN_PITCH


def _share(hits: np.ndarray[Any, Any], among: np.ndarray[Any, Any]) -> FloatArray:
    n = among.sum(1)
    share: FloatArray = np.where(n > 0, (hits & among).sum(1) / np.maximum(n, 1), np.nan)
    return share


def note_density(tokens: Tokens) -> FloatArray:
    """Onsets a step, 0..1."""
    density: FloatArray = onsets(tokens).mean(1)
    return density


def mean_pitch(tokens: Tokens) -> FloatArray:
    """Mean MIDI pitch of the onsets."""
    on = onsets(tokens)
    n = on.sum(1)
    return np.where(n > 0, np.where(on, pitches(tokens), 0).sum(1) / np.maximum(n, 1), np.nan)


def pitch_range(tokens: Tokens) -> FloatArray:
    """Semitones from the lowest to the highest onset."""
    on, p = onsets(tokens), pitches(tokens)
    span = np.where(on, p, -1).max(1) - np.where(on, p, 1 << 20).min(1)
    return np.where(on.any(1), span.astype(np.float64), np.nan)


def c_diatonic(tokens: Tokens) -> FloatArray:
    """Share of onsets that are white keys, 0..1."""
    return _share(MAJOR[pitches(tokens) % 12], onsets(tokens))


def in_scale(tokens: Tokens) -> FloatArray:
    """Share of onsets inside the best fitting of the twelve major scales, 0..1."""
    on, p = onsets(tokens), pitches(tokens)
    best: FloatArray = np.max([_share(MAJOR[(p - key) % 12], on) for key in range(12)], axis=0)
    return best


def on_beat(tokens: Tokens) -> FloatArray:
    """Share of onsets that fall on a quarter, 0..1 (4 steps a quarter)."""
    on = onsets(tokens)
    beat = np.arange(on.shape[1]) % 4 == 0
    return _share(np.broadcast_to(beat, on.shape), on)


def average_interval(tokens: Tokens) -> FloatArray:
    """Mean size in semitones of the steps from one onset to the next; 0 for a single onset."""
    out = np.full(len(tokens), np.nan)
    for k, (row, on) in enumerate(zip(pitches(tokens), onsets(tokens), strict=True)):
        if on.any():
            leaps = np.abs(np.diff(row[on]))
            out[k] = leaps.mean() if len(leaps) else 0.0
    return out


def repetition(tokens: Tokens, steps_per_bar: int = 16) -> FloatArray:
    """Share of steps of each bar but the first that equal the same step a bar before, 0..1."""
    rows = np.asarray(tokens)
    if rows.shape[1] <= steps_per_bar:
        return np.full(len(rows), np.nan)
    same: FloatArray = (rows[:, steps_per_bar:] == rows[:, :-steps_per_bar]).mean(1)
    return same


FEATURES: dict[str, Callable[[Tokens], FloatArray]] = {
    "note_density": note_density,
    "mean_pitch": mean_pitch,
    "pitch_range": pitch_range,
    "average_interval": average_interval,
    "c_diatonic": c_diatonic,
    "in_scale": in_scale,
    "on_beat": on_beat,
    "repetition": repetition,
}
