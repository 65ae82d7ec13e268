"""How smooth the way between two clips is, in latent space and in data space (paper section 4.2; MUSICVAE.md 6.1).

For random pairs of clips, a path of `PLACES` places from the one to the other, both ends among them: in latent
space the arc between their codes, decoded at argmax; in data space between the two decoded ends, each step of the
music from either end by chance (`music.dataspace.mix`). A *jump* is the Hamming distance of two neighbouring
places: the share of the steps of the music that differ (of grooves, in their hits).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mvae_widgets.latent.interpolate import path
from mvae_widgets.music.dataspace import ended, mix
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import CLASSES, rows_for
from mvae_widgets.training.measure import Bootstrap, Sums
from mvae_widgets.training.measure_prior import compared, judge_of
from mvae_widgets.training.passes import decode_points, encode_clips

__all__ = ["PLACES", "evaluate_paths", "jumps", "path_sums"]

PLACES = 9

Tokens = np.ndarray[Any, Any]


def evaluate_paths(
    model: VAE, clips: Tokens, pairs: int = 100, seed: int = 0, progress: bool = False
) -> dict[str, Any]:
    """Walk between random pairs of clips.

    Parameters
    ----------
    model
        In eval mode.
    clips
        ``[n, steps, ...]``, that it has not learnt from.
    pairs, seed
        How many pairs are drawn, and how.
    progress
        Whether to show a bar.

    Returns
    -------
    dict
        ``pairs``, ``places``; for ``latent`` and ``data`` the measures of `path_sums` and, for ``ends`` and
        ``middle`` (the place half-way), the means of the attributes of `compared` and, of melodies, the mean
        ``cost`` in bits a step; ``interval`` with 95 % intervals over the pairs.
    """
    config, rng = model.config, np.random.default_rng(seed)
    pairs = min(pairs, len(clips) // 2)
    if pairs < 1:
        return {}
    chosen = rng.choice(len(clips), (pairs, 2), replace=False)
    mu, _ = encode_clips(model, clips[chosen.ravel()], progress)
    ways = np.stack([path(a, b, PLACES) for a, b in mu.reshape(pairs, 2, -1)])
    controls = rows_for(clips[np.repeat(chosen[:, 0], PLACES)], config, next(model.parameters()).device).controls
    latent = decode_points(model, ways.reshape(pairs * PLACES, -1), controls=controls, progress=progress)
    latent = latent.reshape(pairs, PLACES, *latent.shape[1:])
    alphas = np.linspace(0, 1, PLACES)
    data = np.stack([mix(way[0], way[-1], alphas, seed + k) for k, way in enumerate(latent)])
    if config.family == "multitrack":
        converter = converter_for(config.family, **config.converter)
        data = np.stack([ended(way, converter) for way in data])
    return {
        "pairs": pairs,
        "places": PLACES,
        "latent": _measured(model, latent, seed),
        "data": _measured(model, data, seed),
    }


def path_sums(ways: Tokens, config: ModelConfig) -> dict[str, Sums]:
    """Measure paths ``[pairs, places, steps, ...]``.

    Returns
    -------
    dict
        ``jump``: the mean jump; ``largest_jump``: the mean over pairs of the largest jump of each;
        ``unevenness``: the largest jump over the mean jump of the path, 1 if all are equal and places - 1 if
        all happens at once; ``detour``: all jumps together over the distance of the ends, 1 if no step
        changes and changes back. Paths with equal ends do not count in the last two.
    """
    each = jumps(ways, config)
    ends = jumps(ways[:, [0, -1]], config)[:, 0]
    moved = ends > 0
    mean, largest = each.mean(1), each.max(1)
    return {
        "jump": Sums.mean(mean),
        "largest_jump": Sums.mean(largest),
        "unevenness": Sums.mean(np.where(moved, largest / np.where(moved, mean, 1), np.nan)),
        "detour": Sums.mean(np.where(moved, each.sum(1) / np.where(moved, ends, 1), np.nan)),
    }


def jumps(ways: Tokens, config: ModelConfig) -> Tokens:
    """Hamming distances of neighbouring places, ``[pairs, places - 1]``."""
    rows = ways[..., :CLASSES] > 0.5 if config.family == "groove" else ways
    differ = rows[:, 1:] != rows[:, :-1]
    return np.asarray((differ.any(-1) if differ.ndim > 3 else differ).mean(2))


def _measured(model: VAE, ways: Tokens, seed: int) -> dict[str, Any]:
    sums = path_sums(ways, model.config)
    bootstrap = Bootstrap(np.arange(len(ways)), seed)
    measures = dict(compared(model.config))
    if judge := judge_of(model):
        measures["cost"] = judge
    middle, ends = ways[:, PLACES // 2], ways[:, [0, -1]].reshape(-1, *ways.shape[2:])
    return {
        **{name: s.value for name, s in sums.items()},
        "middle": {name: Sums.mean(measure(middle)).value for name, measure in measures.items()},
        "ends": {name: Sums.mean(measure(ends)).value for name, measure in measures.items()},
        "interval": {name: bootstrap.interval(bootstrap(s)) for name, s in sums.items() if len(ways) > 1},
    }
