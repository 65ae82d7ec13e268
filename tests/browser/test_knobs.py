"""Knobs in a bare page: what a turn shows, also while the kernel keeps silent, and what reaches Python; then in Lab."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage


@pytest.fixture(scope="module")
def clip(model: Any) -> Any:
    return model.clips(mv.read(mv.tunes.path("soldiers-joy")))[0]


def knob(root: Any, name: str) -> Any:
    return root.get_by_role("slider", name=name, exact=True)


def turns(page: BarePage, op: str = "turn") -> list[dict[str, Any]]:
    return [r["message"] for r in page.requests if r.get("message", {}).get("op") == op]


def figure(value: float) -> str:
    """Two decimals as the page rounds them: half up."""
    return f"{math.floor(100 * value + 0.5 + 1e-9) / 100:.2f}"


def middle(target: Any) -> tuple[float, float]:
    box = target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: BarePage, target: Any, right: float, up: float = 0, moves: int = 5) -> None:
    x, y = middle(target)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + right, y - up, steps=moves)
    page.page.mouse.up()


def until(page: BarePage, holds: Callable[[], object], told: str = "") -> None:
    """Wait for something on the Python side; the page's turns go on meanwhile."""
    for _ in range(150):
        if holds():
            return
        page.page.wait_for_timeout(30)
    raise AssertionError(told or "it never came")


def answered(page: BarePage, knobs: Any, **asked: float) -> None:
    """Wait until Python has the values, and has told the page all that it knows of them."""
    until(page, lambda: all(abs(knobs.value[k] - v) < 1e-9 for k, v in asked.items()), f"{knobs.value} and not {asked}")
    until(page, lambda: knobs._ahead["of"] == knobs._setting, "nothing was decoded ahead")
    page.page.wait_for_timeout(100)


def test_a_drag_is_answered_as_the_model_measures(model: Any, clip: Any, bare: Callable[..., BarePage]) -> None:
    knobs = mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    assert root.get_attribute("data-notes") == str(len(clip.sequence.notes))
    density = knob(root, "Density")
    before = knobs.value["note_density"]
    travel = knobs._by_name["note_density"]
    drag(page, density, right=30, up=20)
    answered(page, knobs, note_density=before + 50 / 200 * (travel.high - travel.low))
    got = float(model.measure(model.clips(knobs.sequence))["note_density"][0])
    assert got > before
    asked = knobs.value["note_density"]
    assert density.get_attribute("aria-valuetext") == f"asked {figure(asked)}, got {figure(got)}"
    assert root.get_attribute("data-notes") == str(len(knobs.sequence.notes))
    assert "altered" in root.locator(".mv-meta").inner_text()
    density.dblclick()
    answered(page, knobs, note_density=before)
    assert root.get_attribute("data-altered") == "false"
    assert knobs.sequence == clip.sequence
    assert not page.errors


def test_without_an_answer_a_drag_still_gives_the_music(model: Any, clip: Any, bare: Callable[..., BarePage]) -> None:
    knobs, twin = mv.AttributeKnobs(model, clip), mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    page.answering = False
    travel = knobs._by_name["note_density"]
    drag(page, knob(root, "Density"), right=80)
    # What the kernel would have answered, asked of another.
    twin.value = {"note_density": travel.centre + 80 / 200 * (travel.high - travel.low)}
    expected = len(twin.sequence.notes)
    assert expected != len(clip.sequence.notes)
    page.page.wait_for_function(
        "n => document.querySelector('.mv-root').dataset.notes === n", arg=str(expected), timeout=2000
    )
    text = f"asked {figure(twin.value['note_density'])}, got {figure(twin.got['note_density'])}"
    assert knob(root, "Density").get_attribute("aria-valuetext") == text
    page.page.wait_for_function("() => document.querySelector('.mv-status').innerText.includes('Kernel busy')")
    # A second knob is answered from its own line, as far as that was decoded: with the first where it was.
    drag(page, knob(root, "Mean pitch"), right=-80)
    twin.reset()
    low, high = knobs._by_name["mean_pitch"].low, knobs._by_name["mean_pitch"].high
    twin.value = {"mean_pitch": twin.value["mean_pitch"] - 80 / 200 * (high - low)}
    assert twin.got["mean_pitch"] < knobs.got["mean_pitch"] - 5
    page.page.wait_for_timeout(300)
    assert root.get_attribute("data-notes") == str(len(twin.sequence.notes))
    assert root.locator(".mv-knob-got").nth(0).inner_text() == figure(twin.got["note_density"])
    root.get_by_role("button", name="Reset all").click()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.altered === 'false'")
    assert root.get_attribute("data-notes") == str(len(clip.sequence.notes))
    assert not page.errors


