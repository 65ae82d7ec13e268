"""A hand on the piano roll: a mouse that finds notes, keys, and what Python has of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import note_seq
import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage
from tests.browser.listening import warm_up

__all__ = ["START", "TUNE", "Hand", "beat", "edit", "notes_of"]

Note = tuple[int, float, float]
RULER, KEYS = 24, 34
TUNE = "X:1\nT:Test\nM:4/4\nL:1/4\nK:C\nCDEF|G4|\n"
START: list[Note] = [(60, 0, 1), (62, 1, 2), (64, 2, 3), (65, 3, 4), (67, 4, 8)]
"""The notes of TUNE: pitch, start, end."""


def notes_of(roll: mv.PianoRoll) -> list[Note]:
    """Pitch, start and end in quarters."""
    pace = roll.sequence.tempos[0].qpm / 60
    return [(n.pitch, round(n.start_time * pace, 3), round(n.end_time * pace, 3)) for n in roll.sequence.notes]


def beat() -> Any:
    """One bar: kick on one and three, a hat on every eighth."""
    sequence = note_seq.NoteSequence()
    sequence.tempos.add(qpm=120)
    for step in range(0, 16, 2):
        for pitch in (42, 36) if step % 8 == 0 else (42,):
            start = step / 8
            sequence.notes.add(
                pitch=pitch, velocity=80, start_time=start, end_time=start + 0.1, is_drum=True, instrument=9
            )
    sequence.total_time = 2.0
    return sequence


class Hand:
    """A roll in a page, and a mouse that finds notes on it."""

    def __init__(self, page: BarePage, roll: mv.PianoRoll) -> None:
        self.bare, self.page, self.roll = page, page.page, roll
        self.root = page.show(roll)
        self.stage = self.root.locator(".mv-stage")
        self.mouse = self.page.mouse
        self.seen: list[list[Note]] = []
        self.page.wait_for_timeout(150)
        self.quarters = float(roll._score["quarters"])
        pitches = [n.pitch for n in roll.sequence.notes] or [66]
        # Two semitones of room, 21 at least, and the two that every roll has on either side.
        low, high = min(pitches) - 2, max(pitches) + 2
        short = max(0, 21 - (high - low + 1))
        self.low, self.high = low - math.ceil(short / 2) - 2, high + short // 2 + 2
        roll.observe(lambda _change: self.seen.append(notes_of(roll)), "sequence")

    def at(self, pitch: float, quarter: float) -> tuple[float, float]:
        """Where a pitch's row and a quarter meet."""
        box = self.stage.bounding_box()
        row = (box["height"] - RULER) / (self.high - self.low + 1)
        x = box["x"] + KEYS + quarter / self.quarters * (box["width"] - KEYS)
        return x, box["y"] + RULER + (self.high - pitch + 0.5) * row

    def hit(self, row: int, step: float, left: int = 86) -> tuple[float, float]:
        """Where a drum's row, of nine, and a step meet."""
        box = self.stage.bounding_box()
        x = box["x"] + left + (step + 0.5) / (4 * self.quarters) * (box["width"] - left)
        return x, box["y"] + RULER + (row + 0.5) * (box["height"] - RULER) / 9

    def drag(self, *way: tuple[float, float], up: bool = True) -> None:
        self.mouse.move(*way[0])
        self.mouse.down()
        for place in way[1:]:
            self.mouse.move(*place, steps=5)
        if up:
            self.mouse.up()
            self.rest()

    def click(self, place: tuple[float, float]) -> None:
        self.mouse.click(*place)
        self.rest()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.stage.press(key)
        self.rest()

    def button(self, name: str) -> None:
        self.root.get_by_role("button", name=name).click()
        self.rest()

    def warm_up(self) -> None:
        """Play once, so that the instruments have arrived and the recorder runs."""
        warm_up(self.page, self.root)

    def rest(self) -> None:
        """Until what was done has reached Python, and come back."""
        self.page.wait_for_timeout(120)

    @property
    def notes(self) -> list[Note]:
        return notes_of(self.roll)

    @property
    def selected(self) -> int:
        return int(self.root.get_attribute("data-selected"))

    def says(self, words: str) -> None:
        """Wait until a screen reader is told this."""
        told = "([root, words]) => root.querySelector('.mv-live').textContent.startsWith(words)"
        self.page.wait_for_function(told, arg=[self.root.element_handle(), words], timeout=5000)

    @property
    def status(self) -> str:
        line = self.root.locator(".mv-status")
        return str(line.inner_text()) if line.is_visible() else ""


@pytest.fixture
def edit(model: Any, bare: Callable[..., BarePage]) -> Callable[..., Hand]:
    """A roll that is edited: ``edit(music, model)``, by default the tune under the melody model."""

    def make(music: Any = TUNE, takes: Any = model, width: int = 900, **traits: Any) -> Hand:
        traits = {"edit": True, **traits}
        return Hand(
            bare(width=width), mv.PianoRoll(mv.read(music) if isinstance(music, str) else music, takes, **traits)
        )

    return make
