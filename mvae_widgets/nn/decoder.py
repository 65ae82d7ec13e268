"""The flat decoder: an LSTM that sees z at every step (paper section 3.1; MUSICVAE.md 2.5 and 2.6)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mvae_widgets.nn.encoder import LATENT_INIT_STD
from mvae_widgets.nn.heads import CategoricalHead
from mvae_widgets.nn.lstm import LSTMLayer, append, initialise_linear

__all__ = ["FlatDecoder", "State"]

State = list[tuple[Tensor, Tensor]]
"""A (c, h) pair a layer, each ``[batch, units]``; c first, as TensorFlow stores them."""


class FlatDecoder(nn.Module):
    """z -> logits, one step after the other.

    Parameters
    ----------
    depth
        Depth of one output step, which is also what is fed back.
    z_size
        Width of the vector appended to every input.
    sizes
        LSTM units a layer.
    control_depth
        Width of the controls appended to every input.
    """

    def __init__(self, depth: int, z_size: int, sizes: tuple[int, ...], control_depth: int = 0) -> None:
        super().__init__()
        self.depth, self.z_size, self.sizes = depth, z_size, sizes
        widths = (depth + z_size + control_depth, *sizes)
        self.initial = initialise_linear(nn.Linear(z_size, 2 * sum(sizes)), LATENT_INIT_STD)
        self.layers = nn.ModuleList(LSTMLayer(width, n) for width, n in zip(widths, sizes, strict=False))
        self.output = initialise_linear(nn.Linear(sizes[-1], depth))
        self.head = CategoricalHead(depth)

    @property
    def cells(self) -> list[LSTMLayer]:
        """The LSTM layers, the one that reads the input first."""
        return cast("list[LSTMLayer]", list(self.layers))

    def initial_state(self, z: Tensor) -> State:
        """``tanh`` of a linear map of z, cut layer by layer into c and h (MUSICVAE.md 2.5)."""
        widths = [n for size in self.sizes for n in (size, size)]
        parts = torch.tanh(self.initial(z)).split(widths, dim=-1)
        return list(zip(parts[0::2], parts[1::2], strict=True))

    def forward(
        self,
        z: Tensor,
        previous: Tensor,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Logits for known outputs (teacher forcing), or with scheduled sampling.

        Parameters
        ----------
        z
            ``[batch, z_size]``.
        previous
            ``[batch, steps, depth]``: the output before each step, zeros before the first.
        controls
            ``[batch, steps, control_depth]`` or none.
        sampling_probability
            Chance, for each example and step, that the next input is a sample of the model's own
            output instead of the given one (MUSICVAE.md 3.2). No gradient flows through samples.
        generator
            Source of the samples.

        Returns
        -------
        Tensor
            Logits, ``[batch, steps, depth]``.
        """
        state = self.initial_state(z)
        if sampling_probability <= 0.0:
            return self._run(z, previous, controls, state)[0]
        logits = []
        own = torch.zeros_like(previous[:, 0])
        use_own = torch.zeros(len(z), 1, dtype=torch.bool, device=z.device)
        for t in range(previous.shape[1]):
            given = torch.where(use_own, own, previous[:, t])
            control = None if controls is None else controls[:, t : t + 1]
            step, state = self._run(z, given[:, None], control, state)
            logits.append(step[:, 0])
            own = self.head.sample(step[:, 0].detach(), 1.0, generator).to(previous.dtype)
            chance = torch.rand(len(z), 1, device=z.device, generator=generator)
            use_own = chance < sampling_probability
        return torch.stack(logits, dim=1)

    def _run(self, z: Tensor, previous: Tensor, controls: Tensor | None, state: State) -> tuple[Tensor, State]:
        hidden = append(torch.cat([previous, z[:, None].expand(-1, previous.shape[1], -1)], dim=-1), controls)
        after: State = []
        for layer, (c, h) in zip(self.cells, state, strict=True):
            hidden, (h, c) = layer(hidden, (h[None].contiguous(), c[None].contiguous()))
            after.append((c[0], h[0]))
        return self.output(hidden), after
