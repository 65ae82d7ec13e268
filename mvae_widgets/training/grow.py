"""Taking over the weights of another model: of a smaller one too, so that a longer one need not learn a bar again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from mvae_widgets.errors import ConfigError

__all__ = ["take_over"]

# What is taken over as a whole or not at all: one level of an encoder, the posterior, a conductor, one decoder.
BLOCK = re.compile(r"encoder\.(levels\.\d+\.)?|posterior\.|decoder\.conductor\.|decoder\.(core\.)?(parts\.\d+\.)?")
# Of a decoder: what hears z and controls, in its last columns.
HEARS = ("initial.weight", "layers.0.weight_ih_l0")


@torch.no_grad()
def take_over(state: Mapping[str, Tensor], model: nn.Module) -> list[str]:
    """Copy into a network what fits of another's weights, block by block.

    A block of the same name and shapes is copied. A hierarchical network takes a flat one's encoder for the level
    of its bars, and the decoder for what decodes a bar; one of several parts takes a decoder for each part that
    writes the same rows. What such a decoder hears besides (a larger z, controls) starts at zero, so that at first
    it decodes a bar as the other decodes its first.

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
    return list(taken)


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
