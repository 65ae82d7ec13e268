"""The networks equal Magenta's graph on fixed weights and inputs (MUSICVAE.md 8.11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mvae_widgets.checkpoints import infer
from mvae_widgets.checkpoints.keymap import from_magenta, to_magenta
from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE

LIKE: dict[str, dict[str, Any]] = {
    "flat2": {"depth": 9},
    "flatc": {"depth": 9, "control_depth": 2},
    "nade": {"depth": 10, "output_depth": 9, "head": "nade"},
    "groove": {"depth": 27, "head": "groove"},
    "hierdec-split": {"depth": 12, "parts": (3, 4, 5), "decoder_levels": (2, 4)},
    "hier-hier-chords": {"depth": 9, "control_depth": 3, "encoder_levels": (4, 2), "decoder_levels": (2, 4)},
}
SIZES = {
    "flat2": ((5, 5), (4, 4, 4)),
    "flatc": ((5,), (4, 3)),
    "nade": ((5,), (4,)),
    "groove": ((5,), (4,)),
    "hierdec-split": ((5, 5), (4, 4)),
    "hier-hier-chords": ((5,), (4, 4)),
}


class Case:
    """One tiny upstream model: its weights in our network, its inputs and outputs."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file}
        self.weights = {name[2:]: a for name, a in arrays.items() if name.startswith("w:")}
        self.lengths = torch.from_numpy(arrays["lengths"])
        self.out: dict[str, Any] = {n: arrays[n] for n in ("mu", "sigma", "r_loss", "greedy")}
        self.x, self.y, self.z = (torch.from_numpy(arrays[n].astype(np.float32)) for n in ("x", "y", "z"))
        controls = arrays["controls"]
        self.controls = torch.from_numpy(controls.astype(np.float32)) if controls.size else None
        shapes = {name: a.shape for name, a in self.weights.items()}
        like = ModelConfig(
            path.stem, "melody", 1, z_size=1, encoder_sizes=(), decoder_sizes=(), steps=8, **LIKE[path.stem]
        )
        self.config = infer.fit(shapes, like, path)
        infer.check(shapes, self.config, path)
        self.network = VAE(self.config).eval()
        self.network.load_state_dict(from_magenta(self.weights.items(), self.config))


@pytest.fixture(params=LIKE)
def case(request: pytest.FixtureRequest, fixtures: Path) -> Case:
    return Case(fixtures / "upstream-graph" / f"{request.param}.npz")


@pytest.fixture
def flat(fixtures: Path) -> Case:
    return Case(fixtures / "upstream-graph" / "flatc.npz")


def test_sizes_come_from_the_tensors(case: Case) -> None:
    assert (case.config.encoder_sizes, case.config.decoder_sizes) == SIZES[case.config.name]
    assert case.config.z_size == 6
    assert case.config.hidden == (7 if case.config.head == "nade" else 0)


@torch.no_grad()
def test_posterior(case: Case) -> None:
    mu, sigma = case.network.encode(case.x, case.lengths, case.controls)
    np.testing.assert_allclose(mu, case.out["mu"], atol=1e-6)
    np.testing.assert_allclose(sigma, case.out["sigma"], atol=1e-6)


@torch.no_grad()
def test_reconstruction_loss(case: Case) -> None:
    loss = case.network.reconstruction_loss(case.z, case.y, case.lengths, case.controls)
    np.testing.assert_allclose(loss, case.out["r_loss"], rtol=1e-5)


def test_greedy_decoding(case: Case) -> None:
    # Upstream used the controls of example 0 for both.
    controls = None if case.controls is None else case.controls[:1].expand(len(case.z), -1, -1)
    decoded = case.network.decode(case.z, controls=controls)
    if case.config.head == "groove":
        np.testing.assert_array_equal(decoded[..., :9], case.out["greedy"][..., :9])
        np.testing.assert_allclose(decoded, case.out["greedy"], atol=1e-5)
    else:
        np.testing.assert_array_equal(decoded, case.out["greedy"])


def test_way_back_to_magenta(case: Case) -> None:
    back = to_magenta(case.network.state_dict(), case.config)
    assert back.keys() == case.weights.keys()
    for name, array in case.weights.items():
        np.testing.assert_allclose(back[name], array, atol=1e-6, err_msg=name)


@torch.no_grad()
def test_a_hierarchical_encoder_divides_whole_lengths(fixtures: Path) -> None:
    case = Case(fixtures / "upstream-graph" / "hier-hier-chords.npz")
    by_example = case.network.encode(case.x, torch.tensor([8, 0]), case.controls)
    by_chunk = case.network.encode(case.x, torch.tensor([[4, 4], [0, 0]]), case.controls)
    torch.testing.assert_close(by_example, by_chunk)
    for lengths in ([7, 8], [[4, 5], [4, 4]]):
        with pytest.raises(ConfigError, match=r"length|Length"):
            case.network.encode(case.x, torch.tensor(lengths), case.controls)


@torch.no_grad()
def test_scheduled_sampling_at_probability_one_feeds_back_the_models_own(case: Case) -> None:
    """With every input its own, the given inputs no longer matter, but for the first of each segment."""
    given = shift(case.y)
    other = torch.roll(given, 1, dims=-1)
    segment = case.config.decoder_levels[1] if case.config.decoder_levels else 8
    other[:, ::segment] = given[:, ::segment]
    runs = [
        case.network.decoder(case.z, inputs, case.controls, 1.0, torch.Generator().manual_seed(5))
        for inputs in (given, other)
    ]
    torch.testing.assert_close(*runs)
    forced = case.network.decoder(case.z, given, case.controls)
    torch.testing.assert_close(runs[0][:, ::segment], forced[:, ::segment])
    assert not torch.allclose(runs[0], forced)


def test_no_gradient_flows_through_own_steps(case: Case) -> None:
    z = case.z.clone().requires_grad_()
    generator = torch.Generator().manual_seed(5)
    loss = case.network.reconstruction_loss(z, case.y, case.lengths, case.controls, 0.5, generator)
    loss.sum().backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()
    assert all(p.grad is not None for p in case.network.decoder.parameters() if p.requires_grad)


def test_length_zero_embeds_as_zeros(flat: Case) -> None:
    embedding = flat.network.encoder(flat.x, torch.tensor([0, 3]), flat.controls)
    assert (embedding[0] == 0).all()
    assert (embedding[1] != 0).any()


def test_what_does_not_fit_is_refused(flat: Case) -> None:
    network, x, z = flat.network, flat.x, flat.z
    with pytest.raises(ConfigError, match="needs controls"):
        network.encode(x)
    with pytest.raises(ConfigError, match=r"Controls of shape \(2, 8, 3\)"):
        network.decode(z, controls=torch.zeros(2, 8, 3))
    with pytest.raises(ConfigError, match="Inputs of shape"):
        network.encode(x[..., :5], controls=flat.controls)
    with pytest.raises(ConfigError, match="Latents of shape"):
        network.decode(z[:, :2], controls=flat.controls)


def test_a_model_without_chords_takes_none(fixtures: Path) -> None:
    case = Case(fixtures / "upstream-graph" / "flat2.npz")
    with pytest.raises(ConfigError, match="takes no controls"):
        case.network.decode(case.z, controls=torch.zeros(2, 8, 49))
