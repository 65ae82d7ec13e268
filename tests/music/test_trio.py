"""The published case of MUSICVAE.md 8.6."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.trio import TrioConverter

M1 = [0] * 13 + [32] + [0] * 23 + [1, 0, 0]
M2 = [0] * 4 + [33] + [0] * 11 + [1] + [0] * 23
B = [0, 0, 31, 0, 0, 1] + [0] * 10 + [30] + [0] * 8 + [1] + [0] * 14
D = [{0: 1, 9: 1, 25: 1, 4: 2, 29: 2}.get(i, 0) for i in range(40)]
CHORDS = [0] * 4 + [1] * 12 + [22] * 16 + [8] * 8
KEYS = [0] * 32 + [7] * 8
DRUMS = [(35, 1, 0, 1), (40, 1, 4, 5), (35, 1, 9, 9), (35, 1, 25, 25), (40, 1, 29, 29)]


@pytest.fixture
def published(sequence_of):
    sequence = sequence_of(
        (51, 1, 13, 37, 1, 0), (52, 1, 4, 16, 2, 10), (50, 1, 2, 5, 3, 33), (49, 1, 16, 25, 3, 33),
        *((*r, 4, 0, True) for r in DRUMS), qpm=60,
    )  # fmt: skip
    for time, text in [(4, "C"), (16, "Am"), (32, "G")]:
        sequence.text_annotations.add(time=time, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    for time, key in [(0, 0), (32, 7)]:
        sequence.key_signatures.add(time=time, key=key)
    return sequence


def small(**more) -> TrioConverter:
    return TrioConverter(steps_per_quarter=1, slice_bars=2, gap_bars=1, **more)


def window(melody: list[int], bar: int) -> tuple[tuple[int, ...], ...]:
    steps = slice(4 * bar, 4 * bar + 8)
    return tuple(zip(melody[steps], B[steps], D[steps], strict=True))


WINDOWS = {window(M1, j): j for j in (2, 5, 6)} | {window(M2, j): j for j in (0, 1, 2)}


def test_windows(published) -> None:
    examples = small().to_examples(published)
    assert sorted(tuple(map(tuple, e.tokens.tolist())) for e in examples) == sorted(WINDOWS)
    assert {e.tokens.dtype for e in examples} == {np.dtype(np.int16)}
    assert all(e.chords is None for e in examples)
    assert len(small(max_tensors=2).to_examples(published)) == 2


def test_controls(published) -> None:
    converter = small(chord_encoding="triad", condition_on_key=True)
    assert (converter.depth, converter.output_depth, converter.control_depth) == (692, 692, 61)
    examples = converter.to_examples(published)
    assert len(examples) == 6
    for example in examples:
        j = WINDOWS[tuple(map(tuple, example.tokens.tolist()))]
        steps = slice(4 * j, 4 * j + 8)
        assert example.chords.tolist() == CHORDS[steps]
        assert example.keys.tolist() == KEYS[steps]
        x, controls, length = converter.inputs(example)
        assert (x.shape, controls.shape, length) == ((8, 692), (8, 61), 8)
        assert (x.sum(1) == 3).all()
        np.testing.assert_array_equal(converter.tokens_from(x), example.tokens)
        np.testing.assert_array_equal(controls[:, :49].argmax(1), example.chords)


def test_way_back() -> None:
    converter = small(chord_encoding="triad", condition_on_key=True)
    tokens = np.array(window(M2, 0), np.int16)
    back = converter.to_sequence(tokens, chords=CHORDS[:8], keys=KEYS[:8])
    found = [(n.pitch, n.velocity, n.start_time, n.end_time, n.instrument, n.program, n.is_drum) for n in back.notes]
    assert found == [
        (52, 80, 2, 4, 0, 0, False),
        (50, 80, 1, 2.5, 1, 33, False),
        (36, 80, 0, 0.5, 9, 0, True),
        (38, 80, 2, 2.5, 9, 0, True),
    ]
    assert back.total_time == 4
    assert [(a.text, a.time) for a in back.text_annotations] == [("N.C.", 0), ("C", 2)]
    assert [k.key for k in back.key_signatures] == [0]


def test_a_missing_part_gives_nothing(published) -> None:
    for part in ((1, 2), (3,), (4,)):
        sequence = type(published)()
        sequence.CopyFrom(published)
        del sequence.notes[:]
        sequence.notes.extend(n for n in published.notes if n.instrument not in part)
        assert small().to_examples(sequence) == []


def test_an_instrument_with_two_kinds_of_program_is_none(published) -> None:
    published.notes.add(pitch=50, velocity=80, start_time=2, end_time=3, instrument=3, program=0)
    assert small().to_examples(published) == []


def test_chords_are_inferred_where_there_are_none(published) -> None:
    del published.text_annotations[:]
    examples = small(chord_encoding="triad").to_examples(published)
    assert len(examples) == 6
    assert any(e.chords.any() for e in examples)


def test_foreign_tokens_and_settings() -> None:
    for tokens in ([[90, 0, 0]], [[0, 0, 512]], [[-1, 0, 0]], [0, 0, 0], [[0.0, 0, 0]], np.zeros((2, 691))):
        with pytest.raises(ConfigError):
            TrioConverter().to_sequence(tokens)
    for settings in ({"slice_bars": 0}, {"gap_bars": -1}, {"chord_encoding": "jazz"}):
        with pytest.raises(ConfigError):
            TrioConverter(**settings)
    with pytest.raises(ConfigError):
        TrioConverter().to_sequence([[0, 0, 0]], chords=["C"])
