"""The measures themselves: by hand, and against libraries that are not ours."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch

from mvae_widgets.music.families import converter_for
from mvae_widgets.music.performance import Vocabulary
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.evaluate import part_sums
from mvae_widgets.training.evaluate_groove import TapTable, groove_sums
from mvae_widgets.training.feeds import rows_for
from mvae_widgets.training.measure import (
    Bootstrap,
    Group,
    Sums,
    accuracy,
    found_in,
    onset_f1,
    usual_events,
    usual_steps,
)
from mvae_widgets.training.measure_multitrack import rendered_sums
from mvae_widgets.training.measure_path import path_sums
from mvae_widgets.training.passes import GIVEN_HITS, WAYS, decode_all, without_noise

MELODY, DRUMS = CONFIGS["melody-2bar"], CONFIGS["drums-2bar"]
TRIO, TRACKS = CONFIGS["trio-16bar"], CONFIGS["hier-multiperf_vel_1bar_med"]


def test_shares_and_f1_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice([0, 0, 1, 40, 41, 45], (20, 32)).astype(np.uint8)
    found = np.where(rng.random(truth.shape) < 0.7, truth, rng.choice([0, 1, 40, 41], truth.shape)).astype(np.uint8)
    assert accuracy(truth, found).value == pytest.approx(sklearn.metrics.accuracy_score(truth.ravel(), found.ravel()))
    # Onsets as sets of (clip, step, pitch), each either there or not.
    there = [(tokens[..., None] == np.arange(2, 90)).ravel() for tokens in (truth, found)]
    assert onset_f1(truth, found) == pytest.approx(sklearn.metrics.f1_score(*there))
    bits = rng.random((2, 10, 32, 9)) < 0.2
    one, other = bits.astype(np.uint8)
    assert onset_f1(one, other) == pytest.approx(sklearn.metrics.f1_score(bits[0].ravel(), bits[1].ravel()))
    whole = [sum(b[..., k].astype(int) << k for k in range(9)).ravel() for b in bits]
    assert accuracy(one, other).value == pytest.approx(sklearn.metrics.accuracy_score(*whole)), "all nine drums"


def test_onsets_by_hand() -> None:
    assert onset_f1(np.array([[40, 0, 41, 0]]), np.array([[40, 42, 43, 0]])) == pytest.approx(2 * 1 / (2 + 3))
    assert onset_f1(np.zeros((2, 4), int), np.zeros((2, 4), int)) == 0.0


def test_baselines_and_exact_clips_by_hand() -> None:
    truth = np.array([[40, 0, 0, 1], [40, 0, 42, 0]], np.uint8)
    found = truth.copy()
    found[1, 2] = 43
    sums = part_sums(truth, dict.fromkeys(WAYS, found))
    values = {name: s.value for name, s in sums.items()}
    assert values["argmax"] == 7 / 8
    assert values["exact"] == 0.5
    assert values["always_hold"] == 4 / 8
    assert values["onset_f1"] == pytest.approx(2 * 2 / 6)


def test_empty_rows_of_events_do_not_count() -> None:
    truth = np.array([[3, 7, -1, -1], [5, -1, -1, -1]], np.int16)
    found = np.array([[3, 8, 9, 9], [5, 9, 9, 9]], np.int16)
    sums = part_sums(truth, dict.fromkeys(WAYS, found), events=True)
    assert sums["argmax"].value == pytest.approx(2 / 3)
    assert sums["exact"].value == 0.5
    assert "onset_f1" not in sums
    assert usual_events(np.array([[3, 7], [3, -1], [4, -1]])).tolist() == [3, 7]


def test_the_usual_beat_by_hand() -> None:
    clips = np.zeros((3, 32, 9), np.uint8)
    clips[:, ::16, 0] = 1
    clips[:2, 4::16, 1] = 1  # in two clips of three
    clips[0, 8, 2] = 1
    usual = usual_steps(clips, DRUMS)
    assert np.argwhere(usual).tolist() == [[0, 0], [4, 1], [16, 0], [20, 1]]
    trios = np.zeros((3, 32, 3), np.int16)
    trios[..., 2] = (clips.astype(int) << np.arange(9)).sum(2)
    assert (usual_steps(trios, replace(TRIO, steps=32, bars=2, encoder_levels=(), decoder_levels=())) == usual).all()


def test_copies_of_clips_do_not_make_surer() -> None:
    rng = np.random.default_rng(1)
    shares = rng.random(60)
    alone = Bootstrap(np.arange(60))
    interval = alone.interval(alone(Sums.mean(shares)))
    copied = Bootstrap(np.repeat(np.arange(60), 20))
    assert copied.interval(copied(Sums.mean(np.repeat(shares, 20)))) == pytest.approx(interval)
    assert copied.tunes == 60
    theirs = scipy.stats.bootstrap((shares,), np.mean, method="percentile", n_resamples=9999, rng=0).confidence_interval
    assert interval == pytest.approx(list(theirs), abs=0.02)
    one = Bootstrap(np.zeros(5))
    assert one.interval(one(Sums.mean(shares[:5]))) is None, "one tune says nothing of others"


def test_known_clips_are_left_out_of_the_new_ones() -> None:
    known = np.array([True, False, False, True])
    group = Group({"right": Sums.mean(np.array([1.0, 0.5, 0.7, 1.0]))}, np.array([0, 1, 2, 3]), 9, known)
    numbers = group.numbers()
    assert (numbers["clips"], numbers["of"], numbers["in_training_set"]) == (4, 9, 0.5)
    assert numbers["right"] == pytest.approx(0.8)
    assert numbers["new"]["right"] == pytest.approx(0.6)
    assert numbers["new"]["clips"] == numbers["new"]["tunes"] == 2
    low, high = numbers["interval"]["right"]
    assert 0.5 <= low < 0.8 < high <= 1.0
    twin = group.difference(group)
    assert twin["right"] == 0
    assert twin["interval"]["right"] == [0, 0], "pairs of the same are never different"


def test_clips_that_are_known_in_another_key_are_known() -> None:
    train = np.zeros((1, 32), np.uint8)
    train[0, [0, 4, 8]] = 40, 44, 1
    moved = np.where(train > 1, train + 5, train).astype(np.uint8)
    other = moved.copy()
    other[0, 4] += 1
    assert found_in(np.concatenate([moved, other]), train, MELODY).tolist() == [True, False]
    bits = np.zeros((2, 32, 9), np.uint8)
    bits[1, 3, 3] = 1
    assert found_in(bits, bits[:1], DRUMS).tolist() == [True, False]
    louder = np.zeros((1, 32, 27), np.float32)
    louder[0, 0, [0, 9]] = 1, 0.5
    softer = louder.copy()
    softer[0, 0, 9] = 0.4
    assert found_in(softer, louder, CONFIGS["groove-2bar-humanize"]).tolist() == [True]


def test_paths_by_hand() -> None:
    # Four steps of music, three places: one even way, one that goes all at once and back and forth on the way.
    even = [[40, 0, 0, 0], [40, 50, 0, 0], [40, 50, 60, 0]]
    jumpy = [[40, 0, 0, 0], [41, 51, 61, 71], [40, 0, 0, 5]]
    still = [[40, 0, 0, 0]] * 3
    values = {name: s.value for name, s in path_sums(np.array([even, jumpy, still]), MELODY).items()}
    assert values["jump"] == pytest.approx((0.25 + 1.0 + 0.0) / 3)
    assert values["largest_jump"] == pytest.approx((0.25 + 1.0 + 0.0) / 3)
    assert values["unevenness"] == pytest.approx(1.0), "the way that stands still does not count"
    assert values["detour"] == pytest.approx((0.5 / 0.5 + 2.0 / 0.25) / 2)
    once = np.array([[[40, 0], [40, 0], [40, 0], [50, 60]]])
    assert path_sums(once, MELODY)["unevenness"].value == pytest.approx(3), "places - 1: all at once"


def test_jumps_of_drums_and_grooves_are_of_hits() -> None:
    way = np.zeros((1, 2, 4, 9), np.uint8)
    way[0, 1, 2, [3, 4]] = 1
    assert path_sums(way, DRUMS)["jump"].value == 0.25, "a step differs if any drum does"
    groove = np.zeros((1, 2, 4, 27), np.float32)
    groove[..., 9:] = np.random.default_rng(0).random(groove[..., 9:].shape)
    assert path_sums(groove, CONFIGS["groove-2bar-humanize"])["jump"].value == 0


def tracks(*notes: list[tuple[int, int, int, int]], programs: tuple[int, ...] = (0, 33)) -> np.ndarray:
    words, rows = Vocabulary(), np.full((8, 64), -1, np.int16)
    rows[:, 0] = words.end
    for k, (program, some) in enumerate(zip(programs, notes, strict=True)):
        labels = [words.program + program, *words.encode(some, 96), words.end]
        rows[k, : len(labels)] = labels
    return rows.ravel()


def test_rendered_notes_are_those_that_the_converter_plays() -> None:
    truth = tracks([(0, 24, 60, 5), (24, 48, 64, 5)], [(0, 48, 40, 6)])
    found = tracks([(0, 24, 60, 5), (30, 48, 64, 5)], [(0, 40, 40, 8), (48, 96, 45, 8)])
    values = {name: s.value for name, s in rendered_sums(truth[None], found[None], TRACKS).items()}
    converter = converter_for("multitrack", **TRACKS.converter)

    def played(tokens: np.ndarray) -> set[tuple[int, int, int]]:
        # At 120 beats a minute a step of 1/24 is 1/48 s.
        notes = converter.to_sequence(tokens).notes
        return {(round(note.start_time * 48), note.pitch, note.program) for note in notes}

    one, other = played(truth), played(found)
    assert values["note_f1"] == pytest.approx(2 * len(one & other) / (len(one) + len(other)))
    assert values["note_f1"] == pytest.approx(2 * 2 / (3 + 4))
    assert values["programs_f1"] == 1
    assert values["length_mae_steps"] == pytest.approx((0 + 8) / 2)
    assert values["velocity_mae_bins"] == pytest.approx((0 + 2) / 2)
    other_band = tracks([(0, 24, 60, 5), (24, 48, 64, 5)], [(0, 48, 40, 6)], programs=(0, 40))
    values = {name: s.value for name, s in rendered_sums(truth[None], other_band[None], TRACKS).items()}
    assert values["note_f1"] == pytest.approx(2 * 2 / 6)
    assert values["note_f1_no_program"] == 1
    assert values["programs_f1"] == 0.5


def test_a_shift_in_two_halves_sounds_the_same() -> None:
    words, rows = Vocabulary(), tracks([(24, 48, 64, 5)], programs=(0,))
    labels = [words.program, words.shift + 10, words.shift + 14, words.velocity + 5, 64, words.shift + 24]
    labels += [words.note_off + 64, words.shift + 48, words.end]
    halves = np.full_like(rows, -1).reshape(8, 64)
    halves[:, 0] = words.end
    halves[0, : len(labels)] = labels
    assert (halves.ravel() != rows).any()
    assert rendered_sums(rows[None], halves.ravel()[None], TRACKS)["note_f1"].value == 1


def groove_model() -> VAE:
    torch.manual_seed(0)
    return VAE(CONFIGS["groove-2bar-humanize"].with_sizes(8, (12,), (16, 16))).eval()


def test_baselines_of_grooves_by_hand() -> None:
    model = groove_model()
    groove = np.zeros((2, 32, 27), np.float32)
    groove[:, 0, [0, 9, 18]] = 1, 0.5, 0.5
    groove[:, 16, [0, 9, 18]] = 1, 0.7, 0.1
    groove[:, 4, [1, 10, 19]] = 1, 1.0, -0.5
    decoded = decode_all(model, groove, progress=False)
    measured = {name: s.value for name, s in groove_sums(groove, decoded, groove.copy(), model.config).items()}
    mean = (0.5 + 0.7 + 1.0) / 3
    errors = np.array([0.5, 0.7, 1.0]) - mean
    assert measured["fixed_velocity_mae"] == pytest.approx(127 * np.abs(errors).mean(), rel=1e-5)
    assert measured["fixed_velocity_rmse"] == pytest.approx(127 * np.sqrt((errors**2).mean()), rel=1e-5)
    assert measured["fixed_timing_mae_ms"] == pytest.approx(62.5 * (0.5 + 0.1 + 0.5) / 3, rel=1e-5)
    # The kick at the first step of a bar is as usual 0.6 loud and 0.3 early.
    assert measured["typical_velocity_mae"] == pytest.approx(127 * (0.1 + 0.1 + 0) / 3, rel=1e-5)
    assert measured["typical_timing_mae_ms"] == pytest.approx(62.5 * (0.2 + 0.2 + 0) / 3, rel=1e-5)
    assert measured["hit_f1_baseline"] == 1.0, "hits are heard"
    played, on = decoded.way(GIVEN_HITS), groove[..., :9] > 0.5
    assert measured["velocity_mae"] == pytest.approx(127 * np.abs(played[..., 9:18] - groove[..., 9:18])[on].mean())
    assert measured["timing_mse"] == pytest.approx((((played[..., 18:] - groove[..., 18:]) / 2)[on] ** 2).mean())
    for k, name in enumerate(("velocity", "timing"), 1):
        third = slice(9 * k, 9 * k + 9)
        spread = played[..., third][on].std() / groove[..., third][on].std()
        assert measured[f"{name}_spread"] == pytest.approx(spread, rel=1e-3)


def test_the_drums_that_taps_stand_for() -> None:
    config = CONFIGS["groove-2bar-tap"]
    train = np.zeros((10, 32, 27), np.float32)
    train[:, 0, [0, 9]] = 1, 0.9
    train[:4, 8, [1, 10]] = train[4:, 8, [2, 11]] = 1, 0.9
    table = TapTable(train, rows_for(train, config).x.numpy())
    bits = table(rows_for(train[:1], config).x.numpy())
    assert np.argwhere(bits[0]).tolist() == [[0, 0], [8, 2]], "of two drums at a step the likelier"
    unheard = np.zeros((1, 32, 27), np.float32)
    unheard[0, [1, 16], 3] = 1
    # In the second bars of training nothing was tapped at step 0: what counts is the step of the bar, and the tap.
    assert np.argwhere(table(unheard)[0]).tolist() == [[16, 0]]


def test_a_plain_autoencoder_draws_nothing() -> None:
    torch.manual_seed(0)
    model = VAE(MELODY.with_sizes(8, (12,), (16, 16))).eval()
    model.load_state_dict(without_noise(model.state_dict()))
    tokens = np.random.default_rng(0).choice([0, 40, 41], (6, 32)).astype(np.uint8)
    decoded = decode_all(model, tokens, progress=False)
    assert np.isinf(decoded.kl).all(), "a posterior without width is infinitely far from the prior"
    ways = [decoded.way(way) for way in ("teacher_forced", "teacher_forced_sampled_z")]
    assert all((one == other).all() for one, other in pairwise(ways))
