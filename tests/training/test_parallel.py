"""Two processes make the updates that one makes with the whole batch, started by either launcher."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mvae_widgets.errors import ConfigError
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.parallel import Team, join
from tests.training.made_up import write_trios
from tests.training.together import RECIPE, train, trainer_of

SCRIPT = Path(__file__).with_name("together.py")
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LAUNCHERS = {
    "fabric": [str(BIN / "fabric"), "run", "--accelerator", "cpu", "--devices", "2", "--strategy", "ddp"],
    "torchrun": [str(BIN / "torchrun"), "--nproc-per-node", "2"],
}
needs_fabric = pytest.mark.skipif(
    importlib.util.find_spec("lightning_fabric") is None or not (BIN / "fabric").exists(),
    reason='Lightning Fabric is not installed: pip install "mvae_widgets[train]"',
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_trios(tmp_path)
    return tmp_path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def together(launcher: str, folder: Path, until: int) -> list[float]:
    """Losses that both processes report."""
    folder.mkdir(exist_ok=True)
    extra = ["--main-port", str(free_port())] if launcher == "fabric" else ["--standalone"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*LAUNCHERS[launcher], *extra, str(SCRIPT), str(folder), str(until)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((folder / f"losses-{rank}.json").read_text()) for rank in range(2))
    assert first == second
    return list(first)


def same(one: Path, two: Path) -> None:
    a, b = load_file(one / "checkpoint.safetensors"), load_file(two / "checkpoint.safetensors")
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        torch.testing.assert_close(b[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


@needs_fabric
@pytest.mark.parametrize(("launcher", "name"), [("fabric", "musicvae"), ("torchrun", "language")])
def test_two_learn_as_one(data: Path, launcher: str, name: str) -> None:
    alone = trainer_of(data, data / "alone" / name)
    losses = train(alone, 6)
    assert losses[-1] < losses[0]
    assert together(launcher, data / name, 6) == pytest.approx(losses, rel=1e-4)
    same(data / "alone" / name, data / name)


@needs_fabric
def test_a_run_goes_on_with_more_and_with_fewer_processes(data: Path) -> None:
    whole = train(trainer_of(data, data / "whole"), 6)
    first = train(trainer_of(data, data / "run"), 2)
    second = together("torchrun", data / "run", 4)
    third = train(trainer_of(data, data / "run"), 6)
    assert [*first, *second, *third] == pytest.approx(whole, rel=1e-4)
    same(data / "whole", data / "run")


class Second(Team):
    rank, size = 1, 2


def test_only_the_first_process_writes(data: Path) -> None:
    trainer = Trainer(RECIPE, data, data / "run", team=Second("cpu", "float32"))
    trainer.step = RECIPE.steps
    trainer.save()
    assert not (data / "run").exists()


def test_shares_are_the_batch() -> None:
    batch = torch.arange(15)
    team = Second("cpu", "float32")
    assert team.share(batch).tolist() == list(range(8, 15))
    assert Team("cpu", "float32").share(batch).tolist() == list(range(15))


def test_more_processes_than_clips_and_no_fabric(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    team = Second("cpu", "float32")
    team.size = 16
    with pytest.raises(ConfigError, match="16 processes cannot share 15 clips"):
        Trainer(RECIPE, data, data / "run", team=team)
    assert join("cpu", "bf16").size == 1
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(ConfigError, match=r"mvae_widgets\[train\]"):
        join("cpu", "bf16")


def test_processes_that_see_different_runs_stop(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(RECIPE, data, data / "run")
    trainer.team = Second("cpu", "float32")
    for what in ("run", "weights", "clips"):
        # The other process has one more of it.
        monkeypatch.setattr(
            trainer.team, "total", lambda mine, what=what: {k: 2 * v + (k in (what, "wrong")) for k, v in mine.items()}
        )
        with pytest.raises(ConfigError, match="do not all see the same run"):
            trainer.run()


def test_all_begin_with_what_the_first_was_taught() -> None:
    team = Second("cpu", "float32")
    weights = torch.full((3,), 7.0)
    team.sum = lambda tensors: [tensor.add_(5.0) for tensor in tensors]  # what the first has
    team.same([weights])
    assert weights.tolist() == [5.0] * 3
