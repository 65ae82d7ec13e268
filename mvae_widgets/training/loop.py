"""The training of a MusicVAE: resumable, interruptible, reproducible step by step."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from mvae_widgets.checkpoints.catalog import Bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import Decoder, shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.feeds import Rows, feed_for
from mvae_widgets.training.grow import take_over
from mvae_widgets.training.loss import beta_at, elbo_loss, kl_divergence, sampling_probability
from mvae_widgets.training.recipes import Recipe
from mvae_widgets.training.run import SEED_STRIDE, Run

__all__ = ["Trainer"]

VALIDATION_STEPS = 65_536


class Trainer(Run):
    """One run of a recipe; see `Run` for its folder. ``kept`` are the best weights so far, if it validates.

    Parameters
    ----------
    recipe
        What to do.
    data
        Folder of the prepared files.
    folder
        Where the run lives.
    device
        ``"cpu"`` or ``"cuda"``.
    seed
        Start of all random numbers.
    """

    def __init__(self, recipe: Recipe, data: Path, folder: Path, device: str = "cpu", seed: int = 0) -> None:
        torch.manual_seed(seed)
        config = recipe.config
        self.model = VAE(config).to(device)
        super().__init__(config.name, self.model, recipe, folder, device, seed)
        self.recipe = recipe
        self.feed = feed_for(*load_clips(data, recipe.sources, "train", config.steps), recipe, device)
        self.valid: Tensor | None = None
        if recipe.validate_every:
            held = feed_for(*load_clips(data, recipe.sources, "valid", config.steps), recipe, device)
            self.valid = held.pick(VALIDATION_STEPS // config.steps, self.generator(-1))
            self.numbers = {"valid_loss": math.inf, "best_loss": math.inf, "valid_accuracy": 0.0, "stale": 0.0}
        if self.checkpoint.exists():
            self.load()

    @property
    def finished(self) -> bool:
        """At the last step, or when the validation clips have long brought no new best."""
        patience = self.recipe.patience
        return super().finished or (0 < patience <= self.numbers.get("stale", 0.0))

    def start_from(self, bundle: Bundle) -> list[str]:
        """Take over the weights of a model of the recipe's shape, or what fits of a smaller one's.

        Returns
        -------
        list of str
            The parameters that were taken over.

        Raises
        ------
        ConfigError
            If its decoder does not fit.
        """
        try:
            return take_over(bundle.state, self.model)
        except ConfigError as error:
            raise ConfigError(f"The decoder of {bundle.name} does not fit this recipe.", "Start without it.") from error

    def take_best(self) -> None:
        """Put the best weights so far into the model; the last ones stay where nothing was validated."""
        if self.kept:
            self.model.load_state_dict(self.kept)

    def batch(self, step: int) -> tuple[Tensor, torch.Generator]:
        """Tokens ``[batch, ...]`` of one update, varied at random, and the step's generator."""
        generator = self.generator(step)
        return self.feed.draw(self.recipe.batch_size, generator), generator

    def update(self) -> dict[str, float]:
        """One step; returns loss, KL in bits and teacher-forced accuracy, and those on the validation clips."""
        recipe, step = self.recipe, self.step
        tokens, generator = self.batch(step)
        rows = self.feed.rows(tokens, recipe.config, generator)
        kept = torch.rand(*rows.y.shape[:2], 1, device=self.device, generator=generator) >= recipe.token_dropout
        chance = sampling_probability(step, recipe.sampling_schedule, recipe.sampling_rate)
        self.model.train()
        # Dropout takes its numbers from the global generator: each step seeds it, and leaves it as it was.
        with torch.random.fork_rng(devices=[] if self.device == "cpu" else [self.device]):
            torch.manual_seed(self.seed * SEED_STRIDE + step)
            logits, kl = self._forward(rows, shift(rows.y * kept), generator, chance)
        reconstruction = self.decoder.step_loss(logits, rows.y).sum(1)
        loss = elbo_loss(reconstruction, kl, beta_at(step, recipe.max_beta, recipe.beta_rate), recipe.free_bits)
        self.descend(loss, recipe.grad_clip)
        if recipe.validate_every and self.step % recipe.validate_every == 0:
            self._validate()
        seen = {name: value for name, value in self.numbers.items() if name != "stale"}
        return {
            "loss": loss.item(),
            "kl_bits": kl.mean().item() / math.log(2),
            "accuracy": self._accuracy(logits, rows.y),
            **seen,
        }

    @property
    def decoder(self) -> Decoder:
        """The model's, whatever its kind."""
        return cast("Decoder", self.model.decoder)

    def _forward(
        self, rows: Rows, previous: Tensor, generator: torch.Generator, chance: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            mu, sigma = self.model.encode(rows.x, None, rows.controls)
            z = mu + sigma * torch.randn(mu.shape, device=self.device, generator=generator)
            logits = self.decoder(z, previous, rows.controls, chance, generator)
        return logits, kl_divergence(mu, sigma)

    def _accuracy(self, logits: Tensor, y: Tensor) -> float:
        """Share of steps that are all right; of a groove, its hits."""
        chosen = self.decoder.likeliest(logits)
        if self.recipe.config.family == "groove":
            chosen, y = chosen.chunk(3, -1)[0], y.chunk(3, -1)[0]
        return float((chosen == y).all(-1).float().mean())

    @torch.no_grad()
    def _validate(self) -> None:
        """Loss and accuracy, teacher-forced, on clips that are not learnt from; never varied, beta at its largest."""
        assert self.valid is not None
        self.model.eval()
        recipe, generator = self.recipe, self.generator(-2)
        loss = accuracy = 0.0
        for tokens in self.valid.split(recipe.batch_size):
            rows = self.feed.rows(tokens, recipe.config)
            logits, kl = self._forward(rows, shift(rows.y), generator)
            reconstruction = self.decoder.step_loss(logits, rows.y).sum(1)
            share = len(tokens) / len(self.valid)
            loss += share * elbo_loss(reconstruction, kl, recipe.max_beta, recipe.free_bits).item()
            accuracy += share * self._accuracy(logits, rows.y)
        self.numbers |= {"valid_loss": loss, "valid_accuracy": accuracy, "stale": self.numbers["stale"] + 1}
        if loss < self.numbers["best_loss"]:
            self.numbers |= {"best_loss": loss, "stale": 0.0}
            self.kept = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
