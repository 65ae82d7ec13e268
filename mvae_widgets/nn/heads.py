"""Output heads: what logits mean, how they are scored and sampled (MUSICVAE.md 2.7)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

__all__ = ["CategoricalHead"]


class CategoricalHead:
    """One choice of `depth` a step.

    Parameters
    ----------
    depth
        Number of classes.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Softmax cross entropy in nats, ``[batch, steps]``, of one-hot targets like `logits`."""
        return cross_entropy(logits.float().flatten(0, 1), target.argmax(-1).flatten(), reduction="none").view(
            logits.shape[:2]
        )

    def choose(self, logits: Tensor, temperature: float | None, generator: torch.Generator | None = None) -> Tensor:
        """Draw classes from ``softmax(logits / temperature)``; the likeliest if there is no temperature.

        Parameters
        ----------
        logits
            ``[batch, depth]``.
        temperature
            Above 0, or None for argmax (the lowest index wins ties).
        generator
            Source of the draw, on the device of `logits`.

        Returns
        -------
        Tensor
            Class indices, ``[batch]``, int64.
        """
        if temperature is not None:
            # The largest of logits plus Gumbel noise is a draw from their softmax (Gumbel 1954), in one
            # pass without normalising.
            uniform = torch.rand(logits.shape, device=logits.device, generator=generator)
            logits = logits.float() / temperature - torch.log(-torch.log(uniform.clamp(min=1e-20)))
        return logits.argmax(-1)

    def sample(self, logits: Tensor, temperature: float | None, generator: torch.Generator | None = None) -> Tensor:
        """As `choose`, as one-hot vectors ``[batch, depth]`` of float32, ready to be fed back."""
        return one_hot(self.choose(logits, temperature, generator), self.depth).float()
