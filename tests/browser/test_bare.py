"""Slider and roll in a bare page: gestures reach Python, Python reaches the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import note_seq

import mvae_widgets as mv
from tests.browser.bare import BarePage


def test_the_slider_follows_keys_and_python(model: Any, reel: Any, air: Any, bare: Callable[..., BarePage]) -> None:
    slider = mv.InterpolationSlider(model, reel, air, steps=5)
    page = bare(width=800)
    root = page.show(slider)
    root.locator(".mv-slider").press("End")
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.step === '4'")
    page.page.wait_for_timeout(100)
    assert slider.value == 1.0
    slider.value = 0.25
    page.flush()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.step === '1'")
    assert not page.errors


def test_rolls_to_be_looked_at(model: Any, bare: Callable[..., BarePage], artefacts: Path) -> None:
    """One clip, a whole tune of many bars, and drums, at three widths."""
    tune = mv.tunes.load("devils-dream")
    beat = note_seq.NoteSequence()
    beat.tempos.add(qpm=120)
    for step in range(32):
        for pitch, every in ((36, 8), (38, 16), (42, 2)):
            if step % every == (8 if pitch == 38 else 0):
                beat.notes.add(pitch=pitch, velocity=60 + 5 * (step % 8), start_time=step / 8, end_time=step / 8 + 0.1)
                beat.notes[-1].is_drum = True
    beat.total_time = 4
    page = bare(scale=2)
    music = {"clip": model.clips(tune)[0], "tune": tune, "drums": beat}
    roots = {name: page.show(mv.PianoRoll(one, model if name == "clip" else None)) for name, one in music.items()}
    for width, theme in page.looks(560, 800, 1100):
        for name, root in roots.items():
            assert root.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing stands out of the widget"
            root.screenshot(path=artefacts / f"roll-{name}-{theme}-{width}.png")
    assert page.errors == []
