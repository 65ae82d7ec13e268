"""What `Compare` lays side by side: rows of music with names, places and costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.sequences import as_sequence
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.routes import Waypoints, cost_of, first_clip, label_of, places_of

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["Row", "Scene", "mean", "pair", "playlist", "reconstruction", "routes", "samples"]

MOST_PIECES = 24

Kind = Literal["pair", "mean", "samples", "routes", "playlist"]


@dataclass(frozen=True)
class Row:
    """Music that belongs together.

    Parameters
    ----------
    name
        ``"original"``, ``"reconstruction"``, ``"other"``, ``"latent"``, ``"data"``, ``"a"``, ``"mean"``, ``"b"``,
        ``"playlist"``: the page has words for these.
    sequences
        One or more.
    label
        The user's own word in place of the page's.
    z
        Latent vectors, ``[n, z]``, or None where they are not known.
    places
        ``[u, v]`` each, or ``[]``.
    costs
        Bits a step each; none where there are none.
    """

    name: str
    sequences: Sequence[NoteSequence]
    label: str = ""
    z: np.ndarray[Any, Any] | None = None
    places: Sequence[list[float]] = ()
    costs: Sequence[float] = ()


@dataclass(frozen=True)
class Scene:
    """Rows to be compared.

    Parameters
    ----------
    kind
        ``"pair"`` and ``"mean"`` are rolls under each other, the others rows of small rolls.
    rows
        One to three.
    subtitle
        What is compared.
    start
        Index, over all rows, of what is shown first.
    limit
        Cost that only 1 % of the training clips exceed, where it is known.
    told
        What was used of longer music.
    again
        Makes the scene of other music, for a widget that follows another.
    """

    kind: Kind
    rows: Sequence[Row]
    subtitle: str = ""
    start: int = 0
    limit: float | None = None
    told: str = ""
    again: Callable[[Any, Any], Scene] | None = field(default=None, compare=False)


def pair(original: Any, other: Any, model: Codec | None, labels: Sequence[str]) -> Scene:
    """Two pieces; with a model in the colours of their places."""
    first, second = as_sequence(original), as_sequence(other)
    rows = [
        Row(name, [music], label, *_placed(model, music))
        for name, label, music in zip(("original", "other"), labels, (first, second), strict=True)
    ]
    subtitle = str(first.sequence_metadata.title)
    return Scene("pair", rows, subtitle, 1, again=lambda music, _z: pair(music, second, model, labels))


def _placed(model: Codec | None, music: NoteSequence) -> tuple[np.ndarray[Any, Any] | None, list[list[float]]]:
    """Middle of a piece's clips in latent space, and its place."""
    if model is None:
        return None, []
    try:
        mu = np.asarray(model.encode(music).numpy()[0]).mean(0, keepdims=True)
    except NothingToEncodeError:
        return None, []
    return mu, places_of(model, mu)


def reconstruction(model: Codec, music: Any, bars: int) -> Scene:
    """Clips of one part that follow each other, and what the model makes of each."""
    clips, more = _run(model, music, bars)
    mu = np.asarray(model.encode(clips).numpy()[0])
    place = places_of(model, mu.mean(0, keepdims=True))
    decoded = model.reconstruct(clips)
    rows = [
        Row("original", [_joined([clip.sequence for clip in clips])], "", mu.mean(0, keepdims=True), place),
        Row("reconstruction", [_joined(decoded)], "", mu.mean(0, keepdims=True), place),
    ]
    first, last = clips[0], clips[-1]
    used = first.where if len(clips) == 1 else f"bars {first.bar}-{last.bar + last.bars - 1}"
    told = f"Of {first.title or 'the piece'} only {used} of {first.track_name or 'the first track'}." if more else ""
    return Scene("pair", rows, first.title, 1, told=told, again=lambda other, _z: reconstruction(model, other, bars))


def _run(model: Codec, music: Any, bars: int) -> tuple[list[Clip], bool]:
    """The first clips of the first part, without a gap; and whether there is more music."""
    bars = whole_number(bars, "The number of bars", 1, 64)
    first, more = first_clip(model, music)
    run = [first]
    for clip in list(model.clips(music))[1:]:
        follows = clip.track == first.track and clip.title == first.title and clip.bar == run[-1].bar + run[-1].bars
        if not follows or (len(run) + 1) * clip.bars > bars:
            break
        run.append(replace(clip, qpm=first.qpm))
    return run, more and len(run) < len(model.clips(music))


