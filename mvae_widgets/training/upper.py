"""The upper level of a long model: given a memory, and taught by a short model before the whole is trained.

A conductor gets z once and then hears nothing: to say something of the sixteenth bar it must have carried it
through fifteen steps. From random weights that is what takes the longest to learn. Both remedies here are
this package's own; the network itself stays what the paper describes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from mvae_widgets.nn.encoder import BidirectionalEncoder
from mvae_widgets.nn.hierarchy import HierarchicalDecoder, HierarchicalEncoder
from mvae_widgets.nn.lstm import LSTMLayer
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import Rows
from mvae_widgets.training.grow import Voice, voices
from mvae_widgets.training.loss import elbo_loss, kl_divergence

__all__ = ["Bars", "can_teach", "hear_bars", "lay_delay_lines", "teach"]

# Gates of a delay line: sigmoid of it is 0.95, so that nearly all goes in and comes out, and nothing stays.
OPEN = 3.0
# What is left of the random weights beside it.
FAINT = 0.1
# An LSTM's outputs stay within 1, the means of a posterior go far beyond: the core hears the conductor louder.
REACH = 8.0

# The posterior of a delay line: means about as wide as the prior, and each sure of itself.
MEANS, NARROW = 0.2, -3.0

CLIPS, UPDATES, BATCH = 12_000, 4_000, 128
RATE, LEAST_RATE, WARMUP, CLIP = 3e-3, 1e-4, 50, 1e3


@torch.no_grad()
def lay_delay_lines(model: VAE) -> None:
    """Let the upper level begin as a memory: what goes in comes out later, one block of units a step.

    A conductor's first layer turns its units round by one block a segment, so that each segment finds a block of
    the first state at the same place; the layers above hand on what they are given. An encoder's upper level moves
    what it heard of a chunk on by one block a chunk: at the end each direction still has the chunks nearest to it.

    Parameters
    ----------
    model
        Changed in place. Flat networks stay as they are, level by level.
    """
    if isinstance(model.encoder, HierarchicalEncoder):
        chunks, high = model.encoder.chunks, cast("BidirectionalEncoder", model.encoder.levels[1])
        for layer in _layers(high.layers):
            size = layer.hidden_size
            block = max(1, size // math.ceil(chunks / 2))
            for way in ("", "_reverse"):
                names = (f"{name}_l0{way}" for name in ("weight_ih", "weight_hh", "bias_ih"))
                heard, kept, bias = (cast("Tensor", getattr(layer, name)) for name in names)
                first = heard[2 * size : 2 * size + block].clone()
                _open(heard, kept, bias, size)
                heard[2 * size : 2 * size + block] = 2 * first
                _move(kept, size, block, turning=False)
        model.posterior.mu.weight.normal_(std=MEANS)
        model.posterior.sigma.bias.fill_(NARROW)
    if isinstance(model.decoder, HierarchicalDecoder):
        for level, layer in enumerate(model.decoder.conductor.cells):
            size = layer.hidden_size
            passed = layer.weight_ih_l0[2 * size : 3 * size].clone()
            _open(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, size)
            if level:
                layer.weight_ih_l0[2 * size : 3 * size] = passed
            else:
                _move(layer.weight_hh_l0, size, max(1, size // model.decoder.segments), turning=True)


def _layers(layers: nn.ModuleList) -> list[LSTMLayer]:
    return cast("list[LSTMLayer]", list(layers))


def _open(heard: Tensor, kept: Tensor, bias: Tensor, size: int) -> None:
    """Gates of one LSTM layer that let everything in and out and keep nothing; its other weights faint."""
    heard.mul_(FAINT)
    kept.mul_(FAINT)
    bias.zero_()
    bias[:size], bias[size : 2 * size], bias[3 * size :] = OPEN, -OPEN, OPEN


def _move(kept: Tensor, size: int, block: int, turning: bool) -> None:
    """Let the state move by a block a step: what leaves at the end is lost, or comes in again where it turns."""
    units = torch.arange(size)
    if turning:
        to, of = units, (units + block) % size
    else:
        to, of = units[block:], units[:-block]
    kept[2 * size + to, of] += 1 / torch.sigmoid(torch.tensor(OPEN)).item() ** 2


class Bars(NamedTuple):
    """Clips as the upper level knows them, in half precision.

    Parameters
    ----------
    heard
        What the lower level of the encoder hears of each bar, ``[clips, bars, width]``.
    mu, sigma
        The short model's posterior of each bar with the bar after it, ``[clips, bars, z]``: those of several
        voices one after the other.
    """

    heard: Tensor
    mu: Tensor
    sigma: Tensor


def can_teach(short: VAE, model: VAE) -> bool:
    """Whether one network's latent space can say what each segment of the other is to be."""
    decoder, encoder = model.decoder, model.encoder
    return (
        isinstance(decoder, HierarchicalDecoder)
        and isinstance(encoder, HierarchicalEncoder)
        and (encoder.chunks, encoder.chunk) == (decoder.segments, decoder.segment)
        and not (short.config.decoder_levels or short.config.encoder_levels or model.config.control_depth)
        and short.config.family == "melody"
        and model.config.family in ("melody", "trio")
        and short.config.steps % decoder.segment == 0
        and len(_voices(model, short)) * short.config.z_size <= decoder.conductor.sizes[-1]
    )


