"""The transport's traits, and who may sound: one at a time, whichever frames the widgets are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.widgets import messages
from tests.render import soundfont_file


@pytest.fixture
def rolls(reel: Any) -> list[mv.PianoRoll]:
    return [mv.PianoRoll(reel) for _ in range(3)]


@pytest.fixture
def trio() -> mv.PianoRoll:
    import pretty_midi

    midi = pretty_midi.PrettyMIDI()
    for program, name, drum in ((0, "Melody", False), (33, "Bass", False), (0, "Drums", True)):
        part = pretty_midi.Instrument(program, drum, name)
        part.notes.append(pretty_midi.Note(80, 60, 0, 1))
        midi.instruments.append(part)
    return mv.PianoRoll(midi)


def test_one_widget_plays_at_a_time(rolls: list[mv.PianoRoll]) -> None:
    rolls[0].playing = True
    rolls[1].playing = True
    assert [roll.playing for roll in rolls] == [False, True, False]
    rolls[1].playing = False
    assert [roll.playing for roll in rolls] == [False, False, False]


def test_those_that_play_together_silence_the_others_and_not_each_other(rolls: list[mv.PianoRoll]) -> None:
    together = mv.play_together(rolls[0], rolls[1])
    rolls[2].playing = True
    rolls[0].playing = True
    rolls[1].playing = True
    assert [roll.playing for roll in rolls] == [True, True, False]
    together.end()
    rolls[0].playing = False
    rolls[0].playing = True
    assert [roll.playing for roll in rolls] == [True, False, False]


def test_when_one_began_is_told_to_its_mates_alone(rolls: list[mv.PianoRoll]) -> None:
    mv.play_together(rolls[0], rolls[1])
    rolls[1]._since = 1234.5
    assert [roll._since for roll in rolls] == [1234.5, 1234.5, 0.0]
    rolls[0]._since = 0.0
    assert [roll._since for roll in rolls] == [0.0, 0.0, 0.0]


def test_together_is_at_one_tempo_and_swing_until_it_ends(rolls: list[mv.PianoRoll]) -> None:
    rolls[0].tempo = 96.0
    together = mv.play_together(*rolls)
    assert {roll.tempo for roll in rolls} == {96.0}
    rolls[2].swing = 0.6
    assert {roll.swing for roll in rolls} == {0.6}
    together.end()
    rolls[0].tempo = 50.0
    assert rolls[1].tempo == 96.0


def test_what_cannot_play_together(rolls: list[mv.PianoRoll]) -> None:
    for wrong in ([], rolls[:1], [rolls[0], rolls[0]], [rolls[0], "roll"]):
        with pytest.raises(ConfigError):
            mv.play_together(*wrong)  # type: ignore[arg-type]


def test_tracks_are_mixed_by_number_or_name(trio: mv.PianoRoll) -> None:
    seen: list[Any] = []
    trio.observe(lambda change: seen.append(change.new), "mix")
    trio.mute("bass")
    trio.set_level(2, 0.5)
    trio.set_instrument("Melody", "Flute")
    trio.solo(0)
    assert trio.mix == [{"program": 73, "solo": True}, {"mute": True}, {"level": 0.5}]
    assert len(seen) == 4
    trio.mute(1, on=False)
    trio.set_level("Drums", 1)
    trio.set_instrument(0, None)
    trio.solo("Melody", on=False)
    assert trio.mix == []


WRONG: dict[str, Callable[[mv.PianoRoll], object]] = {
    "no such name": lambda roll: roll.mute("Tuba"),
    "no such number": lambda roll: roll.solo(3),
    "a level above 1": lambda roll: roll.set_level(0, 1.5),
    "an instrument outside GM": lambda roll: roll.set_instrument(0, 128),
    "an instrument of no name": lambda roll: roll.set_instrument(0, "Floot"),
    "a region that ends before it begins": lambda roll: setattr(roll, "loop_region", [4, 4]),
    "a region of one": lambda roll: setattr(roll, "loop_region", [4]),
    "a swing beyond a dotted eighth": lambda roll: setattr(roll, "swing", 0.8),
    "a mix of something else": lambda roll: setattr(roll, "mix", [{"pan": 1}]),
    "a mix out of range": lambda roll: setattr(roll, "mix", [{"level": 2}]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused_changes_nothing(name: str, trio: mv.PianoRoll) -> None:
    with pytest.raises(ConfigError):
        WRONG[name](trio)
    assert (trio.mix, trio.loop_region, trio.swing) == ([], [], 0.5)


def test_a_region_is_taken_as_any_pair_of_numbers(trio: mv.PianoRoll) -> None:
    trio.loop_region = (1, 3)
    assert trio.loop_region == [1.0, 3.0]
    trio.loop_region = []
    assert trio.loop_region == []


class TestSoundFont:
    @pytest.fixture(autouse=True)
    def _own_again(self) -> Iterator[None]:
        yield
        mv.use_soundfont(None)

    def test_widgets_that_are_shown_and_new_ones_take_it(self, reel: Any, tmp_path: Path) -> None:
        before = mv.PianoRoll(reel)
        assert before._bank == ""
        mv.use_soundfont(soundfont_file.write(tmp_path / "sine.sf2"))
        assert before._bank == mv.PianoRoll(reel)._bank != ""
        mv.use_soundfont(None)
        assert before._bank == ""

    def test_a_broken_one_leaves_them_what_they_have(self, reel: Any, tmp_path: Path) -> None:
        roll = mv.PianoRoll(reel)
        (tmp_path / "broken.sf2").write_bytes(b"RIFF")
        with pytest.raises(ReadError):
            mv.use_soundfont(tmp_path / "broken.sf2")
        assert roll._bank == ""

    def test_it_goes_to_the_page_in_pieces(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = soundfont_file.write(tmp_path / "sine.sf2")
        mv.use_soundfont(path)
        monkeypatch.setattr(messages, "PIECE", 7000)
        got, sizes = b"", []
        while len(got) < path.stat().st_size:
            about, (piece,) = messages.asset("soundfont.sf2", start=len(got))
            assert (about["size"], about["length"]) == (path.stat().st_size, len(piece))
            got += piece
            sizes.append(len(piece))
        assert got == path.read_bytes()
        assert max(sizes) == 7000