def _joined(parts: Sequence[NoteSequence]) -> NoteSequence:
    """Sequences of one tempo one after another."""
    whole = type(parts[0])()
    whole.CopyFrom(parts[0])
    for part in parts[1:]:
        offset = whole.total_time
        for note in part.notes:
            moved = whole.notes.add()
            moved.CopyFrom(note)
            moved.start_time, moved.end_time = note.start_time + offset, note.end_time + offset
        whole.total_time = offset + part.total_time
    return whole


def routes(model: Codec, a: Any, b: Any, steps: int, seed: int, z: Any = None) -> Scene:
    """The way from a to b through latent space over the way through data space."""
    steps = whole_number(steps, "The number of steps", 2, 17)
    (start, start_cut), (end, end_cut) = first_clip(model, a), first_clip(model, b)
    points = np.array(model.encode([start, end]).numpy()[0])
    if z is not None and np.size(z) == points.shape[1]:
        points[0] = np.reshape(z, -1)
    ways = Waypoints(model, [start, end], steps, start.qpm, points)
    rows = [
        Row(name, [clip.sequence for clip in way.clips], "", way.z, way.places, way.costs)
        for name, way in (("latent", ways.latent()), ("data", ways.data(whole_number(seed, "The seed", 0))))
    ]
    names = [label_of(clip) for clip in (start, end)]
    told = ""
    if start_cut or end_cut:
        used = [f"{clip.where} of {clip.title or 'the piece'}" for clip in (start, end)]
        told = f"From {used[0]} to {used[1]}."
    return Scene(
        "routes",
        rows,
        " → ".join(names) if any(names) else "",
        limit=_limit(model),
        told=told,
        again=lambda music, place: routes(model, music, end, steps, seed, place),
    )


def samples(model: Codec, n: int, seed: int, temperature: float | None) -> Scene:
    """Random clips of data space, and clips at random points of latent space."""
    n = whole_number(n, "The number of samples", 1, 12)
    seed = whole_number(seed, "The seed", 0)
    if temperature is not None:
        temperature = number(temperature, "The temperature", above=0)
    noise = list(model.data_sample(n, seed))
    mu = np.asarray(model.encode(noise).numpy()[0])
    z = np.random.default_rng(seed).standard_normal(mu.shape)
    drawn = list(model.decode_clips(z, temperature, seed))
    rows = [
        Row(name, [clip.sequence for clip in clips], "", points, places_of(model, points), cost_of(model, clips))
        for name, clips, points in (("data", noise, mu), ("latent", drawn, z))
    ]
    return Scene("samples", rows, model.name, start=n, limit=_limit(model))


def playlist(pieces: Sequence[Any], model: Codec | None) -> Scene:
    """Pieces to be heard one after the other; with a model in the colours of their places."""
    sequences = [as_sequence(piece) for piece in pieces]
    if not 1 <= len(sequences) <= MOST_PIECES:
        raise ConfigError(f"{len(sequences)} pieces are no playlist.", f"Give 1 to {MOST_PIECES}.")
    placed = [_placed(model, sequence) for sequence in sequences]
    known = [mu for mu, _ in placed if mu is not None]
    z = np.concatenate(known) if len(known) == len(placed) else None
    places = [place[0] if place else [] for _, place in placed]
    subtitle = model.name if model is not None else ""
    return Scene("playlist", [Row("playlist", sequences, "", z, places)], subtitle)


def mean(model: Codec, a: Any, b: Any, z: Any = None) -> Scene:
    """Two clips, and the music half way between their places."""
    start, end = first_clip(model, a)[0], first_clip(model, b)[0]
    points = np.array(model.encode([start, end]).numpy()[0])
    if z is not None and np.size(z) == points.shape[1]:
        points[0] = np.reshape(z, -1)
    middle = points.mean(0, keepdims=True)
    between = next(iter(model.decode_clips(middle, qpm=start.qpm, program=start.program)))
    clips, at = [start, between, end], np.stack([points[0], middle[0], points[1]])
    places, costs = places_of(model, at), cost_of(model, clips)
    rows = [
        Row(name, [clip.sequence], label_of(clip), at[k : k + 1], places[k : k + 1], costs[k : k + 1])
        for k, (name, clip) in enumerate(zip(("a", "mean", "b"), clips, strict=True))
    ]
    subtitle = " · ".join(filter(None, (label_of(start), label_of(end))))
    return Scene("mean", rows, subtitle, 1, again=lambda music, place: mean(model, music, end, place))


def _limit(model: Codec) -> float | None:
    """The 99th percentile of the training clips' costs; None where there is no cost."""
    return model.cost_quantiles.get("0.99")
