"""The loop on a small made-up collection: learns, resumes to the same numbers, ends in a loadable model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import mvae_widgets as mv
from mvae_widgets.cli import main
from mvae_widgets.errors import ReadError
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training import recipes
from mvae_widgets.training.dataset import Source, load_clips, windows
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.recipes import Recipe
from mvae_widgets.training.run import learning_rate_at

SOURCE = Source("melodies.npz", "steps", "scales")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """40 passages of four bars: scales of eighths from different pitches."""
    rng = np.random.default_rng(0)
    codes = np.full((40, 64), -2, np.int8)
    for row in codes:
        row[::2] = 55 + rng.integers(0, 12) + rng.choice([0, 2, 4, 5, 7], 32)
        row[rng.choice(32, rng.integers(0, 10), replace=False) * 2] = -2
        row[-1] = -1
    np.savez(
        tmp_path / "melodies.npz",
        steps=codes.ravel(),
        offsets=np.arange(0, 41 * 64, 64),
        split=np.repeat([0, 1, 2], [30, 5, 5]).astype(np.uint8),
        source=np.zeros(40, np.uint8),
        source_names=np.array(["scales"]),
    )
    return tmp_path


@pytest.fixture
def recipe() -> Recipe:
    config = CONFIGS["melody-2bar"].with_sizes(8, (16,), (24, 24))
    return Recipe(config, (SOURCE,), steps=8, batch_size=16, warmup=2, precision="float32")


def test_windows_follow_the_specification() -> None:
    codes = np.full(48, -2, np.int8)
    codes[[0, 20, 24, 30]] = [-1, 60, 62, 64]
    codes[33] = -1
    cut = windows(codes, 32)
    assert len(cut) == 2
    assert cut[0].tolist()[:1] == [0], "a note-off before the first onset becomes a hold"
    assert cut[0][20] == 60 - 19
    assert cut[1][33 - 16] == 1
    codes[24] = 120
    assert len(windows(codes, 32)) == 0, "a pitch outside the range"
    assert len(windows(codes[:16], 32)) == 0


def test_clips_are_distinct_and_missing_data_is_named(data: Path) -> None:
    tokens, weights = load_clips(data, [SOURCE, replace(SOURCE, weight=3.0)], "train")
    assert len(np.unique(tokens, axis=0)) == len(tokens) == len(weights)
    assert len(tokens) <= 90
    assert set(weights) == {3.0}
    with pytest.raises(ReadError, match="nowhere"):
        load_clips(data / "nowhere", [SOURCE], "train")
    with pytest.raises(ReadError, match="chords"):
        load_clips(data, [replace(SOURCE, voice="chords")], "train")


def test_learning_rate_rises_holds_and_falls(recipe: Recipe) -> None:
    long = replace(recipe, steps=100, warmup=10, hold=0.4, learning_rate=1.0, min_learning_rate=0.1)
    assert learning_rate_at(4, long) == 0.5
    assert learning_rate_at(10, long) == learning_rate_at(40, long) == 1.0
    assert learning_rate_at(70, long) == pytest.approx(0.55)
    assert learning_rate_at(100, long) == pytest.approx(0.1)


@pytest.mark.parametrize("sampling", [0.0, 0.5])
def test_it_learns_and_resumes_to_the_same_numbers(data: Path, tmp_path: Path, recipe: Recipe, sampling: float) -> None:
    recipe = replace(recipe, sampling_rate=sampling)
    whole = Trainer(recipe, data, tmp_path / "whole")
    first = whole.update()["loss"]
    whole.run()
    assert whole.update()["loss"] < first
    parts = Trainer(recipe, data, tmp_path / "parts")
    for _ in range(4):
        parts.update()
    parts.save()
    resumed = Trainer(recipe, data, tmp_path / "parts")
    assert resumed.step == 4
    resumed.run()
    one, two = (load_file(t.checkpoint) for t in (whole, resumed))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=0, msg=name)


def test_the_second_bias_stays_zero(data: Path, tmp_path: Path, recipe: Recipe) -> None:
    trainer = Trainer(recipe, data, tmp_path / "run")
    trainer.run()
    biases = [p for name, p in trainer.model.named_parameters() if ".bias_hh_" in name]
    assert len(biases) == 4
    assert not any(p.any() for p in biases)


def test_command_ends_in_a_model_that_loads(
    data: Path,
    tmp_path: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(recipes.RECIPES, "melody-2bar", {"cpu": recipe})
    out = tmp_path / "run"
    assert main(["train", "melody-2bar", "--data", str(data), "--out", str(out), "--device", "cpu"]) == 0
    assert "onset F1" in capsys.readouterr().out
    model = mv.load(out / "model", device="cpu")
    assert model.has_places
    assert model.config.z_size == 8
    assert len(model.sample(3, seed=0)) == 3
    facts = json.loads((out / "model" / "card.json").read_text())
    assert facts["training"]["started_from"] == "From random weights."
    assert main(["train", "melody-2bar", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x")]) == 1
    assert main(["train", "drums-9bar", "--data", str(data)]) == 1
    assert "drums-9bar" in capsys.readouterr().err
