"""The objective: reconstruction plus weighted KL beyond the free bits (paper eq. 1-3; MUSICVAE.md 3.1)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["beta_at", "elbo_loss", "kl_divergence", "sampling_probability"]


def kl_divergence(mu: Tensor, sigma: Tensor) -> Tensor:
    """KL of N(mu, sigma^2) from N(0, 1), summed over latent dimensions: ``[batch]``, in nats."""
    return 0.5 * (mu**2 + sigma**2 - 1.0 - 2.0 * torch.log(sigma)).sum(-1)


def elbo_loss(reconstruction: Tensor, kl: Tensor, beta: float, free_bits: float = 0.0) -> Tensor:
    """``mean(reconstruction) + beta * mean(max(kl - free_bits ln 2, 0))``.

    Parameters
    ----------
    reconstruction, kl
        ``[batch]``, nats a sequence.
    beta
        Weight of the KL.
    free_bits
        Bits of KL a *sequence* that cost nothing.
    """
    return reconstruction.mean() + beta * (kl - free_bits * math.log(2.0)).clamp(min=0.0).mean()


def beta_at(step: int, max_beta: float, beta_rate: float) -> float:
    """``(1 - rate^step) * max_beta``; with rate 0, zero at step 0 only."""
    return (1.0 - beta_rate**step) * max_beta


def sampling_probability(step: int, schedule: str, rate: float) -> float:
    """Chance that the decoder is fed its own sample (MUSICVAE.md 3.2).

    Parameters
    ----------
    step
        Global step, from 0.
    schedule
        ``"constant"``, ``"exponential"`` or ``"inverse_sigmoid"``.
    rate
        The constant, the base (0..1), or k (at least 1).
    """
    match schedule:
        case "constant":
            return rate
        case "exponential":
            return 1.0 - rate**step
        case "inverse_sigmoid":
            # Written with exp(-s/k) so that late steps do not overflow.
            return 1.0 - rate * math.exp(-step / rate) / (rate * math.exp(-step / rate) + 1.0)
    raise ValueError(f"Unknown sampling schedule {schedule!r}.")
