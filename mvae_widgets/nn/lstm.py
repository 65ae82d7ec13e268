"""The one LSTM layer that every network here is built from, and the stack of them that starts from z."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

__all__ = ["FORGET_BIAS", "LATENT_INIT_STD", "LSTMLayer", "LSTMStack", "State", "append", "initialise_linear"]

FORGET_BIAS = 1.0
LATENT_INIT_STD = 0.001

State = list[tuple[Tensor, Tensor]]
"""A (c, h) pair a layer, each ``[..., units]``; c first, as TensorFlow stores them."""


class LSTMLayer(nn.LSTM):
    """One LSTM layer, batch first, computing what TensorFlow's ``LSTMBlockCell`` does (MUSICVAE.md 2.1).

    TensorFlow adds 1 to the forget gate at run time; here that 1 lives in ``bias_ih``. PyTorch's second
    bias stays zero and is never trained, so that one foreign variable maps to one parameter.

    Parameters
    ----------
    input_size, hidden_size
        Widths of the input and of the state.
    bidirectional
        Whether to run backwards over time as well.
    """

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)
        for name, parameter in self.named_parameters():
            if name.startswith("bias_hh"):
                parameter.requires_grad_(False)

    def reset_parameters(self) -> None:
        """Glorot uniform over the joined ``[input; state]`` kernel, biases 0 (MUSICVAE.md 3.3)."""
        n = self.hidden_size
        bound = math.sqrt(6.0 / (self.input_size + n + 4 * n))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith("weight"):
                    parameter.uniform_(-bound, bound)
                else:
                    parameter.zero_()
                    if name.startswith("bias_ih"):
                        parameter[n : 2 * n] = FORGET_BIAS


class LSTMStack(nn.Module):
    """LSTM layers on top of each other whose first state comes from a latent vector.

    Parameters
    ----------
    input_size
        Width of one step's input.
    z_size
        Width of the vector that the initial state is made of.
    sizes
        Units a layer.
    dropout
        Share of each layer's inputs that is dropped in training.
    """

    def __init__(self, input_size: int, z_size: int, sizes: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        self.z_size, self.sizes, self.dropout = z_size, sizes, dropout
        self.initial = initialise_linear(nn.Linear(z_size, 2 * sum(sizes)), LATENT_INIT_STD)
        widths = (input_size, *sizes)
        self.layers = nn.ModuleList(LSTMLayer(width, n) for width, n in zip(widths, sizes, strict=False))

    @property
    def cells(self) -> list[LSTMLayer]:
        """The LSTM layers, the one that reads the input first."""
        return cast("list[LSTMLayer]", list(self.layers))

    def initial_state(self, z: Tensor) -> State:
        """``tanh`` of a linear map of z, cut layer by layer into c and h (MUSICVAE.md 2.5)."""
        widths = [n for size in self.sizes for n in (size, size)]
        parts = torch.tanh(self.initial(z)).split(widths, dim=-1)
        return list(zip(parts[0::2], parts[1::2], strict=True))

    def run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """``[batch, steps, input_size]`` -> the top layer's ``[batch, steps, sizes[-1]]``, and the state after."""
        hidden, after = inputs, []
        for layer, (c, h) in zip(self.cells, state, strict=True):
            hidden = dropout(hidden, self.dropout, self.training)
            hidden, (h, c) = layer(hidden, (h[None].contiguous(), c[None].contiguous()))
            after.append((c[0], h[0]))
        return hidden, after


def initialise_linear(layer: nn.Linear, std: float | None = None) -> nn.Linear:
    """Glorot uniform weights, or normal ones of the given standard deviation; zero bias."""
    if std is None:
        nn.init.xavier_uniform_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
    return layer


def append(x: Tensor, extra: Tensor | None) -> Tensor:
    """Join on the feature axis; `extra` may be absent."""
    return x if extra is None else torch.cat([x, extra], dim=-1)
