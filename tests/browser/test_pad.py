"""The pad in a bare page and in JupyterLab: every gesture reaches Python, Python reaches the page, and the ears."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.listening import warm_up

PATH = [[6, 0], [5, 1], [4, 1], [3, 2], [2, 3], [1, 5], [0, 6]]
TUNES = ("ah-vous-dirai-je-maman", "devils-dream", "frere-jacques", "fishers-hornpipe")


@pytest.fixture(scope="module")
def corners(model: Any) -> list[Any]:
    return [model.clips(mv.read(mv.tunes.path(name)))[0] for name in TUNES]


@pytest.fixture
def pad(model: Any, corners: list[Any]) -> mv.InterpolationPad:
    return mv.InterpolationPad(model, corners, n=5)


def until(page: BarePage, holds: Callable[[], object], told: str = "") -> None:
    """Wait for something on the Python side; the page's turns go on meanwhile."""
    for _ in range(100):
        if holds():
            return
        page.page.wait_for_timeout(30)
    raise AssertionError(told or "it never came")


def shows(page: BarePage, **data: object) -> None:
    """Wait until the page shows this."""
    check = "d => Object.entries(d).every(([k, v]) => document.querySelector('.mv-root').dataset[k] === v)"
    page.page.wait_for_function(check, arg={name: str(value) for name, value in data.items()}, timeout=5000)


def reads(page: BarePage, selector: str, words: str) -> None:
    check = "([s, w]) => document.querySelector(s).textContent === w"
    page.page.wait_for_function(check, arg=[selector, words], timeout=3000)


def middle(root: Any, row: float, column: float, n: int) -> tuple[float, float]:
    box = root.locator(".mv-pad-square").bounding_box()
    gap = 3 if n <= 10 else 2
    cell = (box["width"] - gap * (n - 1)) / n
    return box["x"] + cell / 2 + column * (cell + gap), box["y"] + cell / 2 + row * (cell + gap)


def drag(page: BarePage, root: Any, n: int, *spots: tuple[float, float]) -> None:
    mouse = page.page.mouse
    mouse.move(*middle(root, *spots[0], n))
    mouse.down()
    for spot in spots[1:]:
        mouse.move(*middle(root, *spot, n), steps=6)
    mouse.up()


