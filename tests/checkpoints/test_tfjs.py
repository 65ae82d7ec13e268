"""magenta.js files: every kind of damage refused by name, every config.json understood or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.checkpoints.reader import read_checkpoint, read_tensors
from mvae_widgets.errors import CheckpointError

from .writers import write_js

NAME = "cat-mel_2bar_small"


@pytest.fixture
def folder(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fixtures / "families" / NAME, tmp_path / NAME))


def test_tensors_straddle_shards(folder: Path, tmp_path: Path) -> None:
    plain = read_tensors(folder)
    cut = tmp_path / "cut"
    write_js(cut, plain, shard=1001)
    assert len(list(cut.iterdir())) > 50
    again = read_tensors(cut)
    assert again.keys() == plain.keys()
    for name, array in plain.items():
        np.testing.assert_array_equal(again[name], array)


def test_half_precision_and_integers(folder: Path) -> None:
    half, whole = np.array([0.5, -2.0, 0.1], np.float16), np.array([0, 128, 255], np.uint8)
    weights = [
        {"name": "half", "shape": [3], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {
            "name": "whole",
            "shape": [3],
            "dtype": "int32",
            "quantization": {"dtype": "uint8", "min": -7, "scale": 0.1},
        },
    ]
    (folder / "shard").write_bytes(half.tobytes() + whole.tobytes())
    (folder / "weights_manifest.json").write_text(json.dumps([{"paths": ["shard"], "weights": weights}]))
    tensors = read_tensors(folder)
    np.testing.assert_array_equal(tensors["half"], half.astype(np.float32))
    assert tensors["half"].dtype == np.float32
    assert tensors["whole"].tolist() == [-7, 6, 18]


def _edit(change: Callable[[Any], None], file: str = "weights_manifest.json") -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / file
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    return damage


def _halve(folder: Path) -> None:
    shard = folder / "group1-shard1of1"
    shard.write_bytes(shard.read_bytes()[:1000])


def _link(folder: Path) -> None:
    shard = folder / "group1-shard1of1"
    shard.rename(folder.parent / "elsewhere")
    shard.symlink_to(folder.parent / "elsewhere")


def _nan(folder: Path) -> None:
    shard = folder / "group1-shard1of1"
    shard.write_bytes(shard.read_bytes()[:-4] + np.float32(np.nan).tobytes())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_halve, "needs bytes .* cut short"),
        (lambda f: (f / "group1-shard1of1").unlink(), "group1-shard1of1"),
        (lambda f: (f / "weights_manifest.json").write_text("{"), "not a weights manifest"),
        (lambda f: (f / "weights_manifest.json").write_bytes(b"\xff\xfe"), "not a weights manifest"),
        (_edit(lambda m: m[0]["paths"].__setitem__(0, "../reference.json")), "outside its folder"),
        (_edit(lambda m: m[0]["paths"].__setitem__(0, "/etc/hostname")), "outside its folder"),
        (_link, "outside its folder"),
        (_edit(lambda m: m[0]["weights"].pop()), "accounts for"),
        (_edit(lambda m: m[0]["weights"][3].update(dtype="string")), "cannot be understood"),
        (_edit(lambda m: m[0]["weights"][3].update(shape=[-1, 5])), "cannot be understood"),
        (_edit(lambda m: m[0]["weights"][3].update(quantization={"dtype": "uint8"})), "cannot be understood"),
        (_edit(lambda m: m[0]["weights"][0].update(name=m[0]["weights"][1]["name"])), "twice"),
        (_edit(lambda m: m[0]["weights"][5].update(name="decoder/other")), "output_projection/kernel"),
        (_edit(lambda m: m[0]["weights"][-1].update(name="encoder/surplus")), "encoder/sigma/kernel is missing"),
        (_nan, "sigma/kernel holds numbers that are not finite"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(folder)
    assert str(folder) in str(caught.value)


def test_a_surplus_tensor_is_named(folder: Path) -> None:
    tensors = read_tensors(folder) | {"decoder/attention/kernel": np.zeros((2, 2), np.float32)}
    write_js(folder, tensors)
    with pytest.raises(CheckpointError, match=r"1 tensors do not belong .* decoder/attention/kernel"):
        read_checkpoint(folder)


def _describe(**changes: Any) -> Callable[[Path], None]:
    return _edit(lambda d: d.update(changes), "config.json")


def _arguments(kind: str = "MelodyConverter", **changes: Any) -> Callable[[Path], None]:
    return _edit(
        lambda d: (d["dataConverter"].update(type=kind), d["dataConverter"]["args"].update(changes)), "config.json"
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "config.json").write_text("not json"), "not the description"),
        (_describe(type="MusicRNN"), "a MusicRNN, not a MusicVAE"),
        (_describe(dataConverter={}), "not the description"),
        (_describe(chordEncoder="JazzEncoder"), "JazzEncoder"),
        (_describe(chordEncoder="TriadChordEncoder"), "49 controls, the tensors have 0"),
        (_describe(conditionOnKey=True), "12 controls, the tensors have 0"),
        (_arguments("MelodyShapeConverter"), "MelodyShapeConverter"),
        (_arguments("DrumsConverter"), "steps of 10 and 512"),
        (_arguments(maxPitch=109), "steps of 91 and 91"),
        (_arguments(numSegments=4), "4 segments"),
        (_arguments(numSteps=30), "no whole bars"),
        (_arguments(numSteps="many"), "cannot be understood"),
        (_edit(lambda d: d["dataConverter"]["args"].pop("maxPitch"), "config.json"), "leaves out 'maxPitch'"),
    ],
)
def test_descriptions_that_do_not_fit(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(folder)
    assert "config.json" in str(caught.value)


def test_length_comes_from_the_description(folder: Path) -> None:
    _arguments(numSteps=64)(folder)
    config, _ = read_checkpoint(folder)
    assert (config.bars, config.steps, config.name) == (4, 64, NAME)
    with pytest.raises(CheckpointError, match="64 steps of melody"):
        read_checkpoint(folder, NAME)


def test_a_description_is_read_as_its_family(fixtures: Path) -> None:
    groove, _ = read_checkpoint(fixtures / "families" / "groovae_2bar_humanize")
    assert (groove.head, groove.converter["humanize"]) == ("groove", True)
    tracks, _ = read_checkpoint(fixtures / "families" / "hier-multiperf_vel_1bar_med_chords")
    assert (tracks.encoder_levels, tracks.decoder_levels, tracks.control_depth) == ((64, 8), (8, 64), 49)
    assert (tracks.bars, tracks.converter["chord_encoding"]) == (1, "triad")
    drums, _ = read_checkpoint(fixtures / "families" / "nade-drums_2bar_reduced")
    assert (drums.head, drums.hidden, drums.depth, drums.output_depth) == ("nade", 128, 10, 9)
