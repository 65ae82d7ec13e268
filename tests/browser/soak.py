"""Random gestures on all widgets of one page, by a seed: nothing may break, grow or be lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.every_widget import MAIN as MAINS
from tests.browser.memory import measured

MAIN = {**MAINS, "studio": ".mv-song-inner"}
KEYS = (
    *("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Tab", "Escape"),
    *("Shift+ArrowRight", "Shift+ArrowUp", "Alt+ArrowUp", "Alt+ArrowLeft", "Shift+Alt+ArrowDown", "Control+ArrowLeft"),
    *("Enter", "Space", "Delete", "Backspace", "+", "-", "0", "[", "]", ".", ",", *"abiklnopqrtv"),
    *("Control+a", "Control+c", "Control+x", "Control+v", "Control+d", "Control+z", "Shift+Control+Z", "Control+y"),
)
# The u-th of the controls that can be seen and used, brought into sight; of a menu the v-th line is chosen.
CONTROL = """(root, [u, v]) => {
  const what = "button, select, input:not([type=file]), [role=slider], [role=radio], .mv-cell";
  const all = [...root.querySelectorAll(what)].filter((e) => e.checkVisibility() && !e.disabled);
  const control = all[Math.floor(u * all.length)];
  if (!control) return null;
  control.scrollIntoView({ block: "nearest" });
  const { left, top, width, height } = control.getBoundingClientRect();
  const label = control.getAttribute("aria-label") || control.title || control.textContent || control.className;
  if (control.tagName === "SELECT") {
    control.focus();
    control.selectedIndex = Math.floor(v * control.options.length);
    for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, { bubbles: true }));
  }
  return { tag: control.tagName, label, at: [left + width * (0.1 + 0.8 * v), top + height / 2] };
}"""
OPEN = """(root) => {
  const seen = (css) => [...root.querySelectorAll(css)].filter((e) => e.checkVisibility() && !e.disabled);
  for (const button of seen("[aria-expanded=false]")) button.click();
  for (const menu of seen("select")) menu.focus();
}"""
# What Python does meanwhile.
PYTHON: dict[str, Callable[[Any, list[Any], float], None]] = {
    "piano_roll": lambda widget, clips, u: setattr(widget, "sequence", clips[int(u * len(clips))]),
    "piano_roll_editor": lambda widget, clips, u: setattr(widget, "sequence", clips[int(u * len(clips))]),
    "interpolation_slider": lambda widget, _clips, u: setattr(widget, "value", u),
    "interpolation_pad": lambda widget, _clips, u: setattr(widget, "value", (u, 1 - u)),
    "attribute_knobs": lambda widget, clips, u: widget.show(clips[int(u * len(clips))]),
    "latent_scatter": lambda widget, _clips, u: setattr(widget, "value", int(u * len(widget.corpus))),
}
# Parts of a Studio, and which widget each is.
PARTS = {
    "map": "latent_scatter",
    "pad": "interpolation_pad",
    "roll": "piano_roll_editor",
    "slider": "interpolation_slider",
    "knobs": "attribute_knobs",
    "compare": "compare",
}
REMEMBERED = 40


@dataclass
class Place:
    """Where hands go: a widget, or a part of a Studio.

    Parameters
    ----------
    kind
        As `every_widget.WIDGETS` names it.
    root
        Where it is on the page.
    widget
        Its Python side.
    """

    kind: str
    root: Any
    widget: Any

    @property
    def main(self) -> Any:
        """Of several the first that is seen: a Studio shows what was before or what is after."""
        return self.root.locator(MAIN[self.kind]).locator("visible=true").first


def music_of(widget: Any) -> Any:
    """What undo must bring back exactly: notes, meter and tempo; of a Studio also what is kept and arranged."""
    if isinstance(widget, mv.Studio):
        kept = [[clip.id, clip.title] for clip in widget.kept]
        return bytes(widget._notes), bytes(widget._kept_notes), kept, list(widget.arrangement), music_of(widget.roll)
    return bytes(widget._notes), {key: value for key, value in widget._score.items() if key != "tracks"}


class Soak:
    """Widgets on a page, and hands that do anything.

    Parameters
    ----------
    page
        An empty page.
    widgets
        By name, as `every_widget.WIDGETS` makes them; or a Studio, whose parts are the places then.
    clips
        Music that Python shows meanwhile.
    seed
        The same seed, the same gestures.
    """

    def __init__(self, page: BarePage, widgets: dict[str, Any], clips: list[Any], seed: int) -> None:
        self.bare, self.page, self.widgets, self.clips, self.seed = page, page.page, widgets, clips, seed
        self.random = np.random.default_rng(seed)
        self.done = 0
        self.last: deque[str] = deque(maxlen=REMEMBERED)
        # Opened by a click, and closed at once: nobody chooses a file.
        self.page.on("filechooser", lambda _chooser: None)
        self.places: dict[str, Place] = {}
        for name, widget in widgets.items():
            self.places[name] = Place(name, page.show(widget), widget)
        for studio in [place for name, place in self.places.items() if name == "studio"]:
            studio.root.locator("[data-part=roll] .mv-stage").wait_for()
            for part, kind in PARTS.items():
                self.places[part] = Place(
                    kind, studio.root.locator(f"[data-part={part}]"), getattr(studio.widget, part)
                )
        self._open_everything()
        self.starts = {name: music_of(w) for name, w in widgets.items() if self._undo(name).count()}

    def _open_everything(self) -> None:
        """Panels and menus are made when they are first opened: that is no growth."""
        for root in [place.root for name, place in self.places.items() if name in self.widgets]:
            root.evaluate(OPEN)
        self._calm()

    def round(self, gestures: int) -> dict[str, float]:
        """So many gestures, then back to the start; what the page holds there.

        Raises
        ------
        AssertionError
            If something broke or did not come back; says the seed and the last gestures.
        """
        try:
            for _ in range(gestures):
                self._gesture()
                self.done += 1
                assert self.bare.errors == []
            self._calm()
            for name, start in self.starts.items():
                self._take_back(name)
                assert music_of(self.widgets[name]) == start, f"undo did not bring {name} back"
            assert self.bare.errors == []
        except Exception as error:
            told = "\n  ".join(self.last)
            raise AssertionError(
                f"{type(error).__name__}: {error}\nseed {self.seed}, gesture {self.done}:\n  {told}"
            ) from error
        return measured(self.page)

    def _gesture(self) -> None:
        name = str(self.random.choice(list(self.places)))
        kinds = (self._control, self._click, self._drag, self._wheel, self._key, self._python, self._window)
        kind = kinds[self.random.choice(len(kinds), p=[0.3, 0.15, 0.15, 0.08, 0.26, 0.04, 0.02])]
        # Drawn whatever the gesture is, so that what a widget shows does not change what comes later.
        u = [float(x) for x in self.random.random(4)]
        self.last.append(f"{name}: {kind.__name__[1:]} {[round(x, 4) for x in u]}")
        kind(name, u)

    def _control(self, name: str, u: list[float]) -> None:
        control = self.places[name].root.evaluate(CONTROL, u[:2])
        if control is None:
            return
        self.last[-1] += f" {control['label']}"
        if control["tag"] != "SELECT":
            self.page.mouse.click(*control["at"])
        if control["tag"] == "INPUT":
            self.page.keyboard.type(f"{int(u[2] * 200)}")
            self.page.keyboard.press("Enter")

    def _at(self, name: str, u: float, v: float) -> tuple[float, float]:
        box = self.places[name].main.bounding_box()
        return box["x"] + box["width"] * u, box["y"] + box["height"] * v

    def _see(self, name: str) -> None:
        self.places[name].main.evaluate("e => e.scrollIntoView({ block: 'center' })")

    def _click(self, name: str, u: list[float]) -> None:
        self._see(name)
        self.page.mouse.click(*self._at(name, u[0], u[1]))

    def _drag(self, name: str, u: list[float]) -> None:
        self._see(name)
        self.page.mouse.move(*self._at(name, u[0], u[1]))
        self.page.mouse.down()
        self.page.mouse.move(*self._at(name, u[2], u[3]), steps=4)
        self.page.mouse.up()

    def _wheel(self, name: str, u: list[float]) -> None:
        self._see(name)
        self.page.mouse.move(*self._at(name, u[0], u[1]))
        self.page.mouse.wheel(400 * (u[2] - 0.5), 400 * (u[3] - 0.5))

    def _key(self, name: str, u: list[float]) -> None:
        key = KEYS[int(u[0] * len(KEYS))]
        self.last[-1] += f" {key}"
        self.places[name].main.evaluate("e => e.focus()")
        self.page.keyboard.press(key)

    def _python(self, name: str, u: list[float]) -> None:
        if self.places[name].kind in PYTHON:
            PYTHON[self.places[name].kind](self.places[name].widget, self.clips, u[0])
            self.bare.flush()

    def _window(self, _name: str, u: list[float]) -> None:
        """Another width, or the other theme."""
        if u[0] < 0.5:
            self.page.set_viewport_size({"width": int(480 + 700 * u[1]), "height": 900})
        else:
            self.page.evaluate("document.body.classList.toggle('dark')")

    def _calm(self) -> None:
        """Nothing plays, nothing is in hand, and everybody has heard of everything."""
        self.page.keyboard.press("Escape")
        self.page.set_viewport_size({"width": 1100, "height": 1000})
        self.page.wait_for_timeout(300)
        for widget in self.widgets.values():
            widget.playing = False
        self.bare.flush()
        # What was recorded is the ears', not the page's.
        listening.erase(self.page)
        self.page.wait_for_timeout(300)

    def _undo(self, name: str) -> Any:
        return self.places[name].root.get_by_role("button", name="Undo", exact=True).first

    def _take_back(self, name: str) -> None:
        undo, stage = self._undo(name), self.places[name].main
        for _ in range(5000):
            if undo.is_disabled():
                break
            stage.press("Control+z")
        self.page.wait_for_timeout(300)
        assert undo.is_disabled()
