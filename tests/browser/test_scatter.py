"""The map in a bare page, Python behind it: each gesture reaches Python, and Python reaches the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage

MANY = 4000


@pytest.fixture(scope="module")
def corpus(model: Any) -> Any:
    return model.embed([mv.tunes.load(name) for name in mv.tunes.names()])


@pytest.fixture(scope="module")
def cloud(corpus: Any) -> Any:
    """More points than are saved: the tunes with a little noise."""
    rows = np.arange(MANY) % len(corpus)
    noise = np.random.default_rng(0).standard_normal((MANY, corpus.mu.shape[1])).astype(np.float32) * 0.3
    many = corpus[rows]
    return replace(many, mu=many.mu + noise)


class Map:
    """A map on a page, and what a hand does to it."""

    def __init__(self, page: BarePage, widget: Any, wait: str = "webgl") -> None:
        self.page, self.widget = page, widget
        self.root = page.show(widget)
        self.stage = self.root.locator(".mv-map-stage")
        self.is_(painter=wait)
        self.is_(points=len(widget.corpus))
        self.box = self.stage.bounding_box()
        self.mouse, self.keys = page.page.mouse, page.page.keyboard

    def is_(self, **data: Any) -> None:
        """Wait until the root says so."""
        for name, value in data.items():
            self.page.page.wait_for_function(
                "([e, name, value]) => e.dataset[name] === value",
                arg=[self.root.element_handle(), name, str(value)],
                timeout=8000,
            )

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.box["x"] + self.box["width"] * x, self.box["y"] + self.box["height"] * y

    def point(self, index: int) -> tuple[float, float]:
        """Where a clip is seen: the page tells by its transform, which two known places give."""
        return self.to_page(self.widget._xy[index])

    def to_page(self, place: Any) -> tuple[float, float]:
        origin, scale = self.frame
        return origin[0] + scale[0] * place[0], origin[1] - scale[1] * place[1]

    @property
    def frame(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Origin and scale of the map on the page, by the rule of the view: nearly all points, 5 % of room."""
        xy = self.widget._xy[:, :2].astype(float)
        own = [mark["at"][:2] for mark in self.widget._marks] + [row[:2] for row in self.widget._route]
        low, high = [], []
        for axis in range(2):
            values = np.sort(xy[:: max(1, len(xy) // 4000), axis])
            ends = [values[math.floor(s * (len(values) - 1) + 0.5)] for s in (0.003, 0.997)] + [o[axis] for o in own]
            room = (max(ends) - min(ends)) * 0.05
            low.append(min(ends) - room)
            high.append(max(ends) + room)
        kx, ky = self.box["width"] / (high[0] - low[0]), self.box["height"] / (high[1] - low[1])
        most = 1.3 if self.widget.kind == "plane" else 1.0
        kx = min(kx, ky * most)
        ky = min(ky, kx * most)
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        x = self.box["x"] + self.box["width"] / 2 - kx * middle[0]
        return (x, self.box["y"] + self.box["height"] / 2 + ky * middle[1]), (kx, ky)

    def lone(self) -> int:
        """A clip in sight with no other within 25 px."""
        seen = np.array([self.point(k) for k in range(len(self.widget.corpus))])
        for k in np.argsort(np.abs(seen - np.array(self.at(0.5, 0.5))).sum(1))[::-1]:
            apart = np.hypot(*(seen - seen[k]).T)
            x, y = (seen[k] - [self.box["x"], self.box["y"]]) / [self.box["width"], self.box["height"]]
            if 0.1 < x < 0.9 and 0.1 < y < 0.9 and (apart < 25).sum() == 1:
                return int(k)
        raise AssertionError("no clip stands alone")

    def empty(self) -> tuple[float, float]:
        """A place in sight with no clip within 25 px."""
        seen = np.array([self.point(k) for k in range(len(self.widget.corpus))])
        for x in np.linspace(0.1, 0.9, 17):
            for y in np.linspace(0.9, 0.1, 17):
                if np.hypot(*(seen - np.array(self.at(x, y))).T).min() > 25:
                    return self.at(x, y)
        raise AssertionError("no empty place")


Make = Callable[..., Map]


@pytest.fixture
def make(bare: Callable[..., BarePage]) -> Make:
    def open_map(widget: Any, width: int = 1000, dark: bool = False, wait: str = "webgl", **more: Any) -> Map:
        return Map(bare(width=width, dark=dark, **more), widget, wait)

    return open_map


def test_pointing_shows_the_card_and_clicking_picks(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus))
    k = shown.lone()
    x, y = shown.point(k)
    shown.mouse.move(x + 3, y - 3)
    card = shown.root.locator(".mv-card")
    shown.page.page.wait_for_function("e => e.dataset.hovered !== ''", arg=shown.stage.element_handle())
    assert shown.stage.get_attribute("data-hovered") == str(k)
    card.locator(".mv-card-roll").wait_for()
    assert corpus[k].title in card.inner_text()
    assert f"{len(corpus[k].sequence.notes)} note" in card.inner_text()
    shown.mouse.click(x + 3, y - 3)
    shown.is_(value=k)
    assert shown.widget.value == k
    assert np.array_equal(shown.widget.z, corpus.mu[k])
    shown.mouse.move(x + 60, y + 60)
    assert not shown.page.errors


def test_an_empty_place_decodes(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus, value=0))
    place = shown.empty()
    shown.mouse.click(*place)
    shown.is_(value="")
    seen = shown.to_page(shown.widget._here["at"])
    assert np.allclose(seen, place, atol=1.5), "it decoded elsewhere"
    assert int(shown.root.get_attribute("data-notes")) == len(shown.widget.sequence.notes)
    assert not shown.page.errors


def test_an_empty_place_of_a_umap_decodes(model: Any, corpus: Any, make: Make) -> None:
    """There the directions mean nothing, and colours are those of the plane: the hint says so."""
    pytest.importorskip("umap")
    shown = make(mv.LatentScatter(model, corpus, kind="umap", tempo=90))
    assert "Colour is place on the plane" in shown.root.locator(".mv-status").inner_text()
    x, y = shown.empty()
    shown.mouse.click(x, y)
    shown.page.page.wait_for_function("e => Number(e.dataset.notes) > 0", arg=shown.root.element_handle())
    (left, bottom), (kx, ky) = shown.frame
    expected = shown.widget.projection.inverse([[(x - left) / kx, (bottom - y) / ky]])
    np.testing.assert_allclose(shown.widget.z, expected[0], atol=0.02 * np.abs(expected).max())
    assert shown.widget.value is None
    [decoded] = model.decode(shown.widget.z, qpm=90)
    assert [n.pitch for n in shown.widget.sequence.notes] == [n.pitch for n in decoded.notes]
    assert shown.root.get_attribute("data-notes") == str(len(decoded.notes))
    assert not shown.page.errors


def test_a_lasso_selects_what_lies_in_it(model: Any, cloud: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, cloud))
    shown.root.get_by_role("button", name="Lasso").click()
    corners = [shown.at(0.5 + 0.2 * math.cos(k / 6), 0.4 + 0.2 * math.sin(k / 6)) for k in range(38)]
    shown.mouse.move(*corners[0])
    shown.mouse.down()
    for corner in corners[1:]:
        shown.mouse.move(*corner)
    shown.mouse.up()
    seen = np.array([shown.point(k) for k in range(MANY)])
    inside = _inside(seen, np.array(corners))
    shown.is_(selected=int(inside.sum()))
    assert inside.sum() > 50
    shown.page.page.wait_for_timeout(200)
    assert shown.widget.selected.tolist() == np.flatnonzero(inside).tolist()
    assert len(shown.widget.selection) == inside.sum()
    # A Shift-drag does the same with any tool, and Escape clears.
    shown.root.get_by_role("button", name="Point:").click()
    shown.keys.down("Shift")
    shown.mouse.move(*shown.at(0.2, 0.2))
    shown.mouse.down()
    for x, y in ((0.8, 0.2), (0.8, 0.8), (0.2, 0.8)):
        shown.mouse.move(*shown.at(x, y), steps=3)
    shown.mouse.up()
    shown.keys.up("Shift")
    shown.page.page.wait_for_function(
        "([e, n]) => e.dataset.selected !== n", arg=[shown.root.element_handle(), str(int(inside.sum()))]
    )
    shown.stage.press("Escape")
    shown.is_(selected=0)
    shown.page.page.wait_for_timeout(200)
    assert len(shown.widget.selected) == 0
    assert not shown.page.errors


