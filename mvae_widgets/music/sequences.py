"""Whatever a user holds as music, as a NoteSequence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .io import read
from .library import note_seq

__all__ = ["as_sequence"]


def as_sequence(music: Any) -> Any:
    """A NoteSequence of what may be one, a PrettyMIDI, a Clip, or a file of music.

    Raises
    ------
    ConfigError
        For what is no music.
    ReadError
        For a file that cannot be read.
    """
    if isinstance(music, str | Path | bytes):
        return read(music)
    if type(music).__name__ == "PrettyMIDI":
        return note_seq().midi_to_note_sequence(music)
    sequence = getattr(music, "sequence", music)
    if not hasattr(sequence, "notes") or not hasattr(sequence, "time_signatures"):
        raise ConfigError(
            f"A {type(music).__name__} is not music.", "Give a NoteSequence, a PrettyMIDI, a clip or a file."
        )
    return sequence
