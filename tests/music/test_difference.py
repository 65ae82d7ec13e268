"""How two pieces differ, note by note."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

import mvae_widgets as mv
from mvae_widgets.music.difference import NEAR, difference
from mvae_widgets.music.score import Score, Track, from_sequence

DRUMS = (Track("Drums", 0, True),)


def score(*notes: tuple[float, int], drum: bool = False, track: int = 0, quarters: float = 8.0) -> Score:
    rows = [(start, start + 0.5, pitch, 80, track, 0, drum) for start, pitch in sorted(notes)]
    table = np.array(rows, np.float32).reshape(-1, 7)
    tracks = DRUMS if drum else (Track("a", 0, False), Track("b", 0, False))
    return Score(table, quarters, ((0.0, 120.0),), ((0.0, 4, 4),), tracks, "")


def test_a_piece_differs_in_nothing_from_itself() -> None:
    tune = from_sequence(mv.tunes.load("soldiers-joy"))
    found = difference(tune, tune)
    assert found.same == tuple((k, k) for k in range(len(tune.notes)))
    assert (found.missing, found.added, found.kept) == ((), (), 1.0)
    assert sum(count for _, _, count in found.beats) == 0


def test_a_note_is_the_same_within_a_32nd_on_the_same_track() -> None:
    assert NEAR == 0.125
    first = score((0, 60), (1, 62), (2, 64))
    assert difference(first, score((0.125, 60), (1, 63), (2.13, 64))).same == ((0, 0),)
    assert difference(score((1, 62)), score((1, 62), track=1)).same == ()
    assert difference(first, score()).kept == 0.0
    assert difference(score(), first).kept == 1.0


def test_drums_are_compared_by_class() -> None:
    kick, low_kick, snare, cowbell, triangle = 36, 35, 38, 56, 81
    found = difference(score((0, kick), (1, snare), drum=True), score((0, low_kick), (1, kick), drum=True))
    assert (found.same, found.missing, found.added) == (((0, 0),), (1,), (1,))
    assert difference(score((0, cowbell), drum=True), score((0, snare), drum=True)).kept == 1.0
    assert difference(score((0, triangle), drum=True), score((0, snare), drum=True)).kept == 0.0
    assert difference(score((0, 1), drum=True), score((0, 2), drum=True)).kept == 0.0, "of no class: only like itself"


def test_as_many_notes_as_possible_are_the_same() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        sides = [
            score(
                *zip(generator.uniform(0, 2, 9).round(3).tolist(), generator.integers(60, 62, 9).tolist(), strict=True)
            )
            for _ in range(2)
        ]
        a, b = (side.notes for side in sides)
        fits = (np.abs(a[:, None, 0] - b[None, :, 0]) <= NEAR) & (a[:, None, 2] == b[None, :, 2])
        rows, columns = linear_sum_assignment(fits, maximize=True)
        found = difference(*sides)
        assert len(found.same) == fits[rows, columns].sum()
        assert all(fits[i, j] for i, j in found.same)
        assert sorted([i for i, _ in found.same] + list(found.missing)) == list(range(len(a)))
        assert sorted([j for _, j in found.same] + list(found.added)) == list(range(len(b)))


def test_differences_are_counted_where_they_begin() -> None:
    found = difference(score((0, 60), (1.5, 62), (4, 64)), score((0, 60), (1.75, 61), (4.5, 64)))
    assert [count for _, _, count in found.beats] == [0, 2, 0, 0, 2, 0, 0, 0]
    assert [(start, end) for start, end, _ in found.beats] == [(k, k + 1) for k in range(8)]


@pytest.mark.parametrize(("meter", "beats"), [("3/4", 3), ("6/8", 6), ("5/4", 5)])
def test_beats_are_those_of_the_meter(meter: str, beats: int) -> None:
    tune: Any = from_sequence(mv.read(f"X:1\nM:{meter}\nL:1/8\nK:C\n{'C' * beats * (8 // int(meter[-1]))}|\n"))
    found = difference(tune, tune)
    assert len(found.beats) == beats
    assert found.beats[0][1] == 4 / int(meter[-1])
