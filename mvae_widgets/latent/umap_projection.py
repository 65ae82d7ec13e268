"""Maps by UMAP, with an approximate way back (McInnes et al. 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.project import FARTHEST, FloatArray, Projection, cloud, nearest

__all__ = ["UmapProjection", "fit_umap"]

#: Clips that a place is the mean of.
NEIGHBOURS = 4
FEWEST = 10


class UmapProjection(Projection):
    """A map by UMAP: neighbours in latent space are neighbours on it, distances far apart mean nothing.

    `project` is UMAP's own transform. Its own way back takes seconds a place, so `inverse` is an approximate one:
    the mean of the nearest clips' latent vectors, weighted by how near they are on the map, as long as theirs are
    in the mean (a mean of vectors is shorter than each, and decodes to duller music). The place of a clip gives that
    clip; places far outside give the clips at the edge.

    Parameters
    ----------
    reducer
        A fitted ``umap.UMAP``.
    anchors
        Latent vectors ``[n, z]`` that it was fitted on.
    """

    name = "umap"

    def __init__(self, reducer: Any, anchors: npt.ArrayLike) -> None:
        self.reducer = reducer
        self._anchors = np.asarray(anchors, np.float64)
        self.size = self._anchors.shape[1]
        self.coordinates = np.asarray(reducer.embedding_, np.float64)
        self.dimensions = self.coordinates.shape[1]

    def project(self, z: npt.ArrayLike) -> FloatArray:
        """Places ``[n, d]`` of latent vectors ``[n, z]``; the first call compiles and takes seconds."""
        vectors = self._vectors(z)
        if np.array_equal(vectors, self._anchors):
            return self.coordinates
        return np.asarray(self.reducer.transform(vectors.astype(np.float32)), np.float64)

    def inverse(self, xy: npt.ArrayLike) -> FloatArray:
        """Latent vectors ``[n, z]`` at places ``[n, d]``: the weighted mean of the nearest clips."""
        places = np.clip(self._places(xy), -FARTHEST, FARTHEST)
        close, distance = nearest(places, self.coordinates, NEIGHBOURS)
        # Nothing at the distance of the farthest, all to a clip that is right there: no jumps as clips come and go.
        near = np.maximum(distance, 1e-9)
        weights = np.maximum(1.0 - near / (near.max(1, keepdims=True) * (1 + 1e-6)), 1e-9) / near
        weights /= weights.sum(1, keepdims=True)
        chosen = self._anchors[close]
        mean = (weights[..., None] * chosen).sum(1)
        length = (weights * np.linalg.norm(chosen, axis=2)).sum(1)
        vectors: FloatArray = mean * (length / np.maximum(np.linalg.norm(mean, axis=1), 1e-12))[:, None]
        return vectors

    def to_dict(self) -> dict[str, Any]:
        """UMAP is made of its corpus and cannot be had without it.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError("A UMAP cannot be written as plain data.", "Keep the corpus and its seed, and fit it again.")


def fit_umap(
    z: npt.ArrayLike, n: int = 2, neighbours: int = 15, min_dist: float = 0.1, seed: int = 0
) -> UmapProjection:
    """UMAP (McInnes et al. 2018), with a progress bar; needs the package umap-learn.

    Parameters
    ----------
    z
        Posterior means, ``[clips, z]``, at least 10.
    n
        2 or 3 dimensions.
    neighbours, min_dist
        UMAP's ``n_neighbors`` and ``min_dist``.
    seed
        The same seed, the same map.

    Raises
    ------
    ConfigError
        If umap-learn is not installed, there are fewer than 10 clips, or a number is not finite.
    """
    n = whole_number(n, "The number of dimensions", 2, 3)
    points = cloud(z)
    neighbours = min(whole_number(neighbours, "The number of neighbours", 2), len(points) - 1)
    if len(points) < FEWEST:
        raise ConfigError(f"{len(points)} clips are too few for UMAP.", f"Give {FEWEST} at least.")
    try:
        from umap import UMAP
    except ImportError:
        raise ConfigError("UMAP is not installed.", "pip install 'mvae_widgets[umap]'") from None
    reducer = UMAP(
        n_components=n,
        n_neighbors=neighbours,
        min_dist=number(min_dist, "min_dist", 0.0, 1.0),
        random_state=whole_number(seed, "A seed", 0, 2**32 - 1),
        n_jobs=1,  # what a fixed seed allows; UMAP warns otherwise
        init="spectral" if len(points) >= 100 else "random",
        tqdm_kwds={"desc": "umap", "disable": False},
    )
    reducer.fit(points.astype(np.float32))
    reducer.tqdm_kwds["disable"] = True  # a bar for each place projected later is none
    return UmapProjection(reducer, points)
