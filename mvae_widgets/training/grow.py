"""Taking over the weights of another model: of a smaller one too, so that a longer one need not learn a bar again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

import torch
from torch import Tensor

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import FlatDecoder, SplitDecoder
from mvae_widgets.nn.encoder import BidirectionalEncoder
from mvae_widgets.nn.hierarchy import HierarchicalDecoder, HierarchicalEncoder
from mvae_widgets.nn.lstm import LSTMLayer
from mvae_widgets.nn.vae import VAE

__all__ = ["Voice", "take_over", "voices"]

# What is taken over as a whole or not at all: one level of an encoder, the posterior, a conductor, one decoder.
BLOCK = re.compile(r"encoder\.(levels\.\d+\.)?|posterior\.|decoder\.conductor\.|decoder\.(core\.)?(parts\.\d+\.)?")
# Of a decoder: what hears z and controls, in its last columns.
HEARS = ("initial.weight", "layers.0.weight_ih_l0")
# Of an LSTM: its gates lie one after the other.
GATES = 4


class Voice(NamedTuple):
    """A part of a network that can be another, smaller network by itself.

    Parameters
    ----------
    core
        What writes it.
    column
        Where its rows begin in those of all parts.
    heard
        Where in the vector that all parts hear its own numbers begin.
    """

    core: FlatDecoder
    column: int
    heard: int


def voices(model: VAE, depth: int, z_size: int) -> list[Voice]:
    """The parts of a network that write rows of some depth, each hearing numbers of its own if there are enough.

    Parameters
    ----------
    model
        The network.
    depth, z_size
        Widths of a row and of z of the smaller network.
    """
    decoder = model.decoder
    wide = decoder.conductor.sizes[-1] if isinstance(decoder, HierarchicalDecoder) else model.config.z_size
    core = decoder.core if isinstance(decoder, HierarchicalDecoder) else decoder
    parts = core.decoders if isinstance(core, SplitDecoder) else [core]
    columns = itertools.accumulate((part.depth for part in parts), initial=0)
    fitting = [(part, column) for part, column in zip(parts, columns, strict=False) if part.depth == depth]
    own = z_size if len(fitting) * z_size <= wide else 0
    return [Voice(part, column, k * own) for k, (part, column) in enumerate(fitting)]


@torch.no_grad()
def take_over(state: Mapping[str, Tensor], model: VAE) -> list[str]:
    """Copy into a network what fits of another's weights, block by block.

    A block of the same name and shapes is copied. A hierarchical network takes a flat one's encoder for the level
    of its bars, and the decoder for what decodes a bar; one of several parts takes a decoder for each part that
    writes the same rows (see `voices`), and an encoder for each side by side, where there is room. What such a
    decoder hears besides (a larger z, controls) starts at zero, so that at first it decodes a bar as the other
    decodes its first.

    Parameters
    ----------
    state
        The other network's weights.
    model
        The network, changed in place.

    Returns
    -------
    list of str
        The parameters that were taken over.

    Raises
    ------
    ConfigError
        If no decoder fits; the network is as it was.
    """
    own, taken = model.state_dict(), dict[str, Tensor]()
    for block in dict.fromkeys(_block(name) for name in own):
        names = [name for name in own if _block(name) == block]
        for place in _places(block):
            others = {name: state.get(place + name.removeprefix(block)) for name in names}
            fitting = {name: other for name, other in others.items() if other is not None}
            if all(name in fitting and _fits(name, own[name], fitting[name]) for name in names):
                taken |= fitting
                break
    if not any(name.startswith("decoder.") for name in taken):
        raise ConfigError("The weights to start from are not of the shape of this recipe.", "Start without them.")
    for name, tensor in taken.items():
        own[name].zero_()
        own[name][..., : tensor.shape[-1]] = tensor
    encoder, decoder = "encoder.layers.0.weight_ih_l0", "decoder.initial.weight"
    heard = {encoder, "encoder.levels.0.layers.0.weight_ih_l0"} & taken.keys()
    if heard or not {encoder, decoder} <= state.keys():
        return list(taken)
    parts = voices(model, state[encoder].shape[1], state[decoder].shape[1])
    for voice in parts:
        for weight in (voice.core.cells[0].weight_ih_l0[:, voice.core.depth :], voice.core.initial.weight):
            weight.copy_(weight.roll(voice.heard, 1))
    return list(taken) + _side_by_side(state, model, parts)


def _side_by_side(state: Mapping[str, Tensor], model: VAE, parts: list[Voice]) -> list[str]:
    """Let the lowest level of an encoder begin as one smaller encoder a voice, where that has one layer."""
    level, encoder = "encoder.", model.encoder
    if isinstance(encoder, HierarchicalEncoder):
        level, encoder = "encoder.levels.0.", cast("BidirectionalEncoder", encoder.levels[0])
    layer = cast("LSTMLayer", encoder.layers[0])
    units = state["encoder.layers.0.weight_hh_l0"].shape[1]
    if "encoder.layers.1.weight_ih_l0" in state or len(encoder.layers) > 1 or len(parts) * units > layer.hidden_size:
        return []
    names = [f"{name}_l0{way}" for name in ("weight_ih", "weight_hh", "bias_ih") for way in ("", "_reverse")]
    for name in names:
        other = state[f"encoder.layers.0.{name}"].unflatten(0, (GATES, units))
        for k, voice in enumerate(parts):
            rows = getattr(layer, name).unflatten(0, (GATES, layer.hidden_size))[:, k * units : (k + 1) * units]
            start = {"weight_ih": voice.column, "weight_hh": k * units}.get(name[:9], 0)
            rows.zero_()
            rows[..., start : start + other.shape[-1]] = other
    return [f"{level}layers.0.{name}" for name in names]


def _block(name: str) -> str:
    found = BLOCK.match(name)
    return found[0] if found else name


def _places(block: str) -> Iterator[str]:
    """Where the other network may have the same."""
    yield block
    if block == "encoder.levels.0.":
        yield "encoder."
    elif block.startswith("decoder.") and "conductor" not in block:
        yield re.sub(r"parts\.\d+\.", "", block)
        yield "decoder."


def _fits(name: str, own: Tensor, other: Tensor) -> bool:
    if name.startswith("decoder.") and name.endswith(HEARS) and other.ndim == own.ndim:
        return len(other) == len(own) and other.shape[-1] <= own.shape[-1]
    return other.shape == own.shape
