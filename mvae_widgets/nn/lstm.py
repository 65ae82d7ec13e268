"""The one LSTM layer that every network here is built from."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["FORGET_BIAS", "LSTMLayer", "append", "initialise_linear"]

FORGET_BIAS = 1.0


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
