"""Pieces put together as the parts of one, checked with pretty_midi."""

from __future__ import annotations

from pathlib import Path

import pretty_midi
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, ReadError

BEAT = "bd |x-------x-------|\nsn |----x-------x---|"


def test_a_tune_a_bass_and_a_beat_sound_together(tmp_path: Path) -> None:
    tune, bass = mv.tunes.load("soldiers-joy"), mv.tunes.load("low-road")
    path = mv.write(mv.ensemble(tune, bass, mv.beats.tab(BEAT, qpm=60)), tmp_path / "trio.mid")
    midi = pretty_midi.PrettyMIDI(str(path))
    assert sorted((part.program, part.is_drum) for part in midi.instruments) == [(0, False), (0, True), (33, False)]
    drums, low, high = sorted(midi.instruments, key=lambda part: (not part.is_drum, part.program == 0))
    bar = 4 * 60 / 190
    assert midi.get_tempo_changes()[1][0] == pytest.approx(190, abs=0.01)
    assert [n.pitch for n in high.notes] == [n.pitch for n in tune.notes]
    # Half as long: it comes twice. The beat is of one bar, at half the tempo: it follows the tune's beats.
    assert [n.pitch for n in low.notes] == 2 * [n.pitch for n in bass.notes]
    snares = sorted(n.start for n in drums.notes if n.pitch == 38)
    assert snares == pytest.approx([bar * (k + beat / 4) for k in range(16) for beat in (1, 3)], abs=2e-3)


def test_what_is_repeated_ends_with_the_longest() -> None:
    long = mv.read("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|CDEF|CDEF|\n")
    short = mv.read("X:1\nM:4/4\nL:1/1\nK:C\nG,|C,|\n")
    whole = mv.ensemble(long, short)
    low = [(n.pitch, n.start_time, n.end_time) for n in whole.notes if n.instrument == 1]
    assert [pitch for pitch, _, _ in low] == [55, 48, 55]
    assert low[-1][2] == pytest.approx(whole.total_time)
    assert whole.total_time == pytest.approx(long.total_time)


def test_what_is_no_music_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to put together"):
        mv.ensemble()
    with pytest.raises(ConfigError, match="not music"):
        mv.ensemble(mv.tunes.load("low-road"), 7)
    with pytest.raises(ReadError):
        mv.ensemble("nowhere.mid")
