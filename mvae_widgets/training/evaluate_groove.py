"""How a groove model plays: its hits, how loud and when, beside playing that knows less (Gillick et al. 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.feeds import CLASSES, rows_for
from mvae_widgets.training.measure import Sums, onset_sums
from mvae_widgets.training.passes import GIVEN_HITS, Decoded

__all__ = ["REFERENCE_QPM", "TapTable", "groove_sums"]

REFERENCE_QPM = 120.0
HALF_STEP_MS = 60_000 / REFERENCE_QPM / 4 / 2
MOST_VELOCITY = 127
BAR = 16

Tokens = np.ndarray[Any, Any]


def groove_sums(tokens: Tokens, decoded: Decoded, train: Tokens, config: ModelConfig) -> dict[str, Sums]:
    """Measure what a groove model makes of what its encoder hears.

    Parameters
    ----------
    tokens
        Grooves, ``[n, steps, 27]``.
    decoded
        What the model makes of them.
    train
        Training grooves: what the baselines know.
    config
        Of the model; says what its encoder hears.

    Returns
    -------
    dict
        ``hit_f1`` (decoded from mu), ``hit_f1_temperature_1`` (from a posterior sample) and
        ``hit_f1_baseline`` (for taps: `TapTable`; otherwise the hits that are heard, as they are); ``exact``,
        the share of clips with all hits right; with the true hits given: ``velocity_mae`` and ``velocity_rmse`` in MIDI
        units, ``timing_mae_ms`` and ``timing_mse`` (in squared 16ths) at 120 beats a minute; the same for
        ``fixed`` (the mean velocity of the training hits, exactly on the grid) and ``typical`` (the training
        means of each drum at each step of the bar); ``velocity_spread`` and ``timing_spread``, standard
        deviation of what is played over that of the data.
    """
    hits, velocities, offsets = _thirds(tokens)
    on = hits > 0.5
    chosen, drawn, played = (_thirds(decoded.way(way)) for way in ("argmax", "temperature_1", GIVEN_HITS))
    fixed, typical = _typical(train, tokens.shape[1])
    heard = rows_for(tokens, config).x.numpy()
    if config.converter.get("tapify"):
        baseline = TapTable(train, rows_for(train, config).x.numpy())(heard)
    else:
        baseline = heard[..., :CLASSES] > 0.5
    sums = {
        "hit_f1": onset_sums(on, chosen[0] > 0.5),
        "hit_f1_temperature_1": onset_sums(on, drawn[0] > 0.5),
        "hit_f1_baseline": onset_sums(on, baseline),
        "exact": Sums.mean((on == (chosen[0] > 0.5)).all((1, 2))),
    }
    ways = {"": played[1:], "fixed_": fixed, "typical_": typical}
    for name, (velocity, offset) in ways.items():
        loud, late = (velocity - velocities) * MOST_VELOCITY, offset - offsets
        sums |= {
            f"{name}velocity_mae": _at(on, np.abs(loud)),
            f"{name}velocity_rmse": _at(on, loud**2, _root_of_mean),
            f"{name}timing_mae_ms": _at(on, np.abs(late) * HALF_STEP_MS),
            f"{name}timing_mse": _at(on, (late / 2) ** 2),
        }
    for name, mine, theirs in (("velocity", played[1], velocities), ("timing", played[2], offsets)):
        numbers = [on, *(np.where(on, x**power, 0) for x in (mine, theirs) for power in (1, 2))]
        parts = np.stack([x.sum((1, 2), dtype=np.float64) for x in numbers], -1)
        sums[f"{name}_spread"] = Sums(parts, _spread)
    return sums


def _at(on: Tokens, values: Tokens, of: Any = None) -> Sums:
    """The mean over the hits, or another function of that sum and their number."""
    values = np.broadcast_to(values, on.shape)
    parts = np.stack([np.where(on, values, 0).sum((1, 2), dtype=np.float64), on.sum((1, 2))], -1)
    return Sums(parts, of) if of else Sums(parts)


def _root_of_mean(sums: Tokens) -> Tokens:
    return np.asarray(np.sqrt(sums[..., 0] / np.maximum(sums[..., 1], 1)))


def _spread(sums: Tokens) -> Tokens:
    n, *moments = np.moveaxis(sums, -1, 0)
    n = np.maximum(n, 1)
    mine, theirs = (np.sqrt(np.maximum(moments[k + 1] / n - (moments[k] / n) ** 2, 0)) for k in (0, 2))
    return np.asarray(mine / np.where(theirs == 0, 1, theirs))


class TapTable:
    """The drums that are likelier than not at a step of the bar, given whether it is tapped.

    Parameters
    ----------
    train
        Grooves ``[n, steps, 27]``.
    heard
        What is tapped of them, ``[n, steps, 27]``.
    """

    def __init__(self, train: Tokens, heard: Tokens) -> None:
        hits, tapped = train[..., :CLASSES] > 0.5, self._tapped(heard)
        place = np.broadcast_to(np.arange(train.shape[1]) % BAR, tapped.shape)
        self.likely = np.zeros((2, BAR, CLASSES), bool)
        for tap in (0, 1):
            for step in range(BAR):
                there = (tapped == tap) & (place == step)
                self.likely[tap, step] = hits[there].mean(0) > 0.5 if there.any() else False

    def __call__(self, heard: Tokens) -> Tokens:
        """Bits ``[n, steps, 9]`` for taps ``[n, steps, 27]``."""
        tapped = self._tapped(heard).astype(int)
        bits: Tokens = self.likely[tapped, np.arange(tapped.shape[1]) % BAR]
        return bits

    @staticmethod
    def _tapped(heard: Tokens) -> Tokens:
        return np.asarray((heard[..., :CLASSES] > 0.5).any(-1))


def _thirds(tokens: Tokens) -> tuple[Tokens, Tokens, Tokens]:
    hits, velocities, offsets = np.split(tokens, 3, axis=-1)
    return hits, velocities, offsets


def _typical(train: Tokens, steps: int) -> tuple[tuple[Tokens, Tokens], tuple[Tokens, Tokens]]:
    """Velocities and offsets of the two baselines, each to be spread over ``[n, steps, 9]``."""
    hits, velocities, offsets = _thirds(train)
    fixed = np.asarray(velocities[hits > 0.5].mean()), np.asarray(0.0)
    of_bar = (-1, BAR, CLASSES)
    count = hits.reshape(of_bar).sum(0)
    means = []
    for values, otherwise in ((velocities, fixed[0]), (offsets, fixed[1])):
        total = (values * (hits > 0.5)).reshape(of_bar).sum(0)
        mean = np.where(count > 0, total / np.maximum(count, 1), otherwise)
        means.append(np.tile(mean, (steps // BAR, 1)))
    return fixed, (means[0], means[1])
