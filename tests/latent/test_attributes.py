"""Attribute vectors against NumPy, scikit-learn-like references and planted directions."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.attribute_fit import fit_attributes
from mvae_widgets.latent.attributes import STEP, AttributeVectors
from mvae_widgets.latent.effects import evaluate_attributes, step_effects

Z = 12
MIX = np.random.default_rng(5).normal(size=(Z, Z)) / np.sqrt(Z)


def latents(n: int = 4000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, Z)) @ MIX


def planted(z: np.ndarray) -> dict[str, np.ndarray]:
    """Two attributes that go together, and a third."""
    a = z @ np.arange(Z) / 10
    return {"a": a, "b": 0.5 * a + z[:, 0] + 3, "c": 40 + z[:, 1] - z[:, 5]}


@pytest.fixture(scope="module")
def fitted() -> AttributeVectors:
    z = latents()
    return fit_attributes(z, planted(z))


def test_quartiles_as_in_the_paper(fitted: AttributeVectors) -> None:
    z = latents()
    for name, value in planted(z).items():
        order = np.argsort(value)
        expected = z[order[-1000:]].mean(0) - z[order[:1000]].mean(0)
        np.testing.assert_allclose(fitted.vectors[fitted.index(name)], expected)


def test_equal_values_count_alike() -> None:
    """The mean over all ways of breaking ties, and so the same for any order of the clips."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 3))
    value = rng.integers(0, 3, 40).astype(float)
    vectors = []
    for _ in range(4000):
        order = np.lexsort((rng.random(40), value))
        vectors.append(z[order[-10:]].mean(0) - z[order[:10]].mean(0))
    fitted = fit_attributes(z, {"x": value}).vectors[0]
    np.testing.assert_allclose(fitted, np.mean(vectors, axis=0), atol=0.02)
    shuffled = rng.permutation(40)
    np.testing.assert_allclose(fit_attributes(z[shuffled], {"x": value[shuffled]}).vectors[0], fitted)


def test_spread_is_that_of_the_corpus(fitted: AttributeVectors) -> None:
    value = planted(latents())["c"]
    k = fitted.index("c")
    assert fitted.mean[k] == pytest.approx(value.mean())
    assert fitted.std[k] == pytest.approx(value.std())
    np.testing.assert_allclose(fitted.quantiles[k], np.quantile(value, [0, 0.25, 0.5, 0.75, 1]))
    assert fitted.counts[k].sum() == len(value)
    np.testing.assert_allclose(fitted.edges[k, [0, -1]], np.quantile(value, [0.005, 0.995]))
    inside = (value > fitted.edges[k, 4]) & (value < fitted.edges[k, 5])
    assert fitted.counts[k, 4] == inside.sum()


def test_probes_are_the_regression(fitted: AttributeVectors) -> None:
    """Least squares on clips that the probes have not seen: the ridge changes next to nothing."""
    z, other = latents(), latents(500, 9)
    for name, value in planted(z).items():
        slope = np.linalg.lstsq(z - z.mean(0), value - value.mean(), rcond=None)[0]
        told = fitted.probes[fitted.index(name)]
        np.testing.assert_allclose(other @ told, other @ slope, atol=0.1 * value.std())
    np.testing.assert_allclose(fitted.fit, 1.0, atol=0.01)
    noise = 2 * np.random.default_rng(0).normal(size=len(z))
    half = fit_attributes(z, {"x": planted(z)["a"] / planted(z)["a"].std() * 2 + noise})
    assert half.fit[0] == pytest.approx(0.5, abs=0.03)


def test_a_step_is_half_a_deviation(fitted: AttributeVectors) -> None:
    z = latents(200, 1)
    before = planted(z)
    for k, name in enumerate(fitted.names):
        change = planted(fitted.move(z, {name: 1.0}))[name] - before[name]
        np.testing.assert_allclose(change, STEP * fitted.std[k], rtol=0.03)
        assert fitted.effect[k] == pytest.approx(STEP * fitted.std[k])
        np.testing.assert_allclose(
            fitted.move(z, {name: -2.0}) - z, -2 * fitted.direction(name)[None].repeat(200, 0), atol=1e-12
        )


