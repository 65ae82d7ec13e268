"""Files that are there whole, or not at all."""

from __future__ import annotations

import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from mvae_widgets.errors import MusicVAEError

__all__ = ["DAMAGED", "write_text", "write_whole"]

DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
)
"""What Python and NumPy raise of an archive that is none, damaged, locked, or packed in a way that they do not know."""


def write_whole(
    path: Path,
    write: Callable[[IO[bytes]], Any],
    hint: str = "Check the folder and its permissions.",
    make_folder: bool = True,
) -> Path:
    """Write a file beside its place, and put it there once it is whole.

    Parameters
    ----------
    path
        Where to.
    write
        Writes the content to an open file.
    hint
        What to do where it cannot be written.
    make_folder
        Whether a folder that is missing is made.

    Raises
    ------
    MusicVAEError
        It cannot be written; an older file of the name is still there.
    """
    temporary = None
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
        with os.fdopen(handle, "wb") as file:
            write(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise MusicVAEError(f"Could not write '{path}': {error.strerror or error}.", hint) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """As `write_whole`, of text."""
    return write_whole(path, lambda file: file.write(text.encode()))