def test_python_selects_and_picks(model: Any, cloud: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, cloud))
    shown.widget.selected = np.arange(100, 150)
    shown.widget.value = 7
    shown.page.flush()
    shown.is_(selected=50, value=7)
    shown.widget.color = "note_density"
    shown.page.flush()
    shown.root.locator(".mv-map-ramp").wait_for()
    shown.widget.kind = "pca3"
    shown.page.flush()
    shown.root.get_by_role("button", name="Rotate").wait_for()
    shown.is_(points=MANY, drawn=MANY)
    assert not shown.page.errors


def test_wheel_drag_and_keys_move_the_view(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus))
    k = shown.lone()
    x, y = shown.point(k)

    def under(px: float, py: float) -> str:
        shown.mouse.move(px + 200, py)
        shown.mouse.move(px, py)
        return str(shown.stage.get_attribute("data-hovered"))

    assert under(x, y) == str(k)
    # What the wheel turns over stays under it.
    for _ in range(5):
        shown.mouse.wheel(0, -120)
    assert under(x, y) == str(k)
    # A drag takes it along.
    shown.mouse.move(x + 30, y + 40)
    shown.mouse.down()
    shown.mouse.move(x + 90, y + 70, steps=4)
    shown.mouse.up()
    assert under(x + 60, y + 30) == str(k)
    assert shown.widget.value is None
    shown.stage.press("0")
    assert under(x, y) == str(k)
    step = min(shown.box["width"], shown.box["height"]) / 12
    shown.stage.press("ArrowRight")
    assert under(x - step, y) == str(k)
    assert not shown.page.errors


