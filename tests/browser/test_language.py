"""The widgets in Chinese: all of it is Chinese, and nothing stands out of its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage
from tests.browser.every_widget import WIDGETS, bundled_clips

WIDTHS = (560, 1100)
# Texts that are seen, and labels.
WORDS = """e => {
  const said = [];
  const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (walk.currentNode.parentElement.checkVisibility()) said.push(walk.currentNode.textContent);
  for (const x of e.querySelectorAll("*"))
    for (const { name, value } of x.attributes)
      if (/^(title|placeholder|aria-(label|description|valuetext|roledescription))$/.test(name)) said.push(value);
  return said.map((text) => text.trim()).filter((text) => text);
}"""
# What is shown at less than its width, and does not say that it is cut.
CUT = """e => [...e.querySelectorAll("*")].filter((x) => {
  const s = getComputedStyle(x);
  if (!x.checkVisibility() || s.textOverflow === "ellipsis" || x.closest(".mv-live, svg, canvas, select")) return false;
  const own = [...x.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const box = x.getBoundingClientRect(), root = e.getBoundingClientRect();
  const out = own && (box.right > root.right + 1 || box.left < root.left - 1);
  return out || (own && s.overflow === "hidden" && x.scrollWidth > x.clientWidth + 1);
}).map((x) => `${x.className}: ${x.textContent}`)"""
# Names of keys, letters of clips and notes, units, and what stands in the music itself.
FREE = re.compile(
    r"Ctrl|Shift|Alt|Home|End|Page Up|Page Down|Delete|Escape|Esc|MIDI|MusicXML|ABC|Web Audio|melody-2bar|PCA|UMAP|"
    r"model\.clips\(piece\)\[i\]|Python|Ah ! vous dirai-je, maman|The Devil's Dream|Fisher's Hornpipe|Frère Jacques|"
    r"Low Road|The Low Road|Soldier's Joy|note_density|\b[A-Z]\b|"
    r"\b[A-G]♯?-?\d\b|MB"
)


@pytest.fixture(scope="module")
def widgets(model: Any) -> Iterator[dict[str, Any]]:
    clips = bundled_clips(model)
    mv.set_language("zh")
    yield {name: make(model, clips) for name, make in WIDGETS.items()}
    mv.set_language("auto")


@pytest.mark.parametrize("name", WIDGETS)
def test_chinese_fits_and_is_all_there(
    name: str, widgets: dict[str, Any], bare: Callable[..., BarePage], artefacts: Path
) -> None:
    page = bare(width=WIDTHS[0], scale=2)
    root = page.show(widgets[name])
    page.page.wait_for_timeout(400)
    for button in root.locator('[aria-expanded="false"]:visible').element_handles():
        button.evaluate("e => e.click()")
    assert root.get_attribute("lang") == "zh-CN"
    for width in WIDTHS:
        page.page.set_viewport_size({"width": width, "height": 1000})
        page.page.wait_for_timeout(250)
        root.screenshot(path=artefacts / f"zh-{name}-{width}.png")
        assert root.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        assert root.evaluate(CUT) == []
        words = {text for text in root.evaluate(WORDS) if re.search(r"[A-Za-z]{2,}", FREE.sub("", text))}
        assert words == set()
    assert page.errors == []


def test_what_the_kernel_says_is_chinese_too(
    model: Any, widgets: dict[str, Any], bare: Callable[..., BarePage]
) -> None:
    """A clip cut from a piece, and a chord that a melody model leaves out."""
    assert widgets
    tune = mv.tunes.load("devils-dream")
    chord = mv.read("X:1\nT:A chord\nM:4/4\nL:1/4\nK:C\n[CEG]CDE|CDEF|")
    slider = mv.InterpolationSlider(model, tune, tune, steps=3)
    page = bare()
    cut, refused = page.show(slider), page.show(mv.PianoRoll(chord, model))
    for root, word in ((cut, "小节"), (refused, "略去")):
        told = root.locator(".mv-status").first.inner_text()
        assert word in told
        assert not re.search(r"[A-Za-z]{2,}", FREE.sub("", told).replace("A chord", "")), told


def test_a_reader_with_a_chinese_browser_needs_no_setting(
    model: Any, reel: object, bare: Callable[..., BarePage]
) -> None:
    roll = mv.PianoRoll(reel, model, language="auto")
    assert bare(locale="zh-CN").show(roll).get_attribute("lang") == "zh-CN"
    assert bare(locale="de-DE").show(roll).get_attribute("lang") == "en"
