"""What every training run is: updates in a folder that can be left and taken up again."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm.auto import tqdm

from mvae_widgets.errors import CheckpointError, ConfigError, MusicVAEError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.logs import Log
from mvae_widgets.training.parallel import Team

__all__ = ["CHECKPOINT", "PROGRESS", "Plan", "Run", "learning_rate_at", "read_run"]

CHECKPOINT, PROGRESS = "checkpoint.safetensors", "progress.json"

SHORT_AVERAGE = 0.98
SEED_STRIDE = 1_000_003
RANK_STRIDE = 1 << 40
ANEW = "Choose another folder, or remove the file to begin anew."
LOWER = "Train at a lower rate; the last save is from before."


class Plan(Protocol):
    """What a run asks of its recipe: how many updates, and Adam's rate at each."""

    @property
    def steps(self) -> int:
        """Updates."""

    @property
    def learning_rate(self) -> float:
        """The highest rate."""

    @property
    def min_learning_rate(self) -> float:
        """The rate of the last update."""

    @property
    def warmup(self) -> int:
        """Updates over which the rate rises."""

    @property
    def hold(self) -> float:
        """Share of the run after which it falls."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""


def learning_rate_at(step: int, recipe: Plan) -> float:
    """Linear rise, plateau, linear fall to the least rate at the last step."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    held = recipe.hold * recipe.steps
    left = min(1.0, max(0.0, (recipe.steps - step) / (recipe.steps - held)))
    return recipe.min_learning_rate + (recipe.learning_rate - recipe.min_learning_rate) * left


