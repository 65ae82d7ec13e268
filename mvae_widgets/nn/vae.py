"""The network itself: encoder, posterior, decoder, from a configuration (paper section 3; MUSICVAE.md 2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import CERTAIN, ModelConfig
from mvae_widgets.nn.decoder import Decoder, FlatDecoder, SplitDecoder, shift
from mvae_widgets.nn.encoder import BidirectionalEncoder, PosteriorHead
from mvae_widgets.nn.graphs import replay
from mvae_widgets.nn.heads import make_head
from mvae_widgets.nn.hierarchy import HierarchicalDecoder, HierarchicalEncoder

__all__ = ["VAE", "valid_steps"]


class VAE(nn.Module):
    """A MusicVAE of any configuration.

    Parameters
    ----------
    config
        Its shape.
    """

    encoder: BidirectionalEncoder | HierarchicalEncoder
    decoder: FlatDecoder | SplitDecoder | HierarchicalDecoder

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width, dropout = config.depth + config.control_depth, 1.0 - config.recipe["dropout_keep_prob"]
        if config.encoder_levels:
            self.encoder = HierarchicalEncoder(width, config.encoder_sizes, config.encoder_levels, dropout)
        else:
            self.encoder = BidirectionalEncoder(width, config.encoder_sizes, dropout)
        self.posterior = PosteriorHead(self.encoder.output_size, config.z_size)
        self.decoder = _decoder(config, dropout)

    def encode(self, x: Tensor, lengths: Tensor | None = None, controls: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior mean and standard deviation, ``[batch, z_size]`` each.

        Parameters
        ----------
        x
            ``[batch, steps, depth]``.
        lengths
            Valid steps, ``[batch]``, or of each chunk of a hierarchical encoder, ``[batch, chunks]``; all of
            them if not given.
        controls
            ``[batch, steps, control_depth]``, for a model that has them.

        Raises
        ------
        ConfigError
            If a shape does not fit the model.
        """
        self._check(x, self.config.depth, "Inputs")
        self._check_controls(controls, x.shape[0], x.shape[1])
        mu, sigma = self.posterior(self.encoder(x, lengths, controls))
        return mu, sigma

    @torch.no_grad()
    def decode(
        self,
        z: Tensor,
        temperature: float | None = None,
        generator: torch.Generator | None = None,
        controls: Tensor | None = None,
        hits: Tensor | None = None,
    ) -> Tensor:
        """Steps at points of latent space.

        Parameters
        ----------
        z
            ``[batch, z_size]``.
        temperature
            None for the likeliest at every step (bits and hits: more likely than not); above 0 draws, 1 as
            the model believes. Velocities and offsets are never drawn.
        generator
            Source of the draws, on the device of z.
        controls
            ``[batch, steps, control_depth]``, for a model that has them.
        hits
            ``[batch, steps, drums]`` of a groove: these are played instead of chosen ones, and fed back.

        Returns
        -------
        Tensor
            ``[batch, steps, output_depth]``, float32: one-hot vectors (one a part), bits, or hits, velocities
            (0 to 1) and offsets (-1 to 1).

        Raises
        ------
        ConfigError
            If a shape does not fit the model.
        """
        steps, decoder = self.config.steps, cast("Decoder", self.decoder)
        if z.ndim != 2 or z.shape[1] != self.config.z_size:
            raise ConfigError(f"Latents of shape {tuple(z.shape)} do not fit {self.config.name}.", self._z_hint())
        self._check_controls(controls, len(z), steps)
        noise = None if temperature is None else decoder.noise(len(z), steps, temperature, generator)
        if hits is not None:
            noise = (2 * hits - 1) * CERTAIN

        def loop(z: Tensor, noise: Tensor | None, controls: Tensor | None) -> Tensor:
            return decoder.decode(decoder.plan(z), steps, noise, controls, None)

        return replay(self.decoder, loop, z, noise, controls)

    def reconstruction_loss(
        self,
        z: Tensor,
        y: Tensor,
        lengths: Tensor | None = None,
        controls: Tensor | None = None,
        sampling_probability: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Nats that the known outputs cost, ``[batch]``, summed over their valid steps (MUSICVAE.md 3.1).

        Parameters
        ----------
        z
            ``[batch, z_size]``.
        y
            ``[batch, steps, output_depth]``.
        lengths, controls
            As for `encode`.
        sampling_probability, generator
            Scheduled sampling (MUSICVAE.md 3.2).
        """
        self._check(y, self.config.output_depth, "Outputs")
        self._check_controls(controls, y.shape[0], y.shape[1])
        logits = self.decoder(z, shift(y), controls, sampling_probability, generator)
        losses = self.decoder.step_loss(logits, y)
        if lengths is not None:
            losses = losses * valid_steps(lengths, y.shape[1])
        return losses.sum(1)

    def _check(self, x: Tensor, depth: int, what: str) -> None:
        if x.ndim != 3 or x.shape[2] != depth:
            raise ConfigError(
                f"{what} of shape {tuple(x.shape)} do not fit {self.config.name}.", f"It takes [n, steps, {depth}]."
            )

    def _check_controls(self, controls: Tensor | None, batch: int, steps: int) -> None:
        depth, name = self.config.control_depth, self.config.name
        if controls is None and depth:
            raise ConfigError(f"{name} needs controls (chords, keys or hits).", f"Give [n, steps, {depth}].")
        if controls is not None and not depth:
            raise ConfigError(f"{name} takes no controls such as chords.", "Leave them out.")
        if controls is not None and tuple(controls.shape) != (batch, steps, depth):
            raise ConfigError(
                f"Controls of shape {tuple(controls.shape)} do not fit {name}.", f"Give [{batch}, {steps}, {depth}]."
            )

    def _z_hint(self) -> str:
        return f"It takes [n, {self.config.z_size}]."


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Which steps count, ``[batch, steps]``, for lengths ``[batch]`` or ``[batch, chunks]``."""
    per_chunk = lengths if lengths.ndim == 2 else lengths[:, None]
    position = torch.arange(steps // per_chunk.shape[1], device=lengths.device)
    return (position < per_chunk[..., None]).flatten(1)


def _decoder(config: ModelConfig, dropout: float) -> FlatDecoder | SplitDecoder | HierarchicalDecoder:
    z_size = config.decoder_sizes[-1] if config.decoder_levels else config.z_size

    def flat(depth: int) -> FlatDecoder:
        head = make_head(config.head, depth, config.parts, config.hidden)
        return FlatDecoder(head, z_size, config.decoder_sizes, config.control_depth, dropout)

    core: FlatDecoder | SplitDecoder
    if config.parts and config.head != "multi":
        core = SplitDecoder([flat(depth) for depth in config.parts])
    else:
        core = flat(config.output_depth)
    if not config.decoder_levels:
        return core
    return HierarchicalDecoder(config.z_size, config.decoder_sizes, config.decoder_levels, core)
