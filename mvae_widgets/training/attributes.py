"""The attribute vectors and the plane of a model that is to be shipped, from its training data.

``python -m mvae_widgets.training.attributes --data DIR [--model melody-2bar]`` makes them again for a model
that is there, beside its weights.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.checkpoints.bundles import write_attributes
from mvae_widgets.checkpoints.catalog import find, read_bundle
from mvae_widgets.latent.attribute_fit import fit_attributes
from mvae_widgets.latent.attributes import AttributeVectors
from mvae_widgets.latent.effects import step_effects
from mvae_widgets.latent.project import fit_plane
from mvae_widgets.music import edits, features
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.passes import decode_points, encode_clips
from mvae_widgets.training.recipes import RECIPES

__all__ = ["attribute_vectors", "draw_clips", "encode_tokens", "heard", "measures_of", "plane_of"]

CLIPS = 150_000
PLANE_CLIPS = 20_000
# The longer the clips, the fewer are drawn.
USUAL_STEPS = 32
EDITED = 30_000
DECODED = 1000

Array = np.ndarray[Any, Any]


def attribute_vectors(
    model: VAE, tokens: Array, weights: Array, transpose: int, clips: int | None = None, seed: int = 0
) -> AttributeVectors:
    """Fit the vectors of `features.attributes_for` to training clips as they were drawn in training.

    Parameters
    ----------
    model
        In eval mode.
    tokens, weights
        The distinct clips ``[n, steps, ...]``, and how often each is drawn.
    transpose
        Largest transposition either way, in semitones; without it "C diatonic" would mean little.
    clips
        How many to draw (of two bars; of longer ones fewer), `CLIPS` if not given. A fifth of them are also
        edited; a thousand are moved and decoded to measure what a step does.
    seed
        Of all draws.
    """
    config = model.config
    clips = max(1, (clips or CLIPS) * USUAL_STEPS // config.steps)
    drawn = draw_clips(tokens, weights, transpose if config.family == "melody" else 0, clips, seed)
    mu = encode_tokens(model, drawn)
    values = {name: measure(drawn) for name, measure in measures_of(config).items()}
    some = drawn[: max(1, clips // 5)][:EDITED]
    converter = converter_for(config.family, **config.converter)
    located = {name: _pair(model, *edit(some, seed)) for name, edit in edits.edits_for(converter).items()}
    vectors = fit_attributes(mu, values, located)
    some_mu = mu[: DECODED * USUAL_STEPS // config.steps]
    return vectors.with_effect(step_effects(vectors, some_mu, lambda z: heard(model, z)))


def plane_of(model: VAE, tokens: Array, weights: Array, seed: int = 0) -> dict[str, Any]:
    """Fit the plane of a model: right is busier, up is higher, or a brighter kit for drums (LOOK.md 1).

    Parameters as for `attribute_vectors`; of trios the melody counts.
    """
    config = model.config
    drawn = draw_clips(tokens, weights, 0, PLANE_CLIPS * USUAL_STEPS // config.steps, seed)
    measures = measures_of(config)
    up = "brightness" if config.family in ("drums", "groove") else "mean_pitch"
    return fit_plane(encode_tokens(model, drawn), measures["note_density"](drawn), measures[up](drawn))


def measures_of(config: ModelConfig) -> features.Measures:
    """The attributes of a family, of its tokens."""
    return features.attributes_for(converter_for(config.family, **config.converter))


def draw_clips(tokens: Array, weights: Array, transpose: int, n: int, seed: int = 0) -> Array:
    """Draw n clips by weight; melodies may each be moved by up to `transpose` semitones where that fits."""
    rng = np.random.default_rng(seed)
    drawn = tokens[rng.choice(len(tokens), n, p=weights / weights.sum())]
    if not transpose:
        return drawn
    by = rng.integers(-transpose, transpose + 1, n)
    for semitones in range(-transpose, transpose + 1):
        rows = by == semitones
        drawn[rows] = edits.transpose(drawn[rows], semitones)
    return drawn


def encode_tokens(model: VAE, tokens: Array) -> Array:
    """Posterior means of clips, ``[n, z]``."""
    return encode_clips(model, tokens)[0]


def heard(model: VAE, z: Array) -> dict[str, Array]:
    """Attributes of the music at points of latent space."""
    tokens = decode_points(model, z)
    return {name: measure(tokens) for name, measure in measures_of(model.config).items()}


def _pair(model: VAE, less: Array, more: Array) -> tuple[Array, Array]:
    differ = (less != more).reshape(len(less), -1).any(1)
    return encode_tokens(model, less[differ]), encode_tokens(model, more[differ])


def main() -> None:
    """Write ``attributes.json`` beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared files")
    parser.add_argument("--model", default="melody-2bar", help="a built-in model or its folder")
    parser.add_argument("--clips", type=int, default=CLIPS)
    options = parser.parse_args()
    folder = find(options.model)
    bundle = read_bundle(folder)
    recipe = next(iter(RECIPES[bundle.config.name].values()))
    model = VAE(bundle.config)
    model.load_state_dict(bundle.state)
    model.eval()
    tokens, weights = load_clips(options.data, recipe.sources, "train", bundle.config.steps)
    vectors = attribute_vectors(model, tokens, weights, recipe.transpose, options.clips)
    write_attributes(folder, vectors.to_dict())
    for row in zip(vectors.names, vectors.fit, vectors.mean, vectors.std, vectors.effect, strict=True):
        print("{:18s} probe r2 {:.2f}  mean {:7.3f}  deviation {:6.3f}  a step {:6.3f}".format(*row))


if __name__ == "__main__":
    main()
