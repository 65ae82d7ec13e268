"""Names and paths -> networks to be measured: built-in and published models, files, and runs that go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from mvae_widgets.checkpoints.catalog import find, read_bundle
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import Source
from mvae_widgets.training.passes import without_noise

__all__ = ["Subject", "subject_of"]

CHECKPOINT, PROGRESS = "checkpoint.safetensors", "progress.json"


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Parameters
    ----------
    name
        What it is called.
    model
        In eval mode.
    learnt
        What it has learnt from; None where its files do not say it.
    """

    name: str
    model: VAE
    learnt: Sequence[Source] | None


def subject_of(name_or_path: str, device: str = "cpu") -> Subject:
    """Load a model by its name or path; of the folder of a run, its best weights so far.

    Raises
    ------
    UnknownModelError
        If there is no such model.
    CheckpointError
        If its files are damaged, or not those of a MusicVAE.
    """
    path = find(name_or_path)
    recipe: dict[str, Any] | None
    if (path / PROGRESS).is_file() and (path / CHECKPOINT).is_file():
        name, config, state, recipe = _run(path)
    else:
        bundle = read_bundle(path)
        name, config, state, recipe = bundle.name, bundle.config, bundle.state, bundle.card.get("recipe")
    model = VAE(config)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} does not fit its own description: {error}.", "Fetch or train it again."
        ) from error
    learnt = [Source(**source) for source in recipe["sources"]] if recipe else None
    return Subject(name, model.eval().to(device), learnt)


def _run(folder: Path) -> tuple[str, ModelConfig, dict[str, Tensor], dict[str, Any]]:
    """Name, shape, weights and recipe of a run; nothing is written to it."""
    try:
        recipe = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))["recipe"]
        config = ModelConfig.from_dict(recipe["config"])
        with safe_open(folder / CHECKPOINT, "pt") as file:
            step = (file.metadata() or {})["step"]
            names = list(file.keys())
            kept = "kept." if any(name.startswith("kept.") for name in names) else "model."
            state = {name.removeprefix(kept): file.get_tensor(name) for name in names if name.startswith(kept)}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder} is not the folder of a run: {error!r}.", "Give one of mvae-widgets train."
        ) from error
    if not recipe.get("variational", True):
        state = without_noise(state)
    return f"{config.name} after {int(step):,} updates", config, state, recipe
