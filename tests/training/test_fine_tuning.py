"""Going on with a model: Magenta's own files in, the same network, learnt further, out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import mvae_widgets as mv
from mvae_widgets.checkpoints.catalog import read_bundle
from mvae_widgets.cli import main
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training.logs import Log
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.measure_data import material_for
from mvae_widgets.training.recipes import RECIPES, recipe_for
from tests.training.made_up import write_drums, write_trios

MAGENTA = ("cat-mel_2bar_small", "nade-drums_2bar_reduced", "groovae_2bar_humanize")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_trios(tmp_path)
    write_drums(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MAGENTA)
def test_a_few_updates_of_magentas_weights_lower_the_loss(name: str, data: Path, fixtures: Path) -> None:
    bundle = read_bundle(fixtures / "families" / name)
    recipe = recipe_for(bundle.config, "cpu")
    assert recipe.config == bundle.config
    sources = tuple(material_for(bundle.config, data, None).train)
    recipe = replace(recipe, sources=sources, steps=30, batch_size=32, warmup=2, validate_every=10)
    trainer = Trainer(recipe, data, data / "run")
    taken = trainer.start_from(bundle)
    assert len(taken) == len(bundle.state)
    assert all(torch.equal(trainer.model.state_dict()[k], tensor) for k, tensor in bundle.state.items())
    trainer._validate()
    before = trainer.numbers["valid_loss"]
    trainer.run()
    assert trainer.numbers["best_loss"] < 0.9 * before


def test_the_recipe_is_that_of_the_model_most_alike() -> None:
    alike = {
        "cat-mel_2bar_big": "melody-2bar",
        "hierdec-mel_16bar": "melody-16bar",
        "flat-mel_16bar": "melody-16bar-flat",
        "cat-drums_2bar_small": "drums-2bar",
        "groovae_4bar": "groove-2bar-humanize",
        "groovae_2bar_tap_fixed_velocity": "groove-2bar-tap",
        "flat-trio_16bar": "trio-16bar",
        "hier-multiperf_vel_1bar_big": "multitrack-1bar",
    }
    for name, own in alike.items():
        recipe = RECIPES[own]["cpu"]
        assert recipe_for(CONFIGS[name], "cpu") == replace(recipe, config=CONFIGS[name])
    with pytest.raises(ConfigError, match="no tpu recipe for melody"):
        recipe_for(CONFIGS["melody-2bar"], "tpu")


def test_the_command_goes_on_with_a_network_that_has_no_recipe(
    data: Path, fixtures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start, out = fixtures / "families" / "nade-drums_2bar_reduced", data / "run"
    command = ["train", "--start", str(start), "--data", str(data), "--out", str(out), "--device", "cpu"]
    command += ["--collections", "all", "--steps", "3", "--precision", "float32", "--learning-rate", "1e-4"]
    assert main(command) == 0
    assert "tensors taken over" in capsys.readouterr().out
    model = mv.load(out / "model", device="cpu")
    assert model.config == read_bundle(start).config
    assert len(model.sample(2, seed=0)) == 2
    card = json.loads((out / "model" / "card.json").read_text())
    assert card["training"]["started_from"] == f"Continued from {start}."
    assert (card["recipe"]["learning_rate"], card["recipe"]["precision"]) == (1e-4, "float32")
    progress = json.loads((out / "progress.json").read_text())
    assert progress["step"] == 3
    # Once it is under way, the run goes on with its own weights.
    before = load_file(out / "checkpoint.safetensors")
    assert main(command) == 0
    assert "taken over" not in capsys.readouterr().out
    after = load_file(out / "checkpoint.safetensors")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_what_was_taken_over_is_kept_though_no_update_was_made(
    data: Path, fixtures: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    start, out = fixtures / "families" / "nade-drums_2bar_reduced", data / "run"
    command = ["train", "--start", str(start), "--data", str(data), "--out", str(out), "--device", "cpu"]
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "run", interrupt)
        for again in range(2):
            assert main([*command, "--collections", "all", "--steps", "3"]) != 0
            assert ("taken over" in capsys.readouterr().out) is not bool(again)
    kept = load_file(out / "checkpoint.safetensors")
    assert all(torch.equal(kept[f"model.{name}"], tensor) for name, tensor in read_bundle(start).state.items())


def test_what_cannot_be_gone_on_with(data: Path, fixtures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    families, where = fixtures / "families", ["--data", str(data), "--out", str(data / "run"), "--device", "cpu"]
    chords = str(families / "hier-multiperf_vel_1bar_med_chords")
    drums = str(families / "nade-drums_2bar_reduced")
    for command, message in (
        ([], "nothing to train"),
        (["--start", str(data / "nowhere")], "no model"),
        (["--start", chords, "--collections", "all"], "chords"),
        (["melody-2bar", "--start", drums, "--collections", "all"], "decoder of nade-drums_2bar_reduced does not fit"),
        (["melody-2bar", "--recipe", "tpu"], "no recipe 'tpu'"),
        (["melody-lm", "--start", drums], "starts from random weights"),
        (["--start", drums, "--config", "cat-mel_2bar_small"], "cat-mel_2bar_small"),
    ):
        assert main(["train", *command, *where]) == 1, command
        assert message in capsys.readouterr().err
    assert not (data / "run").exists()


def test_tensorboard_reads_what_is_logged(data: Path, fixtures: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is an extra")
    log = Log(data, 0, tensorboard=True)
    for step in (1, 2, 3):
        log.write(step, 1.0, {"loss": 1.0 / step, "kl_bits": 7.0})
    log.close()
    # It was cut off after its last save, at 2, and goes on from there.
    again = Log(data, 2, tensorboard=True)
    again.write(3, 2.0, {"loss": 5.0, "kl_bits": 8.0})
    again.close()
    rows = [line.split(",") for line in (data / "metrics.csv").read_text().splitlines()]
    assert rows == [
        ["step", "seconds", "loss", "kl_bits"],
        ["1", "1.0", "1.0000", "7.0000"],
        ["2", "1.0", "0.5000", "7.0000"],
        ["3", "2.0", "5.0000", "8.0000"],
    ]
    # In a process of its own: what TensorBoard imports is none of ours.
    code = "import json, sys; from tensorboard.backend.event_processing.event_accumulator import EventAccumulator as E;"
    code += "e = E(sys.argv[1]); e.Reload(); print(json.dumps([[s.step, s.value] for s in e.Scalars('loss')]))"
    command = [sys.executable, "-W", "ignore", "-c", code, str(data / "tensorboard")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert np.allclose(json.loads(done.stdout.splitlines()[-1]), [[1, 1.0], [2, 0.5], [3, 5.0]])


def test_a_table_that_was_cut_off_in_a_row_goes_on_whole(tmp_path: Path) -> None:
    log = Log(tmp_path, 0)
    log.write(100, 1.0, {"loss": 2.0})
    log.write(200, 2.0, {"loss": 1.0})
    with log.path.open("a") as file:
        file.write("300,3.")
    again = Log(tmp_path, 400)
    again.write(400, 4.0, {"loss": 0.5, "more": 1.0})
    rows = log.path.read_text().splitlines()
    assert rows == ["step,seconds,loss", "100,1.0,2.0000", "200,2.0,1.0000", "400,4.0,0.5000"]


def test_no_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"mvae_widgets\[train\]"):
        Log(tmp_path, 0, tensorboard=True)
