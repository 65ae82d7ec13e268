"""Numbers over many clips, and how sure they are: sums that are drawn again, tune by tune.

Every measure here is a function of sums over clips (right steps and steps, errors and hits), so that its value,
its value on some of the clips, and its 95 % interval all come from the same few numbers a clip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvae_widgets.music import features
from mvae_widgets.nn.config import ModelConfig

__all__ = [
    "PARTS",
    "Bootstrap",
    "Group",
    "Sums",
    "accuracy",
    "found_in",
    "onset_f1",
    "onset_sums",
    "parts_of",
    "right_steps",
    "transposed_to_floor",
    "usual_events",
    "usual_steps",
]

CLASSES = 9
BAR = 16
PARTS = ("melody", "bass", "drums")
RESAMPLES = 1000

Tokens = np.ndarray[Any, Any]


def _ratio(sums: Tokens) -> Tokens:
    top, bottom = np.moveaxis(sums, -1, 0)
    return np.asarray(top / np.where(bottom == 0, 1, bottom))


@dataclass(frozen=True)
class Sums:
    """One measure of many clips.

    Parameters
    ----------
    parts
        What each clip adds, ``[n, k]``.
    of
        From sums ``[..., k]`` to the measure ``[...]``: if not given the first over the second, and 0 where
        that is 0 over 0.
    """

    parts: Tokens
    of: Callable[[Tokens], Tokens] = _ratio

    @classmethod
    def mean(cls, values: Tokens) -> Sums:
        """The mean of one number a clip; clips without it (NaN) do not count."""
        known = ~np.isnan(np.asarray(values, np.float64))
        return cls(np.stack([np.where(known, values, 0), known], -1).astype(np.float64))

    @property
    def value(self) -> float:
        """Of all clips."""
        return float(self.of(self.parts.sum(0)))

    def __getitem__(self, clips: Tokens) -> Sums:
        """The same of some clips."""
        return Sums(self.parts[clips], self.of)


class Bootstrap:
    """Tunes drawn with replacement, a thousand times (Efron 1979).

    Windows of one tune are alike: drawing clips would make intervals too narrow.

    Parameters
    ----------
    tunes
        Which tune each clip is of, ``[n]``.
    seed
        Of the draws. The same tunes and seed give the same draws, so that two models can be compared in pairs.
    """

    def __init__(self, tunes: Tokens, seed: int = 0) -> None:
        names, self.tune = np.unique(tunes, return_inverse=True)
        self.tunes = len(names)
        rng = np.random.default_rng(seed)
        self.counts = rng.multinomial(self.tunes, np.full(self.tunes, 1 / self.tunes), RESAMPLES).astype(np.float64)

    def __call__(self, sums: Sums) -> Tokens:
        """The measure of each draw, ``[1000]``."""
        by_tune = np.stack([np.bincount(self.tune, column, self.tunes) for column in sums.parts.T], -1)
        return sums.of(self.counts @ by_tune)

    def interval(self, draws: Tokens) -> list[float] | None:
        """The middle 95 % of draws; None if there is one tune alone, which says nothing of others."""
        if self.tunes < 2:
            return None
        low, high = np.quantile(draws, [0.025, 0.975])
        return [float(low), float(high)]


@dataclass(frozen=True)
class Group:
    """What was measured on some clips.

    Parameters
    ----------
    sums
        The measures by name, each over all clips.
    tunes
        Which tune or performance each clip is of, ``[n]``.
    of
        How many clips there were, of which these were drawn.
    known
        Which of them the training clips hold, ``[n]``; None where what the model has learnt from is not here.
    """

    sums: Mapping[str, Sums]
    tunes: Tokens
    of: int
    known: Tokens | None = None

    def numbers(self, seed: int = 0) -> dict[str, Any]:
        """JSON-ready: ``clips``, ``tunes``, the measures by name, and ``interval``, their 95 % intervals.

        Where it is known what the model has learnt from: ``in_training_set``, the share of the clips that the
        training clips hold, and ``new``, the same numbers without those.
        """
        numbers = self._numbers(np.ones(len(self.tunes), bool), seed)
        if self.known is not None:
            numbers["in_training_set"] = float(self.known.mean())
            if not self.known.all():
                numbers["new"] = self._numbers(~self.known, seed)
        return numbers | {"of": self.of}

    def _numbers(self, clips: Tokens, seed: int) -> dict[str, Any]:
        sums = {name: s[clips] for name, s in self.sums.items()}
        drawn = Bootstrap(self.tunes[clips], seed)
        intervals = {name: drawn.interval(drawn(s)) for name, s in sums.items()}
        return {
            "clips": int(clips.sum()),
            "tunes": drawn.tunes,
            **{name: s.value for name, s in sums.items()},
            "interval": {name: interval for name, interval in intervals.items() if interval},
        }

    def difference(self, other: Group, seed: int = 0) -> dict[str, Any]:
        """How much higher this is than another model's group of the same clips, with 95 % intervals of pairs."""
        drawn = Bootstrap(self.tunes, seed)
        shared = [name for name in self.sums if name in other.sums]
        intervals = {name: drawn.interval(drawn(self.sums[name]) - drawn(other.sums[name])) for name in shared}
        return {
            **{name: self.sums[name].value - other.sums[name].value for name in shared},
            "interval": {name: interval for name, interval in intervals.items() if interval},
        }


