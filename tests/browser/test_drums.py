"""Drums in every widget of the latent workshop, in a bare page: they work, and are left to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser.bare import BarePage

BEATS = ("backbeat", "disco", "halftime", "bossa-nova")


@pytest.fixture(scope="module")
def drums() -> mv.MusicVAE:
    return mv.load("drums-2bar")


def test_drums_to_be_looked_at(drums: mv.MusicVAE, bare: Callable[..., BarePage], artefacts: Path) -> None:
    beats = [mv.beats.load(name) for name in BEATS]
    loops = drums.embed(drums.sample(300, temperature=0.7, seed=0))
    page = bare(scale=2)
    widgets = {
        "slider": mv.InterpolationSlider(drums, *beats[:2], steps=7),
        "pad": mv.InterpolationPad(drums, beats, n=5),
        "knobs": mv.AttributeKnobs(drums, beats[0]),
        "map": mv.LatentScatter(drums, loops),
        "compare": mv.Compare.reconstruction(drums, beats[2]),
    }
    roots = {name: page.show(widget) for name, widget in widgets.items()}
    page.page.wait_for_timeout(800)
    for _width, theme in page.looks(1100):
        for name, root in roots.items():
            assert root.evaluate("e => e.scrollWidth <= e.clientWidth"), name
            root.screenshot(path=artefacts / f"drums-{name}-{theme}.png")
    assert page.errors == []


def test_turning_a_knob_changes_the_beat(drums: mv.MusicVAE, bare: Callable[..., BarePage]) -> None:
    """Fewer strokes are asked for by key, and there are fewer in Python."""
    knobs = mv.AttributeKnobs(drums, mv.beats.load("halftime"))
    page = bare(width=1100)
    root = page.show(knobs)
    before = len(knobs.sequence.notes)
    density = root.get_by_role("slider", name="Density")
    for _ in range(12):
        density.press("ArrowLeft")
    page.page.wait_for_timeout(600)
    page.flush()
    assert len(knobs.sequence.notes) < before
    assert np.unique([note.is_drum for note in knobs.sequence.notes]).tolist() == [True]
    assert page.errors == []
