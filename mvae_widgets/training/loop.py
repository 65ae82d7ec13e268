"""The training loop: resumable, interruptible, reproducible step by step."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import one_hot
from tqdm.auto import tqdm

from mvae_widgets.checkpoints.catalog import Bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.loss import beta_at, elbo_loss, kl_divergence, sampling_probability
from mvae_widgets.training.recipes import Recipe

__all__ = ["Trainer", "learning_rate_at"]

SHORT_AVERAGE = 0.98


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Linear rise, plateau, linear fall to the least rate at the last step."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    held = recipe.hold * recipe.steps
    left = min(1.0, max(0.0, (recipe.steps - step) / (recipe.steps - held)))
    return recipe.min_learning_rate + (recipe.learning_rate - recipe.min_learning_rate) * left


@dataclass
class Trainer:
    """One run of a recipe in a folder that can be left and taken up again.

    The folder gets ``checkpoint.safetensors`` (weights and optimiser), ``progress.json`` and
    ``metrics.csv``. Every step draws its batch and noise from its own seed, so a resumed run makes the
    same updates as one that never stopped.

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

    recipe: Recipe
    data: Path
    folder: Path
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.model = VAE(self.recipe.config).to(self.device)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=self.recipe.learning_rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.folder.mkdir(parents=True, exist_ok=True)
        tokens, weights = load_clips(self.data, self.recipe.sources, "train", self.recipe.config.steps)
        self.tokens = torch.from_numpy(tokens.astype(np.int64)).to(self.device)
        self.cumulative = torch.from_numpy(np.cumsum(weights / weights.sum())).to(self.device)
        if self.checkpoint.exists():
            self.load()

    def start_from(self, bundle: Bundle) -> None:
        """Take over the weights of a model of the recipe's shape.

        Raises
        ------
        ConfigError
            If it has another shape.
        """
        try:
            self.model.load_state_dict(bundle.state)
        except RuntimeError as error:
            raise ConfigError(
                f"The weights of {bundle.name} are not of the shape of this recipe.", "Start without them."
            ) from error

    @property
    def checkpoint(self) -> Path:
        """Weights and optimiser state of the last save."""
        return self.folder / "checkpoint.safetensors"

    def batch(self, step: int) -> tuple[Tensor, torch.Generator]:
        """Tokens ``[batch, steps]``, transposed at random where they fit, and the step's generator."""
        generator = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + step)
        n, reach = self.recipe.batch_size, self.recipe.transpose
        drawn = torch.rand(n, dtype=torch.float64, device=self.device, generator=generator)
        tokens = self.tokens[torch.searchsorted(self.cumulative, drawn).clamp(max=len(self.tokens) - 1)]
        by = torch.randint(-reach, reach + 1, (n, 1), device=self.device, generator=generator)
        moved = torch.where(tokens >= 2, tokens + by, tokens)
        fits = ((moved >= 2) | (tokens < 2)).all(1, keepdim=True) & (moved < self.recipe.config.depth).all(
            1, keepdim=True
        )
        return torch.where(fits, moved, tokens), generator

    def update(self) -> dict[str, float]:
        """One step; returns loss, KL in bits and teacher-forced accuracy."""
        recipe, step = self.recipe, self.step
        tokens, generator = self.batch(step)
        x = one_hot(tokens, recipe.config.depth).float()
        kept = torch.rand(*tokens.shape, 1, device=self.device, generator=generator) >= recipe.token_dropout
        rate = learning_rate_at(step, recipe)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(self.device, torch.bfloat16, enabled=recipe.precision == "bf16"):
            mu, sigma = self.model.encode(x)
            z = mu + sigma * torch.randn(mu.shape, device=self.device, generator=generator)
            chance = sampling_probability(step, recipe.sampling_schedule, recipe.sampling_rate)
            logits = self.model.decoder(z, shift(x * kept), None, chance, generator)
        reconstruction = self.model.decoder.step_loss(logits, x).sum(1)
        kl = kl_divergence(mu, sigma)
        loss = elbo_loss(reconstruction, kl, beta_at(step, recipe.max_beta, recipe.beta_rate), recipe.free_bits)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, recipe.grad_clip)
        self.optimiser.step()
        self.step += 1
        with torch.no_grad():
            accuracy = (logits.argmax(-1) == tokens).float().mean()
        return {"loss": loss.item(), "kl_bits": kl.mean().item() / np.log(2), "accuracy": accuracy.item()}

    def run(self, save_every: float = 120.0, report_every: int = 100) -> None:
        """Train to the recipe's last step; Ctrl-C saves and stops."""
        mean: dict[str, float] = {}
        started = saved = time.perf_counter()
        before = self.seconds
        bar = tqdm(total=self.recipe.steps, initial=self.step, unit="step", desc=self.recipe.config.name)
        try:
            while self.step < self.recipe.steps:
                for key, value in self.update().items():
                    mean[key] = value if key not in mean else SHORT_AVERAGE * mean[key] + (1 - SHORT_AVERAGE) * value
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
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for k, parameter in enumerate(self.parameters):
            for name, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"adam.{k}.{name}"] = torch.as_tensor(value).clone()
        fresh = self.checkpoint.with_suffix(".new")
        save_file(tensors, fresh, {"step": str(self.step), "seconds": str(self.seconds)})
        fresh.replace(self.checkpoint)
        progress = {"step": self.step, "seconds": self.seconds, "recipe": self.recipe.to_dict()}
        (self.folder / "progress.json").write_text(json.dumps(progress, indent=1) + "\n", encoding="utf-8")

    def load(self) -> None:
        """Take up the run where `save` left it."""
        from safetensors import safe_open

        with safe_open(self.checkpoint, "pt") as file:
            meta = file.metadata() or {}
        tensors = load_file(self.checkpoint, device=self.device)
        self.model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
        for k, parameter in enumerate(self.parameters):
            prefix = f"adam.{k}."
            own = {name.removeprefix(prefix): v for name, v in tensors.items() if name.startswith(prefix)}
            if own:
                self.optimiser.state[parameter] = {n: v.cpu() if n == "step" else v for n, v in own.items()}
        self.step, self.seconds = int(meta["step"]), float(meta["seconds"])

    def _log(self, values: dict[str, float]) -> None:
        path = self.folder / "metrics.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", *values])
            writer.writerow([self.step, f"{self.seconds:.1f}", *(f"{v:.4f}" for v in values.values())])
