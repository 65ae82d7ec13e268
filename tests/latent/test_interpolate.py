"""Slerp against a textbook construction, and where it is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import geometric_slerp

from mvae_widgets.latent.interpolate import grid, lerp, path, slerp, through


def test_equals_scipy_on_the_sphere() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 8)))
        t = np.linspace(0, 1, 7)
        np.testing.assert_allclose(slerp(a, b, t), geometric_slerp(a, b, t), atol=1e-12)


def test_lengths_are_carried_along() -> None:
    a, b = np.array([2.0, 0.0]), np.array([0.0, 4.0])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(slerp(a, b, 0.5), [2 * half, 4 * half])


@pytest.mark.parametrize("b", [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0], [2.0, 4.0, 6.0]])
def test_straight_where_no_arc_is_defined(b: list[float]) -> None:
    a = np.array([1.0, 2.0, 3.0])
    t = np.linspace(0, 1, 5)
    np.testing.assert_allclose(slerp(a, b, t), lerp(a, b, t), atol=1e-9)


def test_path_has_both_ends() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 16))
    points = path(a, b, 9)
    assert points.shape == (9, 16)
    np.testing.assert_allclose(points[[0, -1]], [a, b])


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize(("k", "steps"), [(2, 2), (3, 3), (3, 9), (4, 10), (4, 8), (5, 17), (7, 9)])
def test_through_has_every_waypoint_in_order(k: int, steps: int, straight: bool) -> None:
    points = np.random.default_rng(k).normal(size=(k, 6))
    way = through(points, steps, straight)
    assert way.shape == (steps, 6)
    found = [np.flatnonzero(np.isclose(way, point).all(1)) for point in points]
    assert all(len(f) == 1 for f in found)
    places = np.concatenate(found)
    assert places[0] == 0
    assert places[-1] == steps - 1
    assert np.ptp(np.diff(places)) <= 1


def test_through_two_points_is_the_path_between_them() -> None:
    points = np.random.default_rng(0).normal(size=(2, 6))
    np.testing.assert_allclose(through(points, 7), path(*points, 7))
    np.testing.assert_allclose(through(points, 7, straight=True), lerp(*points, np.linspace(0, 1, 7)))


def test_through_with_fewer_steps_than_waypoints_is_spread_over_the_way() -> None:
    points = np.random.default_rng(0).normal(size=(5, 6))
    np.testing.assert_allclose(through(points, 3), points[[0, 2, 4]])
    halves = [slerp(points[k], points[k + 1], t) for k, t in ((1, 1 / 3), (2, 2 / 3))]
    np.testing.assert_allclose(through(points, 4)[1:3], halves)


def test_grid_has_its_corners_and_edges_on_the_arcs() -> None:
    a, b, c, d = corners = np.random.default_rng(0).normal(size=(4, 8))
    cells = grid(corners, 5)
    assert cells.shape == (5, 5, 8)
    np.testing.assert_allclose(cells[0], path(a, b, 5))
    np.testing.assert_allclose(cells[-1], path(c, d, 5))
    np.testing.assert_allclose(cells[:, 0], path(a, c, 5))
    np.testing.assert_allclose(cells[:, -1], path(b, d, 5))


def test_straight_grid_is_bilinear() -> None:
    """MUSICVAE.md 5.2, with B top right and C bottom left."""
    a, b, c, d = corners = np.random.default_rng(1).normal(size=(4, 8))
    x, y = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 1, 4))
    x, y = x[..., None], y[..., None]
    expected = (1 - y) * (1 - x) * a + (1 - y) * x * b + y * (1 - x) * c + y * x * d
    np.testing.assert_allclose(grid(corners, 4, straight=True), expected)
