"""Finding, reading and writing models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import mvae_widgets as mv
from mvae_widgets.checkpoints.catalog import BUILT_IN, builtin_models
from mvae_widgets.errors import CheckpointError, ConfigError, UnknownModelError

NAME = "melody-2bar"
MEBI = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILT_IN / NAME, tmp_path / "mine"))


def test_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(UnknownModelError, match="'melody-2bar'") as caught:
        mv.load("melody_2bars")
    assert isinstance(caught.value, mv.MusicVAEError)


def test_unknown_device() -> None:
    with pytest.raises(ConfigError, match="warp"):
        mv.load(NAME, device="warp")


@pytest.mark.parametrize("name", builtin_models())
def test_shipped_weights_are_small_and_half_precision(name: str) -> None:
    tensors = load_file(BUILT_IN / name / "weights.safetensors")
    assert {t.dtype for t in tensors.values()} == {torch.float16}
    # A trio is two encoders side by side and three decoders; its decoders are what an exported page holds.
    most, most_decoded = (26, 12) if name.startswith("trio") else (12, 8)
    assert (BUILT_IN / name / "weights.safetensors").stat().st_size <= most * MEBI
    decoder = sum(t.nbytes for n, t in tensors.items() if n.startswith("decoder."))
    assert decoder <= most_decoded * MEBI


def test_a_folder_of_ones_own_loads_the_same(folder: Path, model: mv.MusicVAE) -> None:
    own = mv.load(folder, device="cpu")
    z = torch.randn(3, model.config.z_size, generator=torch.Generator().manual_seed(0))
    assert [list(s.notes) for s in own.decode(z)] == [list(s.notes) for s in model.decode(z)]
    assert own.plane == model.plane


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("weights.safetensors", b"not tensors", "missing or damaged"),
        ("card.json", b"{", "not valid JSON"),
        ("plane.json", b"[]", "does not hold an object"),
        ("plane.json", b'{"weights": [[1]]}', "plane"),
    ],
)
def test_damaged_files(folder: Path, file: str, content: bytes, words: str) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(mv.MusicVAEError, match=words):
        mv.load(folder)


def test_weights_that_are_not_finite(folder: Path) -> None:
    path = folder / "weights.safetensors"
    tensors = load_file(path)
    tensors["posterior.mu.bias"][0] = float("nan")
    save_file(tensors, path, {"config": json.dumps(mv.load(BUILT_IN / NAME).config.to_dict())})
    with pytest.raises(CheckpointError, match=r"posterior\.mu\.bias"):
        mv.load(folder)


def test_weights_of_another_shape(folder: Path) -> None:
    path = folder / "weights.safetensors"
    config = mv.load(BUILT_IN / NAME).config.to_dict() | {"z_size": 64}
    save_file(load_file(path), path, {"config": json.dumps(config)})
    with pytest.raises(CheckpointError, match="do not fit"):
        mv.load(folder)
