"""Operations on latent vectors, on the shipped model and on small ones of every family."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from note_seq import NoteSequence

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, MusicVAEError, MusicVAEWarning, NothingToEncodeError
from mvae_widgets.latent.attribute_fit import fit_attributes
from mvae_widgets.latent.interpolate import path, slerp
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.edits import transpose
from mvae_widgets.music.features import ATTRIBUTES, attributes_for
from tests.test_families import small

FAMILIES = {
    "melody": "cat-mel_2bar_small",
    "drums": "cat-drums_2bar_small",
    "trio": "hierdec-trio_16bar",
    "groove": "groovae_4bar",
    "multitrack": "hier-multiperf_vel_1bar_med",
}


def notes(sequence: Any) -> list[tuple[int, float, float]]:
    return [(n.pitch, round(n.start_time, 3), round(n.end_time, 3)) for n in sequence.notes]


@pytest.fixture(scope="module")
def tunes(model: mv.MusicVAE) -> Any:
    """Clips of five bundled tunes."""
    names = ("soldiers-joy", "devils-dream", "fishers-hornpipe", "low-road", "frere-jacques")
    return model.clips([mv.tunes.load(name) for name in names])


@pytest.fixture(scope="module")
def mu(model: mv.MusicVAE, tunes: Any) -> np.ndarray:
    return model.encode(tunes).numpy()[0]


def heard(model: mv.MusicVAE, sequences: list[Any], name: str = "note_density") -> np.ndarray:
    return model.measure(sequences)[name]


def test_mean_of_one_is_its_reconstruction_and_of_two_the_middle(
    model: mv.MusicVAE, tunes: Any, mu: np.ndarray
) -> None:
    assert notes(model.mean(tunes[0])) == notes(model.reconstruct(tunes[0])[0])
    middle = model.decode((mu[0] + mu[-1]) / 2, qpm=tunes[0].qpm)[0]
    assert notes(model.mean([tunes[0], tunes[-1]])) == notes(middle)


def test_path_passes_every_clip(model: mv.MusicVAE, tunes: Any) -> None:
    ways = [tunes[0], tunes[4], tunes[-1]]
    row = model.path(ways, 7)
    assert len(row) == 7
    straight = [notes(s) for s in model.decode(model.encode(ways).mu, qpm=tunes[0].qpm)]
    assert [notes(row[k]) for k in (0, 3, 6)] == straight
    assert [notes(s) for s in model.path(ways[:2], 4)] == [notes(s) for s in model.interpolate(*ways[:2], steps=4)]


def test_grid_row_by_row(model: mv.MusicVAE, tunes: Any, mu: np.ndarray) -> None:
    corners = [0, 3, 5, 8]
    cells = model.grid([tunes[k] for k in corners], 3)
    assert [len(row) for row in cells] == [3, 3, 3]
    a, b, c, d = mu[corners]
    expected = [path(a, b, 3), path(slerp(a, c, 0.5), slerp(b, d, 0.5), 3), path(c, d, 3)]
    for row, z in zip(cells, expected, strict=True):
        assert [notes(s) for s in row] == [notes(s) for s in model.decode(z, qpm=tunes[0].qpm)]


def test_similar_goes_from_the_clip_to_the_prior(model: mv.MusicVAE, tunes: Any) -> None:
    clip = tunes[0]
    same = model.similar(clip, 1.0, 3, seed=0)
    assert {str(notes(s)) for s in same} == {str(notes(model.reconstruct(clip)[0]))}
    once, again = model.similar(clip, 0.8, 3, seed=5), model.similar(clip, 0.8, 3, seed=5)
    assert [notes(s) for s in once] == [notes(s) for s in again]
    assert [notes(s) for s in once] != [notes(s) for s in model.similar(clip, 0.8, 3, seed=6)]
    noise = np.random.default_rng(5).normal(size=(2, model.config.z_size))
    far = [notes(s) for s in model.decode(noise, qpm=clip.qpm)]
    assert [notes(s) for s in model.similar(clip, 0.0, 2, seed=5)] == far

    def onsets_kept(amount: float) -> float:
        want = {(p, s) for p, s, _ in notes(model.reconstruct(clip)[0])}
        varied = model.similar(clip, amount, 40, seed=1)
        return float(np.mean([len(want & {(p, s) for p, s, _ in notes(v)}) / len(want) for v in varied]))

    assert onsets_kept(0.9) > onsets_kept(0.6) + 0.1 > onsets_kept(0.1) + 0.2


def test_measure_is_the_features_of_the_tokens(model: mv.MusicVAE, tunes: Any) -> None:
    got = model.measure(tunes)
    assert tuple(got) == ATTRIBUTES
    tokens = np.stack([clip.tokens for clip in tunes])
    for name, feature in attributes_for(model.converter).items():
        np.testing.assert_array_equal(got[name], feature(tokens))
    assert got["note_density"][0] == len(tunes[0].sequence.notes) / 32


def test_shipped_vectors(model: mv.MusicVAE) -> None:
    assert model.has_attributes
    vectors = model.attributes
    assert vectors.names == ATTRIBUTES
    assert vectors.size == model.config.z_size
    assert (vectors.effect > 0).all()
    assert vectors.counts.sum(1).min() >= 100_000
    assert vectors.std[vectors.index("c_diatonic")] > 0.2  # transposed clips: not all in C
    assert vectors.kinds("note_density") == ("edits", "quartiles")


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_more_is_more_and_less_is_less(model: mv.MusicVAE, mu: np.ndarray, name: str) -> None:
    """Each vector does to samples of the prior what it is called after; the matrix is in docs/latent.md."""
    z = np.random.default_rng(0).normal(size=(150, model.config.z_size))
    step = model.attributes.vectors[model.attributes.index(name)]
    more, less = (model.measure(model.decode_clips(z + sign * step))[name] for sign in (1, -1))
    change = (more - less)[np.isfinite(more - less)]
    assert change.mean() > 2 * change.std() / np.sqrt(len(change))


@pytest.mark.parametrize("sign", [1, -1])
def test_density_turns_where_it_is_asked(model: mv.MusicVAE, tunes: Any, sign: int) -> None:
    """A quarter of a deviation for nine clips of ten, as in docs/latent.md; plain arithmetic does less."""
    clips = list(tunes)[:20]
    before = heard(model, model.reconstruct(clips))
    asked = 0.25 * model.attributes.std[model.attributes.index("note_density")]
    change = sign * (heard(model, model.shift(clips, {"note_density": sign})) - before)
    assert (change >= asked).mean() >= 0.9
    plain = sign * (heard(model, model.shift(clips, {"note_density": sign}, search=False)) - before)
    assert (plain >= asked).mean() < (change >= asked).mean()


def test_shift_by_nothing_is_the_reconstruction(model: mv.MusicVAE, tunes: Any) -> None:
    same = model.shift(tunes[:3], {"note_density": 0.0})
    assert [notes(s) for s in same] == [notes(s) for s in model.reconstruct(tunes[:3])]
    assert [s.tempos[0].qpm for s in same] == [clip.qpm for clip in tunes[:3]]


def test_locked_attributes_drift_less(model: mv.MusicVAE) -> None:
    """Two steps of pitch range, with and without density locked, on samples of the prior."""
    z = np.random.default_rng(3).normal(size=(200, model.config.z_size))
    before = model.measure(model.decode_clips(z))["note_density"]

    def drift(keep: tuple[str, ...]) -> float:
        moved = model.attributes.move(z, {"repetition": 2.0}, keep)
        return float(np.abs(model.measure(model.decode_clips(moved))["note_density"] - before).mean())

    assert drift(("note_density",)) < 0.7 * drift(())


def test_matrix_of_a_model(model: mv.MusicVAE) -> None:
    effects = model.evaluate_attributes(40, amount=None, seed=1, progress=False)
    assert effects.samples == 40
    assert effects.change.shape == (8, 8)
    assert np.isfinite(effects.percent[0]).all()
    assert (effects.margin >= 0).all()
    density = effects.names.index("note_density")
    assert effects.percent[0][density, density] > 50


def test_nearest_against_a_plain_search(model: mv.MusicVAE, tunes: Any, mu: np.ndarray) -> None:
    index, distance = model.nearest(tunes[3], tunes, 4)
    away = np.sqrt(((mu - mu[3]) ** 2).sum(1))
    assert index[0] == 3
    np.testing.assert_array_equal(away[index], np.sort(away)[:4])
    np.testing.assert_allclose(distance, np.sort(away)[:4], atol=1e-5)
    np.testing.assert_array_equal(model.nearest(tunes[3], mu, 4)[0], index)
    assert len(model.nearest(tunes[3], tunes[:2], 50)[0]) == 2


def test_kl_per_dimension_against_torch(model: mv.MusicVAE, tunes: Any) -> None:
    posterior = model.encode(tunes)
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(posterior.mu, posterior.sigma), normal(0.0, 1.0)).mean(0)
    np.testing.assert_allclose(model.kl_per_dimension(tunes), kl.numpy(), atol=1e-4)
    active = model.active_dimensions(tunes)
    assert set(active) == set(np.flatnonzero(kl.numpy() > 0.05))
    assert (np.diff(kl.numpy()[active]) <= 1e-6).all()
    varied = model.active_dimensions(tunes, rule="variance")
    assert set(varied) == set(np.flatnonzero(posterior.mu.numpy().var(0) > 0.01))
    assert len(model.active_dimensions(tunes, threshold=1e9)) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda m, c: m.path([c[0]], 5),
        lambda m, c: m.path(c, 1),
        lambda m, c: m.grid([c[0]] * 3),
        lambda m, c: m.grid([c[0]] * 4, 1),
        lambda m, c: m.similar(c[0], 1.5),
        lambda m, c: m.similar(c[0], n=0),
        lambda m, c: m.shift(c[0], {"loudness": 1.0}),
        lambda m, c: m.shift(c[0], {"note_density": float("inf")}),
        lambda m, c: m.shift(c[0], {"note_density": 1.0}, keep=("note_density",)),
        lambda m, c: m.nearest(c[0], [], 3),
        lambda m, c: m.nearest(c[0], np.full((3, m.config.z_size), np.nan)),
        lambda m, c: m.nearest(c[0], np.zeros((3, 2))),
        lambda m, c: m.kl_per_dimension([]),
        lambda m, c: m.active_dimensions(c, rule="mean"),
        lambda m, c: m.fit_attributes([]),
        lambda m, c: m.fit_attributes(c[0]),
        lambda m, c: m.mean([]),
        lambda m, c: m.measure([]),
    ],
)
def test_wrong_arguments(model: mv.MusicVAE, tunes: Any, call: Any) -> None:
    with pytest.raises(MusicVAEError) as caught:
        call(model, tunes)
    assert caught.value.message


def band() -> NoteSequence:
    """Melody, bass and drums over 64 bars of 4/4 at 120, never twice the same."""
    rng = np.random.default_rng(0)
    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    for eighth in range(64 * 8):
        time = eighth / 4
        if rng.random() < 0.6:
            pitch = int(rng.integers(60, 76))
            sequence.notes.add(pitch=pitch, velocity=80, start_time=time, end_time=time + 0.2)
        if rng.random() < 0.3:
            sequence.notes.add(
                pitch=int(rng.integers(36, 48)), velocity=80, start_time=time, end_time=time + 0.2,
                program=33, instrument=1,
            )  # fmt: skip
        for pitch in (36, 38, 42, 49):
            if rng.random() < 0.3:
                sequence.notes.add(
                    pitch=pitch, velocity=int(rng.integers(40, 120)), start_time=time, end_time=time + 0.1,
                    is_drum=True, instrument=9,
                )  # fmt: skip
    sequence.total_time = 128.0
    return sequence


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_measures_fits_and_shifts(family: str) -> None:
    model = small(FAMILIES[family])
    clips = model.clips([band() for _ in range(3)] if family == "trio" else band())
    measured = model.measure(clips)
    assert all(len(value) == len(clips) for value in measured.values())
    assert np.isfinite(measured["note_density"]).all()
    assert not model.has_attributes
    with pytest.raises(ConfigError, match="fit_attributes"):
        _ = model.attributes
    vectors = model.fit_attributes(clips, progress=False)
    assert model.has_attributes
    assert set(vectors.names) <= set(measured)
    assert (vectors.effect > 0).all()
    first, _, last = clips[0], clips[1], clips[-1]
    assert len(model.shift([first, last], {"note_density": 1.0})) == 2
    assert len(model.path([first, last], 3)) == 3
    assert len(model.grid([first, last, first, last], 2)) == 2
    assert len(model.similar(last, n=2, seed=0)) == 2
    assert model.nearest(last, clips, 1)[1][0] == pytest.approx(0, abs=1e-5)


def test_own_vectors_take_the_place_of_the_shipped_ones(tunes: Any, mu: np.ndarray) -> None:
    model = mv.load("melody-2bar", device="cpu")
    shipped = model.attributes
    own = model.fit_attributes(tunes, progress=False)
    assert model.attributes is own
    assert own is not shipped
    value = model.measure(tunes)["mean_pitch"]
    expected = fit_attributes(mu, {"mean_pitch": value})
    np.testing.assert_allclose(own.vectors[own.index("mean_pitch")], expected.vectors[0], atol=1e-5)
    moved = transpose(np.stack([clip.tokens for clip in tunes]), 3)
    up = model.encode([Clip(row, model.converter) for row in moved]).numpy()[0]
    down = [Clip(row, model.converter) for row in transpose(np.stack([clip.tokens for clip in tunes]), -3)]
    apart = (up - model.encode(down).numpy()[0]).mean(0)
    np.testing.assert_allclose(own.edits[own.index("mean_pitch")], apart, atol=1e-4)


def test_a_corpus_is_as_good_as_its_clips(tunes: Any) -> None:
    model = mv.load("melody-2bar", device="cpu")
    corpus = model.embed(tunes)
    by_clips, by_corpus = (model.fit_attributes(music, progress=False).to_dict() for music in (tunes, corpus))
    assert by_clips.keys() == by_corpus.keys()
    for name in ("vectors", "probes", "mean", "counts"):
        np.testing.assert_allclose(by_corpus[name], by_clips[name], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(model.nearest(tunes[3], corpus, 4)[0], model.nearest(tunes[3], tunes, 4)[0])
    np.testing.assert_allclose(model.kl_per_dimension(corpus), model.kl_per_dimension(tunes), atol=1e-5)


def test_a_longer_piece_says_that_its_first_clip_is_used(model: mv.MusicVAE) -> None:
    with pytest.warns(MusicVAEWarning, match="only bars 1-2"):
        model.similar(mv.tunes.load("soldiers-joy"), n=1, seed=0)
    with pytest.raises(NothingToEncodeError):
        model.mean(mv.read("X:1\nT:Odd\nM:3/4\nL:1/4\nK:C\nCDE|\n"))
