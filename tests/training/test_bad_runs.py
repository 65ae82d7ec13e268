"""What goes wrong around a run: one clear error, or a clean start from what was last saved whole."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mvae_widgets.cli import main
from mvae_widgets.errors import CheckpointError, ConfigError, MusicVAEError, ReadError
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training import loop
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.run import read_run
from tests.training.made_up import write_drums, write_trios
from tests.training.together import DRUMS, RECIPE

ONE_ARRAY = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n7"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_trios(tmp_path)
    write_drums(tmp_path)
    return tmp_path


def trainer_of(data: Path, folder: str = "run", **changes: Any) -> Trainer:
    return Trainer(replace(RECIPE, **changes), data, data / folder)


def saved(data: Path, updates: int = 2) -> Trainer:
    trainer = trainer_of(data)
    for _ in range(updates):
        trainer.update()
    trainer.save()
    return trainer


# What is not data.


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive", b"not an archive at all", ONE_ARRAY])
def test_a_data_file_that_is_none(data: Path, content: bytes) -> None:
    (data / "trio.npz").write_bytes(content)
    with pytest.raises(ReadError, match=r"trio\.npz is no prepared file"):
        trainer_of(data)


def test_a_damaged_data_file(data: Path) -> None:
    whole = (data / "trio.npz").read_bytes()
    (data / "trio.npz").write_bytes(whole[:2000] + b"\xff" * 100 + whole[2100:])
    with pytest.raises(ReadError, match="or damaged"):
        trainer_of(data)


def test_a_data_file_of_another_layout(data: Path) -> None:
    np.savez(data / "trio.npz", songs=np.arange(9), split=np.zeros(3))
    with pytest.raises(ReadError, match="has no offsets, melody"):
        trainer_of(data)


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ReadError, match="No prepared data at"):
        trainer_of(tmp_path)
    for extra in ([], ["--collections", "all"]):
        out = tmp_path / "run"
        assert main(["train", "drums-2bar", "--data", str(tmp_path), "--out", str(out), "--device", "cpu", *extra]) == 1
        assert str(tmp_path) in capsys.readouterr().err
        assert not out.exists()


def test_step_codes_outside_the_vocabulary(data: Path) -> None:
    with np.load(data / "trio.npz") as file:
        arrays = dict(file)
    arrays["melody"] = np.where(arrays["melody"] == -1, -7, arrays["melody"])
    np.savez(data / "trio.npz", **arrays)
    with pytest.raises(ReadError, match="tokens that melody-2bar does not know"):
        trainer_of(data)


# What is not a checkpoint of this run.


def test_the_run_of_another_network_or_model(data: Path) -> None:
    saved(data)
    with pytest.raises(ConfigError, match="another network"):
        trainer_of(data, config=replace(RECIPE.config, z_size=9))
    # Of the same shapes.
    with pytest.raises(ConfigError, match="a run of melody-2bar, not of melody-2bar-ae"):
        trainer_of(data, config=replace(RECIPE.config, name="melody-2bar-ae"))


def test_a_run_with_other_collections_or_another_seed(data: Path) -> None:
    saved(data)
    other = tuple(replace(source, weight=source.weight / 2) for source in RECIPE.sources)
    with pytest.raises(ConfigError, match=r"has collections .*, not "):
        trainer_of(data, sources=other)
    with pytest.raises(ConfigError, match="has seed 0, not 1"):
        Trainer(RECIPE, data, data / "run", seed=1)
    # Longer, or at another rate, it is the same run.
    assert trainer_of(data, steps=99, learning_rate=1e-5).resumed


def test_a_gradient_that_is_no_number_changes_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trainer_of(data)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: torch.tensor(float("nan")), raising=True)
    with pytest.raises(MusicVAEError, match="In update 1 the gradient is nan") as caught:
        trainer.update()
    assert "lower rate" in caught.value.hint
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.model.state_dict().items())


def test_no_test_clips_are_noticed_before_the_training(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(data / "drums.npz") as file:
        arrays = dict(file)
    arrays["split"] = np.where(arrays["split"] == 2, 0, arrays["split"])
    np.savez(data / "drums.npz", **arrays)
    command = [
        "train",
        "drums-2bar",
        "--data",
        str(data),
        "--out",
        str(data / "run"),
        "--device",
        "cpu",
        "--steps",
        "1",
    ]
    assert main([*command, "--collections", "all"]) == 1
    assert "There is no test clip" in capsys.readouterr().err
    assert not (data / "run").exists()


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--device", "gpu7"), "The device 'gpu7' is not available"),
        (("--seed", "-1"), "no whole number from 0"),
        (("--temperature", "nan"), "temperature must be"),
        (("--threads", "0"), "not at least 1"),
    ],
)
def test_options_that_cannot_be(
    command: str, option: tuple[str, str], words: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if (command, option[0]) in {("train", "--temperature"), ("evaluate", "--threads")}:
        return
    try:
        code = main([command, "drums-2bar", "--data", str(data), *option])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code
    assert words in capsys.readouterr().err


def test_a_checkpoint_from_before_there_were_names(data: Path) -> None:
    trainer = saved(data)
    words = {"step": "2", "seconds": "1.5", "best_loss": "7.25"}
    save_file(load_file(trainer.checkpoint), trainer.checkpoint, words)
    resumed = trainer_of(data)
    assert (resumed.step, resumed.seconds, resumed.numbers["best_loss"]) == (2, 1.5, 7.25)


@pytest.mark.parametrize("size", [0, 7, 1000, -1])
def test_a_truncated_checkpoint(data: Path, size: int) -> None:
    trainer = saved(data)
    content = trainer.checkpoint.read_bytes()
    trainer.checkpoint.write_bytes(content[:size])
    with pytest.raises(CheckpointError, match="damaged") as caught:
        trainer_of(data)
    assert "begin anew" in caught.value.hint
    assert trainer.checkpoint.read_bytes() == content[:size], "it is not replaced"
    with pytest.raises(CheckpointError, match="damaged"):
        read_run(data / "run")


def test_weights_under_the_name_of_a_checkpoint(data: Path) -> None:
    trainer = saved(data)
    save_file(trainer.model.state_dict(), trainer.checkpoint)
    with pytest.raises(CheckpointError, match="not the checkpoint of a run"):
        trainer_of(data)


def test_what_a_run_has_come_to_can_be_read_while_it_goes_on(data: Path) -> None:
    trainer = saved(data)
    config, state, recipe = read_run(data / "run")
    assert config == RECIPE.config
    assert recipe["done"] == 2
    assert all(torch.equal(state[name], tensor) for name, tensor in trainer.kept.items())
    (data / "run" / "progress.json").write_text("{")
    with pytest.raises(CheckpointError, match="does not say what was trained"):
        read_run(data / "run")


# Saves that fail or are cut off.


def test_a_half_written_file_is_not_taken_for_whole(data: Path) -> None:
    trainer = saved(data)
    content = trainer.checkpoint.read_bytes()
    trainer.checkpoint.with_suffix(".new").write_bytes(content[: len(content) // 2])
    resumed = trainer_of(data)
    assert resumed.step == 2
    resumed.update()
    resumed.save()
    assert trainer_of(data).step == 3
    assert {path.name for path in (data / "run").iterdir()} == {"checkpoint.safetensors", "progress.json"}


@pytest.fixture
def no_room() -> Any:
    """Files may grow to 10 kB only: writes beyond fail as on a full disk."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_leaves_the_last_save_whole(data: Path, request: pytest.FixtureRequest) -> None:
    trainer = saved(data)
    content = trainer.checkpoint.read_bytes()
    assert len(content) > 10_000
    request.getfixturevalue("no_room")
    with pytest.raises(CheckpointError, match="could not be saved at step") as caught:
        trainer.run(save_every=0)
    assert "saved before is whole" in caught.value.hint
    assert trainer.checkpoint.read_bytes() == content
    assert not trainer.checkpoint.with_suffix(".new").exists()
    assert trainer_of(data).step == 2