def test_no_step_is_longer_than_the_vector() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 4))
    noisy = fit_attributes(z, {"x": z[:, 0] + 6 * rng.normal(size=2000)})
    np.testing.assert_allclose(noisy.direction("x"), noisy.vectors[0])
    assert noisy.effect[0] < STEP * noisy.std[0]


def test_what_is_kept_stays_and_what_is_asked_moves(fitted: AttributeVectors) -> None:
    z = latents(50, 2)
    before, free = planted(z), planted(fitted.move(z, {"a": 2.0}))
    after = planted(fitted.move(z, {"a": 2.0}, keep=("b", "c")))
    assert np.abs(free["b"] - before["b"]).min() > 0.3 * fitted.std[fitted.index("b")]
    for name in ("b", "c"):
        np.testing.assert_allclose(after[name], before[name], atol=0.03 * fitted.std[fitted.index(name)])
    np.testing.assert_allclose(after["a"] - before["a"], 2 * STEP * fitted.std[fitted.index("a")], rtol=0.05)
    kept = fitted.probes[[fitted.index("b"), fitted.index("c")]]
    np.testing.assert_allclose(kept @ fitted.direction("a", ("b", "c")), 0, atol=1e-9)


def test_keeping_costs_at_most_three_times_the_length(fitted: AttributeVectors) -> None:
    z = latents()
    values = planted(z)
    almost = fit_attributes(z, {**values, "twin": values["a"] + 1.1 * z[:, 2]})
    step = almost.direction("a", keep=("twin",))
    assert np.linalg.norm(step) == pytest.approx(3 * np.linalg.norm(almost.direction("a")))
    same = fit_attributes(z, {**values, "twin": 2 * values["a"]})
    with pytest.raises(ConfigError, match="go together"):
        same.direction("a", keep=("twin",))


def test_edits_compare_a_clip_with_itself() -> None:
    z = latents()
    rng = np.random.default_rng(3)
    less = latents(500, 7)
    more = less + np.eye(Z)[4] + 0.1 * rng.normal(size=less.shape)
    vectors = fit_attributes(z, planted(z), {"a": (less, more)})
    assert vectors.kinds("a") == ("edits", "quartiles")
    assert vectors.kinds("b") == ("quartiles",)
    np.testing.assert_allclose(vectors.edits[0], (more - less).mean(0))
    plain = fit_attributes(z, planted(z))
    np.testing.assert_allclose(vectors.direction("a", kind="quartiles"), plain.direction("a"))
    cosine = vectors.direction("a") @ vectors.edits[0]
    assert cosine == pytest.approx(np.linalg.norm(vectors.direction("a")) * np.linalg.norm(vectors.edits[0]))
    with pytest.raises(ConfigError, match="kind"):
        vectors.direction("b", kind="edits")


def test_walk_goes_straight_and_choose_takes_what_was_asked(fitted: AttributeVectors) -> None:
    z = latents(20, 4)
    places = fitted.walk(z, {"a": -1.0})
    assert places.shape == (20, 33, Z)
    np.testing.assert_allclose(places[:, 0], z)
    np.testing.assert_allclose(places[:, -1], fitted.move(z, {"a": -8.0}))
    np.testing.assert_allclose(places[:, 4], fitted.move(z, {"a": -1.0}))
    heard = {name: value.reshape(20, 33) for name, value in planted(places.reshape(-1, Z)).items()}
    np.testing.assert_array_equal(fitted.choose(heard, {"a": -1.0}), 4)
    three = fitted.walk(z, {"a": -1.0}, keep=("b",), points=8)
    assert three.shape == (20, 25, Z)
    np.testing.assert_allclose(three[:, 8], fitted.move(z, {"a": -8.0}))
    np.testing.assert_allclose(three[:, 24], fitted.move(z, {"a": -8.0}, keep=("b",)))
    np.testing.assert_allclose(three[:, 16], (three[:, 8] + three[:, 24]) / 2)
    asked = fitted.asked(planted(z), {"a": -1.0})["a"]
    np.testing.assert_allclose(heard["a"][:, 4], asked, atol=0.03 * fitted.std[0])


