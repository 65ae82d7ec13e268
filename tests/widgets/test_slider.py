"""The interpolation slider from the kernel's side, with the shipped model."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.latent.interpolate import slerp
from mvae_widgets.widgets import interpolation_slider
from tests.test_families import small


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return [
        model.clips(mv.tunes.load(name))[0] for name in ("soldiers-joy", "low-road", "devils-dream", "fishers-hornpipe")
    ]


def rows(packed: bytes) -> np.ndarray:
    return np.frombuffer(packed, "<f4").reshape(-1, 7)


def steps_of(slider: Any, space: str = "latent") -> list[np.ndarray]:
    notes, offsets = (
        (slider._notes, slider._offsets) if space == "latent" else (slider._data_notes, slider._data_offsets)
    )
    return [rows(notes)[a:b] for a, b in pairwise(offsets)]


def ask(slider: Any, op: str, **args: Any) -> Any:
    sent: list[Any] = []
    slider.send = lambda content, buffers=None: sent.append((content, buffers))
    slider._handle_custom_msg({"id": 1, "channel": "test", "op": op, "args": args}, [])
    return sent[0]


@pytest.mark.parametrize("steps", [4, 5, 9, 10, 65])
def test_every_waypoint_stands_at_a_step_and_is_the_clip_itself(model: Any, clips: list[Any], steps: int) -> None:
    slider = mv.InterpolationSlider(model, *clips, steps=steps)
    stops = slider._stops
    assert (stops[0], stops[-1], len(set(stops))) == (0, steps - 1, 4)
    assert max(np.diff(stops)) - min(np.diff(stops)) <= 1, "as even as whole steps allow"
    mu, _ = model.encode(clips).numpy()
    for space in ("latent", "data"):
        slider.space = space
        for k, stop in enumerate(stops):
            np.testing.assert_array_equal(
                [(n.pitch, n.start_time) for n in slider.sequences[stop].notes],
                [(n.pitch, n.start_time) for n in clips[k].sequence.notes],
            )
            np.testing.assert_allclose(slider.latents[stop], mu[k], atol=1e-6)
            assert slider.distances[k, stop] == 0
    assert slider.labels == ["Soldier's Joy", "Low Road", "The Devil's Dream", "Fisher's Hornpipe"]


def test_too_few_steps_for_the_waypoints(model: Any, clips: list[Any]) -> None:
    with pytest.raises(ConfigError, match="4 waypoints do not fit into 3 steps"):
        mv.InterpolationSlider(model, *clips, steps=3)


def test_both_measures_of_the_paper(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    curves = slider._curves
    for space, decoded in (("latent", slider._routes["latent"]), ("data", slider._routes["data"])):
        tokens = [clip.tokens for clip in decoded.clips]
        for k, end in ((0, clips[0].tokens), (1, clips[1].tokens)):
            np.testing.assert_allclose(curves[space]["distances"][k], [(t != end).mean() for t in tokens], atol=1e-4)
        np.testing.assert_allclose(curves[space]["costs"], model.cost(decoded.clips), atol=1e-4)
    assert slider.costs.shape == (5,)
    json.dumps(curves)


def test_between_steps_the_very_place_is_decoded(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=9)
    seen: list[Any] = []
    slider.observe(lambda change: seen.append((change.new, slider.z)), "sequence")
    slider.value = 0.3
    mu, _ = model.encode(clips[:2]).numpy()
    expected = slerp(mu[0], mu[1], 0.3)
    assert (slider.value, slider.step) == (0.3, 2)
    np.testing.assert_allclose(slider.z, expected, atol=1e-6)
    np.testing.assert_allclose(seen[0][1], expected, atol=1e-6), "z is there when the music is told"
    (wanted,) = model.decode(expected, qpm=clips[0].qpm, program=clips[0].program)
    assert slider.sequence.notes == wanted.notes == seen[0][0].notes
    assert slider._exact["at"] == 0.3
    np.testing.assert_allclose(slider._exact["place"], model.place(expected)[0], atol=1e-4)
    assert rows(slider._exact_notes)[:, 2].tolist() == [note.pitch for note in wanted.notes]
    slider.value = 0.25
    assert (slider._exact, slider._exact_notes) == ({}, b"")
    assert slider.sequence is slider.sequences[2]


def test_between_steps_in_data_space_each_token_is_of_either_end(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[2], steps=3, space="data")
    middle = slider._routes["data"].clips[1].tokens
    slider.value = 0.75
    mixed = slider._between.clips[0].tokens
    assert set(np.flatnonzero(mixed != clips[2].tokens)) <= set(np.flatnonzero(middle != clips[2].tokens))
    assert ((mixed == clips[0].tokens) | (mixed == clips[2].tokens)).all()


def test_temperature_and_seed_draw_what_lies_between(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    likeliest, ends = steps_of(slider), (slider._routes["latent"].clips[0], slider._routes["latent"].clips[4])
    slider.temperature = 1.0
    first = steps_of(slider)
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(likeliest[1:-1], first[1:-1], strict=True))
    slider.seed = 3
    other = steps_of(slider)
    again = mv.InterpolationSlider(model, clips[0], clips[1], steps=5, temperature=1.0, seed=3)
    assert slider._notes == again._notes
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(other, first, strict=True))
    assert (slider._routes["latent"].clips[0], slider._routes["latent"].clips[4]) == ends
    content, _ = ask(slider, "draw", temperature=None, seed=3)
    assert content == {"id": 1, "ok": True, "result": {"temperature": None, "seed": 3}}
    for a, b in zip(steps_of(slider), likeliest, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_page_asks_and_is_told_what_is_wrong(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    assert ask(slider, "decode", value=0.4)[0]["result"] == {"value": 0.4}
    assert slider.value == slider._exact["at"] == 0.4
    for op, args in (
        ("decode", {"value": float("nan")}),
        ("decode", {"value": 2}),
        ("draw", {"temperature": -1, "seed": 0}),
        ("draw", {"temperature": 1, "seed": "x"}),
        ("notes", {"table": "other"}),
    ):
        content, _ = ask(slider, op, **args)
        assert (content["ok"], content["error"]["code"]) == (False, "config")
    assert (slider.value, slider.temperature) == (0.4, None)
    assert ask(slider, "notes", table="data")[1] == [slider._data_notes]
    for name, wrong in (("temperature", 0), ("seed", -1), ("space", "time"), ("temperature", float("nan"))):
        with pytest.raises(ConfigError):
            setattr(slider, name, wrong)


def test_what_is_too_much_to_be_saved_goes_by_message(
    model: Any, clips: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = mv.InterpolationSlider(model, clips[0], clips[1], steps=9)
    monkeypatch.setattr(interpolation_slider, "SAVED", len(whole._notes) + 10)
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=9)
    assert (slider._notes, slider._data_notes) == (whole._notes, b"")
    assert slider._data_offsets == whole._data_offsets
    assert ask(slider, "notes", table="data")[1] == [whole._data_notes]


def test_it_follows_others_and_stays_whole_when_that_fails(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], clips[2], steps=5, value=0.0)
    z = model.encode([clips[3]]).numpy()[0][0] + 0.1
    slider.show(clips[3].sequence, z)
    np.testing.assert_allclose(slider.z, z)
    assert slider.labels == ["Fisher's Hornpipe", "Low Road", "The Devil's Dream"]
    assert [n.pitch for n in slider.sequence.notes] == [n.pitch for n in clips[3].sequence.notes]
    slider.show(clips[0].sequence, np.zeros(3))
    np.testing.assert_allclose(slider.z, model.encode([clips[0]]).numpy()[0][0], atol=1e-6), "a z of another model"
    before = (slider._notes, slider.sequence, slider.z.tolist())
    with pytest.raises(ConfigError, match="finite"):
        slider.show(clips[3], np.full(z.shape, np.nan))
    with pytest.raises(NothingToEncodeError):
        slider.show(mv.read("X:1\nM:3/4\nL:1/4\nK:C\nCEG|\n"))
    assert (slider._notes, slider.sequence, slider.z.tolist()) == before
    slider.value = 0.5
    assert [n.pitch for n in slider.sequence.notes] == [n.pitch for n in clips[1].sequence.notes]


def test_equal_ends_and_silence(model: Any, clips: list[Any]) -> None:
    same = mv.InterpolationSlider(model, clips[0], clips[0], steps=3, value=0.3)
    assert np.isfinite(same.latents).all()
    assert same.distances[:, [0, 2]].tolist() == [[0, 0], [0, 0]]
    silent = mv.Clip(np.zeros(32, np.uint8))
    slider = mv.InterpolationSlider(model, silent, clips[0], steps=3)
    assert len(slider.sequences[0].notes) == 0
    assert slider._offsets[:2] == [0, 0]
    slider._repr_mimebundle_()


@pytest.mark.parametrize("name", ["cat-drums_2bar_small", "hierdec-trio_16bar", "groovae_2bar_humanize"])
def test_families_without_a_language_model_have_no_cost(name: str) -> None:
    model = small(name)
    steps = model.clips(many_parts())
    slider = mv.InterpolationSlider(model, steps[0], steps[0], steps=3, value=0.3)
    assert slider.costs.tolist() == slider._curves["data"]["costs"] == []
    assert slider._exact["cost"] is None
    assert slider._status == {}
    slider.space = "data"
    assert len(slider.sequence.notes) == len(steps[0].sequence.notes)


def many_parts() -> Any:
    """Sixteen bars of melody, bass and drums."""
    sequence = mv.read(f"X:1\nM:4/4\nL:1/4\nK:C\n{'CEGc|' * 16}\n")
    for beat in range(64):
        at = beat / 2
        sequence.notes.add(pitch=36, velocity=90, start_time=at, end_time=at + 0.4, instrument=1, program=33)
        sequence.notes.add(pitch=38, velocity=90, start_time=at, end_time=at + 0.1, instrument=9, is_drum=True)
    return sequence


def saved(widget: Any) -> int:
    """Bytes that a widget adds to a saved notebook: its state with its code, and its picture."""
    state = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in widget.get_state().items()}
    return len(json.dumps({k: str(v) if k in ("_esm", "_css") else v for k, v in state.items()})) + len(
        json.dumps(widget._repr_mimebundle_())
    )


def test_a_notebook_grows_by_300_kb_at_most(model: Any, clips: list[Any]) -> None:
    assert saved(mv.InterpolationSlider(model, *clips, *clips, steps=65)) < 300_000
    trio = small("hierdec-trio_16bar")
    clip = trio.clips(many_parts())[0]
    assert saved(mv.InterpolationSlider(trio, clip, clip, steps=33)) < 300_000


def test_labels_of_ones_own(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=3, labels=["from", "to"])
    slider.show(clips[2])
    assert slider.labels == ["from", "to"]
    with pytest.raises(ConfigError, match="3 labels for 2 waypoints"):
        mv.InterpolationSlider(model, clips[0], clips[1], labels=["a", "b", "c"])


def test_snap_keeps_it_at_steps(model: Any, clips: list[Any]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5, value=0.3)
    assert slider.value == 0.3
    slider.snap = True
    assert slider.value == 0.25
    slider.value = 0.6
    assert slider.value == 0.5
