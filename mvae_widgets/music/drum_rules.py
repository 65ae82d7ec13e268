"""How a piece becomes drum clips and grooves: all drum tracks together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .rules import Cast, Lose, Note, Rules, Why, names_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .converter import ClipSpec
    from .kits import Kit
    from .score import Score, Track

__all__ = ["DrumRules", "GrooveRules", "place_drums"]

EARLY_DRUM = "slow the piece down to half speed"


class DrumRules(Rules):
    """Which drums start at each step; pitched tracks are refused.

    Parameters
    ----------
    spec
        Length and grid of a clip.
    kit
        The drums that the model knows.
    """

    def __init__(self, spec: ClipSpec, kit: Kit) -> None:
        super().__init__(spec)
        self.kit = kit

    def casts(self, score: Score) -> tuple[list[Cast], dict[int, Why]]:
        """All drum tracks at once."""
        pitched: Why = ("{n} that are not drums: the model hears drums", "use a melody model, or mark them as drums")
        drums = [i for i, track in enumerate(score.tracks) if track.is_drum]
        casts = [Cast(tuple(drums), names_of([score.tracks[i] for i in drums]))] if drums else []
        return casts, {i: pitched for i, track in enumerate(score.tracks) if not track.is_drum}

    def refuse(self, pitch: int, velocity: int, track: Track) -> Why | None:
        """Silent notes and drums that the kit does not have."""
        if velocity == 0:
            return "{n} with velocity 0", "give it a velocity from 1"
        return self._unknown(pitch)

    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Class bits, uint8 [steps, classes]."""
        return place_drums(notes, self.spec.steps, self.kit)

    def silence(self) -> NDArray[Any]:
        """No drum at any step."""
        return np.zeros((self.spec.steps, len(self.kit)), np.uint8)

    def onsets(self, tokens: NDArray[Any]) -> int:
        """Bits that are set."""
        return int((tokens[:, : len(self.kit)] > 0).sum())

    def _unknown(self, pitch: int) -> Why | None:
        if pitch not in self.kit.class_of:
            return f"{{n}} of drum {pitch}, which the model does not know", "use one of General MIDI's drums"
        return None


def place_drums(notes: Sequence[Note], steps: int, kit: Kit) -> NDArray[np.uint8]:
    """Set a bit for each step and class with a note: uint8 [steps, classes]. Two in one place are one."""
    bits = np.zeros((steps, len(kit)), np.uint8)
    for note in notes:
        bits[note.start, kit.class_of[note.pitch]] = 1
    return bits


class GrooveRules(DrumRules):
    """Which drums start at each step, how loud, and how early (MUSICVAE.md 4.8)."""

    def refuse(self, pitch: int, velocity: int, track: Track) -> Why | None:
        """Drums that the kit does not have; a note without velocity is a hit without loudness."""
        return self._unknown(pitch)

    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Hits, velocities and offsets, float32 [steps, 3 classes]; of two in one place the louder."""
        hits, velocities, offsets = np.zeros((3, self.spec.steps, len(self.kit)), np.float32)
        for note in sorted(notes, key=lambda n: -n.velocity):
            place = note.start, self.kit.class_of[note.pitch]
            if hits[place]:
                lose(note, ("{n} in one step with a louder one of its drum", EARLY_DRUM))
                continue
            hits[place] = 1
            velocities[place] = min(max(note.velocity, 0), 127) / 127
            offsets[place] = min(max(2 * (note.start - note.exact), -1), 1)
        return np.concatenate([hits, velocities, offsets], axis=1)

    def silence(self) -> NDArray[Any]:
        """No hit at any step."""
        return np.zeros((self.spec.steps, 3 * len(self.kit)), np.float32)

    def onsets(self, tokens: NDArray[Any]) -> int:
        """Hits."""
        return int((tokens[:, : len(self.kit)] > 0.5).sum())
