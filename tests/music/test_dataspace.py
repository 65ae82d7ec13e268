"""Data space on tokens: distances by hand, mixtures against the binomial distribution, draws against uniform ones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.dataspace import audible, bar_likeness, differing, ended, hamming, mix, random_tokens
from mvae_widgets.music.drums import DrumsConverter
from mvae_widgets.music.groove import GrooveConverter
from mvae_widgets.music.labels import notes_from_labels
from mvae_widgets.music.melody import MelodyConverter
from mvae_widgets.music.multitrack import MultitrackConverter
from mvae_widgets.music.trio import TrioConverter

A = np.array([41, 0, 43, 0, 1, 0, 45, 0], np.uint8)
B = np.array([41, 0, 48, 1, 0, 0, 45, 46], np.uint8)


def test_hamming_by_hand() -> None:
    assert differing(A, B).tolist() == [False, False, True, True, True, False, False, True]
    assert hamming(A, B) == hamming(B, A) == 4 / 8
    assert hamming(A, A) == 0.0
    drums = np.zeros((4, 9), np.uint8)
    other = drums.copy()
    other[1, [0, 2, 8]] = 1
    assert hamming(drums, other, "drums") == 1 / 4, "a step counts once, however many drums differ"


def test_grooves_differ_by_their_hits_alone() -> None:
    groove = np.zeros((4, 27), np.float32)
    groove[0, [0, 9, 18]] = 1.0, 0.8, 0.1
    softer = groove.copy()
    softer[0, [9, 18]] = 0.3, -0.4
    assert hamming(groove, softer, "groove") == 0.0
    softer[2, 5] = 1.0
    assert hamming(groove, softer, "groove") == 1 / 4


def test_mixtures_begin_at_a_end_at_b_and_never_go_back() -> None:
    path = mix(A, B, np.linspace(0, 1, 9), seed=3)
    assert path.dtype == A.dtype
    assert (path[0] == A).all()
    assert (path[-1] == B).all()
    assert ((path == A) | (path == B)).all()
    from_a = [hamming(A, row) for row in path]
    assert from_a == sorted(from_a)
    np.testing.assert_allclose(np.array(from_a) + [hamming(row, B) for row in path], hamming(A, B))
    assert (mix(A, B, np.linspace(0, 1, 9), seed=3) == path).all()
    assert any((mix(A, B, [0.5], seed) != mix(A, B, [0.5], seed=3)).any() for seed in range(10))


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
def test_steps_taken_from_b_follow_the_binomial_distribution(alpha: float) -> None:
    a, b = np.zeros(64, np.uint8), np.full(64, 7, np.uint8)
    counts = np.array([(mix(a, b, [alpha], seed)[0] == 7).sum() for seed in range(600)])
    edges = np.unique(stats.binom.ppf([0, 0.2, 0.4, 0.6, 0.8, 1], 64, alpha).astype(int))
    edges[0], edges[-1] = -1, 64
    seen = [((counts > low) & (counts <= high)).sum() for low, high in pairwise(edges)]
    expected = 600 * np.diff(stats.binom.cdf(edges, 64, alpha))
    assert stats.chisquare(seen, expected).pvalue > 1e-3
    firsts = np.array([mix(a, b, [alpha], seed)[0, :2] == 7 for seed in range(600)])
    table = [[(firsts == [i, j]).all(1).sum() for j in (0, 1)] for i in (0, 1)]
    assert stats.chi2_contingency(table).pvalue > 1e-3, "neighbouring steps are independent"


def test_a_step_with_parts_is_taken_whole() -> None:
    a, b = np.zeros((40, 3), np.int16), np.full((40, 3), 5, np.int16)
    (mixed,) = mix(a, b, [0.5], seed=0)
    assert set(mixed.sum(1)) == {0, 15}


@pytest.mark.parametrize(
    ("a", "b", "alphas"),
    [
        (A, B[:6], [0.5]),
        (A[:0], B[:0], [0.5]),
        (A, B, [1.5]),
        (A, B, [float("nan")]),
        (np.full((2, 27), np.nan), np.zeros((2, 27)), [0.5]),
    ],
)
def test_what_cannot_be_mixed_is_refused(a: np.ndarray, b: np.ndarray, alphas: list[float]) -> None:
    with pytest.raises(ConfigError):
        mix(a, b, alphas)


def test_random_melodies_are_uniform_over_the_vocabulary() -> None:
    tokens = random_tokens(MelodyConverter(), 400, seed=1)
    assert tokens.shape == (400, 32)
    counts = np.bincount(tokens.ravel(), minlength=90)
    assert len(counts) == 90
    assert stats.chisquare(counts).pvalue > 1e-3
    assert (random_tokens(MelodyConverter(), 400, seed=1) == tokens).all()
    assert random_tokens(MelodyConverter(add_end_token=True), 400, seed=1).max() == 89, "no end in the middle"


def test_random_drums_trios_and_grooves_are_uniform_in_every_part() -> None:
    drums = random_tokens(DrumsConverter(), 300, seed=2)
    labels = DrumsConverter().to_labels(drums.reshape(-1, 9))
    assert stats.chisquare(np.bincount(labels, minlength=512)).pvalue > 1e-3, "all 512 combinations"
    trio = random_tokens(TrioConverter(), 40, seed=2)
    assert trio.shape == (40, 256, 3)
    for part, classes in enumerate((90, 90, 512)):
        assert stats.chisquare(np.bincount(trio[..., part].ravel(), minlength=classes)).pvalue > 1e-3
    groove = random_tokens(GrooveConverter(), 100, seed=2).reshape(-1, 3, 9)
    hit = groove[:, 0] == 1
    assert stats.binomtest(int(hit.sum()), hit.size).pvalue > 1e-3
    assert stats.kstest(groove[:, 1][hit], "uniform").pvalue > 1e-3
    assert stats.kstest((groove[:, 2][hit] + 1) / 2, "uniform").pvalue > 1e-3
    assert not groove[:, :, :][~np.repeat(hit[:, None], 3, axis=1)].any(), "silence has neither loudness nor timing"


def test_a_track_has_nothing_after_its_end() -> None:
    converter = MultitrackConverter()
    end = converter.vocabulary.end
    labels = np.full((1, converter.rows), 5, np.int16)
    labels[0, 3] = end
    labels[0, 64 + 2] = -1
    tracks = ended(labels, converter).reshape(8, 64)
    assert tracks[0].tolist() == [5, 5, 5, end] + [-1] * 60
    assert tracks[1].tolist() == [5, 5] + [-1] * 62
    assert (tracks[2:] == 5).all()
    drawn = random_tokens(converter, 50, seed=0).reshape(-1, 64)
    first = np.argmax(drawn == end, axis=1)
    assert ((drawn == -1).sum(1) == np.where((drawn == end).any(1), 63 - first, 0)).all()


def test_audible_by_hand() -> None:
    row = np.array([[1, 0, 40, 1, 1, 0, 1, 42, 43, 0, 1, 1]])
    assert audible(row).tolist() == [[0, 0, 40, 1, 0, 0, 0, 42, 43, 0, 1, 0]]


def test_audible_keeps_the_notes_and_reads_nothing_ahead() -> None:
    tokens = random_tokens(MelodyConverter(), 50, seed=4) % 5
    plain = audible(tokens)
    assert (plain != tokens).any()
    for before, after in zip(tokens, plain, strict=True):
        assert notes_from_labels(before, 21).tolist() == notes_from_labels(after, 21).tolist()
    assert (audible(plain) == plain).all()
    assert (audible(tokens[:, :20]) == plain[:, :20]).all()


def test_the_likeness_of_bars_by_hand() -> None:
    """A A' B A of four steps: A' differs in one step, B in three."""
    tokens = np.array([2, 0, 3, 0, 2, 0, 4, 0, 5, 6, 7, 0, 2, 0, 3, 0])
    expected = [[1, 0.75, 0.25, 1], [0.75, 1, 0.25, 0.75], [0.25, 0.25, 1, 0.25], [1, 0.75, 0.25, 1]]
    np.testing.assert_array_equal(bar_likeness(tokens, 4), expected)
