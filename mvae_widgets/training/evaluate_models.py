"""Names and paths -> networks to be measured: built-in and published models, files, and runs that go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from mvae_widgets.checkpoints.catalog import find, read_bundle
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import Source
from mvae_widgets.training.passes import without_noise
from mvae_widgets.training.run import CHECKPOINT, PROGRESS, read_run

__all__ = ["Subject", "subject_of"]


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
    config, state, recipe = read_run(folder)
    unfilled = ", its prior not filled yet" if recipe.get("fill_prior") else ""
    if not recipe.get("variational", True):
        state = without_noise(state)
    return f"{config.name} after {recipe['done']:,} updates{unfilled}", config, state, recipe
