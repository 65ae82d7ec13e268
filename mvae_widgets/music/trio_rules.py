"""How a piece becomes trio clips: who is the melody, who the bass, and the drums (MUSICVAE.md 4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .drum_rules import place_drums
from .labels import NOTE_OFF
from .melody_rules import place_melody
from .rules import Cast, Lose, Note, Rules, Why, names_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .chords import ChordEncoding
    from .converter import ClipSpec
    from .kits import Kit
    from .score import Score, Track

__all__ = ["BASS", "DRUMS", "MELODY", "PARTS", "TrioRules", "part_of"]

PARTS = ("melody", "bass", "drums")
MELODY, BASS, DRUMS = range(3)
WANTED = ("a program from 0 to 31", "a program from 32 to 39", "drums")


def part_of(program: int, is_drum: bool) -> int:
    """Part that a program plays: 0 melody, 1 bass, 2 drums, -1 none."""
    if is_drum:
        return DRUMS
    return MELODY if 0 <= program < 32 else BASS if 32 <= program < 40 else -1


class TrioRules(Rules):
    """The fullest melody, the fullest bass and all drum tracks; other tracks are refused.

    Parameters
    ----------
    spec
        Length, grid and range of a clip.
    kit
        The drums that the model knows.
    chord_encoding, condition_on_key
        As for `Rules`.
    """

    def __init__(self, spec: ClipSpec, kit: Kit, chord_encoding: ChordEncoding | None, condition_on_key: bool) -> None:
        super().__init__(spec, chord_encoding, condition_on_key)
        self.kit = kit

    def casts(self, score: Score) -> tuple[list[Cast], dict[int, Why]]:
        """One cast: of several melodies or basses the one that plays in most bars, the first among equals."""
        chosen: list[int] = []
        for part in (MELODY, BASS):
            candidates = self._tracks(score, part)
            chosen += sorted(candidates, key=lambda i: -_bars_played(score, i))[:1]
        chosen += self._tracks(score, DRUMS)
        refused = {i: self._why(score, i, chosen) for i in range(len(score.tracks)) if i not in chosen}
        if not chosen:
            return [], refused
        melodies = [score.tracks[i].program for i in chosen if self._part(score, i) == MELODY]
        return [Cast(tuple(chosen), names_of([score.tracks[i] for i in chosen]), *melodies)], refused

    def missing(self, score: Score) -> list[Why]:
        """Parts that no track plays."""
        return [
            (f"the piece has no {part}: that part is silent", f"give a track {wanted}")
            for number, (part, wanted) in enumerate(zip(PARTS, WANTED, strict=True))
            if not self._tracks(score, number)
        ]

    def refuse(self, pitch: int, velocity: int, track: Track) -> Why | None:
        """Silent notes, pitches out of range, drums that the kit does not have."""
        if not track.is_drum or velocity == 0:
            return super().refuse(pitch, velocity, track)
        if pitch not in self.kit.class_of:
            return f"{{n}} of drum {pitch}, which the model does not know", "use one of General MIDI's drums"
        return None

    def place(self, notes: Sequence[Note], score: Score, lose: Lose) -> NDArray[Any]:
        """Labels of melody, bass and drums, int16 [steps, 3]."""
        parts: list[list[Note]] = [[], [], []]
        for note in notes:
            parts[self._part(score, note.track)].append(note)
        tokens = self.silence()
        for part in (MELODY, BASS):
            tokens[:, part] = place_melody(
                parts[part], self.spec.steps, self.spec.min_pitch, self.spec.steps_per_quarter, lose
            )
        tokens[:, DRUMS] = place_drums(parts[DRUMS], self.spec.steps, self.kit) @ (1 << np.arange(len(self.kit)))
        return tokens

    def silence(self) -> NDArray[Any]:
        """Nothing in any part."""
        return np.zeros((self.spec.steps, len(PARTS)), np.int16)

    def onsets(self, tokens: NDArray[Any]) -> int:
        """Notes of all three parts."""
        drums = tokens[:, DRUMS, None].astype(np.int64) >> np.arange(len(self.kit)) & 1
        return int((tokens[:, :DRUMS] > NOTE_OFF).sum() + drums.sum())

    def _part(self, score: Score, index: int) -> int:
        track = score.tracks[index]
        return part_of(track.program, track.is_drum)

    def _tracks(self, score: Score, part: int) -> list[int]:
        return [i for i in range(len(score.tracks)) if self._part(score, i) == part]

    def _why(self, score: Score, index: int, chosen: list[int]) -> Why:
        part = self._part(score, index)
        if part < 0:
            program = score.tracks[index].program
            return (
                f"{{n}} of program {program}: the model hears a melody (0 to 31), a bass (32 to 39) and drums",
                "give the track a program that it hears",
            )
        taken = next(score.tracks[i].name for i in chosen if self._part(score, i) == part)
        return f"{{n}} of another {PARTS[part]}: {taken} is taken", "leave that track out to hear this one"


def _bars_played(score: Score, index: int) -> int:
    """Bars in which a track starts a note."""
    starts = score.notes[score.notes[:, 4] == index, 0]
    return len(np.unique(np.searchsorted(score.bar_starts(), starts, "right")))
