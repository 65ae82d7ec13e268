"""Paths between latent vectors (paper section 4.2; MUSICVAE.md 5.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["grid", "lerp", "path", "slerp", "through"]

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


def through(points: npt.ArrayLike, steps: int, straight: bool = False) -> FloatArray:
    """`steps` points of the way through many, arc by arc, each arc with as many steps as the others.

    Parameters
    ----------
    points
        ``[k, z]``, k at least 2.
    steps
        With k or more, every waypoint is among them; with fewer, they are spread evenly over the whole way.
    straight
        Lines in place of arcs.

    Returns
    -------
    ndarray
        ``[steps, z]``, both ends among them.
    """
    way = np.asarray(points, np.float64)
    last = len(way) - 1
    if steps > last:
        # Each waypoint is the step nearest to its place; between two of them steps are even.
        stops = np.rint(np.linspace(0, steps - 1, last + 1))
        places = np.interp(np.arange(steps), stops, np.arange(last + 1))
    else:
        places = np.linspace(0.0, last, steps)
    legs = np.minimum(places.astype(int), last - 1)
    between = lerp if straight else slerp
    return np.stack([between(way[leg], way[leg + 1], place - leg) for leg, place in zip(legs, places, strict=True)])


def grid(corners: npt.ArrayLike, n: int, straight: bool = False) -> FloatArray:
    """Points between four corners, n x n: down the left and right edge first, then across each row.

    All four edges and so the corners lie exactly on the arcs between the corners: the left and right edge
    by making, the first and last row since they go from corner to corner. (magenta.js mixes bilinearly,
    with B and C changed over: MUSICVAE.md 5.2.)

    Parameters
    ----------
    corners
        ``[4, z]``: top left, top right, bottom left, bottom right.
    n
        Points along an edge, at least 2.
    straight
        Lines in place of arcs: bilinear mixing.

    Returns
    -------
    ndarray
        ``[n, n, z]``, row by row from the top.
    """
    top_left, top_right, bottom_left, bottom_right = np.asarray(corners, np.float64)
    between = lerp if straight else slerp
    places = np.linspace(0.0, 1.0, n)
    left, right = between(top_left, bottom_left, places), between(top_right, bottom_right, places)
    return np.stack([between(a, b, places) for a, b in zip(left, right, strict=True)])
