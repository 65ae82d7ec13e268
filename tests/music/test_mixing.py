"""What a mixer and a swing leave of music, in numbers worked out by hand."""

from __future__ import annotations

import mvae_widgets as mv
from mvae_widgets.music.mixing import as_heard
from mvae_widgets.music.score import Score, from_sequence


def trio() -> Score:
    tune = mv.read("X:1\nM:4/4\nL:1/16\nK:C\nC4D2E2FGABc4|\n")
    bass = mv.read("X:1\nI:MIDI program 33\nM:4/4\nL:1/4\nK:C\nC,,4|\n")
    return from_sequence(mv.ensemble(tune, bass, mv.beats.tab("sn |----x-------x---|")))


def names(score: Score) -> set[int]:
    return {int(track) for track in score.notes[:, 4]}


def test_what_is_muted_is_gone_and_what_is_alone_is_left() -> None:
    score = trio()
    assert [track.is_drum for track in score.tracks] == [False, False, True]
    assert names(as_heard(score, [{"mute": True}])) == {1, 2}
    assert names(as_heard(score, [{}, {"solo": True}])) == {1}
    assert names(as_heard(score, [{"solo": True}, {"solo": True, "mute": True}])) == {0}
    assert names(as_heard(score, [{"level": 0}])) == {1, 2}
    assert as_heard(score, []).notes.tolist() == score.notes.tolist()


def test_levels_and_instruments_are_those_of_the_track() -> None:
    score = trio()
    heard = as_heard(score, [{"level": 0.5, "program": 73}])
    for before, after in zip(score.notes.tolist(), heard.notes.tolist(), strict=True):
        first = before[4] == 0
        assert after[3] == (round(before[3] / 2) if first else before[3])
        assert after[5] == (73 if first else before[5])


def test_eighths_off_the_beat_come_late_and_what_lies_between_is_stretched() -> None:
    tune = as_heard(trio(), [{"solo": True}], 2 / 3).notes
    third = [[0, 1], [1, 5 / 3], [5 / 3, 2], [2, 7 / 3], [7 / 3, 8 / 3], [8 / 3, 17 / 6], [17 / 6, 3], [3, 4]]
    assert [[round(x, 5) for x in row] for row in tune[:, :2].tolist()] == [[round(x, 5) for x in row] for row in third]
    jig = from_sequence(mv.read("X:1\nM:6/8\nL:1/8\nK:C\nCDEFGA|\n"))
    assert as_heard(jig, [], 0.7).notes.tolist() == jig.notes.tolist()
