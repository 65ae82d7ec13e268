"""The flat bidirectional encoder (paper section 3.1; MUSICVAE.md 2.2 and 2.4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, softplus
from torch.nn.utils.rnn import pack_padded_sequence

from mvae_widgets.nn.lstm import LATENT_INIT_STD, LSTMLayer, append, initialise_linear

__all__ = ["BidirectionalEncoder", "PosteriorHead"]


class BidirectionalEncoder(nn.Module):
    """A stack of bidirectional LSTM layers, read out at its two ends.

    Parameters
    ----------
    input_size
        Depth of one step, controls included.
    sizes
        Units a layer and direction.
    dropout
        Share of each layer's inputs that is dropped in training.
    """

    def __init__(self, input_size: int, sizes: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        widths = (input_size, *(2 * n for n in sizes))
        self.layers = nn.ModuleList(
            LSTMLayer(width, n, bidirectional=True) for width, n in zip(widths, sizes, strict=False)
        )
        self.output_size = widths[-1]

    def forward(self, x: Tensor, lengths: Tensor | None = None, controls: Tensor | None = None) -> Tensor:
        """Embed a batch of sequences.

        Parameters
        ----------
        x
            ``[batch, steps, depth]``.
        lengths
            ``[batch]`` valid steps each; all of them if not given. Length 0 embeds as zeros.
        controls
            ``[batch, steps, control_depth]`` or none.

        Returns
        -------
        Tensor
            ``[batch, 2 * sizes[-1]]``: the forward state after the last valid step, then the backward
            state after the first.
        """
        hidden = append(x, controls)
        if lengths is None or bool((lengths == x.shape[1]).all()):
            for layer in self.layers:
                hidden, (state, _) = layer(self._drop(hidden))
            return torch.cat([state[0], state[1]], dim=-1)
        packed = pack_padded_sequence(hidden, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False)
        for layer in self.layers:
            packed, (state, _) = layer(packed._replace(data=self._drop(packed.data)))
        embedding = torch.cat([state[0], state[1]], dim=-1)
        return embedding * (lengths > 0).to(embedding)[:, None]

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training)


class PosteriorHead(nn.Module):
    """Embedding -> mean and standard deviation of the posterior (MUSICVAE.md 2.4)."""

    def __init__(self, input_size: int, z_size: int) -> None:
        super().__init__()
        self.mu = initialise_linear(nn.Linear(input_size, z_size), LATENT_INIT_STD)
        self.sigma = initialise_linear(nn.Linear(input_size, z_size), LATENT_INIT_STD)

    def forward(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """``[batch, input_size]`` -> mu and sigma, both ``[batch, z_size]``; sigma is not a log-variance."""
        # Under bf16 autocast the latent itself stays in float32: its spread is the model's information.
        return self.mu(embedding).float(), softplus(self.sigma(embedding).float())
