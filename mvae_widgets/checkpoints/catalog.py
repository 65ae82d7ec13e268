"""Names -> files: the models that ship with the package, and model folders of one's own."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvae_widgets.checkpoints.tfjs import read_tfjs
from mvae_widgets.checks import as_path
from mvae_widgets.errors import CheckpointError, UnknownModelError
from mvae_widgets.nn.config import CONFIGS, ModelConfig

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BUILT_IN", "Bundle", "builtin_models", "find", "read_bundle", "write_bundle"]

BUILT_IN = Path(__file__).parent.parent / "weights"
WEIGHTS, CARD, PLANE = "weights.safetensors", "card.json", "plane.json"


@dataclass(frozen=True)
class Bundle:
    """What a model's folder holds.

    Parameters
    ----------
    name
        The model's name.
    config
        The shape of its network.
    state
        Its state dict, float32.
    card
        Data, licence, recipe and measured quality; empty for a foreign checkpoint.
    plane
        What `colour.Plane.from_dict` reads, or None.
    """

    name: str
    config: ModelConfig
    state: dict[str, Tensor]
    card: dict[str, Any]
    plane: dict[str, Any] | None


def builtin_models() -> list[str]:
    """Names of the models that ship with the package."""
    return sorted(folder.name for folder in BUILT_IN.iterdir() if (folder / WEIGHTS).is_file())


def find(name_or_path: str | Path) -> Path:
    """The folder or file of a model.

    Raises
    ------
    UnknownModelError
        If it is neither a built-in name nor a path that exists; names the nearest.
    """
    path = as_path(name_or_path, "A model")
    name = str(name_or_path)
    if (BUILT_IN / name / WEIGHTS).is_file() and Path(name).name == name:
        return BUILT_IN / name
    if path.exists():
        return path
    known = builtin_models()
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
    raise UnknownModelError(
        f"There is no model {name!r}, neither built in nor as a file or folder.",
        f"Did you mean {' or '.join(repr(n) for n in near)}?" if near else f"Built in: {', '.join(known)}.",
    )


def read_bundle(path: Path) -> Bundle:
    """Read a model's folder, its ``.safetensors`` file, or a magenta.js checkpoint folder.

    Raises
    ------
    CheckpointError
        If the files are damaged, incomplete, or not those of a MusicVAE that this version knows.
    """
    if path.is_dir() and (path / "weights_manifest.json").is_file():
        return _read_magenta_js(path)
    folder = path if path.is_dir() else path.parent
    config, state = _read_safetensors(path / WEIGHTS if path.is_dir() else path)
    return Bundle(config.name, config, state, _read_json(folder / CARD) or {}, _read_json(folder / PLANE))


def write_bundle(
    folder: Path, config: ModelConfig, state: dict[str, Tensor], card: dict[str, Any], plane: dict[str, Any]
) -> None:
    """Write a model's folder, its weights in half precision.

    PyTorch's second LSTM bias is always zero here and is left out.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    half = {name: t.half().contiguous().cpu() for name, t in state.items() if ".bias_hh_" not in name}
    save_file(half, folder / WEIGHTS, {"config": json.dumps(config.to_dict())})
    for name, data in ((CARD, card), (PLANE, plane)):
        (folder / name).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _read_safetensors(path: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            described = (file.metadata() or {}).get("config")
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"Cannot read the weights {path}: {error}.", "The file is missing or damaged: fetch it again."
        ) from error
    if described is None:
        raise CheckpointError(f"{path} does not say which model it is.", "It was not written by mvae_widgets.")
    try:
        config = ModelConfig.from_dict(json.loads(described))
    except ValueError as error:
        raise CheckpointError(f"{path}: its description is damaged.", "Fetch the file again.") from error
    for name, tensor in list(state.items()):
        if ".bias_ih_" in name:
            state.setdefault(name.replace(".bias_ih_", ".bias_hh_"), torch.zeros_like(tensor))
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path}: the tensor {name} holds numbers that are not finite.")
    return config, state


def _read_magenta_js(folder: Path) -> Bundle:
    from mvae_widgets.checkpoints.keymap import config_from_tensors, from_magenta

    description = _read_json(folder / "config.json") or {}
    converter = description.get("dataConverter", {})
    args = converter.get("args", {})
    like = CONFIGS["melody-2bar"]
    if converter.get("type") != "MelodyConverter" or args.get("numSegments"):
        raise CheckpointError(
            f"{folder}: config.json does not describe a flat melody model.",
            "This version reads flat melody models.",
        )
    depth = int(args.get("maxPitch", 108)) - int(args.get("minPitch", 21)) + 3
    if (int(args.get("numSteps", 32)), depth) != (like.steps, like.depth):
        raise CheckpointError(f"{folder}: this version reads models of {like.steps} steps and {like.depth} classes.")
    tensors = read_tfjs(folder)
    config = config_from_tensors(tensors, like)
    return Bundle(folder.name, config, from_magenta(tensors, config), {}, None)


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}.", "Fetch the model again.") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} does not hold an object.", "Fetch the model again.")
    return data
