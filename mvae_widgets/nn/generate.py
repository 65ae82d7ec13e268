"""The decode loop: everything that z alone decides is computed once, before it (MUSICVAE.md 2.6).

A `Plan` and noise go in, rows come out, with no branch on a number in between: what a CUDA graph needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mvae_widgets.nn.lstm import State

if TYPE_CHECKING:
    from mvae_widgets.nn.decoder import FlatDecoder
    from mvae_widgets.nn.heads import Head

__all__ = ["Plan", "Weights", "run"]

ONEDNN_BATCH = 16
"""From this batch on, handing matrices over to oneDNN pays."""


Product = Callable[[Tensor, Tensor], Tensor]
"""(b, x) -> b + x times a weight."""


@dataclass
class Weights:
    """A flat decoder's weights, laid out for the loop.

    Parameters
    ----------
    table
        Row k is what class (or bit) k of the step before adds to the gates; rows are picked, hence this layout.
    by_controls
        The same for the controls.
    first
        State of the first layer -> its gates.
    others
        For each other layer its bias, and the products with the layer below and with its own state.
    output
        The bias and the product of the output layer.
    """

    table: Tensor
    by_controls: Tensor
    first: Product
    others: list[tuple[Tensor, Product, Product]]
    output: tuple[Tensor, Product]

    @classmethod
    def of(cls, decoder: FlatDecoder, batch: int) -> Weights:
        """For batches of that size."""
        first, *others = decoder.cells
        by_step, _, by_controls = first.weight_ih_l0.split([decoder.depth, decoder.z_size, decoder.control_depth], 1)
        return cls(
            by_step.t().contiguous(),
            by_controls.t(),
            _product(first.weight_hh_l0, batch),
            [(k.bias_ih_l0, _product(k.weight_ih_l0, batch), _product(k.weight_hh_l0, batch)) for k in others],
            (decoder.output.bias, _product(decoder.output.weight, batch)),
        )


@dataclass
class Plan:
    """What is known before the first step.

    Parameters
    ----------
    weights
        The decoder's.
    gates
        What z adds to the first layer's gates at every step, bias included, ``[..., 4 * units]``.
    state
        The initial state, ``[..., units]``.
    parts
        Instead of all that, the plans of the decoders of a split one.
    """

    weights: Weights | None = None
    gates: Tensor | None = None
    state: State = field(default_factory=list)
    parts: list[Plan] = field(default_factory=list)

    def segment(self, s: int) -> Plan:
        """The plan of the segment s, where the second axis of this one counts segments."""
        gates = None if self.gates is None else self.gates[:, s]
        state = [(c[:, s], h[:, s]) for c, h in self.state]
        return Plan(self.weights, gates, state, [part.segment(s) for part in self.parts])


def run(
    head: Head, plan: Plan, steps: int, noise: Tensor | None, controls: Tensor | None, start: Tensor | None
) -> Tensor:
    """Decode a batch, each step fed with the step before.

    Parameters
    ----------
    head
        Of the flat decoder that the plan is of.
    plan
        For a batch of latents.
    steps
        How many steps to decode.
    noise
        ``[batch, steps, choices]`` to draw, none for the likeliest at every step.
    controls
        ``[batch, steps, control_depth]`` or none.
    start
        ``[batch, depth]``: the step before the first; zeros if not given.

    Returns
    -------
    Tensor
        ``[batch, steps, depth]``, float32.
    """
    weights, constant = plan.weights, plan.gates
    assert weights is not None
    assert constant is not None
    by_control = None if controls is None else controls @ weights.by_controls
    bias, output = weights.output
    state = [(c.clone(), h) for c, h in plan.state]
    codes: list[Tensor] = []
    for t in range(steps):
        gates = constant if by_control is None else constant + by_control[:, t]
        if codes:
            gates = gates + head.feed(codes[-1], weights.table)
        elif start is not None:
            gates = gates + start @ weights.table
        c, h = state[0]
        h = _cell(weights.first(gates, h), c)
        state[0] = (c, h)
        for k, (bias_k, from_below, from_before) in enumerate(weights.others, start=1):
            c, before = state[k]
            h = _cell(from_before(from_below(bias_k, h), before), c)
            state[k] = (c, h)
        codes.append(head.choose(output(bias, h), None if noise is None else noise[:, t]))
    return head.rows(torch.stack(codes, dim=1))


def _product(weight: Tensor, batch: int) -> Product:
    """The function (b, x) -> b + x weight^T, for a batch of that size."""
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    if plain and batch >= ONEDNN_BATCH and _has_onednn():
        # The usual product on the CPU is MKL's, which on processors not of Intel's is half as fast as oneDNN's.
        # These operators are those of torch.compile: no conversion a call, and the sum comes with the product.
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), batch)
        linear = torch.ops.mkldnn._linear_pointwise

        def product(b: Tensor, x: Tensor) -> Tensor:
            y: Tensor
            y = linear(x, packed, b, "none", [], "") if b.ndim == 1 else linear.binary(x, b, packed, None, "add")
            return y

        return product
    transposed = weight.t()
    return lambda b, x: torch.addmm(b, x, transposed)


def _has_onednn() -> bool:
    operators = torch.ops.mkldnn
    needed = ("_reorder_linear_weight", "_linear_pointwise")
    return torch.backends.mkldnn.is_available() and all(hasattr(operators, name) for name in needed)


def _cell(gates: Tensor, c: Tensor) -> Tensor:
    """New h from the four gates in PyTorch's order: input, forget, candidate, output; overwrites c with the new one."""
    n = c.shape[1]
    candidate = _tanh(gates[:, 2 * n : 3 * n])
    i, f, _, o = gates.sigmoid_().chunk(4, dim=1)
    c.mul_(f).addcmul_(i, candidate)
    return _tanh(c).mul_(o)


def _tanh(x: Tensor) -> Tensor:
    if x.device.type == "cpu" and len(x) >= ONEDNN_BATCH:
        # PyTorch's tanh on the CPU costs ten times its sigmoid an element, which for many pays for two passes more.
        return (x * 2).sigmoid_().mul_(2).sub_(1)
    return torch.tanh(x)
