"""Data space: clips as rows of tokens, without any model (the article's first figure; MUSICVAE.md 5.4).

What latent space is measured against: random tokens, and the way from one clip to another that takes
each step from either end by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from .labels import FIRST_PITCH, HOLD, NOTE_OFF

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .converter import Converter

__all__ = ["audible", "bar_likeness", "differing", "ended", "hamming", "mix", "random_tokens"]


def random_tokens(converter: Converter, n: int, seed: int | None = None) -> NDArray[Any]:
    """Draw clips of data space: every step independent, every token as likely as any other.

    Parameters
    ----------
    converter
        Of the model that the clips are for.
    n
        How many.
    seed
        The same seed gives the same clips; None gives fresh ones.

    Returns
    -------
    ndarray
        ``[n, *shape]`` in the form of the family (`Example.tokens`): labels for melodies, bits for drums
        (so any combination of drums is as likely), three labels for trios, hits with any velocity and
        timing for grooves, event labels for multitracks, each track ending where an end is drawn.
    """
    spec = converter.clip_spec
    return _DRAWS[spec.family](converter, (n, spec.steps), np.random.default_rng(seed))


def mix(a: NDArray[Any], b: NDArray[Any], alphas: ArrayLike, seed: int | None = None) -> NDArray[Any]:
    """Mix two clips step by step: the token of b with probability alpha, else that of a (MUSICVAE.md 5.4).

    Parameters
    ----------
    a, b
        Tokens of one family, ``[steps]`` or ``[steps, parts]``: a step is taken whole.
    alphas
        Places between the two, ``[n]``, 0 to 1. At 0 the result is a, at 1 it is b.
    seed
        Of the draws. Each step draws one number for all alphas: at every alpha the steps are independent, and
        along the alphas a step that has become b's stays so, so that the way never goes back.

    Returns
    -------
    ndarray
        ``[n, *shape]``.

    Raises
    ------
    ConfigError
        If the clips are of different shapes, or an alpha is not within 0 to 1.
    """
    start, end = _pair(a, b)
    places = np.atleast_1d(np.asarray(alphas, np.float64))
    if places.ndim != 1 or not ((places >= 0) & (places <= 1)).all():
        raise ConfigError("A place between two clips is not within 0 to 1.", "0 is the first clip, 1 the second.")
    drawn = np.random.default_rng(seed).random(start.shape[0])
    from_b = (drawn < places[:, None]).reshape(len(places), *start.shape[:1], *(1,) * (start.ndim - 1))
    return np.where(from_b, end, start)


def differing(a: NDArray[Any], b: NDArray[Any], family: str = "melody") -> NDArray[np.bool_]:
    """Steps in which two clips differ.

    Parameters
    ----------
    a, b
        Tokens of one family, ``[steps]`` or ``[steps, parts]``.
    family
        Of grooves only the hits are compared: velocities and timing are measured, and never quite equal.

    Returns
    -------
    ndarray
        bool ``[steps]``: True where any part of the step differs.

    Raises
    ------
    ConfigError
        If the clips are of different shapes.
    """
    one, other = _pair(a, b)
    if family == "groove":
        classes = one.shape[1] // 3
        one, other = one[:, :classes] > 0.5, other[:, :classes] > 0.5
    return np.asarray((one != other).reshape(len(one), -1).any(axis=1))


def hamming(a: NDArray[Any], b: NDArray[Any], family: str = "melody") -> float:
    """Share of steps in which two clips differ, 0 (equal) to 1; parameters and errors as `differing`."""
    return float(differing(a, b, family).mean())


def bar_likeness(tokens: NDArray[Any], bars: int, family: str = "melody") -> NDArray[np.float64]:
    """How alike the bars of one clip are: its structure, as a picture of itself.

    Parameters
    ----------
    tokens
        ``[steps, ...]``.
    bars
        How many equal stretches that is.
    family
        As for `differing`.

    Returns
    -------
    ndarray
        ``[bars, bars]``, symmetric: the share of steps in which two bars are the same, 1 on the diagonal.
    """
    cut = np.asarray(tokens).reshape(bars, -1, *np.shape(tokens)[1:])
    return np.array([[1.0 - hamming(one, other, family) for other in cut] for one in cut])


def audible(tokens: NDArray[Any]) -> NDArray[Any]:
    """Melody labels ``[n, steps]`` with every note-off that ends no note turned into a hold.

    Such note-offs are not heard, music that was played has none, and random mixtures are full of them. What
    sounds alike becomes equal; a step depends on no later one.
    """
    labels = np.asarray(tokens)
    events = np.where(labels != HOLD, np.arange(labels.shape[1]), -1)
    before = np.maximum.accumulate(events, axis=1)[:, :-1]
    last = np.take_along_axis(labels, np.maximum(before, 0), axis=1)
    sounding = np.pad((before >= 0) & (last >= FIRST_PITCH), ((0, 0), (1, 0)))
    return np.where((labels == NOTE_OFF) & ~sounding, HOLD, labels).astype(labels.dtype)


def _pair(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    start, end = np.asarray(a), np.asarray(b)
    if start.shape != end.shape or not start.size:
        raise ConfigError(
            f"Clips of shapes {start.shape} and {end.shape} cannot be compared step by step.",
            "Give two clips of one model, of the same length.",
        )
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise ConfigError("A clip holds a number that is not finite.", "Cut the music again with model.clips.")
    return start, end


def _melody(converter: Any, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    # An end token, where there is one, ends clips and is no event of them.
    return rng.integers(0, converter.classes - converter.add_end_token, shape).astype(np.uint8)


def _drums(converter: Any, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    return rng.integers(0, 2, (*shape, len(converter.kit))).astype(np.uint8)


def _trio(converter: Any, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    return rng.integers(0, converter.widths, (*shape, len(converter.widths))).astype(np.int16)


def _groove(converter: Any, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    hits = rng.integers(0, 2, (*shape, converter.classes))
    velocities, offsets = rng.random(hits.shape), rng.uniform(-1.0, 1.0, hits.shape)
    return np.concatenate([hits, hits * velocities, hits * offsets], axis=-1, dtype=np.float32)


def _multitrack(converter: Any, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    labels = rng.integers(0, converter.depth, (shape[0], converter.rows)).astype(np.int16)
    return ended(labels, converter)


def ended(tokens: NDArray[Any], converter: Any) -> NDArray[Any]:
    """Multitrack labels ``[n, rows]`` without the rows that follow a track's end."""
    tracks = np.asarray(tokens).reshape(len(tokens), -1, converter.max_events)
    stops = (tracks == converter.vocabulary.end) | (tracks < 0)
    over = np.cumsum(stops, axis=-1) - stops > 0
    return np.where(over, -1, tracks).reshape(len(tokens), -1).astype(np.int16)


_DRAWS: dict[str, Callable[[Any, tuple[int, int], np.random.Generator], NDArray[Any]]] = {
    "melody": _melody,
    "drums": _drums,
    "trio": _trio,
    "groove": _groove,
    "multitrack": _multitrack,
}