def test_choose_by_hand(fitted: AttributeVectors) -> None:
    """Values in deviations from the start; one step asks for 0.5."""
    d = fitted.std[0]

    def pick(*changes: float, amount: float = 1.0, **kept: list[float]) -> int:
        heard = {"a": 7 + d * np.array([[0.0, *changes]])}
        heard |= {name: fitted.std[fitted.index(name)] * np.array([[0.0, *v]]) for name, v in kept.items()}
        return int(fitted.choose(heard, {"a": amount}, tuple(kept))[0])

    assert pick(0.0, 0.5, 0.5, 0.9) == 2  # the first that has it
    assert pick(0.0, 0.1, 1.3) == 3  # rather too much than nothing
    assert pick(-0.5, 0.4, -0.9, amount=-1.0) == 1
    assert pick(0.5, 0.5, 0.5, b=[0.8, 0.0, 0.1]) == 2  # what is kept decides
    assert pick(0.5, 0.5, 0.5, b=[0.3, 0.0, 0.1], c=[0.0, 0.4, 0.1]) == 3
    assert pick(np.nan, 0.5) == 2  # silence is not what was asked
    assert pick(0.0, 0.0) == 0


def test_choose_where_nothing_can_be_measured(fitted: AttributeVectors) -> None:
    blank = {"a": np.full((1, 4), np.nan)}
    assert fitted.choose(blank, {"a": 1.0})[0] == 0


def test_json_and_back(fitted: AttributeVectors) -> None:
    z = latents()
    vectors = fit_attributes(z, planted(z), {"a": (latents(9, 1), latents(9, 2))}).with_effect([1.0, np.nan, 1e-9])
    back = AttributeVectors.from_dict(json.loads(json.dumps(vectors.to_dict(), allow_nan=False)))
    assert back.names == vectors.names
    for field in ("vectors", "edits", "probes", "fit", "mean", "std", "quantiles", "edges", "counts", "effect"):
        np.testing.assert_allclose(getattr(back, field), getattr(vectors, field), rtol=1e-6)
    assert vectors.effect[0] == 1.0
    np.testing.assert_allclose(vectors.effect[1:], STEP * vectors.std[1:])  # what was not heard stays expected


@pytest.mark.parametrize("damage", [{}, {"names": ["a"]}, {"vectors": [[1, 2]]}, {"std": "x"}, {"mean": [None] * 3}])
def test_damaged_json_says_so(fitted: AttributeVectors, damage: dict[str, object]) -> None:
    data = {**fitted.to_dict(), **damage} if damage else {}
    with pytest.raises(ConfigError):
        AttributeVectors.from_dict(data)