def test_keys_alone_pick_decode_select_and_show_neighbours(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus))
    stage = shown.stage
    stage.focus()
    stage.press("a")
    shown.page.page.wait_for_function("e => Number(e.dataset.selected) > 30", arg=shown.root.element_handle())
    everything = len(shown.widget.selected) if len(shown.widget.selected) else None
    stage.press("Escape")
    shown.is_(selected=0)
    # From the cross in the middle to the right and down.
    for key in ["Shift+ArrowRight"] * 5 + ["Shift+ArrowDown"] * 5:
        stage.press(key)
    stage.press("Enter")
    step = min(shown.box["width"], shown.box["height"]) / 12
    low = np.array(shown.at(0.5, 0.5))
    seen = np.array([shown.point(k) for k in range(len(corpus))])
    inside = ((seen > low) & (seen < low + 5 * step)).all(1)
    assert inside.any()
    shown.is_(selected=int(inside.sum()))
    shown.page.page.wait_for_timeout(200)
    assert shown.widget.selected.tolist() == np.flatnonzero(inside).tolist()
    assert everything is None or everything > inside.sum()
    stage.press("Enter")
    shown.page.page.wait_for_function("e => e.dataset.here !== ''", arg=shown.root.element_handle())
    assert shown.widget.sequence is not None
    stage.press("n")
    shown.page.page.wait_for_timeout(300)
    assert shown.widget.neighbours
    assert len(shown.widget._here["near"]) == 8
    stage.press("Space")
    shown.page.page.wait_for_function("e => e.dataset.playing === 'true'", arg=shown.root.element_handle())
    stage.press("Space")
    assert not shown.page.errors


