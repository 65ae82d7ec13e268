"""One loop for all families: its loss, its memory, its early end, and what is measured and written at the end."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import mvae_widgets as mv
from mvae_widgets.cli import main
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training import recipes
from mvae_widgets.training.dataset import Source, load_clips
from mvae_widgets.training.evaluate import decode_all, evaluate_parts, evaluate_prior, found_in, onset_f1
from mvae_widgets.training.evaluate_groove import TapTable, evaluate_groove
from mvae_widgets.training.feeds import rows_for
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.loss import kl_divergence
from mvae_widgets.training.recipes import RECIPES, Recipe
from tests.training.made_up import write_drums, write_trios

SMALL = (8, (12,), (16, 16))
DRUMS, GROOVES = Source("drums.npz", "drums", "gmd"), Source("drums.npz", "groove", "gmd")
MELODIES, TRIOS = Source("trio.npz", "melody", "band"), Source("trio.npz", "trio", "band")


def recipe_of(name: str) -> Recipe:
    config = CONFIGS[name].with_sizes(*SMALL)
    if config.bars == 16:
        # Two bars are enough to show the hierarchy.
        levels = (2, 16) if config.decoder_levels else ()
        config = replace(config, bars=2, steps=32, decoder_levels=levels, converter={"slice_bars": 2})
    source = {"drums": DRUMS, "groove": GROOVES, "melody": MELODIES, "trio": TRIOS}[config.family]
    return Recipe(
        config, (source,), 8, 16, warmup=2, precision="float32", cross=0.5, loudness=0.1, validate_every=3, patience=9
    )


NAMES = ("drums-2bar", "groove-2bar-humanize", "groove-2bar-tap", "melody-16bar", "melody-16bar-flat", "trio-16bar")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_drums(tmp_path)
    write_trios(tmp_path)
    return tmp_path


def trainer_of(recipe: Recipe, data: Path, folder: str = "run") -> Trainer:
    return Trainer(recipe, data, data / folder)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_of_its_model_and_family(name: str) -> None:
    assert set(RECIPES[name]) == {"cpu", "gpu"}
    for recipe in RECIPES[name].values():
        assert recipe.config.name == name
        assert json.loads(json.dumps(recipe.to_dict()))["config"]["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_and_resumes_to_the_same_numbers(name: str, data: Path) -> None:
    recipe = recipe_of(name)
    whole = trainer_of(recipe, data, "whole")
    first = whole.update()["loss"]
    whole.run()
    assert whole.update()["loss"] < first
    parts = trainer_of(recipe, data, "parts")
    for _ in range(4):
        parts.update()
    parts.save()
    torch.rand(100)
    resumed = trainer_of(recipe, data, "parts")
    assert (resumed.step, resumed.numbers) == (4, parts.numbers)
    resumed.run()
    one, two = (load_file(t.checkpoint) for t in (whole, resumed))
    assert one.keys() == two.keys()
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, rtol=0, atol=0, msg=key)
    assert any(key.startswith("kept.") for key in one)


@pytest.mark.parametrize("name", ["drums-2bar", "melody-16bar", "trio-16bar", "groove-2bar-tap"])
def test_the_loss_is_that_of_the_network(name: str, data: Path) -> None:
    recipe = replace(recipe_of(name), token_dropout=0.0, max_beta=0.3, beta_rate=0.0, free_bits=1.0)
    config = replace(recipe.config, training=recipe.config.training | {"dropout_keep_prob": 1.0})
    trainer = trainer_of(replace(recipe, config=config), data)
    trainer.update()
    model = trainer.model
    tokens, generator = trainer.batch(1)
    rows = trainer.feed.rows(tokens, config)
    torch.rand(16, 32, 1, generator=generator)  # which inputs are blanked: none
    with torch.no_grad():
        mu, sigma = model.encode(rows.x)
        z = mu + sigma * torch.randn(mu.shape, generator=generator)
        kl = kl_divergence(mu, sigma)
        expected = model.reconstruction_loss(z, rows.y).mean() + 0.3 * (kl - math.log(2)).clamp(min=0).mean()
    shown = trainer.update()
    assert shown["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert shown["kl_bits"] == pytest.approx(float(kl.mean()) / math.log(2), rel=1e-4)


def test_it_stops_when_nothing_gets_better_and_keeps_the_best(data: Path) -> None:
    # A rate that destroys what the first looks have found.
    recipe = replace(recipe_of("drums-2bar"), steps=300, learning_rate=3.0, warmup=60, hold=1.0, patience=2)
    trainer = trainer_of(recipe, data)
    trainer.run()
    assert trainer.finished
    assert trainer.step < 300
    assert trainer_of(recipe, data).finished
    best, last = trainer.numbers["best_loss"], trainer.numbers["valid_loss"]
    trainer.take_best()
    trainer._validate()
    assert trainer.numbers["valid_loss"] == pytest.approx(best, rel=1e-6)
    assert best < last


def test_drums_that_are_always_silent_score_what_silence_scores(data: Path) -> None:
    model = trainer_of(recipe_of("drums-2bar"), data).model.eval()
    with torch.no_grad():
        model.decoder.output.bias[0] = 1000.0
    tokens, weights = load_clips(data, [DRUMS], "test")
    (measured,) = evaluate_parts(model, tokens, progress=False).values()
    assert measured["always_empty"] == (tokens.sum(2) == 0).mean()
    for way in ("teacher_forced", "teacher_forced_sampled_z", "temperature_1", "argmax"):
        assert measured[way] == pytest.approx(measured["always_empty"])
    assert measured["exact"] == measured["onset_f1"] == 0.0
    shares = (tokens.sum(2) == 0).mean(1)
    assert measured["margin"]["argmax"] == pytest.approx(1.959964 * shares.std() / len(shares) ** 0.5)
    prior = evaluate_prior(model, tokens, weights, 20)
    assert (prior["at_least_3_onsets"], prior["in_training_set"], prior["samples"]["note_density"]) == (0, 0, 0)
    assert prior["data"]["note_density"] == pytest.approx(tokens.sum(2).mean())
    assert found_in(tokens[:2], tokens, model.config).all()
    changed = tokens[:1].copy()
    changed[0, 5] = 1 - changed[0, 5]
    assert not found_in(changed, tokens, model.config).any()


def test_f1_of_drums_by_hand() -> None:
    truth, decoded = np.zeros((2, 1, 4, 9), np.uint8)
    truth[0, 0, :3] = decoded[0, 0, :2] = 1
    decoded[0, 1, 5] = 1
    assert onset_f1(truth, decoded) == pytest.approx(2 * 2 / (3 + 3))


def test_a_trio_is_measured_part_by_part(data: Path) -> None:
    model = trainer_of(recipe_of("trio-16bar"), data).model.eval()
    tokens, _ = load_clips(data, [TRIOS], "test")
    measured = evaluate_parts(model, tokens, progress=False)
    assert list(measured) == ["melody", "bass", "drums"]
    decoded = decode_all(model, tokens, progress=False).way("argmax")
    for k, part in enumerate(measured):
        assert measured[part]["argmax"] == pytest.approx((decoded[..., k] == tokens[..., k]).mean())
    assert measured["bass"]["always_hold"] == pytest.approx(0.75)


def test_baselines_of_grooves_by_hand(data: Path) -> None:
    model = trainer_of(recipe_of("groove-2bar-humanize"), data).model.eval()
    groove = np.zeros((2, 32, 27), np.float32)
    groove[:, 0, [0, 9, 18]] = 1, 0.5, 0.5
    groove[:, 16, [0, 9, 18]] = 1, 0.7, 0.1
    groove[:, 4, [1, 10, 19]] = 1, 1.0, -0.5
    train = groove.copy()
    measured = evaluate_groove(model, groove, train, progress=False)
    mean = (0.5 + 0.7 + 1.0) / 3
    errors = np.array([0.5, 0.7, 1.0]) - mean
    assert measured["fixed_velocity_mae"] == pytest.approx(127 * np.abs(errors).mean(), rel=1e-5)
    assert measured["fixed_velocity_rmse"] == pytest.approx(127 * np.sqrt((errors**2).mean()), rel=1e-5)
    assert measured["fixed_timing_mae_ms"] == pytest.approx(62.5 * (0.5 + 0.1 + 0.5) / 3, rel=1e-5)
    # The kick at the first step of a bar is as usual 0.6 loud and 0.3 early.
    assert measured["typical_velocity_mae"] == pytest.approx(127 * (0.1 + 0.1 + 0) / 3, rel=1e-5)
    assert measured["typical_timing_mae_ms"] == pytest.approx(62.5 * (0.2 + 0.2 + 0) / 3, rel=1e-5)
    assert measured["hit_f1_baseline"] == 1.0, "hits are heard"
    played = decode_all(model, groove, progress=False).way("argmax")
    on = groove[..., :9] > 0.5
    assert measured["velocity_mae"] == pytest.approx(127 * np.abs(played[..., 9:18] - groove[..., 9:18])[on].mean())
    assert measured["timing_mse"] == pytest.approx((((played[..., 18:] - groove[..., 18:]) / 2)[on] ** 2).mean())


def test_the_drums_that_taps_stand_for() -> None:
    config = CONFIGS["groove-2bar-tap"]
    train = np.zeros((10, 32, 27), np.float32)
    train[:, 0, [0, 9]] = 1, 0.9
    train[:4, 8, [1, 10]] = train[4:, 8, [2, 11]] = 1, 0.9
    table = TapTable(train, rows_for(train, config).x.numpy())
    bits = table(rows_for(train[:1], config).x.numpy())
    assert np.argwhere(bits[0]).tolist() == [[0, 0], [8, 2]], "of two drums at a step the likelier"
    unheard = np.zeros((1, 32, 27), np.float32)
    unheard[0, [1, 16], 3] = 1
    # In the second bars of training nothing was tapped at step 0: what counts is the step of the bar, and the tap.
    assert np.argwhere(table(unheard)[0]).tolist() == [[16, 0]]


@pytest.mark.parametrize("name", ["drums-2bar", "groove-2bar-tap"])
def test_command_ends_in_a_model_that_loads(
    name: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(recipes.RECIPES, name, {"cpu": recipe_of(name)})
    monkeypatch.setattr("mvae_widgets.training.attributes.CLIPS", 400)
    out = data / "run"
    assert main(["train", name, "--data", str(data), "--out", str(out), "--device", "cpu"]) == 0
    page = capsys.readouterr().out
    assert ("Creative Commons Attribution 4.0" in page) == (name != "trio-16bar")
    model = mv.load(out / "model", device="cpu")
    assert model.has_places
    assert model.has_attributes
    assert len(model.sample(3, seed=0)) == 3
    card = json.loads((out / "model" / "card.json").read_text())
    assert card["training"]["updates"] == 8
    assert card["sources"][0].get("repo", "") == ("" if name == "trio-16bar" else "a repository")
    expected = {"drums-2bar": ["drums"], "groove-2bar-tap": ["grooves"], "trio-16bar": ["melody", "bass", "drums"]}
    assert list(card["measured"]) == expected[name]


def test_up_is_a_brighter_kit_and_right_is_busier(data: Path) -> None:
    from mvae_widgets.colour import Plane
    from mvae_widgets.training.attributes import encode_tokens, measures_of, plane_of

    trainer = trainer_of(replace(recipe_of("drums-2bar"), steps=60, learning_rate=1e-2), data)
    trainer.run()
    tokens, weights = load_clips(data, [DRUMS], "train")
    model = trainer.model.eval()
    places = Plane.from_dict(plane_of(model, tokens, weights)).place(encode_tokens(model, tokens))
    measures = measures_of(model.config)
    for axis, name in enumerate(("note_density", "brightness")):
        assert np.corrcoef(places[:, axis], measures[name](tokens))[0, 1] > 0.5
