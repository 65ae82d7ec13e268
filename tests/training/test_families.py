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
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.loss import kl_divergence
from mvae_widgets.training.recipes import RECIPES, Recipe
from tests.training.made_up import write_drums, write_multitracks, write_trios

SMALL = (8, (12,), (16, 16))
DRUMS, GROOVES = Source("drums.npz", "drums", "gmd"), Source("drums.npz", "groove", "gmd")
MELODIES, TRIOS = Source("trio.npz", "melody", "band"), Source("trio.npz", "trio", "band")
MULTITRACKS = Source("multitrack.npz", "multitrack", "band")
SOURCES = {"drums": DRUMS, "groove": GROOVES, "melody": MELODIES, "trio": TRIOS, "multitrack": MULTITRACKS}
NAMES = tuple(RECIPES)


def recipe_of(name: str) -> Recipe:
    config = CONFIGS[name].with_sizes(*SMALL)
    if config.bars == 16:
        # Two bars are enough to show the hierarchy.
        up, down = (16, 2) if config.encoder_levels else (), (2, 16) if config.decoder_levels else ()
        config = replace(config, bars=2, steps=32, encoder_levels=up, decoder_levels=down, converter={"slice_bars": 2})
    return Recipe(
        config,
        (SOURCES[config.family],),
        8,
        16,
        warmup=2,
        precision="float32",
        cross=0.5,
        loudness=0.1,
        variational=RECIPES[name]["cpu"].variational,
        validate_every=3,
        patience=9,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_drums(tmp_path)
    write_trios(tmp_path)
    write_multitracks(tmp_path)
    return tmp_path


def trainer_of(recipe: Recipe, data: Path, folder: str = "run") -> Trainer:
    return Trainer(recipe, data, data / folder)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_of_its_model_and_family(name: str) -> None:
    assert set(RECIPES[name]) == {"cpu", "gpu"}
    for recipe in RECIPES[name].values():
        assert recipe.config.name == name
        assert json.loads(json.dumps(recipe.to_dict()))["config"]["name"] == name


@torch.no_grad()
def cost(trainer: Trainer, tokens: torch.Tensor) -> float:
    """Nats that the same clips cost."""
    model = trainer.model.eval()
    rows = trainer.feed.rows(tokens, trainer.recipe.config)
    mu, _ = model.encode(rows.x, rows.lengths)
    return float(model.reconstruction_loss(mu, rows.y, rows.lengths).mean())


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_and_resumes_to_the_same_numbers(name: str, data: Path) -> None:
    recipe = recipe_of(name)
    whole = trainer_of(recipe, data, "whole")
    tokens, _ = whole.batch(0)
    before = cost(whole, tokens)
    whole.run()
    assert cost(whole, tokens) < before
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


@pytest.mark.parametrize("name", ["drums-2bar", "melody-16bar", "trio-16bar", "groove-2bar-tap", "multitrack-1bar"])
def test_the_loss_is_that_of_the_network(name: str, data: Path) -> None:
    recipe = replace(recipe_of(name), token_dropout=0.0, max_beta=0.3, beta_rate=0.0, free_bits=1.0)
    config = replace(recipe.config, training=recipe.config.training | {"dropout_keep_prob": 1.0})
    trainer = trainer_of(replace(recipe, config=config), data)
    trainer.update()
    model = trainer.model
    tokens, generator = trainer.batch(1)
    rows = trainer.feed.rows(tokens, config)
    torch.rand(16, config.steps, 1, generator=generator)  # which inputs are blanked: none
    with torch.no_grad():
        mu, sigma = model.encode(rows.x, rows.lengths)
        z = mu + sigma * torch.randn(mu.shape, generator=generator)
        kl = kl_divergence(mu, sigma)
        expected = (
            model.reconstruction_loss(z, rows.y, rows.lengths).mean() + 0.3 * (kl - math.log(2)).clamp(min=0).mean()
        )
    shown = trainer.update()
    assert shown["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert shown["kl_bits"] == pytest.approx(float(kl.mean()) / math.log(2), rel=1e-4)


def test_a_plain_autoencoder_draws_nothing_and_pays_no_kl(data: Path) -> None:
    recipe = replace(recipe_of("melody-2bar-ae"), token_dropout=0.0, max_beta=1.0)
    trainer = trainer_of(recipe, data)
    rows = trainer.feed.rows(trainer.batch(0)[0], recipe.config)
    with torch.no_grad():
        expected = trainer.model.reconstruction_loss(trainer.model.encode(rows.x)[0], rows.y).mean()
    before = {name: tensor.clone() for name, tensor in trainer.model.named_parameters()}
    shown = trainer.update()
    assert shown["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert shown["kl_bits"] == 0
    after = dict(trainer.model.named_parameters())
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert "posterior.mu.weight" in changed
    assert not any(name.startswith("posterior.sigma") for name in changed)
    assert not RECIPES["melody-2bar-ae"]["cpu"].variational
    assert RECIPES["melody-2bar-ae"]["cpu"].sources == RECIPES["melody-2bar"]["cpu"].sources


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
