"""Every widget for readers with keys, screen readers, forced colours, touch, or no wish for motion."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mvae_widgets.widgets import messages
from tests.browser.bare import BarePage
from tests.browser.every_widget import MAIN, WIDGETS, bundled_clips

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# A notebook's page has its own landmarks and headings: those of the bare page say nothing of ours.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]} | {
    "rules": {name: {"enabled": False} for name in ("region", "landmark-one-main", "page-has-heading-one")}
}
FOCUSABLE = "button, input, select, textarea, a[href], [tabindex]"
# What has the focus: its place on the page, its name, and whether it looks other than without.
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e?.closest(".mv-root")) return null;
  const around = [...e.parentElement.parentElement.querySelectorAll("*")];
  const look = () => around.map((x) => {
    const s = getComputedStyle(x);
    return [s.outline, s.boxShadow, s.stroke, s.strokeWidth, s.borderColor, s.backgroundColor].join();
  }).join("|");
  const focused = look();
  e.blur();
  const ring = look() !== focused;
  e.focus({ focusVisible: true });
  window.__stops ??= [];
  const seen = window.__stops.indexOf(e);
  if (seen < 0) window.__stops.push(e);
  const { left, top, right, bottom } = e.getBoundingClientRect();
  return { key: seen < 0 ? window.__stops.length - 1 : seen, ring,
    box: [left + scrollX, top + scrollY, right + scrollX, bottom + scrollY],
    what: `${e.tagName.toLowerCase()}.${e.className}`,
    name: e.getAttribute("aria-label") || e.textContent || e.closest("label")?.textContent || e.title };
}"""


@pytest.fixture(scope="module")
def widgets(model: Any) -> Callable[[str], Any]:
    """One of each widget, made when first asked for."""
    clips = bundled_clips(model)

    @cache
    def made(name: str) -> Any:
        widget = WIDGETS[name](model, clips)
        widget.loop = True
        # The built-in sound will do, and megabytes of instruments take their time.
        widget._handlers["asset"] = lambda name, **more: messages.asset("none" if "sf2" in name else name, **more)
        return widget

    return made


@pytest.fixture(scope="module")
def pages(widgets: Callable[[str], Any], lasting: Callable[..., BarePage]) -> Callable[[str], tuple[BarePage, Any]]:
    """A page for each widget, opened when first asked for."""

    @cache
    def opened(name: str) -> tuple[BarePage, Any]:
        page = lasting()
        return page, page.show(widgets(name))

    return opened


@pytest.fixture
def shown(pages: Callable[[str], tuple[BarePage, Any]]) -> Callable[..., tuple[BarePage, Any]]:
    """A widget by its name, at rest, in its page: ``shown("piano_roll", dark=True, forced_colors="active")``."""

    def show(name: str, dark: bool = False, **media: Any) -> tuple[BarePage, Any]:
        page, root = pages(name)
        calm(page, root)
        page.paper(dark)
        none = {"forced_colors": "none", "reduced_motion": "no-preference", "color_scheme": "light"}
        page.page.emulate_media(**{**none, **media})
        page.page.wait_for_timeout(200)
        return page, root

    return show


def calm(page: BarePage, root: Any) -> None:
    """What a test has left: nothing plays, nothing has the focus, the stops of the last walk are forgotten."""
    root.get_by_role("button", name="Stop", exact=True).first.click()
    # Tab begins again where something that had the focus has been.
    page.page.evaluate(
        "() => { const e = document.createElement('i'); e.tabIndex = -1; document.body.prepend(e); e.focus();"
        " e.remove(); window.__stops = []; scrollTo(0, 0); }"
    )
    page.page.mouse.move(0, 0)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; `npm ci` brings it")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", WIDGETS)
