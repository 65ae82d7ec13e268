"""Output heads of the numpy backend: how numbers become a row, as `nn.heads` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mvae_widgets.nn.config import ModelConfig

__all__ = ["Head", "make_head", "sigmoid"]

Array = np.ndarray[Any, np.dtype[np.float32]]


def sigmoid(x: Array) -> Array:
    """By tanh, which no number overflows."""
    half = np.float32(0.5)
    return np.asarray(half + half * np.tanh(half * x))


class Head:
    """Bits that do not see each other; and what all heads share.

    Parameters
    ----------
    depth
        Width of a row.
    width, choices
        How many numbers make one, and how many of them take noise; `depth` if not given.
    """

    def __init__(self, depth: int, width: int | None = None, choices: int | None = None) -> None:
        self.depth, self.width, self.choices = depth, width or depth, choices or depth

    def noise(self, shape: tuple[int, ...], temperature: float, random: np.random.Generator) -> Array:
        """What is added to the numbers to draw: ``[*shape, choices]``, logistic, times the temperature."""
        u = random.random((*shape, self.choices), np.float32).clip(1e-7, 1 - 1e-7)
        return np.asarray(np.log(u / (1 - u)) * temperature, np.float32)

    def choose(self, numbers: Array, noise: Array | None) -> Array:
        """The row of one step: ``[n, width]`` and ``[n, choices]`` or no noise -> ``[n, depth]``."""
        return (_with(numbers, noise) >= 0).astype(np.float32)


class _Categorical(Head):
    """One class out of each part, one-hot; the lowest wins ties."""

    def __init__(self, parts: tuple[int, ...]) -> None:
        super().__init__(sum(parts))
        self.cuts = np.cumsum(parts)[:-1]

    def noise(self, shape: tuple[int, ...], temperature: float, random: np.random.Generator) -> Array:
        """Gumbel noise, times the temperature."""
        u = random.random((*shape, self.choices), np.float32).clip(1e-20, 1 - 1e-7)
        return np.asarray(-np.log(-np.log(u)) * temperature, np.float32)

    def choose(self, numbers: Array, noise: Array | None) -> Array:
        rows = np.zeros_like(numbers)
        parts = (np.split(x, self.cuts, axis=1) for x in (rows, _with(numbers, noise)))
        for row, scores in zip(*parts, strict=True):
            np.put_along_axis(row, scores.argmax(1, keepdims=True), 1, axis=1)
        return rows


class _Groove(Head):
    """Hits, velocities and offsets, a third each; only hits are chosen."""

    def __init__(self, depth: int) -> None:
        super().__init__(depth, choices=depth // 3)

    def choose(self, numbers: Array, noise: Array | None) -> Array:
        hits, velocities, offsets = np.split(numbers, 3, axis=1)
        return np.concatenate([_with(hits, noise) > 0, sigmoid(velocities), np.tanh(offsets)], axis=1, dtype=np.float32)


class _Strokes(_Groove):
    """Velocity and offset are 0 where nothing is hit."""

    def choose(self, numbers: Array, noise: Array | None) -> Array:
        row = super().choose(numbers, noise)
        return row * np.tile(row[:, : self.choices], 3)


class _NADE(Head):
    """Bits that each see the bits before them."""

    def __init__(self, depth: int, hidden: int, encode: Array, decode: Array) -> None:
        super().__init__(depth, width=hidden + depth, choices=depth)
        self.hidden, self.encode, self.decode = hidden, encode, decode

    def choose(self, numbers: Array, noise: Array | None) -> Array:
        a, scores = numbers[:, : self.hidden], _with(numbers[:, self.hidden :], noise)
        bits = np.empty_like(scores)
        for k in range(self.depth):
            bits[:, k] = scores[:, k] + sigmoid(a) @ self.decode[k] >= 0
            a = a + bits[:, k, None] * self.encode[k]
        return bits


def make_head(config: ModelConfig, depth: int, take: Callable[..., Array]) -> Head:
    """The head of a configuration for rows of that width; `take` gives its tensors by name and shape."""
    match config.head:
        case "nade":
            shape = (depth, config.hidden)
            return _NADE(*shape, take("encode", *shape), take("decode", *shape))
        case "boolean":
            return Head(depth)
        case "groove":
            return _Groove(depth)
        case "strokes":
            return _Strokes(depth)
        case _:
            return _Categorical(config.parts if config.head == "multi" else (depth,))


def _with(numbers: Array, noise: Array | None) -> Array:
    return numbers if noise is None else numbers + noise
