"""The network equals Magenta's graph on fixed weights and inputs (MUSICVAE.md 8.11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mvae_widgets.checkpoints.keymap import config_from_tensors, from_magenta, to_magenta
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.generate import generate
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.loop import shift


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
        depth = 0 if self.controls is None else self.controls.shape[-1]
        like = ModelConfig(path.stem, "melody", 2, self.y.shape[-1], 1, (), (), control_depth=depth)
        self.config = config_from_tensors(self.weights, like)
        self.network = VAE(self.config).eval()
        self.network.load_state_dict(from_magenta(self.weights, self.config))


@pytest.fixture(params=["flat2", "flatc"])
def case(request: pytest.FixtureRequest, fixtures: Path) -> Case:
    return Case(fixtures / "upstream-graph" / f"{request.param}.npz")


def test_sizes_come_from_the_tensors(case: Case) -> None:
    expected = {"flat2": ((5, 5), (4, 4, 4), 0), "flatc": ((5,), (4, 3), 2)}[case.config.name]
    assert (case.config.encoder_sizes, case.config.decoder_sizes, case.config.control_depth) == expected


@torch.no_grad()
def test_posterior(case: Case) -> None:
    mu, sigma = case.network.encode(case.x, case.lengths, case.controls)
    np.testing.assert_allclose(mu, case.out["mu"], atol=1e-6)
    np.testing.assert_allclose(sigma, case.out["sigma"], atol=1e-6)


@torch.no_grad()
def test_reconstruction_loss(case: Case) -> None:
    logits = case.network.decoder(case.z, shift(case.y), case.controls)
    valid = torch.arange(case.y.shape[1]) < case.lengths[:, None]
    loss = (case.network.decoder.head.step_loss(logits, case.y) * valid).sum(1)
    np.testing.assert_allclose(loss, case.out["r_loss"], rtol=1e-5)


def test_greedy_decoding(case: Case) -> None:
    # Upstream used the controls of example 0 for both.
    controls = None if case.controls is None else case.controls[:1].expand(len(case.z), -1, -1)
    decoded = generate(case.network.decoder, case.z, case.y.shape[1], controls=controls)
    np.testing.assert_array_equal(decoded, case.out["greedy"].argmax(-1))


@torch.no_grad()
def test_scheduled_sampling_at_probability_one_feeds_back_samples(case: Case) -> None:
    """With every input its own sample, the given inputs after the first no longer matter."""
    other = torch.roll(shift(case.y), 1, dims=-1)
    other[:, 0] = 0
    runs = [
        case.network.decoder(case.z, given, case.controls, 1.0, torch.Generator().manual_seed(5))
        for given in (shift(case.y), other)
    ]
    torch.testing.assert_close(*runs)
    forced = case.network.decoder(case.z, shift(case.y), case.controls)
    torch.testing.assert_close(runs[0][:, 0], forced[:, 0])
    assert not torch.allclose(runs[0], forced)


def test_length_zero_embeds_as_zeros(case: Case) -> None:
    embedding = case.network.encoder(case.x, torch.tensor([0, 3]), case.controls)
    assert (embedding[0] == 0).all()
    assert (embedding[1] != 0).any()


def test_way_back_to_magenta(case: Case) -> None:
    back = to_magenta(case.network.state_dict(), case.config)
    assert back.keys() == case.weights.keys()
    for name, array in case.weights.items():
        np.testing.assert_allclose(back[name], array, atol=1e-6, err_msg=name)


def test_temperature_follows_the_softmax(case: Case) -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0]]).expand(40_000, -1)
    head = case.network.decoder.head
    for temperature in (0.5, 1.0, 2.0):
        drawn = head.choose(logits, temperature, torch.Generator().manual_seed(1))
        seen = torch.bincount(drawn, minlength=9) / len(drawn)
        torch.testing.assert_close(seen, torch.softmax(logits[0] / temperature, 0), atol=0.01, rtol=0)
