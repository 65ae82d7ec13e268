"""How fast the widgets answer: ``python -m benchmarks.widgets`` prints a table.

In headless Chromium, in a bare page with the Python objects of this process behind it (tests/browser/bare.py):
what is measured is the widget and the model, without Jupyter's own way between them. Needs the dev extra.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.decode import processor
from mvae_widgets.widgets.messages import STATIC
from tests.browser.bare import BarePage
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.browser.listening import RECORDER
from tests.conftest import CHROMIUM, FLAGS

ROUNDS = 15
# A turn ends with the frame that follows the change of the root's data: the new roll is painted then.
TURN = """([selector, key, name]) => new Promise((done) => {
  const control = document.querySelector(selector);
  const root = control.closest(".mv-root");
  const started = performance.now();
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
  const observer = new MutationObserver(() => { observer.disconnect(); painted(); });
  observer.observe(root, { attributes: true, attributeFilter: [name] });
  control.focus();
  control.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  setTimeout(() => { observer.disconnect(); done(null); }, 5000);
})"""
# From the click to the first sample that is not silence, by the clock of the audio context.
SOUND = """() => new Promise((done) => {
  const tape = window.__tape;
  const button = document.querySelector(".mv-play");
  tape.chunks.length = 0;
  const started = performance.now();
  button.click();
  const look = () => {
    const loud = tape.chunks.find(([, samples]) => samples.some((s) => Math.abs(s) > 1e-3));
    if (loud) done(performance.now() - started);
    else if (performance.now() - started > 5000) done(null);
    else setTimeout(look, 1);
  };
  look();
})"""
# From a key on a knob to the first sample of the new clip, while the old one sounds, by when its source is to start.
HEARD = """() => new Promise((done) => {
  const start = AudioBufferSourceNode.prototype.start;
  const knob = document.querySelector(".mv-knob");
  const finish = (ms) => { AudioBufferSourceNode.prototype.start = start; done(ms); };
  const began = performance.now();
  AudioBufferSourceNode.prototype.start = function (at, offset) {
    if (offset > 0) finish(performance.now() - began + 1000 * (at - this.context.currentTime));
    return start.call(this, at, offset);
  };
  const key = window.__up ? "ArrowDown" : "ArrowUp";
  window.__up = !window.__up;
  knob.focus();
  for (let k = 0; k < 4; k++)
    knob.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  setTimeout(() => finish(null), 5000);
})"""
TURNS = {
    "interpolation_slider": (".mv-slider", ("ArrowRight", "ArrowLeft"), "data-step"),
    "interpolation_pad": (".mv-pad-square", ("ArrowRight", "ArrowLeft"), "data-cell"),
    "attribute_knobs": (".mv-knob", ("ArrowUp", "ArrowDown"), "data-turn"),
}


def median(measure: Callable[[int], float | None]) -> str:
    """Median and largest of some rounds in ms; a round without an answer is told."""
    times = [measure(k) for k in range(ROUNDS)]
    heard = [ms for ms in times if ms is not None]
    if len(heard) < len(times):
        return f"{len(times) - len(heard)} of {len(times)} rounds had no answer"
    return f"{statistics.median(heard):.0f} (at most {max(heard):.0f})"


def turns(page: BarePage, widget: Any, kind: str) -> str:
    """From a key to the painted roll."""
    page.show(widget)
    page.page.wait_for_timeout(2000)
    selector, keys, name = TURNS[kind]
    return median(lambda k: page.page.evaluate(TURN, [selector, keys[k % 2], name]))


def sound(page: BarePage, widget: Any) -> str:
    """From a click on Play to the first sound, once the instruments are loaded."""
    page.show(widget)
    page.page.locator(".mv-play").first.click()
    page.page.wait_for_selector(".mv-root[data-engine=soundfont]", timeout=60_000)
    page.page.locator(".mv-play").first.click()
    page.page.wait_for_timeout(2000)

    def once(_: int) -> float | None:
        took: float | None = page.page.evaluate(SOUND)
        page.page.locator(".mv-play").first.click()
        page.page.wait_for_timeout(400)
        return took

    return median(once)


def heard(page: BarePage, widget: Any) -> str:
    """From a turn of a sounding clip's knob to the first sample of the new clip."""
    page.show(widget)
    page.page.locator(".mv-play").first.click()
    page.page.wait_for_selector(".mv-root[data-engine=soundfont]", timeout=60_000)

    def once(_: int) -> float | None:
        page.page.wait_for_timeout(1500)
        took: float | None = page.page.evaluate(HEARD)
        return took

    return median(once)


def main() -> None:
    """Print what is measured as a table."""
    from playwright.sync_api import sync_playwright

    import mvae_widgets as mv

    model = mv.load("melody-2bar", device="cpu")
    clips = bundled_clips(model)
    print(f"{processor()}; headless Chromium; ms, median of {ROUNDS}\n\n| what | ms |\n|---|--:|")
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def open_page() -> BarePage:
            context = chromium.new_context(viewport={"width": 1100, "height": 1000})
            context.add_init_script(RECORDER)
            return BarePage(context.new_page())

        for kind in TURNS:
            page = open_page()
            print(f"| {kind}: from a key to the new roll | {turns(page, WIDGETS[kind](model, clips), kind)} |")
            page.close()
        page = open_page()
        print(f"| piano_roll: from a click to the first sound | {sound(page, WIDGETS['piano_roll'](model, clips))} |")
        page.close()
        page = open_page()
        sounding = heard(page, WIDGETS["attribute_knobs"](model, clips))
        print(f"| attribute_knobs: from a key to the new sound, while playing | {sounding} |")
        page.close()
        chromium.close()
    print("\n| bundle | KB |\n|---|--:|")
    for path in [*sorted(STATIC.glob("*.js")), STATIC / "widget.css"]:
        print(f"| {path.name} | {path.stat().st_size / 1000:.0f} |")


if __name__ == "__main__":
    main()
