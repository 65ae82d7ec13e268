"""The end of a run: plane, measurements and model card, written with the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import one_hot

from mvae_widgets.checkpoints.catalog import write_bundle
from mvae_widgets.latent.project import fit_plane
from mvae_widgets.music import features
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.evaluate import evaluate_prior, evaluate_reconstruction, transposed_to_floor
from mvae_widgets.training.recipes import HELD_OUT, Recipe

__all__ = ["card_markdown", "finish", "measure"]

PLANE_CLIPS = 20_000
PRIOR_SAMPLES = 2000


def finish(model: VAE, recipe: Recipe, data: Path, folder: Path, training: dict[str, Any], seed: int = 0) -> None:
    """Fit the plane, measure the model, and write weights, plane, ``card.json`` and ``README.md``.

    Parameters
    ----------
    model
        The trained network.
    recipe, data
        What it was trained with and on.
    folder
        Where to.
    training
        Facts about the run for the card: ``seconds``, ``hardware``, ``started_from``, ``note``.
    seed
        Of samples and draws.
    """
    # What is measured is what is shipped: weights rounded to half precision.
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: tensor.half().float() for name, tensor in state.items()})
    model.eval()
    train, weights = load_clips(data, recipe.sources, "train", recipe.config.steps)
    plane = _plane(model, train, weights, seed)
    card = {
        "name": recipe.config.name,
        "family": recipe.config.family,
        "bars": recipe.config.bars,
        "parameters": sum(p.numel() for n, p in model.named_parameters() if ".bias_hh_" not in n),
        "licence": "Apache-2.0",
        "sources": _sources(data, recipe),
        "recipe": recipe.to_dict(),
        "training": training,
        "measured": measure(model, recipe, data, train, seed),
        "prior": evaluate_prior(model, train, weights, PRIOR_SAMPLES, seed=seed),
    }
    write_bundle(folder, recipe.config, state, card, plane)
    (folder / "README.md").write_text(card_markdown(card), encoding="utf-8")


def measure(
    model: VAE, recipe: Recipe, data: Path, train: np.ndarray[Any, Any], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Reconstruction on the test split: the recipe's sources by voice, and the collections held out.

    The splits keep tunes apart, not two-bar windows: common patterns occur on both sides. So each group also
    says what share of it the training clips hold in some key (``in_training_set``), and is measured a second
    time without those (``new``).
    """
    groups = {
        "melodies": [s for s in recipe.sources if s.voice == "steps"],
        "bass lines": [s for s in recipe.sources if s.voice == "bass"],
        "held-out collections": list(HELD_OUT),
    }
    known = {row.tobytes() for row in transposed_to_floor(train)}
    measured: dict[str, dict[str, Any]] = {}
    for name, sources in groups.items():
        if not sources:
            continue
        clips, _ = load_clips(data, sources, "test", recipe.config.steps)
        new = np.array([row.tobytes() not in known for row in transposed_to_floor(clips)])
        measured[name] = {**evaluate_reconstruction(model, clips, seed), "in_training_set": float(1 - new.mean())}
        if new.any():
            measured[name]["new"] = evaluate_reconstruction(model, clips[new], seed)
    return measured


def _plane(model: VAE, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], seed: int) -> dict[str, Any]:
    drawn = np.random.default_rng(seed).choice(len(tokens), PLANE_CLIPS, p=weights / weights.sum())
    chosen = tokens[drawn]
    device = next(model.parameters()).device
    mu = []
    with torch.no_grad():
        for start in range(0, len(chosen), 500):
            part = torch.from_numpy(chosen[start : start + 500].astype(np.int64)).to(device)
            mu.append(model.encode(one_hot(part, model.config.depth).float())[0].cpu().numpy())
    return fit_plane(np.concatenate(mu), features.note_density(chosen), features.mean_pitch(chosen))


def _sources(data: Path, recipe: Recipe) -> list[dict[str, Any]]:
    """Where each collection is from and under which licence, as the prepared files say."""
    rows = []
    for source in recipe.sources:
        with np.load(data / source.file, allow_pickle=False) as file:
            index = [str(n) for n in file["source_names"]].index(source.name)
            row = {"collection": source.name, "voice": source.voice, "weight": source.weight}
            for key in ("source_repo", "source_licence"):
                if key in file:
                    row[key.removeprefix("source_")] = str(file[key][index])
        rows.append(row)
    return rows


