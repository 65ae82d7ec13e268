"""Magenta's variable names and layouts -> ours, in one place (MUSICVAE.md 1.3 and 2.1)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.lstm import FORGET_BIAS

__all__ = ["config_from_tensors", "from_magenta", "to_magenta"]

Arrays = dict[str, np.ndarray[Any, Any]]

_ENCODER = "encoder/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"
_DECODER = "decoder/multi_rnn_cell/cell_{layer}/lstm_cell"
_LINEARS = {
    "encoder/mu": "posterior.mu",
    "encoder/sigma": "posterior.sigma",
    "decoder/z_to_initial_state": "decoder.initial",
    "decoder/output_projection": "decoder.output",
}


def _cells(config: ModelConfig) -> dict[str, tuple[str, str, int]]:
    """Foreign cell name -> (our layer, our direction suffix, units)."""
    cells = {}
    for layer, n in enumerate(config.encoder_sizes):
        for direction, suffix in (("fw", ""), ("bw", "_reverse")):
            cells[_ENCODER.format(layer=layer, direction=direction)] = (f"encoder.layers.{layer}", suffix, n)
    for layer, n in enumerate(config.decoder_sizes):
        cells[_DECODER.format(layer=layer)] = (f"decoder.layers.{layer}", "", n)
    return cells


def config_from_tensors(tensors: Arrays, like: ModelConfig) -> ModelConfig:
    """`like` with the layer and latent sizes that the tensors have.

    Raises
    ------
    CheckpointError
        If they are not those of a flat model.
    """

    def sizes(pattern: str) -> tuple[int, ...]:
        found: list[int] = []
        while (name := f"{pattern.format(layer=len(found), direction='fw')}/bias") in tensors:
            found.append(tensors[name].shape[0] // 4)
        return tuple(found)

    encoder, decoder = sizes(_ENCODER), sizes(_DECODER)
    if not encoder or not decoder or "encoder/mu/bias" not in tensors:
        raise CheckpointError(
            f"These {len(tensors)} tensors are not those of a flat MusicVAE such as {like.name}.",
            "Is it a checkpoint of another model?",
        )
    return like.with_sizes(tensors["encoder/mu/bias"].shape[0], encoder, decoder)


def from_magenta(tensors: Arrays, config: ModelConfig) -> dict[str, Tensor]:
    """Magenta's variables -> a state dict of `nn.vae.VAE`.

    Raises
    ------
    CheckpointError
        If a tensor is missing or left over, names it.
    """
    left = {n: a for n, a in tensors.items() if not re.search(r"global_step|beta[12]_power|/Adam(_1)?$", n)}
    state: dict[str, Tensor] = {}

    def take(name: str) -> Tensor:
        if name not in left:
            raise CheckpointError(f"The tensor {name} is missing for {config.name}.")
        return torch.from_numpy(np.array(left.pop(name), np.float32))

    for name, (layer, suffix, n) in _cells(config).items():
        kernel, bias = take(f"{name}/kernel"), take(f"{name}/bias").clone()
        i, j, f, o = kernel.split(n, dim=1)
        ordered = torch.cat([i, f, j, o], dim=1).t()
        state[f"{layer}.weight_ih_l0{suffix}"] = ordered[:, :-n].contiguous()
        state[f"{layer}.weight_hh_l0{suffix}"] = ordered[:, -n:].contiguous()
        i, j, f, o = bias.split(n)
        state[f"{layer}.bias_ih_l0{suffix}"] = torch.cat([i, f + FORGET_BIAS, j, o])
        state[f"{layer}.bias_hh_l0{suffix}"] = torch.zeros(4 * n)
    for name, ours in _LINEARS.items():
        state[f"{ours}.weight"] = take(f"{name}/kernel").t().contiguous()
        state[f"{ours}.bias"] = take(f"{name}/bias")
    if left:
        raise CheckpointError(f"{len(left)} tensors do not belong to {config.name}: {', '.join(sorted(left)[:4])}.")
    return state


def to_magenta(state: dict[str, Tensor], config: ModelConfig) -> Arrays:
    """Inverse of `from_magenta`."""
    tensors: Arrays = {}
    for name, (layer, suffix, n) in _cells(config).items():
        joined = torch.cat([state[f"{layer}.weight_ih_l0{suffix}"], state[f"{layer}.weight_hh_l0{suffix}"]], dim=1)
        i, f, g, o = joined.t().split(n, dim=1)
        tensors[f"{name}/kernel"] = torch.cat([i, g, f, o], dim=1).float().numpy()
        bias = state[f"{layer}.bias_ih_l0{suffix}"] + state[f"{layer}.bias_hh_l0{suffix}"]
        i, f, g, o = bias.split(n)
        tensors[f"{name}/bias"] = torch.cat([i, g, f - FORGET_BIAS, o]).float().numpy()
    for name, ours in _LINEARS.items():
        tensors[f"{name}/kernel"] = state[f"{ours}.weight"].t().float().numpy()
        tensors[f"{name}/bias"] = state[f"{ours}.bias"].float().numpy()
    return tensors
