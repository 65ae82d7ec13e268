"""MUSICVAE.md 8.3 and 4.11: the same music elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.augment import Augmenter, stretch, transpose
from mvae_widgets.music.library import note_seq


def with_chords(sequence, *chords):
    for time, text in chords:
        sequence.text_annotations.add(time=time, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    return sequence


@pytest.fixture
def published(sequence_of):
    sequence = sequence_of(
        (32, 100, 2, 4), (33, 100, 6, 11), (34, 100, 11, 13), (35, 100, 17, 18),
        (57, 80, 4, 4.1, 9, 0, True), (58, 80, 12, 12.1, 9, 0, True), qpm=60,
    )  # fmt: skip
    return with_chords(sequence, (0, "N.C."), (8, "C"), (16, "Am"))


def chords(sequence) -> list[tuple[str, float]]:
    return [(a.text, a.time) for a in sequence.text_annotations]


def test_transpose(published) -> None:
    moved = transpose(published, 2)
    assert [n.pitch for n in moved.notes] == [34, 35, 36, 37, 57, 58]
    assert chords(moved) == [("N.C.", 0), ("D", 8), ("Bm", 16)]
    assert [n.pitch for n in published.notes][:4] == [32, 33, 34, 35]


def test_stretch(published) -> None:
    fast = stretch(published, 0.5)
    assert fast.tempos[0].qpm == 120
    pairs = zip(fast.notes, published.notes, strict=True)
    assert all((a.start_time, a.end_time) == (b.start_time / 2, b.end_time / 2) for a, b in pairs)
    assert chords(fast) == [("N.C.", 0), ("C", 4), ("Am", 8)]


def test_both(published) -> None:
    result = Augmenter((-3, -3), (2, 2))(published, np.random.default_rng(0))
    assert [n.pitch for n in result.notes] == [29, 30, 31, 32, 57, 58]
    assert [n.start_time for n in result.notes] == [4, 12, 22, 34, 8, 24]
    assert result.tempos[0].qpm == 30
    assert chords(result) == [("N.C.", 0), ("A", 16), ("Gbm", 32)]


@pytest.mark.parametrize(("figure", "by", "expected"), [("Abm", -3, "Fm"), ("Cbb", 6, "Fb"), ("C#", -5, "G#")])
def test_spelling(sequence_of, figure: str, by: int, expected: str) -> None:
    assert chords(transpose(with_chords(sequence_of((60, 80, 0, 1)), (0, figure)), by)) == [(expected, 0)]


def test_what_leaves_the_range_is_left_out(sequence_of) -> None:
    sequence = sequence_of((126, 80, 0, 1), (60, 80, 0, 0.5))
    sequence.key_signatures.add(key=11)
    moved = transpose(sequence, 2)
    assert ([n.pitch for n in moved.notes], moved.total_time, moved.key_signatures[0].key) == ([62], 0.5, 1)


def test_draws_cover_the_range_and_repeat(sequence_of) -> None:
    sequence = sequence_of((60, 80, 0, 1))
    augment = Augmenter((-2, 2), (0.5, 2.0))

    def draw(seed: int) -> list[tuple[int, float]]:
        generator = np.random.default_rng(seed)
        return [(a.notes[0].pitch, a.total_time) for a in (augment(sequence, generator) for _ in range(60))]

    assert draw(1) == draw(1) != draw(2)
    assert {pitch for pitch, _ in draw(1)} == {58, 59, 60, 61, 62}
    assert all(0.5 <= time <= 2 for _, time in draw(1))
    unchanged = Augmenter()(sequence, np.random.default_rng(0))
    assert unchanged == sequence


def test_errors(sequence_of) -> None:
    with pytest.raises(ConfigError, match="chord symbol"):
        transpose(with_chords(sequence_of((60, 80, 0, 1)), (0, "H")), 1)
    with pytest.raises(ConfigError, match="quantised"):
        stretch(note_seq().sequences_lib.quantize_note_sequence(sequence_of((60, 80, 0, 1)), 4), 2)
    for factor in (0, -1, float("nan")):
        with pytest.raises(ConfigError):
            stretch(sequence_of(), factor)
    for ranges in [{"transpose_range": (2, 1)}, {"stretch_range": (0, 1)}, {"stretch_range": (2, 1)}]:
        with pytest.raises(ConfigError):
            Augmenter(**ranges)
