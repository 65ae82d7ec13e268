"""The decode loop: z in, one-hot steps out, the part of each input that never changes computed once."""

from __future__ import annotations

import torch
from torch import Tensor

from mvae_widgets.nn.decoder import FlatDecoder

__all__ = ["generate"]


@torch.no_grad()
def generate(
    decoder: FlatDecoder,
    z: Tensor,
    steps: int,
    temperature: float | None = None,
    generator: torch.Generator | None = None,
    controls: Tensor | None = None,
) -> Tensor:
    """Decode a batch of latents, each step fed with the step before (MUSICVAE.md 2.6).

    Parameters
    ----------
    decoder
        A flat decoder.
    z
        ``[batch, z_size]``.
    steps
        How many steps to decode.
    temperature
        None for the likeliest class at every step; otherwise above 0, smaller is safer.
    generator
        Source of the draws, on the device of z.
    controls
        ``[batch, steps, control_depth]`` or none.

    Returns
    -------
    Tensor
        Class indices, ``[batch, steps]``, int64.
    """
    first, *others = decoder.cells
    by_class, z_part = first.weight_ih_l0.split([decoder.depth, first.input_size - decoder.depth], dim=1)
    by_class = by_class.t().contiguous()
    constant = first.bias_ih_l0 + z @ z_part[:, : decoder.z_size].t()
    control_part = None if controls is None else controls @ z_part[:, decoder.z_size :].t()
    first_hh = first.weight_hh_l0.t().contiguous()
    joined = [torch.cat([layer.weight_ih_l0, layer.weight_hh_l0], dim=1).t().contiguous() for layer in others]
    output = decoder.output.weight.t().contiguous()

    state = decoder.initial_state(z)
    out = torch.empty(len(z), steps, dtype=torch.int64, device=z.device)
    chosen: Tensor | None = None
    for t in range(steps):
        gates = constant if control_part is None else constant + control_part[:, t]
        if chosen is not None:
            gates = gates + by_class[chosen]
        c, h = _cell(torch.addmm(gates, state[0][1], first_hh), state[0][0])
        after = [(c, h)]
        for layer, weight, (c, previous) in zip(others, joined, state[1:], strict=True):
            c, h = _cell(torch.addmm(layer.bias_ih_l0, torch.cat([h, previous], dim=1), weight), c)
            after.append((c, h))
        state = after
        logits = torch.addmm(decoder.output.bias, h, output)
        chosen = decoder.head.choose(logits, temperature, generator)
        out[:, t] = chosen
    return out


def _cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """New (c, h) from the four gates in PyTorch's order: input, forget, candidate, output."""
    i, f, g, o = gates.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)
