"""What every training run is: updates in a folder that can be left and taken up again."""

from __future__ import annotations

import csv
import json
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm.auto import tqdm

from mvae_widgets.errors import ConfigError

__all__ = ["SEED_STRIDE", "Draw", "Pick", "Plan", "Run", "learning_rate_at"]

SHORT_AVERAGE = 0.98
SEED_STRIDE = 1_000_003


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


class Pick:
    """Clips drawn by weight.

    Parameters
    ----------
    tokens, weights
        ``[n, ...]`` and ``[n]``, as `dataset.load_clips` gives them.
    device
        Where the clips are kept.
    """

    def __init__(self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], device: str) -> None:
        self.tokens = torch.from_numpy(tokens.copy()).to(device)
        self.cumulative = torch.from_numpy(np.cumsum(weights / weights.sum())).to(device)
        self.device = device

    def __len__(self) -> int:
        return len(self.tokens)

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """Tokens ``[n, ...]``; whole numbers as int64."""
        drawn = torch.rand(n, dtype=torch.float64, device=self.device, generator=generator)
        tokens = self.tokens[torch.searchsorted(self.cumulative, drawn).clamp(max=len(self.tokens) - 1)]
        return tokens if tokens.is_floating_point() else tokens.long()


class Draw(Pick):
    """Melodies drawn by weight and transposed at random.

    Parameters
    ----------
    tokens, weights, device
        As for `Pick`.
    depth
        Size of the vocabulary; pitches begin at token 2.
    reach
        Largest transposition either way, in semitones.
    """

    def __init__(
        self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], depth: int, reach: int, device: str
    ) -> None:
        super().__init__(tokens, weights, device)
        self.depth, self.reach = depth, reach

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """Tokens ``[n, steps]``; a clip that a transposition would push out of the vocabulary stays as it is."""
        tokens = super().__call__(n, generator)
        by = torch.randint(-self.reach, self.reach + 1, (n, 1), device=self.device, generator=generator)
        moved = torch.where(tokens >= 2, tokens + by, tokens)
        fits = ((moved >= 2) | (tokens < 2)).all(1, keepdim=True) & (moved < self.depth).all(1, keepdim=True)
        return torch.where(fits, moved, tokens)


class Run(ABC):
    """A network, its optimiser, and the folder that they are saved in.

    The folder gets ``checkpoint.safetensors`` (weights, optimiser and what else a run keeps),
    ``progress.json`` and ``metrics.csv``. Every step draws its batch and noise from its own seed, so a
    resumed run makes the same updates as one that never stopped.

    Parameters
    ----------
    name
        For the progress bar.
    model
        The network, on the device.
    plan
        The recipe.
    folder
        Where the run lives.
    device
        ``"cpu"`` or ``"cuda"``.
    seed
        Start of all random numbers.

    Attributes
    ----------
    kept, numbers
        Tensors and numbers that are saved and taken up again with the run; its own to fill.
    """

    def __init__(self, name: str, model: nn.Module, plan: Plan, folder: Path, device: str, seed: int) -> None:
        self.name, self.network, self.plan, self.folder = name, model, plan, folder
        self.device, self.seed = device, seed
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=plan.learning_rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.kept: dict[str, Tensor] = {}
        self.numbers: dict[str, float] = {}
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        """Weights and optimiser state of the last save."""
        return self.folder / "checkpoint.safetensors"

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.step >= self.plan.steps

    @abstractmethod
    def update(self) -> dict[str, float]:
        """One step; returns the numbers to be shown."""

    def generator(self, step: int) -> torch.Generator:
        """The random numbers of one step."""
        return torch.Generator(self.device).manual_seed(self.seed * SEED_STRIDE + step)

    def descend(self, loss: Tensor, clip: float) -> None:
        """One step of the optimiser, at the rate of the plan, down a gradient no longer than `clip`."""
        rate = learning_rate_at(self.step, self.plan)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, clip)
        self.optimiser.step()
        self.step += 1

    def run(self, save_every: float = 120.0, report_every: int = 100) -> None:
        """Train until `finished`; Ctrl-C saves and stops."""
        mean: dict[str, float] = {}
        started = saved = time.perf_counter()
        before = self.seconds
        bar = tqdm(total=self.plan.steps, initial=self.step, unit="step", desc=self.name)
        try:
            while not self.finished:
                for key, value in self.update().items():
                    old = value if key in self.numbers else mean.get(key, value)
                    mean[key] = value if old == value else SHORT_AVERAGE * old + (1 - SHORT_AVERAGE) * value
                bar.update()
                now = time.perf_counter()
                self.seconds = before + now - started
                if self.step % report_every == 0:
                    bar.set_postfix({key: f"{value:.3f}" for key, value in mean.items()})
                    self._log(mean)
                if now - saved > save_every:
                    self.save()
                    saved = now
        finally:
            bar.close()
            self.save()

    def save(self) -> None:
        """Write weights and optimiser; the old file stays whole until the new one is."""
        tensors = {f"model.{name}": tensor for name, tensor in self.network.state_dict().items()}
        for k, parameter in enumerate(self.parameters):
            for name, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"adam.{k}.{name}"] = torch.as_tensor(value).clone()
        tensors |= {f"kept.{name}": tensor for name, tensor in self.kept.items()}
        words = {name: repr(value) for name, value in self.numbers.items()}
        fresh = self.checkpoint.with_suffix(".new")
        save_file(tensors, fresh, {"step": str(self.step), "seconds": str(self.seconds), **words})
        fresh.replace(self.checkpoint)
        progress = {"step": self.step, "seconds": self.seconds, "recipe": self.plan.to_dict()}
        (self.folder / "progress.json").write_text(json.dumps(progress, indent=1) + "\n", encoding="utf-8")

    def load(self) -> None:
        """Take up the run where `save` left it.

        Raises
        ------
        ConfigError
            If it is the run of another network.
        """
        from safetensors import safe_open

        with safe_open(self.checkpoint, "pt") as file:
            words = file.metadata() or {}
        tensors = load_file(self.checkpoint, device=self.device)

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}

        try:
            self.network.load_state_dict(part("model."))
        except RuntimeError as error:
            raise ConfigError(f"{self.folder} holds the run of another network.", "Choose another folder.") from error
        for k, parameter in enumerate(self.parameters):
            if own := part(f"adam.{k}."):
                self.optimiser.state[parameter] = {n: v.cpu() if n == "step" else v for n, v in own.items()}
        self.kept = part("kept.")
        self.numbers |= {name: float(words[name]) for name in self.numbers if name in words}
        self.step, self.seconds = int(words["step"]), float(words["seconds"])

    def _log(self, values: dict[str, float]) -> None:
        path = self.folder / "metrics.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", *values])
            writer.writerow([self.step, f"{self.seconds:.1f}", *(f"{v:.4f}" for v in values.values())])
