"""The published cases of MUSICVAE.md 8.7, and the output of the upstream converter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.groove import GrooveConverter

KICK = [(36, 80, 0.0), (36, 80, 1.0)]
HATS = [(42, 72, 0.0), (42, 127, 0.26125), (42, 107, 0.5)] + [(42, 80, t) for t in (0.75, 1.0, 1.25, 1.5, 1.75)]
SNARE = [(38, 103, 0.5), (38, 82, 1.523)]
BAR = KICK + HATS + SNARE


def played(sequence) -> list[tuple[int, int, float]]:
    return sorted((n.pitch, n.velocity, round(n.start_time, 6)) for n in sequence.notes)


@pytest.fixture
def groove(sequence_of):
    def make(bars: int = 1):
        rows = [(p, v, t + 2 * bar, t + 2 * bar + 0.1, 9, 0, True) for bar in range(bars) for p, v, t in BAR]
        return sequence_of(*rows, meters=((0, 4, 4),))

    return make


def only(converter: GrooveConverter, sequence):
    (example,) = converter.to_examples(sequence)
    return example


def test_round_trip(groove) -> None:
    for bars in (1, 2):
        converter = GrooveConverter(slice_bars=None)
        example = only(converter, groove(bars))
        assert example.tokens.shape == (16 * bars, 27)
        assert played(converter.to_sequence(example.tokens)) == played(groove(bars))
    assert [e.tokens.shape for e in GrooveConverter(slice_bars=1).to_examples(groove(2))] == [(16, 27)] * 2
    assert GrooveConverter(slice_bars=2).to_examples(groove(1)) == []


def test_hop(groove) -> None:
    assert len(GrooveConverter(slice_bars=1, hop_steps=4).to_examples(groove(2))) == 5


@pytest.mark.parametrize("fixed", [False, True])
def test_tapify(groove, fixed: bool) -> None:
    converter = GrooveConverter(slice_bars=None, tapify=True, fixed_velocities=fixed)
    example = only(converter, groove())
    expected = [(0, 80), (0.26125, 127), (0.5, 107), (0.75, 80), (1, 80), (1.25, 80), (1.523, 82), (1.75, 80)]
    found = played(converter.to_sequence(converter.inputs(example)[0]))
    assert found == sorted((46, 0 if fixed else v, t) for t, v in expected)
    assert played(converter.to_sequence(converter.targets(example))) == played(groove())


def test_humanize(groove) -> None:
    converter = GrooveConverter(slice_bars=None, humanize=True)
    heard = played(converter.to_sequence(converter.inputs(only(converter, groove()))[0]))
    assert heard == sorted((p, 0, round(t * 8) / 8) for p, _, t in BAR)


@pytest.mark.parametrize(("missing", "pitch"), [([2], 42), ([1], 38)])
def test_add_instruments(groove, missing: list[int], pitch: int) -> None:
    converter = GrooveConverter(slice_bars=None, add_instruments=missing)
    example = only(converter, groove())
    assert {p for p, _, _ in played(converter.to_sequence(converter.inputs(example)[0]))} == {36, 38, 42} - {pitch}
    np.testing.assert_array_equal(converter.targets(example), example.tokens)


@pytest.mark.parametrize("tapify", [False, True])
def test_dropout_never_adds_and_draws_anew(groove, tapify: bool) -> None:
    converter = GrooveConverter(slice_bars=None, tapify=tapify, max_note_dropout=0.8)
    example = only(converter, groove())
    everything = converter.inputs(example)[0]
    generator = np.random.default_rng(0)
    counts = set()
    for _ in range(30):
        heard = converter.inputs(example, generator)[0]
        assert (heard[:, :9].sum(1) <= everything[:, :9].sum(1)).all()
        counts.add(int(heard[:, :9].sum()))
    assert tapify or len(counts) > 3
    np.testing.assert_array_equal(converter.inputs(example)[0], everything)


def close(found, expected) -> bool:
    pairs = zip(sorted((p, round(t * 8), v, t) for p, v, t in found),
                sorted((p, round(t * 8), v, t) for p, v, t in expected), strict=True)  # fmt: skip
    return all(a[:2] == b[:2] and abs(a[2] - b[2]) <= 4 and abs(a[3] - b[3]) <= 0.005 for a, b in pairs)


@pytest.mark.parametrize(
    ("arguments", "shape", "controls"),
    [
        ({"velocity_bins": 32, "offset_bins": 32}, (16, 585), 0),
        ({"split_instruments": True}, (144, 3), 9),
        ({"split_instruments": True, "velocity_bins": 32, "offset_bins": 32}, (144, 65), 9),
        ({"split_instruments": True, "hits_as_controls": True}, (144, 3), 10),
        ({"hits_as_controls": True}, (16, 27), 9),
    ],
)
def test_rows(groove, arguments, shape, controls: int) -> None:
    converter = GrooveConverter(slice_bars=None, **arguments)
    example = only(converter, groove())
    x, c, length = converter.inputs(example)
    assert (x.shape, length, converter.depth, converter.control_depth) == (shape, shape[0], shape[1], controls)
    assert close(played(converter.to_sequence(x)), played(groove()))
    assert (c is None) == (controls == 0)
    if c is not None:
        assert c.shape == (shape[0], controls)
        hits = c[:, :1].ravel() if "split_instruments" in arguments else c.ravel()
        if "hits_as_controls" in arguments:
            np.testing.assert_array_equal(hits, example.tokens[:, :9].ravel())
        if "split_instruments" in arguments:
            np.testing.assert_array_equal(c[:, -9:].argmax(1), np.tile(np.arange(9), 16))


def test_own_kits_and_modes(sequence_of) -> None:
    kits = {"train_kit": [[0, 1], [2, 3]], "infer_kit": [[1, 2], [3, 0]]}
    sequence = sequence_of(*((p, 80, p / 2, p / 2 + 0.1, 9, 0, True) for p in range(4)))
    for mode, expected in [("train", [0, 0, 2, 2]), ("eval", [0, 0, 2, 2]), ("infer", [3, 1, 1, 3])]:
        converter = GrooveConverter(slice_bars=None, mode=mode, **kits)
        back = converter.to_sequence(only(converter, sequence).tokens)
        assert [n.pitch for n in sorted(back.notes, key=lambda n: n.start_time)] == expected
    four = GrooveConverter(slice_bars=None, infer_kit=[[0], [1], [2], [3]], train_kit=[[0], [1], [2], [3]])
    assert only(four, sequence).tokens.shape == (16, 12)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("plain", {}),
        ("humanize", {"humanize": True}),
        ("tapfix", {"tapify": True, "fixed_velocities": True}),
        ("addhh", {"add_instruments": [2]}),
        ("hits", {"hits_as_controls": True}),
    ],
)
def test_equal_to_the_upstream_converter(sequence_of, fixtures: Path, name: str, arguments) -> None:
    data = json.loads((fixtures / "converters.json").read_text())
    converter = GrooveConverter(mode="train", **arguments)
    examples = converter.to_examples(sequence_of(*((*r, 9, 0, True) for r in data["groove_in"]), qpm=95))
    expected = data[f"groove_{name}"]
    np.testing.assert_allclose([converter.inputs(e)[0] for e in examples], expected["in"], rtol=0, atol=1e-6)
    if "controls" in expected:
        np.testing.assert_array_equal([converter.inputs(e)[1] for e in examples], expected["controls"])


def test_the_loudest_of_two_counts_the_first_among_equals(sequence_of) -> None:
    rows = [(36, 50, 0.0), (35, 90, 0.02), (36, 90, 0.03), (38, 0, 0.5)]
    example = only(GrooveConverter(slice_bars=None), sequence_of(*((p, v, t, t + 0.1, 9, 0, True) for p, v, t in rows)))
    np.testing.assert_allclose(example.tokens[0, [0, 9, 18]], [1, 90 / 127, -2 * 0.02 / 0.125], rtol=1e-6)
    assert example.tokens[4, [1, 10]].tolist() == [1, 0]


def test_unknown_drums_are_left_out_and_changes_of_tempo_give_nothing(sequence_of) -> None:
    assert GrooveConverter(slice_bars=None).to_examples(sequence_of((99, 80, 0, 1, 9, 0, True))) == []
    drums = [(36, 80, 0, 0.1, 9, 0, True), (36, 80, 3, 3.1, 9, 0, True)]
    assert GrooveConverter(slice_bars=None).to_examples(sequence_of(*drums, tempos=((0, 120), (2, 90)))) == []


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(bool, (32, 9)),
    arrays.arrays(np.int8, (32, 9), elements=st.integers(0, 127)),
    arrays.arrays(np.float32, (32, 9), elements=st.floats(-0.984375, 0.984375, width=32)),
    st.sampled_from([60.0, 95.0, 120.0, 173.3]),
)
def test_rows_to_notes_and_back_is_the_identity(hits, velocities, offsets, qpm: float) -> None:
    """But for a hit before the beginning, which starts at 0."""
    hits[-1, 0] = True  # so that there are two bars
    offsets[0] = -abs(offsets[0])
    tokens = np.concatenate([hits, np.where(hits, velocities / 127, 0), np.where(hits, offsets, 0)], axis=1)
    converter = GrooveConverter()
    back = only(converter, converter.to_sequence(tokens, qpm=qpm)).tokens
    np.testing.assert_allclose(back, tokens, rtol=0, atol=1e-5)


def test_extremes_stay_in_their_step_and_after_the_beginning() -> None:
    tokens = np.zeros((32, 27))
    tokens[[0, 31], 0] = 1
    tokens[[0, 31], 18] = [5, -5]
    back = GrooveConverter().to_sequence(tokens)
    assert back.notes[0].start_time == 0
    assert 3.93 < back.notes[1].start_time < 3.9375


@pytest.mark.parametrize(
    "arguments",
    [{"mode": "play"}, {"max_note_dropout": 2}, {"velocity_bins": -1}, {"add_instruments": [9]}, {"slice_bars": 0},
     {"hop_steps": 0}, {"train_kit": [[1]]}, {"tapify": True, "train_kit": [[1]], "infer_kit": [[1]]}],
)  # fmt: skip
def test_impossible_settings_are_refused(arguments) -> None:
    with pytest.raises(ConfigError):
        GrooveConverter(**arguments)


def test_foreign_tokens_are_refused() -> None:
    for tokens in (np.zeros((4, 26)), np.zeros(27), np.full((1, 27), np.nan)):
        with pytest.raises(ConfigError):
            GrooveConverter().to_sequence(tokens)
    with pytest.raises(ConfigError):
        GrooveConverter(split_instruments=True).to_sequence(np.zeros((10, 3)))
    with pytest.raises(ConfigError):
        GrooveConverter().to_sequence(np.zeros((4, 27)), chords=["C"])
    with pytest.raises(ConfigError):
        GrooveConverter().chord_controls(["C"])
