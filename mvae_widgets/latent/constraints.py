"""Latent constraints: draw music with the attributes asked for, from a model that knows nothing of them.

Engel, Hoffman and Roberts 2017 (arXiv 1711.05772; MUSICVAE.md 5.5). Small networks look at latent vectors only:
a *realism* critic tells encodings of a corpus from draws of the prior, *attribute* critics tell which encodings
have what is asked. New vectors come from an actor that was trained to please them all, or from a search uphill.
The model itself is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from tqdm.auto import tqdm

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.dense import dense, generator, latents

__all__ = ["Constraints", "fit_constraints"]

Array = npt.NDArray[np.float32]
Range = tuple[float | None, float | None]
Method = Literal["actor", "search"]

HIDDEN = 256
BATCH = 256
CRITIC_STEPS = 1200
ACTOR_STEPS = 800
#: Clips that must have what is asked, and clips that must not.
FEWEST = 20
#: Of the critics' weights: a search finds the places where a rough critic is sure of what is not so.
DECAY = 1.0
#: How strongly a vector is held where it came from.
KEEP = 0.1


class Constraints:
    """Critics of latent vectors, and two ways to vectors that please them; made by `fit_constraints`.

    Parameters
    ----------
    wanted
        The range of each attribute.
    judge
        Network with a logit an attribute: is it in its range?
    real
        Network with one logit: is it an encoding of music?
    actor
        Moves draws of the prior.
    spread
        Standard deviation of each latent dimension over the corpus, ``[z]``.
    """

    def __init__(
        self, wanted: Mapping[str, Range], judge: nn.Module, real: nn.Module, actor: nn.Module, spread: Tensor
    ) -> None:
        self.wanted = dict(wanted)
        self._judge, self._real, self._actor, self._spread = judge, real, actor, spread
        for network in (judge, real, actor):
            network.eval().requires_grad_(False)

    def __repr__(self) -> str:
        ranges = ", ".join(f"{name} {_in_words(bounds)}" for name, bounds in self.wanted.items())
        return f"<Constraints: {ranges}>"

    @property
    def size(self) -> int:
        """z, the length of the latent vectors."""
        return len(self._spread)

    def probabilities(self, z: npt.ArrayLike) -> dict[str, Array]:
        """How sure the critics are, 0..1, that each attribute is in its range: ``[n]`` each, for vectors ``[n, z]``."""
        found = torch.sigmoid(self._judge(self._vectors(z))).numpy()
        return {name: found[:, k] for k, name in enumerate(self.wanted)}

    def realism(self, z: npt.ArrayLike) -> Array:
        """How likely the critic thinks each vector to be an encoding of music rather than a draw, ``[n]``."""
        found: Array = torch.sigmoid(self._real(self._vectors(z)))[:, 0].numpy()
        return found

    def sample(self, n: int, seed: int | None = None, method: Method = "search") -> Array:
        """New latent vectors that have what is asked: ``[n, z]``, to be given to ``model.decode``.

        Parameters
        ----------
        n
            How many.
        seed
            The same seed, the same vectors.
        method
            ``"actor"`` moves draws of the prior in one pass; ``"search"`` lets the actor's vectors climb on, which
            takes a second or so and keeps closer to what is asked.
        """
        n = whole_number(n, "The number of samples", 1)
        if method not in ("actor", "search"):
            raise ConfigError(f"There is no method {method!r}.", 'Use "actor" or "search".')
        drawn = torch.randn(n, self.size, generator=generator(seed))
        acted = self._actor(drawn)
        return self.search(acted.numpy()) if method == "search" else acted.numpy()

    def search(self, z: npt.ArrayLike, steps: int = 100, rate: float = 0.05, keep: float = KEEP) -> Array:
        """Gradient ascent from given vectors, such as those of the user's own clips.

        Parameters
        ----------
        z
            ``[n, z]``.
        steps, rate
            Of Adam.
        keep
            How strongly each vector is held where it was; 0 not at all.

        Returns
        -------
        ndarray
            ``[n, z]``.
        """
        steps, rate = whole_number(steps, "The number of steps", 0), number(rate, "The rate", above=0)
        keep = number(keep, "keep", least=0)
        start = self._vectors(z)
        moved = start.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([moved], lr=rate)
        for _ in range(steps):
            # A sum, so that no vector's way depends on how many there are.
            (gradient,) = torch.autograd.grad(self._cost(moved, start, keep).sum(), moved)
            moved.grad = gradient
            optimiser.step()
        return moved.detach().numpy()

    def _cost(self, moved: Tensor, start: Tensor, keep: float) -> Tensor:
        return _unpleasant(self._judge(moved), self._real(moved)) + keep * _distance(moved, start, self._spread)

    def _vectors(self, z: npt.ArrayLike) -> Tensor:
        vectors = latents(z)
        if vectors.shape[1] != self.size:
            raise ConfigError(f"Latent vectors of {vectors.shape[1]} numbers do not fit.", f"Give [n, {self.size}].")
        return vectors


class _Actor(nn.Module):
    """``z' = (1 - gate) z + gate target``: a gate a dimension, so that most can stay as they are."""

    def __init__(self, size: int, hidden: int, random: torch.Generator) -> None:
        super().__init__()
        self.layers = dense([size, hidden, hidden, 2 * size], random)

    def forward(self, z: Tensor) -> Tensor:
        target, gate = self.layers(z).chunk(2, 1)
        gate = torch.sigmoid(gate)
        moved: Tensor = (1 - gate) * z + gate * target
        return moved


