"""Long use: many widgets on a page, thousands of moves, a kernel that is gone; nothing grows, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.browser.memory import measured

SAVED = {"studio": 450_000}
"""Bytes that a widget may add to a notebook that is saved where that is not 300,000: one holds all others."""

MOVES = """async ([selector, moves]) => {
  const el = document.querySelector(selector);
  const box = el.getBoundingClientRect();
  const at = (k) => ({ clientX: box.left + box.width * (0.05 + 0.9 * Math.abs(Math.sin(k * 0.37))),
    clientY: box.top + box.height * (0.1 + 0.8 * Math.abs(Math.cos(k * 0.11))),
    pointerId: 1, bubbles: true, button: 0, buttons: 1, isPrimary: true });
  el.setPointerCapture = () => {}; el.hasPointerCapture = () => true;
  el.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  for (let k = 0; k < moves; k++) {
    el.dispatchEvent(new PointerEvent("pointermove", at(k)));
    if (k % 50 === 0) await new Promise(requestAnimationFrame);
  }
  el.dispatchEvent(new PointerEvent("pointerup", at(moves)));
}"""


@pytest.mark.parametrize("name", WIDGETS)
def test_a_saved_notebook_stays_small(name: str, model: Any) -> None:
    widget = WIDGETS[name](model, bundled_clips(model))
    state = widget.get_manager_state(widgets=[widget])
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    bundle[0].pop("application/vnd.jupyter.widget-view+json", None)
    # The sheet and the synthesiser's size are no part of it: they are shared, or come by message.
    assert len(json.dumps(state)) + len(json.dumps(bundle[0])) <= SAVED.get(name, 300_000)


def test_ten_thousand_moves_leave_nothing_behind(model: Any, bare: Callable[..., BarePage]) -> None:
    clips = bundled_clips(model)
    slider = mv.InterpolationSlider(model, clips[0], clips[1], loop=True)
    page = bare(width=800)
    root = page.show(slider)
    root.locator(".mv-play").click()
    page.page.wait_for_timeout(1500)
    move = [".mv-slider", 500]
    page.page.evaluate(MOVES, move)
    before = measured(page.page)
    page.page.evaluate(MOVES, [".mv-slider", 10_000])
    page.page.wait_for_timeout(4000)
    after = measured(page.page)
    assert after["Nodes"] <= before["Nodes"] + 50
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 20
    assert after["AudioHandlers"] <= before["AudioHandlers"] + 6
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 8e6
    assert slider.step == int(root.get_attribute("data-step"))
    assert page.errors == []


def test_thirty_widgets_on_a_page(model: Any, bare: Callable[..., BarePage]) -> None:
    clips = bundled_clips(model)
    names = [list(WIDGETS)[k % len(WIDGETS)] for k in range(30)]
    page = bare(width=900, height=900)
    roots = [page.show(WIDGETS[name](model, clips)) for name in names]
    for root in roots:
        root.scroll_into_view_if_needed()
        assert root.bounding_box()["height"] > 100
    # One plays at a time: the second silences the first.
    first, last = roots[0], roots[-2]
    for root in (first, last):
        root.scroll_into_view_if_needed()
        root.locator(".mv-play").click()
        page.page.wait_for_function("e => e.dataset.playing === 'true'", arg=root.element_handle())
    assert first.get_attribute("data-playing") == "false"
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_closing_leaves_nothing_behind(name: str, model: Any, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    root = page.show(WIDGETS[name](model, bundled_clips(model)))
    page.page.wait_for_timeout(500)
    page.page.evaluate("window.mounted.w0.close()")
    assert page.page.locator(".mv-root").count() == 0
    listening = "[...Object.values(window.models)].map(m => m.listening()).join()"
    assert page.page.evaluate(listening) == "0"
    assert root.count() == 0
    assert page.errors == []
