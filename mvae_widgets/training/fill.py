"""Other coordinates of a latent space, in which the codes of the music are as wide as the prior."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus

from mvae_widgets.nn.hierarchy import HierarchicalDecoder
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.feeds import Rows

__all__ = ["fill_prior"]

BATCH, NEWTON = 128, 8


@torch.no_grad()
def fill_prior(model: VAE, rows: Rows) -> None:
    """Shift and stretch each dimension of z so that the codes have mean 0 and deviation 1, as the prior has.

    A loss that leaves bits free, and a run of few updates, leave some dimensions narrow: what is drawn from the prior
    then lies beyond all music. The same model in other coordinates does not: mu and decoder are changed by maps that
    undo each other, so that music comes back as before. Deviations are divided as well, through the softplus that
    makes them; their mean is exact, and each nearly so where they are small.

    Parameters
    ----------
    model
        With a conductor, which hears z once, through a linear map; changed in place. Others stay as they are.
    rows
        Training clips.
    """
    if not isinstance(model.decoder, HierarchicalDecoder):
        return
    model.eval()
    some = [slice(start, start + BATCH) for start in range(0, len(rows.x), BATCH)]
    heard = (rows.x, rows.lengths, rows.controls)
    embedded = torch.cat([model.encoder(*(None if t is None else t[at] for t in heard)) for at in some])
    mu, sigma = model.posterior(embedded)
    middle, spread = mu.mean(0), (mu.var(0) + (sigma**2).mean(0)).sqrt()
    head, initial = model.posterior, model.decoder.conductor.initial
    head.mu.weight.div_(spread[:, None])
    head.mu.bias.sub_(middle).div_(spread)
    before, wanted = head.sigma(embedded), sigma.mean(0) / spread
    shift = -spread.log()
    for _ in range(NEWTON):
        shift -= (softplus(before + shift).mean(0) - wanted) / torch.sigmoid(before + shift).mean(0)
    head.sigma.bias.add_(shift)
    initial.bias.add_(initial.weight @ middle)
    initial.weight.mul_(spread)
