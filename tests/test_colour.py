"""Colours against the tables and bounds of the design (look/LOOK.md, sections 1 and 2)."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from mvae_widgets.colour import TOKENS, Plane, contrast, place_colour
from mvae_widgets.errors import ConfigError

# LOOK 1, copied from the page.
TABLE = {
    (-1, 1): ("#1297c7", "#86d6fd"),
    (0, 1): ("#329e8d", "#80dfcd"),
    (1, 1): ("#6b9c22", "#abde70"),
    (-1, 0): ("#5469b4", "#8da5f2"),
    (0, 0): ("#6f6f6f", "#a9a9a9"),
    (1, 0): ("#876b04", "#c5a64c"),
    (-1, -1): ("#6e3393", "#a46dcc"),
    (0, -1): ("#7f3952", "#b87087"),
    (1, -1): ("#843d06", "#ce6a24"),
}
# LOOK 2: contrast on paper and on stage, light / dark, to one decimal.
CONTRASTS = {
    "ink": ((16.7, 15.7), (15.6, 14.5)),
    "ink2": ((6.5, 8.3), (6.1, 7.6)),
    "ink3": ((3.6, 4.3), (3.4, 4.0)),
    "signal": ((4.6, 6.6), (4.3, 6.0)),
    "focus": ((5.4, 8.4), (5.0, 7.7)),
}
THEMES = ("light", "dark")
# Machado et al. 2009, severity 1, on linear RGB: the matrices that the design was checked with.
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])


def _linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _oklab(linear: np.ndarray) -> np.ndarray:
    """Ottosson's published matrices (bottosson.github.io/posts/oklab)."""
    m1 = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    m2 = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return m2 @ np.cbrt(m1 @ linear)


@pytest.mark.parametrize("place", TABLE)
def test_place_colour_is_the_table_of_the_design(place: tuple[int, int]) -> None:
    assert tuple(place_colour(*place, theme) for theme in THEMES) == TABLE[place]


@pytest.mark.parametrize("theme", THEMES)
def test_places_can_be_seen_on_the_stage(theme: str) -> None:
    grid = itertools.product(np.linspace(-1, 1, 5), repeat=2)
    lowest = min(contrast(place_colour(u, v, theme), TOKENS[theme]["stage"]) for u, v in grid)
    assert lowest == pytest.approx({"light": 3.03, "dark": 4.59}[theme], abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("matrix", "least"), [(np.eye(3), (0.094, 0.088)), (DEUTAN, (0.072, 0.080))])
def test_nine_places_stay_apart(theme: str, matrix: np.ndarray, least: tuple[float, float]) -> None:
    seen = [
        _oklab(np.clip(matrix @ _linear(place_colour(u, v, theme)), 0, 1))
        for u, v in itertools.product((-0.8, 0.0, 0.8), repeat=2)
    ]
    nearest = min(math.dist(a, b) for a, b in itertools.combinations(seen, 2))
    # A rounding to 8 bits stands between the design's figures and a colour's name.
    assert nearest == pytest.approx(least[THEMES.index(theme)], abs=0.003)


@pytest.mark.parametrize("token", CONTRASTS)
@pytest.mark.parametrize("ground", ["paper", "stage"])
@pytest.mark.parametrize("theme", THEMES)
def test_tokens_have_the_contrast_that_the_design_states(token: str, ground: str, theme: str) -> None:
    stated = CONTRASTS[token][["paper", "stage"].index(ground)][THEMES.index(theme)]
    assert contrast(TOKENS[theme][token], TOKENS[theme][ground]) == pytest.approx(stated, abs=0.051)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG's well-known near miss


def test_up_is_lighter_and_greener_and_right_is_yellower() -> None:
    for theme in THEMES:
        low, high = (_oklab(_linear(place_colour(0, v, theme))) for v in (-0.7, 0.7))
        left, right = (_oklab(_linear(place_colour(u, 0, theme))) for u in (-0.7, 0.7))
        assert high[0] > low[0] + 0.1
        assert high[1] < low[1] - 0.1
        assert right[2] > left[2] + 0.1
        assert abs(right[0] - left[0]) < 0.01


def test_places_outside_count_as_the_edge_and_nonsense_is_refused() -> None:
    assert place_colour(7, -3) == place_colour(1, -1)
    with pytest.raises(ConfigError, match="finite"):
        place_colour(math.nan, 0)
    with pytest.raises(ConfigError, match="theme"):
        place_colour(0, 0, "sepia")  # type: ignore[arg-type]


def test_a_plane_places_by_hand_reckoning() -> None:
    plane = Plane(np.array([[1.0, 0, 2], [0, -1, 0]]), np.array([0.5, 1.0]), np.array([2.0, 4.0]))
    uv = plane.place(np.array([[1.0, 2, 0.5], [0, 0, 0]]))
    x, y = (1 + 2 * 0.5 + 0.5) / 2, (-2 + 1.0) / 4
    assert uv.shape == (2, 2)
    assert uv[0].tolist() == pytest.approx([math.tanh(x / 1.25), math.tanh(y / 1.25)])
    assert uv[1].tolist() == pytest.approx([math.tanh(0.25 / 1.25), math.tanh(0.25 / 1.25)])
    assert plane.place([1.0, 2, 0.5]).shape == (1, 2)


def test_a_plane_survives_json() -> None:
    rng = np.random.default_rng(3)
    plane = Plane(rng.normal(size=(2, 16)), rng.normal(size=2), np.array([0.3, 2.0]))
    again = Plane.from_dict(json.loads(json.dumps(plane.to_dict())))
    assert again == plane
    assert hash(again) == hash(plane)
    z = rng.normal(size=(50, 16)) * 100
    assert np.array_equal(again.place(z), plane.place(z))
    assert np.abs(plane.place(z)).max() <= 1


@pytest.mark.parametrize(
    "parts",
    [
        (np.ones((3, 4)), np.zeros(2), np.ones(2)),
        (np.ones((2, 4)), np.zeros(3), np.ones(2)),
        (np.ones((2, 4)), np.zeros(2), np.zeros(2)),
        (np.full((2, 4), np.nan), np.zeros(2), np.ones(2)),
        ("plane", np.zeros(2), np.ones(2)),
    ],
)
def test_a_plane_that_makes_no_sense_is_refused(parts: tuple) -> None:
    with pytest.raises(ConfigError):
        Plane(*parts)


def test_a_vector_of_another_model_is_refused() -> None:
    plane = Plane(np.ones((2, 4)), np.zeros(2), np.ones(2))
    with pytest.raises(ConfigError, match="4 numbers"):
        plane.place(np.zeros((3, 5)))
    with pytest.raises(ConfigError, match="no plane"):
        Plane.from_dict({"weights": [[1], [2]]})
