"""The SoundFont that plays: the one pretty_midi ships, or a file of the user's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import struct
from pathlib import Path

from ..checks import as_path
from ..errors import ReadError

__all__ = ["check", "choose", "name", "path"]

#: A page holds a SoundFont in memory, so that the largest must be one that a page can hold.
LARGEST = 256 * 1024 * 1024
#: Length of a preset's record in the chunk ``phdr``; the last one ends the list.
PRESET = 38

_chosen: tuple[Path, str] | None = None


def choose(file: str | os.PathLike[str] | None) -> str:
    """Take a SoundFont file for all that is played from now on.

    Parameters
    ----------
    file
        A file in the SoundFont 2 format (``.sf2``, or ``.sf3`` with compressed samples); None goes back
        to the one that pretty_midi ships.

    Returns
    -------
    str
        Its name for a page: equal for equal files, "" for pretty_midi's.

    Raises
    ------
    ConfigError
        When this is no path.
    ReadError
        When the file cannot be read, is no SoundFont, is damaged, or is too large for a page.
    """
    global _chosen
    if file is None:
        _chosen = None
        return ""
    font = as_path(file, "The SoundFont")
    _chosen = (font.resolve(), check(font))
    return _chosen[1]


def path() -> Path | None:
    """Give the file that plays; None where there is none."""
    if _chosen is not None:
        return _chosen[0]
    # Found without importing: pretty_midi itself imports the library that fluid.py tries first.
    spec = importlib.util.find_spec("pretty_midi")
    folders = spec.submodule_search_locations if spec is not None else None
    files = [Path(folder) / "TimGM6mb.sf2" for folder in folders or ()]
    return next((file for file in files if file.is_file()), None)


def name() -> str:
    """Give the name of the file that plays; "" for the one that pretty_midi ships."""
    return _chosen[1] if _chosen is not None else ""


def check(font: Path) -> str:
    """Look whether a file is a whole SoundFont with an instrument in it; give a name for its contents.

    Errors as in `choose`.
    """
    try:
        size = font.stat().st_size
        if size > LARGEST:
            raise ReadError(
                f"{font.name} is too large to be played in a page: {size / 2**20:.0f} MB.",
                f"Use a SoundFont of at most {LARGEST // 2**20} MB.",
            )
        data = font.read_bytes()
    except OSError as error:
        raise ReadError(f"The SoundFont {font} cannot be read: {error.strerror}.", "Give the path of a file.") from None
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ReadError(f"{font.name} is no SoundFont.", "Give a file in the SoundFont 2 format (.sf2 or .sf3).")
    if _chunk_size(data, 4) + 8 > len(data):
        raise _damaged(font, f"it ends after {len(data):,} of {_chunk_size(data, 4) + 8:,} bytes")
    parts = _chunks(data, 12, font, 8 + _chunk_size(data, 4))
    lists = {data[at + 8 : at + 12]: (at + 12, end) for _, at, end in parts}
    for kind, what in ((b"sdta", "samples"), (b"pdta", "instruments")):
        if kind not in lists:
            raise _damaged(font, f"it has no {what}")
    tables = {tag: end - at - 8 for tag, at, end in _chunks(data, lists[b"pdta"][0], font, lists[b"pdta"][1])}
    for tag in (b"phdr", b"pbag", b"pgen", b"inst", b"ibag", b"igen", b"shdr"):
        if tag not in tables:
            raise _damaged(font, f"its table {tag.decode()} is missing")
    if tables[b"phdr"] % PRESET or tables[b"phdr"] < 2 * PRESET:
        raise _damaged(font, "it lists no instrument")
    return hashlib.sha256(data).hexdigest()[:16]


def _chunks(data: bytes, at: int, font: Path, end: int) -> list[tuple[bytes, int, int]]:
    """List (tag, start, end) of the chunks of a RIFF file between two bytes."""
    found = []
    while at + 8 <= end:
        stop = at + 8 + _chunk_size(data, at + 4)
        if stop > end:
            raise _damaged(font, f"the part {data[at : at + 4].decode('latin-1')!r} is cut off")
        found.append((data[at : at + 4], at, stop))
        at = stop + stop % 2
    return found


def _chunk_size(data: bytes, at: int) -> int:
    size: int = struct.unpack_from("<I", data, at)[0]
    return size


def _damaged(font: Path, why: str) -> ReadError:
    return ReadError(f"The SoundFont {font.name} is damaged: {why}.", "Copy or download the file again.")
