"""How a groove model plays: its hits, how loud and when, beside playing that knows less (Gillick et al. 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.evaluate import decode_all, onset_f1
from mvae_widgets.training.feeds import CLASSES, rows_for

__all__ = ["REFERENCE_QPM", "TapTable", "evaluate_groove"]

REFERENCE_QPM = 120.0
HALF_STEP_MS = 60_000 / REFERENCE_QPM / 4 / 2
MOST_VELOCITY = 127
BAR = 16

Tokens = np.ndarray[Any, Any]


def evaluate_groove(model: VAE, tokens: Tokens, train: Tokens, seed: int = 0, progress: bool = True) -> dict[str, Any]:
    """Measure what a groove model makes of what its encoder hears.

    Parameters
    ----------
    model
        In eval mode.
    tokens
        Grooves that it has not learnt from, ``[n, steps, 27]``.
    train
        Training grooves: what the baselines know.
    seed, progress
        As for `evaluate.evaluate_parts`.

    Returns
    -------
    dict
        ``clips``, ``kl_bits``; ``hit_f1`` (decoded from mu), ``hit_f1_temperature_1`` (from a posterior sample)
        and ``hit_f1_baseline`` (for taps: `TapTable`; otherwise the hits that are heard, as they are); at
        the true hits: ``velocity_mae`` and ``velocity_rmse`` in MIDI units, ``timing_mae_ms`` and
        ``timing_mse`` (in squared 16ths) at 120 beats a minute; the same for ``fixed`` (the mean velocity of
        the training hits, exactly on the grid) and ``typical`` (the training means of each drum at each
        step of the bar); ``velocity_spread`` and ``timing_spread``, standard deviation of what is played
        over that of the data.
    """
    decoded = decode_all(model, tokens, seed, progress)
    hits, velocities, offsets = _thirds(tokens)
    on = hits > 0.5
    played = _thirds(decoded.way("argmax"))
    drawn = _thirds(decoded.way("temperature_1"))
    fixed, typical = _typical(train, tokens.shape[1])
    heard = rows_for(tokens, model.config).x.numpy()
    if model.config.converter.get("tapify"):
        baseline = TapTable(train, rows_for(train, model.config).x.numpy())(heard)
    else:
        baseline = heard[..., :CLASSES] > 0.5
    ways = {"": played[1:], "fixed_": fixed, "typical_": typical}
    errors: dict[str, float] = {}
    for name, (velocity, offset) in ways.items():
        loud = (np.broadcast_to(velocity, on.shape)[on] - velocities[on]) * MOST_VELOCITY
        late = np.broadcast_to(offset, on.shape)[on] - offsets[on]
        errors |= {
            f"{name}velocity_mae": float(np.abs(loud).mean()),
            f"{name}velocity_rmse": float(np.sqrt((loud**2).mean())),
            f"{name}timing_mae_ms": float(np.abs(late).mean() * HALF_STEP_MS),
            f"{name}timing_mse": float(((late / 2) ** 2).mean()),
        }
    return {
        "clips": len(tokens),
        "hit_f1": onset_f1(on, played[0] > 0.5),
        "hit_f1_temperature_1": onset_f1(on, drawn[0] > 0.5),
        "hit_f1_baseline": onset_f1(on, baseline),
        **errors,
        "velocity_spread": float(played[1][on].std() / velocities[on].std()),
        "timing_spread": float(played[2][on].std() / offsets[on].std()),
        "kl_bits": decoded.mean_kl_bits,
    }


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
