"""Compare from the kernel's side."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.render.compare import cost_scale, lines_of
from tests.test_families import small
from tests.widgets.test_slider import ask, many_parts, saved


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return [model.clips(mv.tunes.load(name))[0] for name in ("low-road", "devils-dream", "soldiers-joy")]


def counted(widget: Any) -> list[int]:
    return [b - a for a, b in pairwise(widget._offsets)]


def test_two_pieces_and_how_they_differ(reel: Any) -> None:
    other = mv.read("X:1\nT:Other\nM:4/4\nL:1/8\nK:G\nGABc d2Be|c2Ac B2GB|A2FA GFED|G4 z4|\n")
    compare = mv.Compare(reel, other, labels=("Before", "After"))
    found = compare.difference
    assert (len(found.same), len(found.missing), len(found.added)) == (20, 2, 1)
    told = compare._difference
    assert [count for _, _, count in told["beats"]] == [0, 0, 0, 2, *[0] * 10, 1, 0]
    assert compare._places == [[], []]
    assert compare.z is None
    assert [row["label"] for row in compare._rows] == ["Before", "After"]
    assert (compare.value, compare.selected) == (1, ("other", 0))
    assert compare.sequence == other
    compare.value = 0
    assert (compare.selected, compare.sequence) == (("original", 0), reel)
    with pytest.raises(ConfigError, match="compares 0 to 1"):
        compare.value = 2
    with pytest.raises(ConfigError, match="two words"):
        mv.Compare(reel, other, labels=("one",))
    with pytest.raises(ConfigError, match="not music"):
        mv.Compare(reel)
    with pytest.raises(ConfigError, match="not a model"):
        mv.Compare.routes("melody-2bar", reel, other)


def test_a_reconstruction_is_what_the_model_makes_of_each_clip(model: Any) -> None:
    piece = mv.tunes.load("devils-dream")
    compare = mv.Compare.reconstruction(model, piece)
    clips = model.clips(piece)[:2]
    decoded = model.reconstruct(clips)
    expected = [(n.pitch, n.start_time) for n in decoded[0].notes]
    expected += [(n.pitch, n.start_time + decoded[0].total_time) for n in decoded[1].notes]
    got = [(n.pitch, n.start_time) for n in compare.sequences["reconstruction"][0].notes]
    np.testing.assert_allclose(got, expected)
    assert counted(compare)[0] == sum(clip.onsets for clip in clips)
    assert len(compare._difference["beats"]) == 16
    assert "bars 1-4" in compare._status["text"]
    np.testing.assert_allclose(compare.z, model.encode(clips).numpy()[0].mean(0), atol=1e-6)
    one = mv.Compare.reconstruction(model, clips[1])
    assert len(one._difference["beats"]) == 8
    assert one._status == {}
    with pytest.raises(NothingToEncodeError):
        mv.Compare.reconstruction(model, mv.read("X:1\nM:3/4\nL:1/4\nK:C\nCEG|\n"))


def test_two_routes_between_the_same_ends(model: Any, clips: list[Any]) -> None:
    compare = mv.Compare.routes(model, clips[0], clips[1], steps=7, seed=2)
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=7, seed=2)
    for space in ("latent", "data"):
        slider.space = space
        assert [s.notes for s in compare.sequences[space]] == [s.notes for s in slider.sequences]
        np.testing.assert_allclose(compare.costs[space], slider.costs)
    assert compare.subtitle == "Low Road → The Devil's Dream"
    compare.value = 10
    assert compare.selected == ("data", 3)
    assert compare.sequence is compare.sequences["data"][3]
    np.testing.assert_allclose(compare.z, slider.latents[3], atol=1e-5)
    with pytest.raises(ConfigError, match="2 to 17"):
        mv.Compare.routes(model, clips[0], clips[1], steps=18)


def test_costs_are_marked_only_where_the_training_clips_are_known(
    model: Any, clips: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(model), "cost_quantiles", {"0.5": 1.5, "0.99": 3.25}, raising=False)
    compare = mv.Compare.routes(model, clips[0], clips[1], steps=5)
    assert compare._limit == 3.25
    high = sum(cost > 3.25 for cost in compare._costs)
    svg = compare._picture()[0]["image/svg+xml"]
    monkeypatch.setattr(type(model), "cost_quantiles", {}, raising=False)
    plain = mv.Compare.routes(model, clips[0], clips[1], steps=5)
    assert plain._limit is None
    assert svg.count("#d9381a") - plain._picture()[0]["image/svg+xml"].count("#d9381a") == high


def test_random_samples_of_both_spaces(model: Any) -> None:
    compare = mv.Compare.samples(model, n=4, seed=1)
    assert [(row["name"], row["count"]) for row in compare._rows] == [("data", 4), ("latent", 4)]
    tokens = np.stack([clip.tokens for clip in model.data_sample(4, 1)])
    noise = [[n.pitch for n in s.notes] for s in compare.sequences["data"]]
    assert noise == [[n.pitch for n in mv.Clip(row).sequence.notes] for row in tokens]
    assert mv.Compare.samples(model, n=4, seed=1)._notes == compare._notes != mv.Compare.samples(model, n=4)._notes
    assert compare.costs["data"].min() > compare.costs["latent"].max(), "noise surprises a language model"
    assert compare.selected == ("latent", 0)
    with pytest.raises(ConfigError, match="follow no other"):
        compare.show(mv.tunes.load("low-road"))
    for wrong in ({"n": 0}, {"n": 13}, {"seed": -1}, {"temperature": 0}):
        with pytest.raises(ConfigError):
            mv.Compare.samples(model, **wrong)


def test_a_playlist_lists_pieces_in_their_places(model: Any, clips: list[Any]) -> None:
    pieces = [*model.sample(2, seed=1), clips[0].sequence]
    compare = mv.Compare.playlist(pieces, model)
    assert [(row["name"], row["count"]) for row in compare._rows] == [("playlist", 3)]
    assert [list(s.notes) for s in compare.sequences["playlist"]] == [list(s.notes) for s in pieces]
    assert not compare.loop
    compare.value = 2
    np.testing.assert_allclose(compare.z, model.encode([clips[0]]).numpy()[0][0], atol=1e-6)
    # Without a model, or with music that it does not take, there are no places; the music is there all the same.
    assert mv.Compare.playlist(pieces).z is None
    drums = mv.beats.tab("sn |x---x---x---x---|")
    assert mv.Compare.playlist([clips[0].sequence, drums], model)._places[1] == []
    with pytest.raises(ConfigError, match="follow no other"):
        compare.show(mv.tunes.load("low-road"))
    for wrong in ([], pieces * 9):
        with pytest.raises(ConfigError, match="no playlist"):
            mv.Compare.playlist(wrong)


def test_the_mean_of_two_clips(model: Any, clips: list[Any]) -> None:
    compare = mv.Compare.mean(model, clips[0], clips[1])
    mu = model.encode(clips[:2]).numpy()[0]
    (expected,) = model.decode(mu.mean(0), qpm=clips[0].qpm, program=clips[0].program)
    assert compare.sequence.notes == expected.notes
    np.testing.assert_allclose(compare.z, mu.mean(0), atol=1e-6)
    assert list(compare.sequences) == ["a", "mean", "b"]
    compare.value = 2
    np.testing.assert_allclose(compare.z, mu[1], atol=1e-6)


@pytest.mark.parametrize("kind", ["pair", "reconstruction", "routes", "mean"])
def test_comparisons_follow_others(model: Any, clips: list[Any], kind: str) -> None:
    a, b, c = clips
    make = {
        "pair": lambda first: mv.Compare(first, b.sequence, model),
        "reconstruction": lambda first: mv.Compare.reconstruction(model, first),
        "routes": lambda first: mv.Compare.routes(model, first, b, steps=5),
        "mean": lambda first: mv.Compare.mean(model, first, b),
    }[kind]
    compare, expected = make(a.sequence), make(c.sequence)
    link = mv.link(mv.PianoRoll(c.sequence), compare)
    assert compare._status.get("kind") != "error", compare._status
    for name in ("_notes", "_offsets", "_rows", "_difference", "_costs", "subtitle", "tempo"):
        assert getattr(compare, name) == getattr(expected, name), name
    link.unlink()
    before = compare._notes
    if kind != "pair":
        with pytest.raises(NothingToEncodeError):
            compare.show(mv.read("X:1\nM:3/4\nL:1/4\nK:C\nCEG|\n"))
        assert compare._notes == before


def test_a_link_brings_its_own_place(model: Any, clips: list[Any]) -> None:
    compare = mv.Compare.routes(model, clips[0], clips[1], steps=5)
    z = model.encode([clips[2]]).numpy()[0][0] + 0.2
    compare.show(clips[2].sequence, z)
    np.testing.assert_allclose(compare.z, z)
    with pytest.raises(ConfigError, match="finite"):
        compare.show(clips[2].sequence, z * np.nan)


@pytest.mark.parametrize("name", ["cat-drums_2bar_small", "hierdec-mel_16bar", "hierdec-trio_16bar"])
def test_every_family_is_compared_drawn_and_saved(name: str, tmp_path: Path) -> None:
    model = small(name)
    clip = model.clips(many_parts())[0]
    for compare in (
        mv.Compare.reconstruction(model, clip),
        mv.Compare.routes(model, clip, clip, steps=17),
        mv.Compare.samples(model, n=12),
        mv.Compare.playlist(model.sample(3, seed=0), model),
        mv.Compare.mean(model, clip, clip),
    ):
        assert saved(compare) < 300_000
        if not compare._notes:
            assert ask(compare, "notes", table="all")[1][0]
        path = compare.save_picture(tmp_path / f"{compare._kind}.svg")
        root = ElementTree.fromstring(path.read_text())
        assert float(root.get("height", "0")) > 100


def test_silence_is_compared_too() -> None:
    silence, note = (mv.Clip(np.array([token] + [0] * 31, np.uint8)).sequence for token in (0, 43))
    compare = mv.Compare(silence, note)
    assert compare._difference == {"same": 0, "missing": [], "added": [0], "beats": compare._difference["beats"]}
    assert compare.difference.kept == 1.0
    compare._repr_mimebundle_()
    json.dumps(compare._difference)


@pytest.mark.parametrize(
    ("count", "width", "line"), [(9, 900, 9), (9, 400, 9), (9, 300, 5), (17, 400, 9), (1, 20, 1), (6, 1100, 6)]
)
def test_lines_are_even(count: int, width: float, line: int) -> None:
    assert lines_of(count, width) == line


def test_bars_of_cost_have_one_scale() -> None:
    assert cost_scale([1.5, 4.2], 3.25) == 5.0
    assert cost_scale([], None) == 1.0
    assert cost_scale([2.9], None) == 4.0
