"""Prepared passages (npz) -> the distinct clips that a model learns from.

A prepared file holds long arrays of step codes (-2 nothing, -1 note-off, 0..127 pitch; 16 steps a bar)
cut into passages of whole bars by ``offsets``, with ``split`` (0 train, 1 valid, 2 test) and ``source``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.errors import ReadError
from mvae_widgets.music.features import FIRST_PITCH_TOKEN, MIN_PITCH

__all__ = ["SPLITS", "Source", "load_clips", "windows"]

SPLITS = {"train": 0, "valid": 1, "test": 2}
MAX_PITCH = 108
MIN_ONSETS = 3
STEPS_PER_BAR = 16

Tokens = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Source:
    """One voice of one collection, and how much of it to draw.

    Parameters
    ----------
    file
        Name of the prepared npz file.
    voice
        Its array of step codes: ``steps``, ``melody`` or ``bass``.
    name
        The collection, one of the file's ``source_names``.
    weight
        How often a clip of this source is drawn, relative to weight 1.
    """

    file: str
    voice: str
    name: str
    weight: float = 1.0


def windows(codes: np.ndarray[Any, Any], steps: int) -> Tokens:
    """Every window of a passage, one bar apart, as tokens ``[n, steps]``.

    Note-offs before a window's first onset become holds; windows with under three onsets or a pitch
    outside 21..108 are left out (MUSICVAE.md 4.5).
    """
    starts = range(0, len(codes) - steps + 1, STEPS_PER_BAR)
    if not starts:
        return np.empty((0, steps), np.uint8)
    cut = np.stack([codes[s : s + steps] for s in starts]).astype(np.int16)
    sounding = cut >= 0
    fits = ~(sounding & ((cut < MIN_PITCH) | (cut > MAX_PITCH))).any(1) & (sounding.sum(1) >= MIN_ONSETS)
    cut, sounding = cut[fits], sounding[fits]
    cut[~np.logical_or.accumulate(sounding, axis=1)] = -2
    tokens: Tokens = np.where(cut >= 0, cut - MIN_PITCH + FIRST_PITCH_TOKEN, cut + 2).astype(np.uint8)
    return tokens


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
        Length of a clip.

    Returns
    -------
    tokens, weights
        ``[n, steps]`` uint8, distinct; ``[n]`` float64: a clip found in several sources keeps the largest.

    Raises
    ------
    ReadError
        If a file, a voice or a collection is not there.
    """
    found: dict[bytes, float] = {}
    for file in sorted({s.file for s in sources}):
        path = Path(folder) / file
        if not path.is_file():
            raise ReadError(f"No prepared data at {path}.", "Give the folder that holds it with --data.")
        with np.load(path, allow_pickle=False) as data:
            offsets, of_split, of_source = data["offsets"], data["split"], data["source"]
            names = [str(n) for n in data["source_names"]]
            for source in (s for s in sources if s.file == file):
                if source.name not in names or source.voice not in data:
                    raise ReadError(
                        f"{path} has no {source.voice} of {source.name!r}.", f"It holds: {', '.join(names)}."
                    )
                codes = data[source.voice]
                wanted = (of_split == SPLITS[split]) & (of_source == names.index(source.name))
                for k in np.flatnonzero(wanted):
                    for row in windows(codes[offsets[k] : offsets[k + 1]], steps):
                        key = row.tobytes()
                        found[key] = max(found.get(key, 0.0), source.weight)
    tokens = np.frombuffer(b"".join(found), np.uint8).reshape(-1, steps)
    return tokens, np.fromiter(found.values(), np.float64, len(found))
