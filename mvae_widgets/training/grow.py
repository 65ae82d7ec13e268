"""Taking over the weights of a smaller model, so that a longer one need not learn again what a bar is."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mvae_widgets.errors import ConfigError

__all__ = ["take_over"]

# Where a hierarchical model keeps what a flat one has: the level of the bars, and what decodes one.
PLACES = ((r"^encoder\.levels\.0\.", "encoder."), (r"^decoder\.core\.(cores\.\d+\.)?", "decoder."))


@torch.no_grad()
def take_over(state: Mapping[str, Tensor], model: nn.Module) -> list[str]:
    """Copy into a network what fits of another's weights.

    Where names and shapes agree, all is copied. A hierarchical network takes a flat one's encoder for the
    level of its bars and the decoder for what decodes a bar; inputs that it has besides start at zero, so
    that at first it decodes a bar as the other decodes its first.

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
        If nothing of the decoder fits.
    """
    taken = []
    for name, own in model.state_dict().items():
        other = state.get(name)
        for place, instead in PLACES if other is None else ():
            if re.search(place, name):
                other = state.get(re.sub(place, instead, name))
        if other is None or other.ndim != own.ndim or len(other) != len(own):
            continue
        if other.shape == own.shape:
            own.copy_(other)
        elif own.shape[1] > other.shape[1]:
            own.zero_()
            own[:, : other.shape[1]] = other
        else:
            continue
        taken.append(name)
    if not any(name.startswith("decoder.") for name in taken):
        raise ConfigError("The weights to start from are not of the shape of this recipe.", "Start without them.")
    return taken
