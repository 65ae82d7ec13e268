"""Decoders: flat (paper section 3.1; MUSICVAE.md 2.5, 2.6) and split into parts (2.8).

Every decoder has the same face: `forward` for known outputs, `step_loss`, `plan` for all that depends on z
alone, and `decode` for free running.
"""

from __future__ import annotations

from typing import Protocol, cast

import torch
from torch import Tensor, nn

from mvae_widgets.nn.generate import Plan, Weights, run
from mvae_widgets.nn.heads import Head
from mvae_widgets.nn.lstm import LSTMStack, append, initialise_linear

__all__ = ["Decoder", "FlatDecoder", "SplitDecoder", "shift"]


def shift(y: Tensor) -> Tensor:
    """The output before each step: ``[batch, steps, depth]`` moved one step later, zeros first."""
    return torch.cat([torch.zeros_like(y[:, :1]), y[:, :-1]], dim=1)


class Decoder(Protocol):
    """z -> steps.

    Attributes
    ----------
    depth
        Width of one step, which is also what is fed back.
    width
        How many numbers (logits and the like) make one step.
    """

    depth: int
    width: int

    def __call__(
        self,
        z: Tensor,
        previous: Tensor,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Numbers for known outputs (teacher forcing), or with scheduled sampling.

        Parameters
        ----------
        z
            ``[batch, z_size]``.
        previous
            ``[batch, steps, depth]``: the output before each step, zeros before the first.
        controls
            ``[batch, steps, control_depth]`` or none.
        sampling_probability
            Chance, for each example and step, that the next input is the model's own output instead of the
            given one (MUSICVAE.md 3.2). No gradient flows through it.
        generator
            Source of the draws.

        Returns
        -------
        Tensor
            ``[batch, steps, width]``.
        """

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Nats a step, ``[batch, steps]``, of rows ``[batch, steps, depth]``."""

    def likeliest(self, logits: Tensor) -> Tensor:
        """The likeliest rows ``[batch, steps, depth]``, each step by itself."""

    def noise(self, batch: int, steps: int, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """What `decode` draws with: ``[batch, steps, choices]``."""

    def plan(self, z: Tensor) -> Plan:
        """All that depends on ``[..., z_size]`` alone."""

    def decode(
        self, plan: Plan, steps: int, noise: Tensor | None, controls: Tensor | None, start: Tensor | None
    ) -> Tensor:
        """Rows ``[batch, steps, depth]``, each step fed with the step before, the first with `start` or zeros."""


class FlatDecoder(LSTMStack):
    """An LSTM that sees z, and the step before, at every step.

    Parameters
    ----------
    head
        What its numbers mean.
    z_size
        Width of the vector appended to every input.
    sizes
        LSTM units a layer.
    control_depth
        Width of the controls appended to every input.
    dropout
        Share of each layer's inputs that is dropped in training.
    """

    def __init__(
        self, head: Head, z_size: int, sizes: tuple[int, ...], control_depth: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__(head.depth + z_size + control_depth, z_size, sizes, dropout)
        self.depth, self.width, self.control_depth = head.depth, head.width, control_depth
        self.output = initialise_linear(nn.Linear(sizes[-1], head.width))
        self.head = head

    def forward(
        self,
        z: Tensor,
        previous: Tensor,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """See `Decoder`."""
        state = self.initial_state(z)
        given = append(torch.cat([previous, z[:, None].expand(-1, previous.shape[1], -1)], dim=-1), controls)
        if sampling_probability <= 0.0:
            return cast("Tensor", self.output(self.run(given, state)[0]))
        logits = []
        use_own = torch.zeros(len(z), 1, dtype=torch.bool, device=z.device)
        own = torch.zeros_like(previous[:, 0])
        for t in range(previous.shape[1]):
            first, rest = given[:, t].split([self.depth, given.shape[2] - self.depth], dim=-1)
            inputs = torch.cat([torch.where(use_own, own, first), rest], dim=-1)
            hidden, state = self.run(inputs[:, None], state)
            logits.append(self.output(hidden[:, 0]))
            own = self._own_step(logits[-1].detach(), generator).to(previous.dtype)
            use_own = torch.rand(len(z), 1, device=z.device, generator=generator) < sampling_probability
        return torch.stack(logits, dim=1)

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `Decoder`."""
        return self.head.step_loss(logits, target)

    def likeliest(self, logits: Tensor) -> Tensor:
        """See `Decoder`."""
        rows: Tensor = self.head.rows(self.head.choose(logits.detach().float().flatten(0, 1)))
        return rows.view(*logits.shape[:2], -1)

    def noise(self, batch: int, steps: int, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """See `Decoder`."""
        return self.head.noise((batch, steps), temperature, self.output.weight.device, generator)

    def plan(self, z: Tensor) -> Plan:
        """See `Decoder`."""
        weights = Weights.of(self, len(z))
        return Plan(weights, nn.functional.linear(z, weights.by_z, weights.bias), self.initial_state(z))

    def decode(
        self,
        plan: Plan,
        steps: int,
        noise: Tensor | None = None,
        controls: Tensor | None = None,
        start: Tensor | None = None,
    ) -> Tensor:
        """See `Decoder`."""
        return run(self.head, plan, steps, noise, controls, start)

    def _own_step(self, logits: Tensor, generator: torch.Generator | None) -> Tensor:
        draws = self.head.draws_in_training
        noise = self.head.noise((len(logits),), 1.0, logits.device, generator) if draws else None
        return self.head.rows(self.head.choose(logits.float(), noise))


class SplitDecoder(nn.Module):
    """Decoders side by side that share z and do not see each other, each for its part of the row.

    Parameters
    ----------
    parts
        The decoders, in the order of the row.
    """

    def __init__(self, parts: list[FlatDecoder]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.depths, self.widths = [p.depth for p in parts], [p.width for p in parts]
        self.choices = [p.head.choices for p in parts]
        self.depth, self.width = sum(self.depths), sum(self.widths)

    @property
    def decoders(self) -> list[FlatDecoder]:
        """The decoders of the parts."""
        return cast("list[FlatDecoder]", list(self.parts))

    def forward(
        self,
        z: Tensor,
        previous: Tensor,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """See `Decoder`."""
        pairs = zip(self.decoders, previous.split(self.depths, dim=-1), strict=True)
        return torch.cat([part(z, y, controls, sampling_probability, generator) for part, y in pairs], dim=-1)

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `Decoder`."""
        pairs = zip(logits.split(self.widths, dim=-1), target.split(self.depths, dim=-1), strict=True)
        losses = [part.step_loss(a, y) for part, (a, y) in zip(self.decoders, pairs, strict=True)]
        return torch.stack(losses).sum(0)

    def likeliest(self, logits: Tensor) -> Tensor:
        """See `Decoder`."""
        pairs = zip(self.decoders, logits.split(self.widths, dim=-1), strict=True)
        return torch.cat([part.likeliest(own) for part, own in pairs], dim=-1)

    def noise(self, batch: int, steps: int, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """See `Decoder`."""
        return torch.cat([part.noise(batch, steps, temperature, generator) for part in self.decoders], dim=-1)

    def plan(self, z: Tensor) -> Plan:
        """See `Decoder`."""
        return Plan(parts=[part.plan(z) for part in self.decoders])

    def decode(
        self,
        plan: Plan,
        steps: int,
        noise: Tensor | None = None,
        controls: Tensor | None = None,
        start: Tensor | None = None,
    ) -> Tensor:
        """See `Decoder`."""
        count = len(self.parts)
        noises = [None] * count if noise is None else noise.split(self.choices, dim=-1)
        starts = [None] * count if start is None else start.split(self.depths, dim=-1)
        rows = [
            part.decode(own, steps, n, controls, s)
            for part, own, n, s in zip(self.decoders, plan.parts, noises, starts, strict=True)
        ]
        return torch.cat(rows, dim=-1)
