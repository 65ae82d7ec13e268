"""Whether a tune of sixteen bars keeps its form when its note density is turned, over the test split.

``python -m benchmarks.structure --data DIR``: a table in Markdown. The form is `MusicVAE.bar_likeness`, how alike each
two bars are; two forms are compared by the correlation of those numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import mvae_widgets as mv
from benchmarks.attributes import DENSITY, Array, decoded, moved
from mvae_widgets.music import features
from mvae_widgets.music.dataspace import bar_likeness
from mvae_widgets.training.attributes import encode_tokens
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.evaluate_tables import table
from mvae_widgets.training.measure import Bootstrap, Sums
from mvae_widgets.training.recipes import RECIPES

NAME = "melody-16bar"


def forms(tokens: Array, bars: int) -> Array:
    """How alike each two bars of each clip are, ``[n, pairs]``."""
    pairs = np.triu_indices(bars, 1)
    return np.stack([bar_likeness(clip, bars)[pairs] for clip in tokens])


def alike(one: Array, other: Array) -> Array:
    """Correlation of forms, clip by clip, ``[n]``; none where all bars of a clip are equally alike."""
    a, b = (form - form.mean(1, keepdims=True) for form in (one, other))
    size = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return np.where(size > 0, (a * b).sum(1) / np.where(size > 0, size, 1), np.nan)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared files")
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model, rng = mv.load(NAME), np.random.default_rng(options.seed)
    bars = model.config.bars
    tokens, _ = load_clips(options.data, RECIPES[NAME]["cpu"].sources, "test", model.config.steps)
    tokens = tokens[rng.choice(len(tokens), options.clips, replace=False)]
    z = encode_tokens(model.network, tokens)
    back = decoded(model, z)
    before, density = forms(back, bars), features.note_density(back)
    bootstrap = Bootstrap(np.arange(len(z)), options.seed)

    def row(what: str, tokens: Array, form: Array) -> list[str]:
        likeness = Sums.mean(alike(before, form))
        low, high = bootstrap.interval(bootstrap(likeness))
        notes = features.note_density(tokens).mean() / density.mean() - 1
        return [what, f"{100 * notes:+.0f} %", f"{likeness.value:.2f} [{low:.2f}, {high:.2f}]"]

    rows = [row("the clip itself, before it is encoded", tokens, forms(tokens, bars))]
    for search in (False, True):
        for amount in (-1.5, -1.0, 1.0, 1.5):
            turned = decoded(model, moved(model, z, {DENSITY: amount}, search))
            how = "`shift`" if search else "plain arithmetic"
            rows.append(row(f"density {amount:+g}, {how}", turned, forms(turned, bars)))
    other = np.roll(np.arange(len(z)), 1)
    rows.append(row("another clip", back[other], before[other]))
    print(f"{options.clips} clips of the test split, {NAME}:\n")
    print(table(["beside the reconstruction", "notes", "likeness of the forms"], rows))


if __name__ == "__main__":
    main()