def _voices(model: VAE, short: VAE) -> list[Voice]:
    return voices(model, short.config.depth, short.config.z_size)


@torch.no_grad()
def hear_bars(model: VAE, short: VAE, x: Tensor) -> Bars:
    """What both networks hear of the bars of some clips.

    Parameters
    ----------
    model
        The long one, its lower levels taken over from the short one (`grow.take_over`).
    short
        The short one.
    x
        ``[clips, steps, depth]``, rows as the encoder takes them.
    """
    encoder = cast("HierarchicalEncoder", model.encoder)
    bars = x.unflatten(1, (encoder.chunks, encoder.chunk))
    heard = encoder.levels[0](bars.flatten(0, 1))
    posteriors = []
    for voice in _voices(model, short):
        rows = x[..., voice.column : voice.column + short.config.depth]
        # A model of two bars hears each bar with the one after it. Nothing new comes after the last: holds.
        rest = torch.zeros_like(rows[:, : short.config.steps - encoder.chunk])
        rest[..., 0] = 1
        stretched = torch.cat([rows, rest], 1).unfold(1, short.config.steps, encoder.chunk).transpose(2, 3)
        posteriors.append(short.encode(stretched.flatten(0, 1)))
    mu, sigma = (torch.cat(side, -1) for side in zip(*posteriors, strict=True))
    return Bars(*(t.unflatten(0, bars.shape[:2]).half() for t in (heard, mu, sigma)))


def teach(
    model: VAE,
    short: VAE,
    draw: Callable[[int, torch.Generator], Rows],
    max_beta: float,
    free_bits: float,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    seed: int = 0,
    clips: int = CLIPS,
    updates: int = UPDATES,
) -> float:
    """Train the upper level alone, on bars that are encoded once: its conductor is to say a short model's mu.

    Nothing is decoded, and the LSTMs run over bars instead of steps. The error of each vector counts by the width
    of the short model's posterior, ``(c - mu)^2 / (2 sigma^2)`` nats: what that model cannot tell apart costs little.

    Parameters
    ----------
    model
        The long network, with what fits of the short one taken over (`grow.take_over`); changed in place.
    short
        The short one, for which `can_teach` holds; of a trio it teaches melody and bass.
    draw
        Gives so many clips, from a generator.
    max_beta, free_bits
        Weight of the KL, and bits that cost nothing (MUSICVAE.md 3.1).
    autocast
        In which precision it is computed.
    seed
        Of clips, batches and noise.
    clips, updates
        How many clips are encoded, and how often a batch of them is learnt from.

    Returns
    -------
    float
        Nats of the error, on the last batches.
    """
    decoder, encoder = cast("HierarchicalDecoder", model.decoder), cast("HierarchicalEncoder", model.encoder)
    parts, device = _voices(model, short), next(model.parameters()).device
    width = len(parts) * short.config.z_size
    for voice in parts:
        _hear_louder(voice, short.config.z_size)
    generator = torch.Generator(device).manual_seed(seed)
    short.eval()
    with autocast():
        bars = [hear_bars(model, short, draw(BATCH, generator).x) for _ in tqdm(range(-(-clips // BATCH)), desc="bars")]
    heard, mu, sigma = (torch.cat(side) for side in zip(*bars, strict=True))
    upper = nn.ModuleList([encoder.levels[1], model.posterior, decoder.conductor])
    parameters = [p for p in upper.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99))
    mean = 0.0
    progress = tqdm(range(updates), desc="upper level", unit="step")
    for step in progress:
        left = min(1.0, 2 * (1 - step / updates))
        optimiser.param_groups[0]["lr"] = LEAST_RATE + (RATE - LEAST_RATE) * left * min(1.0, (step + 1) / WARMUP)
        at = torch.randint(len(heard), (BATCH,), device=device, generator=generator)
        wanted, wide = mu[at].float(), sigma[at].float()
        with autocast():
            own_mu, own_sigma = model.posterior(encoder.levels[1](heard[at].float()))
            z = own_mu + own_sigma * torch.randn(own_mu.shape, device=device, generator=generator)
            said = REACH * decoder.embeddings(z)[..., :width].float()
        nats = ((said - wanted) ** 2 / (2 * wide**2)).sum((1, 2))
        loss = elbo_loss(nats, kl_divergence(own_mu, own_sigma), max_beta, free_bits)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
        mean = 0.95 * (mean or nats.mean().item()) + 0.05 * nats.mean().item()
        if step % 50 == 0:
            progress.set_postfix(nats=f"{mean:.0f}")
    return mean


@torch.no_grad()
def _hear_louder(voice: Voice, width: int) -> None:
    """Scale what a core hears of its own numbers in the vector by `REACH`."""
    start = voice.core.depth + voice.heard
    voice.core.cells[0].weight_ih_l0[:, start : start + width] *= REACH
    voice.core.initial.weight[:, voice.heard : voice.heard + width] *= REACH
