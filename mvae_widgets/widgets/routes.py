"""Ways between clips, in latent space and in data space, and what is measured along them (MUSICVAE.md 5.4)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvae_widgets.errors import CheckpointError, ConfigError, MusicVAEWarning
from mvae_widgets.latent.interpolate import slerp
from mvae_widgets.music.clips import Clip
from mvae_widgets.widgets.codec import Codec

__all__ = ["SAVED", "SPACES", "Route", "Waypoints", "cost_of", "first_clip", "label_of", "places_of"]

SPACES = ("latent", "data")

# Bytes of notes that are saved with a notebook, beside the code and the picture; more goes to the page by message.
SAVED = 48_000

# Places of data space between two waypoints: more than any clip has steps to be taken from either.
FINE = 1025


@dataclass(frozen=True)
class Route:
    """Clips along a way, and what is known of each.

    Parameters
    ----------
    clips
        Music of each step.
    z
        ``[steps, z]``.
    places
        ``[u, v]`` of each step, or ``[]`` where the model has no plane.
    distances
        A list for each waypoint: share of the step's tokens that differ from it, 0 to 1.
    costs
        Bits a step under the language model; none where there is none.
    """

    clips: list[Clip]
    z: np.ndarray[Any, Any]
    places: list[list[float]]
    distances: list[list[float]]
    costs: list[float]


class Waypoints:
    """Clips that a route leads through, each exactly at a step.

    Parameters
    ----------
    model
        Decodes what lies between.
    clips
        Two or more.
    steps
        At least as many.
    qpm
        Tempo of what is decoded.
    z
        Points of the clips in latent space, ``[n, z]``; the means of their posteriors if not given.
    """

    def __init__(self, model: Codec, clips: Sequence[Clip], steps: int, qpm: float, z: Any = None) -> None:
        if steps < len(clips):
            raise ConfigError(
                f"{len(clips)} waypoints do not fit into {steps} steps.", f"Give steps={len(clips)} or more."
            )
        self.model, self.clips, self.steps, self.qpm = model, list(clips), steps, qpm
        self.z = np.asarray(model.encode(self.clips).numpy()[0] if z is None else z, np.float64)
        last = len(clips) - 1
        self.stops = tuple(math.floor(k * (steps - 1) / last + 0.5) for k in range(last + 1))

    def latent(self, temperature: float | None = None, seed: int | None = None) -> Route:
        """The arcs between the waypoints, decoded; at the waypoints stand the clips themselves."""
        z = np.stack([self.z_at(step) for step in range(self.steps)])
        inner = [step for step in range(self.steps) if step not in self.stops]
        clips: list[Clip] = [self.clips[0]] * self.steps
        for clip, stop in zip(self.clips, self.stops, strict=True):
            clips[stop] = clip
        if inner:
            decoded = self._decode(z[inner], [self._sound(step) for step in inner], temperature, seed)
            for step, clip in zip(inner, decoded, strict=True):
                clips[step] = clip
        return self._measured(clips, z)

    def data(self, seed: int) -> Route:
        """Each step of the music taken from the next waypoint with rising probability, else from the last one."""
        clips = [self.clips[0]]
        for k in range(len(self.clips) - 1):
            steps = self.stops[k + 1] - self.stops[k] + 1
            clips += list(self.model.data_interpolate(self.clips[k], self.clips[k + 1], steps, seed))[1:]
        z = np.asarray(self.model.encode(clips).numpy()[0], np.float64)
        z[list(self.stops)] = self.z
        return self._measured(clips, z)

    def at(self, position: float, space: str, temperature: float | None = None, seed: int = 0) -> Route:
        """A single place between two steps, as a route of one; `position` counts steps from 0."""
        k, t = self._segment(position)
        if space == "data":
            between = self.model.data_interpolate(self.clips[k], self.clips[k + 1], FINE, seed)
            clips = [between[round(t * (FINE - 1))]]
            z = np.asarray(self.model.encode(clips).numpy()[0], np.float64)
        else:
            z = self.z_at(position)[None]
            clips = self._decode(z, [self._sound(position)], temperature, seed)
        return self._measured(clips, z)

    def z_at(self, position: float) -> np.ndarray[Any, Any]:
        """Latent vector at a place, ``[z]``; `position` counts steps from 0."""
        k, t = self._segment(position)
        return np.asarray(slerp(self.z[k], self.z[k + 1], t))

    def _segment(self, position: float) -> tuple[int, float]:
        """The waypoint before a place, and the share of the way from it to the next."""
        k = max(k for k, stop in enumerate(self.stops[:-1]) if stop <= position or k == 0)
        return k, (position - self.stops[k]) / (self.stops[k + 1] - self.stops[k])

    def _sound(self, position: float) -> int:
        """The instrument of the nearer waypoint."""
        k, t = self._segment(position)
        return self.clips[k if t <= 0.5 else k + 1].program

    def _decode(
        self, z: np.ndarray[Any, Any], program: list[int], temperature: float | None, seed: int | None
    ) -> list[Clip]:
        seed = None if temperature is None else seed
        return list(self.model.decode_clips(z, temperature, seed, qpm=self.qpm, program=program))

    def _measured(self, clips: list[Clip], z: np.ndarray[Any, Any]) -> Route:
        distances = [[self.model.distance(waypoint, clip) for clip in clips] for waypoint in self.clips]
        return Route(clips, z, places_of(self.model, z), distances, cost_of(self.model, clips))


def places_of(model: Codec, z: Any) -> list[list[float]]:
    """Places of latent vectors as the page reads them."""
    return [[float(x) for x in row] for row in model.place(z)] if model.has_places else [[] for _ in z]


def cost_of(model: Codec, clips: Sequence[Clip]) -> list[float]:
    """Bits a step of each clip; none where the model has no language model, or one that cannot be read."""
    if not model.has_cost:
        return []
    try:
        return [float(bits) for bits in model.cost(list(clips))]
    except CheckpointError:
        # A curve is no reason for the music not to be shown.
        return []


def first_clip(model: Codec, music: Any) -> tuple[Clip, bool]:
    """The first clip of some music, and whether there were more."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MusicVAEWarning)
        clip = model.first_clip(music)
    return clip, bool(told)


def label_of(clip: Clip) -> str:
    """Title of a clip, and its bars where it is not the first of its piece."""
    return ", ".join(filter(None, (clip.title, clip.where if clip.bar > 1 else "")))
