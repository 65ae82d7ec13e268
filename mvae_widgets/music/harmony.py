"""The chord and the key at every place of a piece, for models that are conditioned on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MusicVAEError
from .library import note_seq
from .quantising import has_chords, infer_missing_chords, quantise, split_on_time_changes
from .score import LONGEST, TempoMap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .rules import Rules

    NoteSequence = Any

__all__ = ["Harmony"]


class Harmony:
    """Chords and keys of one piece; inferred where the piece has no chord symbols (MUSICVAE.md 4.10).

    Parameters
    ----------
    sequence
        The piece.
    rules
        Say what the model is conditioned on.
    """

    def __init__(self, sequence: NoteSequence, rules: Rules) -> None:
        self.rules = rules
        self.grid = rules.spec.steps_per_quarter
        # (quarter, reason, remedy) of chords that the model has no class for
        self.refused: list[tuple[float, str, str]] = []
        self._chords = self._changes([(0.0, 0)])
        self._keys = self._changes([(0.0, 0)])
        tempo_map = TempoMap.of(sequence)
        if rules.chord_encoding:
            symbols = _symbols(sequence) if has_chords(sequence) else _inferred(sequence)
            self._chords = self._changes([(0.0, 0), *self._classes(symbols, tempo_map)])
        if rules.condition_on_key and sequence.key_signatures:
            times = [(float(tempo_map.quarters(k.time)), int(k.key) % 12) for k in sequence.key_signatures]
            keys = sorted((max(quarter, 0.0), key) for quarter, key in times if abs(quarter) < LONGEST)
            # Before its first key signature a piece is in the key that follows.
            self._keys = self._changes([(0.0, keys[0][1] if keys else 0), *keys])

    def at(self, quarter: float, steps: NDArray[np.int64]) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
        """Classes of chord and key at steps of a window; None where the model does not want them.

        Parameters
        ----------
        quarter
            Where the window starts.
        steps
            Steps from there; -1 for no chord.
        """
        places = quarter * self.grid + np.maximum(steps, 0) + 1e-3
        chords = np.where(steps < 0, 0, _value(self._chords, places)).astype(np.uint8)
        keys = _value(self._keys, places).astype(np.uint8)
        return (
            chords if self.rules.chord_encoding else None,
            keys if self.rules.condition_on_key else None,
        )

    def _classes(self, symbols: list[tuple[float, str]], tempo_map: TempoMap) -> list[tuple[float, int]]:
        assert self.rules.chord_encoding is not None
        found = []
        for seconds, figure in symbols:
            quarter = float(tempo_map.quarters(seconds))
            if not 0 <= quarter < LONGEST:
                continue
            try:
                found.append((quarter, self.rules.chord_encoding.encode(figure)))
            except MusicVAEError as error:
                found.append((quarter, 0))
                self.refused.append((quarter, f"{error.message} It hears no chord", "write a plain triad"))
        return found

    def _changes(self, values: list[tuple[float, int]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Steps at which a value begins, ascending, and the values."""
        places, classes = zip(*values, strict=True)
        return np.floor(np.array(places, np.float64) * self.grid + 0.5), np.array(classes)


def _value(changes: tuple[NDArray[np.float64], NDArray[np.int64]], places: NDArray[np.float64]) -> NDArray[np.int64]:
    starts, values = changes
    return np.asarray(values[np.searchsorted(starts, places, "right") - 1])


def _symbols(sequence: NoteSequence) -> list[tuple[float, str]]:
    chord = note_seq().NoteSequence.TextAnnotation.CHORD_SYMBOL
    found = [(a.time, str(a.text)) for a in sequence.text_annotations if a.annotation_type == chord]
    return sorted((time, text) for time, text in found if math.isfinite(time))


def _inferred(sequence: NoteSequence) -> list[tuple[float, str]]:
    """Chords heard in the notes; none for what inference does not take."""
    try:
        pieces = split_on_time_changes(sequence)
    except MusicVAEError:  # a quantised sequence
        return []
    found = []
    for piece in pieces:
        quantised = quantise(piece, 4)
        if quantised is not None and infer_missing_chords(quantised):
            offset = piece.subsequence_info.start_time_offset
            found += [(offset + time, figure) for time, figure in _symbols(quantised)]
    return found
