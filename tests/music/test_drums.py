"""The published cases of MUSICVAE.md 8.5 and 8.9, and the output of the upstream converter."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.drums import DrumsConverter
from mvae_widgets.music.kits import KITS

WHOLE = ["1 5 0 0 2 0 0 0", "0 1 0 0 0 2 0 0 160 0 0 256", "0 2 0 0 160 0 0 256"]
SLICES = [WHOLE[0], "0 1 0 0 0 2 0 0", WHOLE[2]]


def row(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def labels(converter: DrumsConverter, sequence) -> list[tuple[int, ...]]:
    return [tuple(converter.to_labels(e.tokens).tolist()) for e in converter.to_examples(sequence)]


def notes_of(sequence) -> list[tuple[int, int, float, float]]:
    return [(n.pitch, n.velocity, n.start_time, n.end_time) for n in sequence.notes]


@pytest.fixture
def published(sequence_of):
    def drum(i: int, *rows):
        return [(*r, i, 0, True) for r in rows]

    return sequence_of(
        *drum(0, (35, 100, 0, 10), (44, 55, 1, 2), (40, 45, 4, 5), (35, 45, 9, 10), (40, 45, 13, 13)),
        *drum(0, (55, 120, 16, 18), (60, 100, 16, 17), (53, 99, 19, 20)),
        *drum(1, (35, 55, 1, 2), (40, 45, 25, 26), (55, 120, 28, 30), (60, 100, 28, 29), (53, 99, 31, 33)),
        qpm=60,
    )


def test_whole_tracks_and_slices(published) -> None:
    assert Counter(labels(DrumsConverter(steps_per_quarter=1, slice_bars=None), published)) == Counter(map(row, WHOLE))
    assert labels(DrumsConverter(steps_per_quarter=1), published) == list(map(row, SLICES))
    assert len(labels(DrumsConverter(steps_per_quarter=1, slice_bars=1), published)) == 5


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (None, 3), (100, 3)])
def test_max_tensors(published, limit, count: int) -> None:
    assert len(DrumsConverter(steps_per_quarter=1, max_tensors=limit).to_examples(published)) == count


def test_input_and_output_rows(published) -> None:
    converter = DrumsConverter(steps_per_quarter=1)
    example = converter.to_examples(published)[0]
    x, controls, length = converter.inputs(example)
    assert (x.shape, x.dtype, controls, length) == ((8, 10), np.float32, None, 8)
    np.testing.assert_array_equal(x[1], [1, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(x[2], [0] * 9 + [1])
    y = converter.targets(example)
    assert y.shape == (8, 512)
    assert y.argmax(1).tolist() == list(row(SLICES[0]))
    one_hot = DrumsConverter(steps_per_quarter=1, roll_input=False)
    np.testing.assert_array_equal(one_hot.inputs(example)[0], y)
    assert (one_hot.depth, one_hot.output_depth) == (512, 512)


def test_end_token(published) -> None:
    """The end's bit comes before the one for no drum, which it silences."""
    converter = DrumsConverter(steps_per_quarter=1, add_end_token=True)
    assert (converter.depth, converter.output_depth) == (11, 513)
    examples = converter.to_examples(published)
    assert labels(converter, published) == [(*row(s), 512) for s in SLICES]
    x = converter.inputs(examples[0])[0]
    assert x.shape == (9, 11)
    np.testing.assert_array_equal(x[-1], [0] * 9 + [1, 0])
    np.testing.assert_array_equal(x[2], [0] * 10 + [1])
    back = converter.to_sequence([1, 0, 512, 4])
    assert [n.pitch for n in back.notes] == [36]
    again = converter.to_sequence(converter.targets(examples[0]))
    assert notes_of(again) == notes_of(converter.to_sequence(examples[0].tokens))


def test_way_back(published) -> None:
    converter = DrumsConverter(steps_per_quarter=1)
    back = converter.to_sequence(list(row(WHOLE[2])))
    expected = [(38, 80, 0.5, 1), (48, 80, 2, 2.5), (49, 80, 2, 2.5), (51, 80, 3.5, 4)]
    assert notes_of(back) == expected
    assert {(n.instrument, n.is_drum) for n in back.notes} == {(9, True)}
    assert (back.tempos[0].qpm, back.total_time, back.ticks_per_quarter) == (120, 4, 220)


@pytest.fixture
def rolls(sequence_of):
    rows = [(35, 100, 0, 10), (35, 55, 1, 2), (44, 55, 1, 2), (40, 45, 4, 5), (35, 45, 9, 10), (40, 45, 13, 13),
            (55, 120, 16, 18), (60, 100, 16, 17), (53, 99, 19, 20), (40, 45, 33, 34), (55, 120, 36, 37),
            (60, 100, 36, 37), (53, 99, 39, 42)]  # fmt: skip
    return sequence_of(*((*r, 0, 0, True) for r in rows), (36, 80, 2, 3, 1), qpm=60)


