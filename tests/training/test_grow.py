"""Taking over weights: a network that has grown begins by decoding what the smaller one decodes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.grow import take_over


def small(name: str, z_size: int = 8) -> ModelConfig:
    return CONFIGS[name].with_sizes(z_size, (12,), (16, 16))


def network(config: ModelConfig, seed: int = 0) -> VAE:
    """With random weights of a size that makes outputs differ."""
    torch.manual_seed(seed)
    model = VAE(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.3)
    return model


def test_a_model_of_the_same_shape_is_copied() -> None:
    config = small("drums-2bar")
    one, two = network(config), network(config, 1)
    assert sorted(take_over(one.state_dict(), two)) == sorted(one.state_dict())
    for name, tensor in one.state_dict().items():
        assert torch.equal(two.state_dict()[name], tensor), name


def test_a_bar_is_heard_and_decoded_as_the_smaller_model_does() -> None:
    short, long = network(small("melody-2bar")), network(small("melody-16bar", 20), 1)
    before = {name: tensor.clone() for name, tensor in long.state_dict().items()}
    taken = take_over(short.state_dict(), long)
    bar = torch.rand(3, 16, 90)
    low = long.encoder.levels[0]
    torch.testing.assert_close(low(bar), short.encoder(bar))
    # The conductor's vectors are wider than the smaller model's z: what it does not know is not heard.
    vector = torch.randn(3, 16)
    expected = short.decoder(vector[:, :8], bar)
    torch.testing.assert_close(long.decoder.core(vector, bar), expected)
    untouched = set(before) - set(taken)
    assert {name.split(".")[1] for name in untouched} == {"levels", "mu", "sigma", "conductor"}
    assert all(torch.equal(long.state_dict()[name], before[name]) for name in untouched)


def test_melody_and_bass_of_a_trio_begin_as_the_melody_model() -> None:
    short, trio = network(small("melody-2bar")), network(small("trio-16bar", 20), 1)
    drums = {k: t.clone() for k, t in trio.decoder.core.parts[2].state_dict().items()}
    taken = take_over(short.state_dict(), trio)
    assert {name[:21] for name in taken} == {"decoder.core.parts.0.", "decoder.core.parts.1."}
    vector, bar = torch.randn(3, 16), torch.rand(3, 16, 90)
    # Each hears numbers of its own in the conductor's vectors.
    for k, part in enumerate(trio.decoder.core.parts[:2]):
        torch.testing.assert_close(part(vector, bar), short.decoder(vector[:, 8 * k : 8 * k + 8], bar))
    assert all(torch.equal(trio.decoder.core.parts[2].state_dict()[k], t) for k, t in drums.items())


def test_voices_share_a_vector_that_is_too_narrow_for_each() -> None:
    short, trio = network(small("melody-2bar", 12)), network(small("trio-16bar"), 1)
    take_over(short.state_dict(), trio)
    vector, bar = torch.randn(3, 16), torch.rand(3, 16, 90)
    for part in trio.decoder.core.parts[:2]:
        torch.testing.assert_close(part(vector, bar), short.decoder(vector[:, :12], bar))


def test_a_wide_enough_encoder_hears_melody_and_bass_side_by_side() -> None:
    short, config = network(small("melody-2bar")), replace(small("trio-16bar"), encoder_sizes=(27,))
    trio = network(config, 1)
    before = {name: tensor.clone() for name, tensor in trio.encoder.state_dict().items()}
    taken = take_over(short.state_dict(), trio)
    assert sum(name.startswith("encoder.levels.0.") for name in taken) == 6
    bar = torch.rand(3, 16, config.depth)
    heard = trio.encoder.levels[0](bar).unflatten(-1, (2, 27))
    for k, column in enumerate((0, 90)):
        expected = short.encoder(bar[..., column : column + 90]).unflatten(-1, (2, 12))
        torch.testing.assert_close(heard[..., 12 * k : 12 * k + 12], expected)
    # What is left over stays as it was, and so does the upper level.
    low = trio.encoder.levels[0].layers[0]
    assert torch.equal(low.weight_ih_l0[24:27], before["levels.0.layers.0.weight_ih_l0"][24:27])
    assert all(torch.equal(t, before[n]) for n, t in trio.encoder.state_dict().items() if n.startswith("levels.1"))


def test_a_hierarchical_melody_gives_a_trio_its_conductor() -> None:
    melody, trio = network(small("melody-16bar")), network(small("trio-16bar"), 1)
    take_over(melody.state_dict(), trio)
    z = torch.randn(2, 8)
    torch.testing.assert_close(trio.decoder.embeddings(z), melody.decoder.embeddings(z))
    with torch.no_grad():
        decoded = trio.decode(z)[..., :90]
    torch.testing.assert_close(decoded, melody.decode(z))


@pytest.mark.parametrize(
    ("other", "own"),
    [("drums-2bar", "melody-2bar"), ("melody-2bar", "multitrack-1bar"), ("melody-16bar", "melody-2bar")],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(other: str, own: str) -> None:
    model = network(small(own))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ConfigError, match="not of the shape"):
        take_over(network(small(other)).state_dict(), model)
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())


def test_another_encoder_begins_anew_where_only_the_decoders_fit() -> None:
    config = replace(CONFIGS["flat-trio_16bar"].with_sizes(8, (12,), (16, 16)), head="categorical")
    wider = network(replace(config, encoder_sizes=(20,)), 1)
    before = {name: tensor.clone() for name, tensor in wider.encoder.state_dict().items()}
    taken = take_over(network(config).state_dict(), wider)
    assert {name.split(".")[0] for name in taken} == {"decoder"}
    assert all(torch.equal(tensor, before[name]) for name, tensor in wider.encoder.state_dict().items())


def test_a_decoder_is_taken_whole_or_not_at_all() -> None:
    config = small("trio-16bar")
    state = {name: t for name, t in network(config, 1).state_dict().items() if "parts.1.output" not in name}
    taken = take_over(state, network(config))
    assert not any("parts.1." in name for name in taken)
    assert any("parts.2." in name for name in taken)
    wider = replace(config, decoder_sizes=(16, 24))
    with pytest.raises(ConfigError):
        take_over(state, network(wider))
