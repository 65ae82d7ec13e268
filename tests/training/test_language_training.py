"""The language model's run on a small made-up collection: learns, stops in time, resumes to the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mvae_widgets.checkpoints.language_models import read_language_model
from mvae_widgets.cli import main
from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.training import language_card, recipes
from mvae_widgets.training.dataset import Source, load_clips
from mvae_widgets.training.language_model import LanguageTrainer
from mvae_widgets.training.recipes import LanguageRecipe

SOURCE = Source("melodies.npz", "steps", "scales")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """40 passages of eight bars: eighths that go up a major scale from different pitches."""
    rng = np.random.default_rng(0)
    codes = np.full((40, 128), -2, np.int8)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    for row in codes:
        row[::2] = rng.integers(50, 70) + np.tile(scale, 8)
        row[rng.choice(64, 6, replace=False) * 2] = -2
    np.savez(
        tmp_path / "melodies.npz",
        steps=codes.ravel(),
        offsets=np.arange(0, 41 * 128, 128),
        split=np.repeat([0, 1, 2], [30, 5, 5]).astype(np.uint8),
        source=np.zeros(40, np.uint8),
        source_names=np.array(["scales"]),
    )
    return tmp_path


@pytest.fixture
def recipe() -> LanguageRecipe:
    return LanguageRecipe(
        "melody-lm", (SOURCE,), 12, 1024, (2, 4), sizes=(24, 16), warmup=2, validate_every=3, precision="float32"
    )


def trainer_of(recipe: LanguageRecipe, data: Path, folder: str, seed: int = 0) -> LanguageTrainer:
    return LanguageTrainer(recipe, data, data / folder, seed=seed)


def test_windows_of_both_lengths_in_turn(data: Path, recipe: LanguageRecipe) -> None:
    trainer = trainer_of(recipe, data, "run")
    assert [tuple(trainer.batch(step).shape) for step in range(3)] == [(32, 32), (16, 64), (32, 32)]
    assert torch.equal(trainer.batch(5), trainer.batch(5))
    assert not torch.equal(trainer.batch(4), trainer.batch(6))


def test_it_learns(data: Path, recipe: LanguageRecipe) -> None:
    trainer = trainer_of(replace(recipe, steps=80, learning_rate=1e-2), data, "run")
    first = trainer.update()
    assert first["bits"] == pytest.approx(np.log2(90), abs=0.5)
    trainer.run()
    assert trainer.numbers["best_bits"] < 3.5, "tokens alone cost that much: half are holds, the rest 20 pitches"
    tokens, _ = load_clips(data, [SOURCE], "test")
    trainer.model.load_state_dict(trainer.kept)
    assert float(trainer.model.eval().cost(torch.from_numpy(tokens.astype(np.int64))).mean()) < 3.5


def test_it_resumes_to_the_same_numbers(data: Path, recipe: LanguageRecipe) -> None:
    whole = trainer_of(recipe, data, "whole")
    whole.run()
    parts = trainer_of(recipe, data, "parts")
    for _ in range(7):
        parts.update()
    parts.save()
    torch.rand(100)
    resumed = trainer_of(recipe, data, "parts")
    assert (resumed.step, resumed.numbers) == (7, parts.numbers)
    assert resumed.kept.keys() == resumed.model.state_dict().keys()
    resumed.run()
    assert resumed.numbers == whole.numbers
    one, two = (load_file(t.checkpoint) for t in (whole, resumed))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=0, msg=name)
    assert any(name.startswith("kept.") for name in one)


def test_an_interrupted_save_leaves_the_last_one_whole(
    data: Path, recipe: LanguageRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of(recipe, data, "run")
    trainer.update()
    trainer.save()
    trainer.update()

    def half_a_file(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("mvae_widgets.training.run.save_file", half_a_file)
    with pytest.raises(CheckpointError, match="at step 2: No space left"):
        trainer.save()
    assert trainer_of(recipe, data, "run").step == 1


def test_a_run_of_another_network_is_not_taken_up(data: Path, recipe: LanguageRecipe) -> None:
    trainer_of(recipe, data, "run").save()
    with pytest.raises(ConfigError, match="another network"):
        trainer_of(replace(recipe, sizes=(8, 8)), data, "run")


def test_it_stops_when_nothing_gets_better_and_keeps_the_best(data: Path, recipe: LanguageRecipe) -> None:
    # A rate that destroys what the first looks have found.
    recipe = replace(recipe, steps=400, learning_rate=3.0, warmup=100, hold=1.0, patience=2)
    trainer = trainer_of(recipe, data, "run")
    trainer.run()
    assert trainer.step < 400
    assert trainer.finished
    trainer.model.load_state_dict(trainer.kept)
    kept = float(trainer.model.eval().cost(trainer.valid).mean())
    assert kept == pytest.approx(trainer.numbers["best_bits"], rel=1e-6)
    assert kept < trainer.numbers["valid_bits"]
    again = trainer_of(recipe, data, "run")
    assert again.finished, "taking the run up again does not go on"


def test_command_ends_in_weights_and_card(
    data: Path, recipe: LanguageRecipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(recipes.LANGUAGE_RECIPES, "melody-lm", recipe)
    monkeypatch.setattr(language_card, "HELD_OUT", (SOURCE,))
    out = data / "run"
    command = ["train", "melody-lm", "--data", str(data), "--out", str(out), "--device", "cpu"]
    assert main(command) == 0
    assert "bits a step" in capsys.readouterr().out
    card = json.loads((out / "model" / "card.json").read_text())
    model = read_language_model(out / "model")
    assert card["kind"] == "language model"
    assert card["parameters"] == sum(p.numel() for name, p in model.named_parameters() if "bias_hh" not in name)
    tokens, _ = load_clips(data, [SOURCE], "test")
    measured = card["measured"]["melodies"]
    bits = model.cost(torch.from_numpy(tokens.astype(np.int64)))
    assert measured["clips"] == len(tokens)
    assert measured["bits"] == pytest.approx(float(bits.mean()), abs=1e-6)
    assert main([*command, "--recipe", "gpu"]) == 1
    assert "one recipe" in capsys.readouterr().err


def test_damaged_files_are_named(data: Path, recipe: LanguageRecipe) -> None:
    trainer = trainer_of(recipe, data, "run")
    trainer.update()
    trainer.save()
    with pytest.raises(CheckpointError, match="Cannot read"):
        read_language_model(data / "nowhere")
    folder = data / "damaged"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(trainer.checkpoint.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="Cannot read"):
        read_language_model(folder)
    (folder / "weights.safetensors").write_bytes(trainer.checkpoint.read_bytes())
    with pytest.raises(CheckpointError, match="not a language model"):
        read_language_model(folder)
