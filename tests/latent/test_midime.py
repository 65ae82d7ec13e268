"""A palette of a user's own clips: nearer to them than what the prior draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.latent.midime import MidiMe, fit_midime


def away(z: Any, clips: Any) -> float:
    """Mean distance to the nearest clip."""
    return float(np.linalg.norm(z[:, None] - clips[None], axis=2).min(1).mean())


@pytest.fixture(scope="module")
def own(model: mv.MusicVAE) -> Any:
    return model.encode([mv.tunes.load(name) for name in mv.tunes.names()]).numpy()[0]


@pytest.fixture(scope="module")
def palette(model: mv.MusicVAE) -> MidiMe:
    return model.midime([mv.tunes.load(name) for name in mv.tunes.names()])


def test_samples_are_nearer_to_the_clips_than_the_prior_and_other_music(
    model: mv.MusicVAE, own: Any, palette: MidiMe
) -> None:
    drawn = palette.sample(300, seed=1)
    prior = np.random.default_rng(1).normal(size=drawn.shape)
    others = model.encode(model.sample(100, temperature=1.0, seed=1)).numpy()[0]
    assert away(drawn, own) < 0.5 * away(others, own) < 0.5 * away(prior, own)
    # Not the clips themselves: about as far from them as they are from each other.
    apart = np.mean([away(own[k : k + 1], np.delete(own, k, 0)) for k in range(len(own))])
    assert 0.5 * apart < away(drawn, own) < 1.5 * apart
    tokens = np.stack([clip.tokens for clip in model.decode_clips(drawn[:100])])
    assert ((tokens >= 2).sum(1) >= 3).mean() > 0.95
    assert len({row.tobytes() for row in tokens}) > 80


def test_there_and_back(own: Any, palette: MidiMe) -> None:
    w = palette.encode(own)
    assert w.shape == (len(own), 4)
    lost = ((palette.decode(w) - own) ** 2).sum() / ((own - own.mean(0)) ** 2).sum()
    assert lost < 0.2
    assert 0.3 < w.std(0).min() < w.std(0).max() < 1.5


def test_the_reference_setting_hardly_trains(own: Any) -> None:
    short = fit_midime(own, epochs=10, progress=False)
    assert len(short.losses) == 10
    lost = ((short.decode(short.encode(own)) - own) ** 2).sum() / ((own - own.mean(0)) ** 2).sum()
    assert lost > 0.8


def test_the_loss_is_that_of_the_original(own: Any) -> None:
    """The first update's loss from the networks of the same seed, by numpy (MUSICVAE.md 5.6)."""
    from mvae_widgets.latent.dense import dense, generator

    random, size = generator(3), own.shape[1]
    encoder = dense([size, 4 * size, size, size // 4, 8], random)
    decoder = dense([4, size // 4, size, 4 * size, size], random)
    x = torch.from_numpy(own.astype(np.float32))
    out = encoder(x).detach().numpy().astype(float)
    noise = torch.randn((len(own), 4), generator=random).numpy()
    mu, sigma = out[:, :4], np.log1p(np.exp(out[:, 4:]))
    back = decoder(torch.from_numpy((mu + sigma * noise).astype(np.float32))).detach().numpy()
    error = ((x.numpy() - back) ** 2).sum(1).mean() / 2
    kl = 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma**2)).sum(1).mean()
    fitted = fit_midime(own, epochs=1, seed=3, beta=0.5, progress=False)
    assert fitted.losses[0] == pytest.approx(error + 0.5 * kl, rel=1e-4)


def test_seeds(own: Any, palette: MidiMe) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (fit_midime(own, epochs=20, seed=s, progress=False) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.decode(np.eye(4)), same.decode(np.eye(4)))
    assert not np.array_equal(one.decode(np.eye(4)), other.decode(np.eye(4)))
    np.testing.assert_array_equal(palette.sample(5, seed=3), palette.sample(5, seed=3))
    assert not np.array_equal(palette.sample(5, seed=3), palette.sample(5, seed=4))
    palette.sample(3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_many_clips_and_one(own: Any) -> None:
    many = np.random.default_rng(0).normal(size=(600, 16))
    assert fit_midime(many, 2, epochs=3, progress=False).decode([[0.0, 0.0]]).shape == (1, 16)
    alone = fit_midime(own[:1], progress=False)
    assert np.linalg.norm(alone.sample(20, 0) - own[:1], axis=1).mean() < 0.3 * np.linalg.norm(own[0])


def test_what_is_no_palette(model: mv.MusicVAE, own: Any, palette: MidiMe) -> None:
    holed = own.copy()
    holed[0, 0] = np.nan
    with pytest.raises(ConfigError, match="not finite"):
        fit_midime(holed)
    with pytest.raises(ConfigError, match="no cloud"):
        fit_midime(np.empty((0, 128)))
    for wrong in ({"dimensions": 0}, {"dimensions": 129}, {"epochs": 0}, {"beta": -1}, {"rate": 0}):
        with pytest.raises(ConfigError):
            fit_midime(own, **wrong)
    with pytest.raises(ConfigError, match=r"Give \[n, 128\]"):
        palette.encode(np.ones((2, 4)))
    with pytest.raises(ConfigError, match=r"Give \[n, 4\]"):
        palette.decode(np.ones(5))
    with pytest.raises(NothingToEncodeError):
        model.midime([])
