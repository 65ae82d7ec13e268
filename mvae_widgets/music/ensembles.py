"""Pieces as the parts of one: a tune, a bass line and a beat make a trio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .library import note_seq
from .score import EPSILON, TempoMap, from_sequence
from .sequences import as_sequence

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["ensemble"]

# General MIDI's channel of the drums.
DRUMS = 9


def ensemble(*pieces: Any) -> NoteSequence:
    """Let pieces sound together, beat by beat.

    All begin together, at the tempo and in the meter of the first; shorter ones are repeated until the longest ends.

    Parameters
    ----------
    *pieces
        What `PianoRoll` takes: a tune, a bass line, a beat (`beats.tab`). Instruments stay as they are.

    Returns
    -------
    NoteSequence
        With the first piece's title, tempos and meters, and a track for each of all tracks; drums share one.

    Raises
    ------
    ConfigError
        If there are none, or one is no music.
    ReadError
        If a file cannot be read.
    """
    if not pieces:
        raise ConfigError("There is nothing to put together.", "Give pieces, such as a tune and a beat.")
    sequences = [as_sequence(piece) for piece in pieces]
    scores = [from_sequence(sequence) for sequence in sequences]
    first, tempo = sequences[0], TempoMap.of(sequences[0])
    end = max(score.quarters for score in scores)
    whole = note_seq().NoteSequence()
    whole.ticks_per_quarter = first.ticks_per_quarter
    for field in ("tempos", "time_signatures", "key_signatures"):
        getattr(whole, field).extend(getattr(first, field))
    whole.sequence_metadata.title = first.sequence_metadata.title
    pitched = iter(number for number in range(1 << 16) if number != DRUMS)
    for score in scores:
        instruments = [DRUMS if track.is_drum else next(pitched) for track in score.tracks]
        for instrument, track in zip(instruments, score.tracks, strict=True):
            whole.instrument_infos.add(instrument=instrument, name=track.name)
        for k in range(math.ceil((end - EPSILON) / score.quarters)):
            for start, stop, pitch, velocity, track, program, is_drum in score.notes.tolist():
                start, stop = start + k * score.quarters, min(end, stop + k * score.quarters)
                if start < end - EPSILON:
                    whole.notes.add(
                        start_time=float(tempo.seconds(start)),
                        end_time=float(tempo.seconds(stop)),
                        pitch=int(pitch),
                        velocity=int(velocity),
                        instrument=instruments[int(track)],
                        program=int(program),
                        is_drum=bool(is_drum),
                    )
    whole.total_time = float(tempo.seconds(end))
    return whole
