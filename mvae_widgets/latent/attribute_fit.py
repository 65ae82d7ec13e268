"""From a corpus to its attribute vectors (Roberts et al. 2018, section 5.3; MUSICVAE.md 5.3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.attributes import BINS, STEP, AttributeVectors, checked_latents

__all__ = ["fit_attributes"]

FloatArray = npt.NDArray[np.float64]
Values = Mapping[str, npt.ArrayLike]

MIN_CLIPS = 8
#: Ridge of the probes, as a share of the mean variance of a dimension; more where clips are few.
RIDGE = 1e-3


def fit_attributes(
    z: npt.ArrayLike, values: Values, edits: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None
) -> AttributeVectors:
    """Find the attribute vectors of a corpus.

    Parameters
    ----------
    z
        Posterior means of its clips, ``[n, z]``.
    values
        Attributes of the clips, ``[n]`` each; rows of NaN are left out for that attribute. An attribute
        that is the same for all clips, or undefined, gets no vector. Among equal values at the edge of a
        quartile all count alike, with the weight that fills it.
    edits
        Posterior means ``[m, z]`` of clips edited to have less of an attribute, and of the same clips with
        more of it.

    Raises
    ------
    ConfigError
        If there are fewer than eight clips, z holds numbers that are not finite, or no attribute varies.
    """
    points = np.asarray(z, np.float64)
    if points.ndim != 2 or len(points) < MIN_CLIPS:
        n = len(points) if points.ndim == 2 else 0
        raise ConfigError(
            f"Attribute vectors cannot be found from {n} clip{'s' * (n != 1)}.", f"Give {MIN_CLIPS} at least."
        )
    points = checked_latents(points, points.shape[1])
    names, rows = [], []
    for name, given in values.items():
        value = np.asarray(given, np.float64)
        if value.shape != (len(points),):
            raise ConfigError(f"{name} has shape {value.shape} for {len(points)} clips.", "Give one value a clip.")
        known = np.isfinite(value)
        if known.sum() < MIN_CLIPS or np.ptp(value[known]) == 0:
            continue
        names.append(name)
        rows.append(_fit_one(points[known], value[known]))
    if not names:
        raise ConfigError("No attribute differs between these clips.", "Give more clips, and more different ones.")
    parts = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    nothing = np.full(points.shape[1], np.nan)
    pairs = [_edit_vector(edits[name], points.shape[1]) if edits and name in edits else nothing for name in names]
    return AttributeVectors(tuple(names), edits=np.stack(pairs), **parts)


def _fit_one(points: FloatArray, value: FloatArray) -> dict[str, FloatArray]:
    top, bottom = _quartile_weights(value), _quartile_weights(-value)
    vector = top @ points - bottom @ points
    centred, wanted = points - points.mean(0), value - value.mean()
    n, size = centred.shape
    gram = centred.T @ centred / n
    ridge = (RIDGE + size / n) * np.trace(gram) / size
    probe = np.linalg.solve(gram + max(ridge, 1e-12) * np.eye(size), centred.T @ wanted / n)
    std = float(value.std())
    fit = 1.0 - float(((wanted - centred @ probe) ** 2).mean()) / std**2
    low, high = np.quantile(value, (0.005, 0.995))
    if low == high:
        low, high = value.min(), value.max()
    counts, edges = np.histogram(np.clip(value, low, high), BINS, (low, high))
    expected = float(probe @ vector)
    return {
        "vectors": vector,
        "probes": probe,
        "fit": np.asarray(fit),
        "mean": np.asarray(value.mean()),
        "std": np.asarray(std),
        "quantiles": np.quantile(value, (0, 0.25, 0.5, 0.75, 1)),
        "edges": edges,
        "counts": counts.astype(np.float64),
        "effect": np.asarray(min(STEP * std, expected) if expected > 0 else STEP * std),
    }


def _quartile_weights(value: FloatArray) -> FloatArray:
    """Weights ``[n]`` that sum to 1 of the quarter of the clips with the highest values."""
    room = len(value) / 4
    edge = np.sort(value)[::-1][int(np.ceil(room)) - 1]
    above, level = value > edge, value == edge
    weights: FloatArray = (above + level * (room - above.sum()) / level.sum()) / room
    return weights


def _edit_vector(pair: tuple[npt.ArrayLike, npt.ArrayLike], size: int) -> FloatArray:
    less, more = (checked_latents(side, size) for side in pair)
    if less.shape != more.shape or less.ndim != 2 or not len(less):
        raise ConfigError("An edit needs the same clips before and after.", "Give two arrays [m, z] of one shape.")
    vector: FloatArray = (more - less).mean(0)
    return vector