def parts_of(tokens: Tokens, config: ModelConfig) -> dict[str, Tokens]:
    """Melodies ``[n, steps]``, drums ``[n, steps, 9]`` or events ``[n, rows]`` of a family's tokens, by name."""
    if config.family != "trio":
        return {config.family: tokens}
    melody, bass, labels = np.moveaxis(np.asarray(tokens, np.int64), -1, 0)
    return dict(zip(PARTS, (melody, bass, labels[..., None] >> np.arange(CLASSES) & 1), strict=True))


def right_steps(truth: Tokens, found: Tokens) -> Tokens:
    """Which steps are right, ``[n, steps]``: of drums if all nine are."""
    same = np.asarray(truth == found)
    return np.asarray(same.all(2)) if same.ndim == 3 else same


def accuracy(truth: Tokens, found: Tokens) -> Sums:
    """Share of right steps; rows of events that are empty in truth (negative) do not count."""
    right = right_steps(truth, found)
    counted = np.ones_like(right) if truth.ndim == 3 else truth >= 0
    return Sums(np.stack([(right & counted).sum(1), counted.sum(1)], -1).astype(np.float64))


def onset_sums(truth: Tokens, found: Tokens) -> Sums:
    """F1 of (step, pitch) onsets of melodies, or of (step, drum) hits: the right one at the right step."""
    drums = truth.ndim == 3
    on, played = (truth > 0, found > 0) if drums else (features.onsets(truth), features.onsets(found))
    axes = tuple(range(1, truth.ndim))
    right = (on & played & (truth == found)).sum(axes)
    return Sums(np.stack([2 * right, on.sum(axes) + played.sum(axes)], -1).astype(np.float64))


def onset_f1(truth: Tokens, found: Tokens) -> float:
    """`onset_sums` of all clips together."""
    return onset_sums(truth, found).value


def usual_steps(train: Tokens, config: ModelConfig) -> Tokens:
    """Drums ``[steps, 9]`` that are all as they most often are at that step of the bar in training clips."""
    # As one number a step, for there may be many clips.
    weights = np.left_shift(1, np.arange(CLASSES), dtype=np.int16)
    labels = train[..., 2] if config.family == "trio" else train.astype(np.int16) @ weights
    bars = labels.reshape(-1, BAR)
    usual = np.array([np.bincount(place, minlength=1 << CLASSES).argmax() for place in bars.T])
    return np.tile(usual[:, None] >> np.arange(CLASSES) & 1, (config.steps // BAR, 1))


def usual_events(train: Tokens) -> Tokens:
    """Events ``[rows]`` that are all as they most often are in that row in training clips."""
    return np.array([np.bincount(row[row >= 0], minlength=1).argmax() for row in train.T])


def found_in(clips: Tokens, train: Tokens, config: ModelConfig) -> Tokens:
    """Which clips the training clips hold, ``[n]``: melodies in any transposition, grooves by their hits."""
    known = {row.tobytes() for row in _identities(train, config)}
    return np.array([row.tobytes() in known for row in _identities(clips, config)], bool)


def _identities(tokens: Tokens, config: ModelConfig) -> Tokens:
    if config.family == "melody":
        tokens = transposed_to_floor(tokens)
    if config.family == "groove":
        tokens = tokens[..., :CLASSES] > 0.5
    return np.ascontiguousarray(tokens.astype(np.int16))


def transposed_to_floor(tokens: Tokens) -> Tokens:
    """Each clip moved so that its lowest pitch has the lowest token: equal for all transpositions."""
    rows = np.asarray(tokens).astype(np.int16)
    lowest = np.where(rows >= features.FIRST_PITCH_TOKEN, rows, 1 << 14).min(1, keepdims=True)
    return np.where(rows >= features.FIRST_PITCH_TOKEN, rows - lowest + features.FIRST_PITCH_TOKEN, rows).astype(
        np.uint8
    )