def card_markdown(card: dict[str, Any]) -> str:
    """The card as a page to read."""
    prior, measured = card["prior"], card["measured"]
    sources = [
        [
            source["collection"],
            "melody" if source["voice"] == "steps" else source["voice"],
            source["weight"],
            source.get("repo") or _TRIO_REPOS.get(source["collection"], ""),
            source.get("licence") or _TRIO_LICENCES.get(source["collection"], ""),
        ]
        for source in card["sources"]
    ]
    attributes = [
        [name.replace("_", " "), f"{have:.3f}", f"{want:.3f}", f"{100 * (have / want - 1):+.1f} %"]
        for name, have, want in ((name, prior["samples"][name], prior["data"][name]) for name in prior["data"])
    ]
    new = {name: group["new"] for name, group in measured.items() if "new" in group}
    return _PAGE.format(
        **card,
        settings_table=_table(["setting", "value"], [[words, f"{card['recipe'][key]:,g}"] for key, words in _SETTINGS]),
        minutes=card["training"]["seconds"] / 60,
        sources_table=_table(["collection", "voice", "drawn", "from", "licence"], sources),
        measured_table=_table(["", *measured], _measures(measured, (*_ROWS, _SEEN))),
        new_table=_table(["", *new], _measures(new, _ROWS)),
        prior_table=_table(["mean of", "samples", "training data", "difference"], attributes),
    )


def _measures(groups: dict[str, dict[str, Any]], rows: tuple[Any, ...]) -> list[list[str]]:
    return [[words, *(form(group[key]) for group in groups.values())] for key, words, form in rows]


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


# The prepared trio file names no repositories; these are those of its README.
_TRIO_REPOS = {"freedoom": "freedoom/freedoom"} | dict.fromkeys(
    ("airds", "oneills", "ryans"), "cuthbertLab/music21 (tunes)"
)
_TRIO_LICENCES = {"freedoom": "BSD-3-Clause"} | dict.fromkeys(("airds", "oneills", "ryans"), "public-domain tunes")
_SETTINGS = (
    ("steps", "updates"),
    ("batch_size", "clips each"),
    ("transpose", "semitones of transposition"),
    ("learning_rate", "Adam rate"),
    ("min_learning_rate", "falling to"),
    ("max_beta", "beta"),
    ("beta_rate", "beta rate"),
    ("free_bits", "free bits"),
    ("sampling_rate", "scheduled sampling"),
    ("token_dropout", "token dropout"),
    ("grad_clip", "gradient norm"),
)
_ROWS = (
    ("clips", "clips", "{:,}".format),
    ("teacher_forced", "teacher-forced from mu", "{:.3f}".format),
    ("teacher_forced_sampled_z", "teacher-forced from a posterior sample", "{:.3f}".format),
    ("temperature_1", "decoded freely at temperature 1 from a posterior sample", "{:.3f}".format),
    ("argmax", "decoded freely at argmax from mu", "{:.3f}".format),
    ("exact", "exact clips (argmax)", "{:.3f}".format),
    ("onset_f1", "onset F1, right pitch at the right step (argmax)", "{:.3f}".format),
    ("always_hold", "what always-hold would score", "{:.3f}".format),
    ("kl_bits", "KL bits", "{:.1f}".format),
)
_SEEN = ("in_training_set", "share that the training clips hold in some key", "{:.3f}".format)
_PAGE = """# {name}

A MusicVAE of {bars} bars of {family}, {parameters:,} parameters, stored in half precision.
Licence of the weights: Apache-2.0. They were trained only on collections whose licences allow it:

{sources_table}

The bass lines of all collections but freedoom are synthetic: backing made with Musical MIDI
Accompaniment 21.09 under the tunes of these books.

## Recipe

{training[started_from]} {minutes:.0f} minutes in {recipe[precision]} on {training[hardware]}, {training[note]}.

{settings_table}

## Measured on the test split

Clips are distinct two-bar windows with at least three onsets. The collections held out were never
learnt from. The splits keep tunes apart, but short patterns recur, above all in the synthetic bass lines.

{measured_table}

The same without the clips that the training clips hold in some key:

{new_table}

## The prior: {prior[samples_drawn]:,} samples at temperature {prior[temperature]:g}

At least three onsets: {prior[at_least_3_onsets]:.3f} of the samples. Found in the training set, in any
transposition: {prior[in_training_set]:.4f}.

{prior_table}
"""
