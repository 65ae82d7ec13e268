"""The end of a run: plane, attribute vectors, measurements and model card, written with the weights.

``python -m mvae_widgets.training.card --data DIR MODEL ...`` measures models that are there again and writes their
cards anew; weights, plane and attribute vectors stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.checkpoints.bundles import CARD, PAGE, read_json
from mvae_widgets.checkpoints.catalog import BUILT_IN, find, read_bundle, write_bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.attributes import attribute_vectors, plane_of
from mvae_widgets.training.dataset import Source, load_clips
from mvae_widgets.training.evaluate import Scope, evaluate
from mvae_widgets.training.page import card_markdown
from mvae_widgets.training.passes import without_noise
from mvae_widgets.training.recipes import Recipe
from mvae_widgets.whole_files import write_text

__all__ = ["finish", "measured_again", "page_of", "sources_of"]

# Models that are made to be compared with the one whose name has no suffix.
SUFFIXES = {
    "-flat": "Flat, beside {}: what the hierarchy is for",
    "-ae": "A plain autoencoder, beside {}: its prior has holes",
}
MEASURED = ("measured", "prior", "paths", "training_clips", "hierarchical", "split", "seed")


def finish(model: VAE, recipe: Recipe, data: Path, folder: Path, training: dict[str, Any], seed: int = 0) -> None:
    """Fit plane and attribute vectors, measure the model, and write all of it with weights, card and page.

    Parameters
    ----------
    model
        The trained network.
    recipe, data
        What it was trained with and on.
    folder
        Where to.
    training
        Facts about the run for the card: ``seconds``, ``updates``, ``hardware``, ``started_from``, ``note``.
    seed
        Of samples and draws.
    """
    # What is measured is what is shipped: weights rounded to half precision.
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    if not recipe.variational:
        state = without_noise(state)
    model.load_state_dict({name: tensor.half().float() for name, tensor in state.items()})
    model.eval()
    train, weights = load_clips(data, recipe.sources, "train", recipe.config.steps)
    report = evaluate(model, data, recipe.sources, Scope(seed=seed)).to_dict()
    card = {
        **report,
        **_about(recipe.config.name),
        "licence": "Apache-2.0",
        "sources": sources_of(data, recipe.sources),
        "recipe": recipe.to_dict(),
        "training": training,
    }
    vectors = attribute_vectors(model, train, weights, recipe.transpose, seed=seed)
    plane = plane_of(model, train, weights, seed)
    write_bundle(folder, recipe.config, state, card, plane, vectors.to_dict(), page_of(card))


def measured_again(folder: Path, data: Path, seed: int = 0) -> dict[str, Any]:
    """Measure the model of a folder and write its card and page anew; returns the card.

    Raises
    ------
    ConfigError
        If its card does not say what it has learnt from.
    """
    bundle = read_bundle(folder)
    if "recipe" not in bundle.card:
        raise ConfigError(f"{folder} has no card that names a recipe.", "Use mvae-widgets evaluate, which needs none.")
    model = VAE(bundle.config)
    model.load_state_dict(bundle.state)
    sources = [Source(**source) for source in bundle.card["recipe"]["sources"]]
    report = evaluate(model.eval(), data, sources, Scope(seed=seed)).to_dict()
    card = bundle.card | {key: report[key] for key in MEASURED} | {"sources": sources_of(data, sources)}
    write_text(folder / PAGE, page_of(card))
    write_text(folder / CARD, json.dumps(card, indent=1) + "\n")
    return card


def page_of(card: Mapping[str, Any]) -> str:
    """A card as a page to read, beside the shipped model that it is made to be compared with."""
    return card_markdown(card, _counterpart(card["name"]))


def _about(name: str) -> dict[str, str]:
    """What a model that is made to be compared is for; of others nothing."""
    for suffix, words in SUFFIXES.items():
        if name.endswith(suffix):
            return {"about": words.format(name.removesuffix(suffix))}
    return {}


def _counterpart(name: str) -> dict[str, Any] | None:
    """The card of the shipped model that this one is made to be compared with, measured in the same way."""
    other = next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), None)
    card = read_json(BUILT_IN / other / CARD) if other else None
    return card if card and "paths" in card else None


def sources_of(data: Path, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Where each collection is from and under which licence, as the prepared files say."""
    rows = []
    for source in sources:
        with np.load(data / source.file, allow_pickle=False) as file:
            names = [str(n) for n in file["source_names"]] if "source_names" in file else [source.name]
            row = {"collection": source.name, "voice": source.voice, "weight": source.weight}
            for key in ("source_repo", "source_licence"):
                if key in file:
                    row[key.removeprefix("source_")] = str(np.atleast_1d(file[key])[names.index(source.name)])
        rows.append(row)
    return rows


def main() -> None:
    """Measure models again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="built-in models or their folders")
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared files")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.models:
        measured_again(find(name), options.data, options.seed)


if __name__ == "__main__":
    main()
