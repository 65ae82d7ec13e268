"""How the language model of `nn.language_model` is trained, measured and written with its card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mvae_widgets.nn.language_model import LanguageModel
from mvae_widgets.training.dataset import STEPS_PER_BAR, Source, load_clips
from mvae_widgets.training.recipes import _BASSES, _MELODIES
from mvae_widgets.training.run import Draw, Run

__all__ = ["LANGUAGE_RECIPES", "LanguageRecipe", "LanguageTrainer"]


@dataclass(frozen=True)
class LanguageRecipe:
    """Everything that a run needs to know, apart from where the data is.

    Parameters
    ----------
    name
        Of the model.
    sources
        The training data.
    steps
        Updates, at most.
    tokens
        Steps of music in each update.
    bars
        Lengths of the windows, taken in turn: short ones as it is mostly asked about, long ones so that it
        stays sure of itself in longer clips.
    depth, sizes, dropout
        Shape of the network.
    learning_rate, min_learning_rate, warmup, hold
        Adam's rate rises over `warmup` steps, stays until the share `hold` of the run, falls linearly.
    transpose
        Largest transposition either way, in semitones.
    grad_clip
        Largest gradient norm.
    validate_every, patience
        Updates between two looks at the validation clips, and how many of those may bring no new best
        before the run ends. The best weights are kept.
    precision
        ``"bf16"`` or ``"float32"``.
    """

    name: str
    sources: tuple[Source, ...]
    steps: int
    tokens: int = 8192
    bars: tuple[int, ...] = (2, 8)
    depth: int = 90
    sizes: tuple[int, ...] = (192, 192)
    dropout: float = 0.2
    learning_rate: float = 3e-3
    min_learning_rate: float = 5e-5
    warmup: int = 200
    hold: float = 0.3
    transpose: int = 5
    grad_clip: float = 1.0
    validate_every: int = 250
    patience: int = 8
    precision: str = "bf16"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


LANGUAGE_RECIPES = {"melody-lm": LanguageRecipe("melody-lm", _MELODIES + _BASSES, steps=7000)}

VALIDATION_CLIPS = 4096


class LanguageTrainer(Run):
    """One run of a recipe; see `Run` for its folder.

    Parameters
    ----------
    recipe, data, folder, device, seed
        As for `loop.Trainer`.
    """

    def __init__(self, recipe: LanguageRecipe, data: Path, folder: Path, device: str = "cpu", seed: int = 0) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = LanguageModel(recipe.depth, recipe.sizes, recipe.dropout).to(device)
        super().__init__(recipe.name, self.model, recipe, folder, device, seed)
        self.recipe = recipe
        self.draws = []
        for bars in recipe.bars:
            clips = load_clips(data, recipe.sources, "train", bars * STEPS_PER_BAR)
            self.draws.append(Draw(*clips, recipe.depth, recipe.transpose, device))
        held = load_clips(data, recipe.sources, "valid", recipe.bars[0] * STEPS_PER_BAR)
        self.valid = Draw(*held, recipe.depth, recipe.transpose, device)(VALIDATION_CLIPS, self.generator(-1))
        # What knowing nothing costs, until there is something better.
        self.valid_bits = self.best_bits = float(np.log2(recipe.depth))
        self.stale = 0
        self.best: dict[str, Tensor] = {}
        if self.checkpoint.exists():
            self.load()

    @property
    def finished(self) -> bool:
        """At the last step, or when the validation clips have long brought no new best."""
        return super().finished or self.stale >= self.recipe.patience

    def batch(self, step: int) -> Tensor:
        """Tokens of one update, ``[n, steps]``."""
        turn = step % len(self.draws)
        return self.draws[turn](
            self.recipe.tokens // (self.recipe.bars[turn] * STEPS_PER_BAR), self.generator(step)
        )

    def update(self) -> dict[str, float]:
        """One step; returns bits a step on the batch, and on the validation clips when last looked at and at best."""
        tokens = self.batch(self.step)
        self.model.train()
        # Dropout takes its numbers from the global generator: each step seeds it, and leaves it as it was.
        with torch.random.fork_rng(devices=[] if self.device == "cpu" else [self.device]):
            torch.manual_seed(self.seed + self.step)
            with torch.autocast(self.device, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
                logits = self.model(tokens)
        loss = cross_entropy(logits.float().flatten(0, 1), tokens.flatten())
        self.descend(loss, self.recipe.grad_clip)
        if self.step % self.recipe.validate_every == 0:
            self._validate()
        return {"bits": loss.item() / float(np.log(2)), "valid_bits": self.valid_bits, "best_bits": self.best_bits}

    def _validate(self) -> None:
        self.model.eval()
        self.valid_bits = float(self.model.cost(self.valid).mean())
        self.stale += 1
        if self.valid_bits < self.best_bits:
            self.best_bits, self.stale = self.valid_bits, 0
            self.best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}

    def memory(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The best weights so far and how good they are."""
        numbers = {"valid_bits": self.valid_bits, "best_bits": self.best_bits, "stale": self.stale}
        return self.best, {name: repr(value) for name, value in numbers.items()}

    def recall(self, tensors: dict[str, Tensor], words: dict[str, str]) -> None:
        """Take up what `memory` gave."""
        self.best, self.stale = tensors, int(words["stale"])
        self.valid_bits, self.best_bits = float(words["valid_bits"]), float(words["best_bits"])
