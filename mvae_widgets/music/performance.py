"""One track of a bar as performance events: note on, note off, time shift, velocity (MUSICVAE.md 4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DRUM_PROGRAM", "TrackNote", "Vocabulary"]

PITCHES = 128
PROGRAMS = 128
# Where a program is asked for, the program of a drum track.
DRUM_PROGRAM = 128

TrackNote = tuple[int, int, int, int]  # start and end step, pitch, velocity bin


@dataclass(frozen=True)
class Vocabulary:
    """The labels of a multitrack model: 490 with the published settings.

    Parameters
    ----------
    max_shift
        Longest time shift in steps.
    velocity_bins
        Number of loudness steps; 0 for no velocities.
    """

    max_shift: int = 96
    velocity_bins: int = 8

    @property
    def note_off(self) -> int:
        """Label of the lowest note-off; note-on is 0 to 127."""
        return PITCHES

    @property
    def shift(self) -> int:
        """Label of a shift by no step, so that ``shift + k`` shifts by k from 1."""
        return 2 * PITCHES - 1

    @property
    def velocity(self) -> int:
        """Label of bin 0, so that ``velocity + b`` is bin b from 1."""
        return self.shift + self.max_shift

    @property
    def program(self) -> int:
        """Label of program 0; `DRUM_PROGRAM` above it is a drum track."""
        return self.velocity + self.velocity_bins + 1

    @property
    def end(self) -> int:
        """Label of the end of a track."""
        return self.program + PROGRAMS + 1

    @property
    def size(self) -> int:
        """Number of labels."""
        return self.end + 1

    @property
    def bin_size(self) -> int:
        """MIDI velocities to a bin."""
        return -(-127 // self.velocity_bins) if self.velocity_bins else 127

    def bin_of(self, velocity: int) -> int:
        """Bin of a MIDI velocity from 1."""
        return (velocity - 1) // self.bin_size + 1

    def steps_of(self, labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Step at which each event of a track happens, before its own shift."""
        shifts = labels - self.shift
        moves = np.where((shifts > 0) & (shifts <= self.max_shift), shifts, 0)
        return np.concatenate([[0], np.cumsum(moves)[:-1]]).astype(np.int64)[: len(labels)]

    def encode(self, notes: Sequence[TrackNote], length: int) -> list[int]:
        """Events of notes in the order that upstream gives them, filled up to a length by shifts.

        Parameters
        ----------
        notes
            In the order in which notes of one step are to start.
        length
            Steps of the track.
        """
        moments = sorted(
            [(start, i, False) for i, (start, _, _, _) in enumerate(notes)]
            + [(end, i, True) for i, (_, end, _, _) in enumerate(notes)]
        )
        labels: list[int] = []
        now = loudness = 0
        for step, i, off in moments:
            labels += self._shifts(step - now)
            now = step
            _, _, pitch, velocity = notes[i]
            if not off and self.velocity_bins and velocity != loudness:
                loudness = velocity
                labels.append(self.velocity + velocity)
            labels.append(pitch + (self.note_off if off else 0))
        return labels + self._shifts(length - now)

    def decode(self, labels: Sequence[int] | NDArray[Any], length: int) -> tuple[int, list[TrackNote]]:
        """Program and notes of one track's labels, up to its end.

        Parameters
        ----------
        labels
            Of one track; the first program counts, others are passed over.
        length
            Steps of the track: what lies later is cut off.

        Returns
        -------
        program, notes
            `DRUM_PROGRAM` for drums, 0 where none is named. Notes in the order in which they end, as
            upstream gives them; bin 0 where no velocity was named. Notes without length are dropped,
            note-offs without a note ignored, notes without a note-off held to the end.
        """
        program: int | None = None
        step = loudness = 0
        open_notes: dict[int, list[tuple[int, int]]] = {}
        notes: list[TrackNote] = []
        for label in np.asarray(labels).tolist():
            if label < 0 or label == self.end:
                break
            if label < self.note_off:
                open_notes.setdefault(label, []).append((step, loudness))
            elif label <= self.shift:
                pitch = label - self.note_off
                waiting = open_notes.setdefault(pitch, [])
                if waiting:
                    start, velocity = waiting.pop(0)
                    if start < step:
                        notes.append((start, step, pitch, velocity))
            elif label <= self.velocity:
                step += label - self.shift
                if step > length:  # what would come now is beyond the end
                    step = length
                    break
            elif label < self.program:
                loudness = label - self.velocity
            elif program is None:
                program = label - self.program
        notes += [
            (start, length, pitch, velocity)
            for pitch, held in open_notes.items()
            for start, velocity in held
            if start < length
        ]
        return program or 0, notes

    def _shifts(self, steps: int) -> list[int]:
        whole, rest = divmod(steps, self.max_shift)
        return [self.shift + self.max_shift] * whole + ([self.shift + rest] if rest else [])
