"""Which attributes get a knob, and what its travel is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.attributes import AttributeVectors

__all__ = ["Travel", "choose_attributes", "travel_of"]

RAYS = 31
KNOBS = 6

# What is asked for first: of these the model has some. The syncopation that varies more stands for both.
USUAL = (
    "note_density",
    "mean_pitch",
    "pitch_range",
    "average_interval",
    "brightness",
    "bass_density",
    "drum_density",
    "polyphony",
    "drum_share",
    "loudness",
    "lateness",
    "kick_share",
    "snare_share",
    "syncopation",
    "repetition",
)


@dataclass(frozen=True)
class Travel:
    """One knob's travel.

    Parameters
    ----------
    name
        The attribute.
    low, high
        Its ends, in the attribute's unit: 99 per cent of the training clips, widened to hold the clip's own value.
    centre
        The clip's own value, where the detent is; the corpus mean where the clip has none.
    std
        Standard deviation over the corpus.
    comb
        How common values are along the travel, 31 numbers of 0 to 1.
    """

    name: str
    low: float
    high: float
    centre: float
    std: float
    comb: list[float]

    def as_dict(self) -> dict[str, Any]:
        """For the page."""
        return asdict(self)


def choose_attributes(vectors: AttributeVectors, names: Sequence[str] | None) -> list[str]:
    """The attributes that get a knob: those named, or the usual ones that there are.

    Raises
    ------
    ConfigError
        For names that there are not, and for none.
    """
    if names is None:
        syncopations = [name for name in vectors.names if name.startswith("syncopation")]
        most = max(syncopations, key=lambda name: float(vectors.std[vectors.index(name)]), default="")
        usual = [most if name == "syncopation" else name for name in USUAL]
        return [name for name in usual if name in vectors.names][:KNOBS] or list(vectors.names[:KNOBS])
    if isinstance(names, str):
        raise ConfigError(f"The attributes are the word {names!r}.", f'Give a list of names: attributes=["{names}"].')
    chosen = list(dict.fromkeys(str(name) for name in names))
    for name in chosen:
        vectors.index(name)
    if not chosen:
        raise ConfigError("There is no attribute to turn.", f"Choose from {', '.join(vectors.names)}.")
    return chosen


def travel_of(vectors: AttributeVectors, name: str, own: float) -> Travel:
    """The travel of an attribute, for a clip that has `own` of it."""
    row = vectors.index(name)
    edges, counts = vectors.edges[row], vectors.counts[row]
    centre = own if math.isfinite(own) else float(vectors.mean[row])
    low, high = min(float(edges[0]), centre), max(float(edges[-1]), centre)
    return Travel(name, low, high, centre, float(vectors.std[row]), _comb(edges, counts, low, high))


def _comb(edges: np.ndarray[Any, Any], counts: np.ndarray[Any, Any], low: float, high: float) -> list[float]:
    """A histogram seen over another span, evened out over neighbouring rays and scaled to 1."""
    # Many attributes are multiples of something: without this, every other ray would be empty.
    kernel = np.exp(-0.5 * (np.arange(-3, 4) / 1.2) ** 2)
    bounds = np.linspace(low, high, RAYS + 1)
    below = np.interp(bounds, edges, np.concatenate([[0.0], np.cumsum(counts)]))
    even = np.convolve(np.pad(np.diff(below), 3, mode="reflect"), kernel / kernel.sum(), "valid")
    return [round(float(ray), 3) for ray in even / max(even.max(), 1e-12)]
