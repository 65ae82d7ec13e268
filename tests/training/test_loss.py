"""The objective against torch's own distributions and the published schedule values."""

from __future__ import annotations

import math

import pytest
import torch

from mvae_widgets.training.loss import beta_at, elbo_loss, kl_divergence, sampling_probability


def test_kl_equals_torch_distributions() -> None:
    mu, sigma = torch.randn(5, 7), torch.rand(5, 7) + 0.1
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mu, sigma), normal(0.0, 1.0)).sum(-1)
    torch.testing.assert_close(kl_divergence(mu, sigma), expected)


def test_free_bits_are_a_sequence() -> None:
    """MUSICVAE.md appendix C 7: subtracted once from the summed KL."""
    reconstruction, kl = torch.tensor([1.0, 3.0]), torch.tensor([10.0, 50.0])
    free = 48 * math.log(2)
    expected = 2.0 + 0.2 * (50 - free) / 2
    assert elbo_loss(reconstruction, kl, 0.2, free_bits=48).item() == pytest.approx(expected)


def test_beta() -> None:
    assert beta_at(0, 0.2, 0.0) == 0.0
    assert beta_at(1, 0.2, 0.0) == 0.2
    assert beta_at(10_000, 0.5, 0.99999) == pytest.approx(0.5 * (1 - math.exp(-0.1)), rel=1e-3)


def test_scheduled_sampling_values() -> None:
    """The published values of MUSICVAE.md 3.2."""
    assert sampling_probability(0, "inverse_sigmoid", 1000) == pytest.approx(0.001, rel=2e-3)
    assert sampling_probability(6908, "inverse_sigmoid", 1000) == pytest.approx(0.5, abs=1e-3)
    assert sampling_probability(10**7, "inverse_sigmoid", 1000) == 1.0
    assert sampling_probability(3, "exponential", 0.9) == pytest.approx(1 - 0.9**3)
    assert sampling_probability(3, "constant", 0.25) == 0.25
    with pytest.raises(ValueError, match="cosine"):
        sampling_probability(3, "cosine", 1)
