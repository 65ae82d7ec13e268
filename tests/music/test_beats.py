"""Drum tablature, read by pretty_midi after it was written to a MIDI file."""

from __future__ import annotations

from pathlib import Path

import pretty_midi
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, ReadError

TAB = """
hh |x-x-x-x-x-x-x-o-|
sn |----X-----g-X---|

bd |x...............|................|
"""


def test_every_stroke_sounds_where_it_is_written(tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI(str(mv.write(mv.beats.tab(TAB, qpm=100), tmp_path / "beat.mid")))
    (drums,) = midi.instruments
    assert drums.is_drum
    step = 60 / 100 / 4
    heard = {(pretty_midi.note_number_to_drum_name(n.pitch), round(n.start / step), n.velocity) for n in drums.notes}
    assert heard == {
        *(("Closed Hi Hat", at, 88) for at in (0, 2, 4, 6, 8, 10, 12)),
        ("Open Hi Hat", 14, 88),
        ("Acoustic Snare", 4, 112),
        ("Acoustic Snare", 10, 40),
        ("Acoustic Snare", 12, 112),
        ("Bass Drum 1", 16, 88),
    }


@pytest.mark.parametrize("name", mv.beats.names())
def test_beats_are_two_bars_that_drum_models_take(name: str) -> None:
    beat = mv.beats.load(name)
    assert beat.total_time == pytest.approx(8 * 60 / beat.tempos[0].qpm)
    assert len(beat.notes) >= 16
    assert all(note.is_drum for note in beat.notes)
    assert beat.sequence_metadata.title.lower().replace(" ", "-") == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cowbell |x---------------|", "Line 1 of the tab begins with 'cowbell'"),
        ("bd |x---------------|\nsn |x--?------------|", "Line 2 of the tab, bar 1: '\\?'"),
        ("bd |x---|", "bar 1 has 4 steps"),
        ("bd |x---------------|\nsn |x---------------|x---------------|", "has 32 steps, the line above 16"),
    ],
)
def test_a_line_that_is_no_tab_is_named(text: str, says: str) -> None:
    with pytest.raises(ReadError, match=says):
        mv.beats.tab(text)


def test_no_such_beat() -> None:
    with pytest.raises(ConfigError, match="no beat 'polka'"):
        mv.beats.load("polka")
