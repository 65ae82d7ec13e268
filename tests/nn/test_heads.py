"""Heads against torch's own distributions."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from mvae_widgets.nn.heads import BooleanHead, CategoricalHead, GrooveHead, Head, NADEHead, StrokeHead

DRAWS = 40_000


def draw(head: Head, logits: Tensor, temperature: float, seed: int = 1) -> Tensor:
    """Many rows drawn from the same numbers."""
    many = logits.expand(DRAWS, -1)
    noise = head.noise((DRAWS,), temperature, torch.device("cpu"), torch.Generator().manual_seed(seed))
    return head.rows(head.choose(many, noise))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_categorical_draws_follow_the_softmax(temperature: float) -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5, 0.0])
    for parts in ((6,), (2, 4)):
        seen = draw(CategoricalHead(parts), logits, temperature).mean(0)
        expected = torch.cat([torch.softmax(part / temperature, 0) for part in logits.split(parts)])
        torch.testing.assert_close(seen, expected, atol=0.01, rtol=0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_bits_and_hits_follow_the_sigmoid(temperature: float) -> None:
    logits = torch.tensor([2.0, -1.0, 0.3])
    expected = torch.sigmoid(logits / temperature)
    torch.testing.assert_close(draw(BooleanHead(3), logits, temperature).mean(0), expected, atol=0.01, rtol=0)
    rest = torch.tensor([0.1, 0.2, 0.3, -0.1, -0.2, -0.3])
    rows = draw(GrooveHead(9), torch.cat([logits, rest]), temperature)
    torch.testing.assert_close(rows[:, :3].mean(0), expected, atol=0.01, rtol=0)
    torch.testing.assert_close(rows[0, 3:6], torch.sigmoid(rest[:3]))
    torch.testing.assert_close(rows[0, 6:], torch.tanh(rest[3:]))


def test_nade_is_a_distribution_and_draws_from_it() -> None:
    torch.manual_seed(0)
    head = NADEHead(3, 5)
    logits = torch.randn(8)
    rows = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)))
    with torch.no_grad():
        p = torch.exp(-head.step_loss(logits.expand(1, 8, -1), rows[None]))[0]
        assert p.sum().item() == pytest.approx(1.0, abs=1e-4)
        drawn = draw(head, logits, 1.0)
    index = (drawn @ torch.tensor([4.0, 2.0, 1.0])).long()
    torch.testing.assert_close(torch.bincount(index, minlength=8) / DRAWS, p, atol=0.01, rtol=0)


def test_without_noise_the_likeliest_and_the_first_of_equals() -> None:
    head = CategoricalHead((3, 2))
    rows = head.rows(head.choose(torch.tensor([[0.0, 2.0, 2.0, 1.0, 1.0]])))
    assert rows.tolist() == [[0, 1, 0, 1, 0]]
    assert BooleanHead(3).choose(torch.tensor([[0.0, -0.1, 0.1]])).tolist() == [[1, 0, 1]]
    assert GrooveHead(3).choose(torch.tensor([[0.0, 0.0, 0.0]])).tolist() == [[0, 0.5, 0]]


def test_losses_equal_torch_distributions() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 6)
    classes = torch.randint(3, (2, 2, 4))
    target = torch.cat([one_hot(c, 3) for c in classes], dim=-1).float()
    expected = -sum(
        torch.distributions.Categorical(logits=a).log_prob(c) for a, c in zip(logits.split(3, -1), classes, strict=True)
    )
    torch.testing.assert_close(CategoricalHead((3, 3)).step_loss(logits, target), expected)
    bits = torch.randint(2, (2, 4, 6)).float()
    expected = -torch.distributions.Bernoulli(logits=logits).log_prob(bits).sum(-1)
    torch.testing.assert_close(BooleanHead(6).step_loss(logits, bits), expected)


def test_codes_feed_what_their_rows_would() -> None:
    torch.manual_seed(0)
    for head, width in ((CategoricalHead((3, 4)), 7), (CategoricalHead((7,)), 7), (BooleanHead(7), 7)):
        code, table = head.choose(torch.randn(5, width)), torch.randn(7, 8)
        torch.testing.assert_close(head.feed(code, table), head.rows(code) @ table)


@pytest.mark.parametrize(("head", "spread"), [(GrooveHead(27), 0.5**0.5), (StrokeHead(27), 0.05**0.5)])
def test_errors_of_a_hit_cost_what_a_normal_density_says(head: Head, spread: float) -> None:
    torch.manual_seed(0)
    logits, velocity, offset = torch.randn(1, 2, 27), torch.rand(1, 2, 9), torch.rand(1, 2, 9) * 2 - 1
    hits = torch.ones(1, 2, 9)
    normal = torch.distributions.Normal
    played = torch.cat([torch.sigmoid(logits[..., 9:18]), torch.tanh(logits[..., 18:])], dim=-1)
    density = normal(played, spread).log_prob(torch.cat([velocity, offset], dim=-1))
    peak = normal(0.0, spread).log_prob(torch.tensor(0.0))
    chances = torch.distributions.Bernoulli(logits=logits[..., :9])
    expected = -chances.log_prob(hits).sum(-1) - (density - peak).sum(-1)
    loss = head.step_loss(logits, torch.cat([hits, velocity, offset], dim=-1))
    torch.testing.assert_close(loss, expected, atol=1e-4, rtol=1e-4)


def test_a_stroke_is_a_hit_with_velocity_and_offset() -> None:
    """Where nothing is hit both are 0, and cost nothing whatever the numbers say."""
    hits, rest = torch.tensor([2.0, -1.0, 0.3]), torch.tensor([0.1, 5.0, 0.3, -0.1, 5.0, -0.3])
    row = StrokeHead(9).choose(torch.cat([hits, rest])[None])[0]
    assert row[[1, 4, 7]].tolist() == [0, 0, 0]
    torch.testing.assert_close(row[[3, 5]], torch.sigmoid(rest[[0, 2]]))
    torch.testing.assert_close(row[[6, 8]], torch.tanh(rest[[3, 5]]))
    target = torch.zeros(1, 1, 9)
    silent = StrokeHead(9).step_loss(torch.cat([hits, rest])[None, None], target)
    expected = torch.nn.functional.softplus(hits).sum()
    torch.testing.assert_close(silent[0, 0], expected, atol=1e-5, rtol=1e-5)
