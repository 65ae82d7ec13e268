"""Prepared passages (npz) -> the distinct clips that a model learns from.

A prepared file holds long arrays, 16 steps a bar, cut into passages of whole bars by ``offsets``, with
``split`` (0 train, 1 valid, 2 test) and, if there are several collections in it, ``source``. Melodies and
basses are step codes (-2 nothing, -1 note-off, 0..127 pitch); drums are ``mask``, bit i for class i of nine,
with ``velocity`` (0..127) and ``microtiming`` (1/256 of a step, positive is late) of each class. Multitracks
are ``events`` (see `multitrack_windows`), cut into pieces by ``offsets``.

What comes out are the tokens of `music`'s converters, clip by clip (`Example.tokens`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mvae_widgets.errors import ReadError
from mvae_widgets.music.features import FIRST_PITCH_TOKEN, MIN_PITCH
from mvae_widgets.music.performance import Vocabulary
from mvae_widgets.whole_files import DAMAGED

__all__ = [
    "SPLITS",
    "VOICES",
    "Loaded",
    "Source",
    "drum_windows",
    "groove_windows",
    "load_clips",
    "load_tunes",
    "multitrack_windows",
    "trio_windows",
    "windows",
]

SPLITS = {"train": 0, "valid": 1, "test": 2}
MAX_PITCH = 108
MIN_ONSETS = 3
STEPS_PER_BAR = 16
CLASSES = 9
MOST_VELOCITY = 127
# Of half a step: what GrooVAE calls an offset of 1.
HALF_STEP = 128
# Ends a bar of a multitrack, and how many tracks that has.
BAR_END, TRACKS = -1, 8
TRACK_END = Vocabulary().end
# Of the bars of a trio, how many must have all three parts.
TRIO_SHARE = 0.75
# What passages of one tune have in common, the best first; a file without is one of single performances.
TUNES = ("cluster", "tune")

Tokens = np.ndarray[Any, Any]
Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Source:
    """One voice of one collection, and how much of it to draw.

    Parameters
    ----------
    file
        Name of the prepared npz file.
    voice
        What to take of it, one of `VOICES`: the step codes ``steps``, ``melody`` or ``bass``; ``drums`` or
        ``groove`` of a file of drum performances; ``trio``; ``multitrack``.
    name
        The collection, one of the file's ``source_names``; any name for a file of one collection.
    weight
        How often a clip of this source is drawn, relative to weight 1.
    """

    file: str
    voice: str
    name: str
    weight: float = 1.0


class Loaded(NamedTuple):
    """The distinct clips of one split.

    Parameters
    ----------
    tokens
        ``[n, steps, ...]``.
    weights
        How often each is to be drawn, ``[n]`` float64: a clip found in several sources keeps the largest.
    tunes
        Which tune or performance it was first found in, ``[n]`` int64: a number, the same for clips of one.
    """

    tokens: Tokens
    weights: np.ndarray[Any, np.dtype[np.float64]]
    tunes: np.ndarray[Any, np.dtype[np.int64]]


def windows(codes: np.ndarray[Any, Any], steps: int) -> Tokens:
    """Every window of a passage, one bar apart, as tokens ``[n, steps]``.

    Note-offs before a window's first onset become holds; windows with under three onsets or a pitch
    outside 21..108 are left out (MUSICVAE.md 4.5).
    """
    cut = _cut(codes.astype(np.int16), steps)
    cut = cut[_in_range(cut) & ((cut >= 0).sum(1) >= MIN_ONSETS)]
    cut[~np.logical_or.accumulate(cut >= 0, axis=1)] = -2
    tokens: Tokens = _labels(cut).astype(np.uint8)
    return tokens


def drum_windows(mask: np.ndarray[Any, Any], steps: int) -> Tokens:
    """Every window of a drum performance, one bar apart, as bits ``[n, steps, 9]``; at least three hits."""
    cut = _cut(_bits(mask), steps)
    bits: Tokens = cut[cut.sum((1, 2)) >= MIN_ONSETS]
    return bits


def groove_windows(
    velocity: np.ndarray[Any, Any], microtiming: np.ndarray[Any, Any], steps: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The same with velocities and timing: ``[n, steps, 27]``, as `music.groove` has it.

    That is hits, velocities (0..1) and offsets in half steps, of which a positive one is early.
    """
    hits = velocity > 0
    offsets = np.clip(-microtiming.astype(np.float32) / HALF_STEP, -1, 1) * hits
    rows = np.concatenate([hits, velocity / np.float32(MOST_VELOCITY), offsets], axis=1, dtype=np.float32)
    cut = _cut(rows, steps)
    grooves: np.ndarray[Any, np.dtype[np.float32]] = cut[cut[..., :CLASSES].sum((1, 2)) >= MIN_ONSETS]
    return grooves