def test_keys_wheel_and_typing(model: Any, clip: Any, bare: Callable[..., BarePage]) -> None:
    knobs = mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    density, pitch = knob(root, "Density"), knob(root, "Mean pitch")
    start, tone = knobs.value["note_density"], knobs.value["mean_pitch"]
    density.focus()
    for press, value in (("ArrowUp", 0.01), ("PageUp", 0.11), ("Shift+ArrowDown", 0.10875)):
        density.press(press)
        answered(page, knobs, note_density=start + value)
    density.press("Home")
    answered(page, knobs, note_density=start)
    x, y = middle(density)
    page.page.mouse.move(x, y)
    page.page.mouse.wheel(0, -100)
    answered(page, knobs, note_density=start + 0.01)
    pitch.press("ArrowLeft")
    answered(page, knobs, mean_pitch=tone - 1)
    pitch.press("Enter")
    page.page.keyboard.type("D5")
    page.page.keyboard.press("Enter")
    answered(page, knobs, mean_pitch=74.0)
    assert pitch.get_attribute("aria-valuetext").startswith("asked D5, got ")
    root.get_by_role("button", name="Reset all").click()
    until(page, lambda: knobs.sequence == clip.sequence)
    # With Shift a drag is eight times finer, and passes the detent.
    page.page.keyboard.down("Shift")
    drag(page, density, right=16)
    page.page.keyboard.up("Shift")
    travel = knobs._by_name["note_density"]
    answered(page, knobs, note_density=start + 2 / 200 * (travel.high - travel.low))
    density.press("Home")
    answered(page, knobs, note_density=start)
    drag(page, density, right=3)
    page.page.wait_for_timeout(200)
    assert knobs.value["note_density"] == start, "the detent does not hold"
    assert not page.errors


def test_a_locked_attribute_stays_near_while_another_moves(
    model: Any, clip: Any, bare: Callable[..., BarePage]
) -> None:
    knobs = mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    root.get_by_role("button", name="Lock Mean pitch").click()
    until(page, lambda: knobs.locked == ["mean_pitch"])
    before = knobs.value["mean_pitch"]
    drag(page, knob(root, "Mean pitch"), right=60)
    assert knob(root, "Mean pitch").get_attribute("aria-disabled") == "true"
    drag(page, knob(root, "Density"), right=50)
    until(page, lambda: knobs.got["note_density"] > clip.onsets / 32)
    until(page, lambda: knobs._ahead["of"] == knobs._setting)
    assert knobs.value["mean_pitch"] == before
    measured = float(model.measure(model.clips(knobs.sequence))["mean_pitch"][0])
    assert abs(measured - before) < 2
    assert knob(root, "Mean pitch").get_attribute("aria-valuetext").startswith("locked, got ")
    page.page.wait_for_timeout(100)
    assert root.get_attribute("data-notes") == str(len(knobs.sequence.notes))
    assert not page.errors


def test_of_two_hundred_moves_one_is_in_flight_and_the_last_is_shown(
    model: Any, clip: Any, bare: Callable[..., BarePage]
) -> None:
    knobs = mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    page.answering = False
    drag(page, knob(root, "Density"), right=100, moves=200)
    page.page.wait_for_timeout(200)
    assert len(turns(page)) == 1
    page.answering = True
    # The silent kernel comes back and answers what it was asked.
    page.page.evaluate("async m => window.models.w0.hear(await window.kernel('w0', { message: m }))", turns(page)[0])
    travel = knobs._by_name["note_density"]
    wanted = min(travel.high, travel.centre + 100 / 200 * (travel.high - travel.low))
    answered(page, knobs, note_density=wanted)
    # The one that was sent, sent again by this test, and the last: the rest were dropped.
    assert len(turns(page)) == 3
    assert root.get_attribute("data-notes") == str(len(knobs.sequence.notes))
    assert not page.errors


