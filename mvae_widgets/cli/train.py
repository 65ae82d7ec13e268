"""The command that trains."""

from __future__ import annotations

import argparse
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mvae_widgets.checkpoints.catalog import Bundle
    from mvae_widgets.training.parallel import Team
    from mvae_widgets.training.recipes import LanguageRecipe, Recipe

__all__ = ["train"]


def train(options: argparse.Namespace) -> int:
    """Train a built-in model, or go on with any."""
    from mvae_widgets.checks import needs_torch

    needs_torch("Training")
    import torch

    from mvae_widgets.errors import UnknownModelError
    from mvae_widgets.training.recipes import LANGUAGE_RECIPES, RECIPES

    known = [*RECIPES, *LANGUAGE_RECIPES]
    if options.model not in (*known, None):
        raise UnknownModelError(
            f"There is no recipe for {options.model!r}.",
            f"There are: {', '.join(known)}. To go on with another model, give it with --start alone.",
        )
    if options.threads:
        torch.set_num_threads(options.threads)
    device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    run = _train_language_model if options.model in LANGUAGE_RECIPES else _train_musicvae
    folder = run(options, device)
    if folder is None:
        return 0
    print((folder / "README.md").read_text(encoding="utf-8"))
    how = "" if run is _train_language_model else f": load it with mvae_widgets.load({str(folder)!r})"
    print(f"Written to {folder}{how}.")
    return 0


def _train_musicvae(options: argparse.Namespace, device: str) -> Path | None:
    """Train, measure and write a MusicVAE; returns the model's folder, or None where another process has it."""
    from mvae_widgets.checkpoints.catalog import find, read_bundle
    from mvae_widgets.training.card import finish
    from mvae_widgets.training.dataset import load_clips
    from mvae_widgets.training.loop import Trainer
    from mvae_widgets.training.parallel import join

    kind = options.recipe or ("gpu" if device.startswith("cuda") else "cpu")
    start = read_bundle(find(options.start), options.config) if options.start else None
    recipe = _recipe(options, kind, start)
    name = options.start or recipe.start
    if start is None and name:
        start = read_bundle(find(name))
    team = join(device, recipe.precision)
    out: Path = options.out or Path("runs") / f"{recipe.config.name}-{kind}"
    # What the card is to be measured on is looked for before the hours, not after them.
    load_clips(options.data, recipe.sources, "test", recipe.config.steps)
    trainer = Trainer(recipe, options.data, out, seed=options.seed, team=team)
    if not trainer.resumed:
        trainer.start = name
        if start is not None:
            taken = trainer.start_from(start)
            trainer.save()
            if not team.rank:
                print(f"{len(taken)} of {len(trainer.model.state_dict())} tensors taken over from {name}.")
    began = name if trainer.start is None else trainer.start
    trainer.run(tensorboard=options.tensorboard)
    if team.rank:
        return None
    trainer.take_best()
    started_from = f"Continued from {began}." if began else "From random weights."
    facts = {"seconds": trainer.seconds, "updates": trainer.step, "started_from": started_from}
    finish(trainer.model, recipe, options.data, out / "model", facts | _facts(options, team), options.seed)
    return out / "model"


def _recipe(options: argparse.Namespace, kind: str, start: Bundle | None) -> Recipe:
    """The recipe of the model named, or one for the network to go on with, as the options change it."""
    from mvae_widgets.errors import ConfigError
    from mvae_widgets.training.measure_data import material_for
    from mvae_widgets.training.recipes import RECIPES, recipe_for

    if options.model is None:
        if start is None:
            raise ConfigError("There is nothing to train.", "Name a model, or give one to go on with by --start.")
        recipe = recipe_for(start.config, kind)
    elif kind not in RECIPES[options.model]:
        raise ConfigError(f"There is no recipe {kind!r}.", f"There are: {', '.join(RECIPES[options.model])}.")
    else:
        recipe = RECIPES[options.model][kind]
    if options.collections == "all":
        recipe = replace(recipe, sources=tuple(material_for(recipe.config, options.data, None).train))
    return replace(recipe, **_changes(options, recipe))


def _train_language_model(options: argparse.Namespace, device: str) -> Path | None:
    """As `_train_musicvae`, a language model."""
    from mvae_widgets.errors import ConfigError
    from mvae_widgets.training.language_card import finish
    from mvae_widgets.training.language_model import LanguageTrainer
    from mvae_widgets.training.parallel import join
    from mvae_widgets.training.recipes import LANGUAGE_RECIPES

    if options.recipe or options.start or options.collections == "all":
        raise ConfigError(
            f"{options.model} has one recipe and starts from random weights.",
            "Leave out --recipe, --start and --collections.",
        )
    recipe = LANGUAGE_RECIPES[options.model]
    recipe = replace(recipe, **_changes(options, recipe))
    team = join(device, recipe.precision)
    out: Path = options.out or Path("runs") / options.model
    trainer = LanguageTrainer(recipe, options.data, out, seed=options.seed, team=team)
    trainer.run(tensorboard=options.tensorboard)
    if team.rank:
        return None
    finish(trainer, options.data, out / "model", {"seconds": trainer.seconds, **_facts(options, team)})
    return out / "model"


def _changes(options: argparse.Namespace, recipe: Recipe | LanguageRecipe) -> dict[str, Any]:
    """What the options say instead of the recipe."""
    changes: dict[str, Any] = {"steps": options.steps, "precision": options.precision}
    if rate := options.learning_rate:
        changes |= {"learning_rate": rate, "min_learning_rate": min(rate, recipe.min_learning_rate)}
    return {name: value for name, value in changes.items() if value}


def _facts(options: argparse.Namespace, team: Team) -> dict[str, Any]:
    """About the machine, for the card."""
    import torch

    name = f"{torch.get_num_threads()} CPU thread of {_cpu()}"
    if team.kind == "cuda":
        name = torch.cuda.get_device_name()
    return {"hardware": name if team.size == 1 else f"{team.size} x {name}", "note": options.note}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
