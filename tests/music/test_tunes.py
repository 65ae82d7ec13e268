"""The tunes that come with the package."""

from __future__ import annotations

from pathlib import Path

import pretty_midi
import pytest

from mvae_widgets.errors import MusicVAEError
from mvae_widgets.music import tunes
from mvae_widgets.music.clips import cut
from mvae_widgets.music.io import read
from mvae_widgets.music.score import from_sequence


def test_there_are_six() -> None:
    assert tunes.names() == [
        "ah-vous-dirai-je-maman", "devils-dream", "fishers-hornpipe", "frere-jacques", "low-road", "soldiers-joy",
    ]  # fmt: skip


def test_midi_files_are_those_that_the_abc_makes(tmp_path: Path) -> None:
    for built in tunes.build(tmp_path):
        assert built.read_bytes() == tunes.path(built.stem).read_bytes(), f"run tunes.build() for {built.stem}"


@pytest.mark.parametrize("name", tunes.names())
def test_every_bar_is_full_and_taken(name: str) -> None:
    sequence = tunes.load(name)
    bars = len(from_sequence(sequence).bar_starts()) - 1
    clips = cut(sequence)
    assert bars in (8, 12, 16)
    assert len(clips) == bars / 2
    assert clips.refused == ()
    assert clips[0].title
    for abc, midi in zip(read(tunes.path(name, ".abc")).notes, sequence.notes, strict=True):
        assert (abc.pitch, abc.program) == (midi.pitch, midi.program)
        assert abc.start_time == pytest.approx(midi.start_time, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "pitches"),
    [
        ("ah-vous-dirai-je-maman", [60, 60, 67, 67, 69, 69, 67]),
        ("frere-jacques", [60, 62, 64, 60, 60, 62, 64, 60]),
        ("soldiers-joy", [69, 66, 62, 66, 69, 66, 62, 66, 69, 74, 74, 73, 71]),
        ("devils-dream", [76, 81, 80, 81, 76, 81, 80, 81]),
        ("fishers-hornpipe", [74, 69, 66, 69, 67, 71, 69, 67]),
    ],
)
def test_they_begin_as_everyone_knows_them(name: str, pitches: list[int]) -> None:
    midi = pretty_midi.PrettyMIDI(str(tunes.path(name)))
    assert [n.pitch for n in midi.instruments[0].notes][: len(pitches)] == pitches


def test_the_bass_line_is_low_and_a_bass() -> None:
    sequence = tunes.load("low-road")
    assert {n.program for n in sequence.notes} == {33}
    assert max(n.pitch for n in sequence.notes) < 48
    assert min(n.pitch for n in sequence.notes) >= 28


@pytest.mark.parametrize(
    ("title", "name"),
    [("Soldier's Joy", "soldiers-joy"), ("The Devil's Dream", "devils-dream"), ("Frère Jacques", "frere-jacques")],
)
def test_titles_are_names_too(title: str, name: str) -> None:
    assert tunes.path(title) == tunes.path(name)
    assert tunes.load(name).sequence_metadata.title == title


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(MusicVAEError, match="no tune 'soldier joy'") as caught:
        tunes.load("soldier joy")
    assert caught.value.hint == "Did you mean 'soldiers-joy'?"
    with pytest.raises(MusicVAEError) as caught:
        tunes.load("xyz")
    assert "low-road" in caught.value.hint
    with pytest.raises(MusicVAEError, match=r"no '\.wav' file"):
        tunes.path("low-road", ".wav")
