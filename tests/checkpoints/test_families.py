"""Every family of the oracle, from both of Magenta's formats, equals the originals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from mvae_widgets.checkpoints.keymap import from_magenta, is_weight
from mvae_widgets.checkpoints.reader import read_checkpoint, read_tensors
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE

from .writers import write_js

FAMILIES = [
    "cat-mel_2bar_small",
    "groovae_2bar_humanize",
    "hier-multiperf_vel_1bar_med_chords",
    "hierdec-trio_16bar",
    "nade-drums_2bar_reduced",
]


class Reference:
    """Inputs and outputs of the original."""

    def __init__(self, folder: Path) -> None:
        data: dict[str, Any] = json.loads((folder / "reference.json").read_text())
        self.data, n, steps = data, len(data["z"]), data["hparams"]["max_seq_len"]
        self.z, self.lengths = torch.tensor(data["z"]), torch.tensor(data["encode_lengths"])
        self.x = torch.zeros(n, steps, data["input_depth"])
        if data["encode_x"] is not None:
            self.x = torch.tensor(data["encode_x"])
        else:
            self.x[tuple(torch.tensor(data["encode_x_nonzero"]).T)] = 1.0
        self.rows = torch.zeros(n, steps, data["output_depth"])
        if "decoded" in data:
            self.rows = torch.tensor(data["decoded"])
        else:
            for k, ones in enumerate(data["decoded_nonzero"]):
                self.rows[(k, *torch.tensor(ones).T)] = 1.0
        self.controls = None
        if data["c_input"] is not None:
            self.controls = one_hot(torch.tensor(data["c_input"]), data["control_depth"]).float().expand(n, -1, -1)


@torch.no_grad()
@pytest.mark.parametrize("files", ["tf", "js"])
@pytest.mark.parametrize("name", FAMILIES)
def test_equals_the_original(fixtures: Path, tmp_path: Path, name: str, files: str) -> None:
    source = fixtures / "families" / name
    folder = tmp_path / name
    folder.mkdir()
    for path in source.iterdir():
        if path.name.startswith("model.ckpt") == (files == "tf"):
            shutil.copy(path, folder)
    # To the tensors alone, all grooves are one, and so are melodies of 2 and of 16 bars.
    said = name if files == "tf" and name.startswith(("groovae", "cat-mel")) else None
    config, state = read_checkpoint(folder, said)
    assert (config.name == name) or (files == "tf" and said is None and config.family in name)
    network = VAE(config).eval()
    network.load_state_dict(state)
    reference = Reference(source)
    mu, sigma = network.encode(reference.x, reference.lengths, reference.controls)
    np.testing.assert_allclose(mu, reference.data["mu"], atol=1e-5)
    np.testing.assert_allclose(sigma, reference.data["sigma"], atol=1e-5)
    rows = network.decode(reference.z, controls=reference.controls)
    if config.head == "groove":
        np.testing.assert_array_equal(rows[..., :9], reference.rows[..., :9])
        np.testing.assert_allclose(rows, reference.rows, atol=1e-5)
    else:
        np.testing.assert_array_equal(rows, reference.rows)
    if (logits := reference.data.get("decoded_rnn_output_first16")) is not None:
        ours = network.decoder(reference.z, shift(reference.rows), reference.controls)
        np.testing.assert_allclose(ours[:, :16], logits, atol=1e-4)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("name", FAMILIES)
def test_quantised_files_are_their_dequantised_weights(fixtures: Path, tmp_path: Path, name: str, kind: str) -> None:
    source = fixtures / "families" / name
    plain = {n: a for n, a in read_tensors(source).items() if is_weight(n)}
    folder = tmp_path / name
    stands_for = write_js(folder, plain, kind)
    if (source / "config.json").exists():
        shutil.copy(source / "config.json", folder)
    config, state = read_checkpoint(folder)
    expected = from_magenta(stands_for.items(), config)
    assert state.keys() == expected.keys()
    for parameter, tensor in expected.items():
        assert torch.equal(state[parameter], tensor), parameter
    networks = [VAE(config).eval() for _ in range(2)]
    for network, tensors in zip(networks, (state, expected), strict=True):
        network.load_state_dict(tensors)
    reference = Reference(source)
    a, b = (network.decode(reference.z, controls=reference.controls) for network in networks)
    assert torch.equal(a, b)


@torch.no_grad()
def test_published_decoder(shared: Path) -> None:
    """The decoder that Magenta published decodes as magenta.js does."""
    folder = shared / "oracle" / "mel_2bar_small_published_decoder"
    expected = json.loads((folder / "reference-magentajs.json").read_text())
    config, state = read_checkpoint(folder)
    network = VAE(config).eval()
    network.load_state_dict(state)
    z = torch.tensor(expected["z"])
    rows = network.decode(z)
    assert rows.argmax(-1).tolist() == expected["decoded_tokens"]
    np.testing.assert_allclose(network.decoder(z, shift(rows)), expected["decoded_logits"], atol=1e-4)
    mu, _ = network.encode(one_hot(torch.tensor(expected["encode_input_tokens"]), 90).float())
    np.testing.assert_allclose(mu, expected["encode_mu"], atol=1e-5)
