"""Anything a user gives a map, as a corpus; their own clips and paths, as marks on it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import traitlets as t
from tqdm.auto import tqdm

from mvae_widgets.errors import ConfigError, MusicVAEWarning
from mvae_widgets.latent.interpolate import slerp
from mvae_widgets.music.clips import Clip
from mvae_widgets.widgets.base import on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.points import label
from mvae_widgets.widgets.routes import first_clip, label_of, places_of

__all__ = [
    "Marked",
    "Numbers",
    "as_corpus",
    "bits_of",
    "cards_of",
    "letter_of",
    "marks_of",
    "nearest_of",
    "numbers_in",
    "numbers_of",
    "placed",
    "point_of",
    "rounded",
    "route_of",
    "title_of",
    "words_of",
]

Array = np.ndarray[Any, Any]

PRIOR = 2000
BATCH = 256
#: Points of a route between two waypoints.
FINE = 24


@dataclass(frozen=True)
class Marked:
    """A clip of the user's own on the map."""

    clip: Clip
    z: Array
    title: str


def as_corpus(model: Codec, data: Any, columns: Any, seed: int) -> tuple[Any, str]:
    """A corpus of the data, and what has to be said about it.

    Parameters
    ----------
    model
        Embeds, and decodes what is not music yet.
    data
        A `Corpus`; latent vectors ``[n, z]`` (float), of which rows that are not finite are left out and counted;
        what `model.embed` takes; or None for samples of the prior.
    columns
        More columns, as `Corpus.with_columns` takes them.
    seed
        Of the prior's samples.
    """
    if hasattr(data, "mu") and hasattr(data, "with_columns"):
        return (data if columns is None else data.with_columns(columns)), ""
    z, note = None, ""
    if data is None:
        z = np.random.default_rng(seed).standard_normal((PRIOR, _size(model)))
    elif isinstance(data, np.ndarray) and data.dtype.kind == "f":
        z, note, columns = _vectors(model, data, columns)
    if z is None:
        return model.embed(data, columns=columns), note
    clips: list[Clip] = []
    for start in tqdm(range(0, len(z), BATCH), desc="decode", unit="batch", disable=len(z) <= BATCH):
        clips += list(model.decode_clips(z[start : start + BATCH]))
    with warnings.catch_warnings():
        # Silence is a sample too: that it gives no clip is no news.
        warnings.simplefilter("ignore", MusicVAEWarning)
        corpus = model.embed(clips)
    # Where they were decoded from is where they lie; encoding them again would draw them to the middle.
    rows = np.asarray(corpus.columns["piece"])
    mu = np.asarray(z[rows], np.float32)
    corpus = replace(corpus, mu=mu, sigma=np.zeros_like(mu))
    return (corpus if columns is None else corpus.with_columns(columns)), note


def marks_of(model: Codec, clips: Any, path: Any, corpus: Any) -> tuple[list[Marked], list[int]]:
    """The user's own clips, and numbers among them of those that the path leads through.

    Parameters
    ----------
    clips
        None, music, a list of it, or a dict of titles and music.
    path
        None, or a list of music and of numbers of clips in the corpus; what is among `clips` is the same mark.
    """
    named = list(clips.items()) if isinstance(clips, Mapping) else [(None, music) for music in _listed(clips)]
    marks = [_mark(model, music, title) for title, music in named]
    way = []
    stops = [] if path is None else list(path)
    if len(stops) == 1:
        raise ConfigError("A path of one clip leads nowhere.", "Give two or more: path=[a, b].")
    for stop in stops:
        if isinstance(stop, int | np.integer):
            clip = corpus[int(stop)]
            mark = Marked(clip, np.asarray(corpus.mu[int(stop)], np.float64), title_of(clip, int(stop)))
        else:
            mark = _mark(model, stop, None)
        same = [k for k, known in enumerate(marks) if np.array_equal(known.clip.tokens, mark.clip.tokens)]
        if not same:
            marks.append(mark)
        way.append(same[0] if same else len(marks) - 1)
    return marks, way


def placed(model: Codec, projection: Any, own: Sequence[Marked], way: Sequence[int]) -> dict[str, Any]:
    """The marks and the path as the widget's traits: where they lie on a map, and their music.

    Parameters
    ----------
    projection
        The map.
    own, way
        What `marks_of` gives, one mark at least.
    """
    z = np.stack([mark.z for mark in own])
    scores = on_common_tracks([score_of(mark.clip.sequence) for mark in own])
    at, places = projection.project(z), places_of(model, z)
    traits = {
        "_marks": [
            {"letter": letter_of(k), "title": mark.title, "at": rounded(at[k]), "place": places[k]}
            for k, mark in enumerate(own)
        ],
        "_mark_notes": pack(np.concatenate([score.notes for score in scores])),
        "_mark_offsets": [0, *np.cumsum([len(score.notes) for score in scores]).tolist()],
        "_mark_score": scores[0].as_dict(),
    }
    return traits | (
        {"_route": [rounded(row) for row in projection.project(route_of([z[k] for k in way]))]} if way else {}
    )


def words_of(model: Any, kind: str) -> str:
    """What up and down mean on a map: of a plane ``"pitch"`` or ``"kit"``, else nothing."""
    if kind != "plane":
        return ""
    return "kit" if getattr(getattr(model, "config", None), "family", "") in ("drums", "groove") else "pitch"


def route_of(z: Sequence[Array] | Array) -> Array:
    """Latent vectors along the arcs through some points, ``[steps, z]``."""
    along = np.linspace(0, 1, FINE + 1)[1:]
    return np.concatenate([z[0][None], *(slerp(a, b, along) for a, b in pairwise(z))])


