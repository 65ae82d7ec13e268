"""A file that a reader drops on a widget: it comes in pieces and is read with the last."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from mvae_widgets.errors import ReadError
from mvae_widgets.music.io import read

__all__ = ["Upload"]

# The page refuses what is larger before it sends anything (js/src/host/piano-roll-traits.ts).
MOST = 4 * 2**20
MOST_NOTES = 20_000
MOST_TRACKS = 32


class Upload:
    """Takes the pieces of one file at a time; a file that is broken off is forgotten with the next.

    Parameters
    ----------
    read
        Makes of the file's bytes and name what is given back; music if not given.
    most
        Bytes of a file.
    instead
        What to do with a larger one.
    """

    def __init__(
        self,
        read: Callable[[bytes, str], Any] | None = None,
        most: int = MOST,
        instead: str = "Read it in Python: roll.sequence = mv.read(path).",
    ) -> None:
        self._read, self._most, self._instead = read or _music, most, instead
        self._name = ""
        self._size = 0
        self._held = bytearray()

    def take(self, name: str, size: int, offset: int, data: str) -> Any:
        """Take one piece.

        Parameters
        ----------
        name
            The file's name.
        size
            Bytes of the whole file.
        offset
            Where the piece begins; 0 begins a file and ends the one before.
        data
            The piece in base64.

        Returns
        -------
        Any
            What the file holds, with the last piece: music, a NoteSequence. None before.

        Raises
        ------
        ReadError
            A file that is too large, that lacks a piece, or that cannot be read. The file is forgotten.
        """
        if offset == 0:
            self._name, self._size, self._held = name, size, bytearray()
        if size > self._most:
            most = self._most // 2**20
            raise self._refused(
                f"'{name}' has {size / 2**20:.1f} MB, more than the {most} MB taken here.", self._instead
            )
        if (name, size, offset) != (self._name, self._size, len(self._held)):
            raise self._refused(f"A piece of '{name}' is missing.", "Drop the file again.")
        try:
            self._held += base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise self._refused(f"A piece of '{name}' is damaged.", "Drop the file again.") from None
        if len(self._held) < size:
            return None
        held, self._held = bytes(self._held), bytearray()
        return self._read(held, name)

    def _refused(self, message: str, hint: str) -> ReadError:
        self._name, self._held = "", bytearray()
        return ReadError(message, hint)


def _music(data: bytes, name: str) -> Any:
    try:
        sequence = read(data)
    except ReadError as error:
        raise ReadError(error.message.replace("the given bytes", f"'{name}'"), error.hint) from error
    notes, tracks = len(sequence.notes), len({(n.instrument, n.is_drum, n.program) for n in sequence.notes})
    if notes > MOST_NOTES or tracks > MOST_TRACKS:
        much = f"{notes:,} notes" if notes > MOST_NOTES else f"{tracks} tracks"
        raise ReadError(
            f"'{name}' has {much}; a roll edits {MOST_NOTES:,} notes in {MOST_TRACKS} tracks at most.",
            "Read it in Python with mv.read and keep what you need.",
        )
    if not notes:
        raise ReadError(f"'{name}' holds no notes.", "Drop another file.")
    sequence.filename = name
    return sequence
