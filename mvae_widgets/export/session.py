"""A session as a file: what a Studio held, in one zip that opens on any machine and runs nothing.

=================  =========================================================================================
``session.json``   what there is and how it hangs together: format, version, model, and a tree of plain JSON
``arrays.npz``     numbers that the tree names: latent vectors, tokens (numpy's format, without pickles)
``music/N.pb``     music that the tree names, each a serialised ``note_seq.NoteSequence``
``corpus.npz``     the corpus of the map, where it was the user's own
=================  =========================================================================================

A file is read as what comes from a stranger: names are looked up and never written to disk, sizes are checked before
anything is unpacked, and whatever is wrong is one `ReadError`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets import __version__
from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.whole_files import write_whole

__all__ = ["FORMAT", "VERSION", "Session", "check_model", "damaged", "model_of"]

Array = np.ndarray[Any, Any]

FORMAT, VERSION = "mvae_widgets session", 1
HEAD, ARRAYS, CORPUS = "session.json", "arrays.npz", "corpus.npz"
MUSIC = re.compile(r"music/[0-9]{1,6}\.pb")
#: Bytes: of a file, of all that is in it, and of its tree. A corpus of 100,000 clips has 200 MB.
MOST_FILE, MOST_INSIDE, MOST_HEAD = 512 * 2**20, 2**30, 16 * 2**20
MOST_PARTS = 5000
#: The date of every part, so that one session is one file to the last byte.
DATE = (1980, 1, 1, 0, 0, 0)
AGAIN = "Save the session again, or take another copy."


@dataclass
class Session:
    """What is in a session file.

    Parameters
    ----------
    model
        ``name``, ``family``, ``z_size`` and ``fingerprint`` of the model.
    tree
        Plain JSON; what stands for an array or for music is the name that `put` and `put_music` gave.
    arrays, music
        By name.
    corpus
        Bytes of a corpus file, empty for none.
    """

    model: dict[str, Any]
    tree: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    music: dict[str, bytes] = field(default_factory=dict)
    corpus: bytes = b""

    def put(self, array: Any) -> str | None:
        """Take an array; its name in the file. None stays None."""
        if array is None:
            return None
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.asarray(array)
        return name

    def put_music(self, sequence: Any) -> str:
        """Take a NoteSequence; its name in the file. The same music is kept once."""
        data = sequence.SerializeToString(deterministic=True)
        for name, known in self.music.items():
            if known == data:
                return name
        name = f"music/{len(self.music)}.pb"
        self.music[name] = data
        return name

    def array(self, name: str | None) -> Array | None:
        """An array of the file, or None for None."""
        return None if name is None else self.arrays[name]

    def to_bytes(self) -> bytes:
        """The file."""
        head = {"format": FORMAT, "version": VERSION, "made_with": __version__, "model": self.model, **self.tree}
        packed = io.BytesIO()
        np.savez(packed, **self.arrays)  # type: ignore[arg-type]
        parts = {HEAD: json.dumps(head, ensure_ascii=False, indent=1).encode(), ARRAYS: packed.getvalue()}
        parts |= self.music
        if self.corpus:
            parts[CORPUS] = self.corpus
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in parts.items():
                file.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def write(self, path: Path) -> Path:
        """Write the file; there whole, or not at all.

        Raises
        ------
        MusicVAEError
            If it cannot be written.
        """
        return write_whole(path, lambda file: file.write(self.to_bytes()), make_folder=False)

    @classmethod
    def read(cls, path: Path) -> Session:
        """Read a file.

        Raises
        ------
        ReadError
            If there is no such file, or as `from_bytes`.
        """
        try:
            if path.stat().st_size > MOST_FILE:
                raise ReadError(f"'{path}' is too large for a session.", f"A session has {MOST_FILE >> 20} MB at most.")
            data = path.read_bytes()
        except FileNotFoundError:
            raise ReadError(f"There is no file '{path}'.", "studio.save(path) writes one.") from None
        except (OSError, ValueError) as error:
            raise ReadError(f"Could not open '{path}': {getattr(error, 'strerror', None) or error}.") from error
        return cls.from_bytes(data, f"'{path}'")

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the given bytes") -> Session:
        """Read the bytes of a file.

        Raises
        ------
        ReadError
            If they are no session, one of a later version, a damaged one, or one that would fill the memory.
        """
        if not data.startswith(b"PK"):
            raise ReadError(f"{_upper(name)} is no session: it is not a zip file.", "studio.save(path) writes one.")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as file:
                return _read(file, name)
        except ReadError:
            raise
        except Exception as error:
            # zipfile, zlib, json and numpy raise whatever a damaged byte leads to.
            raise damaged(name, error) from error


def damaged(name: str, error: Exception) -> ReadError:
    """What to say of a session in which something is wrong."""
    detail = " ".join(str(error).split())[:160]
    kind = type(error).__name__
    return ReadError(f"{_upper(name)} is damaged ({kind}{': ' + detail if detail else ''}).", AGAIN)


def check_model(session: Session, model: Any, name: str) -> None:
    """`ConfigError` if a session is of another model than this."""
    said, here = session.model, model_of(model)
    if said["z_size"] != here["z_size"] or said["family"] != here["family"]:
        raise ConfigError(
            f"{_upper(name)} was made with {said['name']}, not with {here['name']}.",
            f"Load it with that model: Studio.load(path, mv.load({said['name']!r})).",
        )
    if said["fingerprint"] and here["fingerprint"] and said["fingerprint"] != here["fingerprint"]:
        raise ConfigError(
            f"{_upper(name)} was made with other weights of {said['name']}: its music lies elsewhere in this model.",
            "Load the weights that it was made with, and give them: Studio.load(path, model).",
        )


def model_of(model: Any) -> dict[str, Any]:
    """What a session says of its model."""
    config = getattr(model, "config", None)
    return {
        "name": str(model.name),
        "family": str(getattr(config, "family", "")),
        "z_size": int(getattr(config, "z_size", 0)),
        "fingerprint": str(getattr(model, "fingerprint", "")),
    }


def _read(file: zipfile.ZipFile, name: str) -> Session:
    parts = {part.filename: part for part in file.infolist()}
    for part in parts:
        if part not in (HEAD, ARRAYS, CORPUS) and not MUSIC.fullmatch(part):
            if HEAD not in parts:
                break
            raise ReadError(f"{_upper(name)} holds {part!r}, which no session does.", AGAIN)
    if HEAD not in parts:
        raise ReadError(f"{_upper(name)} is no session: it holds no {HEAD}.", "studio.save(path) writes one.")
    if len(file.infolist()) > min(MOST_PARTS, len(parts)):
        raise ReadError(f"{_upper(name)} holds more parts than a session does, or one twice.", AGAIN)
    size = sum(part.file_size for part in parts.values())
    if size > MOST_INSIDE or parts[HEAD].file_size > MOST_HEAD:
        raise ReadError(f"{_upper(name)} would take {size / 2**20:,.0f} MB of memory.", AGAIN)
    head = json.loads(file.read(HEAD))
    if head["format"] != FORMAT:
        raise ReadError(f"{_upper(name)} is no session of mvae_widgets.", "studio.save(path) writes one.")
    if head["version"] > VERSION:
        raise ReadError(
            f"{_upper(name)} is of a later kind: it was made with mvae_widgets {str(head['made_with'])[:20]}.",
            "Update mvae_widgets: pip install -U mvae_widgets",
        )
    known = {"name": str, "family": str, "z_size": int, "fingerprint": str}
    return Session(
        {key: kind(head["model"][key]) for key, kind in known.items()},
        {key: head[key] for key in head if key not in ("format", "version", "made_with", "model")},
        _arrays(file.read(ARRAYS)),
        {part: file.read(part) for part in parts if MUSIC.fullmatch(part)},
        _corpus(file, parts),
    )


def _corpus(file: zipfile.ZipFile, parts: dict[str, Any]) -> bytes:
    if CORPUS not in parts:
        return b""
    data = file.read(CORPUS)
    _check_npz(data)
    return data


def _arrays(data: bytes) -> dict[str, Array]:
    _check_npz(data)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _check_npz(data: bytes) -> None:
    """No array may claim to be larger than what is there of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        if sum(part.file_size for part in file.infolist()) > MOST_INSIDE:
            raise ValueError("the arrays are too large")
        for part in file.infolist():
            with file.open(part) as array:
                version = np.lib.format.read_magic(array)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(array)
                if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > part.file_size:
                    raise ValueError(f"{part.filename} is not what its header says")


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
