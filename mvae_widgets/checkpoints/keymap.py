"""Magenta's variable names and layouts -> ours, in one place (MUSICVAE.md 1.3 and 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.lstm import FORGET_BIAS

__all__ = ["Slot", "from_magenta", "is_weight", "slots", "to_magenta"]

Array = np.ndarray[Any, Any]

_NOT_WEIGHTS = re.compile(
    r"(^|/)(global_step|beta[12]_power|Adam(_\d+)?|save_counter|learning_rate)$|^_CHECKPOINTABLE|\.OPT"
)


def is_weight(name: str) -> bool:
    """Whether a variable belongs to the network, and not to its training."""
    return _NOT_WEIGHTS.search(name) is None


@dataclass(frozen=True)
class Slot:
    """Where one of Magenta's layers lives in ours.

    Parameters
    ----------
    theirs
        Prefix of its variables, or the variable itself.
    ours
        Prefix of its parameters, or the parameter itself.
    kind
        ``"cell"``: kernel and bias of an LSTM; ``"linear"``: kernel and bias; ``"matrix"``: the variable alone,
        with an axis of length 1.
    reverse
        Suffix of the parameters of a cell that runs backwards.
    """

    theirs: str
    ours: str
    kind: str
    reverse: str = ""

    def variables(self) -> tuple[str, ...]:
        """Magenta's variables."""
        return (self.theirs,) if self.kind == "matrix" else (f"{self.theirs}/kernel", f"{self.theirs}/bias")

    def parameters(self) -> tuple[str, ...]:
        """Our parameters that they fill."""
        match self.kind:
            case "cell":
                parts = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
                return tuple(f"{self.ours}.{part}{self.reverse}" for part in parts)
            case "linear":
                return f"{self.ours}.weight", f"{self.ours}.bias"
            case _:
                return (self.ours,)


def slots(config: ModelConfig) -> Iterator[Slot]:
    """Every layer of a configuration."""
    for level in range(2 if config.encoder_levels else 1):
        theirs, ours = "encoder/", "encoder."
        if config.encoder_levels:
            theirs, ours = f"encoder/hierarchical_level_{level}/", f"encoder.levels.{level}."
        for k in range(len(config.encoder_sizes)):
            for direction, reverse in (("fw", ""), ("bw", "_reverse")):
                path = f"{theirs}cell_{k}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"
                yield Slot(path, f"{ours}layers.{k}", "cell", reverse)
    yield Slot("encoder/mu", "posterior.mu", "linear")
    yield Slot("encoder/sigma", "posterior.sigma", "linear")
    prefix, ours = "", "decoder"
    if config.decoder_levels:
        conductor = "decoder/hierarchical_level_0"
        yield Slot(f"{conductor}/initial_state", "decoder.conductor.initial", "linear")
        for k in range(len(config.decoder_sizes)):
            yield Slot(f"{conductor}/cell_{k}/lstm_cell", f"decoder.conductor.layers.{k}", "cell")
        prefix, ours = "core_decoder/", "decoder.core"
    if config.parts and config.head != "multi":
        for part in range(len(config.parts)):
            yield from _core(config, f"{prefix}core_decoder_{part}/decoder", f"{ours}.parts.{part}")
    else:
        yield from _core(config, f"{prefix}decoder", ours)


def _core(config: ModelConfig, theirs: str, ours: str) -> Iterator[Slot]:
    yield Slot(f"{theirs}/z_to_initial_state", f"{ours}.initial", "linear")
    for k in range(len(config.decoder_sizes)):
        yield Slot(f"{theirs}/multi_rnn_cell/cell_{k}/lstm_cell", f"{ours}.layers.{k}", "cell")
    yield Slot(f"{theirs}/output_projection", f"{ours}.output", "linear")
    if config.head == "nade":
        yield Slot(f"{theirs}/nade/w_enc", f"{ours}.head.encode", "matrix")
        yield Slot(f"{theirs}/nade/w_dec_t", f"{ours}.head.decode", "matrix")


def from_magenta(
    variables: Iterable[tuple[str, Array | Tensor]], config: ModelConfig, where: object = "The checkpoint"
) -> dict[str, Tensor]:
    """Magenta's variables -> a state dict of `nn.vae.VAE`, one after the other, so that few are held twice.

    Parameters
    ----------
    variables
        Names and arrays, in any order.
    config
        What they are a checkpoint of, with the sizes that they have.
    where
        The file, for messages.

    Raises
    ------
    CheckpointError
        If a variable is missing, left over or holds a number that is not finite; names it.
    """
    wanted = {name: slot for slot in slots(config) for name in slot.variables()}
    state: dict[str, Tensor] = {}
    for name, array in variables:
        if name not in wanted:
            raise CheckpointError(f"{where}: the tensor {name} does not belong to a {config.name}.", _OTHER)
        tensor = array.float() if isinstance(array, Tensor) else torch.from_numpy(np.array(array, np.float32))
        if not tensor.isfinite().all():
            raise CheckpointError(f"{where}: the tensor {name} holds numbers that are not finite.", _OTHER)
        state |= _fill(wanted.pop(name), name, tensor)
    if wanted:
        raise CheckpointError(f"{where}: the tensor {min(wanted)} is missing for a {config.name}.", _OTHER)
    return state


_OTHER = "Is it a checkpoint of another model, or damaged?"


def _fill(slot: Slot, name: str, tensor: Tensor) -> dict[str, Tensor]:
    if slot.kind == "matrix":
        return {slot.ours: tensor.squeeze(1 if tensor.shape[1] == 1 else 2).contiguous()}
    is_kernel = name.endswith("/kernel")
    if slot.kind == "linear":
        return {f"{slot.ours}.weight": tensor.t().contiguous()} if is_kernel else {f"{slot.ours}.bias": tensor.clone()}
    weight_ih, weight_hh, bias_ih, bias_hh = slot.parameters()
    i, j, f, o = tensor.chunk(4, dim=-1)
    if is_kernel:
        n = i.shape[1]
        rows = torch.cat([i, f, j, o], dim=1).t()
        return {weight_ih: rows[:, :-n].contiguous(), weight_hh: rows[:, -n:].contiguous()}
    return {bias_ih: torch.cat([i, f + FORGET_BIAS, j, o]), bias_hh: torch.zeros_like(tensor)}


def to_magenta(state: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Inverse of `from_magenta`: variables by name, in float32."""
    variables: dict[str, Tensor] = {}
    for slot in slots(config):
        tensors = [state[name].float() for name in slot.parameters()]
        if slot.kind == "matrix":
            variables[slot.theirs] = tensors[0].unsqueeze(1 if slot.theirs.endswith("w_enc") else 2)
            continue
        kernel, bias = slot.variables()
        if slot.kind == "linear":
            variables[kernel], variables[bias] = tensors[0].t().contiguous(), tensors[1]
            continue
        weight_ih, weight_hh, bias_ih, bias_hh = tensors
        i, f, g, o = torch.cat([weight_ih, weight_hh], dim=1).t().chunk(4, dim=1)
        variables[kernel] = torch.cat([i, g, f, o], dim=1)
        i, f, g, o = (bias_ih + bias_hh).chunk(4)
        variables[bias] = torch.cat([i, g, f - FORGET_BIAS, o])
    return variables
