"""What a page sends to the speakers, recorded and compared with the notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.widgets import messages
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.listening import check, play, starts, warm_up


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return [model.clips(mv.tunes.load(name))[0] for name in ("soldiers-joy", "fishers-hornpipe")]


@pytest.fixture
def sounding(clips: list[Any]) -> Callable[[int], Any]:
    """The first clip on an instrument: ``sounding(12)``."""

    def make(program: int) -> Any:
        sequence = clips[0].sequence
        for note in sequence.notes:
            note.program = program
        return sequence

    return make


@pytest.mark.parametrize("program", [0, 12])
def test_onsets_are_where_the_notes_are(
    program: int, sounding: Callable[[int], Any], bare: Callable[..., BarePage]
) -> None:
    page = bare()
    root = page.show(mv.PianoRoll(sounding(program), tempo=100))
    warm_up(page.page, root)
    check(play(page.page, root, 5.0), starts(sounding(program), 100))
    assert page.errors == []


def test_a_guitar_is_struck_where_the_notes_are_and_nowhere_else(
    sounding: Callable[[int], Any], bare: Callable[..., BarePage]
) -> None:
    """Its partials swell while it rings, which a spectrum takes for onsets; what is struck gets louder."""
    page = bare()
    root = page.show(mv.PianoRoll(sounding(24), tempo=100))
    warm_up(page.page, root)
    tape = play(page.page, root, 5.0)
    expected = starts(sounding(24), 100)
    heard = listening.onsets(tape, from_silence=True)
    missing, extra = listening.compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert max((listening.rise(tape, heard[0] + second) for second in extra), default=0.0) < 1.1
    # The measure does see a strike.
    assert min(listening.rise(tape, heard[0] + second) for second in expected - expected[0]) > 1.1
    assert 0.3 < tape.peak <= 1.0


def test_builtin_sound_plays_at_once_and_when_the_instruments_fail(
    clips: list[Any], bare: Callable[..., BarePage]
) -> None:
    roll = mv.PianoRoll(clips[0], tempo=100)
    roll._handlers["asset"] = lambda name, **more: messages.asset("none", **more)
    page = bare()
    root = page.show(roll)
    root.get_by_role("button", name="Play", exact=True).click()
    page.page.wait_for_function("() => window.__tape?.ready", timeout=10_000)
    root.get_by_role("button", name="Stop").click()
    page.page.wait_for_timeout(500)
    check(play(page.page, root, 5.0), starts(clips[0].sequence, 100))
    assert root.get_attribute("data-engine") == "builtin"


def test_slider_changes_at_the_bar_line_without_a_gap(
    model: Any, clips: list[Any], bare: Callable[..., BarePage]
) -> None:
    slider = mv.InterpolationSlider(model, *clips, tempo=120)
    page = bare()
    root = page.show(slider)
    warm_up(page.page, root)
    listening.erase(page.page)
    root.get_by_role("button", name="Play", exact=True).click()
    listening.wait(page.page, 2.5)  # in the second bar of the first round: bars last 2 s at 120
    handle = root.get_by_role("slider", name="Step between A and B")
    handle.focus()
    handle.press("End")
    listening.wait(page.page, 8.0)
    tape = listening.read(page.page)
    root.get_by_role("button", name="Stop").click()
    expected = np.concatenate([starts(slider.sequences[0], 120), 4 + starts(slider.sequences[-1], 120)])
    heard = listening.onsets(tape)
    heard -= heard[0]
    missing, extra = listening.compare(heard[heard < 7.9], expected[expected < 7.9])
    assert not missing
    assert not extra
    assert 0.3 < tape.peak <= 1.0
    assert slider.value == 1.0


def test_one_widget_plays_at_a_time(clips: list[Any], bare: Callable[..., BarePage]) -> None:
    page = bare()
    one, two = (page.show(mv.PianoRoll(clip, loop=True)) for clip in clips)
    warm_up(page.page, one)
    one.get_by_role("button", name="Play", exact=True).click()
    page.page.wait_for_timeout(500)
    assert one.get_attribute("data-playing") == "true"
    two.get_by_role("button", name="Play", exact=True).click()
    page.page.wait_for_timeout(500)
    assert (one.get_attribute("data-playing"), two.get_attribute("data-playing")) == ("false", "true")
    assert two.get_attribute("data-engine") == "soundfont", "the instruments came once for the whole page"
    assert page.page.evaluate("() => Object.keys(globalThis).filter(k => k.startsWith('__mvae')).length") == 1
