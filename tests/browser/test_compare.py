"""Compare in a bare page, Python behind it, and once in JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return [model.clips(mv.tunes.load(name))[0] for name in ("low-road", "devils-dream")]


def test_a_click_on_a_small_roll_plays_it(model: Any, clips: list[Any], bare: Callable[..., BarePage]) -> None:
    compare = mv.Compare.routes(model, *clips, steps=5)
    page = bare(width=900)
    root = page.show(compare)
    cells = root.locator(".mv-cell")
    cells.nth(7).click()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'true'")
    page.page.wait_for_function("() => +document.querySelector('.mv-root').dataset.playhead > 0.2")
    assert compare.selected == ("data", 2)
    assert cells.nth(7).locator(".mv-thumb-head").is_visible()
    # Another one goes on sounding, the same one stops.
    cells.nth(1).click()
    page.page.wait_for_timeout(200)
    assert root.get_attribute("data-playing") == "true"
    assert compare.selected == ("latent", 1)
    cells.nth(1).click()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'false'")
    cells.nth(1).press("ArrowDown")
    page.page.wait_for_timeout(150)
    assert compare.selected == ("data", 1)
    assert root.get_attribute("data-playing") == "false"
    cells.nth(6).press("Enter")
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'true'")
    assert not page.errors


def test_a_playlist_goes_on_by_itself_and_ends(model: Any, clips: list[Any], bare: Callable[..., BarePage]) -> None:
    compare = mv.Compare.playlist([clip.sequence for clip in clips] * 2, model, tempo=240)
    page = bare(width=900)
    root = page.show(compare)
    cells = root.locator(".mv-cell")
    cells.nth(1).click()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'true'")
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.value === '2'")
    page.page.wait_for_function("() => +document.querySelector('.mv-root').dataset.playhead > 0.2")
    # A click begins another piece at its start, while this one sounds.
    cells.nth(3).click()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.value === '3'")
    page.page.wait_for_function("() => +document.querySelector('.mv-root').dataset.playhead > 0.2")
    assert float(root.get_attribute("data-playhead") or 0) < 4
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'false'")
    page.page.wait_for_timeout(500)
    assert root.get_attribute("data-playing") == "false"
    assert compare.value == 3
    assert not page.errors


def test_words_choose_which_of_two_plays(reel: Any, air: Any, bare: Callable[..., BarePage]) -> None:
    compare = mv.Compare(reel, air, labels=("Before", "After"))
    page = bare(width=900)
    root = page.show(compare)
    assert root.locator(".mv-legend").get_attribute("aria-label") == (
        f"{len(compare.difference.same)} notes the same, {len(compare.difference.missing)} missing, "
        f"{len(compare.difference.added)} added"
    )
    shown = [text for text in root.locator(".mv-beat").all_inner_texts() if text]
    assert sum(map(int, shown)) == len(compare.difference.missing) + len(compare.difference.added)
    root.get_by_role("radio", name="After").press("ArrowLeft")
    page.page.wait_for_timeout(150)
    assert compare.selected == ("original", 0)
    compare.value = 1
    page.flush()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.value === '1'")
    # Zoomed in, both rolls and the strip stay under one another.
    first = root.locator(".mv-stage").first
    for key in ("+", "+"):
        first.press(key)
    page.page.wait_for_timeout(200)
    thumbs = root.locator(".mv-scroll-thumb").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert thumbs[0] == pytest.approx(thumbs[1])
    assert root.locator(".mv-beat:not([hidden])").count() < 16
    assert not page.errors


def test_pictures_to_be_looked_at(model: Any, clips: list[Any], bare: Callable[..., BarePage], artefacts: Path) -> None:
    page = bare(scale=2)
    widgets = {
        "reconstruction": mv.Compare.reconstruction(model, mv.tunes.load("low-road")),
        "routes": mv.Compare.routes(model, *clips),
        "samples": mv.Compare.samples(model),
        "mean": mv.Compare.mean(model, *clips),
        "playlist": mv.Compare.playlist(model.sample(6, seed=0), model),
    }
    roots = {name: page.show(widget) for name, widget in widgets.items()}
    for width, theme in page.looks(560, 800, 1100, room=32):
        for name, root in roots.items():
            assert root.bounding_box()["width"] == width
            suffix = "" if name == "reconstruction" else f"-{name}"
            root.screenshot(path=artefacts / f"compare{suffix}-{theme}-{width}.png")
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing stands out"
    assert not page.errors
