"""Read MIDI, MusicXML and ABC; write MIDI.

A file is known by what it holds, not by its suffix. Whatever is wrong with it is a `ReadError`
that names the file.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks import as_path
from ..errors import MusicVAEError, ReadError
from . import abc_notation, midi, musicxml

if TYPE_CHECKING:
    from collections.abc import Callable

    NoteSequence = Any
    Reader = Callable[[bytes], NoteSequence]

__all__ = ["read", "write"]

MUSIC_SUFFIXES = (".mid", ".midi", ".kar", ".abc", ".xml", ".musicxml", ".mxl")
AUDIO_SUFFIXES = (".wav", ".mp3", ".ogg", ".flac", ".m4a", ".aac", ".aif", ".aiff")
MAX_BYTES = 64 * 2**20
KINDS = "Give a MIDI file (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc)."


def read(source: str | Path | bytes) -> NoteSequence:
    """Read one piece of music.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a string of more than one line that is ABC or MusicXML
        itself. A tune book in ABC gives its first tune.

    Returns
    -------
    NoteSequence
        With ``filename`` (the name without its folder) and, where the file says one,
        ``sequence_metadata.title``. Each track has its own instrument number. A valid file without
        notes gives a sequence without notes.

    Raises
    ------
    ReadError
        No such file, not a file of music, or a damaged one.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _parse(bytes(source), "the given bytes", "")
    if isinstance(source, str) and len(source.splitlines()) > 1:
        return _parse(source.encode(), "the given text", "")
    if not isinstance(source, (str, os.PathLike)):
        raise ReadError(f"A {type(source).__name__} is not a file.", "Give a path, the bytes of a file, or ABC text.")
    path = Path(source).expanduser()
    return _parse(_bytes_of(path), f"'{path}'", path.name)


def write(sequence: NoteSequence, path: str | Path) -> Path:
    """Write a sequence as a standard MIDI file.

    Parameters
    ----------
    sequence
        Any NoteSequence; its tempo map, meters, keys, track names and title are kept.
    path
        Where to; an existing file is replaced.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    MusicVAEError
        The sequence holds what MIDI cannot, or the file cannot be written.
    """
    path = as_path(path, "The file")
    data = midi.dump(sequence)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise MusicVAEError(
            f"Could not write '{path}': {error.strerror or error}.", "Check the folder and its permissions."
        ) from error
    return path


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ReadError(f"'{path}' is a folder, not a file.", _inside(path))
        if not path.exists():
            raise ReadError(f"There is no file '{path}'.", _near(path))
        if not path.is_file():
            raise ReadError(f"'{path}' is not a regular file.", KINDS)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ReadError(f"'{path}' has {size / 2**20:.0f} MB, too much for a score.", KINDS)
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        what = getattr(error, "strerror", None) or error
        raise ReadError(f"Could not open '{path}': {what}.", "Check the path and its permissions.") from error


def _parse(data: bytes, name: str, filename: str) -> NoteSequence:
    try:
        sequence = _reader(data, name, filename)(data)
    except ReadError as error:
        raise ReadError(f"Could not read {name}: {error.message}", error.hint) from error.__cause__
    except Exception as error:
        # The parsers beneath raise whatever a damaged byte leads to; none of it is of use to a reader.
        detail = " ".join(str(error).split())[:200]
        raise ReadError(
            f"Could not read {name}: it is damaged ({type(error).__name__}{': ' + detail if detail else ''}).",
            "Open it in a notation program or a sequencer and export it again.",
        ) from error
    sequence.filename = filename
    return sequence


def _reader(data: bytes, name: str, filename: str) -> Reader:
    """Choose by content."""
    if not data.strip():
        raise ReadError("it is empty.", KINDS)
    if data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID"):
        return midi.load
    if data.startswith(b"PK\x03\x04"):
        return musicxml.load_compressed
    if musicxml.looks_like(data):
        return musicxml.load
    if abc_notation.looks_like(data):
        return abc_notation.load
    suffix = Path(filename).suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        raise ReadError("it is sound, not notes.", "Transcribe it to MIDI first; " + KINDS)
    if re.match(rb"\s*<(!doctype\s+)?html", data[:200], re.IGNORECASE):
        raise ReadError("it is a web page.", "Download the file itself, not the page that shows it.")
    if suffix in (".mid", ".midi", ".kar"):
        raise ReadError("it is not a MIDI file (it does not begin with 'MThd').", KINDS)
    raise ReadError("it is neither MIDI nor MusicXML nor ABC.", KINDS)


def _near(path: Path) -> str:
    """Say what could have been meant instead of a missing file."""
    folder = path.parent
    if not folder.is_dir():
        return f"The folder '{folder}' does not exist either."
    names = sorted(entry.name for entry in folder.iterdir())
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(path.name.lower(), by_lower, n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(f"'{by_lower[name]}'" for name in close) + "?"
    return _inside(folder)


def _inside(folder: Path) -> str:
    """Name some music files in a folder."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in MUSIC_SUFFIXES)
    if not names:
        return f"There is no music file in '{folder.resolve()}'."
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"Music files in it: {', '.join(names[:5])}{more}."
