"""What encoding gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mvae_widgets.nn.backend import Backend, Vectors

__all__ = ["Posterior"]


@dataclass(frozen=True)
class Posterior:
    """Where clips lie in latent space: a Gaussian each.

    Parameters
    ----------
    mu
        Means, ``[n, z]``.
    sigma
        Standard deviations (not log-variances), ``[n, z]``.
    backend
        Whose vectors both are: tensors of PyTorch, or numpy arrays.
    """

    mu: Vectors
    sigma: Vectors
    backend: Backend = field(repr=False)

    def __len__(self) -> int:
        return len(self.mu)

    def numpy(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Mu and sigma as float64 arrays."""
        return self.backend.array(self.mu), self.backend.array(self.sigma)

    def sample(self, seed: int | None = None) -> Vectors:
        """One z a clip, ``mu + sigma * noise``: ``[n, z]``. The same seed gives the same z."""
        noise = self.backend.normal(tuple(self.mu.shape), self.backend.random(seed))
        return self.mu + self.sigma * noise
