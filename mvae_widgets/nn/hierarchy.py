"""Encoder and decoder of long pieces: segments, and a level above them (paper section 3.2; MUSICVAE.md 2.3, 2.8)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.decoder import FlatDecoder, SplitDecoder
from mvae_widgets.nn.encoder import BidirectionalEncoder
from mvae_widgets.nn.generate import Plan
from mvae_widgets.nn.lstm import LSTMStack, append

__all__ = ["HierarchicalDecoder", "HierarchicalEncoder"]


class HierarchicalEncoder(nn.Module):
    """Each chunk (a bar, a track) is embedded, then the sequence of embeddings.

    Parameters
    ----------
    input_size
        Depth of one step, controls included.
    sizes
        Units a layer and direction, at both levels.
    levels
        Steps a chunk, and chunks.
    dropout
        Share of each layer's inputs that is dropped in training.
    """

    def __init__(self, input_size: int, sizes: tuple[int, ...], levels: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        self.chunk, self.chunks = levels
        low = BidirectionalEncoder(input_size, sizes, dropout)
        high = BidirectionalEncoder(low.output_size, sizes, dropout)
        self.levels = nn.ModuleList([low, high])
        self.output_size = high.output_size

    def forward(self, x: Tensor, lengths: Tensor | None = None, controls: Tensor | None = None) -> Tensor:
        """Embed a batch: ``[batch, chunk * chunks, depth]`` -> ``[batch, 2 * sizes[-1]]``.

        Parameters
        ----------
        x
            All chunks one after the other, each padded to its full length.
        lengths
            Valid steps of each chunk, ``[batch, chunks]``; or of each example, ``[batch]``, 0 or all of them.
        controls
            ``[batch, steps, control_depth]`` or none.

        Raises
        ------
        ConfigError
            If steps or lengths do not fit the levels.
        """
        batch, steps = x.shape[:2]
        if steps != self.chunk * self.chunks:
            raise ConfigError(f"{steps} steps do not make {self.chunks} chunks of {self.chunk}.")
        if lengths is not None:
            if lengths.ndim == 1:
                if not bool(((lengths == 0) | (lengths == steps)).all()):
                    raise ConfigError(f"The length of a whole example must be 0 or {steps}.", "Give one a chunk.")
                lengths = (lengths // self.chunks)[:, None].expand(-1, self.chunks)
            if lengths.shape != (batch, self.chunks) or bool((lengths > self.chunk).any()):
                raise ConfigError(f"Lengths must be [batch, {self.chunks}], none above {self.chunk}.")
            lengths = lengths.flatten()
        chunks = append(x, controls).unflatten(1, (self.chunks, self.chunk)).flatten(0, 1)
        low, high = self.levels
        embedded: Tensor = high(low(chunks, lengths).unflatten(0, (batch, self.chunks)))
        return embedded


class HierarchicalDecoder(nn.Module):
    """A conductor turns z into one vector a segment; the core decodes each segment from its vector.

    The core's state starts anew in every segment; only the last step of one segment is the first input of
    the next. Nothing flows back to the conductor.

    Parameters
    ----------
    z_size
        Width of z.
    sizes
        LSTM units a layer of the conductor; the last is the width of its vectors.
    levels
        Segments, and steps a segment.
    core
        What decodes a segment.
    """

    core: FlatDecoder | SplitDecoder

    def __init__(
        self, z_size: int, sizes: tuple[int, ...], levels: tuple[int, ...], core: FlatDecoder | SplitDecoder
    ) -> None:
        super().__init__()
        self.segments, self.segment = levels
        # One input that is always zero, as upstream has it.
        self.conductor = LSTMStack(1, z_size, sizes)
        self.core = core
        self.depth, self.width = core.depth, core.width

    def embeddings(self, z: Tensor) -> Tensor:
        """The conductor's vectors, ``[batch, segments, sizes[-1]]``."""
        nothing = torch.zeros(len(z), self.segments, 1, device=z.device, dtype=z.dtype)
        return self.conductor.run(nothing, self.conductor.initial_state(z))[0]

    def forward(
        self,
        z: Tensor,
        previous: Tensor,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """See `Decoder`. With outputs known, all segments of all examples run side by side."""
        if previous.shape[1] != self.segments * self.segment:
            raise ConfigError(f"{previous.shape[1]} steps do not make {self.segments} segments of {self.segment}.")

        def cut(x: Tensor) -> Tensor:
            pieces: Tensor = x.unflatten(1, (self.segments, self.segment)).flatten(0, 1)
            return pieces

        embedded = self.embeddings(z).flatten(0, 1)
        logits: Tensor = self.core(
            embedded, cut(previous), None if controls is None else cut(controls), sampling_probability, generator
        )
        joined: Tensor = logits.unflatten(0, (len(z), self.segments)).flatten(1, 2)
        return joined

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `Decoder`."""
        return self.core.step_loss(logits, target)

    def likeliest(self, logits: Tensor) -> Tensor:
        """See `Decoder`."""
        return self.core.likeliest(logits)

    def noise(self, batch: int, steps: int, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """See `Decoder`."""
        return self.core.noise(batch, steps, temperature, generator)

    def plan(self, z: Tensor) -> Plan:
        """See `Decoder`; for all segments at once."""
        return self.core.plan(self.embeddings(z))

    def decode(
        self,
        plan: Plan,
        steps: int,
        noise: Tensor | None = None,
        controls: Tensor | None = None,
        start: Tensor | None = None,
    ) -> Tensor:
        """See `Decoder`. Segment after segment: the end of one starts the next."""
        if steps != self.segments * self.segment:
            raise ConfigError(f"{steps} steps do not make {self.segments} segments of {self.segment}.")
        rows: list[Tensor] = []
        for s in range(self.segments):
            of = slice(s * self.segment, (s + 1) * self.segment)
            own_noise = None if noise is None else noise[:, of]
            own_controls = None if controls is None else controls[:, of]
            before = rows[-1][:, -1] if rows else start
            rows.append(self.core.decode(plan.segment(s), self.segment, own_noise, own_controls, before))
        return torch.cat(rows, dim=1)
