"""Model files -> configuration, state dict and what is known beside them, and back."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.checks import needs_torch
from mvae_widgets.errors import CheckpointError, ConfigError, MusicVAEError
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.whole_files import write_text

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CARD",
    "PAGE",
    "WEIGHTS",
    "Bundle",
    "read_bundle",
    "read_json",
    "remove_weights",
    "save_tensors",
    "write_attributes",
    "write_bundle",
    "write_weights",
]

WEIGHTS, CARD, PLANE, ATTRIBUTES = "weights.safetensors", "card.json", "plane.json", "attributes.json"
PAGE = "README.md"
GIVE_ROOM = "Check the folder, its permissions, and that the disk has room."


@dataclass(frozen=True)
class Bundle:
    """What a model's files hold.

    Parameters
    ----------
    name
        The model's name.
    config
        The shape of its network.
    state
        Its state dict, float32: tensors of PyTorch, or numpy arrays.
    card
        Data, licence, recipe and measured quality; empty for a foreign checkpoint.
    plane
        What `colour.Plane.from_dict` reads, or None.
    attributes
        What `latent.attributes.AttributeVectors.from_dict` reads, or None.
    """

    name: str
    config: ModelConfig
    state: dict[str, Any]
    card: dict[str, Any]
    plane: dict[str, Any] | None
    attributes: dict[str, Any] | None = None


def read_bundle(path: Path, config: str | None = None, backend: str = "torch") -> Bundle:
    """Read a model of any kind.

    Parameters
    ----------
    path
        A folder or ``.safetensors`` file of this package; a TensorFlow checkpoint (the prefix of a bundle, its
        ``.index``, a folder with one, a tar); a folder of a magenta.js checkpoint.
    config
        Name of the configuration, where the files do not say it or say it wrongly.
    backend
        Whose arrays the weights are to be, ``"torch"`` or ``"numpy"``.

    Raises
    ------
    CheckpointError
        If the files are damaged, incomplete, or not those of a MusicVAE, or of another configuration.
    ConfigError
        If there is no configuration of that name; names the nearest. If PyTorch is needed and absent: Magenta's
        files are read with it.
    """
    if config is not None:
        _known(config)
    if path.suffix == ".safetensors" or (path / WEIGHTS).is_file():
        return _read_own(path, config, backend)
    needs_torch(f"Reading {path.name}, which is in Magenta's format,")
    from mvae_widgets.checkpoints.reader import read_checkpoint

    found, state = read_checkpoint(path, config)
    weights = {n: t.numpy() for n, t in state.items()} if backend == "numpy" else state
    return Bundle(_stem(path), found, weights, {}, None)


def write_bundle(
    folder: Path,
    config: ModelConfig,
    state: dict[str, Tensor],
    card: dict[str, Any],
    plane: dict[str, Any],
    attributes: dict[str, Any] | None = None,
    page: str = "",
) -> None:
    """Write a model's folder, its weights in half precision, and its card as a page to read.

    The weights, without which it is no model, are the last: a folder that has them has all of the same run.

    Raises
    ------
    MusicVAEError
        If it cannot be written.
    """
    remove_weights(folder)
    for name, data in ((CARD, card), (PLANE, plane)):
        write_text(folder / name, json.dumps(data, indent=1) + "\n")
    if attributes is not None:
        write_attributes(folder, attributes)
    if page:
        write_text(folder / PAGE, page)
    write_weights(folder / WEIGHTS, config, state, half=True)


def remove_weights(folder: Path) -> None:
    """Until new ones are there the folder is no model: nothing else in it is taken for theirs.

    Raises
    ------
    MusicVAEError
        If they cannot be removed.
    """
    try:
        (folder / WEIGHTS).unlink(missing_ok=True)
    except OSError as error:
        raise MusicVAEError(f"Could not write to '{folder}': {error.strerror or error}.", GIVE_ROOM) from error


def write_attributes(folder: Path, attributes: dict[str, Any]) -> None:
    """Write the attribute vectors of a model's folder, on one line: they are thousands of numbers."""
    write_text(folder / ATTRIBUTES, json.dumps(attributes, separators=(",", ":")) + "\n")


