"""Chords and keys as controls of a model (MUSICVAE.md 2.10).

Chord symbols are note_seq's: root, kind, modifications, bass. A model sees only their triad.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..errors import ConfigError
from .library import note_seq

if TYPE_CHECKING:
    from numpy.typing import NDArray

    OneHotEncoding = Any

__all__ = [
    "CHORD_ENCODINGS",
    "KEYS",
    "NO_CHORD",
    "ChordEncoding",
    "annotate",
    "key_class",
    "one_hot_controls",
    "refuse_chords",
    "require_chords",
    "spread_chords",
]

NO_CHORD = "N.C."
KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Encoding -> suffixes of its qualities: class 0 is no chord, then twelve roots a quality.
CHORD_ENCODINGS = {"triad": ("", "m", "aug", "dim"), "major_minor": ("", "m")}


class ChordEncoding:
    """Chord symbols as classes.

    Parameters
    ----------
    name
        ``"triad"`` (49 classes: none, then major, minor, augmented, diminished) or
        ``"major_minor"`` (25 classes).
    """

    def __init__(self, name: str) -> None:
        if name not in CHORD_ENCODINGS:
            raise ConfigError(f"There is no chord encoding '{name}'.", f"Use one of: {', '.join(CHORD_ENCODINGS)}.")
        self.name = name

    def __repr__(self) -> str:
        """Name the encoding."""
        return f"ChordEncoding({self.name!r})"

    @property
    def classes(self) -> int:
        """Number of classes, no chord included."""
        return 1 + 12 * len(CHORD_ENCODINGS[self.name])

    def encode(self, figure: str) -> int:
        """Class of a chord symbol such as ``"F#m7/C#"``; ``"N.C."`` is 0.

        Raises
        ------
        ConfigError
            Not a chord symbol, or one without a triad of this encoding (a sus chord, say).
        """
        library = note_seq()
        try:
            return int(self._one_hot.encode_event(figure))
        except library.chord_symbols_lib.ChordSymbolError as error:
            raise ConfigError(
                f"'{figure}' is not a chord symbol.", "Write a root and a kind: C, F#m7, Bbmaj7, G7/B, N.C."
            ) from error
        except library.chords_encoder_decoder.ChordEncodingError as error:
            kinds = " or ".join(suffix or "major" for suffix in CHORD_ENCODINGS[self.name])
            raise ConfigError(
                f"The model has no class for the chord '{figure}'.", f"Its triad must be {kinds}."
            ) from error

    def decode(self, index: int) -> str:
        """Name of a class: ``"N.C."``, ``"Eb"``, ``"Cm"``, ``"Abaug"``, ``"Fdim"``."""
        if not 0 <= index < self.classes:
            raise ConfigError(f"{index} is not a chord class.", f"Classes are 0 to {self.classes - 1}.")
        if index == 0:
            return NO_CHORD
        quality, root = divmod(int(index) - 1, 12)
        return KEYS[root] + CHORD_ENCODINGS[self.name][quality]

    def progression(self, figures: Sequence[str], steps: int) -> NDArray[np.uint8]:
        """Spread a chord progression evenly over the steps of a clip.

        Parameters
        ----------
        figures
            Chord symbols.
        steps
            Steps of the clip; step s takes chord floor(s * len / steps), as magenta.js does.

        Returns
        -------
        ndarray
            uint8 [steps], a class each.
        """
        if not figures:
            raise ConfigError("A chord progression needs a chord.", "Give chord symbols, such as C, Am, F, G.")
        classes = np.array([self.encode(figure) for figure in figures], np.uint8)
        return classes[np.arange(steps) * len(figures) // max(steps, 1)]

    @cached_property
    def _one_hot(self) -> OneHotEncoding:
        library = note_seq().chords_encoder_decoder
        if self.name == "triad":
            return library.TriadChordOneHotEncoding()
        return library.MajorMinorChordOneHotEncoding()


def key_class(name: str) -> int:
    """Return the number of a key, 0 (C) to 11 (B), from its name; enharmonic names are the same key."""
    alias = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E"}
    plain = name.strip().capitalize()
    if alias.get(plain, plain) not in KEYS:
        raise ConfigError(f"There is no key '{name}'.", f"Use one of: {', '.join(KEYS)}.")
    return KEYS.index(alias.get(plain, plain))


def one_hot_controls(
    chords: NDArray[np.integer[Any]] | None, keys: NDArray[np.integer[Any]] | None, encoding: ChordEncoding | None
) -> NDArray[np.float32] | None:
    """Make controls as a model reads them: the chord's one-hot, then the key's.

    Parameters
    ----------
    chords, keys
        Classes a step, or None where the model is not conditioned on them.
    encoding
        What the chord classes are.

    Returns
    -------
    ndarray or None
        float32 [steps, classes + 12], or the half of it that there is.
    """
    parts = []
    if chords is not None and encoding is not None:
        parts.append(np.eye(encoding.classes, dtype=np.float32)[chords])
    if keys is not None:
        parts.append(np.eye(12, dtype=np.float32)[keys])
    return np.concatenate(parts, axis=1) if parts else None


def refuse_chords() -> NoReturn:
    """Say that the model has no chords: raises `ConfigError`."""
    raise ConfigError("This model is not conditioned on chords.", "Leave chords out.")


def require_chords(encoding: ChordEncoding | None) -> ChordEncoding:
    """Return the encoding, or raise `ConfigError` where the model has none."""
    return encoding or refuse_chords()


def spread_chords(
    figures: Sequence[str], steps: int, encoding: ChordEncoding | None, with_key: bool
) -> NDArray[np.float32]:
    """Spread chord symbols evenly over steps as controls, the key being C where the model wants one."""
    chords = require_chords(encoding).progression(figures, steps)
    controls = one_hot_controls(chords, np.zeros(steps, np.int64) if with_key else None, encoding)
    assert controls is not None
    return controls


def annotate(
    sequence: Any,
    chords: Sequence[str] | Sequence[int] | NDArray[Any] | None,
    encoding: ChordEncoding | None,
    seconds: NDArray[np.floating[Any]],
) -> None:
    """Write chord symbols into a sequence, one wherever the chord changes.

    Parameters
    ----------
    sequence
        Changed in place.
    chords
        Chord symbols to be spread evenly, or a class for each step; None for none.
    encoding
        What the classes are.
    seconds
        Time of each step [steps], ascending.
    """
    if chords is None:
        return
    known = require_chords(encoding)
    if len(chords) and isinstance(chords[0], str):
        known.progression([str(figure) for figure in chords], len(seconds))  # each must have a class
        names = [str(chords[step * len(chords) // len(seconds)]) for step in range(len(seconds))]
    else:
        names = [known.decode(int(c)) for c in list(chords)[: len(seconds)]]
    note_seq().chords_lib.add_chords_to_sequence(sequence, names, seconds[: len(names)].tolist())