def fit_constraints(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    values: Mapping[str, npt.ArrayLike],
    wanted: Mapping[str, Range],
    seed: int = 0,
    critic_steps: int = CRITIC_STEPS,
    actor_steps: int = ACTOR_STEPS,
) -> Constraints:
    """Train critics and an actor, under a minute on a CPU, with a progress bar.

    The paper's networks have four layers of 2048; here three layers of 256 do, for 128 latent dimensions.

    Parameters
    ----------
    mu, sigma
        Posteriors of a corpus, ``[n, z]``.
    values
        Attributes of its clips, ``[n]`` each; NaN is in no range.
    wanted
        Attribute -> (least, most), both included; None for no bound.
    seed
        The same seed, the same networks.
    critic_steps
        Updates of the critics on encodings and draws of the prior.
    actor_steps
        Updates of the actor, and of the realism critic against it.

    Raises
    ------
    ConfigError
        If an attribute or a range is none, or too few clips are inside or outside of a range.
    """
    means, spreads = latents(mu), latents(sigma)
    if means.shape != spreads.shape:
        raise ConfigError(f"mu {tuple(means.shape)} and sigma {tuple(spreads.shape)} are not of one shape.")
    ranges = _ranges(wanted, values)
    labels = torch.from_numpy(np.stack([_inside(name, values[name], ranges[name], len(means)) for name in ranges], 1))
    critic_steps = whole_number(critic_steps, "critic_steps", 1)
    actor_steps = whole_number(actor_steps, "actor_steps", 1)
    random, size = generator(seed), means.shape[1]
    judge = dense([size, HIDDEN, HIDDEN, len(ranges)], random)
    real = dense([size, HIDDEN, HIDDEN, 1], random)
    actor = _Actor(size, HIDDEN, random)
    spread = means.std(0).clamp_min(1e-3)
    critics = torch.optim.AdamW([*judge.parameters(), *real.parameters()], lr=1e-3, weight_decay=DECAY)
    only_real = torch.optim.Adam(real.parameters(), lr=3e-4)
    moves = torch.optim.Adam(actor.parameters(), lr=1e-3)

    having = torch.from_numpy(np.flatnonzero(labels.all(1).numpy()))

    def encodings(chosen: int = 0) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(means), (BATCH,), generator=random)
        if chosen and len(having):
            rows[:chosen] = having[torch.randint(len(having), (chosen,), generator=random)]
        noise = torch.randn(BATCH, size, generator=random)
        return means[rows] + spreads[rows] * noise, labels[rows]

    with tqdm(total=critic_steps + actor_steps, desc="constraints") as progress:
        for _ in range(critic_steps):
            # What is asked for together may be rare: half of the clips that the critics see have it.
            z, inside = encodings(BATCH // 2)
            drawn = torch.randn(BATCH, size, generator=random)
            guess = judge(z)
            loss = (softplus(guess) - guess * inside).sum(1).mean() + _told_apart(real, z, drawn)
            _update(critics, loss)
            progress.update()
        judge.requires_grad_(False)
        for _ in range(actor_steps):
            drawn = torch.randn(BATCH, size, generator=random)
            moved = actor(drawn)
            cost = _unpleasant(judge(moved), real(moved)) + KEEP * _distance(moved, drawn, spread)
            _update(moves, cost.mean())
            z, _ = encodings()
            fakes = torch.cat([moved.detach(), torch.randn(BATCH, size, generator=random)])
            _update(only_real, _told_apart(real, z, fakes))
            progress.update()
    return Constraints(ranges, judge, real, actor, spread)


def _unpleasant(inside: Tensor, real: Tensor) -> Tensor:
    """Nats that the critics' doubts cost, ``[n]``."""
    return softplus(-inside).sum(1) + softplus(-real[:, 0])


def _distance(moved: Tensor, start: Tensor, spread: Tensor) -> Tensor:
    """The paper's penalty: logarithmic, so that few dimensions move far rather than all a little."""
    return (torch.log1p((moved - start) ** 2) / spread**2).mean(1)


def _told_apart(real: nn.Module, z: Tensor, fakes: Tensor) -> Tensor:
    return softplus(-real(z)).mean() + softplus(real(fakes)).mean()


def _update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _ranges(wanted: Any, values: Mapping[str, Any]) -> dict[str, Range]:
    if not isinstance(wanted, Mapping) or not wanted:
        raise ConfigError("Nothing is asked for.", 'Give ranges, such as {"note_density": (0.4, 0.6)}.')
    ranges: dict[str, Range] = {}
    for name, bounds in wanted.items():
        if name not in values:
            known = ", ".join(values) or "none"
            raise ConfigError(f"The corpus has no attribute {name!r}.", f"It has: {known}.")
        if not isinstance(bounds, Iterable) or isinstance(bounds, str) or len(pair := tuple(bounds)) != 2:
            raise ConfigError(f"The range of {name!r} is {bounds!r}.", "Give (least, most), None for no bound.")
        least, most = (None if bound is None else number(bound, f"A bound of {name}") for bound in pair)
        if (least is None and most is None) or (least is not None and most is not None and least > most):
            raise ConfigError(f"The range of {name!r} is {pair}.", "Give (least, most), one of them at least.")
        ranges[name] = (least, most)
    return ranges


def _inside(name: str, values: npt.ArrayLike, bounds: Range, clips: int) -> Array:
    measured = np.asarray(values, np.float64)
    if measured.shape != (clips,):
        raise ConfigError(f"{name!r} has {measured.shape} values for {clips} clips.", "Give one a clip.")
    least, most = (-np.inf if bounds[0] is None else bounds[0], np.inf if bounds[1] is None else bounds[1])
    inside = (measured >= least) & (measured <= most)
    if min(inside.sum(), (~inside).sum()) < FEWEST:
        raise ConfigError(
            f"{inside.sum()} of {clips} clips have {name} {_in_words(bounds)}.",
            f"The critics need {FEWEST} that do and {FEWEST} that do not; the corpus goes from "
            f"{np.nanmin(measured):.3g} to {np.nanmax(measured):.3g}."
            if np.isfinite(measured).any()
            else "It cannot be measured on any.",
        )
    return inside.astype(np.float32)


def _in_words(bounds: Range) -> str:
    least, most = bounds
    if most is None:
        return f"at least {least:g}"
    return f"at most {most:g}" if least is None else f"{least:g} to {most:g}"
