"""Maps and their way back, beside scikit-learn, by hand, and on the shipped model."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.colour import Plane
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.project import LinearProjection, fit_pca, nearest, plane_projection
from mvae_widgets.latent.umap_projection import UmapProjection, fit_umap
from mvae_widgets.music import features

ORTHONORMAL = np.array([[0.6, 0.8, 0, 0, 0], [0, 0, 1, 0, 0]])


def points(n: int = 400, z: int = 12, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, z)) * np.linspace(3, 0.2, z) + rng.normal(size=z)


def a_plane() -> Plane:
    return Plane(ORTHONORMAL, np.array([0.5, -1.0]), np.array([2.0, 0.5]))


@pytest.mark.parametrize("n", [2, 3])
def test_pca_is_that_of_scikit_learn(n: int) -> None:
    sklearn = pytest.importorskip("sklearn.decomposition")
    z, new = points(), points(seed=1)
    theirs = sklearn.PCA(n, svd_solver="full").fit(z)
    ours = fit_pca(z, n)
    sign = np.sign((ours.weights * theirs.components_).sum(1))
    np.testing.assert_allclose(ours.weights, theirs.components_ * sign[:, None], atol=1e-9)
    np.testing.assert_allclose(ours.project(new), theirs.transform(new) * sign, atol=1e-9)
    np.testing.assert_allclose(ours.coordinates, ours.project(z))
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-12)
    alone = LinearProjection.from_dict(ours.to_dict())
    places = ours.project(z[:50])
    np.testing.assert_allclose(alone.inverse(places), theirs.inverse_transform(places * sign), atol=1e-9)
    assert (ours.weights[np.arange(n), np.abs(ours.weights).argmax(1)] > 0).all()
    assert (ours.name, ours.dimensions, ours.size) == ("pca" if n == 2 else "pca3", n, 12)


def test_more_directions_than_clips() -> None:
    z = points(5, 40)
    flat = fit_pca(z)
    np.testing.assert_allclose(flat.weights @ flat.weights.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(flat.inverse(flat.coordinates), z, atol=1e-9)


def test_the_plane_gives_the_places_that_colours_come_from() -> None:
    plane, z = a_plane(), points(z=5)
    flat = plane_projection(plane, z)
    np.testing.assert_allclose(np.tanh(flat.project(z) / 1.25), plane.place(z), atol=1e-12)


def test_the_way_back_without_a_corpus_is_on_the_plane_and_nearest_to_the_middle() -> None:
    flat = plane_projection(a_plane())
    xy = np.array([[1.0, 1.5], [-1.0, 0.3], [0.0, 0.0]])
    z = flat.inverse(xy)
    np.testing.assert_allclose(flat.project(z), xy, atol=1e-12)
    # The least squares solution of an underdetermined system is its shortest one.
    wanted = xy * [2.0, 0.5] - [0.5, -1.0]
    shortest = np.stack([np.linalg.lstsq(ORTHONORMAL, row, rcond=None)[0] for row in wanted])
    np.testing.assert_allclose(z, shortest, atol=1e-12)


@pytest.mark.parametrize("kind", ["plane", "pca", "pca3", "skew"])
def test_there_and_back(kind: str) -> None:
    z = points(z=5)
    if kind == "skew":
        flat = LinearProjection("skew", [[1, 2, 0, 0, 0], [0, 1, 0, -1, 3]], [1, 1], [2, 3], anchors=z)
    else:
        flat = plane_projection(a_plane(), z) if kind == "plane" else fit_pca(z, 3 if kind == "pca3" else 2)
    rng = np.random.default_rng(3)
    inside = flat.coordinates[:200] + 0.05 * rng.normal(size=(200, flat.dimensions))
    np.testing.assert_allclose(flat.project(flat.inverse(inside)), inside, atol=1e-9)
    np.testing.assert_allclose(flat.inverse(flat.coordinates), z, atol=1e-9)
    # By hand: the nearest clip, moved by what lacks, and by nothing beside the plane.
    place = inside[7]
    near = np.linalg.norm(flat.coordinates - place, axis=1).argmin()
    step = flat.inverse(place)[0] - z[near]
    across = np.linalg.svd(flat.weights)[2][flat.dimensions :]
    np.testing.assert_allclose(across @ step, 0, atol=1e-9)


@pytest.mark.parametrize("far", [30.0, 1e8, 1e200, 1.7e308])
def test_far_outside_the_way_back_stays_among_the_clips(far: float) -> None:
    z = points(z=5)
    longest = np.linalg.norm(z - z.mean(0), axis=1).max()
    for flat in (plane_projection(a_plane(), z), fit_pca(z), fit_pca(z, 3)):
        direction = np.linspace(-1, 1, flat.dimensions)
        back = flat.inverse(np.stack([far * direction, -far * direction]))
        assert np.isfinite(back).all()
        assert (np.linalg.norm(back - z.mean(0), axis=1) < 2.5 * longest).all()
    flat = fit_pca(z)
    ray = flat.project(flat.inverse([[30.0, -40.0]]))[0]
    assert ray[1] / ray[0] == pytest.approx(-4 / 3)
    assert np.linalg.norm(ray / flat.spread) == pytest.approx(flat.reach)
    none = plane_projection(a_plane()).inverse([[far, far]])
    assert np.linalg.norm(plane_projection(a_plane()).project(none) - [0.25, -2.0]) == pytest.approx(4.0)


def test_plain_data_and_back() -> None:
    z = points(z=5)
    for flat in (plane_projection(a_plane(), z), fit_pca(z, 3)):
        data = json.loads(json.dumps(flat.to_dict()))
        back = LinearProjection.from_dict(data, anchors=z)
        xy = np.random.default_rng(0).normal(size=(20, flat.dimensions)) * 3
        np.testing.assert_array_equal(back.project(z), flat.project(z))
        np.testing.assert_allclose(back.inverse(xy), flat.inverse(xy), atol=1e-12)
        assert (back.name, back.to_dict()) == (flat.name, data)
    for wrong in ({}, {"name": "x", "weights": [[1]], "offset": "a", "scale": [1]}, {**data, "more": 1}):
        with pytest.raises(ConfigError, match="no map"):
            LinearProjection.from_dict(wrong)


def test_what_is_no_place_and_no_vector() -> None:
    flat = fit_pca(points(z=5))
    for wrong in (np.ones(4), np.ones((2, 3)), np.full((1, 5), np.nan), [["a"] * 5], np.ones((1, 1, 5)), None):
        with pytest.raises(ConfigError, match="latent vectors"):
            flat.project(wrong)
    for wrong in (np.ones(3), [[np.nan, 0]], [[np.inf, 0]]):
        with pytest.raises(ConfigError, match="places"):
            flat.inverse(wrong)


def test_what_makes_no_map() -> None:
    same = np.ones((6, 5))
    line = np.arange(6.0)[:, None] * np.ones(5)
    for few in (same, line, points(1, 5), points(2, 5)):
        with pytest.raises(ConfigError, match="do not differ in 2 directions"):
            fit_pca(few)
    with pytest.raises(ConfigError, match="2 to 3, not 4"):
        fit_pca(points(), 4)
    holed = points()
    holed[3, 2] = np.nan
    for wrong in (holed, np.empty((0, 5)), np.ones(5)):
        for fit in (fit_pca, fit_umap):
            with pytest.raises(ConfigError, match=r"not finite|no cloud"):
                fit(wrong)
    with pytest.raises(ConfigError, match="not independent"):
        LinearProjection("twice", [[1, 2], [2, 4]], [0, 0], [1, 1])
    with pytest.raises(ConfigError, match="above 0"):
        LinearProjection("flat", [[1, 2]], [0], [0])


def test_nearest_beside_scipy() -> None:
    tree = pytest.importorskip("scipy.spatial").cKDTree
    rng = np.random.default_rng(0)
    among, places = rng.normal(size=(500, 3)), rng.normal(size=(203, 3))
    distances, numbers = tree(among).query(places, 7)
    ours = nearest(places, among, 7)
    np.testing.assert_array_equal(ours[0], numbers)
    np.testing.assert_allclose(ours[1], distances)
    assert nearest(places, among[:2], 7)[0].shape == (203, 2)


class Reducer:
    """A stand-in with what UMAP has."""

    def __init__(self, embedding: Any) -> None:
        self.embedding_ = np.asarray(embedding, np.float32)

    def transform(self, z: Any) -> Any:
        return z[:, :2]


def test_the_approximate_way_back() -> None:
    rng = np.random.default_rng(0)
    z, xy = rng.normal(size=(50, 6)), rng.normal(size=(50, 2)).astype(np.float32)
    umap = UmapProjection(Reducer(xy), z)
    np.testing.assert_allclose(umap.inverse(xy), z, atol=1e-3)
    np.testing.assert_array_equal(umap.project(z), xy)
    np.testing.assert_allclose(umap.project(z[:3]), z[:3, :2], atol=1e-6)
    lengths = np.linalg.norm(z, axis=1)
    back = np.linalg.norm(umap.inverse(rng.normal(size=(40, 2)) * 3), axis=1)
    assert lengths.min() <= back.min() <= back.max() <= lengths.max()
    assert np.isfinite(umap.inverse([[1e308, -1e308]])).all()
    # Halfway between two clips with the others far away: as much of one as of the other.
    far = UmapProjection(Reducer([[-1, 0], [1, 0], [0, 50], [0, -51]]), np.eye(4))
    assert far.inverse([[0, 0]])[0, 0] == pytest.approx(far.inverse([[0, 0]])[0, 1])
    assert far.inverse([[0, 0]])[0, 2] < 0.05
    # It moves smoothly as the place does.
    line = np.stack([np.linspace(-1, 1, 4001), np.zeros(4001)], 1)
    assert np.linalg.norm(np.diff(umap.inverse(line), axis=0), axis=1).max() < 0.1
    with pytest.raises(ConfigError, match="plain data"):
        umap.to_dict()


def test_umap_keeps_neighbours() -> None:
    pytest.importorskip("umap")
    rng = np.random.default_rng(0)
    centres = 6 * rng.normal(size=(3, 8))
    group = np.arange(90) % 3
    z = centres[group] + rng.normal(size=(90, 8))
    one, two = fit_umap(z, neighbours=10), fit_umap(z, neighbours=10)
    np.testing.assert_array_equal(one.coordinates, two.coordinates)
    close = nearest(one.coordinates, one.coordinates, 6)[0][:, 1:]
    assert (group[close] == group[:, None]).mean() > 0.95
    back = one.project(one.inverse(one.coordinates[:20] + 0.05))
    spread = np.linalg.norm(one.coordinates - one.coordinates.mean(0), axis=1).mean()
    assert np.median(np.linalg.norm(back - one.coordinates[:20], axis=1)) < 0.2 * spread
    assert fit_umap(z[:10]).coordinates.shape == (10, 2)


def test_umap_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ConfigError, match=r"pip install 'mvae_widgets\[umap\]'"):
        fit_umap(points())
    with pytest.raises(ConfigError, match="9 clips are too few"):
        fit_umap(points(9))


@pytest.fixture(scope="module")
def corpus(model: mv.MusicVAE) -> mv.Corpus:
    """The tunes that the package ships, and samples around them: clips with many places."""
    tunes = [mv.tunes.load(name) for name in mv.tunes.names()]
    drawn = model.sample(400, temperature=1.0, seed=0)
    return model.embed([*tunes, *drawn])


def test_any_place_decodes_to_what_the_place_says(model: mv.MusicVAE, corpus: mv.Corpus) -> None:
    """Up is higher and right is busier, also between the clips."""
    flat = model.map(corpus)
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 150), 2 * np.sqrt(rng.random(150))
    xy = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    clips = model.decode_clips(flat.inverse(xy))
    tokens = np.stack([clip.tokens for clip in clips])
    heard = np.isfinite(features.mean_pitch(tokens))
    assert np.corrcoef(xy[heard, 0], features.note_density(tokens)[heard])[0, 1] > 0.8
    assert np.corrcoef(xy[heard, 1], features.mean_pitch(tokens)[heard])[0, 1] > 0.7
    assert (features.onsets(tokens).sum(1) >= 3).mean() > 0.95
    there = flat.project(model.encode(clips).numpy()[0])
    assert np.linalg.norm(there - xy, axis=1).mean() < 0.5


def test_maps_of_a_model(model: mv.MusicVAE, corpus: mv.Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.map(corpus, "pca3").coordinates.shape == (len(corpus), 3)
    np.testing.assert_allclose(np.tanh(model.map(corpus).coordinates / 1.25), model.place(corpus.mu), atol=1e-5)
    one = model.map(corpus[:1])
    np.testing.assert_allclose(one.inverse(one.coordinates), corpus.mu[:1], atol=1e-6)
    assert np.isfinite(model.map(corpus[:0]).inverse([[1, 1]])).all()
    for kind in ("pca", "umap"):
        for n in (0, 1):
            with pytest.raises(ConfigError, match=r"no cloud|do not differ|too few"):
                model.map(corpus[:n], kind)
    with pytest.raises(ConfigError, match=r"no map of kind 'tsne'.*plane, pca, pca3, umap"):
        model.map(corpus, "tsne")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="list is no corpus"):
        model.map([])  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setitem(model.__dict__, "fingerprint", "another")
        with pytest.raises(ConfigError, match="not of this melody-2bar"):
            model.map(corpus)
    monkeypatch.setattr(model, "plane", None)
    with pytest.raises(ConfigError, match="has no plane"):
        model.map(corpus)
