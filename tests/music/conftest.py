"""Sequences by the row, as MUSICVAE.md section 8 writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mvae_widgets.music.library import note_seq


@pytest.fixture
def sequence_of() -> Callable[..., Any]:
    """(pitch, velocity, start_s, end_s[, instrument[, program[, is_drum]]]) to a NoteSequence."""

    def make(
        *rows: tuple[Any, ...],
        qpm: float = 120.0,
        meters: tuple[tuple[float, int, int], ...] = (),
        tempos: tuple[tuple[float, float], ...] = (),
        total: float | None = None,
    ) -> Any:
        sequence = note_seq().NoteSequence(ticks_per_quarter=220)
        for time, tempo in tempos or ((0.0, qpm),):
            sequence.tempos.add(time=time, qpm=tempo)
        for time, numerator, denominator in meters:
            sequence.time_signatures.add(time=time, numerator=numerator, denominator=denominator)
        for row in rows:
            pitch, velocity, start, end, instrument, program, is_drum = (*row, *(0, 0, False)[len(row) - 4 :])
            sequence.notes.add(
                pitch=pitch,
                velocity=velocity,
                start_time=start,
                end_time=end,
                instrument=instrument,
                program=program,
                is_drum=is_drum,
            )
        sequence.total_time = max((n.end_time for n in sequence.notes), default=0.0) if total is None else total
        return sequence

    return make
