"""How a piece becomes melody clips: one a track and window, one note at a time (MUSICVAE.md 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .labels import NOTE_OFF, labels_from_notes
from .rules import Cast, Lose, Note, Rules, Why

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .score import Score

__all__ = ["MelodyRules", "place_melody"]


class MelodyRules(Rules):
    """Every pitched track is a melody; drums are refused."""

    def casts(self, score: Score) -> tuple[list[Cast], dict[int, Why]]:
        """Each pitched track for itself."""
        drums: Why = ("{n} of drums: the model hears melodies", "use a drum model")
        tracks = list(enumerate(score.tracks))
        casts = [Cast((i,), track.name, track.program) for i, track in tracks if not track.is_drum]
        return casts, {i: drums for i, track in tracks if track.is_drum}

    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Labels, uint8 [steps]."""
        return place_melody(notes, self.spec.steps, self.spec.min_pitch, self.spec.steps_per_quarter, lose)

    def silence(self) -> NDArray[Any]:
        """Only holds."""
        return np.zeros(self.spec.steps, np.uint8)

    def onsets(self, tokens: NDArray[Any]) -> int:
        """Labels above the note-off."""
        return int((tokens > NOTE_OFF).sum())


def place_melody(
    notes: Sequence[Note], steps: int, min_pitch: int, steps_per_quarter: int, lose: Lose
) -> NDArray[np.uint8]:
    """Keep the notes that can be one melody, report the others, and return the labels.

    Parameters
    ----------
    notes
        Any notes of one window.
    steps
        Length of the window.
    min_pitch
        Pitch of label 2.
    steps_per_quarter
        The grid, for the words of the report.
    lose
        Called for each note that is left out or cut short.
    """
    kept: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, -n.pitch)):
        if not kept or kept[-1].start != note.start:
            kept.append(note)
        elif note.pitch != kept[-1].pitch:  # the same note twice: nothing is lost
            lose(note, _why_dropped(note, kept[-1], steps_per_quarter))
    for note, following in pairwise(kept):
        # One step is what playing legato costs; more is a note that was meant to sound on.
        if note.end > following.start + 1:
            rest = (following.span[0], *note.span[1:])
            shortened = Note(**{**vars(note), "span": rest})
            lose(shortened, ("{n} cut short by the next", "write the parts as two tracks"))
    table = np.array([(note.start, note.end, note.pitch) for note in kept]).reshape(-1, 3)
    return labels_from_notes(table, steps, min_pitch)


def _why_dropped(note: Note, kept: Note, steps_per_quarter: int) -> Why:
    (start, end, _, _), (other_start, other_end, _, _) = note.span, kept.span
    if (start < other_end and other_start < end) or start == other_start:
        return "{n} under a higher one", "keep the highest note"
    return f"{{n}} faster than a {4 * steps_per_quarter}th", "slow the piece down to half speed"
