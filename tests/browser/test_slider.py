"""The interpolation slider in a bare page, Python behind it, and once in JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return [model.clips(mv.tunes.load(name))[0] for name in ("soldiers-joy", "fishers-hornpipe", "low-road")]


def until(page: BarePage, condition: str) -> None:
    page.page.wait_for_function(f"() => {{ const root = document.querySelector('.mv-root'); return {condition}; }}")


def test_a_drag_between_steps_is_decoded_at_rest(model: Any, clips: list[Any], bare: Callable[..., BarePage]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    page = bare(width=900)
    root = page.show(slider)
    box = root.locator(".mv-rail").bounding_box()
    x = lambda share: box["x"] + box["width"] * share  # noqa: E731
    y = box["y"] + 22
    page.page.mouse.move(x(0.1), y)
    page.page.mouse.down()
    for k in range(30):
        page.page.mouse.move(x(0.1 + 0.325 * (k + 1) / 30), y)
    until(page, "root.dataset.exact === 'true' && !Number.isInteger(+root.querySelector('.mv-slider').ariaValueNow)")
    page.page.mouse.up()
    asked = [r["message"] for r in page.requests if r.get("message", {}).get("op") == "decode"]
    assert asked[-1]["args"]["value"] == pytest.approx(slider.value)
    assert 0 < slider.value < 1
    assert slider.value * 4 % 1 > 0.01
    assert int(root.get_attribute("data-notes")) == len(slider.sequence.notes)
    # A click on a small roll is that step itself.
    page.page.mouse.click(x(0.5), box["y"] - 20)
    until(page, "root.dataset.step === '2' && root.dataset.exact === 'true'")
    page.page.wait_for_timeout(150)
    assert slider.value == 0.5
    assert not page.errors


def test_keys_reach_every_place_and_every_control(model: Any, clips: list[Any], bare: Callable[..., BarePage]) -> None:
    slider = mv.InterpolationSlider(model, *clips, steps=9)
    page = bare(width=900)
    root = page.show(slider)
    handle = root.get_by_role("slider", name="Step between A and C")
    handle.press("ArrowRight")
    handle.press("Shift+ArrowRight")
    handle.press("Shift+ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "step 1.2 of 8 · 0.15"
    until(page, "root.dataset.exact === 'true'")
    assert slider.value == pytest.approx(0.15)
    root.get_by_role("radio", name="Latent space").press("ArrowRight")
    until(page, "root.dataset.space === 'data'")
    page.page.wait_for_timeout(100)
    assert slider.space == "data"
    root.get_by_role("button", name="Another draw (now 0)").press("Enter")
    until(page, "root.querySelector('[aria-label=\"Another draw (now 1)\"]')")
    assert slider.seed == 1
    root.get_by_role("radio", name="Data space").press("ArrowLeft")
    root.get_by_role("combobox", name="Temperature").select_option("0.8")
    page.page.wait_for_timeout(300)
    assert slider.temperature == 0.8
    assert not page.errors


def test_with_the_kernel_gone_it_goes_on_with_what_it_has(
    model: Any, clips: list[Any], bare: Callable[..., BarePage]
) -> None:
    page = bare(width=900)
    root = page.show(mv.InterpolationSlider(model, clips[0], clips[1], steps=5))
    page.answering = False
    handle = root.locator(".mv-slider")
    handle.press("Shift+ArrowRight")
    page.page.wait_for_timeout(600)
    assert root.locator(".mv-status").get_attribute("data-kind") == "busy"
    root.get_by_role("radio", name="Latent space").press("ArrowRight")
    handle.press("End")
    assert root.get_attribute("data-step") == "4"
    assert root.get_attribute("data-space") == "data"
    assert int(root.get_attribute("data-notes")) == clips[1].onsets
    assert not page.errors


def test_what_comes_by_message_comes_and_python_draws_anew(
    model: Any, clips: list[Any], bare: Callable[..., BarePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvae_widgets.widgets.interpolation_slider.SAVED", 0)
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    assert slider._notes == slider._data_notes == b""
    page = bare(width=900)
    root = page.show(slider)
    until(page, f"root.dataset.notes === '{clips[0].onsets}'")
    slider.show(clips[2].sequence)
    page.flush()
    until(page, f"root.dataset.notes === '{clips[2].onsets}'")
    slider.value = 0.6
    page.flush()
    until(page, f"root.dataset.exact === 'true' && root.dataset.notes === '{len(slider.sequence.notes)}'")
    assert "Low Road" in root.locator(".mv-ends").inner_text()
    assert not page.errors


def test_pictures_to_be_looked_at(model: Any, clips: list[Any], bare: Callable[..., BarePage], artefacts: Path) -> None:
    page = bare(scale=2)
    root = page.show(mv.InterpolationSlider(model, *clips, steps=9, value=0.3, temperature=0.5))
    for width, theme in page.looks(560, 800, 1100, room=32):
        assert root.bounding_box()["width"] == width
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing stands out"
        root.screenshot(path=artefacts / f"interpolation_slider-{theme}-{width}.png")
    assert not page.errors
