"""Pictures of latent space: the fixed plane on which a model's clips lie (look/LOOK.md 1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mvae_widgets.errors import ConfigError

__all__ = ["fit_plane"]

FloatArray = npt.NDArray[np.float64]

RIDGE = 1e-2


def fit_plane(z: npt.ArrayLike, right: npt.ArrayLike, up: npt.ArrayLike) -> dict[str, list[float] | list[list[float]]]:
    """Find the plane on which up is more of one attribute and right is more of another.

    Both attributes are regressed on z; the two directions are made orthogonal by turning each half the
    way, so that neither is favoured, and scaled to unit spread.

    Parameters
    ----------
    z
        Posterior means, ``[n, z]``.
    right, up
        The attributes, ``[n]``; NaN rows are left out.

    Returns
    -------
    dict
        ``weights`` 2 x z (right, up), ``offset`` and ``scale`` (2 each): what `colour.Plane` reads.

    Raises
    ------
    ConfigError
        If an attribute is the same for all clips.
    """
    points = np.asarray(z, np.float64)
    wanted = np.stack([np.asarray(right, np.float64), np.asarray(up, np.float64)], axis=1)
    rows = np.isfinite(wanted).all(1)
    points, wanted = points[rows], wanted[rows]
    if not (wanted.std(0) > 0).all():
        raise ConfigError("A plane needs clips that differ in both attributes.", "Give more clips.")
    centre = points.mean(0)
    centred = points - centre
    target = (wanted - wanted.mean(0)) / wanted.std(0)
    gram = centred.T @ centred / len(points)
    slopes = np.linalg.solve(
        gram + RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)), centred.T @ target / len(points)
    )
    # The nearest orthonormal pair to the two unit directions (symmetric orthogonalisation).
    unit = (slopes / np.linalg.norm(slopes, axis=0)).T
    left, _, turned = np.linalg.svd(unit, full_matrices=False)
    weights: FloatArray = left @ turned
    xy = centred @ weights.T
    return {
        "weights": weights.tolist(),
        "offset": (-centre @ weights.T).tolist(),
        "scale": xy.std(0).tolist(),
    }
