"""magenta.js files: equal to the originals, and every kind of damage refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

import mvae_widgets as mv
from mvae_widgets.checkpoints.tfjs import read_tfjs
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.generate import generate
from mvae_widgets.training.loop import shift

NAME = "cat-mel_2bar_small"


@pytest.fixture
def folder(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fixtures / "families" / NAME, tmp_path / NAME))


@pytest.fixture(scope="session")
def reference(fixtures: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((fixtures / "families" / NAME / "reference.json").read_text())
    return data


@torch.no_grad()
def test_equals_magenta(folder: Path, reference: dict[str, Any]) -> None:
    model = mv.load(folder, device="cpu")
    assert model.config.z_size == reference["hparams"]["z_size"]
    x = torch.zeros(3, 32, 90)
    for row, step, label in reference["encode_x_nonzero"]:
        x[row, step, label] = 1
    mu, sigma = model.network.encode(x, torch.tensor(reference["encode_lengths"]))
    np.testing.assert_allclose(mu, reference["mu"], atol=1e-5)
    np.testing.assert_allclose(sigma, reference["sigma"], atol=1e-5)
    z = torch.tensor(reference["z"])
    tokens = generate(model.network.decoder, z, 32)
    expected = [[label for _, label in sorted(rows)] for rows in reference["decoded_nonzero"]]
    assert tokens.tolist() == expected
    logits = model.network.decoder(z, shift(one_hot(tokens, 90).float()))
    np.testing.assert_allclose(logits[:, :16], reference["decoded_rnn_output_first16"], atol=1e-4)


@torch.no_grad()
def test_published_decoder(shared: Path) -> None:
    """The decoder that Magenta published decodes as magenta.js does."""
    folder = shared / "oracle" / "mel_2bar_small_published_decoder"
    expected = json.loads((folder / "reference-magentajs.json").read_text())
    model = mv.load(folder, device="cpu")
    z = torch.tensor(expected["z"])
    tokens = generate(model.network.decoder, z, 32)
    assert tokens.tolist() == expected["decoded_tokens"]
    logits = model.network.decoder(z, shift(one_hot(tokens, 90).float()))
    np.testing.assert_allclose(logits, expected["decoded_logits"], atol=1e-4)
    mu, _ = model.network.encode(one_hot(torch.tensor(expected["encode_input_tokens"]), 90).float())
    np.testing.assert_allclose(mu, expected["encode_mu"], atol=1e-5)


@pytest.mark.parametrize(("kind", "levels"), [("uint8", 255), ("uint16", 65535)])
def test_quantised(folder: Path, kind: str, levels: int) -> None:
    """Equal to dequantising by the rule of MUSICVAE.md 7.2."""
    plain = read_tfjs(folder)
    data, weights, expected = b"", [], {}
    for name, array in plain.items():
        low, scale = float(array.min()), float(array.max() - array.min()) / levels
        q = np.rint((array - low) / scale).astype(kind)
        expected[name] = (q.astype(np.float64) * scale + low).astype(np.float32)
        data += q.tobytes()
        quantization = {"dtype": kind, "min": low, "scale": scale}
        weights.append({"name": name, "shape": array.shape, "dtype": "float32", "quantization": quantization})
    cut = len(data) // 3
    (folder / "a").write_bytes(data[:cut])
    (folder / "b").write_bytes(data[cut:])
    manifest = [{"paths": ["a", "b"], "weights": weights}]
    (folder / "weights_manifest.json").write_text(json.dumps(manifest))
    for name, array in read_tfjs(folder).items():
        np.testing.assert_array_equal(array, expected[name])


def _edit(change: Callable[[list[Any]], None]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "weights_manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return damage


def _halve(folder: Path) -> None:
    shard = folder / "group1-shard1of1"
    shard.write_bytes(shard.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_halve, "cut short"),
        (lambda f: (f / "group1-shard1of1").unlink(), "group1-shard1of1"),
        (lambda f: (f / "weights_manifest.json").write_text("{"), "not a weights manifest"),
        (_edit(lambda m: m[0]["paths"].__setitem__(0, "../reference.json")), "outside its folder"),
        (_edit(lambda m: m[0]["weights"].pop()), "accounts for"),
        (_edit(lambda m: m[0]["weights"][3].update(dtype="string")), "cannot be understood"),
        (_edit(lambda m: m[0]["weights"][0].update(name=m[0]["weights"][1]["name"])), "twice"),
        (_edit(lambda m: m[0]["weights"][5].update(name="decoder/other")), "output_projection/kernel"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words):
        mv.load(folder)
