"""What a model's prior sounds like, beside the music that it should sound like (paper section 4.1; MUSICVAE.md 6.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from mvae_widgets.checkpoints.language_models import shipped_language_model
from mvae_widgets.music import features
from mvae_widgets.music.dataspace import audible
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import CLASSES, rows_for
from mvae_widgets.training.measure import Bootstrap, Sums, found_in, parts_of
from mvae_widgets.training.passes import decode_points, encode_clips

__all__ = ["compared", "evaluate_prior", "judge_of"]

LEAST_ONSETS = 3
# Of more training clips than make so many steps, so many are drawn. Multitracks, which have to be played to be
# measured, are as many as the samples.
MOST_STEPS = 4_000_000
SURPRISING = 0.99
# A dimension of z is in use if its mean moves by more than this over the data (Burda et al. 2016).
ACTIVE = 0.01
MELODY_FEATURES = ("note_density", "in_scale", "mean_pitch", "pitch_range", "on_beat", "repetition")
VOCABULARY = 90
PITCHES = 128

Tokens = np.ndarray[Any, Any]
Measures = dict[str, Callable[[Tokens], Tokens]]


def evaluate_prior(
    model: VAE,
    clips: Tokens,
    weights: Tokens,
    n: int = 2000,
    temperature: float | None = 0.5,
    seed: int = 0,
    learnt: bool = True,
    progress: bool = False,
) -> dict[str, Any]:
    """Compare samples of the prior with music.

    Parameters
    ----------
    model
        In eval mode.
    clips, weights
        The training clips and how often each is drawn: what the samples should be like.
    n, temperature, seed
        How many samples, decoded how.
    learnt
        Whether these are what the model has learnt from; otherwise nothing is said of samples found in them.
    progress
        Whether to show a bar.

    Returns
    -------
    dict
        ``samples_drawn``, ``temperature``; ``at_least_3_onsets`` and ``in_training_set`` (`found_in`) as shares
        of the samples; ``samples``, ``fitted`` and ``data``: the mean of each attribute of `compared` of samples
        from the prior N(0, 1), of samples from the Gaussian that fits the codes of the music (mean and deviation
        of each dimension), and of the music; ``interval``, 95 % intervals of ``samples``.

        Of melodies also ``cost``: mean bits a step that the shipped language model needs for ``samples``,
        ``fitted`` and ``data``; ``surprising`` and ``surprising_fitted``, the shares of samples that cost more
        than 99 of 100 clips of the music do.

        ``codes``: ``deviation``, root mean square of posterior samples over all dimensions, 1 where the codes
        fill the prior as they should; ``sigma``, the mean posterior deviation, near 0 where there is no noise
        and so nothing that fills the room between codes; ``active``, dimensions that are in use, of ``of``.
    """
    config, rng = model.config, np.random.default_rng(seed)
    drawn = clips[rng.choice(len(clips), n, p=weights / weights.sum())]
    mu, sigma = encode_clips(model, drawn, progress)
    controls = rows_for(drawn, config, next(model.parameters()).device).controls
    noise = rng.standard_normal((n, config.z_size))
    spread = np.sqrt(mu.var(0) + (sigma**2).mean(0))
    decode = partial(decode_points, model, temperature=temperature, controls=controls, progress=progress)
    samples, fitted = decode(noise, seed=seed), decode(mu.mean(0) + spread * noise, seed=seed)
    measures = compared(config)
    values = {name: Sums.mean(measure(samples)) for name, measure in measures.items()}
    bootstrap = Bootstrap(np.arange(n), seed)
    music, often = clips, weights
    if len(clips) * config.steps > MOST_STEPS or config.family == "multitrack":
        many = n if config.family == "multitrack" else MOST_STEPS // config.steps
        music, often = clips[rng.choice(len(clips), many, p=weights / weights.sum())], np.ones(many)
    data = {name: np.average(_filled(measure(music)), weights=often) for name, measure in measures.items()}
    result = {
        "samples_drawn": n,
        "temperature": temperature,
        "at_least_3_onsets": float((_notes(samples, config) >= LEAST_ONSETS).mean()),
        "samples": {name: sums.value for name, sums in values.items()},
        "fitted": {name: Sums.mean(measure(fitted)).value for name, measure in measures.items()},
        "data": {name: float(value) for name, value in data.items()},
        "interval": {name: bootstrap.interval(bootstrap(sums)) for name, sums in values.items()},
        "codes": {
            "deviation": float(np.sqrt((mu**2 + sigma**2).mean())),
            "sigma": float(sigma.mean()),
            "active": int((mu.var(0) > ACTIVE).sum()),
            "of": config.z_size,
        },
    }
    if learnt:
        result["in_training_set"] = float(found_in(samples, clips, config).mean())
    if judge := judge_of(model):
        costs = {"samples": judge(samples), "fitted": judge(fitted), "data": judge(drawn)}
        limit = np.quantile(costs["data"], SURPRISING)
        result["cost"] = {name: float(bits.mean()) for name, bits in costs.items()}
        result["surprising"] = float((costs["samples"] > limit).mean())
        result["surprising_fitted"] = float((costs["fitted"] > limit).mean())
    return result


def judge_of(model: VAE) -> Callable[[Tokens], Tokens] | None:
    """A function from melodies to their cost in bits a step, ``[n]``; None for music that has no language model."""
    config = model.config
    known = ("melody", VOCABULARY, features.STEPS_PER_QUARTER)
    if (config.family, config.depth, config.steps_per_quarter) != known:
        return None
    device = next(model.parameters()).device
    language_model = shipped_language_model(str(device))

    def cost(tokens: Tokens) -> Tokens:
        rows = torch.from_numpy(audible(tokens).astype(np.int64)).to(device)
        # Its batches are of clips: of long ones fewer.
        size = max(1, 512 * 32 // config.steps)
        return np.asarray(language_model.cost(rows, size).double().cpu().numpy())

    return cost


def compared(config: ModelConfig) -> Measures:
    """What samples and data are compared by, from a name to a function of tokens that gives one number a clip."""
    melody: Measures = {name: features.FEATURES[name] for name in MELODY_FEATURES}
    if config.family == "melody":
        return melody
    measures: Measures = dict(features.attributes_for(converter_for(config.family, **config.converter)))
    if config.family == "trio":
        measures |= {name: _of_melody(measure) for name, measure in melody.items()}
    if config.family in ("drums", "groove"):
        measures["on_beat"] = _hits_on_beat
    return measures


def _of_melody(measure: Callable[[Tokens], Tokens]) -> Callable[[Tokens], Tokens]:
    return lambda tokens: measure(tokens[..., 0])


def _hits_on_beat(tokens: Tokens) -> Tokens:
    """Share of the hits that fall on a quarter, 0..1."""
    hits = (tokens[..., :CLASSES] > 0.5).sum(2)
    on, all_ = hits[:, :: features.STEPS_PER_QUARTER].sum(1), hits.sum(1)
    return np.where(all_ > 0, on / np.maximum(all_, 1), np.nan)


def _notes(tokens: Tokens, config: ModelConfig) -> Tokens:
    """How many notes each clip has, ``[n]``; of a trio, its melody; of multitracks, note-ons."""
    if config.family in ("drums", "groove"):
        return np.asarray((tokens[..., :CLASSES] > 0.5).sum((1, 2)))
    if config.family == "multitrack":
        return np.asarray(((tokens >= 0) & (tokens < PITCHES)).sum(1))
    return np.asarray(features.onsets(next(iter(parts_of(tokens, config).values()))).sum(1))


def _filled(values: Tokens) -> Tokens:
    return np.where(np.isnan(values), np.nanmean(values), values)
