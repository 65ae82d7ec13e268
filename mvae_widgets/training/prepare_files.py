"""The files of a collection: of a folder and the folders in it, and of archives, which are never unpacked."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from mvae_widgets.errors import ReadError
from mvae_widgets.music.io import MAX_BYTES, MUSIC_SUFFIXES
from mvae_widgets.whole_files import DAMAGED, write_whole

__all__ = ["GOES_ON", "Member", "members", "tunes_of", "write_arrays"]

GOES_ON = "Make room, or check the permissions; the same command goes on with what is done."
"""What to do where a file of a preparation cannot be written."""

TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")


@dataclass(frozen=True)
class Member:
    """One file of a collection.

    Parameters
    ----------
    name
        Its path in the folder or the archive, with ``/``.
    size
        Bytes, as the folder or the archive says.
    read
        Gives the bytes, or raises `ReadError`. Of an archive only until the next member is asked for.
    """

    name: str
    size: int
    read: Callable[[], bytes]


def members(place: Path) -> Iterator[Member]:
    """Every file of music in a folder or an archive, in a fixed order.

    What cannot be looked into (a folder without permission, a damaged archive) is a member that cannot be read.

    Raises
    ------
    ReadError
        There is nothing at the path.
    """
    if not place.exists():
        raise ReadError(f"There is no folder '{place}'.", "Give a folder of music, or a .zip or .tar of one.")
    if place.is_file():
        yield from _of_file(place, place.name, "")
        return
    locked: list[OSError] = []
    for folder, subfolders, names in os.walk(place, onerror=locked.append):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            inner = path.relative_to(place).as_posix()
            yield from _of_file(path, inner, f"{inner}/")
    for error in locked:
        yield _unreadable(Path(str(error.filename)).relative_to(place).as_posix(), error)


def tunes_of(name: str, data: bytes) -> list[tuple[str, bytes]]:
    """A file as its tunes: those of a book in ABC one by one (``book.abc#2``), else the file itself."""
    if not name.lower().endswith(".abc"):
        return [(name, data)]
    head, *tunes = (b"\n" + data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).split(b"\nX:")
    if len(tunes) < 2:
        return [(name, data)]
    return [(f"{name}#{k}", head + b"\nX:" + tune) for k, tune in enumerate(tunes, 1)]


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], *, compressed: bool) -> None:
    """Write arrays as ``.npz``, as `write_whole` does; equal arrays give equal bytes."""
    save: Any = np.savez_compressed if compressed else np.savez
    write_whole(path, lambda file: save(file, **arrays), GOES_ON)


def _of_file(path: Path, name: str, prefix: str) -> Iterator[Member]:
    lower = name.lower()
    if lower.endswith(MUSIC_SUFFIXES):
        try:
            size = path.stat().st_size
        except OSError as error:  # a link to nothing
            yield _unreadable(name, error)
        else:
            yield Member(name, size, partial(_checked, name, size, path.read_bytes))
    elif lower.endswith(".zip"):
        yield from _watched(_of_zip(path, prefix), name)
    elif lower.endswith(TARS):
        yield from _watched(_of_tar(path, prefix), name)


def _watched(inside: Iterator[Member], name: str) -> Iterator[Member]:
    """The members of an archive as far as it can be read, then one that says why no further."""
    while True:
        try:
            member = next(inside, None)
        except DAMAGED as error:
            yield _unreadable(name, error)
            return
        if member is None:
            return
        yield member


def _of_zip(path: Path, prefix: str) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and info.filename.lower().endswith(MUSIC_SUFFIXES):
                yield _inside(prefix + info.filename, info.file_size, partial(archive.open, info))


def _of_tar(path: Path, prefix: str) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            # Links and devices are never followed.
            if info.isreg() and info.name.lower().endswith(MUSIC_SUFFIXES):
                yield _inside(prefix + info.name.removeprefix("./"), info.size, partial(archive.extractfile, info))


def _inside(name: str, size: int, unpack: Callable[[], IO[bytes] | None]) -> Member:
    """A file of an archive."""

    def read() -> bytes:
        file = unpack()
        if file is None:
            return b""
        with file:
            return file.read(MAX_BYTES + 1)  # the archive may lie about the size

    return Member(name, size, partial(_checked, name, size, read))


def _checked(name: str, size: int, read: Callable[[], bytes]) -> bytes:
    try:
        data = read() if size <= MAX_BYTES else b""
    except DAMAGED as error:
        raise ReadError(f"Could not open '{name}': {_words(error)}.") from error
    if max(size, len(data)) > MAX_BYTES:
        raise ReadError(f"'{name}' has more than {MAX_BYTES / 2**20:.0f} MB, too much for a score.")
    return data


def _unreadable(name: str, error: Exception) -> Member:
    def read() -> bytes:
        raise ReadError(f"Could not open '{name}': {_words(error)}.") from error

    return Member(name, 0, read)


def _words(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
