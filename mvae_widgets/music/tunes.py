"""Six tunes that come with the package, each as ABC and as a MIDI file.

The tunes are in the public domain; the ABC is written for this package and is CC0, as is the bass
line. None has a pick-up, so that every bar is a bar of the model.

====================== ========================== ==========================================
name                   title                      source
====================== ========================== ==========================================
ah-vous-dirai-je-maman Ah ! vous dirai-je, maman  French song, in print in Paris in 1761
devils-dream           The Devil's Dream          reel, oral tradition; Ryan's Mammoth
                                                  Collection, Boston 1883
fishers-hornpipe       Fisher's Hornpipe          in print in London about 1780
frere-jacques          Frère Jacques              French round, oral tradition; La Clé du
                                                  caveau, Paris 1811
low-road               Low Road                   bass line (finger bass), made for this
                                                  package, CC0
soldiers-joy           Soldier's Joy              reel, oral tradition; Aird's Selection,
                                                  Glasgow 1782
====================== ========================== ==========================================
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MusicVAEError
from .io import read, write

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["build", "load", "names", "path"]

FOLDER = Path(__file__).parent.parent / "tunes"


def names() -> list[str]:
    """List the names of the tunes."""
    return sorted(file.stem for file in FOLDER.glob("*.abc"))


def path(name: str, suffix: str = ".mid") -> Path:
    """Find the file of a tune.

    Parameters
    ----------
    name
        One of `names`, or the title.
    suffix
        ``".mid"`` or ``".abc"``.

    Raises
    ------
    MusicVAEError
        No tune of that name; the hint has the nearest.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", str(name).lower().replace("'", "").replace("è", "e")).strip("-")
    known = names()
    found = plain if plain in known else plain.removeprefix("the-")
    if found not in known:
        close = difflib.get_close_matches(plain, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"Tunes: {', '.join(known)}."
        raise MusicVAEError(f"There is no tune '{name}'.", hint)
    file = FOLDER / f"{found}{suffix}"
    if not file.exists():
        raise MusicVAEError(f"The tunes have no '{suffix}' file.", "Use '.mid' or '.abc'.")
    return file


def load(name: str) -> NoteSequence:
    """Read a tune.

    Parameters
    ----------
    name
        One of `names`, or the title.

    Raises
    ------
    MusicVAEError
        No tune of that name; the hint has the nearest.
    """
    return read(path(name))


def build(folder: str | Path = FOLDER) -> list[Path]:
    """Make the MIDI files from the ABC: run it after changing a tune.

    Parameters
    ----------
    folder
        Where to write them; that of the package by default.

    Returns
    -------
    list of Path
        The files written.
    """
    return [write(read(path(name, ".abc")), Path(folder) / f"{name}.mid") for name in names()]
