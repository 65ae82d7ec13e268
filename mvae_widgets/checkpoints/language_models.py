"""Files of the language models that judge how likely a melody is; they are no MusicVAE and have a kind of their own."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvae_widgets.checkpoints.bundles import CARD, WEIGHTS, save_tensors
from mvae_widgets.checkpoints.catalog import BUILT_IN, LANGUAGE_MODEL
from mvae_widgets.errors import CheckpointError

if TYPE_CHECKING:
    from mvae_widgets.nn.language_model import LanguageModel

__all__ = ["MELODY", "read_language_model", "shipped_card", "shipped_language_model", "write_language_model"]

MELODY = "melody-lm"
SHAPE = "language_model"


def write_language_model(folder: Path, model: LanguageModel, card: dict[str, Any]) -> None:
    """Write a folder with the weights in half precision and the card; `read_language_model` reads it."""
    state = {n: t.detach().cpu().half().contiguous() for n, t in model.state_dict().items() if ".bias_hh_" not in n}
    shape = {"depth": model.depth, "sizes": list(model.sizes)}
    save_tensors(folder / WEIGHTS, state, {SHAPE: json.dumps(shape)})
    (folder / CARD).write_text(json.dumps({**card, "kind": LANGUAGE_MODEL}, indent=1) + "\n", encoding="utf-8")


def read_language_model(folder: Path) -> LanguageModel:
    """The model of a folder, on the CPU, ready to judge.

    Raises
    ------
    CheckpointError
        If its weights are missing, damaged, or not those of a language model.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    from mvae_widgets.nn.language_model import LanguageModel

    path = folder / WEIGHTS
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
        shape = json.loads(metadata[SHAPE])
        model = LanguageModel(int(shape["depth"]), tuple(int(n) for n in shape["sizes"]))
        for name in [n for n in state if ".bias_ih_" in n]:
            state[name.replace(".bias_ih_", ".bias_hh_")] = torch.zeros_like(state[name])
        model.load_state_dict(state)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"Cannot read the weights {path}: {error}.", "The file is missing or damaged: install the package again."
        ) from error
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a language model: {error}.", "Give the folder of one.") from error
    if not all(tensor.isfinite().all() for tensor in state.values()):
        raise CheckpointError(f"{path} holds numbers that are not finite.", "Install the package again.")
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=4)
def shipped_language_model(device: str = "cpu", name: str = MELODY) -> LanguageModel:
    """A language model that ships with the package, kept for the next time."""
    return read_language_model(BUILT_IN / name).to(device)


@lru_cache(maxsize=4)
def shipped_card(name: str = MELODY) -> dict[str, Any]:
    """The card of a language model that ships with the package."""
    card: dict[str, Any] = json.loads((BUILT_IN / name / CARD).read_text(encoding="utf-8"))
    return card
