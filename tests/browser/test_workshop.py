"""The widgets together: what is picked on the map goes through all others; map and Compare are heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.every_widget import bundled_clips
from tests.browser.listening import warm_up


def notes_of(sequence: Any) -> list[tuple[int, float]]:
    return sorted((note.pitch, round(note.start_time, 4)) for note in sequence.notes)


def test_what_is_picked_on_the_map_is_taken_by_all(model: Any, bare: Callable[..., BarePage]) -> None:
    clips = bundled_clips(model)
    scatter = mv.LatentScatter(model, model.embed(mv.tunes.load("devils-dream")))
    roll, knobs = mv.PianoRoll(clips[0], model), mv.AttributeKnobs(model, clips[0])
    slider, pad = mv.InterpolationSlider(model, clips[0], clips[1]), mv.InterpolationPad(model, clips[:4], n=3)
    mv.link(scatter, roll, knobs, slider, pad)
    page = bare(width=1000)
    stage = page.show(scatter).locator(".mv-map-stage")
    shown = [page.show(widget) for widget in (roll, knobs, slider, pad)]
    # An empty place, far up and right: high and busy music, which no clip of the corpus is.
    box = stage.bounding_box()
    page.page.mouse.click(box["x"] + box["width"] * 0.97, box["y"] + box["height"] * 0.05)
    for _ in range(100):
        page.page.wait_for_timeout(100)
        if scatter.sequence is not None and roll.sequence == scatter.sequence:
            break
    decoded = notes_of(scatter.sequence)
    assert decoded
    assert scatter.value is None
    assert notes_of(roll.sequence) == notes_of(knobs.sequence) == notes_of(slider.sequences[0]) == decoded
    assert notes_of(pad.sequences[0][0]) == decoded
    np.testing.assert_allclose(slider.latents[0], scatter.z)
    page.flush()
    for root in (shown[0], shown[1]):
        page.page.wait_for_function(
            "([e, n]) => e.dataset.notes === String(n)", arg=[root.element_handle(), len(decoded)]
        )
    assert page.errors == []


@pytest.mark.parametrize("kind", ["map", "compare"])
def test_what_is_shown_is_heard(kind: str, model: Any, bare: Callable[..., BarePage]) -> None:
    clips = bundled_clips(model)
    widget: Any
    if kind == "map":
        widget = mv.LatentScatter(model, model.embed(mv.tunes.load("soldiers-joy")), value=1, tempo=150.0)
    else:
        widget = mv.Compare.routes(model, clips[0], clips[1], steps=5, tempo=150.0)
    widget.loop = False
    page = bare(width=900)
    root = page.show(widget)
    warm_up(page.page, root)
    listening.erase(page.page)
    root.locator(".mv-play").click()
    listening.wait(page.page, 8 * 60 / 150)
    tape = listening.read(page.page)
    heard = listening.onsets(tape)
    first = heard[0]
    sequence = widget.sequence
    scale = sequence.tempos[0].qpm / 150
    expected = np.array(sorted({round(note.start_time * scale, 5) for note in sequence.notes}))
    missing, extra = listening.compare(heard - first, expected - expected[0])
    assert not missing
    # A spectrum takes the swell of a long note's partials for an onset; what is struck gets louder.
    assert max((listening.rise(tape, first + second) for second in extra), default=0.0) < 1.1
    assert 0.3 < tape.peak <= 1.0
    assert page.errors == []