class Run(ABC):
    """A network, its optimiser, and the folder that they are saved in.

    The folder gets ``checkpoint.safetensors`` (weights, optimiser and what else a run keeps),
    ``progress.json`` and ``metrics.csv``. Every step draws its batch and noise from its own seed, so a
    resumed run makes the same updates as one that never stopped. A run that goes wrong saves nothing more:
    what was last saved is whole, and is what it goes on from.

    Parameters
    ----------
    name
        For the progress bar, and so that no run is taken up as another one.
    model
        The network, on the team's device.
    plan
        The recipe.
    folder
        Where the run lives; the same for all of the team.
    team
        Who trains, and on what.
    seed
        Start of all random numbers.

    Attributes
    ----------
    kept, numbers
        Tensors and numbers that are saved and taken up again with the run; its own to fill.
    start
        What its weights were taken from, empty for random ones; None in runs of before this was kept.
    """

    def __init__(self, name: str, model: nn.Module, plan: Plan, folder: Path, team: Team, seed: int) -> None:
        self.name, self.network, self.plan, self.folder = name, model, plan, folder
        self.team, self.device, self.seed = team, team.device, seed
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=plan.learning_rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.kept: dict[str, Tensor] = {}
        self.numbers: dict[str, float] = {}
        self.start: str | None = None

    @property
    def checkpoint(self) -> Path:
        """Weights and optimiser state of the last save."""
        return self.folder / CHECKPOINT

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.step >= self.plan.steps

    @abstractmethod
    def update(self) -> dict[str, float]:
        """One step; returns the numbers to be shown."""

    def generator(self, step: int) -> torch.Generator:
        """The random numbers of one step, the same for all of the team."""
        return torch.Generator(self.device).manual_seed(self.seed * SEED_STRIDE + step)

    def own_generator(self, step: int) -> torch.Generator:
        """The random numbers of one step of this process of a team."""
        return self.generator(step + RANK_STRIDE * self.team.rank)

    @contextmanager
    def dropout_seeded(self) -> Iterator[None]:
        """Dropout takes its numbers from the global generator: each step seeds it, and leaves it as it was."""
        with torch.random.fork_rng(devices=[] if self.team.kind == "cpu" else [self.device]):
            torch.manual_seed(self.seed * SEED_STRIDE + self.step + RANK_STRIDE * self.team.rank)
            yield

    def descend(self, loss: Tensor, clip: float) -> None:
        """One step of the optimiser, at the rate of the plan, down a gradient no longer than `clip`.

        Parameters
        ----------
        loss
            Of this process's share of the batch, as a part of the whole batch's mean: the team's add up to it.
        clip
            Largest norm of the gradient.
        """
        rate = learning_rate_at(self.step, self.plan)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.team.sum([p.grad for p in self.parameters if p.grad is not None])
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, clip)
        if not bool(norm.isfinite()):
            raise MusicVAEError(f"In update {self.step + 1} the gradient is {norm.item()}.", LOWER)
        self.optimiser.step()
        self.step += 1

    def run(self, save_every: float = 120.0, report_every: int = 100, tensorboard: bool = False) -> None:
        """Train until `finished`; Ctrl-C ends the update that is being made, saves and stops.

        Parameters
        ----------
        save_every
            Seconds between two saves.
        report_every
            Updates between two reports.
        tensorboard
            Whether reports go to TensorBoard's files as well, see `logs.Log`.

        Raises
        ------
        CheckpointError
            If it cannot be saved.
        MusicVAEError
            If the loss is no number any more.
        """
        mean: dict[str, float] = {}
        started = saved = time.perf_counter()
        before = self.seconds
        self._agree()
        with self._writing():
            reports = None if self.team.rank else Log(self.folder, self.step, tensorboard)
        bar = tqdm(total=self.plan.steps, initial=self.step, unit="step", desc=self.name, disable=self.team.rank > 0)
        with bar, _patience() as asked:
            stop = False
            while not self.finished and not stop:
                for key, value in self.update().items():
                    if key not in self.numbers and not math.isfinite(value):
                        raise MusicVAEError(
                            f"After update {self.step} the {key} is {value}.",
                            LOWER,
                        )
                    old = value if key in self.numbers else mean.get(key, value)
                    mean[key] = value if old == value else SHORT_AVERAGE * old + (1 - SHORT_AVERAGE) * value
                bar.update()
                now = time.perf_counter()
                self.seconds = before + now - started
                if reports is not None and self.step % report_every == 0:
                    bar.set_postfix({key: f"{value:.3f}" for key, value in mean.items()})
                    with self._writing():
                        reports.write(self.step, self.seconds, mean)
                if now - saved > save_every:
                    self.save()
                    saved = now
                # All of a team stop at the same step, or some would wait for the others for ever.
                stop = self.team.total({"stop": float(bool(asked))})["stop"] > 0
            self.save()
        if reports is not None:
            reports.close()
        if stop:
            raise KeyboardInterrupt

    def save(self) -> None:
        """Write weights and optimiser, if this is rank 0; the old file stays whole until the new one is.

        Raises
        ------
        CheckpointError
            If that is not possible, the disk being full, say.
        """
        if self.team.rank:
            return
        tensors = {f"model.{name}": tensor for name, tensor in self.network.state_dict().items()}
        for k, parameter in enumerate(self.parameters):
            for name, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"adam.{k}.{name}"] = torch.as_tensor(value).clone()
        tensors |= {f"kept.{name}": tensor for name, tensor in self.kept.items()}
        words = {"name": self.name, "step": str(self.step), "seconds": str(self.seconds), **self._identity()}
        words |= {name: repr(value) for name, value in self.numbers.items()}
        if self.start is not None:
            words["start"] = self.start
        progress = {"step": self.step, "seconds": self.seconds, "recipe": self.plan.to_dict()}
        with self._writing():
            fresh = self.checkpoint.with_suffix(".new")
            try:
                save_file(tensors, fresh, words)
                _to_disk(fresh)
                fresh.replace(self.checkpoint)
            finally:
                fresh.unlink(missing_ok=True)
            (self.folder / PROGRESS).write_text(json.dumps(progress, indent=1) + "\n", encoding="utf-8")

    def load(self) -> None:
        """Take up the run where `save` left it.

        Raises
        ------
        CheckpointError
            If the file is damaged, or none of a run.
        ConfigError
            If it is the run of another network, learns from other collections, or with another seed.
        """
        words, tensors = _read(self.checkpoint, self.device)
        # Runs saved before there were names in the file are known by their shapes only.
        if words.get("name", self.name) != self.name:
            raise ConfigError(f"{self.folder} holds a run of {words['name']}, not of {self.name}.", ANEW)
        for what, mine in self._identity().items():
            # Runs saved before this was kept are taken at their word.
            if words.get(what, mine) != mine:
                raise ConfigError(f"The run in {self.folder} has {what} {words[what]}, not {mine}.", ANEW)
        self.start = words.get("start")
        try:
            self.network.load_state_dict(_part(tensors, "model."))
        except RuntimeError as error:
            raise ConfigError(f"{self.folder} holds the run of another network.", ANEW) from error
        for k, parameter in enumerate(self.parameters):
            if own := _part(tensors, f"adam.{k}."):
                self.optimiser.state[parameter] = {n: v.cpu() if n == "step" else v for n, v in own.items()}
        self.kept = _part(tensors, "kept.")
        self.numbers |= {name: float(words[name]) for name in self.numbers if name in words}
        self.step, self.seconds = int(words["step"]), float(words["seconds"])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What goes wrong in writing to the folder, as one clear error."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except (OSError, SafetensorError) as error:
            raise CheckpointError(
                f"The run in {self.folder} could not be saved at step {self.step}: {error}.",
                "What was saved before is whole: make room, and the same command goes on from there.",
            ) from error

    def _identity(self) -> dict[str, str]:
        """What makes a run this run, whatever its length and rate."""
        sources = self.plan.to_dict()["sources"]
        named = [f"{source['name']} ({source['voice']}, {source['weight']:g})" for source in sources]
        return {"collections": ", ".join(named), "seed": str(self.seed)}

    def fingerprint(self) -> dict[str, float]:
        """Numbers that are equal where the processes of a team see the same run and the same data."""
        weights = sum(p.detach().double().sum().item() for p in self.parameters)
        return {"run": float(self.step), "weights": weights}

    def _agree(self) -> None:
        """Refuse a team that does not begin at one step, with the same weights and data."""
        mine = self.fingerprint()
        ours = self.team.total(mine)
        wrong = [name for name, value in mine.items() if not math.isclose(ours[name], self.team.size * value)]
        # All of them refuse, or those that saw nothing wrong would wait for the others for ever.
        if self.team.total({"wrong": float(bool(wrong))})["wrong"]:
            raise ConfigError(
                f"The processes do not all see the same run in {self.folder}, or not the same data.",
                "Give folders that all machines share.",
            )