def trio_windows(
    melody: np.ndarray[Any, Any], bass: np.ndarray[Any, Any], mask: np.ndarray[Any, Any], steps: int
) -> Tokens:
    """Windows one bar apart of three parts, as labels ``[n, steps, 3]``: melody, bass, drums.

    All three play in at least three bars of four. Other than in `windows`, note-offs before the first onset
    stay (MUSICVAE.md 4.7).
    """
    cut = _cut(np.stack([melody, bass, mask], axis=1).astype(np.int16), steps)
    bars = cut.reshape(len(cut), steps // STEPS_PER_BAR, STEPS_PER_BAR, 3)
    playing = np.stack([(bars[..., 0] >= 0).any(2), (bars[..., 1] >= 0).any(2), (bars[..., 2] > 0).any(2)])
    fits = playing.all(0).mean(1) >= TRIO_SHARE
    kept: Tokens = cut[fits & _in_range(cut[..., 0]) & _in_range(cut[..., 1])]
    kept[..., :2] = _labels(kept[..., :2])
    return kept


def multitrack_windows(events: np.ndarray[Any, Any], rows: int) -> Tokens:
    """Every bar of up to eight tracks, as event labels int16 ``[n, rows]``, -1 where there is no row.

    ``events`` holds bar after bar: its tracks (program, events, end), then -1. Bars with a track of more than
    ``rows / 8`` events are left out.
    """
    marks = events == BAR_END
    bars, of_track = int(marks.sum()), rows // TRACKS
    tokens = np.full((bars, TRACKS, of_track), -1, np.int16)
    tokens[:, :, 0] = TRACK_END
    labels, bar = events[~marks], (np.cumsum(marks) - marks)[~marks]
    ends = np.flatnonzero(labels == TRACK_END)
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    track = np.searchsorted(ends, np.arange(len(labels)))
    number = np.arange(len(ends)) - np.searchsorted(bar[starts], bar[starts])
    row = np.arange(len(labels)) - starts[track]
    fits = np.bincount(bar[row >= of_track], minlength=bars) == 0
    kept = fits[bar]
    tokens[bar[kept], number[track][kept], row[kept]] = labels[kept]
    whole: Tokens = tokens[fits].reshape(-1, rows)
    return whole


def _cut(rows: np.ndarray[Any, Any], steps: int) -> np.ndarray[Any, Any]:
    """Windows ``[n, steps, ...]``, one bar apart."""
    starts = range(0, len(rows) - steps + 1, STEPS_PER_BAR)
    if not starts:
        return np.empty((0, steps, *rows.shape[1:]), rows.dtype)
    return np.stack([rows[s : s + steps] for s in starts])


def _in_range(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which windows ``[n, steps]`` have no pitch outside 21..108."""
    outside = (codes >= 0) & ((codes < MIN_PITCH) | (codes > MAX_PITCH))
    return ~np.asarray(outside.any(1))


def _labels(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    labels: np.ndarray[Any, Any] = np.where(codes >= 0, codes - MIN_PITCH + FIRST_PITCH_TOKEN, codes + 2)
    return labels


def _bits(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bits: np.ndarray[Any, np.dtype[np.uint8]] = (mask[:, None] >> np.arange(CLASSES) & 1).astype(np.uint8)
    return bits


VOICES: dict[str, tuple[tuple[str, ...], Callable[..., Tokens]]] = {
    "steps": (("steps",), windows),
    "melody": (("melody",), windows),
    "bass": (("bass",), windows),
    "drums": (("mask",), drum_windows),
    "groove": (("velocity", "microtiming"), groove_windows),
    "trio": (("melody", "bass", "drums"), trio_windows),
    "multitrack": (("events",), multitrack_windows),
}
"""What can be taken of a prepared file: the arrays that it needs, and how windows are cut from them."""


def load_clips(folder: str | Path, sources: Sequence[Source], split: str, steps: int = 32) -> tuple[Tokens, Any]:
    """The distinct clips of one split, and how much each is to be drawn.

    Parameters
    ----------
    folder
        Holds the prepared files.
    sources
        What to take.
    split
        ``"train"``, ``"valid"`` or ``"test"``.
    steps
        Length of a clip; of a multitrack its rows, 512.

    Returns
    -------
    tokens, weights
        ``[n, steps, ...]``, distinct; ``[n]`` float64: a clip found in several sources keeps the largest.

    Raises
    ------
    ReadError
        If a file, a voice or a collection is not there, or nothing in them is long enough.
    """
    loaded = load_tunes(folder, sources, split, steps)
    return loaded.tokens, loaded.weights


def load_tunes(folder: str | Path, sources: Sequence[Source], split: str, steps: int = 32) -> Loaded:
    """As `load_clips`, which also says what the clips are windows of: `Loaded`."""
    if unknown := {s.voice for s in sources} - set(VOICES):
        raise ReadError(f"There is no voice {', '.join(unknown)}.", f"There are: {', '.join(VOICES)}.")
    if len({VOICES[s.voice][1] for s in sources}) != 1:
        raise ReadError("Different kinds of music do not mix.", "Take melodies and basses, or one other voice.")
    found: dict[bytes, float] = {}
    owners: dict[bytes, int] = {}
    numbers: dict[tuple[str, Any], int] = {}
    dtype, shape = np.dtype(np.uint8), (0, steps)
    kept: dict[tuple[str, str], Arrays] = {}
    for source in sorted(sources, key=lambda s: s.file):
        key_of = source.file, source.voice
        arrays = kept[key_of] if key_of in kept else kept.setdefault(key_of, _arrays(Path(folder), source))
        names, cut = VOICES[source.voice]
        codes = [arrays[name] for name in names]
        for tune, start, end in _passages(arrays, source, split):
            number = numbers.setdefault((source.file, tune), len(numbers))
            clips = cut(*(rows[start:end] for rows in codes), steps)
            dtype, shape = clips.dtype, (-1, *clips.shape[1:])
            for clip in clips:
                key = clip.tobytes()
                found[key] = max(found.get(key, 0.0), source.weight)
                owners.setdefault(key, number)
    if not found:
        raise ReadError(f"There is no {split} clip of {steps} steps in {folder}.", "Prepare longer pieces.")
    tokens = np.frombuffer(bytearray().join(found), dtype).reshape(shape)
    weights, tunes = np.fromiter(found.values(), np.float64), np.fromiter(owners.values(), np.int64)
    return Loaded(tokens, weights, tunes)


def _arrays(folder: Path, source: Source) -> Arrays:
    """What is needed of a prepared file."""
    path = folder / source.file
    if not path.is_file():
        raise ReadError(f"No prepared data at {path}.", "Give the folder that holds it with --data.")
    needed = ("offsets", "split", *VOICES[source.voice][0])
    try:
        # Opened here, so that it is closed whatever NumPy finds in it.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if missing := [name for name in needed if name not in data]:
                raise ReadError(f"{path} has no {', '.join(missing)}.", f"It holds: {', '.join(data)}.")
            extra = (name for name in (*TUNES, "source", "source_names") if name in data)
            return {name: data[name] for name in (*needed, *extra)}
    except DAMAGED as error:
        raise ReadError(f"{path} is no prepared file, or damaged: {error}.", "Prepare the data again.") from error


def _passages(arrays: Arrays, source: Source, split: str) -> list[tuple[Any, int, int]]:
    """Of the passages of a source and a split: the tune, where it begins, where it ends."""
    wanted = arrays["split"] == SPLITS[split]
    if "source_names" in arrays:
        names = [str(n) for n in arrays["source_names"]]
        if source.name not in names:
            raise ReadError(f"{source.file} has no collection {source.name!r}.", f"It holds: {', '.join(names)}.")
        wanted = wanted & (arrays["source"] == names.index(source.name))
    offsets, tunes = arrays["offsets"], next((arrays[n] for n in TUNES if n in arrays), np.arange(len(wanted)))
    return [(tunes[k].item(), int(offsets[k]), int(offsets[k + 1])) for k in np.flatnonzero(wanted)]