def letter_of(index: int) -> str:
    """A to Z, then A1, B1: as the slider names its waypoints."""
    return chr(65 + index % 26) + (str(index // 26) if index >= 26 else "")


def cards_of(model: Codec, corpus: Any, chosen: Sequence[int], columns: Sequence[str]) -> Answer:
    """Title, place, music and the values of some columns of clips, as the page's cards show them."""
    places = places_of(model, corpus.mu[list(chosen)]) if chosen else []
    # All at once: a corpus may decode its clips only now.
    clips = corpus[np.asarray(chosen, np.int64)]
    cards, notes = [], []
    for index, place, clip in zip(chosen, places, clips, strict=True):
        score = score_of(clip.sequence)
        values = [_shown(_value(corpus, name, index)) for name in columns if name]
        about = " · ".join(dict.fromkeys(filter(None, values)))
        title = title_of(clip, index)
        cards.append({"index": index, "title": title, "meta": about, "place": place, "score": score.as_dict()})
        notes.append(pack(score.notes))
    return {"cards": cards}, notes


def title_of(clip: Clip, index: int) -> str:
    """Title of a clip of a corpus; its number where it has none."""
    return label_of(clip) or f"{index:,}"


def numbers_of(given: Any, n: int) -> Array:
    """Numbers of clips, sorted and each once, of numbers or a mask.

    Raises
    ------
    ConfigError
        If it is neither, or there is no such clip.
    """
    chosen = np.asarray(() if given is None else given)
    if chosen.dtype == bool and chosen.shape == (n,):
        chosen = np.flatnonzero(chosen)
    if chosen.size == 0:
        return np.empty(0, np.int64)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise ConfigError("This selects no clips.", f"Give their numbers, or a mask of {n:,} values.")
    if chosen.min() < 0 or chosen.max() >= n:
        wrong = chosen.min() if chosen.min() < 0 else chosen.max()
        raise ConfigError(f"There is no clip {wrong:,}.", f"The numbers go from 0 to {n - 1:,}.")
    return np.unique(chosen).astype(np.int64)


def bits_of(numbers: Array, n: int) -> bytes:
    """Numbers below `n` as one bit each, lowest first."""
    mask = np.zeros(n, bool)
    mask[numbers] = True
    return np.packbits(mask, bitorder="little").tobytes()


def numbers_in(bits: bytes, n: int) -> Array:
    """The numbers below `n` whose bits are set."""
    return np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:n])


class Numbers(t.TraitType[Any, Any]):
    """A trait for numbers of clips of the widget's corpus; None is none."""

    default_value = np.empty(0, np.int64)

    def validate(self, obj: Any, value: Any) -> Array:
        """As `numbers_of`."""
        return numbers_of(value, len(obj.corpus))


def point_of(z: Any, size: int) -> Array | None:
    """A latent vector that a link brought; None for one of another model, whose numbers mean nothing here.

    Raises
    ------
    ConfigError
        If it holds what is no finite number.
    """
    try:
        point = np.asarray(z, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise ConfigError("This z is not a latent vector.", f"Give {size} numbers.") from None
    if not np.isfinite(point).all():
        raise ConfigError("This z holds numbers that are not finite.", f"Give {size} finite numbers.")
    return point if len(point) == size else None


def rounded(row: Any) -> list[float]:
    """A place on the map, for the page."""
    return [round(float(x), 5) for x in row]


def _value(corpus: Any, name: str, index: int) -> Any:
    return (corpus.columns[name] if name in corpus.columns else corpus.attributes[name])[index]


def _shown(value: Any) -> str:
    """A value of a column on a card."""
    if isinstance(value, float | np.floating):
        return f"{value:.3g}" if np.isfinite(value) else ""
    return label(str(value))


def _listed(clips: Any) -> list[Any]:
    if clips is None:
        return []
    return list(clips) if isinstance(clips, list | tuple) else [clips]


def _mark(model: Codec, music: Any, title: str | None) -> Marked:
    clip, _ = first_clip(model, music)
    z = np.asarray(model.encode([clip]).numpy()[0][0], np.float64)
    return Marked(clip, z, title or label_of(clip))


def _vectors(model: Codec, data: Array, columns: Any) -> tuple[Array, str, Any]:
    size = _size(model)
    if data.ndim != 2 or data.shape[1] != size:
        raise ConfigError(f"An array of shape {data.shape} holds no latent vectors.", f"Give [n, {size}].")
    good = np.isfinite(data).all(1)
    if good.all():
        return data, "", columns
    if columns is not None:
        raise ConfigError(
            f"{(~good).sum():,} of {len(data):,} latent vectors are not finite.",
            "Leave those rows out, also of columns.",
        )
    note = f"{(~good).sum():,} of {len(data):,} points are left out: their z is not finite."
    return data[good], note, columns


def _size(model: Any) -> int:
    """Length of the model's latent vectors."""
    return int(model.config.z_size)


def nearest_of(mu: Array, norms: Array, z: Array, most: int, but: int | None) -> Array:
    """Numbers of the rows of `mu` nearest to `z`, nearest first, but not `but`; `norms` are their squares."""
    squares = norms - 2 * (mu @ np.asarray(z, np.float32))
    if but is not None:
        squares[but] = np.inf
    most = min(most, len(squares) - (but is not None))
    found = np.argpartition(squares, most - 1)[:most] if most > 0 else np.empty(0, np.int64)
    return np.asarray(found[np.argsort(squares[found], kind="stable")])
