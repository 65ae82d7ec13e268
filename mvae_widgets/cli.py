"""The command line: ``mvae-widgets models | train``."""

from __future__ import annotations

import argparse
import platform
import sys
from dataclasses import replace
from pathlib import Path

from mvae_widgets.errors import MusicVAEError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line, without a traceback."""
    parser = argparse.ArgumentParser(prog="mvae-widgets", description="MusicVAE in the notebook")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("models", help="list the models that ship with the package")
    train = commands.add_parser("train", help="train a built-in model: weights, plane and card from one command")
    train.add_argument("model", help="the model's name, for example melody-2bar")
    train.add_argument("--data", type=Path, required=True, help="folder of the prepared npz files")
    train.add_argument("--out", type=Path, help="folder of the run (default: runs/MODEL-RECIPE)")
    train.add_argument("--recipe", default=None, help="cpu or gpu (default: by the device)")
    train.add_argument("--start", type=Path, help="weights to continue from: a model folder, magenta.js included")
    train.add_argument("--device", default="auto", help="auto, cpu or cuda")
    train.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's own)")
    train.add_argument("--steps", type=int, help="updates, instead of the recipe's")
    train.add_argument("--note", default="undisturbed", help="how the machine was used meanwhile, for the card")
    train.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        return _models() if options.command == "models" else _train(options)
    except MusicVAEError as error:
        print(f"mvae-widgets: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130


def _models() -> int:
    import json

    from mvae_widgets.checkpoints.catalog import BUILT_IN, builtin_models

    for name in builtin_models():
        card = json.loads((BUILT_IN / name / "card.json").read_text(encoding="utf-8"))
        print(f"{name}  {card['bars']} bars of {card['family']}, {card['parameters']:,} parameters")
    return 0


def _train(options: argparse.Namespace) -> int:
    import torch

    from mvae_widgets.checkpoints.catalog import read_bundle
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
            trainer.start_from(read_bundle(options.start))
    trainer.run()
    name = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} CPU thread(s), {_cpu()}"
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


if __name__ == "__main__":
    sys.exit(main())
