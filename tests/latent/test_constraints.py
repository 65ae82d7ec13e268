"""Latent constraints: on a space whose attributes are known exactly, and on the shipped model's prior."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent import constraints as module
from mvae_widgets.latent.constraints import Constraints, fit_constraints

LOUD = {"loud": (0.5, 1.5), "far": (None, 1.0)}


def world(n: int = 4000, seed: int = 0) -> SimpleNamespace:
    """Encodings that lie elsewhere than the prior; ``loud`` is one coordinate, ``far`` a length."""
    rng = np.random.default_rng(seed)
    mu = rng.normal(size=(n, 8)) * np.array([1, 1, 1, 1, 0.3, 0.3, 0.3, 0.3]) + np.array([0] * 7 + [1.5])
    return SimpleNamespace(mu=mu, sigma=np.full((n, 8), 0.1), values=measured(mu))


def measured(z: Any) -> dict[str, Any]:
    return {"loud": z[:, 0], "far": np.linalg.norm(z[:, 1:3], axis=1)}


def has(z: Any) -> Any:
    found = measured(z)
    return (found["loud"] >= 0.5) & (found["loud"] <= 1.5) & (found["far"] <= 1.0)


@pytest.fixture(scope="module")
def known() -> Constraints:
    w = world()
    return fit_constraints(w.mu, w.sigma, w.values, LOUD, critic_steps=600, actor_steps=400)


def test_what_is_asked_becomes_common(known: Constraints) -> None:
    prior = np.random.default_rng(1).normal(size=(500, 8))
    assert has(prior).mean() < 0.2
    assert has(known.sample(500, seed=1, method="actor")).mean() > 0.8
    assert has(known.sample(500, seed=1)).mean() > 0.9
    assert has(known.search(prior)).mean() > 0.8


def test_samples_are_like_the_encodings(known: Constraints) -> None:
    """The last five coordinates of the encodings are narrow, and one lies off the prior."""
    for method in ("actor", "search"):
        drawn = known.sample(500, seed=2, method=method)  # type: ignore[arg-type]
        assert 1.0 < drawn[:, 7].mean() < 2.0
        assert np.abs(drawn[:, 4:7]).mean() < 0.5  # of the prior 0.8, of the encodings 0.25
        assert drawn[:, 3].std() > 0.4
    assert known.realism(drawn).mean() > 0.5 > known.realism(np.random.default_rng(1).normal(size=(500, 8))).mean()


def test_critics_know_the_attributes(known: Constraints) -> None:
    held_out = world(seed=5)
    sure = known.probabilities(held_out.mu)
    assert list(sure) == ["loud", "far"]
    loud = (held_out.values["loud"] >= 0.5) & (held_out.values["loud"] <= 1.5)
    assert ((sure["loud"] > 0.5) == loud).mean() > 0.9
    assert ((sure["far"] > 0.5) == (held_out.values["far"] <= 1.0)).mean() > 0.9


def test_search_keeps_near_what_it_started_from(known: Constraints) -> None:
    start = world(200, seed=7).mu
    near, far = known.search(start, keep=2.0), known.search(start, keep=0.0)
    assert np.abs(near - start).mean() < np.abs(far - start).mean()
    np.testing.assert_allclose(known.search(start, steps=0), start, atol=1e-6)
    # A vector's way does not depend on who goes along.
    np.testing.assert_allclose(known.search(start[:3]), known.search(start)[:3], atol=1e-3)


def test_distance_by_hand() -> None:
    moved, start, spread = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0]]), torch.tensor([0.5, 1.0])
    assert module._distance(moved, start, spread).item() == pytest.approx(np.log(2) / 0.25 / 2)
    logits = torch.tensor([[0.0, 2.0]])
    want = -np.log(0.5) - np.log(1 / (1 + np.exp(-2))) - np.log(1 / (1 + np.exp(1)))
    assert module._unpleasant(logits, torch.tensor([[-1.0]])).item() == pytest.approx(want, rel=1e-6)


def test_seeds(known: Constraints) -> None:
    before = torch.random.get_rng_state()
    np.testing.assert_array_equal(known.sample(4, seed=1), known.sample(4, seed=1))
    assert not np.array_equal(known.sample(4, seed=1), known.sample(4, seed=2))
    w = world(300)
    one, same, other = (
        fit_constraints(w.mu, w.sigma, w.values, LOUD, seed=s, critic_steps=3, actor_steps=3) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.realism(w.mu), same.realism(w.mu))
    assert not np.array_equal(one.realism(w.mu), other.realism(w.mu))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "Nothing is asked"),
        ("loud", "Nothing is asked"),
        ({"quiet": (0, 1)}, "no attribute 'quiet'.*It has: loud, far"),
        ({"loud": 0.5}, r"The range of 'loud' is 0\.5"),
        ({"loud": (0, 1, 2)}, "The range of 'loud'"),
        ({"loud": (None, None)}, "one of them at least"),
        ({"loud": (1, 0)}, "The range of 'loud'"),
        ({"loud": ("a", 1)}, "must be a number"),
        ({"loud": (90, None)}, "0 of 300 clips have loud at least 90.*the corpus goes from -"),
        ({"loud": (-90, 90)}, "300 of 300 clips have loud -90 to 90"),
    ],
)
def test_what_cannot_be_asked(wanted: Any, words: str) -> None:
    w = world(300)
    with pytest.raises(ConfigError, match=words):
        fit_constraints(w.mu, w.sigma, w.values, wanted)


def test_what_does_not_fit(known: Constraints) -> None:
    w = world(300)
    with pytest.raises(ConfigError, match="not of one shape"):
        fit_constraints(w.mu, w.sigma[:, :4], w.values, LOUD)
    with pytest.raises(ConfigError, match="values for 200 clips"):
        fit_constraints(w.mu[:200], w.sigma[:200], w.values, LOUD)
    with pytest.raises(ConfigError, match="not finite"):
        fit_constraints(np.full((30, 8), np.nan), w.sigma[:30], w.values, LOUD)
    with pytest.raises(ConfigError, match="cannot be measured on any"):
        fit_constraints(w.mu, w.sigma, {"loud": np.full(300, np.nan)}, {"loud": (0, 1)})
    with pytest.raises(ConfigError, match="vectors of 7 numbers"):
        known.search(np.ones((2, 7)))
    with pytest.raises(ConfigError, match="no method 'guess'"):
        known.sample(2, method="guess")  # type: ignore[arg-type]


def test_through_the_model(model: mv.MusicVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for busy music, the prior's samples become busier; a small corpus and a short training do."""
    monkeypatch.setattr(module, "HIDDEN", 128)
    monkeypatch.setattr(fit_constraints, "__defaults__", (0, 300, 150))
    corpus = model.embed(model.sample(600, temperature=1.0, seed=3))
    busy = float(np.quantile(corpus.attributes["note_density"], 0.75))
    found = model.constrain(corpus, {"note_density": (busy, None)})
    assert repr(found) == f"<Constraints: note_density at least {busy:g}>"

    def share(z: Any) -> float:
        clips = model.decode_clips(z)
        return float(np.mean([clip.onsets / 32 >= busy for clip in clips]))

    before = share(np.random.default_rng(0).normal(size=(100, 128)))
    assert share(found.sample(100, seed=0)) > max(0.7, 2 * before)
    again = model.constrain(corpus.with_columns({"mark": np.arange(600)}), {"mark": (300, None)})
    assert list(again.probabilities(corpus.mu[:2])) == ["mark"]
    with pytest.raises(ConfigError, match="list is no corpus"):
        model.constrain([], {"note_density": (0, 1)})  # type: ignore[arg-type]
