"""The command that trains."""

from __future__ import annotations

import argparse
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

__all__ = ["train"]


def train(options: argparse.Namespace) -> int:
    """Train a built-in model."""
    import torch

    from mvae_widgets.errors import UnknownModelError
    from mvae_widgets.training.recipes import LANGUAGE_RECIPES, RECIPES

    known = [*RECIPES, *LANGUAGE_RECIPES]
    if options.model not in known:
        raise UnknownModelError(f"There is no recipe for {options.model!r}.", f"There are: {', '.join(known)}.")
    if options.threads:
        torch.set_num_threads(options.threads)
    device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    name = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} CPU thread of {_cpu()}"
    facts = {"hardware": name, "note": options.note}
    run = _train_language_model if options.model in LANGUAGE_RECIPES else _train_musicvae
    folder = run(options, device, facts)
    print((folder / "README.md").read_text(encoding="utf-8"))
    how = "" if run is _train_language_model else f": load it with mvae_widgets.load({str(folder)!r})"
    print(f"Written to {folder}{how}.")
    return 0


def _train_musicvae(options: argparse.Namespace, device: str, facts: dict[str, Any]) -> Path:
    """Train, measure and write a MusicVAE; returns the model's folder."""
    from mvae_widgets.checkpoints.catalog import find, read_bundle
    from mvae_widgets.errors import ConfigError
    from mvae_widgets.training.card import finish
    from mvae_widgets.training.loop import Trainer
    from mvae_widgets.training.recipes import RECIPES

    kind = options.recipe or ("gpu" if device == "cuda" else "cpu")
    if kind not in RECIPES[options.model]:
        raise ConfigError(f"There is no recipe {kind!r}.", f"There are: {', '.join(RECIPES[options.model])}.")
    recipe = RECIPES[options.model][kind]
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    out: Path = options.out or Path("runs") / f"{options.model}-{kind}"
    trainer = Trainer(recipe, options.data, out, device, options.seed)
    started_from = "From random weights."
    if options.start:
        started_from = f"Continued from {options.start}."
        if trainer.step == 0:
            trainer.start_from(read_bundle(find(options.start)))
    trainer.run()
    trainer.take_best()
    facts = {"seconds": trainer.seconds, "updates": trainer.step, **facts, "started_from": started_from}
    finish(trainer.model, recipe, options.data, out / "model", facts, options.seed)
    return out / "model"


def _train_language_model(options: argparse.Namespace, device: str, facts: dict[str, Any]) -> Path:
    """Train, measure and write a language model; returns the model's folder."""
    from mvae_widgets.errors import ConfigError
    from mvae_widgets.training.language_card import finish
    from mvae_widgets.training.language_model import LanguageTrainer
    from mvae_widgets.training.recipes import LANGUAGE_RECIPES

    if options.recipe or options.start:
        raise ConfigError(
            f"{options.model} has one recipe and starts from random weights.", "Leave out --recipe and --start."
        )
    recipe = LANGUAGE_RECIPES[options.model]
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    out: Path = options.out or Path("runs") / options.model
    trainer = LanguageTrainer(recipe, options.data, out, device, options.seed)
    trainer.run()
    finish(trainer, options.data, out / "model", {"seconds": trainer.seconds, **facts})
    return out / "model"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