def test_python_turns_the_knobs(model: Any, clip: Any, bare: Callable[..., BarePage]) -> None:
    knobs = mv.AttributeKnobs(model, clip)
    page = bare()
    root = page.show(knobs)
    knobs.value = {"note_density": 0.7, "mean_pitch": 72}
    page.flush()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.altered === 'true'")
    assert root.get_attribute("data-notes") == str(len(knobs.sequence.notes))
    assert (
        knob(root, "Density").get_attribute("aria-valuetext") == f"asked 0.70, got {figure(knobs.got['note_density'])}"
    )
    other = model.clips(mv.read(mv.tunes.path("devils-dream")))[0]
    knobs.show(other)
    page.flush()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.altered === 'false'")
    assert root.get_attribute("data-notes") == str(len(other.sequence.notes))
    until(page, lambda: knobs._ahead.get("of") == knobs._setting, "the page asks ahead for other music")
    assert not page.errors


def test_what_cannot_move_is_said_and_turned_back(model: Any, clip: Any, bare: Callable[..., BarePage]) -> None:
    others = [name for name in model.attributes.names if name != "syncopation_8"]
    knobs = mv.AttributeKnobs(model, clip, ["syncopation_8", *others])
    page = bare()
    root = page.show(knobs)

    def refuse(_name: str) -> None:
        raise mv.MusicVAEError("It goes with the others.", "Keep fewer attributes.")

    knobs._bench.check = refuse  # type: ignore[method-assign]
    knob(root, "Density").press("PageUp")
    page.page.wait_for_function(
        "() => document.querySelector('.mv-status').innerText.includes('It goes with the others. Keep fewer')"
    )
    assert root.get_attribute("data-altered") == "false"
    assert not page.errors


def test_pictures(model: Any, clip: Any, bare: Callable[..., BarePage], artefacts: Path) -> None:
    value = {"note_density": 0.5, "mean_pitch": 72.0, "pitch_range": 9.0, "average_interval": 2.2}
    for language, widths in (("zh", (400,)), ("en", (560, 800, 1100))):
        knobs = mv.AttributeKnobs(model, clip, value=value, language=language)
        knobs.locked = ["repetition"]
        page = bare(scale=2)
        root = page.show(knobs)
        root.locator(".mv-knob").nth(1).press("ArrowUp")
        page.page.wait_for_timeout(900)
        for width, theme in page.looks(*widths, room=32):
            root.screenshot(path=artefacts / f"knobs-{theme}-{width}.png")
            assert root.evaluate("e => e.scrollWidth <= e.clientWidth")
            tops = root.locator(".mv-knob").evaluate_all(
                "all => all.map(e => Math.round(e.getBoundingClientRect().top))"
            )
            assert len(set(tops)) == (2 if width < 700 else 1)
        assert not page.errors


def test_forced_colours_touch_and_reduced_motion(
    model: Any, clip: Any, bare: Callable[..., BarePage], artefacts: Path
) -> None:
    knobs = mv.AttributeKnobs(model, clip, value={"note_density": 0.3})
    page = bare(forced_colors="active", reduced_motion="reduce", has_touch=True)
    root = page.show(knobs)
    # The diamond is where it belongs at once.
    place = "e => e.getAttribute('transform')"
    density = knob(root, "Density")
    density.press("PageUp")
    density.press("PageUp")
    answered(page, knobs, note_density=0.5)
    first = density.locator(".mv-knob-diamond").evaluate(place)
    page.page.wait_for_timeout(400)
    assert density.locator(".mv-knob-diamond").evaluate(place) == first
    density.tap()
    page.page.wait_for_timeout(100)
    root.screenshot(path=artefacts / "knobs-forced.png")
    assert density.evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert not page.errors
