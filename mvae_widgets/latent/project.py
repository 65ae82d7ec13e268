"""Maps of latent space: from latent vectors to places on a page and back.

The fixed plane of a model (look/LOOK.md 1), principal components in two or three dimensions, and UMAP.
All of them are a `Projection`: any place on a map leads back to a latent vector that decodes to music
as real as that of the clips around it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mvae_widgets.checks import whole_number
from mvae_widgets.errors import ConfigError

__all__ = ["LinearProjection", "Projection", "cloud", "fit_pca", "fit_plane", "nearest", "plane_projection"]

FloatArray = npt.NDArray[np.float64]

RIDGE = 1e-2
#: Coordinates beyond this count as this: their squares still fit a number.
FARTHEST = 1e100
#: Places compared at once with all anchors: 64 MB of distances for 100,000 anchors.
CHUNK = 80


class PlaneLike(Protocol):
    """What `colour.Plane` is."""

    @property
    def weights(self) -> FloatArray:
        """``[2, z]``."""

    @property
    def offset(self) -> FloatArray:
        """``[2]``."""

    @property
    def scale(self) -> FloatArray:
        """``[2]``."""


class Projection(ABC):
    """From latent space to a map and back.

    Attributes
    ----------
    name
        ``"plane"``, ``"pca"``, ``"pca3"`` or ``"umap"``.
    size
        z, the length of the latent vectors.
    dimensions
        d, of the map.
    coordinates
        Places of the corpus that the map was made of, ``[n, d]``; empty if there was none.
    """

    name: str
    size: int
    dimensions: int
    coordinates: FloatArray

    @abstractmethod
    def project(self, z: npt.ArrayLike) -> FloatArray:
        """Places ``[n, d]`` of latent vectors ``[n, z]``."""

    @abstractmethod
    def inverse(self, xy: npt.ArrayLike) -> FloatArray:
        """Latent vectors ``[n, z]`` at places ``[n, d]``, of which any finite ones are allowed."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What the map is, as JSON scalars and lists, without its corpus."""

    def _vectors(self, z: npt.ArrayLike) -> FloatArray:
        return _finite(z, self.size, "latent vectors", f"This map takes [n, {self.size}].")

    def _places(self, xy: npt.ArrayLike) -> FloatArray:
        return _finite(xy, self.dimensions, "places", f"This map takes [n, {self.dimensions}].")


