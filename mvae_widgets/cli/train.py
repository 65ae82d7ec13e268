"""The command that trains."""

from __future__ import annotations

import argparse
import platform
from dataclasses import replace
from pathlib import Path

__all__ = ["train"]


def train(options: argparse.Namespace) -> int:
    """Train a built-in model."""
    import torch

    from mvae_widgets.checkpoints.catalog import find, read_bundle
    from mvae_widgets.errors import ConfigError, UnknownModelError
    from mvae_widgets.training.card import finish
    from mvae_widgets.training.loop import Trainer
    from mvae_widgets.training.recipes import RECIPES

    if options.model not in RECIPES:
        raise UnknownModelError(f"There is no recipe for {options.model!r}.", f"There are: {', '.join(RECIPES)}.")
    if options.threads:
        torch.set_num_threads(options.threads)
    device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    kind = options.recipe or ("gpu" if device == "cuda" else "cpu")
    if kind not in RECIPES[options.model]:
        raise ConfigError(f"There is no recipe {kind!r}.", f"There are: {', '.join(RECIPES[options.model])}.")
    recipe = RECIPES[options.model][kind]
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    out = options.out or Path("runs") / f"{options.model}-{kind}"
    trainer = Trainer(recipe, options.data, out, device, options.seed)
    started_from = "From random weights."
    if options.start:
        started_from = f"Continued from {options.start.name}."
        if trainer.step == 0:
            trainer.start_from(read_bundle(find(options.start)))
    trainer.run()
    name = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} CPU thread of {_cpu()}"
    facts = {
        "seconds": trainer.seconds,
        "hardware": name,
        "started_from": started_from,
        "note": options.note,
    }
    finish(trainer.model, recipe, options.data, out / "model", facts, options.seed)
    print((out / "model" / "README.md").read_text(encoding="utf-8"))
    print(f"Written to {out / 'model'}: load it with mvae_widgets.load({str(out / 'model')!r}).")
    return 0


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
