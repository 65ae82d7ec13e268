"""Files of the language models that judge how likely a melody is; they are no MusicVAE and have a kind of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.checkpoints.bundles import CARD, WEIGHTS, remove_weights, save_tensors
from mvae_widgets.checkpoints.catalog import BUILT_IN
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.numpy_backend import NumpyLanguageModel
from mvae_widgets.whole_files import write_text

if TYPE_CHECKING:
    from mvae_widgets.nn.language_model import LanguageModel

__all__ = [
    "MELODY",
    "read_language_model",
    "shipped_card",
    "shipped_judge",
    "shipped_language_model",
    "write_language_model",
]

Judge = Callable[[np.ndarray[Any, Any]], np.ndarray[Any, np.dtype[np.float64]]]
"""Tokens ``[n, steps]`` -> mean bits a step, ``[n]``."""

MELODY = "melody-lm"
SHAPE = "language_model"


def write_language_model(folder: Path, model: LanguageModel, card: dict[str, Any]) -> None:
    """Write a folder with the weights in half precision and the card; `read_language_model` reads it."""
    state = {n: t.detach().cpu().half().contiguous() for n, t in model.state_dict().items() if ".bias_hh_" not in n}
    shape = {"depth": model.depth, "sizes": list(model.sizes)}
    remove_weights(folder)
    write_text(folder / CARD, json.dumps({**card, "kind": "language model"}, indent=1) + "\n")
    save_tensors(folder / WEIGHTS, state, {SHAPE: json.dumps(shape)})


def read_language_model(folder: Path) -> LanguageModel:
    """The model of a folder, on the CPU, ready to judge.

    Raises
    ------
    CheckpointError
        If its weights are missing, damaged, or not those of a language model.
    """
    import torch

    from mvae_widgets.nn.language_model import LanguageModel

    state, depth, sizes = _read(folder)
    model, tensors = LanguageModel(depth, sizes), {name: torch.from_numpy(array) for name, array in state.items()}
    for name in [n for n in tensors if ".bias_ih_" in n]:
        tensors[name.replace(".bias_ih_", ".bias_hh_")] = torch.zeros_like(tensors[name])
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{folder} is not a language model: {error}.", _OTHER) from error
    return model.eval().requires_grad_(False)


_OTHER = "Give the folder of one."


def _read(folder: Path) -> tuple[dict[str, np.ndarray[Any, Any]], int, tuple[int, ...]]:
    """Weights, number of tokens, and units a layer."""
    from safetensors import SafetensorError, safe_open

    path = folder / WEIGHTS
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - no dict
        shape = json.loads(metadata[SHAPE])
        depth, sizes = int(shape["depth"]), tuple(int(n) for n in shape["sizes"])
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"Cannot read the weights {path}: {error}.", "The file is missing or damaged: install the package again."
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is not a language model: {error}.", _OTHER) from error
    if not all(np.isfinite(array).all() for array in state.values()):
        raise CheckpointError(f"{path} holds numbers that are not finite.", "Install the package again.")
    return state, depth, sizes


@lru_cache(maxsize=4)
def shipped_language_model(device: str = "cpu", name: str = MELODY) -> LanguageModel:
    """A language model that ships with the package, kept for the next time."""
    return read_language_model(BUILT_IN / name).to(device)


@lru_cache(maxsize=4)
def shipped_judge(backend: str = "torch", device: str = "cpu", name: str = MELODY) -> Judge:
    """What such a model says of clips, on that backend."""
    if backend == "numpy":
        return NumpyLanguageModel(*_read(BUILT_IN / name)).cost
    import torch

    from mvae_widgets.nn.runtime import threads_for

    place, model = torch.device(device), shipped_language_model(device, name)

    def judge(tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        with threads_for(place, len(tokens)):
            bits = model.cost(torch.from_numpy(tokens.astype(np.int64)).to(place))
        return np.asarray(bits.double().cpu().numpy())

    return judge


@lru_cache(maxsize=4)
def shipped_card(name: str = MELODY) -> dict[str, Any]:
    """The card of a language model that ships with the package."""
    card: dict[str, Any] = json.loads((BUILT_IN / name / CARD).read_text(encoding="utf-8"))
    return card