def test_a_map_of_three_dimensions_turns(model: Any, cloud: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, cloud, kind="pca3"))
    before = shown.stage.screenshot()
    shown.root.get_by_role("button", name="Rotate").click()
    shown.mouse.move(*shown.at(0.5, 0.5))
    shown.mouse.down()
    shown.mouse.move(*shown.at(0.7, 0.6), steps=6)
    shown.mouse.up()
    shown.mouse.move(*shown.at(0.01, 0.01))
    shown.page.page.wait_for_timeout(800)
    turned = shown.stage.screenshot()
    assert turned != before
    shown.stage.press("Alt+ArrowLeft")
    shown.page.page.wait_for_timeout(800)
    assert shown.stage.screenshot() != turned
    # A place decodes also when the map is turned, and lies where it was clicked.
    shown.root.get_by_role("button", name="Point:").click()
    shown.mouse.click(*shown.at(0.04, 0.04))
    shown.page.page.wait_for_function("e => e.dataset.here !== ''", arg=shown.root.element_handle())
    assert len(shown.widget._here["at"]) == 3
    assert not shown.page.errors


def test_the_legend_makes_a_group_stand_out(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus, color="title"))
    entry = shown.root.get_by_role("button", name="Low Road")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "true"
    # What stands back is not pointed at.
    k = int(np.flatnonzero(corpus.columns["title"] == "Low Road")[0])
    other = int(np.flatnonzero(corpus.columns["title"] == "Frère Jacques")[0])
    shown.mouse.move(*shown.point(other))
    assert shown.stage.get_attribute("data-hovered") != str(other)
    shown.mouse.move(*shown.point(k))
    shown.page.page.wait_for_function("e => e.dataset.hovered !== ''", arg=shown.stage.element_handle())
    hovered = int(shown.stage.get_attribute("data-hovered"))
    assert corpus.columns["title"][hovered] == "Low Road"
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    assert not shown.page.errors


def test_own_clips_can_be_picked(model: Any, corpus: Any, reel: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus, clips={"mine": reel}, value=2))
    shown.mouse.click(*shown.to_page(shown.widget._marks[0]["at"]))
    shown.is_(value="")
    assert np.allclose(shown.widget.z, model.encode(model.clips(reel)[0]).mu[0], atol=1e-6)
    assert shown.root.get_by_role("button", name="A mine").get_attribute("aria-current") == "true"
    assert not shown.page.errors


def test_what_the_pointer_is_on_is_heard(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus))
    k = shown.lone()
    shown.root.get_by_role("button", name="Hear the clip").click()
    shown.mouse.move(*shown.point(k))
    shown.is_(playing="true")
    shown.mouse.move(*shown.empty())
    shown.is_(playing="false")
    assert shown.widget.sound
    shown.root.get_by_role("button", name="Hear the clip").click()
    shown.mouse.move(*shown.point(k))
    shown.page.page.wait_for_timeout(300)
    assert shown.root.get_attribute("data-playing") == "false"
    assert not shown.page.errors


