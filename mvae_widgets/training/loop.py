"""The training of a MusicVAE: resumable, interruptible, reproducible step by step."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from mvae_widgets.checkpoints.catalog import Bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import Decoder, shift
from mvae_widgets.nn.vae import VAE, valid_steps
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.feeds import Rows, feed_for
from mvae_widgets.training.fill import fill_prior
from mvae_widgets.training.grow import take_over
from mvae_widgets.training.loss import beta_at, elbo_loss, kl_divergence, sampling_probability
from mvae_widgets.training.parallel import Team
from mvae_widgets.training.recipes import Recipe
from mvae_widgets.training.run import Run
from mvae_widgets.training.upper import can_teach, lay_delay_lines, teach

__all__ = ["Trainer"]

VALIDATION_STEPS = 65_536
# By so many clips the covariance of the codes is known.
FILL_CLIPS, FILL_BATCH = 8192, 128


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
        ``"cpu"`` or ``"cuda"``, for a process alone.
    seed
        Start of all random numbers.
    team
        Who trains, and on what, if not a process alone.

    Attributes
    ----------
    resumed
        Whether it was taken up where it was left.

    Raises
    ------
    CheckpointError, ConfigError
        If what the folder holds cannot be taken up, or the data is not what the network takes.
    ReadError
        If the data cannot be read.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Path,
        folder: Path,
        device: str = "cpu",
        seed: int = 0,
        team: Team | None = None,
    ) -> None:
        team = team or Team(device, recipe.precision)
        if team.size > recipe.batch_size:
            raise ConfigError(f"{team.size} processes cannot share {recipe.batch_size} clips.", "Start fewer.")
        device, config = team.device, recipe.config
        torch.manual_seed(seed)
        self.model = VAE(config)
        if recipe.delay_lines:
            lay_delay_lines(self.model)
        self.model.to(device)
        super().__init__(config.name, self.model, recipe, folder, team, seed)
        self.recipe = recipe
        self.feed = feed_for(*load_clips(data, recipe.sources, "train", config.steps), recipe, device)
        self.valid: Tensor | None = None
        if recipe.validate_every:
            held = feed_for(*load_clips(data, recipe.sources, "valid", config.steps), recipe, device)
            self.valid = held.pick(VALIDATION_STEPS // config.steps, self.generator(-1))
            self.numbers = {"valid_loss": math.inf, "best_loss": math.inf, "valid_accuracy": 0.0, "stale": 0.0}
        self.resumed = self.checkpoint.exists()
        if self.resumed:
            self.load()

    @property
    def finished(self) -> bool:
        """At the last step, or when the validation clips have long brought no new best."""
        patience = self.recipe.patience
        return super().finished or (0 < patience <= self.numbers.get("stale", 0.0))

    def start_from(self, bundle: Bundle) -> list[str]:
        """Take over the weights of a model of the recipe's shape, or what fits of a smaller one's.

        A model of single bars also teaches a longer one's upper level (`upper.teach`), which takes minutes.

        Returns
        -------
        list of str
            The parameters that were taken over.

        Raises
        ------
        ConfigError
            If its decoder does not fit.
        """
        started = time.perf_counter()
        try:
            taken = take_over(bundle.state, self.model)
        except ConfigError as error:
            raise ConfigError(f"The decoder of {bundle.name} does not fit this recipe.", "Start without it.") from error
        short, recipe = VAE(bundle.config).to(self.device), self.recipe
        if can_teach(short, self.model):
            short.load_state_dict(bundle.state)
            autocast = self.team.autocast
            teach(self.model, short, self._rows, recipe.max_beta, recipe.free_bits, autocast, self.seed)
        # Each taught its own, on a machine that may round in another way.
        self.team.same(self.parameters)
        self.seconds += time.perf_counter() - started
        return taken

    def fingerprint(self) -> dict[str, float]:
        """See `Run`."""
        return super().fingerprint() | {"clips": self.feed.pick.tokens.sum(dtype=torch.float64).item()}

    def _rows(self, n: int, generator: torch.Generator) -> Rows:
        """So many clips, drawn as for an update."""
        return self.feed.rows(self.feed.draw(n, generator), self.recipe.config)

    def take_best(self) -> None:
        """Put the best weights so far into the model; the last ones stay where nothing was validated.

        Where the recipe says so they are brought to coordinates that fill the prior (`fill.fill_prior`): this is what
        ends a run.
        """
        if self.kept:
            self.model.load_state_dict(self.kept)
        if self.recipe.fill_prior:
            # As the collections have them: were they transposed, bars drawn from the prior would agree on no key.
            clips = self.feed.plain(FILL_CLIPS, self.generator(-3))
            fill_prior(self.model, (self.feed.rows(some, self.recipe.config) for some in clips.split(FILL_BATCH)))

    def batch(self, step: int) -> tuple[Tensor, torch.Generator]:
        """Tokens ``[batch, ...]`` of one update, varied at random, and the step's generator."""
        generator = self.generator(step)
        return self.feed.draw(self.recipe.batch_size, generator), generator

    def update(self) -> dict[str, float]:
        """One step; returns loss, KL in bits and teacher-forced accuracy, and those on the validation clips."""
        recipe, step = self.recipe, self.step
        tokens, generator = self.batch(step)
        whole = self.feed.rows(tokens, recipe.config, generator)
        kept = torch.rand(*whole.y.shape[:2], 1, device=self.device, generator=generator) >= recipe.token_dropout
        noise = torch.randn(len(tokens), recipe.config.z_size, device=self.device, generator=generator)
        if self.team.rank:
            generator = self.own_generator(step)
        rows, kept, noise = whole.map(self.team.share), self.team.share(kept), self.team.share(noise)
        chance = sampling_probability(step, recipe.sampling_schedule, recipe.sampling_rate)
        self.model.train()
        with self.dropout_seeded():
            logits, kl = self._forward(rows, shift(rows.y * kept), noise, chance, generator)
        reconstruction, accuracy = self._compare(logits, rows)
        part = len(noise) / len(tokens)
        beta = beta_at(step, recipe.max_beta, recipe.beta_rate)
        loss = part * elbo_loss(reconstruction, kl, beta, recipe.free_bits)
        self.descend(loss, recipe.grad_clip)
        if recipe.validate_every and self.step % recipe.validate_every == 0:
            self._validate()
        shown = {
            "loss": loss.item(),
            "kl_bits": part * kl.mean().item() / math.log(2),
            "accuracy": part * accuracy.mean().item(),
        }
        return self.team.total(shown) | {name: value for name, value in self.numbers.items() if name != "stale"}

    @property
    def decoder(self) -> Decoder:
        """The model's, whatever its kind."""
        return cast("Decoder", self.model.decoder)

    def _forward(
        self,
        rows: Rows,
        previous: Tensor,
        noise: Tensor,
        chance: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits ``[batch, steps, width]``, and KL in nats ``[batch]``: 0 where there is nothing variational."""
        with self.team.autocast():
            mu, sigma = self.model.encode(rows.x, rows.lengths, rows.controls)
            z = mu + sigma * noise if self.recipe.variational else mu
            logits = self.decoder(z, previous, rows.controls, chance, generator)
        return logits, kl_divergence(mu, sigma) if self.recipe.variational else torch.zeros_like(mu[:, 0])

    def _compare(self, logits: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """Nats of each clip, and the share of its steps that are all right (of a groove, its hits): ``[batch]``."""
        chosen, y = self.decoder.likeliest(logits), rows.y
        if self.recipe.config.family == "groove":
            chosen, y = chosen.chunk(3, -1)[0], y.chunk(3, -1)[0]
        nats, right = self.decoder.step_loss(logits, rows.y), (chosen == y).all(-1).float()
        if rows.lengths is None:
            return nats.sum(1), right.mean(1)
        valid = valid_steps(rows.lengths, y.shape[1])
        return (nats * valid).sum(1), (right * valid).sum(1) / valid.sum(1)

    @torch.no_grad()
    def _validate(self) -> None:
        """Loss and accuracy, teacher-forced, on clips that are not learnt from; never varied, beta at its largest."""
        assert self.valid is not None
        self.model.eval()
        recipe, count = self.recipe, len(self.valid)
        drawn = torch.randn(count, recipe.config.z_size, device=self.device, generator=self.generator(-2))
        tokens, drawn = self.team.share(self.valid), self.team.share(drawn)
        sums = {"loss": 0.0, "accuracy": 0.0}
        for start in range(0, len(tokens), recipe.batch_size):
            some = slice(start, start + recipe.batch_size)
            rows = self.feed.rows(tokens[some], recipe.config)
            logits, kl = self._forward(rows, shift(rows.y), drawn[some])
            reconstruction, accuracy = self._compare(logits, rows)
            sums["loss"] += len(kl) * elbo_loss(reconstruction, kl, recipe.max_beta, recipe.free_bits).item()
            sums["accuracy"] += accuracy.sum().item()
        mean = {name: value / count for name, value in self.team.total(sums).items()}
        loss, stale = mean["loss"], self.numbers["stale"] + 1
        self.numbers |= {"valid_loss": loss, "valid_accuracy": mean["accuracy"], "stale": stale}
        if loss < self.numbers["best_loss"]:
            self.numbers |= {"best_loss": loss, "stale": 0.0}
            self.kept = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
