"""Codes that fill the prior: the same model in other coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import Rows, rows_for
from mvae_widgets.training.fill import fill_prior
from mvae_widgets.training.loss import kl_divergence
from tests.training.test_grow import network, small

Z = 12


def tied(name: str) -> VAE:
    """A model whose codes are off the middle, of many widths, and tied to each other."""
    model = network(small(name, Z))
    with torch.no_grad():
        model.posterior.mu.weight *= torch.logspace(-1, 0.5, Z)[:, None]
        model.posterior.mu.weight[1] = model.posterior.mu.weight[0] + 0.1 * model.posterior.mu.weight[1]
        model.posterior.mu.bias += 3
        model.posterior.sigma.bias -= 4
    return model


def covariance(mu: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    return mu.T.cov() + torch.diag((sigma**2).mean(0))


@torch.no_grad()
@pytest.mark.parametrize("name", ["melody-16bar", "melody-2bar", "trio-16bar", "groove-2bar-tap"])
def test_codes_become_as_the_prior_and_music_comes_back_as_before(name: str) -> None:
    model = tied(name)
    config, generator = model.config, torch.Generator().manual_seed(0)
    x = torch.rand(400, config.steps, config.depth, generator=generator)
    y = torch.rand(8, config.steps, config.output_depth, generator=generator)
    mu, sigma = model.encode(x)
    heard = model.decoder(mu[:8], y)
    fill_prior(model, (Rows(part, part) for part in x.split(100)))
    new_mu, new_sigma = model.encode(x)
    torch.testing.assert_close(new_mu.mean(0), torch.zeros(Z), rtol=0, atol=1e-3)
    torch.testing.assert_close(covariance(new_mu, new_sigma), torch.eye(Z), rtol=0, atol=0.02)
    torch.testing.assert_close(model.decoder(new_mu[:8], y), heard, rtol=1e-3, atol=1e-3)
    # What is as wide as the prior costs no bits; what tells much comes first.
    assert kl_divergence(new_mu, new_sigma).mean() < 0.7 * kl_divergence(mu, sigma).mean()
    assert bool((new_sigma.pow(2).mean(0).diff() > -0.01).all())


@torch.no_grad()
def test_the_noise_of_a_clip_is_still_its_own() -> None:
    model = tied("melody-16bar")
    x = torch.rand(400, 256, 90, generator=torch.Generator().manual_seed(0))
    x[::2] *= 0.2  # so that deviations differ
    mu, sigma = model.encode(x)
    fill_prior(model, [Rows(x, x)])
    new_mu, new_sigma = model.encode(x)
    # The map, found anew from what went in and what came out.
    into = torch.linalg.lstsq((mu - mu.mean(0)).double(), new_mu.double()).solution.T
    wanted = ((sigma.double() ** 2) @ (into**2).T).sqrt()
    assert wanted.std(0).max() > 0.05
    torch.testing.assert_close(new_sigma.double(), wanted, rtol=0.1, atol=0.02)


@torch.no_grad()
def test_rows_after_the_end_of_a_track_are_not_heard() -> None:
    config = small("multitrack-1bar", Z)
    model = network(config)
    random = np.random.default_rng(0)
    tokens = random.integers(0, config.depth, (100, config.steps))
    lengths = random.integers(1, 30, (100, 8, 1))
    tokens[(np.arange(config.steps // 8) >= lengths).reshape(100, -1)] = -1
    rows = rows_for(tokens, config)
    fill_prior(model, [rows])
    mu, sigma = model.encode(rows.x, rows.lengths)
    torch.testing.assert_close(mu.mean(0), torch.zeros(Z), rtol=0, atol=1e-3)
    torch.testing.assert_close(covariance(mu, sigma), torch.eye(Z), rtol=0, atol=0.05)
