"""How well a model reconstructs and what its prior sounds like (paper section 4.1; MUSICVAE.md 3.4, 6.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from tqdm.auto import tqdm

from mvae_widgets.music import features
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.loss import kl_divergence

__all__ = ["evaluate_prior", "evaluate_reconstruction", "onset_f1", "transposed_to_floor"]

BATCH = 500
PRIOR_FEATURES = ("note_density", "in_scale", "mean_pitch", "pitch_range", "on_beat", "repetition")

Tokens = np.ndarray[Any, Any]


def onset_f1(truth: Tokens, decoded: Tokens) -> float:
    """F1 of (step, pitch) onsets over all clips: the right pitch at the right step."""
    on, found = features.onsets(truth), features.onsets(decoded)
    right = (on & (truth == decoded)).sum()
    return float(2 * right / max(1, on.sum() + found.sum()))


@torch.no_grad()
def evaluate_reconstruction(model: VAE, tokens: Tokens, seed: int = 0, progress: bool = True) -> dict[str, float]:
    """Measure reconstruction on clips that the model has not learnt from.

    Parameters
    ----------
    model
        In eval mode, on any device.
    tokens
        ``[n, steps]``.
    seed
        Of the posterior samples and of the draws at temperature 1.
    progress
        Whether to show a bar.

    Returns
    -------
    dict
        ``clips``; shares of right steps ``teacher_forced`` (argmax under the true history, z = mu),
        ``teacher_forced_sampled_z``, ``temperature_1`` (decoded freely at temperature 1 from a posterior
        sample, the paper's measure), ``argmax`` (decoded freely from mu), ``always_hold``; share of
        ``exact`` clips and ``onset_f1`` of the argmax decoding; ``kl_bits``.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    steps, depth = tokens.shape[1], model.config.depth
    right = dict.fromkeys(("teacher_forced", "teacher_forced_sampled_z", "temperature_1", "argmax"), 0)
    exact, kl = 0, 0.0
    decoded = []
    for start in tqdm(range(0, len(tokens), BATCH), unit="batch", desc="evaluate", disable=not progress):
        target = torch.from_numpy(tokens[start : start + BATCH].astype(np.int64)).to(device)
        x = one_hot(target, depth).float()
        mu, sigma = model.encode(x)
        z = mu + sigma * torch.randn(mu.shape, device=device, generator=generator)
        kl += kl_divergence(mu, sigma).sum().item()

        def count(out: Tensor, target: Tensor = target) -> int:
            return int((out == target).sum())

        right["teacher_forced"] += count(model.decoder(mu, shift(x)).argmax(-1))
        right["teacher_forced_sampled_z"] += count(model.decoder(z, shift(x)).argmax(-1))
        right["temperature_1"] += count(model.decode(z, 1.0, generator).argmax(-1))
        free = model.decode(mu).argmax(-1)
        right["argmax"] += count(free)
        exact += int((free == target).all(1).sum())
        decoded.append(free.cpu().numpy())
    n = len(tokens)
    return {
        "clips": n,
        **{name: hits / (n * steps) for name, hits in right.items()},
        "exact": exact / n,
        "onset_f1": onset_f1(tokens, np.concatenate(decoded)),
        "always_hold": float((tokens == 0).mean()),
        "kl_bits": kl / n / float(np.log(2)),
    }


@torch.no_grad()
def evaluate_prior(
    model: VAE, train: Tokens, weights: Tokens, n: int = 2000, temperature: float = 0.5, seed: int = 0
) -> dict[str, Any]:
    """Compare samples of the prior with the training data.

    Parameters
    ----------
    model
        In eval mode.
    train, weights
        The training clips and how often each is drawn: what the samples should be like.
    n, temperature, seed
        How many samples, drawn how.

    Returns
    -------
    dict
        ``at_least_3_onsets`` and ``in_training_set`` (in any transposition) as shares of the samples;
        ``samples`` and ``data``, the mean of each attribute of `music.features`.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    z = torch.randn(n, model.config.z_size, device=device, generator=generator)
    drawn = [model.decode(part, temperature, generator).argmax(-1) for part in z.split(BATCH)]
    samples = torch.cat(drawn).cpu().numpy()
    known = {row.tobytes() for row in transposed_to_floor(train)}
    data = {name: float(np.average(_filled(name, train), weights=weights)) for name in PRIOR_FEATURES}
    return {
        "samples_drawn": n,
        "temperature": temperature,
        "at_least_3_onsets": float((features.onsets(samples).sum(1) >= 3).mean()),
        "in_training_set": float(np.mean([row.tobytes() in known for row in transposed_to_floor(samples)])),
        "samples": {name: float(np.nanmean(features.FEATURES[name](samples))) for name in PRIOR_FEATURES},
        "data": data,
    }


def _filled(name: str, tokens: Tokens) -> Tokens:
    values = features.FEATURES[name](tokens)
    return np.where(np.isnan(values), np.nanmean(values), values)


def transposed_to_floor(tokens: Tokens) -> Tokens:
    """Each clip moved so that its lowest pitch has the lowest token: equal for all transpositions."""
    rows = np.asarray(tokens).astype(np.int64)
    lowest = np.where(rows >= features.FIRST_PITCH_TOKEN, rows, 1 << 20).min(1, keepdims=True)
    return np.where(rows >= features.FIRST_PITCH_TOKEN, rows - lowest + features.FIRST_PITCH_TOKEN, rows).astype(
        np.uint8
    )
