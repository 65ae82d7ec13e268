"""Who may sound where every output is a frame of its own: the kernel arbitrates; and the controls by hand and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage
from tests.browser.frames import FramedPage
from tests.browser.test_transport import sequence

# When second 0 of what is started would have sounded, in ms since 1970: of each pass of a clip.
STARTS = """
window.__starts = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at = 0, offset = 0) {
  const wall = performance.timeOrigin + performance.now();
  window.__starts.push(wall + 1000 * (at - offset - this.context.currentTime));
  return start.call(this, at, offset);
};
"""


@pytest.fixture
def framed(browser: Any) -> Iterator[Callable[[], FramedPage]]:
    contexts = []

    def make() -> FramedPage:
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 900}))
        contexts[-1].add_init_script(STARTS)
        return FramedPage(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()


def wait_until(page: FramedPage | BarePage, condition: Callable[[], bool]) -> None:
    """Wait until something holds; what the kernel says is passed on, by frames by themselves."""
    for _ in range(100):
        if isinstance(page, BarePage):
            page.flush()
        if condition():
            return
        page.page.wait_for_timeout(50)
    raise AssertionError("it did not come")


def plays(*roots: Any) -> list[bool]:
    return [root.get_attribute("data-playing") == "true" for root in roots]


@pytest.fixture
def two() -> list[mv.PianoRoll]:
    return [mv.PianoRoll(sequence([(0, 1, pitch, 0), (4, 8, pitch, 0)]), loop=True) for pitch in (60, 67)]


def test_the_second_frame_that_plays_stops_the_first(two: list[mv.PianoRoll], framed: Callable[[], FramedPage]) -> None:
    page = framed()
    one, other = (page.show(roll) for roll in two)
    one.locator(".mv-play").click()
    wait_until(page, lambda: plays(one, other) == [True, False] and two[0].playing)
    other.locator(".mv-play").click()
    wait_until(page, lambda: plays(one, other) == [False, True])
    assert [roll.playing for roll in two] == [False, True]
    one.locator(".mv-play").click()
    wait_until(page, lambda: plays(one, other) == [True, False])
    assert page.errors == []


def test_frames_that_play_together_do_so_in_step(two: list[mv.PianoRoll], framed: Callable[[], FramedPage]) -> None:
    mv.play_together(*two)
    page = framed()
    one, other = (page.show(roll) for roll in two)
    # Each has been clicked before, as a browser wants it, if only to stop.
    for root in (one, other):
        root.get_by_role("button", name="Stop").click()
    page.page.wait_for_timeout(300)
    one.locator(".mv-play").click()
    wait_until(page, lambda: plays(one, other) == [True, True])
    page.page.wait_for_timeout(3000)
    # A clip of two bars at 120 lasts 4 s: where in it each is, by the clock on the wall.
    phases = [root.evaluate("() => window.__starts.at(-1) % 4000") for root in (one, other)]
    apart = abs((phases[0] - phases[1] + 2000) % 4000 - 2000)
    assert apart < 25
    other.get_by_role("button", name="Stop").click()
    wait_until(page, lambda: plays(one, other) == [False, False])
    assert page.errors == []


def test_widgets_of_one_page_that_play_together_start_on_one_clock(
    two: list[mv.PianoRoll], bare: Callable[..., BarePage]
) -> None:
    mv.play_together(*two)
    third = mv.PianoRoll(sequence([(0, 4, 48, 0)]), loop=True)
    page = bare()
    page.page.context.add_init_script(STARTS)
    page.page.reload()
    page.page.wait_for_selector("body[data-ready]")
    roots = [page.show(roll) for roll in (*two, third)]
    roots[2].locator(".mv-play").click()
    wait_until(page, lambda: plays(*roots) == [False, False, True])
    roots[1].locator(".mv-play").click()
    wait_until(page, lambda: plays(*roots) == [True, True, False])
    wait_until(page, lambda: [roll.playing for roll in (*two, third)] == [True, True, False])
    roots[0].get_by_role("button", name="Stop").click()
    wait_until(page, lambda: plays(*roots) == [False, False, False])
    assert page.errors == []


@pytest.fixture
def trio() -> mv.PianoRoll:
    return mv.PianoRoll(sequence([(0, 8, 60, 0), (0, 8, 40, 1), (0, 8, 36, 2)], tracks=3), title="Trio")


def test_more_controls_by_the_keyboard(trio: mv.PianoRoll, bare: Callable[..., BarePage], artefacts: Path) -> None:
    page = bare(width=900)
    root = page.show(trio)
    keyboard = page.page.keyboard
    assert root.locator(".mv-more").is_hidden()
    root.screenshot(path=artefacts / "transport-closed.png")
    more = root.get_by_role("button", name="More controls")
    more.focus()
    keyboard.press("Enter")
    assert more.get_attribute("aria-expanded") == "true"
    root.screenshot(path=artefacts / "transport-open.png")
    # Swing, metronome, count-in follow in the order in which they stand.
    keyboard.press("Tab")
    keyboard.press("ArrowUp")
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Tab")
    keyboard.press("Enter")
    wait_until(page, lambda: trio.count_in)
    assert (trio.swing, trio.metronome, trio.count_in) == (0.51, True, True)
    mixer = root.get_by_role("group", name="Tracks")
    mixer.get_by_role("button", name="Solo Melody").press("Enter")
    mixer.get_by_role("slider", name="Level of Bass").press("PageDown")
    mixer.get_by_label("Instrument of Melody").focus()
    mixer.get_by_label("Instrument of Melody").select_option(label="Flute")
    wait_until(page, lambda: trio.mix == [{"solo": True, "program": 73}, {"level": 0.8}])
    trio.set_instrument("Melody", "Violin")
    page.flush()
    assert mixer.get_by_label("Instrument of Melody").evaluate("e => e.selectedOptions[0].text") == "Violin"
    more.press("Enter")
    assert root.locator(".mv-more").is_hidden()
    assert page.errors == []


def test_a_loop_region_is_drawn_pulled_and_cleared_in_the_ruler(
    trio: mv.PianoRoll, bare: Callable[..., BarePage], artefacts: Path
) -> None:
    page = bare(width=900)
    root = page.show(trio)
    stage = root.locator(".mv-stage")
    box = stage.bounding_box()
    left = float(root.locator(".mv-window").evaluate("e => parseFloat(e.style.left)")) + 5
    mouse = page.page.mouse

    def at(quarter: float) -> tuple[float, float]:
        return box["x"] + left + (box["width"] - left) * quarter / 8, box["y"] + 10

    def drag(start: float, end: float) -> None:
        mouse.move(*at(start))
        mouse.down()
        mouse.move(*at((start + end) / 2))
        mouse.move(*at(end))
        mouse.up()

    drag(2.3, 4.6)
    wait_until(page, lambda: trio.loop_region == [2, 5])
    assert trio.loop
    drag(5, 6.8)
    wait_until(page, lambda: trio.loop_region == [2, 7])
    stage.screenshot(path=artefacts / "transport-region.png")
    mouse.dblclick(*at(4))
    wait_until(page, lambda: trio.loop_region == [])
    # By keys: the playhead, then where the loop begins and ends.
    stage.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "i", "ArrowRight", "ArrowRight", "o"):
        stage.press(key)
    wait_until(page, lambda: trio.loop_region == [2, 4])
    wait_until(page, lambda: "Loop from bar 1.3 to 2.1" in root.locator(".mv-live").text_content())
    stage.press("l")
    wait_until(page, lambda: trio.loop_region == [])
    assert page.errors == []


def test_a_browser_that_refuses_midi_is_told_of(trio: mv.PianoRoll, bare: Callable[..., BarePage]) -> None:
    page = bare(width=900)
    refuse = "() => { navigator.requestMIDIAccess = async () => { throw new DOMException('no', 'NotAllowedError'); }; }"
    page.page.evaluate(refuse)
    root = page.show(trio)
    root.get_by_role("button", name="More controls").click()
    root.get_by_label("Send the notes to a MIDI output").focus()
    wait_until(page, lambda: "may not use MIDI" in root.locator(".mv-status").inner_text())
    assert page.errors == []
