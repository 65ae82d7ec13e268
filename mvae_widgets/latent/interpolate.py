"""Paths between latent vectors (paper section 4.2; MUSICVAE.md 5.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["lerp", "path", "slerp"]

FloatArray = npt.NDArray[np.float64]

PARALLEL = 1e-6


def lerp(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> FloatArray:
    """Straight line from a to b.

    Parameters
    ----------
    a, b
        ``[z]``.
    t
        Places along it, scalar or ``[n]``; 0 is a, 1 is b.

    Returns
    -------
    ndarray
        ``[n, z]``, or ``[z]`` for a scalar t.
    """
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    place = np.asarray(t, np.float64)[..., None]
    return (1.0 - place) * start + place * end


def slerp(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> FloatArray:
    """Arc from a to b, as `lerp`; lengths are carried along, not normalised.

    Points of a high-dimensional Gaussian lie near a sphere; the arc stays there where the straight line
    would pass through the emptier middle. Where an arc is not defined (equal, opposite or zero vectors)
    it is the straight line.
    """
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    if norms == 0.0:
        return lerp(start, end, t)
    angle = np.arccos(np.clip(start @ end / norms, -1.0, 1.0))
    sine = np.sin(angle)
    if sine < PARALLEL:
        return lerp(start, end, t)
    place = np.asarray(t, np.float64)[..., None]
    arc: FloatArray = (np.sin((1.0 - place) * angle) * start + np.sin(place * angle) * end) / sine
    return arc


def path(a: npt.ArrayLike, b: npt.ArrayLike, steps: int) -> FloatArray:
    """`steps` points of the arc from a to b, both ends among them: ``[steps, z]``."""
    return slerp(a, b, np.linspace(0.0, 1.0, steps))