class LinearProjection(Projection):
    """A flat map: ``xy = (weights . z + offset) / scale``.

    For a model's plane these are its own three, not squashed by the hyperbolic tangent that makes a colour of a
    place (``uv = tanh(xy / 1.25)``): on the map the clips are a cloud with about one unit of spread each way.

    The way back: a place on the plane itself is far nearer to the middle of latent space than any clip, and
    decodes to a few dull tunes. So `inverse` takes what the nearest clip of the corpus has *beside* the plane, and
    moves it within the plane to the place asked: ``project(inverse(xy))`` is xy, the place of a clip gives that
    clip, and music decoded anywhere is as varied as the corpus. Places farther out than every clip, in
    standard deviations of the corpus, are first drawn back along the ray from its middle to the outermost
    clip's distance (to four, if that is more). Without a corpus the vector is the one on the plane, the
    nearest to the centre.

    Parameters
    ----------
    name
        Of the kind of map.
    weights
        ``[d, z]``, of full rank.
    offset, scale
        ``[d]``; scale above 0.
    centre
        ``[z]``: where a vector without a corpus starts from; the prior's mean, 0, for a plane.
    reach
        Without a corpus, places farther than this many units (of `spread`) from the centre's place are drawn back.
    spread
        ``[d]``: one standard deviation on the map.
    explained
        ``[d]``: share of the variance along each direction, if known.
    anchors
        Latent vectors ``[n, z]`` of a corpus.

    Raises
    ------
    ConfigError
        If shapes do not fit, or a number is not finite.
    """

    def __init__(
        self,
        name: str,
        weights: npt.ArrayLike,
        offset: npt.ArrayLike,
        scale: npt.ArrayLike,
        centre: npt.ArrayLike | None = None,
        reach: float = 4.0,
        spread: npt.ArrayLike | None = None,
        explained: npt.ArrayLike | None = None,
        anchors: npt.ArrayLike | None = None,
    ) -> None:
        self.name = name
        self.weights = np.array(weights, np.float64)
        if self.weights.ndim != 2 or not self.weights.size:
            raise ConfigError(f"Weights of shape {self.weights.shape} are no projection.", "They must be [d, z].")
        self.dimensions, self.size = self.weights.shape
        self.offset, self.scale = np.array(offset, np.float64), np.array(scale, np.float64)
        self.centre = np.zeros(self.size) if centre is None else self._vectors(centre)[0]
        self.spread = np.ones(self.dimensions) if spread is None else np.array(spread, np.float64)
        self.reach = float(reach)
        self.explained = None if explained is None else np.array(explained, np.float64)
        for what, values in (("offset", self.offset), ("scale", self.scale), ("spread", self.spread)):
            if values.shape != (self.dimensions,) or not np.isfinite(values).all():
                raise ConfigError(f"The {what} of a map of {self.dimensions} dimensions is as many finite numbers.")
        if not (np.isfinite(self.weights).all() and (self.scale > 0).all() and (self.spread > 0).all()):
            raise ConfigError("Weights must be finite, scale and spread above 0.")
        if np.linalg.matrix_rank(self.weights) < self.dimensions:
            raise ConfigError("The directions of this map are not independent.")
        self._back: FloatArray = np.linalg.pinv(self.weights) * self.scale
        given = np.empty((0, self.size)) if anchors is None else np.asarray(anchors)
        self._anchors = self._vectors(given) if len(given) else np.empty((0, self.size))
        self.coordinates = self._project(self._anchors)
        self._middle = self._project(self.centre[None])[0]
        if len(self.coordinates):
            self._middle = self.coordinates.mean(0)
            if len(self.coordinates) > self.dimensions:
                self.spread = np.maximum(self.coordinates.std(0), 1e-9 * self.spread)
            self.reach = max(self.reach, float(self._distance(self.coordinates).max()))

    def project(self, z: npt.ArrayLike) -> FloatArray:
        """Places ``[n, d]`` of latent vectors ``[n, z]``, one vector gives ``[1, d]``."""
        return self._project(self._vectors(z))

    def inverse(self, xy: npt.ArrayLike) -> FloatArray:
        """Latent vectors ``[n, z]`` at places ``[n, d]``: what is nearest beside the plane, moved within it."""
        places = self._within(self._places(xy))
        if not len(self._anchors):
            on_plane: FloatArray = self.centre + (places - self._middle) @ self._back.T
            return on_plane
        close = nearest(places, self.coordinates, 1)[0][:, 0]
        moved: FloatArray = self._anchors[close] + (places - self.coordinates[close]) @ self._back.T
        return moved

    def to_dict(self) -> dict[str, Any]:
        """What the map is, as JSON scalars and lists; the corpus, if any, is not in it."""
        return {
            "name": self.name,
            "weights": self.weights.tolist(),
            "offset": self.offset.tolist(),
            "scale": self.scale.tolist(),
            "centre": self.centre.tolist(),
            "reach": self.reach,
            "spread": self.spread.tolist(),
            "explained": None if self.explained is None else self.explained.tolist(),
        }

    def page(self) -> dict[str, Any]:
        """What an exported page needs to find its way back to latent vectors; ``back`` ``[z, d]`` as float32."""
        return {
            **self.to_dict(),
            "reach": self.reach,
            "spread": self.spread.tolist(),
            "middle": self._middle.tolist(),
            "back": self._back.astype("<f4").tobytes(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], anchors: npt.ArrayLike | None = None) -> LinearProjection:
        """Read what `to_dict` gave; with `anchors`, latent vectors ``[n, z]``, it is their map.

        Raises
        ------
        ConfigError
            If it is no such map.
        """
        try:
            return cls(**data, anchors=anchors)
        except (TypeError, ValueError):
            raise ConfigError("This is no map.", "Give what a projection's to_dict gave.") from None

    def _project(self, z: FloatArray) -> FloatArray:
        places: FloatArray = (z @ self.weights.T + self.offset) / self.scale
        return places

    def _distance(self, places: FloatArray) -> FloatArray:
        distance: FloatArray = np.linalg.norm((places - self._middle) / self.spread, axis=1)
        return distance

    def _within(self, places: FloatArray) -> FloatArray:
        places = np.clip(places, -FARTHEST, FARTHEST)
        shrink = np.minimum(1.0, self.reach / np.maximum(self._distance(places), 1e-12))
        within: FloatArray = self._middle + (places - self._middle) * shrink[:, None]
        return within


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


