"""Data space in a user's hands: the same calls for all families, and what the shipped language model thinks."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn.functional import cross_entropy, one_hot

import mvae_widgets as mv
from benchmarks import interpolation as figure
from mvae_widgets.checkpoints import language_models
from mvae_widgets.checkpoints.catalog import BUILT_IN, builtin_models
from mvae_widgets.errors import ConfigError, NothingToEncodeError, UnknownModelError
from mvae_widgets.latent import interpolate
from mvae_widgets.music import tunes
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.music.dataspace import audible
from mvae_widgets.nn.config import CONFIGS
from tests.test_families import band, small  # noqa: F401 - a fixture


def melody(model: mv.MusicVAE, rows: Any) -> Clips:
    return Clips([Clip(np.asarray(row, np.uint8), model.converter) for row in rows])


@pytest.fixture(scope="module")
def tune_clips(model: mv.MusicVAE) -> Clips:
    return Clips([clip for name in tunes.names() for clip in model.clips(tunes.load(name))])


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_same_calls_for_every_family(band: Any, name: str) -> None:  # noqa: F811
    model = small(name)
    noise = model.data_sample(3, seed=4)
    assert len(noise) == 3
    assert any(clip.onsets for clip in noise)
    for clip, same in zip(noise, model.data_sample(3, seed=4), strict=True):
        assert (clip.tokens == same.tokens).all()
        assert clip.sequence.total_time == pytest.approx(2.0 * model.config.bars)
        assert model.clips(clip)[0] is clip, "it is an input of the model as it stands"
    assert len(model.encode(noise)) == 3
    clips = model.clips(band)
    a, b = clips[0], noise[0]
    path = model.data_interpolate(a, b, 5, seed=1)
    assert path[0] is a
    assert path[-1] is b
    assert [clip.qpm for clip in path[:4]] == [a.qpm] * 4
    assert all(clip.sequence.total_time == pytest.approx(2.0 * model.config.bars) for clip in path)
    assert len(model.encode(path)) == 5
    away = [model.distance(a, clip) for clip in path]
    assert away[0] == 0.0
    assert away == sorted(away)
    assert 0 < away[2] < away[-1] <= 1.0
    back = [model.distance(clip, b) for clip in path]
    if model.config.family != "multitrack":  # where an end cuts off what follows it
        np.testing.assert_allclose(np.add(away, back), away[-1])
    assert model.has_cost == (model.config.family == "melody")
    if not model.has_cost:
        with pytest.raises(ConfigError, match="no language model"):
            model.cost(a)


def test_distance_and_sound_of_a_path_by_hand(model: mv.MusicVAE) -> None:
    row = np.zeros(32, np.uint8)
    row[::4] = 41
    other = row.copy()
    other[[0, 4, 9]] = 48, 0, 50
    a, b = (Clip(tokens, model.converter, program=p, qpm=q) for tokens, p, q in ((row, 32, 90.0), (other, 73, 140.0)))
    assert model.distance(a, b) == 3 / 32
    path = model.data_interpolate(a, b, 5)
    assert [clip.program for clip in path] == [32, 32, 32, 73, 73]
    assert [clip.qpm for clip in path] == [90, 90, 90, 90, 140]
    assert len(model.data_interpolate(a, b, 2)) == 2


def test_cost_equals_cross_entropy_written_out(model: mv.MusicVAE, tune_clips: Clips) -> None:
    state = language_models.read_language_model(BUILT_IN / "melody-lm").state_dict()
    tokens = torch.from_numpy(np.stack([clip.tokens for clip in tune_clips]).astype(np.int64))
    hidden = torch.cat([torch.zeros(len(tokens), 1, 90), one_hot(tokens, 90)[:, :-1].float()], dim=1)
    for k in range(2):
        layer = torch.nn.LSTM(hidden.shape[2], state[f"layers.{k}.weight_hh_l0"].shape[1], batch_first=True)
        layer.load_state_dict({n.removeprefix(f"layers.{k}."): t for n, t in state.items() if n[:9] == f"layers.{k}."})
        with torch.no_grad():
            hidden = layer(hidden)[0]
    logits = hidden @ state["output.weight"].T + state["output.bias"]
    expected = cross_entropy(logits.transpose(1, 2), tokens, reduction="none").mean(1) / math.log(2)
    cost = model.cost(tune_clips)
    assert cost.shape == (len(tune_clips),)
    np.testing.assert_allclose(cost, expected, rtol=1e-4)
    assert model.cost(tune_clips[3])[0] == pytest.approx(cost[3], rel=1e-5)


def test_the_shipped_model_knows_music_from_its_shuffled_notes(model: mv.MusicVAE, tune_clips: Clips) -> None:
    tokens = np.stack([clip.tokens for clip in tune_clips])
    rng = np.random.default_rng(0)
    shuffled = rng.permuted(tokens, axis=1)
    # The rhythm stays, the pitches change places.
    scrambled = tokens.copy()
    for row in scrambled:
        row[row >= 2] = rng.permutation(row[row >= 2])
    real = model.cost(tune_clips)
    assert real.mean() < 2.0
    assert (real < model.cost(melody(model, shuffled))).mean() > 0.95
    assert (real < model.cost(melody(model, scrambled))).mean() > 0.9
    assert model.cost(model.data_sample(50)).min() > math.log2(90) > real.max()


def test_no_key_is_much_dearer_than_another(model: mv.MusicVAE, tune_clips: Clips) -> None:
    tokens = np.stack([clip.tokens for clip in tune_clips]).astype(int)
    moved = [model.cost(melody(model, np.where(tokens >= 2, tokens + by, tokens))).mean() for by in range(-5, 7)]
    assert max(moved) < 1.2 * min(moved)


def test_what_sounds_alike_costs_alike(model: mv.MusicVAE) -> None:
    noisy = np.array([clip.tokens for clip in model.data_sample(20)]) % 4
    assert (audible(noisy) != noisy).any()
    np.testing.assert_allclose(model.cost(melody(model, noisy)), model.cost(melody(model, audible(noisy))))


def test_longer_clips_are_judged_too(tune_clips: Clips) -> None:
    long = small("flat-mel_16bar")
    assert long.has_cost
    rows = np.concatenate([clip.tokens for clip in tune_clips[:8]])
    noise = long.data_sample(1)
    assert long.cost(melody(long, [rows]))[0] < 2.0 < long.cost(noise)[0]


def test_mixing_in_latent_space_costs_less_than_in_data_space(model: mv.MusicVAE, tune_clips: Clips) -> None:
    pairs = [(i, j) for i, j in combinations(range(len(tune_clips)), 2) if tune_clips[i].title != tune_clips[j].title]
    data = [model.data_interpolate(tune_clips[i], tune_clips[j], 3)[1] for i, j in pairs]
    mu = model.encode(tune_clips).numpy()[0]
    z = np.stack([interpolate.path(mu[i], mu[j], 3)[1] for i, j in pairs])
    gain = model.cost(Clips(data)) - model.cost(model.decode_clips(z))
    assert gain.mean() > 4 * gain.std(ddof=1) / math.sqrt(len(gain)), "four standard errors"
    assert (gain > 0).mean() > 0.6


def test_the_figure_measures_what_it_says(model: mv.MusicVAE, tune_clips: Clips) -> None:
    tokens = np.stack([clip.tokens for clip in tune_clips])
    a, b = tokens[:12], tokens[-12:]
    ways = figure.routes(model, a, b, seed=0)
    found = figure.measure(model, a, b, ways, seed=0)
    apart = (a != b).mean()
    data, latent = found["routes"]["data"], found["routes"]["latent"]
    np.testing.assert_allclose(np.add(data["to_a"]["mean"], data["to_b"]["mean"]), apart)
    assert (ways["data"][:, 0] == a).all()
    assert (ways["data"][:, -1] == b).all()
    assert data["relative"]["mean"][0] == data["relative"]["mean"][-1] == 1.0
    ends = (model.cost(melody(model, a)) + model.cost(melody(model, b))) / 2
    middle = model.cost(melody(model, ways["data"][:, 5]))
    assert data["relative"]["mean"][5] == pytest.approx(middle.mean() / ends.mean(), rel=1e-5)
    again = np.stack([clip.tokens for clip in model.decode_clips(model.encode(melody(model, a)).mu)])
    assert latent["to_a"]["mean"][0] == pytest.approx((again != a).mean())
    assert latent["to_own_a"]["mean"][0] == 0.0
    assert f"{data['bits']['mean'][5]:.2f}" in figure.markdown(
        {**found, "model": "", "pairs": 12, "seed": 0, "machine": ""}
    )


def test_intervals_of_the_figure_against_scipy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 1, (500, 2)), rng.normal(2, 0.1, (500, 2))
    low, high = stats.norm.interval(0.95, x.mean(0), stats.sem(x))
    np.testing.assert_allclose(figure.interval(x)["half"], (high - low) / 2, rtol=1e-3)

    def ratio_of_means(u: Any, v: Any, axis: int = 0) -> Any:
        return u.mean(axis) / v.mean(axis)

    by_scipy = stats.bootstrap(
        (x, y), ratio_of_means, n_resamples=1000, paired=True, vectorized=True, axis=0, rng=rng, method="percentile"
    ).confidence_interval
    np.testing.assert_allclose(figure.ratio(x, y, 0)["half"], (by_scipy.high - by_scipy.low) / 2, rtol=0.15)


def test_a_language_model_is_no_musicvae() -> None:
    assert "melody-lm" not in builtin_models()
    with pytest.raises(UnknownModelError, match="melody-lm"):
        mv.load("melody-lm")


@pytest.mark.parametrize("steps", [1, 2.5, float("nan"), "9"])
def test_steps_that_are_none_are_refused(model: mv.MusicVAE, tune_clips: Clips, steps: Any) -> None:
    with pytest.raises(ConfigError):
        model.data_interpolate(tune_clips[0], tune_clips[1], steps)


def test_seeds_and_numbers_that_are_none_are_refused(model: mv.MusicVAE) -> None:
    for n, seed in ((0, 0), (1.5, 0), (1, -1), (1, 0.5)):
        with pytest.raises(ConfigError):
            model.data_sample(n, seed)
    fresh = model.data_sample(1, None), model.data_sample(1, None)
    assert (fresh[0][0].tokens != fresh[1][0].tokens).any()


def test_nothing_and_the_wrong_music_are_refused(model: mv.MusicVAE, band: Any) -> None:  # noqa: F811
    drums = small("cat-drums_2bar_small").clips(band)
    for music in ([], drums[0]):
        with pytest.raises(NothingToEncodeError):
            model.cost(music)
        with pytest.raises(NothingToEncodeError):
            model.distance(music, model.data_sample(1))
        with pytest.raises(NothingToEncodeError):
            model.data_interpolate(model.data_sample(1), music, 3)


def test_the_bars_of_frere_jacques_come_in_pairs(model: mv.MusicVAE) -> None:
    assert model.bar_likeness(model.clips(tunes.load("frere-jacques"))[0]).tolist() == [[1, 1], [1, 1]]
    reel = model.bar_likeness(model.clips(tunes.load("soldiers-joy"))[0])
    assert reel[0, 1] == reel[1, 0] < 1


def test_a_model_without_bars_says_so() -> None:
    with pytest.raises(ConfigError, match="no bars to be compared"):
        small("multitrack-1bar").bar_likeness([])