def test_axe_finds_nothing(name: str, dark: bool, shown: Callable[..., tuple[BarePage, Any]]) -> None:
    """Names, roles, states, contrast: WCAG 2.2 AA and axe's own best practice."""
    page, root = shown(name, dark=dark)
    root.locator(".mv-play").first.click()
    page.page.wait_for_timeout(300)
    page.page.add_script_tag(path=str(AXE))
    found = page.page.evaluate("rules => axe.run('.mv-root', rules)", RULES)
    told = [f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]
    assert told == []
    assert len(found["passes"]) > 10
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_tab_goes_through_all_controls_in_reading_order(name: str, shown: Callable[..., tuple[BarePage, Any]]) -> None:
    """Every stop has a name and shows its focus; the way goes down the widget, and ends."""
    page, root = shown(name)
    stops: list[dict[str, Any]] = []
    page.page.evaluate("document.body.focus()")
    for _ in range(120):
        page.page.keyboard.press("Tab")
        stop = page.page.evaluate(FOCUSED)
        if stop is None and stops:
            break
        if stop is not None:
            stops.append(stop)
    assert 4 <= len(stops) < 120
    assert len({stop["key"] for stop in stops}) == len(stops), "no stop comes twice"
    assert [stop["what"] for stop in stops if not stop["name"]] == []
    assert [stop["what"] for stop in stops if not stop["ring"]] == []
    # Downwards: a stop never lies wholly above the one before it, columns side by side apart.
    for before, after in pairwise(stops):
        beside = after["box"][0] >= before["box"][2] or after["box"][2] <= before["box"][0]
        assert after["box"][3] > before["box"][1] or beside, f"{before['what']} -> {after['what']}"
    reached = {stop["key"] for stop in stops}
    missed = root.evaluate(
        "(e, css) => [...e.querySelectorAll(css)].filter(x => x.checkVisibility() && !x.disabled && x.tabIndex >= 0"
        # Of a group of radio buttons Tab stops at the one that is chosen.
        " && !x.matches('[type=radio]:not(:checked)')"
        " && !window.__stops.includes(x)).map(x => x.className)",
        FOCUSABLE,
    )
    assert missed == []
    assert reached
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_where_the_music_is_the_keyboard_is(name: str, shown: Callable[..., tuple[BarePage, Any]]) -> None:
    """Space plays and stops from the main part of every widget, and the live text says where one is."""
    page, root = shown(name)
    main = root.locator(MAIN[name]).first
    if name == "latent_scatter":
        main.press("Enter")
        page.page.wait_for_timeout(600)
    said = root.locator("[aria-live]")
    for playing in ("true", "false"):
        main.press("Space")
        page.page.wait_for_function(
            "([e, playing]) => e.dataset.playing === playing", arg=[root.element_handle(), playing], timeout=10_000
        )
    main.press("ArrowRight")
    page.page.wait_for_timeout(400)
    spoken = [*said.all_text_contents(), main.get_attribute("aria-valuetext") or ""]
    assert any(text.strip() for text in spoken)
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_forced_colours(name: str, shown: Callable[..., tuple[BarePage, Any]], artefacts: Path) -> None:
    """In a high-contrast theme everything stands on the system's canvas, and what plays is told from what rests."""
    page, root = shown(name, forced_colors="active", color_scheme="dark")
    assert root.evaluate("() => matchMedia('(forced-colors: active)').matches")
    rule, canvas = root.evaluate(
        "e => { const p = document.createElement('i'); e.append(p); const of = c => { p.style.color = c;"
        " return getComputedStyle(p).color; };"
        " const told = [of('CanvasText'), of('Canvas')]; p.remove(); return told; }"
    )
    assert rule != canvas
    assert root.evaluate("e => getComputedStyle(e).color") == rule
    root.screenshot(path=artefacts / f"forced-{name}.png")
    page.page.keyboard.press("Tab")
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_reduced_motion(name: str, shown: Callable[..., tuple[BarePage, Any]]) -> None:
    """Nothing moves by itself: no transition, no animation, whatever is touched."""
    page, root = shown(name, reduced_motion="reduce")
    for button in root.locator("button:visible").all()[:12]:
        button.hover(force=True)
    root.locator(".mv-play").first.click()
    page.page.wait_for_timeout(200)
    moving = root.evaluate(
        "e => e.getAnimations({ subtree: true }).filter(a => a.playState === 'running' &&"
        " a.effect.getComputedTiming().duration > 0).length"
    )
    assert moving == 0
    assert page.errors == []


@pytest.mark.parametrize("name", WIDGETS)
def test_fingers_find_every_control(name: str, widgets: Callable[[str], Any], bare: Callable[..., BarePage]) -> None:
    """On a touch screen each control takes a tap within 12 px of its middle (24 px in all: WCAG 2.5.8)."""
    page = bare(has_touch=True, is_mobile=True)
    root = page.show(widgets(name))
    page.page.wait_for_timeout(300)
    assert page.page.evaluate("matchMedia('(pointer: coarse)').matches")
    small = root.evaluate(
        """e => [...e.querySelectorAll("button, input, [role=slider], [role=radio]")]
          .filter((x) => x.checkVisibility() && !x.disabled)
          .filter((x) => {
            const { left, top, width, height } = x.getBoundingClientRect();
            const [cx, cy] = [left + width / 2, top + height / 2];
            x.scrollIntoView({ block: "center" });
            const now = x.getBoundingClientRect();
            const [mx, my] = [now.left + now.width / 2, now.top + now.height / 2];
            return [[-11, 0], [11, 0], [0, -11], [0, 11]].some(([dx, dy]) => {
              const hit = document.elementFromPoint(mx + dx, my + dy);
              return !(hit && (x.contains(hit) || hit.contains(x)));
            });
          })
          .map((x) => x.className || x.tagName)"""
    )
    assert small == []
    assert page.errors == []