def plane_projection(plane: PlaneLike, anchors: npt.ArrayLike | None = None) -> LinearProjection:
    """The fixed plane of a model as a map: up is higher, right is busier.

    Parameters
    ----------
    plane
        `colour.Plane`.
    anchors
        Latent vectors ``[n, z]`` of a corpus, which make its way back lead to music as varied as theirs.
    """
    return LinearProjection("plane", plane.weights, plane.offset, plane.scale, anchors=anchors)


def fit_pca(z: npt.ArrayLike, n: int = 2) -> LinearProjection:
    """Principal components: the directions in which the latent vectors differ most.

    Parameters
    ----------
    z
        Posterior means, ``[clips, z]``.
    n
        2 or 3 dimensions.

    Returns
    -------
    LinearProjection
        Coordinates in units of latent space, not scaled; of each direction the largest loading is positive.
        ``explained`` is the share of the variance along each.

    Raises
    ------
    ConfigError
        If the clips do not differ in so many directions, or a number is not finite.
    """
    n = whole_number(n, "The number of dimensions", 2, 3)
    points = cloud(z)
    centre = points.mean(0)
    # The triangle of a QR decomposition has the singular values of the whole and is z x z at most.
    triangle = np.linalg.qr(points - centre, mode="r")
    _, lengths, directions = np.linalg.svd(triangle, full_matrices=False)
    if len(lengths) < n or lengths[n - 1] <= 1e-9 * max(float(np.abs(points).max()), 1e-300) * math.sqrt(len(points)):
        raise ConfigError(
            f"{len(points)} clips do not differ in {n} directions.", 'Give more clips, or take the map of kind "plane".'
        )
    weights = directions[:n]
    weights = weights * np.sign(weights[np.arange(n), np.abs(weights).argmax(1)])[:, None]
    return LinearProjection(
        "pca" if n == 2 else f"pca{n}",
        weights,
        -weights @ centre,
        np.ones(n),
        centre,
        spread=lengths[:n] / math.sqrt(len(points)),
        explained=lengths[:n] ** 2 / (lengths**2).sum(),
        anchors=points,
    )


def nearest(places: FloatArray, among: FloatArray, k: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The k nearest of some points, nearest first: numbers and distances ``[n, k]``."""
    k = min(k, len(among))
    numbers, distances = np.empty((len(places), k), np.int64), np.empty((len(places), k))
    for start in range(0, len(places), CHUNK):
        part = slice(start, start + CHUNK)
        # Squares of differences, axis by axis: no [n, m, d] array, no cancellation.
        squares = np.square(places[part, :1] - among[:, 0])
        for axis in range(1, places.shape[1]):
            squares += np.square(places[part, axis : axis + 1] - among[:, axis])
        found = np.argpartition(squares, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(squares, found, 1)
        order = np.argsort(near, axis=1, kind="stable")
        numbers[part] = np.take_along_axis(found, order, 1)
        distances[part] = np.sqrt(np.take_along_axis(near, order, 1))
    return numbers, distances


def _finite(values: npt.ArrayLike, width: int, what: str, hint: str) -> FloatArray:
    try:
        rows = np.atleast_2d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        raise ConfigError(f"These {what} are not numbers.", hint) from None
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ConfigError(f"An array of shape {np.shape(values)} holds no {what} of this map.", hint)
    if not np.isfinite(rows).all():
        raise ConfigError(f"There are {what} with numbers that are not finite.", "Leave those rows out.")
    return rows


def cloud(z: npt.ArrayLike) -> FloatArray:
    """Latent vectors ``[n, z]``, one at least, all finite; `ConfigError` for anything else."""
    points = np.asarray(z, np.float64)
    if points.ndim != 2 or not len(points):
        raise ConfigError(f"An array of shape {points.shape} is no cloud of latent vectors.", "Give [n, z], n above 0.")
    return _finite(points, points.shape[1], "latent vectors", "Give [n, z].")
