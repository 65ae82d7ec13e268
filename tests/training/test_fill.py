"""Codes that fill the prior: the same model in other coordinates."""

from __future__ import annotations

import numpy as np
import torch

from mvae_widgets.training.feeds import Rows, rows_for
from mvae_widgets.training.fill import fill_prior
from tests.training.test_grow import network, small


@torch.no_grad()
def test_codes_become_as_wide_as_the_prior_and_music_comes_back_as_before() -> None:
    model = network(small("melody-16bar", 12))
    model.posterior.mu.bias += 3
    model.posterior.sigma.bias -= 4
    x = torch.rand(200, 256, 90, generator=torch.Generator().manual_seed(0))
    mu, sigma = model.encode(x)
    heard = model.decoder.embeddings(mu)
    fill_prior(model, Rows(x, x))
    new_mu, new_sigma = model.encode(x)
    spread = (mu.var(0) + (sigma**2).mean(0)).sqrt()
    torch.testing.assert_close(new_mu, (mu - mu.mean(0)) / spread, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(new_sigma.mean(0), sigma.mean(0) / spread, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(new_mu.var(0) + (new_sigma**2).mean(0), torch.ones(12), rtol=0.02, atol=0)
    torch.testing.assert_close(model.decoder.embeddings(new_mu), heard, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_rows_after_the_end_of_a_track_are_not_heard() -> None:
    config = small("multitrack-1bar", 12)
    model = network(config)
    random = np.random.default_rng(0)
    tokens = random.integers(0, config.depth, (100, config.steps))
    lengths = random.integers(1, 30, (100, 8, 1))
    tokens[(np.arange(config.steps // 8) >= lengths).reshape(100, -1)] = -1
    rows = rows_for(tokens, config)
    fill_prior(model, rows)
    mu, sigma = model.encode(rows.x, rows.lengths)
    torch.testing.assert_close(mu.mean(0), torch.zeros(12), rtol=0, atol=1e-3)
    torch.testing.assert_close(mu.var(0) + (sigma**2).mean(0), torch.ones(12), rtol=0.05, atol=0)


def test_a_model_without_a_conductor_stays_as_it_is() -> None:
    model = network(small("melody-2bar"))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = torch.rand(4, 32, 90)
    fill_prior(model, Rows(x, x))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