def test_a_folder_that_cannot_be(data: Path) -> None:
    (data / "run").write_text("a file")
    with pytest.raises(CheckpointError, match="could not be saved at step 0"):
        trainer_of(data).run()


CUT_OFF = """
import sys
from pathlib import Path
from dataclasses import replace
from mvae_widgets.training import loop
from tests.training.together import RECIPE
# As many as conftest.py lets the runs of this process validate on.
loop.VALIDATION_STEPS = int(sys.argv[3])
trainer = loop.Trainer(replace(RECIPE, steps=int(sys.argv[2])), Path(sys.argv[1]), Path(sys.argv[1]) / "run")
print("goes", flush=True)
trainer.run(save_every=0, report_every=1)
"""


def cut_off(data: Path, steps: int, number: int, seconds: float) -> subprocess.Popen[str]:
    """A run that saves after every update, and is sent a signal after so long."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CUT_OFF, str(data), str(steps), str(loop.VALIDATION_STEPS)]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    assert run.stdout.readline() == "goes\n", run.communicate()[1]
    time.sleep(seconds)
    run.send_signal(number)
    run.communicate(timeout=120)
    return run


def test_killed_at_any_moment_it_goes_on_to_the_same_numbers(data: Path) -> None:
    steps = 100_000
    for seconds in (0.4, 0.47, 0.55):
        assert cut_off(data, steps, signal.SIGKILL, seconds).returncode == -signal.SIGKILL
    resumed = trainer_of(data, steps=steps)
    done = resumed.step
    assert done > 0
    whole = trainer_of(data, "whole", steps=steps)
    while whole.step < done:
        whole.update()
    for name, tensor in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[name], tensor, rtol=0, atol=0, msg=name)
    assert whole.update() == resumed.update()


def test_ctrl_c_saves_what_was_done(data: Path) -> None:
    steps = 100_000
    assert cut_off(data, steps, signal.SIGINT, 0.5).returncode not in (0, -signal.SIGKILL)
    done = json.loads((data / "run" / "progress.json").read_text())["step"]
    assert trainer_of(data, steps=steps).step == done
    last = (data / "run" / "metrics.csv").read_text().splitlines()[-1]
    assert int(last.split(",")[0]) == done, "nothing that was learnt is lost"


def test_a_loss_that_is_no_number_ends_the_run(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = saved(data)
    monkeypatch.setattr(trainer, "update", lambda: {"loss": float("nan")})
    with pytest.raises(MusicVAEError, match="After update 2 the loss is nan"):
        trainer.run()
    assert trainer_of(data).step == 2


def test_drums_and_melodies_are_told_apart(data: Path) -> None:
    with pytest.raises(ReadError, match="not what drums-2bar takes"):
        trainer_of(data, config=CONFIGS["drums-2bar"])
    with pytest.raises(ReadError, match="not what melody-2bar takes"):
        trainer_of(data, sources=DRUMS)
