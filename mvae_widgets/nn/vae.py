"""The network itself: encoder, posterior, decoder (paper section 3; MUSICVAE.md 2)."""

from __future__ import annotations

from torch import Tensor, nn

from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.decoder import FlatDecoder
from mvae_widgets.nn.encoder import BidirectionalEncoder, PosteriorHead

__all__ = ["VAE"]


class VAE(nn.Module):
    """A flat MusicVAE.

    Parameters
    ----------
    config
        Its shape.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = BidirectionalEncoder(config.depth + config.control_depth, config.encoder_sizes)
        self.posterior = PosteriorHead(self.encoder.output_size, config.z_size)
        self.decoder = FlatDecoder(config.depth, config.z_size, config.decoder_sizes, config.control_depth)

    def encode(self, x: Tensor, lengths: Tensor | None = None, controls: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior mean and standard deviation, ``[batch, z_size]`` each, of ``[batch, steps, depth]``."""
        mu, sigma = self.posterior(self.encoder(x, lengths, controls))
        return mu, sigma
