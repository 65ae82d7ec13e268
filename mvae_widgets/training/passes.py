"""Many clips through a network, batch by batch: encoded, decoded, and both in all the ways that are measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from mvae_widgets.music.dataspace import ended
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.decoder import Decoder, shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import rows_for, tokens_for
from mvae_widgets.training.loss import kl_divergence

__all__ = ["GIVEN_HITS", "WAYS", "Decoded", "decode_all", "decode_points", "encode_clips", "without_noise"]

BATCH_STEPS = 16_000
# Shorter than this many batches, work shows no bar.
FEW = 8
# Softplus of this is 1e-13: a deviation that is none. What is below LEAST_SIGMA counts as such.
QUIET, LEAST_SIGMA = -30.0, 1e-6
FREE = ("temperature_1", "argmax")
WAYS = ("teacher_forced", "teacher_forced_sampled_z", *FREE)
GIVEN_HITS = "given_hits"

Tokens = np.ndarray[Any, Any]


@dataclass
class Decoded:
    """Clips in all the ways that a model gives them back.

    Parameters
    ----------
    tokens
        For each of `WAYS` the tokens ``[n, steps, ...]``: teacher-forced from mu (the likeliest under the true
        history) and from a posterior sample; decoded freely at temperature 1 from that sample, the paper's
        measure; and at argmax from mu. Of grooves also `GIVEN_HITS`: from mu, with the clip's own hits.
    kl_bits
        ``[n]``; without end for a plain autoencoder, whose posterior has no width (`without_noise`).
    """

    tokens: dict[str, list[Tokens]] = field(default_factory=lambda: {way: [] for way in WAYS})
    kl_bits: list[Tokens] = field(default_factory=list)

    def way(self, name: str) -> Tokens:
        """Tokens of all clips, ``[n, steps, ...]``."""
        return np.concatenate(self.tokens[name])

    @property
    def kl(self) -> Tokens:
        """KL bits of all clips, ``[n]``."""
        return np.concatenate(self.kl_bits)


def without_noise(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model whose deviations were never trained, all deviations now 0 but for rounding."""
    quiet = {"posterior.sigma.weight": 0.0, "posterior.sigma.bias": QUIET}
    return {name: torch.full_like(tensor, quiet[name]) if name in quiet else tensor for name, tensor in state.items()}


@torch.no_grad()
def decode_all(model: VAE, tokens: Tokens, seed: int = 0, progress: bool = True, words: str = "evaluate") -> Decoded:
    """Encode clips and decode them in all of `WAYS`.

    Parameters
    ----------
    model
        In eval mode, on any device.
    tokens
        ``[n, steps, ...]``.
    seed
        Of the posterior samples and of the draws at temperature 1.
    progress, words
        Whether to show a bar, and what it says.
    """
    device = next(model.parameters()).device
    decoder = cast("Decoder", model.decoder)
    generator = torch.Generator(device).manual_seed(seed)
    decoded = Decoded()
    for part in _batches(tokens, words, progress):
        rows = rows_for(part, model.config, device)
        mu, sigma = model.encode(rows.x, rows.lengths, rows.controls)
        z = mu + sigma * torch.randn(mu.shape, device=device, generator=generator)
        outputs = {
            "teacher_forced": decoder.likeliest(decoder(mu, shift(rows.y), rows.controls)),
            "teacher_forced_sampled_z": decoder.likeliest(decoder(z, shift(rows.y), rows.controls)),
            "temperature_1": model.decode(z, 1.0, generator, rows.controls),
            "argmax": model.decode(mu, controls=rows.controls),
        }
        if model.config.family == "groove":
            hits = rows.y[..., : rows.y.shape[-1] // 3]
            outputs[GIVEN_HITS] = model.decode(mu, controls=rows.controls, hits=hits)
        for way, y in outputs.items():
            found = tokens_for(y, model.config)
            decoded.tokens.setdefault(way, []).append(_heard(found, model.config) if way in FREE else found)
        bits = kl_divergence(mu, sigma).cpu().numpy() / np.log(2)
        decoded.kl_bits.append(np.where(sigma.max().item() > LEAST_SIGMA, bits, np.inf))
    return decoded


@torch.no_grad()
def encode_clips(model: VAE, tokens: Tokens, progress: bool = True) -> tuple[Tokens, Tokens]:
    """Posterior means and standard deviations of clips, ``[n, z]`` each."""
    device = next(model.parameters()).device
    found = []
    for part in _batches(tokens, "encode", progress):
        rows = rows_for(part, model.config, device)
        found.append(model.encode(rows.x, rows.lengths, rows.controls))
    mu, sigma = (torch.cat(side).cpu().numpy() for side in zip(*found, strict=True))
    return mu, sigma


@torch.no_grad()
def decode_points(
    model: VAE,
    z: Tokens,
    temperature: float | None = None,
    seed: int = 0,
    controls: Tensor | None = None,
    progress: bool = False,
) -> Tokens:
    """Tokens ``[n, steps, ...]`` at points of latent space ``[n, z]``; other parameters as for `VAE.decode`."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    points, size = torch.as_tensor(z, dtype=torch.float32, device=device), _size(model.config.steps)
    starts = tqdm(range(0, len(z), size), desc="decode", unit="batch", disable=not progress or len(z) < FEW * size)
    parts = []
    for start in starts:
        stretch = slice(start, start + size)
        given = None if controls is None else controls[stretch]
        found = tokens_for(model.decode(points[stretch], temperature, generator, given), model.config)
        parts.append(_heard(found, model.config))
    return np.concatenate(parts)


def _heard(tokens: Tokens, config: ModelConfig) -> Tokens:
    """As prepared clips have them: of multitracks nothing after a track's end."""
    if config.family != "multitrack":
        return tokens
    return ended(tokens, converter_for(config.family, **config.converter))


def _size(steps: int) -> int:
    return max(1, BATCH_STEPS // steps)


def _batches(tokens: Tokens, words: str, progress: bool) -> Iterator[Tokens]:
    size = _size(tokens.shape[1])
    hidden = not progress or len(tokens) < FEW * size
    for start in tqdm(range(0, len(tokens), size), unit="batch", desc=words, disable=hidden):
        yield tokens[start : start + size]
