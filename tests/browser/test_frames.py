"""Hosts that frame every output: Colab and VS Code by their documented constraints (docs/hosts.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.browser.frames import FramedPage

COLAB = {"body": "", "paper": "#383838"}
VS_CODE = {"body": "vscode-dark", "paper": "#1e1e1e"}


@pytest.fixture
def framed(browser: Any) -> Iterator[Callable[..., FramedPage]]:
    """A page of frames: ``framed(body="vscode-dark").show(widget)``."""
    contexts = []

    def make(**host: str) -> FramedPage:
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 900}, device_scale_factor=2))
        return FramedPage(contexts[-1].new_page(), **host)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return bundled_clips(model)


def wait_until(root: Any, condition: str) -> None:
    """Wait inside the frame for a condition on the widget's root, ``e``."""
    wait = "await new Promise(r => setTimeout(r, 50));"
    root.evaluate(
        f"async e => {{ for (let k = 0; k < 200; k++) {{ if ({condition}) return; {wait} }}"
        f" throw new Error({json.dumps(condition)}); }}"
    )


@pytest.fixture(scope="module")
def widgets(model: Any, clips: list[Any]) -> dict[str, Any]:
    return {name: make(model, clips) for name, make in WIDGETS.items()}


@pytest.mark.parametrize("host", [COLAB, VS_CODE], ids=["colab", "vscode"])
def test_every_widget_lives_in_a_frame_of_its_own(
    host: dict[str, str], widgets: dict[str, Any], framed: Callable[..., FramedPage], artefacts: Path
) -> None:
    """All in one notebook: painted in the host's theme, playing after a click, and nothing is fetched."""
    page = framed(**host)
    for name, widget in widgets.items():
        # Instruments take seconds through the binding: the clip must not end meanwhile.
        widget.loop = True
        root = page.show(widget)
        page.page.wait_for_timeout(500)
        assert root.get_attribute("data-theme") == "dark"
        assert root.bounding_box()["height"] > 100
        assert root.evaluate("e => e.ownerDocument.defaultView.origin") == "null"
        assert root.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "nothing stands out of the widget"
        root.screenshot(path=artefacts / f"frame-{'vscode' if host is VS_CODE else 'colab'}-{name}.png")
        if name == "latent_scatter":
            root.locator(".mv-map-stage").click()
            page.page.wait_for_timeout(500)
        play = root.locator(".mv-play").first
        play.click()
        wait_until(root, "e.dataset.playing === 'true'")
        if name == "piano_roll":
            wait_until(root, "e.dataset.engine === 'soundfont'")
        root.get_by_role("button", name="Stop", exact=True).first.click()
    assert page.errors == []
    # WebGL's helper makes code from text; where that is forbidden the map paints on a canvas.
    assert all("eval" in text for text in page.refused), page.refused
    assert {address for address in page.requests if not address.startswith(("blob:", "data:"))} == set(page.addresses)


def test_gestures_reach_python_and_back(model: Any, clips: list[Any], framed: Callable[..., FramedPage]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    page = framed(**VS_CODE)
    root = page.show(slider)
    root.locator(".mv-slider").press("End")
    wait_until(root, "e.dataset.step === '4'")
    page.page.wait_for_timeout(200)
    assert slider.value == 1.0
    slider.value = 0.25
    wait_until(root, "e.dataset.step === '1'")
    knobs = mv.AttributeKnobs(model, clips[0])
    root = page.show(knobs)
    knob = root.get_by_role("slider").first
    knob.press("ArrowUp")
    page.page.wait_for_timeout(300)
    assert any(value != 0 for value in knobs.value.values()) or knobs.asked
    assert page.errors == []


def test_frames_follow_each_other_through_python(
    model: Any, clips: list[Any], framed: Callable[..., FramedPage]
) -> None:
    """Nothing is shared between the frames' pages, so a link goes by the kernel."""
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    roll = mv.PianoRoll(clips[2], model)
    mv.link(slider, roll)
    page = framed(**COLAB)
    leading, _ = page.show(slider), page.show(roll)
    before = [note.pitch for note in roll.sequence.notes]
    leading.locator(".mv-slider").press("End")
    page.page.wait_for_timeout(300)
    end = [note.pitch for note in slider.sequence.notes]
    assert [note.pitch for note in roll.sequence.notes] == end != before
    assert page.errors == []


def test_no_sound_before_a_click_and_the_widget_says_why(
    model: Any, clips: list[Any], framed: Callable[..., FramedPage]
) -> None:
    roll = mv.PianoRoll(clips[0], model, loop=True)
    page = framed(**VS_CODE)
    name = page.open(roll)
    roll.playing = True
    page.page.wait_for_function("id => window.said[id]?.includes('Click Play')", arg=name)
    assert not roll.playing
    root = page.page.frame_locator(f"#{name}").locator(".mv-root")
    root.locator(".mv-play").click()
    wait_until(root, "e.dataset.playing === 'true'")
    assert page.errors == []


def test_where_blobs_are_no_code_the_built_in_sound_plays(
    model: Any, clips: list[Any], framed: Callable[..., FramedPage]
) -> None:
    """A host that loads widgets itself and forbids everything else: no instruments, and the widget says so."""
    roll = mv.PianoRoll(clips[0], model, loop=True)
    page = framed(**VS_CODE)
    root = page.show(roll)
    # The policy of a document can be made stricter, not looser, once the widget is there.
    root.evaluate(
        "e => { const m = e.ownerDocument.createElement('meta'); m.httpEquiv = 'Content-Security-Policy';"
        "m.content = \"script-src 'none'\"; e.ownerDocument.head.append(m); }"
    )
    root.locator(".mv-play").click()
    wait_until(root, "e.dataset.playing === 'true'")
    root.get_by_role("status").get_by_text("built-in sound").wait_for()
    assert root.get_attribute("data-engine") == "builtin"
    assert page.errors == []
