"""The decode loop against the network run step by step, for every kind of decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE


def tiny(name: str, **changes: object) -> ModelConfig:
    config = CONFIGS[name]
    layers = len(config.decoder_sizes)
    small = config.with_sizes(6, (7,) * len(config.encoder_sizes), (8, 7, 6)[-layers:] if layers > 1 else (8,))
    if config.decoder_levels:
        small = replace(small, decoder_sizes=(6,) * layers)
    return replace(small, hidden=min(config.hidden, 5), **changes)


KINDS = {
    "categorical": tiny("cat-mel_2bar_small"),
    "chords": tiny("cat-mel_2bar_med_chords"),
    "drums": tiny("cat-drums_2bar_small"),
    "nade": tiny("nade-drums_2bar_reduced"),
    "boolean": tiny("cat-drums_2bar_small", head="boolean", output_depth=9),
    "multi": tiny("flat-trio_16bar", steps=32),
    "groove": tiny("groovae_2bar_hits_control_tfds"),
    "split": tiny("hierdec-trio_16bar", steps=32, decoder_levels=(4, 8)),
    "flat split": tiny("flat-trio_16bar", head="categorical", steps=32),
    "hierarchical": tiny("hier-multiperf_vel_1bar_med_chords", steps=32, encoder_levels=(8, 4), decoder_levels=(4, 8)),
}


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest) -> VAE:
    torch.manual_seed(3)
    network = VAE(KINDS[request.param]).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            # Larger than at the start of training, so that outputs differ from step to step.
            if parameter.requires_grad:
                parameter.copy_(torch.randn_like(parameter))
    return network


def inputs(network: VAE, n: int = 5) -> tuple[torch.Tensor, torch.Tensor | None]:
    config, generator = network.config, torch.Generator().manual_seed(1)
    z = torch.randn(n, config.z_size, generator=generator)
    if not config.control_depth:
        return z, None
    return z, torch.rand(n, config.steps, config.control_depth, generator=generator)


@torch.no_grad()
def test_equals_the_network_fed_with_what_it_wrote(network: VAE) -> None:
    z, controls = inputs(network)
    rows = network.decode(z, controls=controls)
    assert rows.shape == (5, network.config.steps, network.config.output_depth)
    logits = network.decoder(z, shift(rows), controls)
    parts = getattr(getattr(network.decoder, "core", network.decoder), "decoders", None)
    heads = [p.head for p in parts] if parts else [getattr(network.decoder, "core", network.decoder).head]
    pieces = logits.flatten(0, 1).split([h.width for h in heads], dim=-1)
    again = torch.cat([h.rows(h.choose(piece)) for h, piece in zip(heads, pieces, strict=True)], dim=-1)
    torch.testing.assert_close(again, rows.flatten(0, 1), atol=1e-5, rtol=0)
    assert len(rows.flatten(0, 1).unique(dim=0)) > 2


@torch.no_grad()
def test_a_batch_is_its_members(network: VAE) -> None:
    # Large batches take another way through the processor.
    z, controls = inputs(network, 40)
    together = network.decode(z, controls=controls)
    for k in (0, 17, 39):
        alone = network.decode(z[k : k + 1], controls=None if controls is None else controls[k : k + 1])
        torch.testing.assert_close(alone[0], together[k], atol=1e-5, rtol=0)


def test_draws_come_from_the_generator(network: VAE) -> None:
    z, controls = inputs(network)
    runs = [network.decode(z, 1.0, torch.Generator().manual_seed(seed), controls) for seed in (1, 1, 2)]
    torch.testing.assert_close(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_a_tiny_temperature_is_none(network: VAE) -> None:
    z, controls = inputs(network)
    cold = network.decode(z, 1e-7, torch.Generator().manual_seed(1), controls)
    torch.testing.assert_close(cold, network.decode(z, controls=controls), atol=1e-5, rtol=0)


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    network = VAE(KINDS["groove"])
    x, controls = torch.rand(2, 32, 27), torch.rand(2, 32, 9)
    lengths = torch.tensor([32, 20])
    first, second = (network.encode(x, lengths, controls)[0] for _ in range(2))
    assert not torch.equal(first, second)
    network.eval()
    first, second = (network.encode(x, lengths, controls)[0] for _ in range(2))
    torch.testing.assert_close(first, second)


def load_others(network: VAE) -> None:
    with torch.no_grad():
        network.load_state_dict({name: torch.randn_like(value) for name, value in network.state_dict().items()})


def negate(network: VAE) -> None:
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.neg_()


def move(network: VAE) -> None:
    network.double().float()
    for parameter in network.decoder.parameters():
        parameter.data = -parameter.data


def train(network: VAE) -> None:
    optimizer = torch.optim.Adam(network.decoder.parameters(), lr=1.0, fused=True)
    y = torch.eye(network.config.output_depth)[torch.arange(32)[None] % 5]
    network.reconstruction_loss(torch.ones(1, network.config.z_size), y).sum().backward()
    optimizer.step()


@pytest.mark.parametrize("change", [load_others, negate, move, train])
@pytest.mark.parametrize("n", [2, 20])
def test_kept_weights_are_those_of_now(change: Callable[[VAE], None], n: int) -> None:
    torch.manual_seed(5)
    network = VAE(KINDS["categorical"]).eval()
    load_others(network)
    z, _ = inputs(network, n)
    before = network.decode(z)
    assert torch.equal(network.decode(z), before)
    change(network)
    fresh = VAE(network.config).eval()
    fresh.load_state_dict(network.state_dict())
    torch.testing.assert_close(network.decode(z), fresh.decode(z))
    assert not torch.equal(network.decode(z), before)


def test_what_is_decoded_is_an_ordinary_tensor() -> None:
    network = VAE(KINDS["categorical"]).eval()
    rows = network.decode(inputs(network)[0])
    weight = torch.ones(network.config.output_depth, requires_grad=True)
    (rows @ weight).sum().backward()
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, rows.sum((0, 1)))


def test_weights_made_in_inference_mode_may_change_in_it() -> None:
    with torch.inference_mode():
        network = VAE(KINDS["categorical"]).eval()
        load_others(network)
        z, _ = inputs(network)
        before = network.decode(z)
        negate(network)
        fresh = VAE(network.config).eval()
        fresh.load_state_dict(network.state_dict())
        torch.testing.assert_close(network.decode(z), fresh.decode(z))
        assert not torch.equal(network.decode(z), before)
