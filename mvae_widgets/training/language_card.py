"""The end of a language model's run: measurements and card, written with the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mvae_widgets.checkpoints.bundles import PAGE
from mvae_widgets.checkpoints.language_models import write_language_model
from mvae_widgets.nn.language_model import LanguageModel
from mvae_widgets.training.card import sources_of
from mvae_widgets.training.dataset import STEPS_PER_BAR, Source, load_clips
from mvae_widgets.training.evaluate_tables import table
from mvae_widgets.training.language_model import LanguageTrainer
from mvae_widgets.training.measure import transposed_to_floor
from mvae_widgets.training.page import sources_table
from mvae_widgets.training.recipes import HELD_OUT, LanguageRecipe
from mvae_widgets.whole_files import write_text

__all__ = ["cost_quantiles", "finish", "measure"]

FREQUENCY_CLIPS = 50_000
MIDDLE_95 = 1.96


def finish(trainer: LanguageTrainer, data: Path, folder: Path, training: dict[str, Any]) -> None:
    """Measure the run's best model and write weights, ``card.json`` and ``README.md``.

    Parameters
    ----------
    trainer
        The finished run.
    data
        What it was trained on.
    folder
        Where to.
    training
        Facts about the run for the card: ``seconds``, ``hardware``, ``note``.
    """
    recipe = trainer.recipe
    model = LanguageModel(recipe.depth, recipe.sizes)
    # What is measured is what is shipped: weights rounded to half precision.
    weights = trainer.kept or trainer.model.state_dict()
    model.load_state_dict({name: t.cpu().half().float() for name, t in weights.items()})
    model.eval().requires_grad_(False)
    card: dict[str, Any] = {
        "name": recipe.name,
        "family": "melody",
        "parameters": sum(p.numel() for name, p in model.named_parameters() if ".bias_hh_" not in name),
        "licence": "Apache-2.0",
        "sources": sources_of(data, recipe.sources),
        "recipe": recipe.to_dict(),
        "training": {**training, "updates": trainer.step, "valid_bits": trainer.numbers["best_bits"]},
    }
    model.to(trainer.device)
    card["measured"] = measure(model, recipe, data, trainer, trainer.seed)
    card["cost_quantiles"] = cost_quantiles(model, trainer)
    write_text(folder / PAGE, _markdown(card))
    write_language_model(folder, model, card)


def measure(
    model: LanguageModel, recipe: LanguageRecipe, data: Path, trainer: LanguageTrainer, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Bits a step on the test split: the recipe's sources by voice, and the collections held out.

    Parameters
    ----------
    model
        In eval mode.
    recipe, data
        What it was trained with and on.
    trainer
        Draws the clips that the frequencies of tokens alone are counted on.
    seed
        Of the shuffling.

    Returns
    -------
    dict
        For each group: ``clips``; ``bits`` and ``interval`` (half the width of its 95 % interval over clips);
        ``new_bits`` without the clips that the training clips hold in some key (share ``in_training_set``);
        ``long_bits`` of windows of the recipe's greatest length; ``frequencies_bits``, what knowing only how
        often each token occurs would cost; ``shuffled_bits``, the clips with their steps in random order.
    """
    short, long = min(recipe.bars) * STEPS_PER_BAR, max(recipe.bars) * STEPS_PER_BAR
    groups: dict[str, list[Source]] = {
        "melodies": [s for s in recipe.sources if s.voice == "steps"],
        "bass lines": [s for s in recipe.sources if s.voice == "bass"],
        "held-out collections": list(HELD_OUT),
    }
    known = {row.tobytes() for row in transposed_to_floor(load_clips(data, recipe.sources, "train", short)[0])}
    drawn = trainer.draws[recipe.bars.index(min(recipe.bars))](FREQUENCY_CLIPS, trainer.generator(-2))
    counts = torch.bincount(drawn.flatten(), minlength=recipe.depth).double() + 1
    surprise = -torch.log2(counts / counts.sum()).cpu().numpy()
    rng = np.random.default_rng(seed)
    device = next(model.parameters()).device

    def cost(tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        rows: Tensor = torch.from_numpy(tokens.astype(np.int64)).to(device)
        return np.asarray(model.cost(rows).double().cpu().numpy())

    measured: dict[str, dict[str, float]] = {}
    for name, sources in groups.items():
        if not sources:
            continue
        clips, _ = load_clips(data, sources, "test", short)
        new = np.array([row.tobytes() not in known for row in transposed_to_floor(clips)])
        bits = cost(clips)
        measured[name] = {
            "clips": len(clips),
            "bits": float(bits.mean()),
            "interval": float(MIDDLE_95 * bits.std() / np.sqrt(len(bits))),
            "in_training_set": float(1 - new.mean()),
            "new_bits": float(bits[new].mean()) if new.any() else float("nan"),
            "long_bits": float(cost(load_clips(data, sources, "test", long)[0]).mean()),
            "frequencies_bits": float(surprise[clips].mean()),
            "shuffled_bits": float(cost(rng.permuted(clips, axis=1)).mean()),
        }
    return measured


def cost_quantiles(model: LanguageModel, trainer: LanguageTrainer) -> dict[str, float]:
    """What the shortest training clips cost, in bits a step, by the share of them that cost less."""
    recipe = trainer.recipe
    drawn = trainer.draws[recipe.bars.index(min(recipe.bars))](FREQUENCY_CLIPS, trainer.generator(-3))
    bits = model.cost(drawn).double().cpu().numpy()
    return {str(share): float(np.quantile(bits, share)) for share in (0.5, 0.95, 0.99)}


def _markdown(card: dict[str, Any]) -> str:
    """The card as a page to read."""
    recipe, measured = card["recipe"], card["measured"]
    long = max(recipe["bars"])
    rows: list[list[Any]] = [
        ["clips", *(f"{group['clips']:,}" for group in measured.values())],
        ["**bits a step**", *(f"**{group['bits']:.3f}** ± {group['interval']:.3f}" for group in measured.values())],
    ]
    for key, words in (
        ("new_bits", "without the clips that the training clips hold in some key"),
        ("in_training_set", "share of those"),
        ("long_bits", f"windows of {long} bars"),
        ("shuffled_bits", "the steps of each clip in random order"),
        ("frequencies_bits", "knowing only how often each token occurs"),
    ):
        rows.append([words, *(f"{group[key]:.3f}" for group in measured.values())])
    settings = [[words, _show(recipe[key])] for key, words in _SETTINGS]
    return _PAGE.format(
        **card,
        uniform=float(np.log2(recipe["depth"])),
        minutes=card["training"]["seconds"] / 60,
        settings_table=table(["setting", "value"], settings),
        sources_table=sources_table(card["sources"]),
        measured_table=table(["", *measured], rows),
    )


def _show(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value:,g}"


_SETTINGS = (
    ("steps", "updates at most"),
    ("tokens", "steps of music in each"),
    ("bars", "bars of a window, in turn"),
    ("sizes", "LSTM units"),
    ("dropout", "dropout"),
    ("transpose", "semitones of transposition"),
    ("learning_rate", "Adam rate"),
    ("min_learning_rate", "falling to"),
    ("grad_clip", "gradient norm"),
    ("validate_every", "updates between two looks at the validation clips"),
    ("patience", "looks without a new best before it ends"),
)
_PAGE = """# {name}

A language model of melodies: LSTM layers that guess the next 16th from those before it, as Magenta's
MelodyRNN does. {parameters:,} parameters, stored in half precision. It makes no music here; it says how
surprising a clip is, in bits a step (`model.cost`), whichever way the clip was made.
Licence of the weights: Apache-2.0. They were trained only on collections whose licences allow it, the
same as melody-2bar:

{sources_table}

The bass lines of all collections but freedoom are synthetic: backing made with Musical MIDI
Accompaniment 21.09 under the tunes of these books.

## Recipe

`mvae-widgets train {name} --data DIR`: from random weights, {training[updates]:,} updates in {minutes:.0f} minutes
in {recipe[precision]} on {training[hardware]}, {training[note]}. The weights are those of the best look at the
validation clips: {training[valid_bits]:.3f} bits a step.

{settings_table}

## Measured on the test split

Clips are distinct two-bar windows with at least three onsets, read from their first bar line on with nothing
before it. The collections held out were never learnt from. ± is the 95 % interval over clips; windows one bar
apart share a bar, so it is a little too narrow. Knowing nothing costs {uniform:.3f} bits a step.

{measured_table}
"""
