"""Slerp against a textbook construction, and where it is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import geometric_slerp

from mvae_widgets.latent.interpolate import lerp, path, slerp


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
