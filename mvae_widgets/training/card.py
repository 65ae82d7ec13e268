"""The end of a run: plane, attribute vectors, measurements and model card, written with the weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.checkpoints.catalog import write_bundle
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.attributes import attribute_vectors, plane_of
from mvae_widgets.training.dataset import Source, load_clips
from mvae_widgets.training.evaluate import evaluate_parts, evaluate_prior, found_in
from mvae_widgets.training.evaluate_groove import evaluate_groove
from mvae_widgets.training.page import card_markdown
from mvae_widgets.training.recipes import HELD_OUT, Recipe

__all__ = ["finish", "measure", "sources_of"]

PRIOR_SAMPLES = 2000
# Long clips take long to decode one step after another: of these many, drawn at random, are measured.
MOST_STEPS = 600_000


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
    model.load_state_dict({name: tensor.half().float() for name, tensor in state.items()})
    model.eval()
    train, weights = load_clips(data, recipe.sources, "train", recipe.config.steps)
    card = {
        "name": recipe.config.name,
        "family": recipe.config.family,
        "bars": recipe.config.bars,
        "parameters": sum(p.numel() for n, p in model.named_parameters() if ".bias_hh_" not in n),
        "licence": "Apache-2.0",
        "sources": sources_of(data, recipe.sources),
        "recipe": recipe.to_dict(),
        "training": training,
        "measured": measure(model, recipe, data, train, seed),
        "prior": evaluate_prior(model, train, weights, PRIOR_SAMPLES, seed=seed),
    }
    vectors = attribute_vectors(model, train, weights, recipe.transpose, seed=seed)
    write_bundle(folder, recipe.config, state, card, plane_of(model, train, weights, seed), vectors.to_dict())
    (folder / "README.md").write_text(card_markdown(card), encoding="utf-8")


def measure(
    model: VAE, recipe: Recipe, data: Path, train: np.ndarray[Any, Any], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """What the model does with the test split: the recipe's sources by voice or part, and collections held out.

    The splits keep tunes and performances apart, not windows: common patterns occur on both sides. So each group
    also says what share of it the training clips hold (``in_training_set``; melodies in some key), and is
    measured a second time without those (``new``).
    """
    steps, family = recipe.config.steps, recipe.config.family
    measured: dict[str, dict[str, Any]] = {}
    for name, sources in _groups(recipe).items():
        clips, _ = load_clips(data, sources, "test", steps)
        most = max(1, MOST_STEPS // steps)
        if len(clips) > most:
            clips = clips[np.sort(np.random.default_rng(seed).choice(len(clips), most, replace=False))]
        known = found_in(clips, train, recipe.config)
        if family == "groove":
            results = {name: evaluate_groove(model, clips, train, seed)}
            new = {name: evaluate_groove(model, clips[~known], train, seed)} if not known.all() else {}
        else:
            results = evaluate_parts(model, clips, seed)
            new = evaluate_parts(model, clips[~known], seed) if not known.all() else {}
            if len(results) == 1:
                results, new = (dict(zip([name], parts.values(), strict=False)) for parts in (results, new))
        for part, values in results.items():
            measured[part] = {**values, "in_training_set": float(known.mean())}
            if part in new:
                measured[part]["new"] = new[part]
    return measured


def _groups(recipe: Recipe) -> dict[str, Sequence[Source]]:
    """Sources that are measured together, by name."""
    family = recipe.config.family
    if family != "melody":
        return {{"drums": "drums", "groove": "grooves"}.get(family, family): recipe.sources}
    groups = {
        "melodies": [s for s in recipe.sources if s.voice == "steps"],
        "bass lines": [s for s in recipe.sources if s.voice == "bass"],
        "held-out collections": list(HELD_OUT),
    }
    return {name: sources for name, sources in groups.items() if sources}


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
