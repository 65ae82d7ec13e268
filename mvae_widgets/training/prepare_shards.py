"""The work on some files at once, which any process or machine can do, and what it gives: a shard of plain arrays."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.errors import MusicVAEError, ReadError
from mvae_widgets.music.io import read
from mvae_widgets.music.library import quiet
from mvae_widgets.training.prepare_files import tunes_of
from mvae_widgets.training.prepare_kinds import ARRAYS, melody_passages, passages_of, phrases
from mvae_widgets.training.prepare_splits import Tune

__all__ = ["Job", "LeftOut", "Shard", "prepare_files", "read_shard"]

Arrays = dict[str, np.ndarray[Any, Any]]
LeftOut = tuple[str, str, str]
"""A file, what is the matter with it (``broken``, ``nothing taken``, ``twice``), and why."""


@dataclass(frozen=True)
class Job:
    """Some files to prepare.

    Parameters
    ----------
    number
        Of the shard.
    files
        Names and bytes.
    left_out
        Files that could not be opened.
    kinds, kit
        As for `prepare_kinds.passages_of`.
    """

    number: int
    files: list[tuple[str, bytes]]
    left_out: list[LeftOut]
    kinds: tuple[str, ...]
    kit: str


@dataclass(frozen=True)
class Shard:
    """What was found in some files.

    Parameters
    ----------
    tunes
        The pieces that gave something.
    passages
        Kind -> number of the piece, and the arrays that `ARRAYS` names.
    left_out
        The files that gave nothing.
    files
        How many files it was made of.
    """

    tunes: list[Tune]
    passages: dict[str, list[tuple[int, tuple[np.ndarray[Any, Any], ...]]]]
    left_out: list[LeftOut]
    files: int


def prepare_files(job: Job) -> tuple[int, Arrays]:
    """Prepare some files: the number of the shard, and its arrays; nothing in a file raises."""
    tunes: list[Tune] = []
    left_out = list(job.left_out)
    passages: dict[str, list[tuple[int, tuple[np.ndarray[Any, Any], ...]]]] = {kind: [] for kind in job.kinds}
    for file, data in job.files:
        for name, part in tunes_of(file, data):
            try:
                with quiet():
                    sequence = read(part)
                    found = passages_of(sequence, job.kinds, job.kit)
                    melodies = [p[0] for p in found["melodies"]] if "melodies" in found else melody_passages(sequence)
            except MusicVAEError as error:
                left_out.append((name, "broken", error.message.removeprefix("Could not read the given bytes: ")))
                continue
            except Exception as error:
                # One strange file among a hundred thousand must not end the work on the others.
                left_out.append((name, "broken", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"))
                continue
            if not any(found.values()):
                left_out.append((name, "nothing taken", "no bars of 4/4 with what these kinds take"))
                continue
            for kind, these in found.items():
                passages[kind] += [(len(tunes), passage) for passage in these]
            title = sequence.sequence_metadata.title
            tunes.append(Tune(name, title, hashlib.sha256(part).hexdigest(), phrases(melodies)))
    return job.number, _packed(Shard(tunes, passages, left_out, len(job.files) + len(job.left_out)))


def read_shard(path: Path) -> Shard:
    """Read a shard back.

    Raises
    ------
    ReadError
        It is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return _unpacked(data)
    except Exception as error:
        # Whatever a damaged file leads zipfile, numpy or json to.
        raise ReadError(f"'{path}' is damaged: {error}.", "Delete it and run the same command again.") from error


def _packed(shard: Shard) -> Arrays:
    header = {
        "tunes": [(tune.name, tune.title, tune.digest) for tune in shard.tunes],
        "left_out": shard.left_out,
        "files": shard.files,
    }
    arrays = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        "phrases": _joined([tune.phrases for tune in shard.tunes], np.uint64),
        "phrases.counts": np.array([len(tune.phrases) for tune in shard.tunes], np.int64),
    }
    for kind, passages in shard.passages.items():
        arrays[f"{kind}.tune"] = np.array([tune for tune, _ in passages], np.int64)
        arrays[f"{kind}.counts"] = np.array([len(passage[0]) for _, passage in passages], np.int64)
        for k, (name, dtype) in enumerate(ARRAYS[kind]):
            arrays[f"{kind}.{name}"] = _joined([passage[k] for _, passage in passages], dtype)
    return arrays


def _unpacked(data: Mapping[str, np.ndarray[Any, Any]]) -> Shard:
    header = json.loads(data["header"].tobytes())
    marks = _parts(data["phrases"], data["phrases.counts"])
    tunes = [Tune(name, title, digest, own) for (name, title, digest), own in zip(header["tunes"], marks, strict=True)]
    passages: defaultdict[str, list[tuple[int, tuple[np.ndarray[Any, Any], ...]]]] = defaultdict(list)
    for kind in (kind for kind in ARRAYS if f"{kind}.tune" in data):
        parts = zip(*(_parts(data[f"{kind}.{name}"], data[f"{kind}.counts"]) for name, _ in ARRAYS[kind]), strict=True)
        passages[kind] = list(zip(data[f"{kind}.tune"].tolist(), parts, strict=True))
    return Shard(tunes, dict(passages), [(n, w, y) for n, w, y in header["left_out"]], header["files"])


def _joined(parts: list[np.ndarray[Any, Any]], dtype: type) -> np.ndarray[Any, Any]:
    return np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype)


def _parts(rows: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    ends = np.cumsum(counts)
    return (rows[end - count : end] for end, count in zip(ends.tolist(), counts.tolist(), strict=True))
