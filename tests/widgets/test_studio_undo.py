"""Undo in the Studio: to the last byte, across all parts, in steps that a user would count."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.widgets import studio_history
from tests.studio_page import FakePage, told

#: Numbers that only count, so that a page knows what is new.
COUNTERS = {"_revision"}


@pytest.fixture
def page(model: Any) -> FakePage:
    page = FakePage(mv.Studio(model))
    page.do("open")
    return page


def everything(studio: mv.Studio) -> dict[str, Any]:
    """All that page and Python see: traits of all parts and of the Studio, and what the parts decoded."""
    state = {f"{name}.{key}": value for name, part in studio.parts.items() for key, value in told(part).items()}
    state |= {f"studio.{key}": value for key, value in told(studio).items() if key not in ("_undo", "_redo")}
    for name in ("map", "pad", "slider", "knobs", "compare"):
        part = studio.parts[name]
        state[f"{name} music"] = part.sequence.SerializeToString(deterministic=True)
        state[f"{name} z"] = None if part.z is None else np.asarray(part.z).tobytes()
    state["cells"] = [one.SerializeToString(deterministic=True) for row in studio.pad.sequences for one in row]
    state["steps"] = [one.SerializeToString(deterministic=True) for one in studio.slider.sequences]
    state["latents"] = (studio.pad.latents.tobytes(), studio.slider.latents.tobytes())
    state["bench"] = (studio.knobs._bench._stand.tobytes(), dict(studio.knobs._bench.asked))
    state["music"] = [one.SerializeToString(deterministic=True) for one in (studio.sequence, studio.roll.sequence)]
    state["song"] = studio.song and studio.song.SerializeToString(deterministic=True)
    state["selected"] = studio.map.selected.tolist()
    return {name: value for name, value in state.items() if name.split(".")[-1] not in COUNTERS}


def differing(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return [name for name in a if a[name] != b[name]]


def gesture(page: FakePage, dice: random.Random) -> str:
    """One thing that a user does."""
    studio = page.studio
    ids = [clip.id for clip in studio.kept]
    names = studio.knobs._names

    def edit() -> None:
        rows = page.notes().copy()
        if len(rows) < 4:
            rows = np.array([[k, k + 0.5, 60 + k, 80, 0, 0, 0] for k in range(8)], "<f4")
        rows[dice.randrange(len(rows)), 2] = dice.randrange(50, 80)
        page.edit(rows)

    def turn() -> None:
        free = [name for name in names if name not in studio.knobs.locked]
        if free:
            travel = studio.knobs._by_name[name := dice.choice(free)]
            asked = travel.low + dice.random() * (travel.high - travel.low)
            page.call("knobs", "turn", value={name: asked}, locked=studio.knobs.locked)

    deeds: dict[str, Any] = {
        "pad": lambda: page.write("pad", value=[dice.randrange(7), dice.randrange(7)]),
        "between": lambda: page.write("pad", value=[dice.random() * 6, dice.random() * 6]),
        "path": lambda: page.write("pad", path=[[dice.randrange(7), dice.randrange(7)] for _ in range(3)]),
        "slider": lambda: page.write("slider", value=dice.random()),
        "space": lambda: page.write("slider", space=dice.choice(["latent", "data"])),
        "dice": lambda: page.call("slider", "draw", temperature=0.8, seed=dice.randrange(99)),
        "knob": turn,
        "lock": lambda: page.write("knobs", locked=dice.sample(names, dice.randrange(2))),
        "ahead": lambda: page.call("knobs", "ahead"),
        "map": lambda: page.call("map", "pick", index=dice.randrange(2000)),
        "place": lambda: page.call("map", "decode", at=[dice.uniform(-1, 1), dice.uniform(-1, 1)]),
        "select": lambda: setattr(studio.map, "selected", dice.sample(range(2000), 5)),
        "edit": edit,
        "which": lambda: page.write("compare", value=dice.randrange(2)),
        "keep": lambda: page.do("keep"),
        "choose": lambda: page.do("choose", id=dice.choice(ids)),
        "rename": lambda: page.do("rename", id=dice.choice(ids), title=f"Clip {dice.randrange(99)}"),
        "discard": lambda: len(ids) > 3 and page.do("discard", id=dice.choice(ids)),
        "arrange": lambda: page.do("arrange", ids=[dice.choice(ids) for _ in range(dice.randrange(6))]),
        "end": lambda: page.do("end", which=dice.choice("ab"), id=dice.choice(ids)),
        "corner": lambda: page.do("corner", which=dice.randrange(4), id=dice.choice(ids)),
        "vary": lambda: page.do("vary", seed=dice.randrange(99)),
        "draw": lambda: page.do("draw", seed=dice.randrange(99)),
        "undo": lambda: page.do("undo"),
        "redo": lambda: page.do("redo"),
    }
    name = dice.choice(list(deeds))
    deeds[name]()
    return name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_undo_to_the_start_restores_the_start(page: FakePage, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(studio_history.time, "monotonic", lambda: clock[0])
    studio, dice = page.studio, random.Random(seed)
    start = everything(studio)
    moments = {0: start}
    done = []
    for _ in range(60):
        clock[0] += 1.0
        done.append(gesture(page, dice))
        if done[-1] not in ("undo", "redo"):
            moments = {step: moment for step, moment in moments.items() if step < studio._undo}
        moments[studio._undo] = everything(studio)
        for name, part in studio.parts.items():
            assert not differing(told(part), page.parts[name]), f"the page does not know of {name} after {done}"
    top = studio._undo
    assert top > 10
    for step in reversed(range(top)):
        page.do("undo")
        assert studio._undo == step
        if step in moments:
            # What a page asks for when it has time belongs to no step.
            wrong = [name for name in differing(moments[step], everything(studio)) if "_ahead" not in name]
            assert not wrong, f"step {step} of {done}"
    assert not differing(start, everything(studio)), done
    assert page.do("undo") == {"buffers": []}, "nothing is left, and nothing happens"
    for name, part in studio.parts.items():
        assert not differing(told(part), page.parts[name])
    for _ in range(studio._redo):
        page.do("redo")
    assert studio._undo == top
    wrong = [name for name in differing(moments[top], everything(studio)) if "_ahead" not in name]
    assert not wrong


def test_after_undo_everything_goes_on_as_if_nothing_had_been(page: FakePage) -> None:
    studio = page.studio
    untouched = FakePage(mv.Studio(studio._model))
    untouched.do("open")
    for column in range(3):
        page.do("corner", which=column, id=4)
        page.write("pad", value=[column, 1.5])
    page.call("knobs", "turn", value={"note_density": 0.9})
    page.write("knobs", locked=["note_density"])
    page.call("knobs", "turn", value={"mean_pitch": 80.0}, locked=["note_density"])
    while studio._undo:
        page.do("undo")
    for one in (page, untouched):
        one.write("pad", value=[2.5, 1.5])
        one.call("knobs", "turn", value={"mean_pitch": 60.0})
        one.write("slider", value=0.3)
    assert not [name for name in differing(everything(studio), everything(untouched.studio)) if "_setting" not in name]


def test_a_gesture_is_one_step(page: FakePage, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(studio_history.time, "monotonic", lambda: clock[0])
    studio = page.studio
    for column in range(6):
        clock[0] += 0.3
        page.write("pad", value=[2, column])
    assert studio._undo == 1
    clock[0] += 0.7
    page.write("pad", value=[3, 3])
    assert studio._undo == 2, "after a pause it is another"
    page.write("slider", value=0.5)
    assert studio._undo == 3, "another part is another"
    page.write("slider", space="data")
    page.do("keep")
    page.do("keep")
    clips = len(studio.kept)
    page.do("undo")
    assert len(studio.kept) == clips - 1, "buttons are steps by themselves"
    while studio._undo > 2:
        page.do("undo")
    assert studio.pad.value == (3, 3)
    page.do("undo")
    assert studio.pad.value == (2, 5)
    page.do("undo")
    assert (studio.pad.value, studio._undo) == ((0, 0), 0)
    page.do("redo")
    assert studio.sequence == studio.pad.sequences[2][5]
    page.write("pad", value=[0, 1])
    assert (studio._undo, studio._redo) == (2, 0), "what is done anew ends what could be redone"


def test_python_is_undone_too(model: Any) -> None:
    studio = mv.Studio(model)
    start = studio.sequence
    studio.slider.value = 0.5
    led = studio.sequence
    assert led == studio.slider.sequence != start
    studio.keep("Half way")
    studio.arrange([6, 6])
    assert studio._undo == 3
    for _ in range(3):
        studio.undo()
    assert (studio.sequence, studio.song, len(studio.kept)) == (start, None, 5)
    studio.redo()
    assert studio.sequence == led


def test_those_who_observe_are_told_of_undo_and_nothing_is_decoded(
    page: FakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = page.studio
    page.write("pad", value=[2.5, 2.5])
    page.do("corner", which=0, id=3)
    page.write("slider", value=0.33)
    seen: list[Any] = []
    studio.pad.observe(lambda change: seen.append((change.name, change.new)), ["value", "labels"])
    studio.observe(lambda change: seen.append(("sequence", change.new)), "sequence")
    asked: list[Any] = []
    for name in ("decode_clips", "encode"):
        monkeypatch.setattr(studio._model, name, lambda *_a, **_k: asked.append(1))
    while studio._undo:
        page.do("undo")
    assert not asked
    assert [name for name, _ in seen if name != "sequence"] == ["labels", "value"]
    assert [music for name, music in seen if name == "sequence"][-1] == studio.kept[0].sequence


def test_looks_are_no_deeds(page: FakePage) -> None:
    studio = page.studio
    page.write("map", kind="pca")
    page.write("map", neighbours=True)
    page.write("roll", edit=False)
    studio.tempo = 99
    page.call("knobs", "ahead")
    page.call("pad", "cells")
    assert studio._undo == 0
    page.call("map", "pick", index=5)
    at = studio.map._here["at"]
    page.do("undo")
    assert studio.map.kind == "pca", "a map goes on looking as it does"
    assert studio.map._here["at"] == studio.map._at(studio.map.z) != at
    page.do("redo")
    assert studio.map._here["at"] == at
