"""Melodies as labels: one note at a time, one label a step (MUSICVAE.md 4.4, 4.5).

A label is 0 (go on), 1 (note-off) or 2 + pitch - min_pitch (a new note). A note lasts until the
next label that is not 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .library import note_seq

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any

__all__ = [
    "FIRST_PITCH",
    "HOLD",
    "NOTE_OFF",
    "TICKS_PER_QUARTER",
    "labels_from_notes",
    "notes_from_labels",
    "sequence_from_notes",
]

HOLD, NOTE_OFF = 0, 1
FIRST_PITCH = 2
TICKS_PER_QUARTER = 220


def labels_from_notes(notes: NDArray[np.integer[Any]], steps: int, min_pitch: int) -> NDArray[np.uint8]:
    """Place notes on the grid, one at a time (MUSICVAE.md 4.4).

    Parameters
    ----------
    notes
        Integers [n, 3]: start and end step and pitch. Of notes that start together the highest is
        kept; each note is cut off by the next; what reaches beyond the end is held to the end.
    steps
        Length of the result.
    min_pitch
        The pitch of label 2.

    Returns
    -------
    ndarray
        uint8 [steps].
    """
    labels = np.zeros(steps, np.uint8)
    for start, end, pitch in notes[np.lexsort((notes[:, 2], notes[:, 0]))].tolist():
        labels[start:] = HOLD
        labels[start] = FIRST_PITCH + pitch - min_pitch
        if end < steps:
            labels[end] = NOTE_OFF
    return labels


def notes_from_labels(labels: NDArray[np.integer[Any]], min_pitch: int) -> NDArray[np.int64]:
    """Find the notes of a label array: int64 [n, 3] of start step, end step (not included), pitch."""
    events = np.flatnonzero(labels)
    ends = np.append(events, len(labels))[1:]
    onset = labels[events] >= FIRST_PITCH
    pitches = labels[events].astype(np.int64) - FIRST_PITCH + min_pitch
    return np.column_stack([events, ends, pitches])[onset].astype(np.int64)


def sequence_from_notes(
    notes: NDArray[np.integer[Any]],
    steps_per_quarter: int,
    *,
    qpm: float = 120.0,
    velocity: int = 80,
    program: int = 0,
    instrument: int = 0,
    total_steps: int | None = None,
) -> NoteSequence:
    """Make a NoteSequence of notes on the grid.

    Parameters
    ----------
    notes
        Integers [n, 3]: start and end step and pitch.
    steps_per_quarter
        The grid.
    qpm, velocity, program, instrument
        Given to the sequence and its notes.
    total_steps
        Length of the sequence; the end of the last note by default.
    """
    sequence = note_seq().NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER)
    sequence.tempos.add(qpm=qpm)
    step = 60.0 / qpm / steps_per_quarter
    for start, end, pitch in notes.tolist():
        sequence.notes.add(
            pitch=pitch,
            velocity=velocity,
            start_time=start * step,
            end_time=end * step,
            program=program,
            instrument=instrument,
        )
    last = int(notes[:, 1].max(initial=0)) if total_steps is None else total_steps
    sequence.total_time = last * step
    return sequence
