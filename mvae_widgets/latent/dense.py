"""Small dense networks on latent vectors, for `constraints` and `midime`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mvae_widgets.checks import whole_number
from mvae_widgets.latent.project import cloud

__all__ = ["dense", "generator", "latents"]


def generator(seed: int | None) -> torch.Generator:
    """A generator of its own, so that nobody else's random numbers change."""
    made = torch.Generator()
    if seed is None:
        made.seed()
    else:
        made.manual_seed(whole_number(seed, "A seed", -(2**63), 2**63 - 1))
    return made


def dense(sizes: Sequence[int], random: torch.Generator) -> nn.Sequential:
    """Linear layers with ReLU between them, Glorot normal: ``sizes`` from input to output."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layer: nn.Linear = torch.nn.utils.skip_init(nn.Linear, inputs, outputs)
        with torch.no_grad():
            scale = (2.0 / (inputs + outputs)) ** 0.5
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=random) * scale)
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def latents(z: npt.ArrayLike) -> Tensor:
    """Latent vectors as a float32 tensor ``[n, z]``; `ConfigError` unless all are finite."""
    return torch.from_numpy(cloud(np.atleast_2d(np.asarray(z, np.float64))).astype(np.float32))
