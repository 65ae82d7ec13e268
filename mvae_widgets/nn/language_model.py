"""A recurrent language model over melody tokens: how surprising is the next step (MelodyRNN; MUSICVAE.md 5.4).

Magenta's MelodyRNN, made small: LSTM layers read the steps so far as one-hot vectors and give a
distribution over the next one. It knows nothing of latent space, so it can judge both ways of mixing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, one_hot

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.lstm import LSTMLayer, initialise_linear

__all__ = ["LanguageModel"]


class LanguageModel(nn.Module):
    """Next-step distributions of a sequence that begins at a bar line, from a zero state.

    Parameters
    ----------
    depth
        Number of tokens.
    sizes
        Units of each LSTM layer.
    dropout
        Share of each layer's outputs that is dropped in training.
    """

    def __init__(self, depth: int = 90, sizes: tuple[int, ...] = (192, 192), dropout: float = 0.0) -> None:
        super().__init__()
        self.depth, self.sizes, self.dropout = depth, tuple(sizes), dropout
        widths = (depth, *self.sizes)
        self.layers = nn.ModuleList(LSTMLayer(width, n) for width, n in zip(widths, self.sizes, strict=False))
        self.output = initialise_linear(nn.Linear(self.sizes[-1], depth))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``[n, steps, depth]`` of each step given only the steps before it.

        Parameters
        ----------
        tokens
            ``[n, steps]`` int64. The first step is read from an input of zeros.

        Raises
        ------
        ConfigError
            If it is not a table of known tokens.
        """
        if tokens.ndim != 2:
            raise ConfigError(f"Tokens of shape {tuple(tokens.shape)} are no clips.", "Give [n, steps].")
        if tokens.numel() and not 0 <= int(tokens.min()) <= int(tokens.max()) < self.depth:
            raise ConfigError(
                f"Tokens {int(tokens.min())} to {int(tokens.max())} are not all in the vocabulary.",
                f"It holds 0 to {self.depth - 1}.",
            )
        hidden = shift(one_hot(tokens, self.depth).float())
        for layer in self.layers:
            hidden = dropout(layer(hidden)[0], self.dropout, self.training)
        logits: Tensor = self.output(hidden)
        return logits

    def bits(self, tokens: Tensor) -> Tensor:
        """Cost of every step in bits, ``-log2 p(step | steps before)``: ``[n, steps]`` for ``[n, steps]``."""
        logits = self(tokens).float().flatten(0, 1)
        return cross_entropy(logits, tokens.flatten(), reduction="none").view(tokens.shape) / math.log(2.0)

    @torch.no_grad()
    def cost(self, tokens: Tensor, batch: int = 512) -> Tensor:
        """Mean cost of each clip in bits a step, ``[n]``; a uniform model would ask log2(depth) of every one."""
        parts = [self.bits(part).mean(1) for part in tokens.split(batch)]
        return torch.cat(parts) if parts else tokens.new_empty(0, dtype=torch.float32)
