"""The training of a language model on melody tokens (`nn.language_model`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mvae_widgets.nn.language_model import LanguageModel
from mvae_widgets.training.dataset import STEPS_PER_BAR, load_clips
from mvae_widgets.training.draws import Draw
from mvae_widgets.training.parallel import Team
from mvae_widgets.training.recipes import LanguageRecipe
from mvae_widgets.training.run import Run

__all__ = ["LanguageTrainer"]

VALIDATION_CLIPS = 4096


class LanguageTrainer(Run):
    """One run of a recipe; see `Run` for its folder. ``kept`` are the best weights so far.

    Parameters
    ----------
    recipe, data, folder, device, seed, team
        As for `loop.Trainer`.
    """

    def __init__(
        self,
        recipe: LanguageRecipe,
        data: Path,
        folder: Path,
        device: str = "cpu",
        seed: int = 0,
        team: Team | None = None,
    ) -> None:
        team = team or Team(device, recipe.precision)
        device = team.device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = LanguageModel(recipe.depth, recipe.sizes, recipe.dropout).to(device)
        super().__init__(recipe.name, self.model, recipe, folder, team, seed)
        self.recipe = recipe
        self.draws = []
        for bars in recipe.bars:
            clips = load_clips(data, recipe.sources, "train", bars * STEPS_PER_BAR)
            self.draws.append(Draw(*clips, recipe.depth, recipe.transpose, device))
        held = load_clips(data, recipe.sources, "valid", recipe.bars[0] * STEPS_PER_BAR)
        self.valid = Draw(*held, recipe.depth, recipe.transpose, device)(VALIDATION_CLIPS, self.generator(-1))
        # What knowing nothing costs, until there is something better.
        nothing = float(np.log2(recipe.depth))
        self.numbers = {"valid_bits": nothing, "best_bits": nothing, "stale": 0.0}
        if self.checkpoint.exists():
            self.load()

    def fingerprint(self) -> dict[str, float]:
        """See `Run`."""
        return super().fingerprint() | {"clips": sum(d.tokens.sum(dtype=torch.float64).item() for d in self.draws)}

    @property
    def finished(self) -> bool:
        """At the last step, or when the validation clips have long brought no new best."""
        return super().finished or self.numbers["stale"] >= self.recipe.patience

    def batch(self, step: int) -> Tensor:
        """Tokens of one update, ``[n, steps]``."""
        turn = step % len(self.draws)
        return self.draws[turn](self.recipe.tokens // (self.recipe.bars[turn] * STEPS_PER_BAR), self.generator(step))

    def update(self) -> dict[str, float]:
        """One step; returns bits a step on the batch, and on the validation clips when last looked at and at best."""
        whole = self.batch(self.step)
        tokens = self.team.share(whole)
        self.model.train()
        with self.dropout_seeded(), self.team.autocast():
            logits = self.model(tokens)
        loss = cross_entropy(logits.float().flatten(0, 1), tokens.flatten()) * (len(tokens) / len(whole))
        self.descend(loss, self.recipe.grad_clip)
        if self.step % self.recipe.validate_every == 0:
            self._validate()
        seen = {name: self.numbers[name] for name in ("valid_bits", "best_bits")}
        return {"bits": self.team.total({"bits": loss.item()})["bits"] / float(np.log(2)), **seen}

    def _validate(self) -> None:
        self.model.eval()
        cost = self.model.cost(self.team.share(self.valid)).sum().item()
        bits = self.team.total({"bits": cost})["bits"] / len(self.valid)
        self.numbers |= {"valid_bits": bits, "stale": self.numbers["stale"] + 1}
        if bits < self.numbers["best_bits"]:
            self.numbers |= {"best_bits": bits, "stale": 0.0}
            self.kept = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
