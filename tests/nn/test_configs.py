"""All 23 configurations: every variable of Magenta's has its parameter, and the converter the same widths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.checkpoints.keymap import is_weight, slots, to_magenta
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import CONFIGS, OWN, TRAINING, ModelConfig
from mvae_widgets.nn.vae import VAE

MAGENTA = sorted(set(CONFIGS) - set(OWN))


@pytest.fixture(scope="module")
def upstream(fixtures: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((fixtures / "tf_variables_all_configs.json").read_text())
    return data


def test_all_are_there(upstream: dict[str, Any]) -> None:
    assert sorted(upstream) == MAGENTA
    assert len(MAGENTA) == 23
    assert mv.configs() == list(CONFIGS)


@pytest.mark.parametrize("name", MAGENTA)
def test_every_variable_is_one_parameter(name: str, upstream: dict[str, Any]) -> None:
    config, theirs = CONFIGS[name], upstream[name]
    with torch.device("meta"):
        state = VAE(config).state_dict()
    ours = {variable: list(tensor.shape) for variable, tensor in to_magenta(state, config).items()}
    assert ours == {variable: shape for variable, shape in theirs["variables"] if is_weight(variable)}
    filled = [parameter for slot in slots(config) for parameter in slot.parameters()]
    assert sorted(filled) == sorted(state)
    assert [v for v, _ in theirs["variables"] if not is_weight(v)] == ["global_step"]


@pytest.mark.parametrize("name", MAGENTA)
def test_widths_and_steps(name: str, upstream: dict[str, Any]) -> None:
    config, theirs = CONFIGS[name], upstream[name]
    assert config.depth == theirs["input_depth"]
    assert config.output_depth == theirs["output_depth"]
    assert config.control_depth == theirs["control_depth"]
    assert config.z_size == theirs["z_size"]
    assert config.steps == theirs["max_seq_len"]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_converter_speaks_the_same(name: str) -> None:
    config = CONFIGS[name]
    converter = converter_for(config.family, **config.converter)
    assert (converter.depth, converter.output_depth, converter.control_depth) == (
        config.depth,
        config.output_depth,
        config.control_depth,
    )
    assert converter.clip_spec.bars == config.bars
    assert converter.clip_spec.steps_per_quarter == config.steps_per_quarter


@pytest.mark.parametrize("name", CONFIGS)
def test_plain_data(name: str) -> None:
    config = CONFIGS[name]
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert set(config.training) <= set(TRAINING)


def test_training_settings() -> None:
    """Some cells of the table of MUSICVAE.md 1.2."""
    assert CONFIGS["hier-trio_16bar"].recipe["batch_size"] == 256
    assert CONFIGS["hierdec-mel_16bar"].recipe["free_bits"] == 256
    assert CONFIGS["cat-mel_2bar_big"].recipe["max_beta"] == 0.5
    assert CONFIGS["flat-trio_16bar"].recipe["max_beta"] == 1.0
    assert CONFIGS["groovae_4bar"].recipe["dropout_keep_prob"] == 0.3
    assert CONFIGS["hier-multiperf_vel_1bar_big_chords"].recipe["transpose"] == 3


def test_descriptions_written_before_there_were_families() -> None:
    old = {"name": "a", "family": "melody", "bars": 2, "depth": 90, "z_size": 8}
    old |= {"encoder_sizes": [4], "decoder_sizes": [4, 4], "steps_per_quarter": 4, "control_depth": 0}
    config = ModelConfig.from_dict(old)
    assert (config.steps, config.output_depth, config.head) == (32, 90, "categorical")


@pytest.mark.parametrize(
    "change", [{"steps": 31, "encoder_levels": (4, 8)}, {"parts": (40, 40)}, {"head": "softmax"}, {"head": "multi"}]
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    data = CONFIGS["cat-mel_2bar_small"].to_dict() | change
    with pytest.raises(ConfigError):
        ModelConfig.from_dict(data)


def test_unknown_and_missing_settings() -> None:
    with pytest.raises(ConfigError, match="colour"):
        ModelConfig.from_dict(CONFIGS["groovae_4bar"].to_dict() | {"colour": 1})
    with pytest.raises(ConfigError, match="Incomplete"):
        ModelConfig.from_dict({"name": "x"})
