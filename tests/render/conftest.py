"""Music that the tests of pictures and sound are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

Row = tuple[float, float, int, int, int, int, bool]
Make = Callable[..., Any]

MELODY: tuple[Row, ...] = tuple(
    (i * 0.5, i * 0.5 + 0.5, pitch, 40 + (i * 17) % 80, 0, 0, False)
    for i, pitch in enumerate([67, 71, 74, 79, 78, 76, 74, 72, 71, 74, 71, 67, 66, 69, 67, 67])
)
BASS: tuple[Row, ...] = tuple(
    (float(i), i + 0.9, pitch, 80, 1, 33, False) for i, pitch in enumerate([43, 43, 38, 38, 36, 36, 38, 43])
)
DRUMS: tuple[Row, ...] = (
    *((float(i), i + 0.1, 36, 110, 9, 0, True) for i in (0, 3, 4, 7)),
    *((float(i), i + 0.1, 38, 90, 9, 0, True) for i in (1, 5)),
    *((i / 2, i / 2 + 0.1, 42, 60 + 5 * (i % 4), 9, 0, True) for i in range(16)),
)


@pytest.fixture
def make() -> Make:
    """Build a NoteSequence from rows (start, end in quarters, pitch, velocity, instrument, program, drum)."""

    def build(rows: Iterable[Row], title: str = "", qpm: float = 120, meter: tuple[int, int] = (4, 4)) -> Any:
        from note_seq import NoteSequence

        sequence = NoteSequence()
        sequence.tempos.add(qpm=qpm)
        sequence.time_signatures.add(numerator=meter[0], denominator=meter[1])
        sequence.sequence_metadata.title = title
        for start, end, pitch, velocity, instrument, program, is_drum in rows:
            sequence.notes.add(
                start_time=start * 60 / qpm,
                end_time=end * 60 / qpm,
                pitch=pitch,
                velocity=velocity,
                instrument=instrument,
                program=program,
                is_drum=is_drum,
            )
        sequence.total_time = max((note.end_time for note in sequence.notes), default=0)
        return sequence

    return build


@pytest.fixture
def melody(make: Make) -> Any:
    return make(MELODY, "Devil's Dream")


@pytest.fixture
def drums(make: Make) -> Any:
    return make(DRUMS, "Groove", qpm=138)


@pytest.fixture
def trio(make: Make) -> Any:
    return make((*MELODY, *BASS, *DRUMS), "Nightingale", qpm=112)
