"""Which configuration tensors are of: told by a name, or by their shapes; else the error says what fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mvae_widgets.checkpoints import infer
from mvae_widgets.checkpoints.keymap import to_magenta
from mvae_widgets.checkpoints.reader import read_checkpoint, read_tensors
from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.nn.config import CONFIGS, OWN, ModelConfig
from mvae_widgets.nn.vae import VAE

from .writers import write_bundle

MAGENTA = sorted(set(CONFIGS) - set(OWN))
GROOVES = [name for name in MAGENTA if name.startswith("groovae") and "hits" not in name]


def shapes_of(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = VAE(config).state_dict()
    return {name: tuple(t.shape) for name, t in to_magenta(state, config).items()}


@pytest.mark.parametrize("name", [name for name in MAGENTA if name not in GROOVES])
def test_full_sizes_say_what_they_are(name: str) -> None:
    assert infer.infer(shapes_of(CONFIGS[name]), "it") == CONFIGS[name]


@pytest.mark.parametrize("name", GROOVES)
def test_grooves_differ_in_their_converter_alone(name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        infer.infer(shapes_of(CONFIGS[name]), "it")
    assert all(other in str(caught.value) for other in GROOVES)
    assert infer.fit(shapes_of(CONFIGS[name]), CONFIGS[name], "it") == CONFIGS[name]


@pytest.mark.parametrize(
    ("name", "decided"),
    [
        ("nade-drums_2bar_full", True),
        ("cat-drums_2bar_small", True),
        ("hier-multiperf_vel_1bar_big_chords", True),
        ("hierdec-mel_16bar", True),
        ("groovae_2bar_hits_control_tfds", True),
        ("cat-mel_2bar_small", False),
        ("flat-mel_16bar", False),
    ],
)
def test_other_sizes(name: str, decided: bool) -> None:
    """A smaller model of a family loads; where the music is not settled by the tensors, a name is asked for."""
    config = CONFIGS[name]
    small = config.with_sizes(7, (6,) * len(config.encoder_sizes), (5,) * len(config.decoder_sizes))
    shapes = shapes_of(small)
    named = infer.fit(shapes, config, "it")
    assert (named.z_size, named.encoder_sizes, named.decoder_sizes) == (7, small.encoder_sizes, small.decoder_sizes)
    infer.check(shapes, named, "it")
    if decided:
        found = infer.infer(shapes, "it")
        assert (found.family, found.bars, found.converter) == (config.family, config.bars, config.converter)
        return
    with pytest.raises(CheckpointError, match=r"cat-mel_2bar_small, cat-mel_2bar_big, flat-mel_16bar"):
        infer.infer(shapes, "it")


@pytest.mark.parametrize(
    ("files", "said", "words"),
    [
        ("cat-mel_2bar_small", "cat-drums_2bar_small", "encoder of 90, .* not a flat encoder of 10,.*It fits: cat-mel"),
        ("cat-mel_2bar_small", "cat-mel_2bar_med_chords", "90 and 49 of controls"),
        ("hierdec-trio_16bar", "hier-trio_16bar", "It fits: hierdec-trio_16bar"),
        ("hierdec-trio_16bar", "flat-trio_16bar", r"90 \+ 90 \+ 512"),
        ("nade-drums_2bar_reduced", "nade-drums_2bar_full", "9 NADE"),
        ("groovae_2bar_humanize", "groovae_2bar_hits_control_tfds", "It fits: groovae_4bar, groovae_2bar_humanize"),
    ],
)
def test_the_wrong_name(fixtures: Path, files: str, said: str, words: str) -> None:
    for path in (fixtures / "families" / files / "model.ckpt", fixtures / "families" / files):
        with pytest.raises(CheckpointError, match=words):
            read_checkpoint(path, said)


def test_no_such_name(fixtures: Path) -> None:
    with pytest.raises(ConfigError, match="groovae_3bar"):
        read_checkpoint(fixtures / "families" / "cat-mel_2bar_small", "groovae_3bar")


def _melody_rnn() -> dict[str, Any]:
    cell = "rnn/multi_rnn_cell/cell_{}/basic_lstm_cell/"
    names = [cell.format(k) + part for k in range(2) for part in ("kernel", "bias")]
    names += ["fully_connected/weights", "fully_connected/biases"]
    return {name: np.zeros((3, 8) if name.endswith(("kernel", "weights")) else (8,), np.float32) for name in names}


def test_another_model(tmp_path: Path) -> None:
    write_bundle(tmp_path / "attention_rnn", _melody_rnn())
    for said in (None, "cat-mel_2bar_small"):
        with pytest.raises(CheckpointError, match="attention_rnn holds no MusicVAE: the tensor encoder/"):
            read_checkpoint(tmp_path / "attention_rnn", said)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("decoder/multi_rnn_cell/cell_1/lstm_cell/kernel"), "cell_1/lstm_cell/kernel is missing"),
        (lambda t: t.pop("encoder/mu/bias"), "encoder/mu/bias is missing"),
        (lambda t: t.update({"decoder/extra/bias": np.zeros(3, np.float32)}), "decoder/extra/bias"),
        (
            lambda t: t.update({"encoder/mu/bias": np.zeros(9, np.float32)}),
            r"encoder/mu/bias has the shape \(9,\), not",
        ),
        (lambda t: t.update({"encoder/mu/kernel": np.zeros(9, np.float32)}), "encoder/mu/kernel has the wrong shape"),
        (lambda t: t.pop("core_decoder/core_decoder_1/decoder/output_projection/bias", 0), "."),
    ],
)
def test_missing_surplus_and_misshapen_tensors(fixtures: Path, tmp_path: Path, change: Any, words: str) -> None:
    name = "nade-drums_2bar_reduced" if words != "." else "hierdec-trio_16bar"
    tensors = dict(read_tensors(fixtures / "families" / name / "model.ckpt"))
    change(tensors)
    write_bundle(tmp_path / "changed", tensors)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(tmp_path / "changed")
    assert "changed" in str(caught.value)