def write_weights(
    path: Path,
    config: ModelConfig,
    state: dict[str, Tensor],
    *,
    card: dict[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write one ``.safetensors`` file that `read_bundle` reads; there whole, or not at all.

    PyTorch's second LSTM bias is always zero here and is left out.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    config, state
        Shape and weights of the network.
    card
        Kept in the file's metadata.
    half
        Half precision: half the size, and no longer the same numbers.
    """
    import torch

    dtype = torch.float16 if half else torch.float32
    tensors = {n: t.to("cpu", dtype).contiguous() for n, t in state.items() if ".bias_hh_" not in n}
    metadata = {"config": json.dumps(config.to_dict())}
    if card:
        metadata["card"] = json.dumps(card)
    save_tensors(path, tensors, metadata)


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a ``.safetensors`` file; there whole, or not at all.

    Raises
    ------
    MusicVAEError
        If it cannot be written; an older file of the name is still there.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".safetensors")
        os.close(handle)
        save_file(tensors, temporary, metadata)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except (OSError, SafetensorError) as error:
        raise MusicVAEError(f"Could not write '{path}': {error}.", GIVE_ROOM) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """An object from a JSON file; None where there is no file.

    Raises
    ------
    CheckpointError
        If it is not one.
    """
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}.", "Fetch the model again.") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} does not hold an object.", "Fetch the model again.")
    return data


def _read_own(path: Path, wanted: str | None, backend: str) -> Bundle:
    from safetensors import SafetensorError, safe_open

    file_path = path / WEIGHTS if path.is_dir() else path
    try:
        with safe_open(file_path, "np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - no dict
    except (OSError, SafetensorError, TypeError) as error:  # TypeError: a kind of number that numpy has not
        raise CheckpointError(
            f"Cannot read the weights {file_path}: {error}.", "The file is missing or damaged: fetch it again."
        ) from error
    if "config" not in metadata:
        raise CheckpointError(f"{file_path} does not say which model it is.", "It was not written by mvae_widgets.")
    try:
        config = ModelConfig.from_dict(json.loads(metadata["config"]))
        card = json.loads(metadata.get("card", "{}"))
    except (ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{file_path}: its description is damaged.", "Fetch the file again.") from error
    if wanted not in (None, config.name):
        raise CheckpointError(f"{file_path} is a {config.name}, not a {wanted}.", "Leave the configuration out.")
    for name, array in list(arrays.items()):
        if not np.isfinite(array).all():
            raise CheckpointError(f"{file_path}: the tensor {name} holds numbers that are not finite.")
        if ".bias_ih_" in name:
            arrays.setdefault(name.replace(".bias_ih_", ".bias_hh_"), np.zeros_like(array))
    state = arrays if backend == "numpy" else _tensors(arrays)
    if file_path.name != WEIGHTS:
        return Bundle(_stem(path), config, state, card, None)
    folder = file_path.parent
    plane, attributes = read_json(folder / PLANE), read_json(folder / ATTRIBUTES)
    return Bundle(config.name, config, state, read_json(folder / CARD) or card, plane, attributes)


def _tensors(arrays: dict[str, Any]) -> dict[str, Tensor]:
    import torch

    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _known(config: str) -> None:
    if config in CONFIGS:
        return
    import difflib

    near = difflib.get_close_matches(config, CONFIGS, n=3, cutoff=0.4)
    raise ConfigError(
        f"There is no configuration {config!r}.",
        f"Did you mean {' or '.join(map(repr, near))}?" if near else "mvae-widgets configs lists them.",
    )


def _stem(path: Path) -> str:
    """``mel_2bar_big`` from ``mel_2bar_big.ckpt.tar.gz``; dots inside a name stay."""
    name = path.absolute().name
    for suffix in (".gz", ".tgz", ".tar", ".index", ".ckpt", ".safetensors"):
        name = name.removesuffix(suffix)
    return name
