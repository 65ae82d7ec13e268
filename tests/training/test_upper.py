"""The upper level of a long model: what it remembers at birth, and what a short model teaches it."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training import upper
from mvae_widgets.training.feeds import Rows
from mvae_widgets.training.grow import take_over
from tests.training.test_grow import network, small

BARS = 16


def long_model() -> VAE:
    torch.manual_seed(0)
    model = VAE(CONFIGS["melody-16bar"].with_sizes(24, (16,), (48, 48))).eval()
    upper.lay_delay_lines(model)
    return model


@torch.no_grad()
def test_a_conductor_finds_each_block_of_its_first_state_at_its_segment() -> None:
    layer = long_model().decoder.conductor.layers[0]
    block = 48 // BARS
    state = 0.2 * torch.randn(200, 48)
    out = layer(torch.zeros(200, BARS, 1), (state[None], torch.zeros(1, 200, 48)))[0]
    for segment in range(BARS):
        heard = out[:, segment, :block].flatten()
        likeness = [
            torch.corrcoef(torch.stack([heard, state[:, at : at + block].flatten()]))[0, 1].item()
            for at in range(0, 48, block)
        ]
        # tanh twice a step and the faint weights beside: it fades, and stays what it was.
        assert max(likeness) == likeness[(segment + 1) % BARS] > 0.7, segment


@torch.no_grad()
def test_an_encoder_still_has_every_chunk_at_the_end() -> None:
    high = long_model().encoder.levels[1]
    bars = 0.5 * torch.randn(100, BARS, 32)
    end = high(bars)
    for bar in range(BARS):
        changed = bars.clone()
        changed[:, bar] = 0.5 * torch.randn(100, 32)
        moved = (high(changed) - end).abs().mean(0)
        # Two units a chunk: the forward half ends on the last bar, the backward one on the first.
        near = 2 * (BARS - 1 - bar) if bar >= BARS // 2 else 16 + 2 * bar
        assert moved[near : near + 2].mean() > 3 * moved.mean(), bar


@pytest.mark.parametrize(
    ("short", "long", "can"),
    [
        ("melody-2bar", "melody-16bar", True),
        ("melody-2bar", "melody-16bar-flat", False),
        ("melody-2bar", "trio-16bar", True),
        ("melody-2bar", "multitrack-1bar", False),
        ("melody-16bar", "melody-16bar", False),
        ("drums-2bar", "melody-16bar", False),
    ],
)
def test_who_can_teach_whom(short: str, long: str, can: bool) -> None:
    assert upper.can_teach(VAE(small(short)), VAE(small(long, 20))) is can


def test_what_is_taught_is_the_mean_of_each_bar_with_the_next() -> None:
    short, model = network(small("melody-2bar")), network(small("melody-16bar", 20), 1)
    take_over(short.state_dict(), model)
    x = one_hot(torch.randint(90, (3, 256), generator=torch.Generator().manual_seed(0)), 90).float()
    bars = upper.hear_bars(model, short, x)
    torch.testing.assert_close(bars.mu[:, 4].float(), short.encode(x[:, 64:96])[0], rtol=1e-2, atol=1e-2)
    held = torch.cat([x[:, 240:], one_hot(torch.zeros(3, 16, dtype=torch.long), 90)], 1)
    torch.testing.assert_close(bars.mu[:, 15].float(), short.encode(held)[0], rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(bars.heard[:, 7].float(), short.encoder(x[:, 112:128]), rtol=1e-2, atol=1e-2)


def test_a_trio_is_taught_its_melody_and_its_bass() -> None:
    short, model = network(small("melody-2bar")), network(small("trio-16bar", 20), 1)
    take_over(short.state_dict(), model)
    x = torch.rand(3, 256, 692, generator=torch.Generator().manual_seed(0))
    bars = upper.hear_bars(model, short, x)
    for k, column in enumerate((0, 90)):
        expected = short.encode(x[:, 64:96, column : column + 90])
        for taught, own in zip(bars[1:], expected, strict=True):
            torch.testing.assert_close(taught[:, 4, 8 * k : 8 * k + 8].float(), own, rtol=1e-2, atol=1e-2)


def test_teaching_brings_the_conductor_near_and_leaves_the_lower_levels_alone() -> None:
    short, model = network(small("melody-2bar")), long_model()
    model = VAE(small("melody-16bar", 20))
    upper.lay_delay_lines(model)
    take_over(short.state_dict(), model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def draw(n: int, generator: torch.Generator) -> Rows:
        x = one_hot(torch.randint(2, 90, (n, 256), generator=generator), 90).float()
        return Rows(x, x)

    first = upper.teach(model, short, draw, 0.0, 0.0, clips=128, updates=1)
    for name, tensor in before.items():
        model.state_dict()[name].copy_(tensor)
    last = upper.teach(model, short, draw, 0.0, 0.0, clips=128, updates=150)
    assert last < 0.7 * first
    after = model.state_dict()
    assert all(
        torch.equal(after[n], before[n]) for n in after if n.startswith(("encoder.levels.0", "decoder.core.output"))
    )
    heard = "decoder.core.layers.0.weight_ih_l0"
    torch.testing.assert_close(after[heard][:, 90:98], 8 * before[heard][:, 90:98])
    assert torch.equal(after[heard][:, :90], before[heard][:, :90])
