"""Which pieces are one tune, and which split a tune is in.

Two pieces are one tune if they have the same title or name, or share a four-bar phrase in any key
(`prepare_kinds.phrases`); what more than `STOCK` pieces share says nothing. All pieces of a tune are in one split,
which a hash of the tune and the seed decides: 80 % train, 10 % valid, 10 % test. An index may say otherwise.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mvae_widgets.errors import ReadError
from mvae_widgets.training.dataset import SPLITS

__all__ = ["Place", "Tune", "clusters", "places", "read_index"]

STOCK = 100
LEAST_LETTERS = 4
VALID, TEST = 0.8, 0.9
# "Song.1.mid", "Song (2).mid", "Song copy.mid"
COPY = re.compile(r"(\.\d{1,2}| ?\(\d+\)| copy)+$", re.IGNORECASE)


@dataclass(frozen=True)
class Tune:
    """One piece, as far as its split needs to know.

    Parameters
    ----------
    name
        Its file; ``#2`` after it for the second tune of a book.
    title
        As the file says; may be empty.
    digest
        SHA-256 of its bytes.
    phrases
        As `prepare_kinds.phrases` gives them.
    """

    name: str
    title: str
    digest: str
    phrases: np.ndarray[Any, np.dtype[np.uint64]]

    @property
    def file(self) -> str:
        """The file, without the number of the tune."""
        return self.name.rpartition("#")[0] if re.search(r"\.abc#\d+$", self.name, re.IGNORECASE) else self.name

    @property
    def words(self) -> set[str]:
        """Title and name as they are compared: letters and digits only."""
        stem = "" if self.file != self.name else COPY.sub("", PurePosixPath(self.name).stem)
        plain = {
            re.sub(r"[\W_]+", "", re.sub(r"^(the|a)\b|, ?(the|a)$", "", text.lower())) for text in (self.title, stem)
        }
        return {word for word in plain if sum(map(str.isalpha, word)) >= LEAST_LETTERS}


@dataclass(frozen=True)
class Place:
    """Where a piece goes: its split (0 train, 1 valid, 2 test) and the collection that it belongs to."""

    split: int
    source: str


def clusters(tunes: Sequence[Tune]) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Number of the tune that each piece is, ``[n]``, counted from 0 in order of appearance."""
    parent = list(range(len(tunes)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for group in _sharing(tunes):
        for k in group[1:]:
            low, high = sorted((root(group[0]), root(k)))
            parent[high] = low
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(k), len(numbers)) for k in range(len(tunes))], np.int32)


def places(
    tunes: Sequence[Tune],
    cluster: np.ndarray[Any, np.dtype[np.int32]],
    seed: int,
    source: str,
    index: Mapping[str, Mapping[str, Any]],
) -> list[Place]:
    """Where each piece goes: as the index says of its file, else by hash, with ``source`` for the collection."""
    marks: dict[int, str] = {}
    for number, tune in zip(cluster.tolist(), tunes, strict=True):
        marks[number] = min(marks.get(number, tune.digest), tune.digest)
    found = []
    for number, tune in zip(cluster.tolist(), tunes, strict=True):
        said = index.get(tune.name) or index.get(tune.file) or {}
        found.append(Place(said.get("split", _split(marks[number], seed)), said.get("source", source)))
    return found


def read_index(path: Path) -> dict[str, dict[str, Any]]:
    """What a table says of files: name in the collection -> ``split`` and ``source``, whichever it has.

    Raises
    ------
    ReadError
        It cannot be read, has no column ``file``, or a split that is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(f"Could not read the index '{path}': {error}.", "Give a CSV table in UTF-8.") from error
    index: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 2):
        if not row.get("file"):
            raise ReadError(f"Line {number} of '{path}' names no file.", "It needs the columns file, split, source.")
        said: dict[str, Any] = {"source": row["source"]} if row.get("source") else {}
        if split := (row.get("split") or "").strip().lower():
            if split not in SPLITS and split not in map(str, SPLITS.values()):
                raise ReadError(f"Line {number} of '{path}' has the split {split!r}.", f"Use {', '.join(SPLITS)}.")
            said["split"] = SPLITS[split] if split in SPLITS else int(split)
        index[row["file"].removeprefix("./")] = said
    return index


def _sharing(tunes: Sequence[Tune]) -> Iterable[list[int]]:
    """Groups of pieces that have something in common which not too many have."""
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    for k, tune in enumerate(tunes):
        for word in tune.words:
            by_word[word].append(k)
    yield from (group for group in by_word.values() if 1 < len(group) <= STOCK)
    marks = np.concatenate([tune.phrases for tune in tunes]) if tunes else np.empty(0, np.uint64)
    owners = np.repeat(np.arange(len(tunes)), [len(tune.phrases) for tune in tunes])
    order = np.argsort(marks, kind="stable")
    marks, owners = marks[order], owners[order]
    starts = np.flatnonzero(np.concatenate([[True], marks[1:] != marks[:-1]])) if len(marks) else np.empty(0, int)
    sizes = np.diff(np.append(starts, len(marks)))
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if 1 < size <= STOCK:
            yield owners[start : start + size].tolist()


def _split(mark: str, seed: int) -> int:
    number = int.from_bytes(hashlib.sha256(f"{seed} {mark}".encode()).digest()[:8], "big") / 2**64
    return int(number >= VALID) + int(number >= TEST)
