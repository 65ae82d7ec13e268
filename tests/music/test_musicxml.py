"""MusicXML, against what is printed in the score."""

from __future__ import annotations

from pathlib import Path

import pytest

from mvae_widgets.errors import ReadError
from mvae_widgets.music.io import read
from mvae_widgets.music.score import Track, from_sequence


@pytest.fixture
def text(fixtures: Path) -> str:
    return (fixtures / "music" / "two_parts.musicxml").read_text()


def test_notes_tempos_meters_and_parts(text: str) -> None:
    """A pick-up of a quarter; a tie over the bar line; a grace note; a second voice that stops early."""
    sequence = read(text)
    score = from_sequence(sequence)
    rows = [tuple(row) for row in score.notes[:, [0, 1, 2, 4]].tolist()]
    assert rows == [(0, 1, 67, 0), (1, 4, 72, 0), (1, 5, 48, 1), (1, 2, 55, 1), (4, 7, 76, 0), (5, 9, 42, 1)]
    assert score.tracks == (Track("Flute", 73, False), Track("Bassoon", 70, False))
    assert score.tempos == ((0, 60), (5, 120))
    assert score.meters == ((0, 1, 4), (1, 4, 4))
    assert score.bar_starts() == [0, 1, 5, 9]
    assert score.title == "Two Parts"
    assert sequence.total_time == 7
    assert [n.end_time for n in sequence.notes if n.pitch in (76, 42)] == [6, 7]


def test_a_sound_outside_a_direction_and_a_namespace(text: str) -> None:
    moved = text.replace('<direction><sound tempo="60"/></direction>', '<sound tempo="60"/>')
    assert from_sequence(read(moved)).tempos == ((0, 60), (5, 120))
    spaced = text.replace('<score-partwise version="4.0">', '<score-partwise xmlns="http://x.org/y" version="4.0">')
    assert len(read(spaced).notes) == 6


def test_percussion_channel(text: str) -> None:
    drums = text.replace(
        "<midi-channel>1</midi-channel><midi-program>71", "<midi-channel>10</midi-channel><midi-program>1"
    )
    assert [t.is_drum for t in from_sequence(read(drums)).tracks] == [False, True]


def test_parts_without_midi_settings(text: str) -> None:
    bare = text.replace("<midi-channel>1</midi-channel>", "").replace("<midi-program>74</midi-program>", "")
    assert [t.program for t in from_sequence(read(bare)).tracks] == [0, 70]


def test_a_meter_change_and_a_short_bar(text: str) -> None:
    waltz = text.replace(
        '<measure number="2">',
        '<measure number="2"><attributes><time><beats>2</beats><beat-type>4</beat-type></time></attributes>',
        1,
    )
    assert from_sequence(read(waltz)).meters[:2] == ((0, 1, 4), (1, 4, 4))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<step>G</step>", "<step>H</step>"),
        ("<duration>6</duration>", "<duration>x</duration>"),
        ("<divisions>2</divisions>", "<divisions>0</divisions>"),
        ("<pitch><step>G</step><octave>4</octave></pitch>", "<unpitched/>"),
    ],
)
def test_damage_is_a_read_error(text: str, old: str, new: str) -> None:
    with pytest.raises(ReadError, match="the given text") as caught:
        read(text.replace(old, new))
    assert caught.value.hint