def test_without_an_answer_it_goes_on_with_what_it_has(model: Any, cloud: Any, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    page.answering = False
    widget = mv.LatentScatter(model, cloud)
    root = page.show(widget)
    page.page.wait_for_function("e => Number(e.dataset.drawn) === 2500", arg=root.element_handle())
    assert root.get_attribute("data-painter") == "canvas"
    stage = root.locator(".mv-map-stage")
    box = stage.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.wait_for_timeout(500)
    assert root.locator(".mv-status").inner_text().startswith("Kernel busy")
    if stage.get_attribute("data-hovered"):
        assert root.locator(".mv-card").inner_text() != ""
    assert not page.errors


def test_forced_colours_and_no_webgl_draw_on_a_plain_canvas(model: Any, corpus: Any, make: Make) -> None:
    shown = make(mv.LatentScatter(model, corpus), wait="canvas", forced_colors="active")
    k = shown.lone()
    shown.mouse.click(*shown.point(k))
    shown.is_(value=k)
    assert not shown.page.errors


def test_thirty_maps_share_one_context_and_free_it(model: Any, corpus: Any, bare: Callable[..., BarePage]) -> None:
    page = bare(width=700)
    page.page.evaluate(
        """() => {
            window.contexts = [];
            const get = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                const found = get.call(this, kind, ...more);
                if (kind === 'webgl' && found && !window.contexts.includes(found)) window.contexts.push(found);
                return found;
            };
        }"""
    )
    maps = [page.show(mv.LatentScatter(model, corpus)) for _ in range(30)]
    for k in (0, 15, 29):
        maps[k].scroll_into_view_if_needed()
        page.page.wait_for_function("e => e.dataset.painter === 'webgl'", arg=maps[k].element_handle(), timeout=15000)
    alive = "() => window.contexts.filter((c) => !c.isContextLost()).length"
    assert page.page.evaluate(alive) <= 2
    # The first is out of sight and has given its share back.
    page.page.wait_for_function("e => e.dataset.painter === 'canvas'", arg=maps[0].element_handle(), timeout=8000)
    page.page.evaluate("() => Object.values(window.mounted).forEach((m) => m.close())")
    page.page.wait_for_function("() => window.contexts.every((c) => c.isContextLost())", timeout=8000)
    assert page.page.evaluate("() => Object.values(window.models).every((m) => m.listening() === 0)")
    assert page.page.locator(".mv-root").count() == 0
    assert not page.errors


def test_a_lost_context_is_made_anew(model: Any, corpus: Any, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    page.page.evaluate(
        """() => {
            const get = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                const found = get.call(this, kind, ...more);
                if (kind === 'webgl') window.gl = found;
                return found;
            };
        }"""
    )
    shown = Map(page, mv.LatentScatter(model, corpus))
    page.page.evaluate("() => window.gl.getExtension('WEBGL_lose_context').loseContext()")
    shown.is_(painter="canvas")
    shown.is_(painter="webgl")
    k = shown.lone()
    shown.mouse.click(*shown.point(k))
    shown.is_(value=k)
    assert not [error for error in page.errors if "context" not in error.lower()]


def test_words_of_thousands_of_values_and_an_empty_map(model: Any, corpus: Any, make: Make) -> None:
    many = corpus[np.arange(5000) % len(corpus)].with_columns({"name": [f"value {k}" for k in range(5000)]})
    shown = make(mv.LatentScatter(model, many, color="name"))
    assert "5,000 values of name" in shown.root.locator(".mv-map-side").inner_text()
    assert shown.root.locator(".mv-map-entry").count() == 10
    empty = Map(shown.page, mv.LatentScatter(model, corpus[[]]), wait="canvas")
    assert "No clips on this map." in empty.root.locator(".mv-status").inner_text()
    empty.mouse.click(*empty.at(0.7, 0.3))
    empty.page.page.wait_for_function("e => e.dataset.here !== ''", arg=empty.root.element_handle())
    assert len(empty.widget.sequence.notes) == int(empty.root.get_attribute("data-notes"))
    assert not shown.page.errors


def test_pictures(model: Any, cloud: Any, bare: Callable[..., BarePage], artefacts: Path) -> None:
    tunes = [mv.tunes.load(name) for name in ("soldiers-joy", "fishers-hornpipe", "devils-dream")]
    page = bare(scale=2)
    shown = Map(page, mv.LatentScatter(model, cloud, clips=tunes[:2], path=[tunes[2], 30, tunes[1]], value=5))
    for width, theme in page.looks(560, 800, 1100, room=32):
        shown.box = shown.stage.bounding_box()
        shown.mouse.move(*shown.point(shown.lone()))
        shown.root.locator(".mv-card-roll").wait_for()
        page.page.wait_for_timeout(200)
        shown.root.screenshot(path=artefacts / f"latent-scatter-{theme}-{width}.png")
        assert page.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert not page.errors


def _inside(points: Any, polygon: Any) -> Any:
    """Which points lie in a polygon, by the winding of the angles to its corners."""
    away = polygon[None] - points[:, None]
    angles = np.arctan2(away[..., 1], away[..., 0])
    turns = np.diff(np.concatenate([angles, angles[:, :1]], 1), axis=1)
    return np.abs(((turns + np.pi) % (2 * np.pi) - np.pi).sum(1)) > np.pi
