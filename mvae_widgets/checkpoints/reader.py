"""Magenta's files -> configuration and weights: the one way in for both formats."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mvae_widgets.checkpoints import infer
from mvae_widgets.checkpoints.description import described, read_description
from mvae_widgets.checkpoints.keymap import from_magenta
from mvae_widgets.checkpoints.tf_bundle import TensorBundle
from mvae_widgets.checkpoints.tfjs import MANIFEST, JSCheckpoint
from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.nn.config import CONFIGS, ModelConfig

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ["Source", "read_checkpoint", "read_tensors"]


class Source(Protocol):
    """A checkpoint that is open."""

    where: Path

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by Magenta's name."""

    def stream(self, names: Collection[str]) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """The named tensors, one after the other."""


def read_checkpoint(path: str | Path, config: str | None = None) -> tuple[ModelConfig, dict[str, Tensor]]:
    """Read one of Magenta's checkpoints.

    What the model is comes from the name given, else from ``config.json``, else from the tensors. Layer and
    latent sizes always come from the tensors. Only the network's weights are read, one at a time; what the
    optimiser left beside them is skipped.

    Parameters
    ----------
    path
        A magenta.js folder; or a TensorFlow checkpoint: its ``.index`` file, the prefix before that, a folder
        with one, or a tar (compressed or not) with one.
    config
        Name of a configuration in `nn.config.CONFIGS`.

    Returns
    -------
    ModelConfig, dict
        The configuration, and the state dict of its `nn.vae.VAE`.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or malicious, or the tensors are not those of a MusicVAE, or of another
        configuration than the one named, or of several that only a name can tell apart.
    ConfigError
        If there is no configuration of that name.
    """
    path = Path(path)
    named = None
    if config is not None:
        if config not in CONFIGS:
            raise ConfigError(f"There is no configuration {config!r}.", f"There are: {', '.join(CONFIGS)}.")
        named = CONFIGS[config]
    with _open(path) as source:
        shapes = infer.weights(source.shapes)
        found = _decide(source, shapes, named)
        infer.check(shapes, found, source.where)
        return found, from_magenta(source.stream(shapes), found, source.where)


def read_tensors(path: str | Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of a checkpoint under Magenta's name, those of the training as well."""
    with _open(Path(path)) as source:
        return dict(source.stream(source.shapes))


def _open(path: Path) -> TensorBundle | nullcontext[JSCheckpoint]:
    if (path / MANIFEST).is_file():
        return nullcontext(JSCheckpoint(path))
    if not path.exists() and not Path(f"{path}.index").is_file():
        raise CheckpointError(f"There is no checkpoint {path}.", "Give a folder, an .index file or a tar.")
    return TensorBundle(path)


def _decide(source: Source, shapes: dict[str, tuple[int, ...]], named: ModelConfig | None) -> ModelConfig:
    description = read_description(source.where) if isinstance(source, JSCheckpoint) else None
    if named is not None:
        found = infer.fit(shapes, named, source.where)
    elif description is None:
        return infer.infer(shapes, source.where)
    if description is None:
        return found
    structure, sizes = infer.measure(shapes, source.where)
    told = sizes.of(described(description, structure, source.where))
    if named is None:
        return told
    if (told.family, told.steps, told.steps_per_quarter) != (named.family, named.steps, named.steps_per_quarter):
        raise CheckpointError(
            f"{source.where} is no {named.name}: its config.json tells of {told.steps} steps of {told.family}.",
            "Leave the name out.",
        )
    return found