@pytest.mark.parametrize(
    ("z", "values", "words"),
    [
        (np.empty((0, 3)), {"a": []}, "0 clips"),
        (np.zeros((1, 3)), {"a": [1.0]}, "1 clip\\b"),
        (np.full((9, 3), np.nan), {"a": np.arange(9)}, "finite"),
        (np.ones((9, 3)), {"a": np.ones(9)}, "differs"),
        (np.ones((9, 3)), {"a": np.full(9, np.nan)}, "differs"),
        (np.ones((9, 3)), {"a": np.arange(8)}, "one value a clip"),
        (np.ones((9, 3)), {}, "differs"),
    ],
)
def test_what_cannot_be_fitted_says_why(z: np.ndarray, values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        fit_attributes(z, values)


def test_undefined_clips_are_left_out_for_their_attribute_alone() -> None:
    z = latents(400)
    values = planted(z)
    holes = values["a"].copy()
    holes[::3] = np.nan
    both = fit_attributes(z, {**values, "a": holes})
    known = np.isfinite(holes)
    np.testing.assert_allclose(both.vectors[0], fit_attributes(z[known], {"a": holes[known]}).vectors[0])
    np.testing.assert_allclose(both.vectors[1], fit_attributes(z, values).vectors[1])
    assert fit_attributes(z, {"flat": np.ones(400), **values}).names == ("a", "b", "c")


@pytest.mark.parametrize(
    "call",
    [
        lambda v: v.move(np.zeros(Z), {"d": 1.0}),
        lambda v: v.move(np.zeros(Z), {"a": float("nan")}),
        lambda v: v.move(np.zeros(Z), {"a": 1.0}, keep=("a",)),
        lambda v: v.move(np.zeros(Z), {"a": 1.0}, keep="b"),
        lambda v: v.move(np.zeros(Z), {"a": 1.0}, kind="best"),
        lambda v: v.move(np.zeros(3), {"a": 1.0}),
        lambda v: v.move(np.full(Z, np.nan), {"a": 1.0}),
        lambda v: v.move("z", {"a": 1.0}),
        lambda v: v.walk(np.zeros(Z), {"a": 1.0}, keep=("d",)),
        lambda v: replace(v, std=np.ones(2)),
        lambda v: replace(v, mean=np.full(3, np.nan)),
    ],
)
def test_wrong_arguments(fitted: AttributeVectors, call: object) -> None:
    with pytest.raises(ConfigError) as caught:
        call(fitted)  # type: ignore[operator]
    assert caught.value.message


def test_matrix_of_linear_attributes(fitted: AttributeVectors) -> None:
    """For linear attributes the matrix is probes times steps, without doubt; in per cent of the mean."""
    z = latents(300, 8)
    effects = evaluate_attributes(fitted, z, planted, progress=False)
    slopes = np.linalg.lstsq(np.c_[latents(), np.ones(4000)], np.stack(list(planted(latents()).values())).T, rcond=None)
    steps = np.stack([fitted.direction(name) for name in fitted.names])
    np.testing.assert_allclose(effects.change, steps @ slopes[0][:-1], atol=1e-9)
    np.testing.assert_allclose(effects.margin, 0, atol=1e-9)
    np.testing.assert_allclose(effects.percent[0][:, 2], 100 * effects.change[:, 2] / planted(z)["c"].mean())
    np.testing.assert_allclose(effects.deviations[0], 100 * effects.change / fitted.std)
    np.testing.assert_allclose(step_effects(fitted, z, planted, False), np.diag(effects.change))
    locked = evaluate_attributes(fitted, z, planted, lock=True, progress=False)
    assert np.abs(locked.change[0, 1]) < 0.1 * np.abs(effects.change[0, 1])
    whole = evaluate_attributes(fitted, z, planted, None, progress=False)
    np.testing.assert_allclose(whole.change, fitted.vectors @ slopes[0][:-1], atol=1e-9)


def test_margins_cover_the_truth(fitted: AttributeVectors) -> None:
    """A noisy measure: the interval holds the true change about 19 times of 20."""
    rng = np.random.default_rng(0)
    truth = evaluate_attributes(fitted, latents(10), planted, progress=False).change

    def noisy(z: np.ndarray) -> dict[str, np.ndarray]:
        return {name: value + rng.normal(size=len(z)) for name, value in planted(z).items()}

    held = [
        np.abs(e.change - truth) <= e.margin
        for e in (evaluate_attributes(fitted, latents(100, k), noisy, progress=False) for k in range(100))
    ]
    assert 0.92 < np.mean(held) < 0.98
