"""A collection of music -> the prepared arrays that `dataset` reads (docs/data.md has the layouts).

Files are worked through in shards, each written when it is done, so that an interrupted run goes on where it stopped
and ends in the same bytes as one that was not.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from mvae_widgets.checks import as_path
from mvae_widgets.errors import ConfigError, NothingToEncodeError, ReadError
from mvae_widgets.music.kits import KITS
from mvae_widgets.training.dataset import CLASSES
from mvae_widgets.training.prepare_files import GOES_ON, Member, members, write_arrays
from mvae_widgets.training.prepare_kinds import ARRAYS, KINDS
from mvae_widgets.training.prepare_shards import Job, LeftOut, Shard, prepare_files, read_shard
from mvae_widgets.training.prepare_splits import Place, Tune, clusters, places, read_index
from mvae_widgets.training.workers import spread
from mvae_widgets.whole_files import write_whole

__all__ = ["LEFT_OUT", "Summary", "prepare"]

FORMAT = 1
STATE = "prepare.json"
LEFT_OUT = "left-out.csv"
UNFINISHED = "unfinished"
# Of a shard: what is lost at most by an interruption, for each worker.
SHARD_FILES, SHARD_BYTES = 32, 4 * 2**20
OTHER_FOLDER = "Give another folder with --out, or delete this one."


@dataclass(frozen=True)
class Summary:
    """What became of a collection.

    Parameters
    ----------
    files
        How many files there were.
    tunes, clusters
        Pieces that gave something, and how many different tunes they are.
    largest
        Pieces of the largest cluster.
    passages
        Of each kind: how many to train, valid, test.
    left_out
        How many pieces were left out, by reason; `LEFT_OUT` names each.
    """

    files: int
    tunes: int
    clusters: int
    largest: int
    passages: dict[str, list[int]]
    left_out: dict[str, int]

    def __str__(self) -> str:
        """A few lines."""
        lines = [f"{self.files:,} files: {self.tunes:,} pieces, which are {self.clusters:,} tunes"]
        for kind, (train, valid, test) in self.passages.items():
            lines.append(f"  {kind}.npz: {train:,} passages to train, {valid:,} valid, {test:,} test")
        if self.left_out:
            lines.append(
                f"  left out: {', '.join(f'{n:,} {what}' for what, n in self.left_out.items())}, see {LEFT_OUT}"
            )
        if self.largest > max(self.tunes / 10, 10):
            lines.append(f"  {self.largest:,} pieces count as one tune, so that the splits may be far from 80:10:10")
        return "\n".join(lines)


def prepare(
    music: str | Path,
    out: str | Path,
    kinds: Sequence[str] | None = None,
    *,
    kit: str = "reduced",
    index: str | Path | None = None,
    seed: int = 0,
    processes: int | None = None,
    scheduler: str | None = None,
) -> Summary:
    """Prepare a collection for training.

    Parameters
    ----------
    music
        A folder of MIDI, MusicXML and ABC, or a ``.zip``, ``.tar``, ``.tar.gz``, ``.tar.xz`` of one. Folders and
        archives in it are read too; archives are not unpacked, links to folders not followed.
    out
        Folder for ``melodies.npz``, ``drums.npz``, ``trio.npz``, ``multitrack.npz`` and the list ``left-out.csv``.
    kinds
        Some of those four, by default whichever the music yields.
    kit
        How drums are heard: ``"reduced"`` (General MIDI) or ``"roland"`` (recordings of an electronic kit).
    index
        CSV table with the columns file (path in the collection) and split or source or both, where these are known.
    seed
        Another one, other splits.
    processes, scheduler
        As for `workers.spread`.

    Returns
    -------
    Summary
        Counts. A second call with the same arguments returns it again.

    Raises
    ------
    ReadError
        There is no music at the path, or the index is no index.
    NothingToEncodeError
        Nothing in the music is of these kinds.
    ConfigError
        The folder was prepared from other music or with other settings; no such kind or kit; no scheduler.
    MusicVAEError
        A file cannot be written.
    """
    place, folder = as_path(music, "The music"), as_path(out, "The folder of the data")
    wanted = tuple(kind for kind in KINDS if kinds is None or kind in kinds)
    if unknown := set(kinds or ()) - set(KINDS) or (not wanted and {"nothing"}):
        raise ConfigError(f"There is no kind {', '.join(sorted(unknown))}.", f"There are: {', '.join(KINDS)}.")
    if kit not in KITS or len(KITS[kit]) != CLASSES:
        raise ConfigError(f"Drums are not prepared with the kit {kit!r}.", "Use reduced or roland.")
    said = {} if index is None else read_index(as_path(index, "The index"))
    listed = hashlib.sha256()
    files = 0
    for member in members(place):
        listed.update(f"{member.name}\0{member.size}\n".encode(errors="surrogateescape"))
        files += 1
    if not files:
        raise ReadError(f"There is no music file in '{place}'.", "It takes MIDI, MusicXML (.musicxml, .mxl) and ABC.")
    settings = {
        "format": FORMAT,
        "music": listed.hexdigest(),
        "kinds": list(wanted),
        "kit": kit,
        "seed": seed,
        "index": hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest(),
    }
    done = _begin(folder, settings)
    if done is not None:
        return done
    with tqdm(total=files, desc="prepare", unit="file") as progress:
        jobs = _jobs(place, folder / UNFINISHED, wanted, kit, progress)
        for number, arrays in spread(prepare_files, jobs, processes, scheduler):
            write_arrays(_shard(folder / UNFINISHED, number), arrays, compressed=False)
            progress.update(json.loads(arrays["header"].tobytes())["files"])
    summary = _finish(folder, place.name.partition(".")[0], seed, said)
    _write_state(folder, settings, asdict(summary))
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    return summary


def _begin(folder: Path, settings: dict[str, Any]) -> Summary | None:
    """Make the folder ready; the summary if everything has been done before."""
    state = folder / STATE
    try:
        before = json.loads(state.read_text(encoding="utf-8")) if state.exists() else None
    except (OSError, ValueError) as error:
        raise ReadError(f"Could not read '{state}': {error}.", OTHER_FOLDER) from error
    if before is None:
        if taken := [f"{kind}.npz" for kind in KINDS if (folder / f"{kind}.npz").exists()]:
            raise ConfigError(f"'{folder}' holds {', '.join(taken)}, which this command did not make.", OTHER_FOLDER)
        _write_state(folder, settings, None)
        return None
    if other := [name for name, value in settings.items() if before["settings"].get(name) != value]:
        raise ConfigError(f"'{folder}' was prepared with another {', '.join(other)}.", OTHER_FOLDER)
    summary = before["summary"]
    if summary is None or not all((folder / f"{kind}.npz").exists() for kind in summary["passages"]):
        return None
    return Summary(**summary)


def _write_state(folder: Path, settings: dict[str, Any], summary: dict[str, Any] | None) -> None:
    text = json.dumps({"settings": settings, "summary": summary}, indent=1) + "\n"
    write_whole(folder / STATE, lambda file: file.write(text.encode()), GOES_ON)


def _shard(unfinished: Path, number: int) -> Path:
    return unfinished / f"{number:06}.npz"


def _jobs(place: Path, unfinished: Path, kinds: tuple[str, ...], kit: str, progress: Any) -> Iterator[Job]:
    """The files in shards, without those that an earlier run has done."""
    for number, group in groupby(_numbered(members(place)), lambda pair: pair[0]):
        if _shard(unfinished, number).exists():
            progress.update(sum(1 for _ in group))
            continue
        files: list[tuple[str, bytes]] = []
        left_out: list[LeftOut] = []
        for _, member in group:
            try:
                files.append((member.name, member.read()))
            except ReadError as error:
                left_out.append((member.name, "broken", error.message))
        yield Job(number, files, left_out, kinds, kit)


def _numbered(files: Iterable[Member]) -> Iterator[tuple[int, Member]]:
    """Each file with the number of its shard."""
    number = count = size = 0
    for member in files:
        if count == SHARD_FILES or (count and size + member.size > SHARD_BYTES):
            number, count, size = number + 1, 0, 0
        count, size = count + 1, size + member.size
        yield number, member


def _finish(folder: Path, source: str, seed: int, index: Mapping[str, Mapping[str, Any]]) -> Summary:
    """Put the shards together."""
    whole = _merged(read_shard(path) for path in sorted((folder / UNFINISHED).glob("*.npz")))
    cluster = clusters(whole.tunes)
    where = places(whole.tunes, cluster, seed, source, index)
    rows = io.StringIO()
    csv.writer(rows, lineterminator="\n").writerows([("file", "what", "why"), *whole.left_out])
    write_whole(folder / LEFT_OUT, lambda file: file.write(rows.getvalue().encode(errors="backslashreplace")), GOES_ON)
    passages: dict[str, list[int]] = {}
    for kind, found in whole.passages.items():
        if arrays := _arrays(kind, found, whole.tunes, cluster, where):
            write_arrays(folder / f"{kind}.npz", arrays, compressed=True)
            passages[kind] = np.bincount(arrays["split"], minlength=3).tolist()
    if not passages:
        some = "; ".join(f"{name}: {why}" for name, _, why in whole.left_out[:3])
        raise NothingToEncodeError(
            f"Nothing could be prepared of {whole.files} files: {some}.", f"'{folder / LEFT_OUT}' names all."
        )
    return Summary(
        whole.files,
        len(whole.tunes),
        len(np.unique(cluster)),
        int(np.bincount(cluster).max()),
        passages,
        dict(Counter(what for _, what, _ in whole.left_out)),
    )


def _merged(shards: Iterable[Shard]) -> Shard:
    """All shards as one, without the files that are there twice."""
    whole = Shard([], {}, [], 0)
    files = 0
    first: dict[str, str] = {}
    for shard in shards:
        files += shard.files
        whole.left_out.extend(shard.left_out)
        numbers: dict[int, int] = {}
        for k, tune in enumerate(shard.tunes):
            if tune.digest in first:
                whole.left_out.append((tune.name, "twice", f"the same as {first[tune.digest]}"))
                continue
            first[tune.digest] = tune.name
            numbers[k] = len(whole.tunes)
            whole.tunes.append(tune)
        for kind, found in shard.passages.items():
            kept = [(numbers[k], arrays) for k, arrays in found if k in numbers]
            whole.passages.setdefault(kind, []).extend(kept)
    return replace(whole, files=files)


def _arrays(
    kind: str,
    passages: list[tuple[int, tuple[np.ndarray[Any, Any], ...]]],
    tunes: list[Tune],
    cluster: np.ndarray[Any, np.dtype[np.int32]],
    where: list[Place],
) -> dict[str, np.ndarray[Any, Any]]:
    """What a prepared file holds; nothing if there are no passages. Equal passages of one place are kept once."""
    distinct: dict[bytes, tuple[int, int, tuple[np.ndarray[Any, Any], ...]]] = {}
    segments: Counter[int] = Counter()
    for k, rows in passages:
        mark = hashlib.sha256(repr(where[k]).encode() + b"".join(a.tobytes() for a in rows)).digest()
        distinct.setdefault(mark, (k, segments[k], rows))
        segments[k] += 1
    if not distinct:
        return {}
    owner = np.array([k for k, _, _ in distinct.values()])
    names = sorted({where[k].source for k in owner})
    arrays = {
        name: np.concatenate([rows[n] for _, _, rows in distinct.values()]) for n, (name, _) in enumerate(ARRAYS[kind])
    }
    lengths = [len(rows[0]) for _, _, rows in distinct.values()]
    return {
        **arrays,
        "offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "split": np.array([where[k].split for k in owner], np.uint8),
        "source": np.array([names.index(where[k].source) for k in owner], np.uint16),
        "source_names": np.array(names),
        "tune": np.array([tunes[k].name for k in owner]),
        "title": np.array([tunes[k].title for k in owner]),
        "segment": np.array([segment for _, segment, _ in distinct.values()], np.int32),
        "cluster": cluster[owner],
    }