def test_a_click_and_a_drag_go_from_cell_to_cell(pad: mv.InterpolationPad, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    root = page.show(pad)
    seen: list[Any] = []
    pad.observe(lambda change: seen.append(change.new), "value")
    page.page.mouse.click(*middle(root, 1.3, 2.8, 5))
    until(page, lambda: pad.value == (1, 3))
    shows(page, cell="1,3", notes=len(pad.sequences[1][3].notes))
    assert pad.sequence == pad.sequences[1][3]
    assert root.locator(".mv-pad-where").inner_text() == "row 2, column 4"
    assert root.locator("[aria-selected=true]").get_attribute("aria-label") == "row 2, column 4"
    drag(page, root, 5, (0, 0), (0, 4), (4, 4))
    until(page, lambda: pad.value == (4, 4))
    assert all(row == int(row) and column == int(column) for row, column in seen), "a drag rests on cells"
    assert [request for request in page.requests if "message" in request] == [], "cells need no kernel"
    pad.value = (2, 2)
    page.flush()
    shows(page, cell="2,2")
    assert root.locator(".mv-pad-percents").inner_text().split() == ["A", "25%", "B", "25%", "C", "25%", "D", "25%"]
    assert not page.errors


def test_shift_rests_between_cells_and_the_kernel_decodes_there(
    pad: mv.InterpolationPad, model: Any, bare: Callable[..., BarePage]
) -> None:
    page = bare(width=900)
    root = page.show(pad)
    page.page.keyboard.down("Shift")
    drag(page, root, 5, (0, 0), (1.2, 1.1), (2.4, 1.7))
    page.page.keyboard.up("Shift")
    until(page, lambda: pad.value == pytest.approx((2.4, 1.7), abs=0.02))
    expected = model.decode(pad.z[None], qpm=pad.tempo, program=[0])[0]
    shows(page, cell=",".join(f"{at:g}" for at in pad.value), notes=len(expected.notes))
    assert [n.pitch for n in pad.sequence.notes] == [n.pitch for n in expected.notes]
    decodes = [r for r in page.requests if r.get("message", {}).get("op") == "decode"]
    assert decodes[-1]["message"]["args"] == {"row": pad.value[0], "column": pad.value[1]}
    assert root.locator(".mv-pad-aim").is_visible()
    # The button does the same where there is no Shift.
    root.get_by_role("button", name="Rest between cells").click()
    page.page.mouse.click(*middle(root, 3.5, 0.5, 5))
    until(page, lambda: pad.value == pytest.approx((3.5, 0.5), abs=0.02))
    # And the keys: an arrow goes to the next cell, with Shift a tenth of one.
    grid = root.locator(".mv-pad-square")
    grid.press("ArrowRight")
    until(page, lambda: pad.value == (4, 1) or pad.value == (3, 1))
    row = pad.value[0]
    grid.press("Shift+ArrowRight")
    until(page, lambda: pad.value == (row, 1.1))
    pad.xy = (0.6, 0.1)
    page.flush()
    shows(page, cell=",".join(f"{at:g}" for at in pad.value), notes=len(pad.sequence.notes))
    assert not page.errors


def test_a_kernel_that_is_gone_leaves_the_cells(pad: mv.InterpolationPad, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    root = page.show(pad)
    page.answering = False
    grid = root.locator(".mv-pad-square")
    grid.press("Shift+ArrowDown")
    page.page.wait_for_timeout(500)
    assert "Kernel busy" in root.locator(".mv-status").inner_text()
    shows(page, cell="0.1,0", notes=len(pad.sequences[0][0].notes))
    assert root.locator(".mv-pad-waiting").is_visible(), "the nearest cell stands in"
    grid.press("End")
    shows(page, cell="0,4", notes=len(pad.sequences[0][4].notes))
    assert not page.errors


def test_a_path_is_drawn_with_the_mouse(pad: mv.InterpolationPad, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    root = page.show(pad)
    draw = root.get_by_role("button", name="Draw path")
    draw.click()
    assert draw.get_attribute("aria-pressed") == "true"
    # Quick and diagonal: no cell between is left out, none at its side is taken.
    drag(page, root, 5, (4, 0), (2, 2), (2, 4))
    expected = [[4, 0], [3, 1], [2, 2], [2, 3], [2, 4]]
    until(page, lambda: pad.path == expected)
    page.page.mouse.click(*middle(root, 0, 4, 5))
    until(page, lambda: pad.path == [*expected, [0, 4]])
    shows(page, path=6, plays="path")
    assert root.locator(".mv-pad-path-head .mv-meta").inner_text() == "6 clips · 12 bars"
    reads(page, ".mv-position", "1.1 / 12")
    draw.click()
    page.page.mouse.click(*middle(root, 1, 1, 5))
    until(page, lambda: pad.value == (1, 1))
    shows(page, plays="cell")
    assert len(pad.path) == 6, "no longer drawn"
    root.get_by_role("button", name="Remove the last").click()
    until(page, lambda: pad.path == expected)
    # Drawing anew begins another path.
    draw.click()
    drag(page, root, 5, (0, 0), (0, 2))
    until(page, lambda: pad.path == [[0, 0], [0, 1], [0, 2]])
    root.get_by_role("button", name="Clear the path").click()
    until(page, lambda: pad.path == [])
    shows(page, path=0, plays="cell")
    pad.path = [[1, 1], [2, 2]]
    page.flush()
    shows(page, path=2, plays="path")
    assert not page.errors


def test_a_path_is_drawn_with_keys_and_said(pad: mv.InterpolationPad, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    root = page.show(pad)
    grid = root.locator(".mv-pad-square")

    def said(words: str) -> None:
        reads(page, ".mv-live", words)

    for key in ("PageDown", "ArrowRight"):
        grid.press(key)
    said("row 5 of 5, column 2: C 75%, D 25%")
    grid.press("p")
    said("row 5, column 2, 1 in the path")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "p"):
        grid.press(key)
    until(page, lambda: pad.path == [[4, 1], [3, 1], [2, 1], [2, 2]])
    shows(page, plays="path")
    grid.press("End")
    grid.press("Enter")
    until(page, lambda: pad.path == [[4, 1], [3, 1], [2, 1], [2, 2], [2, 4]])
    assert root.locator("[aria-selected=true]").get_attribute("aria-label") == "row 3, column 5, 5 in the path"
    grid.press("Backspace")
    until(page, lambda: len(pad.path) == 4)
    said("Removed, 4 in the path")
    grid.press("Home")
    until(page, lambda: pad.value == (2, 0))
    grid.press("PageUp")
    until(page, lambda: pad.value == (0, 0))
    grid.press("Delete")
    until(page, lambda: pad.path == [])
    assert not page.errors


def test_the_path_is_heard_bar_by_bar(pad: mv.InterpolationPad, bare: Callable[..., BarePage], artefacts: Path) -> None:
    """The clips of a path one after another as one piece, no gap at the bar lines, the node that sounds marked."""
    page = bare(width=900)
    pad.tempo, pad.loop = 150.0, False
    pad.path = [[0, 0], [2, 1], [4, 4]]
    root = page.show(pad)
    warm_up(page.page, root)
    listening.erase(page.page)
    seconds = 8 * 60 / 150
    root.get_by_role("button", name="Play", exact=True).click()
    page.page.wait_for_timeout(1000 * 1.5 * seconds)
    assert root.locator(".mv-pad-sounding").count() == 1
    assert root.locator(".mv-pad-thumb[aria-current=true]").get_attribute("title") == "row 3, column 2"
    until(page, lambda: pad.value == (2, 1), "the pad goes along")
    page.page.wait_for_timeout(1000 * 1.5 * seconds)
    shows(page, cell="4,4")
    page.page.wait_for_timeout(700)
    tape = listening.read(page.page)
    heard = listening.onsets(tape)
    first = heard[0]
    heard -= first
    whole = pad.path_sequence
    expected = np.array(sorted({round(note.start_time, 5) for note in whole.notes}))
    assert whole.total_time == pytest.approx(3 * seconds, abs=1e-3)
    parts = [pad.sequences[row][column] for row, column in pad.path]
    at = [k * seconds + n.start_time * p.tempos[0].qpm / 150 for k, p in enumerate(parts) for n in p.notes]
    np.testing.assert_allclose(expected, sorted({round(x, 5) for x in at}), atol=1e-4)
    missing, extra = listening.compare(heard, expected - expected[0])
    assert not missing
    # A spectrum takes the swell of a long note's partials for an onset; what is struck gets louder.
    assert max((listening.rise(tape, first + second) for second in extra), default=0.0) < 1.1
    assert 0.3 < tape.peak <= 1.0
    # Click on a clip of the path: it stands there, and plays from there.
    root.get_by_role("button", name="Clip 2 of 3").click()
    until(page, lambda: pad.value == (2, 1))
    reads(page, ".mv-position", "3.1 / 6")
    assert not page.errors


def test_many_cells_come_by_message(
    model: Any, corners: list[Any], bare: Callable[..., BarePage], monkeypatch: Any
) -> None:
    from mvae_widgets.widgets import interpolation_pad

    monkeypatch.setattr(interpolation_pad, "SAVED", 1000)
    pad = mv.InterpolationPad(model, corners, n=5)
    assert len(pad._notes) == sum(28 * len(pad.sequences[r][c].notes) for r in (0, 4) for c in (0, 4))
    page = bare(width=900)
    root = page.show(pad)
    root.locator(".mv-pad-square").press("ArrowRight")
    shows(page, cell="0,1", notes=len(pad.sequences[0][1].notes))
    pad.show(corners[3])
    page.flush()
    shows(page, cell="0,1", notes=len(pad.sequences[0][1].notes))
    assert root.locator(".mv-pad-title").first.inner_text() == "Fisher's Hornpipe"
    assert not page.errors


def test_pictures_for_the_eye(model: Any, corners: list[Any], bare: Callable[..., BarePage], artefacts: Path) -> None:
    page = bare(height=1400, scale=2)
    root = page.show(mv.InterpolationPad(model, corners, n=7, value=(3, 2), path=PATH))
    for width, theme in page.looks(560, 800, 1100, room=32):
        root.screenshot(path=artefacts / f"pad-{theme}-{width}.png")
        inside = "e => e.scrollWidth <= e.clientWidth && document.documentElement.scrollWidth <= innerWidth"
        assert root.evaluate(inside), "nothing stands out at the side"
        square = root.locator(".mv-pad-square").bounding_box()
        assert square["width"] == square["height"] == (560 if width == 560 else min(480, int(0.53 * width)))
    assert not page.errors


def test_what_follows_the_pad_shows_the_cell_that_sounds(
    pad: mv.InterpolationPad, reel: Any, bare: Callable[..., BarePage]
) -> None:
    pad.path = [[0, 0], [4, 4]]
    roll = mv.PianoRoll(reel)
    mv.link(pad, roll)
    page = bare(width=900)
    root = page.show(pad)
    page.show(roll)
    # Nobody is in the kernel: the page follows by itself, one cell and not the whole path.
    page.answering = False
    root.get_by_role("button", name="Clip 2 of 2").click()
    notes = "n => [...document.querySelectorAll('.mv-root')].every(e => e.dataset.notes === String(n))"
    page.page.wait_for_function(notes, arg=len(pad.sequences[4][4].notes), timeout=5000)
    root.locator(".mv-pad-square").press("ArrowUp")
    page.page.wait_for_function(notes, arg=len(pad.sequences[3][4].notes), timeout=5000)
    assert not page.errors


def test_forced_colours_touch_and_reduced_motion(
    model: Any, corners: list[Any], bare: Callable[..., BarePage], artefacts: Path
) -> None:
    pad = mv.InterpolationPad(model, corners, n=4, path=[[0, 0], [1, 1]])
    context = {"forced_colors": "active", "reduced_motion": "reduce", "has_touch": True, "is_mobile": True}
    page = bare(width=432, **context)
    root = page.show(pad)
    page.page.touchscreen.tap(*middle(root, 2, 3, 4))
    until(page, lambda: pad.value == (2, 3))
    root.get_by_role("button", name="Draw path").tap()
    page.page.touchscreen.tap(*middle(root, 3, 3, 4))
    page.page.touchscreen.tap(*middle(root, 3, 2, 4))
    until(page, lambda: pad.path == [[3, 3], [3, 2]])
    style = "e => [getComputedStyle(e).borderStyle, getComputedStyle(e).borderWidth]"
    assert root.locator(".mv-pad-cell").first.evaluate(style) == ["solid", "1px"], "cells have edges"
    assert root.locator(".mv-pad-square").evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert root.evaluate("e => e.scrollWidth <= e.clientWidth")
    root.screenshot(path=artefacts / "pad-forced-400.png")
    assert not page.errors
