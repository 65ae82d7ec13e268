"""MidiMe: a small VAE on the latent vectors of one user's clips, a palette of few dimensions (MUSICVAE.md 5.6).

Dinculescu, Engel and Roberts 2019. Every point of the palette decodes to something like the user's own music.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from tqdm.auto import tqdm

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.dense import dense, generator, latents

__all__ = ["MidiMe", "fit_midime"]

Array = npt.NDArray[np.float32]

#: Updates; the original's 10 leave the palette next to where its random weights put it (docs/maps.md).
EPOCHS = 500
#: Clips that one update sees at most: with fewer, all of them, as in the original.
BATCH = 512


class MidiMe:
    """A palette: from latent vectors to few numbers and back; made by `fit_midime`.

    Parameters
    ----------
    encoder, decoder
        Networks ``z -> 2 d`` and ``d -> z``.
    losses
        What each update cost, ``[epochs]``: half the squared error plus beta times the KL.
    """

    def __init__(self, encoder: nn.Sequential, decoder: nn.Sequential, losses: npt.ArrayLike) -> None:
        self._encoder, self._decoder = encoder.eval(), decoder.eval()
        for network in (encoder, decoder):
            network.requires_grad_(False)
        self.losses = np.asarray(losses, np.float64)
        first, last = decoder[0], decoder[-1]
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        self.dimensions, self.size = first.in_features, last.out_features

    def __repr__(self) -> str:
        return f"<MidiMe: {self.dimensions} dimensions for z {self.size}>"

    def encode(self, z: npt.ArrayLike) -> Array:
        """Where latent vectors ``[n, z]`` lie on the palette: means ``[n, d]``."""
        means: Array = self._encoder(self._checked(z, self.size))[:, : self.dimensions].numpy()
        return means

    def decode(self, w: npt.ArrayLike) -> Array:
        """Latent vectors ``[n, z]`` at points ``[n, d]`` of the palette, to be given to ``model.decode``."""
        vectors: Array = self._decoder(self._checked(w, self.dimensions)).numpy()
        return vectors

    def sample(self, n: int, seed: int | None = None) -> Array:
        """Latent vectors ``[n, z]`` at random points of the palette, w from N(0, 1); same seed, same vectors."""
        n = whole_number(n, "The number of samples", 1)
        vectors: Array = self._decoder(torch.randn(n, self.dimensions, generator=generator(seed))).numpy()
        return vectors

    def _checked(self, values: npt.ArrayLike, width: int) -> Tensor:
        rows = latents(values)
        if rows.shape[1] != width:
            raise ConfigError(f"An array of shape {np.shape(values)} does not fit.", f"Give [n, {width}].")
        return rows


def fit_midime(
    z: npt.ArrayLike,
    dimensions: int = 4,
    epochs: int = EPOCHS,
    seed: int = 0,
    beta: float = 1.0,
    rate: float = 1e-3,
    progress: bool = True,
) -> MidiMe:
    """Train a palette in seconds on a CPU.

    The original's networks for 256 latent dimensions (dense 1024, 256, 64) are scaled to the model's. The
    reference setting is ``epochs=10``: one update on all clips each, which hardly trains it.

    Parameters
    ----------
    z
        Posterior means of the user's clips, ``[n, z]``.
    dimensions
        Of the palette.
    epochs
        Updates, each on all clips (on 512 drawn ones, if there are more).
    seed
        The same seed, the same palette.
    beta
        Weight of the KL: less keeps closer to the clips, more makes the palette smoother.
    rate
        Of Adam.
    progress
        Whether to show a bar.

    Raises
    ------
    ConfigError
        If a setting makes no sense, or a latent vector is not finite.
    """
    points = latents(z)
    size = points.shape[1]
    dimensions = whole_number(dimensions, "The number of dimensions", 1, size)
    epochs = whole_number(epochs, "The number of epochs", 1)
    beta, rate = number(beta, "beta", least=0), number(rate, "The rate", above=0)
    random = generator(seed)
    widths = [4 * size, size, max(size // 4, 2 * dimensions)]
    encoder = dense([size, *widths, 2 * dimensions], random)
    decoder = dense([dimensions, *reversed(widths), size], random)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=rate)
    losses: list[Any] = []
    for _ in tqdm(range(epochs), desc="midime", disable=not progress):
        x = points
        if len(points) > BATCH:
            x = points[torch.randint(len(points), (BATCH,), generator=random)]
        mu, raw = encoder(x).chunk(2, 1)
        sigma = softplus(raw) + 1e-6
        w = mu + sigma * torch.randn(mu.shape, generator=random)
        error = ((decoder(w) - x) ** 2).sum(1) / 2
        kl = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(1)
        loss = (error + beta * kl).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return MidiMe(encoder, decoder, losses)
