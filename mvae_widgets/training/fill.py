"""Other coordinates of a latent space, in which the codes of the music lie as the prior does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from mvae_widgets.nn.decoder import FlatDecoder, SplitDecoder
from mvae_widgets.nn.hierarchy import HierarchicalDecoder
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import Rows

__all__ = ["fill_prior"]

# Keeps the fit of the deviations tame where few clips tell of many units of the encoder.
RIDGE, LEAST = 1e-2, 1e-6


@torch.no_grad()
def fill_prior(model: VAE, batches: Iterable[Rows]) -> None:
    """Shift, turn and stretch z so that the codes have mean 0 and covariance 1, as the prior has.

    A loss that leaves bits free, and a run of few updates, leave dimensions narrow or tied to each other: much of what
    is drawn from the prior then lies beyond all music. The same model in other coordinates does not: mu and decoder
    are changed by maps that undo each other, so that music comes back as before. Of all such coordinates these are
    the ones whose axes the encoder's own noise follows (both covariances become diagonal), the most telling first: so
    the deviations still say nearly all of the noise. They are fitted anew.

    Parameters
    ----------
    model
        Changed in place.
    batches
        Training clips, as many as known of the codes' covariance is to be.
    """
    model.eval()
    embedded = torch.cat([model.encoder(rows.x, rows.lengths, rows.controls) for rows in batches]).double()
    head = model.posterior.double()
    mu, sigma = head(embedded)
    mu, sigma = mu.double(), sigma.double()
    middle, own = mu.mean(0), (sigma**2).mean(0).sqrt()
    # In units of the encoder's noise that noise is round, and the axes of the codes are at right angles.
    spread, axes = torch.linalg.eigh((mu / own).T.cov() + torch.eye(len(own), dtype=mu.dtype, device=mu.device))
    spread, axes = spread.flip(0).sqrt(), axes.flip(1)
    into, back = (axes / spread).T / own, own[:, None] * axes * spread
    head.mu.weight.copy_(into @ head.mu.weight)
    head.mu.bias.copy_(into @ (head.mu.bias - middle))
    _fit(head.sigma, embedded, ((sigma**2) @ (into**2).T).sqrt())
    head.float()
    for weight, bias in _heard(model.decoder):
        bias.add_((weight.double() @ middle).float())
        weight.copy_((weight.double() @ back).float())


def _fit(sigma: torch.nn.Linear, embedded: Tensor, wanted: Tensor) -> None:
    """Least squares, through the softplus, of deviations ``[n, z_size]``."""
    middle, raw = embedded.mean(0), wanted + torch.log(-torch.expm1(-wanted))
    centred = embedded - middle
    gram = centred.T @ centred / len(centred)
    gram.diagonal().add_(RIDGE * gram.diagonal().mean().clamp(min=LEAST))
    weight = torch.linalg.solve(gram, centred.T @ (raw - raw.mean(0)) / len(centred)).T
    sigma.weight.copy_(weight)
    sigma.bias.copy_(raw.mean(0) - weight @ middle)


def _heard(decoder: FlatDecoder | SplitDecoder | HierarchicalDecoder) -> Iterator[tuple[Tensor, Tensor]]:
    """Every linear map by which a decoder hears z, as weights ``[units, z_size]`` and bias, to be changed in place."""
    if isinstance(decoder, SplitDecoder):
        for part in decoder.decoders:
            yield from _heard(part)
        return
    stack = decoder if isinstance(decoder, FlatDecoder) else decoder.conductor
    yield stack.initial.weight, stack.initial.bias
    if isinstance(decoder, FlatDecoder):
        first = decoder.cells[0]
        yield first.weight_ih_l0[:, decoder.depth : decoder.depth + decoder.z_size], first.bias_ih_l0
