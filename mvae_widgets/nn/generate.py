"""The decode loop: everything that z alone decides is computed once, before it (MUSICVAE.md 2.6).

A `Plan` and noise go in, rows come out, with no branch on a number in between: what a CUDA graph needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from mvae_widgets.nn.lstm import State
from mvae_widgets.nn.runtime import Stamp

if TYPE_CHECKING:
    from mvae_widgets.nn.decoder import FlatDecoder
    from mvae_widgets.nn.heads import Head

__all__ = ["Plan", "Weights", "run"]

ONEDNN_BATCH = 16
"""From this batch on, handing matrices over to oneDNN pays."""


Product = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(b, x, out) -> out, which then holds b + x times a weight."""


@dataclass
class Weights:
    """A flat decoder's weights, laid out for the loop.

    The candidate's part of all that makes gates is doubled, which costs no precision: see `_cell`.

    Parameters
    ----------
    table
        Row k is what class (or bit) k of the step before adds to the first layer's gates; rows are picked, hence
        this layout.
    by_z, bias
        What z makes of the first layer's gates.
    by_controls
        The same for the controls, transposed.
    layers
        For each layer its bias (none for the first, which has it from z), and the product with the state of the
        layer below beside its own.
    output
        The bias and the product of the output layer.
    """

    table: Tensor
    by_z: Tensor
    bias: Tensor
    by_controls: Tensor
    layers: list[tuple[Tensor | None, Product]]
    output: tuple[Tensor, Product]

    @classmethod
    def of(cls, decoder: FlatDecoder, batch: int) -> Weights:
        """For batches of that size; kept until a parameter changes or the size asks for another layout."""
        key = (Stamp.of(decoder), _takes_onednn(decoder.output.weight, batch))
        kept = _KEPT.get(decoder)
        if kept is None or kept[0] != key:
            kept = _KEPT[decoder] = (key, cls._lay_out(decoder, batch))
        return kept[1]

    @classmethod
    @torch.no_grad()
    def _lay_out(cls, decoder: FlatDecoder, batch: int) -> Weights:
        first, *others = decoder.cells
        by_input = _double_candidate(first.weight_ih_l0)
        by_step, by_z, by_controls = by_input.split([decoder.depth, decoder.z_size, decoder.control_depth], 1)
        layers: list[tuple[Tensor | None, Product]] = [(None, _product(_double_candidate(first.weight_hh_l0), batch))]
        for cell in others:
            joined = torch.cat([cell.weight_ih_l0, cell.weight_hh_l0], dim=1)
            layers.append((_double_candidate(cell.bias_ih_l0), _product(_double_candidate(joined), batch)))
        return cls(
            by_step.t().contiguous(),
            by_z.contiguous(),
            _double_candidate(first.bias_ih_l0),
            by_controls.t().contiguous(),
            layers,
            (decoder.output.bias, _product(decoder.output.weight, batch)),
        )


_KEPT: WeakKeyDictionary[FlatDecoder, tuple[tuple[Stamp, bool], Weights]] = WeakKeyDictionary()


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
    bias, output = weights.output
    codes: list[Tensor] = []
    with torch.inference_mode():
        by_control = None if controls is None else controls @ weights.by_controls
        # The states of all layers lie side by side: what a layer sees, the one below and itself, is one piece.
        hidden = torch.cat([h for _, h in plan.state], dim=1)
        sizes = [h.shape[1] for _, h in plan.state]
        ends = list(accumulate(sizes))
        sees = [hidden[:, start:end] for start, end in zip([0, 0, *ends], ends, strict=False)]
        own, cells = hidden.split(sizes, dim=1), [c.clone() for c, _ in plan.state]
        rooms = [constant.new_empty(len(constant), 4 * n) for n in sizes]
        parts = [room.chunk(4, dim=1) for room in rooms]
        layers = list(zip(weights.layers, sees, rooms, parts, cells, own, strict=True))
        numbers = constant.new_empty(len(constant), len(bias))
        for t in range(steps):
            gates = constant if by_control is None else constant + by_control[:, t]
            if codes:
                gates = gates + head.feed(codes[-1], weights.table)
            elif start is not None:
                gates = gates + start @ weights.table
            for (bias_k, product), x, room, quarters, c, h in layers:
                product(gates if bias_k is None else bias_k, x, room).sigmoid_()
                _cell(quarters, c, h)
            codes.append(head.choose(output(bias, own[-1], numbers), None if noise is None else noise[:, t]))
    return head.rows(torch.stack(codes, dim=1))


def _product(weight: Tensor, batch: int) -> Product:
    """The function b + x weight^T, for a batch of that size."""
    if _takes_onednn(weight, batch):
        # The usual product on the CPU is MKL's, which on processors not of Intel's is half as fast as oneDNN's.
        # These operators are those of torch.compile: no conversion a call, and the sum comes with the product.
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), batch)
        linear = torch.ops.mkldnn._linear_pointwise

        def product(b: Tensor, x: Tensor, out: Tensor) -> Tensor:
            y = linear(x, packed, b, "none", [], "") if b.ndim == 1 else linear.binary(x, b, packed, None, "add")
            return out.copy_(y)

        return product
    transposed = weight.t().contiguous()
    return lambda b, x, out: torch.addmm(b, x, transposed, out=out)


def _takes_onednn(weight: Tensor, batch: int) -> bool:
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or batch < ONEDNN_BATCH:
        return False
    operators = torch.ops.mkldnn
    needed = ("_reorder_linear_weight", "_linear_pointwise")
    return torch.backends.mkldnn.is_available() and all(hasattr(operators, name) for name in needed)


def _double_candidate(x: Tensor) -> Tensor:
    """Gates ``[4 * units, ...]`` with the third quarter doubled."""
    i, f, candidate, o = x.chunk(4)
    return torch.cat([i, f, candidate * 2, o])


def _cell(gates: Sequence[Tensor], c: Tensor, h: Tensor) -> None:
    """Overwrite c and h with the new ones, from sigmoids in PyTorch's order: input, forget, candidate, output.

    As tanh(x) = 2 sigmoid(2x) - 1, and the candidate comes doubled, one sigmoid does for all four.
    """
    i, f, candidate, o = gates
    c.mul_(f).addcmul_(i, candidate.sub_(0.5), value=2)
    if c.device.type == "cpu" and len(c) >= ONEDNN_BATCH:
        # PyTorch's tanh on the CPU costs ten times its sigmoid an element, which for many pays for more passes.
        torch.mul(c, 2, out=h).sigmoid_().mul_(2).sub_(1).mul_(o)
    else:
        torch.tanh(c, out=h).mul_(o)
