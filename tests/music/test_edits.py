"""Edits change what they say and leave the rest."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.music.edits import edits_for, thin, transpose
from mvae_widgets.music.families import converter_for
from mvae_widgets.music.features import FEATURES, attributes_for, onsets


def melodies(n: int = 100, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    tokens = np.where(rng.random((n, 32)) < 0.4, rng.integers(30, 60, (n, 32)), 0)
    tokens[:, 0] = 40
    return tokens.astype(np.uint8)


def test_thinned_melodies_have_a_third_less_and_the_same_pitches() -> None:
    before = melodies()
    after = thin(before)
    gone = onsets(before) & ~onsets(after)
    np.testing.assert_array_equal(gone.sum(1), np.maximum(np.rint(0.35 * onsets(before).sum(1)), 1))
    np.testing.assert_array_equal(after[onsets(after)], before[onsets(after)])
    assert not (onsets(after) & ~onsets(before)).any()


def test_weak_places_go_first() -> None:
    """Of sixteen 16ths a bar only the odd ones go; the first of the bar never does."""
    before = np.full((20, 32), 40, np.uint8)
    gone = before != thin(before)
    assert gone[:, 1::2].sum(1).min() == 11
    assert not gone[:, ::2].any()


def test_two_notes_are_left_and_note_offs_do_not_come_first() -> None:
    before = np.zeros((2, 32), np.uint8)
    before[0, [0, 16]] = 40
    before[1, [1, 3, 8, 20]] = 40, 1, 41, 42
    after = thin(before)
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1].tolist() == [0] * 8 + [41] + [0] * 11 + [42] + [0] * 11


def test_transposition_fits_or_stays() -> None:
    before = np.array([[2, 0, 1, 10], [50, 0, 1, 89]], np.uint8)
    assert transpose(before, 3).tolist() == [[5, 0, 1, 13], [50, 0, 1, 89]]
    assert transpose(before, -1).tolist() == [[2, 0, 1, 10], [49, 0, 1, 88]]


@pytest.mark.parametrize("family", ["melody", "drums", "groove", "trio", "multitrack"])
def test_more_is_more(family: str) -> None:
    converter = converter_for(family)
    edits, measures = edits_for(converter), attributes_for(converter)
    assert set(edits) <= set(measures)
    assert bool(edits) == (family != "multitrack")
    rng = np.random.default_rng(0)
    steps = converter.clip_spec.steps
    tokens = {
        "melody": lambda: melodies(20),
        "drums": lambda: (rng.random((20, steps, 9)) < 0.2).astype(np.uint8),
        "groove": lambda: np.where(np.arange(27) < 9, rng.random((20, steps, 27)) < 0.2, 0.3).astype(np.float32),
        "trio": lambda: np.stack([np.tile(melodies(20), (1, steps // 32)).astype(np.int16)] * 3, axis=2),
        "multitrack": lambda: None,
    }[family]()
    for name, edit in edits.items():
        less, more = edit(tokens, 0)
        assert less.shape == more.shape == tokens.shape
        assert less.dtype == tokens.dtype
        assert (measures[name](less) < measures[name](more)).all(), name
    np.testing.assert_array_equal(melodies(20), melodies(20))


def test_edits_of_a_finer_grid() -> None:
    before = np.full((3, 64), 40, np.uint8)
    gone = before != thin(before, steps_per_quarter=8)
    assert gone[:, 1::2].sum(1).min() == 22
    assert not gone[:, ::2].any()
    assert FEATURES["note_density"](before)[0] == 1
