"""Checking checkpoints against references: what agrees, what deviates, and what is no reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mvae_widgets.checkpoints.bundles import Bundle, read_bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.verify import TOLERANCES, reference_config, verify

FAMILIES = (
    "cat-mel_2bar_small",
    "groovae_2bar_humanize",
    "hier-multiperf_vel_1bar_med_chords",
    "hierdec-trio_16bar",
    "nade-drums_2bar_reduced",
)
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def families(fixtures: Path) -> Path:
    return fixtures / "families"


@pytest.fixture
def melody(families: Path) -> Bundle:
    return read_bundle(families / FAMILIES[0] / "model.ckpt", FAMILIES[0])


@pytest.mark.parametrize("files", ["", "model.ckpt"], ids=["magenta.js", "TensorFlow"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_agrees_with_the_original(families: Path, name: str, files: str) -> None:
    reference = families / name / "reference.json"
    assert reference_config(reference) == name
    report = verify(read_bundle(families / name / files, name), reference)
    assert report.ok, f"\n{report}"
    found = {d.what for d in report.deviations}
    outputs = {"hits", "velocities", "offsets"} if "groovae" in name else {"greedy outputs"}
    logits = set() if "trio" in name else {"logits"}
    assert found == {"mu", "sigma"} | outputs | logits
    assert all(d.compared > 0 for d in report.deviations)


def test_the_tolerances_are_those_of_the_specification() -> None:
    assert TOLERANCES["mu"] == TOLERANCES["sigma"] == TOLERANCES["velocities"] == TOLERANCES["offsets"] == 1e-5
    assert TOLERANCES["logits"] == 1e-4
    assert TOLERANCES["greedy outputs"] == TOLERANCES["hits"] == 0


@pytest.mark.parametrize(
    ("weight", "by", "wrong"),
    [
        ("posterior.mu.bias", 1e-4, {"mu"}),
        ("posterior.mu.bias", 1e-6, set()),
        ("posterior.sigma.bias", 1e-4, {"sigma"}),
        ("decoder.output.bias", 1e-3, {"logits"}),
        ("decoder.output.bias", float("nan"), {"logits", "greedy outputs"}),
    ],
)
def test_a_changed_weight_is_found(families: Path, melody: Bundle, weight: str, by: float, wrong: set[str]) -> None:
    changed = melody.state[weight].clone()
    changed[0] += by
    report = verify(replace(melody, state=melody.state | {weight: changed}), families / FAMILIES[0] / "reference.json")
    bad = {d.what for d in report.deviations if not d.ok}
    assert bad - {"greedy outputs"} == wrong - {"greedy outputs"}
    assert report.ok == (not wrong)
    assert str(report).count("TOO FAR") == len(bad)


def test_the_table_says_where(families: Path, melody: Bundle, tmp_path: Path) -> None:
    path = altered(families, tmp_path, lambda data: data["mu"][1].__setitem__(3, data["mu"][1][3] + 0.5))
    report = verify(melody, path)
    line = next(line for line in str(report).splitlines() if line.startswith("mu"))
    assert line.split()[1:] == ["24", "5.00e-01", "1e-05", "[1,", "3]", "TOO", "FAR"]


def test_one_wrong_step_is_too_much(families: Path, melody: Bundle, tmp_path: Path) -> None:
    def move(data: dict[str, Any]) -> None:
        step = data["decoded_nonzero"][2][7]
        step[1] = (step[1] + 1) % 90

    report = verify(melody, altered(families, tmp_path, move))
    assert [d.what for d in report.deviations if not d.ok] == ["greedy outputs"]


def test_what_a_reference_lacks_is_not_compared(families: Path, melody: Bundle, tmp_path: Path) -> None:
    path = altered(families, tmp_path, lambda data: [data.pop(k) for k in ("z", "sigma")])
    assert [d.what for d in verify(melody, path).deviations] == ["mu"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.clear(), "nothing to compare"),
        (lambda d: d.update(z=[[1.0, 2.0]]), r"z has the shape \[1, 2\]"),
        (lambda d: d.update(z="many"), "z is not an array"),
        (lambda d: d.update(mu=[[0.0]]), r"mu has the shape \[1, 1\]"),
        (lambda d: d.update(c_input=[0] * 32), "takes no controls"),
        (lambda d: d.update(input_depth=10), "encode_x"),
        (lambda d: d.update(input_depth=None), "encode_x_nonzero needs"),
        (lambda d: d["encode_x_nonzero"].append([0, 99, 0]), "encode_x_nonzero has indices"),
        (lambda d: d["decoded_nonzero"][0].append([0, -1]), "decoded_nonzero has indices"),
        (lambda d: d["decoded_nonzero"].pop(), "decoded_nonzero needs decoded_shapes"),
        (lambda d: d.update(decoded_shapes=[[32, 91]] * 3), "decoded has the shape"),
        (lambda d: d.update(decoded_rnn_output_first16=[[[0.0]]]), "first16 has the shape"),
    ],
)
def test_references_that_do_not_fit(families: Path, melody: Bundle, tmp_path: Path, change: Change, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        verify(melody, altered(families, tmp_path, change))


@pytest.mark.parametrize("classes", [None, [0] * 511, [49] * 512, [0.5] * 512, "C"])
def test_controls_that_do_not_fit(families: Path, tmp_path: Path, classes: object) -> None:
    name = FAMILIES[2]
    path = altered(families, tmp_path, lambda data: data.update(c_input=classes), name)
    with pytest.raises(ConfigError, match="c_input"):
        verify(read_bundle(families / name / "model.ckpt", name), path)


@pytest.mark.parametrize("other", FAMILIES[1:])
def test_the_reference_of_another_family(families: Path, melody: Bundle, other: str) -> None:
    with pytest.raises(ConfigError, match=r"reference\.json"):
        verify(melody, families / other / "reference.json")


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_files_that_are_no_references(melody: Bundle, tmp_path: Path, text: str) -> None:
    path = tmp_path / "reference.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"reference\.json"):
        verify(melody, path)
    with pytest.raises(ConfigError, match="Cannot read"):
        verify(melody, tmp_path / "nothing.json")


def altered(families: Path, folder: Path, change: Change, name: str = FAMILIES[0]) -> Path:
    """A reference with something changed."""
    data = json.loads((families / name / "reference.json").read_text())
    change(data)
    path = folder / "reference.json"
    path.write_text(json.dumps(data))
    return path
