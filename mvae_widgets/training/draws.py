"""Clips drawn by weight, from the random numbers of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Draw", "Pick"]


class Pick:
    """Clips drawn by weight.

    Parameters
    ----------
    tokens, weights
        ``[n, ...]`` and ``[n]``, as `dataset.load_clips` gives them.
    device
        Where the clips are kept.
    """

    def __init__(self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], device: str) -> None:
        self.tokens = torch.from_numpy(tokens.copy()).to(device)
        self.cumulative = torch.from_numpy(np.cumsum(weights / weights.sum())).to(device)
        self.device = device

    def __len__(self) -> int:
        return len(self.tokens)

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """Tokens ``[n, ...]``; whole numbers as int64."""
        drawn = torch.rand(n, dtype=torch.float64, device=self.device, generator=generator)
        tokens = self.tokens[torch.searchsorted(self.cumulative, drawn).clamp(max=len(self.tokens) - 1)]
        return tokens if tokens.is_floating_point() else tokens.long()


class Draw(Pick):
    """Melodies drawn by weight and transposed at random.

    Parameters
    ----------
    tokens, weights, device
        As for `Pick`.
    depth
        Size of the vocabulary; pitches begin at token 2.
    reach
        Largest transposition either way, in semitones.
    """

    def __init__(
        self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], depth: int, reach: int, device: str
    ) -> None:
        super().__init__(tokens, weights, device)
        self.depth, self.reach = depth, reach

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """Tokens ``[n, steps]``; a clip that a transposition would push out of the vocabulary stays as it is."""
        tokens = super().__call__(n, generator)
        by = torch.randint(-self.reach, self.reach + 1, (n, 1), device=self.device, generator=generator)
        moved = torch.where(tokens >= 2, tokens + by, tokens)
        fits = ((moved >= 2) | (tokens < 2)).all(1, keepdim=True) & (moved < self.depth).all(1, keepdim=True)
        return torch.where(fits, moved, tokens)
