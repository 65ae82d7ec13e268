"""The plane finds planted directions."""

from __future__ import annotations

import numpy as np

from mvae_widgets.colour import Plane
from mvae_widgets.latent.project import fit_plane


def test_up_and_right_are_the_attributes() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5000, 12))
    right = z[:, 3] + 0.1 * rng.normal(size=5000)
    up = 2 * z[:, 7] + 0.5 * z[:, 3] + 0.1 * rng.normal(size=5000) + 60
    right[:10] = np.nan
    plane = Plane.from_dict(fit_plane(z, right, up))
    np.testing.assert_allclose(plane.weights @ plane.weights.T, np.eye(2), atol=1e-9)
    uv = plane.place(z[10:])
    assert np.corrcoef(uv[:, 0], right[10:])[0, 1] > 0.9
    assert np.corrcoef(uv[:, 1], up[10:])[0, 1] > 0.9
    assert 0.4 < uv.std(0).min() < uv.std(0).max() < 0.8


def test_shipped_plane_places_high_above_low_and_busy_right_of_sparse() -> None:
    import mvae_widgets as mv

    model = mv.load("melody-2bar", device="cpu")
    head = "X:1\nM:4/4\nK:C\n"
    low, high = f"{head}L:1/4\nC,E,G,E,|C,E,G,E,|", f"{head}L:1/4\ncegc|cegc|"
    busy, sparse = f"{head}L:1/16\n" + "CDEFGFEDCDEFGFED|" * 2, f"{head}L:1/1\nC|G|"
    mu, _ = model.encode([mv.read(s) for s in (low, high, busy, sparse)]).numpy()
    uv = model.place(mu)
    assert uv[1, 1] > uv[0, 1] + 0.3
    assert uv[2, 0] > uv[3, 0] + 0.3
