"""What the map's page needs of a corpus: places, colours and groups of all points as small numbers."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.io import MUSIC_SUFFIXES

__all__ = [
    "CATEGORIES",
    "GRID",
    "PLACE",
    "Colouring",
    "colouring",
    "columns_of",
    "default_groups",
    "grouping",
    "label",
    "place_codes",
    "sample_of",
    "sampled",
]

Array = np.ndarray[Any, Any]

#: The colouring that needs no column.
PLACE = "place"
#: Places are told apart on a square of so many steps a side: 4,096 colours.
GRID = 64
#: Categories with a colour of their own (Okabe-Ito); all others share one.
CATEGORIES = 8
#: Steps of the ramp for numbers; the code after them is "missing".
RAMP = 255
#: Points that are saved with a notebook.
SAVED = 2500
#: A column of files groups the points by itself as long as there are not more.
FEW = 40


@dataclass(frozen=True)
class Colouring:
    """A colour code for each point, and what the codes mean.

    Parameters
    ----------
    codes
        ``[n]`` uint16: a cell of the places' grid, a category from 0 (`CATEGORIES`: the rest), or a step of the
        ramp (`RAMP`: missing).
    legend
        For the page: ``kind`` is ``"place"``, ``"plain"``, ``"category"`` or ``"number"``.
    """

    codes: Array
    legend: dict[str, Any]


def place_codes(places: Array) -> Array:
    """Codes of places ``[n, 2]``, each in -1..1: row by row from the lower left."""
    cells = np.clip(((np.asarray(places) + 1) / 2 * GRID).astype(np.int64), 0, GRID - 1)
    return np.asarray(cells[:, 1] * GRID + cells[:, 0], np.uint16)


def columns_of(corpus: Any) -> dict[str, Array]:
    """All that points can be coloured by, by name."""
    return {**corpus.columns, **corpus.attributes}


def colouring(corpus: Any, name: str, places: Array | None) -> Colouring:
    """Codes of a corpus's points by their place, or by a column or attribute.

    Parameters
    ----------
    corpus
        A `Corpus`.
    name
        ``"place"``, or the name of a column or an attribute.
    places
        Places ``[n, 2]``, or None where the model has none.

    Raises
    ------
    ConfigError
        If there is no such column.
    """
    if name == PLACE:
        if places is None:
            return Colouring(np.zeros(len(corpus), np.uint16), {"kind": "plain", "name": name})
        return Colouring(place_codes(places), {"kind": "place", "name": name})
    values = _column(corpus, name)
    if values.dtype.kind in "iufmM":
        return _numbers(name, values)
    codes, legend = grouping(corpus, name)
    return Colouring(codes.astype(np.uint16), {**legend, "kind": "category"})


def grouping(corpus: Any, name: str) -> tuple[Array, dict[str, Any]]:
    """Group of each point ``[n]`` uint8, and the groups: the eight most frequent values, then the rest.

    Raises
    ------
    ConfigError
        If there is no such column, or it holds numbers.
    """
    values = _column(corpus, name)
    if values.dtype.kind in "ufmM":
        raise ConfigError(f"{name!r} holds numbers and makes no groups.", f"Use color={name!r}.")
    words = values.astype(str)
    unique, inverse = np.unique(words, return_inverse=True)
    counts = np.bincount(inverse, minlength=len(unique))
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(unique), np.int64)
    rank[order] = np.arange(len(unique))
    codes = np.minimum(rank[inverse], CATEGORIES).astype(np.uint8)
    entries = [{"name": label(str(unique[k])), "count": int(counts[k])} for k in order[:CATEGORIES]]
    rest = order[CATEGORIES:]
    legend: dict[str, Any] = {"name": name, "entries": entries, "values": len(unique)}
    if len(rest):
        legend["rest"] = {"count": int(counts[rest].sum()), "values": len(rest)}
    return codes, legend


def default_groups(corpus: Any) -> str:
    """The column that groups the points where none is named: where they come from, if that tells them apart."""
    values = corpus.columns.get("source")
    if values is None or not len(values):
        return ""
    known = Counter(values.tolist())
    return "source" if 2 <= len(known) <= FEW else ""


def sample_of(n: int, most: int = SAVED) -> Array:
    """Numbers of the points that are saved with a notebook: all, or an even draw, ``[m]`` uint32 and sorted."""
    if n <= most:
        return np.arange(n, dtype=np.uint32)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False)).astype(np.uint32)


def sampled(xy: Array, codes: Array, groups: Array) -> dict[str, bytes]:
    """The points that a notebook saves, as the widget's traits: their numbers, places, colours and groups."""
    sample = sample_of(len(xy))
    return {
        "_sample": sample.astype("<u4").tobytes(),
        "_sample_xy": xy[sample].tobytes(),
        "_sample_codes": codes[sample].tobytes(),
        "_sample_groups": groups[sample].tobytes(),
    }


def _column(corpus: Any, name: str) -> Array:
    known = columns_of(corpus)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join([PLACE, *known])}."
        raise ConfigError(f"There is no column {name!r}.", hint)
    return np.asarray(known[name])


def label(value: str) -> str:
    """A value as legend and cards name it: of a path or a music file the file's name alone."""
    path = PurePath(value.replace("\\", "/"))
    if path.suffix.lower() in MUSIC_SUFFIXES:
        return path.stem
    return path.name if "/" in value or "\\" in value else value


def _numbers(name: str, values: Array) -> Colouring:
    """Numbers and times on a ramp that leaves a fiftieth of them beyond each end."""
    times = values.dtype.kind in "mM"
    given = values.astype("datetime64[s]" if values.dtype.kind == "M" else "timedelta64[s]") if times else values
    missing = np.isnat(given) if times else ~np.isfinite(np.asarray(given, np.float64))
    numbers = np.where(missing, np.nan, given.astype(np.int64) if times else given).astype(np.float64)
    known = numbers[~missing]
    codes = np.full(len(values), RAMP, np.uint16)
    legend: dict[str, Any] = {"kind": "number", "name": name, "missing": int(missing.sum()), "ticks": []}
    if not len(known):
        return Colouring(codes, legend)
    low, high = (float(x) for x in np.quantile(known, [0.02, 0.98]))
    if high <= low:
        low, high = float(known.min()), float(known.max())
    span = high - low
    steps = np.full(len(known), (RAMP - 1) / 2) if span <= 0 else (known - low) / span * (RAMP - 1)
    codes[~missing] = np.clip(np.rint(steps), 0, RAMP - 1)
    marks = [low, (low + high) / 2, high] if span > 0 else [low]
    legend["ticks"] = [_written(mark, values.dtype.kind) for mark in marks]
    legend["open"] = [bool(known.min() < low), bool(known.max() > high)]
    return Colouring(codes, legend)


def _written(value: float, kind: str) -> str:
    if kind == "M":
        return str(np.datetime64(round(value), "s").astype("datetime64[D]"))
    if kind == "m":
        return f"{round(value):,} s"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