def read_run(folder: Path) -> tuple[ModelConfig, dict[str, Tensor], dict[str, Any]]:
    """What the run of a MusicVAE has come to, which may still go on.

    Parameters
    ----------
    folder
        Where the run lives.

    Returns
    -------
    config, state, recipe
        The network; its weights, the best so far where the run keeps those; the recipe, and in ``"done"`` the
        updates that were made.

    Raises
    ------
    CheckpointError
        If there is no whole checkpoint, or it is none of a MusicVAE.
    """
    words, tensors = _read(folder / CHECKPOINT, "cpu")
    try:
        recipe = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))["recipe"]
        config = ModelConfig.from_dict(recipe["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / PROGRESS} does not say what was trained.", "Go on with the run.") from error
    state = _part(tensors, "kept.") or _part(tensors, "model.")
    return config, state, recipe | {"done": int(words["step"])}


def _read(path: Path, device: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Words and tensors of a checkpoint."""
    try:
        with safe_open(path, "pt") as file:
            words = file.metadata() or {}
        tensors = load_file(path, device=device)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is missing or damaged: {error}.", ANEW) from error
    if not {"step", "seconds"} <= words.keys():
        raise CheckpointError(f"{path} is not the checkpoint of a run.", ANEW)
    return words, tensors


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


@contextmanager
def _patience() -> Iterator[list[int]]:
    """The first Ctrl-C is only noted, in the list; the second is as ever."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked  # where signals do not arrive
        return
    usual = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)


def _to_disk(path: Path) -> None:
    """Wait until a file is written for good: a name must not be given to what is not there yet."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