def test_rolls(rolls) -> None:
    converter = DrumsConverter(steps_per_quarter=1, roll_output=True)
    assert (converter.depth, converter.output_depth) == (10, 9)
    found = {
        tuple(tuple(np.flatnonzero(r).tolist()) for r in converter.targets(e)) for e in converter.to_examples(rolls)
    }
    assert found == {
        ((0,), (0, 2), (), (), (1,), (), (), ()),
        ((), (0,), (), (), (), (1,), (), ()),
        ((), (1,), (), (), (5, 7), (), (), (8,)),
    }


def test_rolls_back(rolls) -> None:
    converter = DrumsConverter(steps_per_quarter=1, roll_output=True, slice_bars=None, gap_bars=None)
    (example,) = converter.to_examples(rolls)
    back = converter.to_sequence(converter.targets(example))
    expected = [(36, 0), (36, 0.5), (42, 0.5), (38, 2), (36, 4.5), (38, 6.5), (48, 8), (49, 8), (51, 9.5), (38, 16.5),
                (48, 18), (49, 18), (51, 19.5)]  # fmt: skip
    assert [(n.pitch, n.start_time) for n in back.notes] == expected
    assert {(n.end_time - n.start_time, n.velocity) for n in back.notes} == {(0.5, 80)}


def test_equal_to_the_upstream_converter(sequence_of, fixtures: Path) -> None:
    """converters.json "drums": four slices of notes with silent ones and an unknown pitch among them."""
    data = json.loads((fixtures / "converters.json").read_text())
    converter = DrumsConverter()
    examples = converter.to_examples(sequence_of(*((*r, 9, 0, True) for r in data["drums_in"])))
    found = [[converter.to_labels(e.tokens).tolist(), converter.inputs(e)[0].tolist()] for e in examples]
    assert sorted(found) == data["drums"]


def test_the_full_kit(sequence_of) -> None:
    kit = KITS["full"]
    converter = DrumsConverter(kit="full", roll_output=True)
    assert (len(kit), converter.depth, converter.output_depth) == (61, 62, 61)
    assert set(kit.class_of) == set(KITS["reduced"].class_of) - {22, 26}
    rows = [(int(p), 80, i / 8, i / 8 + 0.1, 9, 0, True) for i, p in enumerate(kit.pitches[:32])]
    (example,) = converter.to_examples(sequence_of(*rows))
    np.testing.assert_array_equal(example.tokens, np.eye(61)[:32])
    assert [n.pitch for n in converter.to_sequence(example.tokens).notes] == kit.pitches[:32].tolist()


def test_note_seq_cases(sequence_of) -> None:
    """8.9: notes of one step are one set; durations do not matter."""
    converter = DrumsConverter(kit=[[30], [40]], slice_bars=None)
    (whole,) = converter.to_examples(sequence_of((40, 9, 2.5, 4, 9, 0, True), (30, 9, 2.5, 2.6, 9, 0, True), qpm=60))
    assert whole.tokens.tolist() == [[0, 0]] * 10 + [[1, 1]] + [[0, 0]] * 5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 511), min_size=16, max_size=16), min_size=1, max_size=2), st.integers(1, 511))
def test_labels_to_notes_and_back_is_the_identity(bars: list[list[int]], first: int) -> None:
    """For a track whose first bar is not empty and that does not rest for a bar."""
    given_labels = [first, *[label for bar in bars for label in bar][1:-1], first]
    converter = DrumsConverter(slice_bars=None, gap_bars=None)
    (example,) = converter.to_examples(converter.to_sequence(given_labels))
    assert converter.to_labels(example.tokens).tolist() == given_labels
    np.testing.assert_array_equal(converter.tokens_from(converter.one_hot(example.tokens)), example.tokens)


@pytest.mark.parametrize("tokens", [[512], [-1], [0.5], np.zeros((2, 3)), np.zeros((1, 2, 9)), np.full((2, 11), 1)])
def test_foreign_labels_are_refused(tokens) -> None:
    with pytest.raises(ConfigError):
        DrumsConverter().to_sequence(tokens)


@pytest.mark.parametrize(
    "arguments",
    [{"kit": "jazz"}, {"kit": [[]]}, {"kit": "full"}, {"slice_bars": 0}, {"steps_per_quarter": 0}],
)
def test_impossible_settings_are_refused(arguments) -> None:
    with pytest.raises(ConfigError):
        DrumsConverter(**arguments)


def test_drums_hear_no_chords() -> None:
    with pytest.raises(ConfigError, match="not conditioned on chords"):
        DrumsConverter().chord_controls(["C"])
    with pytest.raises(ConfigError, match="not conditioned on chords"):
        DrumsConverter().to_sequence([1], chords=["C"])
