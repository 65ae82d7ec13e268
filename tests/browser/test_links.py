"""Widgets that follow each other, in a bare page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mvae_widgets as mv
from tests.browser.bare import BarePage

STEP = "n => document.querySelectorAll('.mv-root')[1].dataset.notes === String(n)"


def test_a_roll_follows_a_slider(model: Any, reel: Any, air: Any, bare: Callable[..., BarePage]) -> None:
    slider = mv.InterpolationSlider(model, reel, air, steps=3)
    roll = mv.PianoRoll(reel, model)
    mv.link(slider, roll)
    page = bare(width=800)
    track = page.show(slider).locator(".mv-slider")
    page.show(roll)
    track.press("End")
    page.page.wait_for_function(STEP, arg=len(slider.sequences[2].notes))
    assert roll.sequence == slider.sequences[2]
    # Nobody is in the kernel: the page follows by itself.
    page.answering = False
    track.press("Home")
    page.page.wait_for_function(STEP, arg=len(slider.sequences[0].notes))
    assert not page.errors
