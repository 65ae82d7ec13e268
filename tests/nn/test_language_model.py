"""The language model against torch's own LSTM and cross entropy; what it may and may not see."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.language_model import LanguageModel


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    torch.manual_seed(0)
    made = LanguageModel(12, (9, 7)).eval()
    for parameter in made.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.6)
    return made


TOKENS = torch.randint(12, (5, 16), generator=torch.Generator().manual_seed(1))


def test_bits_equal_those_of_a_plain_lstm_step_by_step(model: LanguageModel) -> None:
    cells = [nn.LSTMCell(12, 9), nn.LSTMCell(9, 7)]
    for cell, layer in zip(cells, model.layers, strict=True):
        cell.load_state_dict({name.removesuffix("_l0"): tensor for name, tensor in layer.state_dict().items()})
    states = [(torch.zeros(5, 9), torch.zeros(5, 9)), (torch.zeros(5, 7), torch.zeros(5, 7))]
    x = torch.zeros(5, 12)
    expected = []
    for step in range(16):
        hidden = x
        for k, cell in enumerate(cells):
            states[k] = cell(hidden, states[k])
            hidden = states[k][0]
        p = torch.softmax(hidden @ model.output.weight.T + model.output.bias, dim=1)
        expected.append(-torch.log2(p[torch.arange(5), TOKENS[:, step]]))
        x = torch.eye(12)[TOKENS[:, step]]
    torch.testing.assert_close(model.bits(TOKENS), torch.stack(expected, dim=1))
    nats = nn.CrossEntropyLoss(reduction="none")(model(TOKENS).transpose(1, 2), TOKENS).mean(1)
    torch.testing.assert_close(model.cost(TOKENS), nats / math.log(2))


def test_a_later_token_never_changes_an_earlier_cost(model: LanguageModel) -> None:
    before = model.bits(TOKENS)
    for step in range(16):
        changed = TOKENS.clone()
        changed[:, step] = (changed[:, step] + 5) % 12
        after = model.bits(changed)
        assert torch.equal(after[:, :step], before[:, :step])
        assert (after[:, step] != before[:, step]).all()
    assert torch.equal(model.bits(TOKENS[:, :9]), before[:, :9])


def test_a_uniform_model_asks_the_logarithm_of_its_vocabulary() -> None:
    model = LanguageModel().eval()
    nn.init.zeros_(model.output.weight)
    tokens = torch.randint(90, (4, 32))
    assert model.cost(tokens).tolist() == pytest.approx([math.log2(90)] * 4, rel=1e-6)


def test_probabilities_by_hand() -> None:
    model = LanguageModel(4, (3,)).eval()
    nn.init.zeros_(model.output.weight)
    with torch.no_grad():
        model.output.bias.copy_(torch.log(torch.tensor([0.5, 0.25, 0.125, 0.125])))
    tokens = torch.tensor([[0, 0, 1, 2], [3, 3, 3, 3]])
    torch.testing.assert_close(model.bits(tokens), torch.tensor([[1.0, 1, 2, 3], [3, 3, 3, 3]]))
    torch.testing.assert_close(model.cost(tokens), torch.tensor([7 / 4, 3.0]))


def test_batches_change_nothing_and_may_be_empty(model: LanguageModel) -> None:
    torch.testing.assert_close(model.cost(TOKENS, batch=2), model.cost(TOKENS))
    assert model.cost(TOKENS[:0]).shape == (0,)


@pytest.mark.parametrize("tokens", [torch.zeros(3, dtype=torch.long), torch.tensor([[12]]), torch.tensor([[-1]])])
def test_what_is_no_clip_is_refused(model: LanguageModel, tokens: torch.Tensor) -> None:
    with pytest.raises(ConfigError):
        model.bits(tokens)


def test_dropout_only_in_training() -> None:
    model = LanguageModel(12, (9, 7), dropout=0.5)
    assert not torch.equal(model.train().bits(TOKENS), model.bits(TOKENS))
    assert np.array_equal(model.eval().bits(TOKENS).detach(), model.bits(TOKENS).detach())
