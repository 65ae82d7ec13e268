"""How well a model reconstructs and what its prior sounds like (paper section 4.1; MUSICVAE.md 3.4, 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from tqdm.auto import tqdm

from mvae_widgets.music import features
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.decoder import Decoder, shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import CLASSES, rows_for, tokens_for
from mvae_widgets.training.loss import kl_divergence

__all__ = [
    "Decoded",
    "compared",
    "decode_all",
    "evaluate_parts",
    "evaluate_prior",
    "evaluate_reconstruction",
    "found_in",
    "onset_f1",
    "transposed_to_floor",
]

BATCH_STEPS = 16_000
PRIOR_FEATURES = ("note_density", "in_scale", "mean_pitch", "pitch_range", "on_beat", "repetition")
WAYS = ("teacher_forced", "teacher_forced_sampled_z", "temperature_1", "argmax")
PARTS = ("melody", "bass", "drums")
NORMAL_95 = 1.959964

Tokens = np.ndarray[Any, Any]


def onset_f1(truth: Tokens, decoded: Tokens) -> float:
    """F1 of (step, pitch) onsets over all melodies, or of (step, drum) hits: the right one at the right step."""
    drums = truth.ndim == 3
    on, found = (truth > 0, decoded > 0) if drums else (features.onsets(truth), features.onsets(decoded))
    right = (on & (truth == decoded)).sum()
    return float(2 * right / max(1, on.sum() + found.sum()))


@dataclass
class Decoded:
    """Clips in all the ways that a model gives them back.

    Parameters
    ----------
    tokens
        For each of `WAYS` the tokens ``[n, steps, ...]``: teacher-forced from mu (the likeliest under the true
        history) and from a posterior sample; decoded freely at temperature 1 from that sample, the paper's
        measure; and at argmax from mu.
    kl_bits
        ``[n]``.
    """

    tokens: dict[str, list[Tokens]] = field(default_factory=lambda: {way: [] for way in WAYS})
    kl_bits: list[Tokens] = field(default_factory=list)

    def way(self, name: str) -> Tokens:
        """Tokens of all clips, ``[n, steps, ...]``."""
        return np.concatenate(self.tokens[name])

    @property
    def mean_kl_bits(self) -> float:
        """Over all clips."""
        return float(np.concatenate(self.kl_bits).mean())


@torch.no_grad()
def decode_all(model: VAE, tokens: Tokens, seed: int = 0, progress: bool = True) -> Decoded:
    """Encode clips and decode them in all of `WAYS`; parameters as for `evaluate_parts`."""
    device = next(model.parameters()).device
    decoder = cast("Decoder", model.decoder)
    generator = torch.Generator(device).manual_seed(seed)
    decoded = Decoded()
    for part in _batches(tokens, "evaluate", progress):
        rows = rows_for(part, model.config, device)
        mu, sigma = model.encode(rows.x, None, rows.controls)
        z = mu + sigma * torch.randn(mu.shape, device=device, generator=generator)
        outputs = {
            "teacher_forced": decoder.likeliest(decoder(mu, shift(rows.y), rows.controls)),
            "teacher_forced_sampled_z": decoder.likeliest(decoder(z, shift(rows.y), rows.controls)),
            "temperature_1": model.decode(z, 1.0, generator, rows.controls),
            "argmax": model.decode(mu, controls=rows.controls),
        }
        for way, y in outputs.items():
            decoded.tokens[way].append(tokens_for(y, model.config))
        decoded.kl_bits.append(kl_divergence(mu, sigma).cpu().numpy() / np.log(2))
    return decoded


def evaluate_reconstruction(model: VAE, tokens: Tokens, seed: int = 0, progress: bool = True) -> dict[str, Any]:
    """As `evaluate_parts`, of a model of one part: melodies or drums."""
    (measured,) = evaluate_parts(model, tokens, seed, progress).values()
    return measured


def evaluate_parts(model: VAE, tokens: Tokens, seed: int = 0, progress: bool = True) -> dict[str, dict[str, Any]]:
    """Measure reconstruction on clips that the model has not learnt from, part by part.

    Parameters
    ----------
    model
        Of melodies, drums or trios, in eval mode, on any device.
    tokens
        ``[n, steps, ...]``.
    seed
        Of the posterior samples and of the draws at temperature 1.
    progress
        Whether to show a bar.

    Returns
    -------
    dict
        For each part: ``clips``; shares of right steps ``teacher_forced`` (argmax under the true history,
        z = mu), ``teacher_forced_sampled_z``, ``temperature_1`` (decoded freely at temperature 1 from a
        posterior sample, the paper's measure), ``argmax`` (decoded freely from mu), and what a melody that
        always holds, or drums that are always silent, would score (``always_hold``, ``always_empty``);
        share of ``exact`` clips and ``onset_f1`` of the argmax decoding; ``kl_bits``; ``margin``: half
        widths of 95 % intervals of the shares, clips being independent. A step of drums is right if all
        nine are.
    """
    decoded = decode_all(model, tokens, seed, progress)
    measured = {}
    for name, part in _parts(tokens, model.config).items():
        ways = {way: _parts(decoded.way(way), model.config)[name] for way in WAYS}
        right = {way: _right(part, found).mean(1) for way, found in ways.items()}
        measured[name] = {
            "clips": len(tokens),
            **{way: float(shares.mean()) for way, shares in right.items()},
            "exact": float((right["argmax"] == 1).mean()),
            "onset_f1": onset_f1(part, ways["argmax"]),
            "always_empty" if part.ndim == 3 else "always_hold": float(_right(part, np.zeros_like(part)).mean()),
            "kl_bits": decoded.mean_kl_bits,
            "margin": {way: NORMAL_95 * float(shares.std() / np.sqrt(len(shares))) for way, shares in right.items()},
        }
    return measured


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
        ``at_least_3_onsets`` and ``in_training_set`` as shares of the samples (see `found_in`);
        ``samples`` and ``data``, the mean of each attribute of `compared`.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    z = torch.randn(n, model.config.z_size, device=device, generator=generator)
    drawn = [model.decode(part, temperature, generator) for part in z.split(_size(model.config.steps))]
    samples = np.concatenate([tokens_for(part, model.config) for part in drawn])
    measures = compared(model.config)
    data = {name: np.average(_filled(measure(train)), weights=weights) for name, measure in measures.items()}
    return {
        "samples_drawn": n,
        "temperature": temperature,
        "at_least_3_onsets": float((_notes(samples, model.config) >= 3).mean()),
        "in_training_set": float(found_in(samples, train, model.config).mean()),
        "samples": {name: _mean(measure(samples)) for name, measure in measures.items()},
        "data": {name: float(value) for name, value in data.items()},
    }


def compared(config: ModelConfig) -> dict[str, Callable[[Tokens], Tokens]]:
    """What samples and data are compared by, from a name to a function of tokens."""
    if config.family == "melody":
        return {name: features.FEATURES[name] for name in PRIOR_FEATURES}
    return features.attributes_for(converter_for(config.family, **config.converter))


def found_in(clips: Tokens, train: Tokens, config: ModelConfig) -> Tokens:
    """Which clips the training clips hold, ``[n]``: melodies in any transposition, grooves by their hits."""

    def identity(tokens: Tokens) -> Iterator[bytes]:
        if config.family == "melody":
            tokens = transposed_to_floor(tokens)
        if config.family == "groove":
            tokens = tokens[..., :CLASSES] > 0.5
        return (row.tobytes() for row in np.ascontiguousarray(tokens.astype(np.int16)))

    known = set(identity(train))
    return np.array([row in known for row in identity(clips)], bool)


def transposed_to_floor(tokens: Tokens) -> Tokens:
    """Each clip moved so that its lowest pitch has the lowest token: equal for all transpositions."""
    rows = np.asarray(tokens).astype(np.int64)
    lowest = np.where(rows >= features.FIRST_PITCH_TOKEN, rows, 1 << 20).min(1, keepdims=True)
    return np.where(rows >= features.FIRST_PITCH_TOKEN, rows - lowest + features.FIRST_PITCH_TOKEN, rows).astype(
        np.uint8
    )


def _size(steps: int) -> int:
    return max(1, BATCH_STEPS // steps)


def _batches(tokens: Tokens, words: str, progress: bool) -> Iterator[Tokens]:
    size = _size(tokens.shape[1])
    for start in tqdm(range(0, len(tokens), size), unit="batch", desc=words, disable=not progress):
        yield tokens[start : start + size]


def _parts(tokens: Tokens, config: ModelConfig) -> dict[str, Tokens]:
    """Melodies ``[n, steps]`` and drums ``[n, steps, 9]`` of a family's tokens, by name."""
    if config.family != "trio":
        return {config.family: tokens}
    melody, bass, labels = np.moveaxis(np.asarray(tokens, np.int64), -1, 0)
    return dict(zip(PARTS, (melody, bass, labels[..., None] >> np.arange(CLASSES) & 1), strict=True))


def _right(truth: Tokens, found: Tokens) -> Tokens:
    """Which steps are right, ``[n, steps]``."""
    same = np.asarray(truth == found)
    return np.asarray(same.all(2)) if same.ndim == 3 else same


def _notes(tokens: Tokens, config: ModelConfig) -> Tokens:
    """How many notes each clip has, ``[n]``; of a trio, its melody."""
    if config.family in ("drums", "groove"):
        return np.asarray((tokens[..., :CLASSES] > 0.5).sum((1, 2)))
    return np.asarray(features.onsets(next(iter(_parts(tokens, config).values()))).sum(1))


def _mean(values: Tokens) -> float:
    """Over the clips that have the number; 0 if none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _filled(values: Tokens) -> Tokens:
    return np.where(np.isnan(values), np.nanmean(values), values)
