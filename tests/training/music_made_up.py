"""Music files for the tests of `prepare` and `embed`, written by pretty_midi."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pretty_midi

STEP = 0.125  # seconds, at 120
BARS = 20
LATE = 0.010  # seconds that every snare is late
SNARE_VELOCITY = 101


def write_band(path: Path, seed: int = 0, bars: int = BARS) -> None:
    """Piano, bass and drums from the first bar to the last."""
    rng = np.random.default_rng(seed)
    midi = pretty_midi.PrettyMIDI(resolution=960, initial_tempo=120)
    piano, bass, drums = (
        pretty_midi.Instrument(p, d, n) for p, d, n in ((0, False, "P"), (33, False, "B"), (0, True, "D"))
    )
    for step in range(0, 16 * bars, 2):
        start = step * STEP
        if step % 16 == 0 or rng.random() < 0.7:
            pitch = int(rng.choice([60, 62, 64, 65, 67, 69, 71, 72]))
            piano.notes.append(pretty_midi.Note(80, pitch, start, start + 2 * STEP))
        if step % 4 == 0:
            bass.notes.append(pretty_midi.Note(90, int(rng.choice([36, 41, 43])), start, start + 4 * STEP))
        drums.notes.append(pretty_midi.Note(60, 42, start, start + STEP))
        if step % 8 == 0:
            drums.notes.append(pretty_midi.Note(110, 36, start, start + STEP))
        if step % 8 == 4:
            drums.notes.append(pretty_midi.Note(SNARE_VELOCITY, 38, start + LATE, start + LATE + STEP))
    midi.instruments += [piano, bass, drums]
    midi.write(str(path))


def write_tune(path: Path, seed: int, transpose: int = 0, bars: int = 8) -> None:
    """A melody of eighths and quarters, without a title."""
    rng = np.random.default_rng(seed)
    midi = pretty_midi.PrettyMIDI(initial_tempo=120)
    flute = pretty_midi.Instrument(73)
    for step in range(0, 16 * bars, 2):
        pitch, rest = int(rng.choice([60, 62, 64, 65, 67, 69, 71])), rng.random() < 0.3
        if step % 16 == 0 or not rest:
            flute.notes.append(pretty_midi.Note(80, pitch + transpose, step * STEP, (step + 2) * STEP))
    midi.instruments.append(flute)
    midi.write(str(path))
