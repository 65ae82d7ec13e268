"""What a page sends to the speakers, recorded and compared with the notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.browser import listening
from tests.browser.conftest import Notebook

SETUP = """
import json
import mvae_widgets as mv
model = mv.load("melody-2bar")
a, b = (model.clips(mv.read(mv.tunes.path(n)))[0] for n in ("soldiers-joy", "fishers-hornpipe"))
def starts(sequence, qpm):
    first = sequence.tempos[0].qpm if sequence.tempos else 120.0
    return sorted({round(n.start_time * first / qpm, 6) for n in sequence.notes})
"""


def starts(notebook: Notebook, expression: str) -> np.ndarray[Any, Any]:
    return np.array(json.loads(notebook.python(f"print(json.dumps({expression}))")))


def play(notebook: Notebook, widget: Any, seconds: float) -> listening.Tape:
    """Press play with an empty tape, listen, press stop."""
    listening.erase(notebook.page)
    widget.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_timeout(1000 * seconds)
    tape = listening.read(notebook.page)
    widget.get_by_role("button", name="Stop").click()
    notebook.page.wait_for_timeout(600)
    return tape


def warm_up(notebook: Notebook, widget: Any) -> None:
    """Play once so that the instruments arrive and the recorder runs."""
    widget.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_function(
        "e => e.dataset.engine === 'soundfont' && window.__tape.ready", arg=widget.element_handle(), timeout=30_000
    )
    widget.get_by_role("button", name="Stop").click()
    notebook.page.wait_for_timeout(500)


def check(tape: listening.Tape, expected: np.ndarray[Any, Any]) -> None:
    heard = listening.onsets(tape, from_silence=True)
    assert len(heard), "silence"
    missing, extra = listening.compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert not extra
    assert 0.3 < tape.peak <= 1.0


@pytest.mark.parametrize("program", [0, 12])
def test_onsets_are_where_the_notes_are(open_notebook: Callable[..., Notebook], program: int) -> None:
    cells = [SETUP, f"s = a.sequence\nfor n in s.notes: n.program = {program}\nmv.PianoRoll(s, tempo=100)"]
    notebook = open_notebook(cells)
    notebook.run_all()
    roll = notebook.widget(0)
    warm_up(notebook, roll)
    check(play(notebook, roll, 6.0), starts(notebook, "starts(s, 100)"))
    assert not notebook.errors


def test_a_guitar_is_struck_where_the_notes_are_and_nowhere_else(open_notebook: Callable[..., Notebook]) -> None:
    """Its partials swell while it rings, which a spectrum takes for onsets; what is struck gets louder."""
    cells = [SETUP, "s = a.sequence\nfor n in s.notes: n.program = 24\nmv.PianoRoll(s, tempo=100)"]
    notebook = open_notebook(cells)
    notebook.run_all()
    roll = notebook.widget(0)
    warm_up(notebook, roll)
    tape = play(notebook, roll, 6.0)
    expected = starts(notebook, "starts(s, 100)")
    heard = listening.onsets(tape, from_silence=True)
    missing, extra = listening.compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert max((listening.rise(tape, heard[0] + second) for second in extra), default=0.0) < 1.1
    # The measure does see a strike.
    assert min(listening.rise(tape, heard[0] + second) for second in expected - expected[0]) > 1.1
    assert 0.3 < tape.peak <= 1.0


def test_builtin_sound_plays_at_once_and_when_the_instruments_fail(open_notebook: Callable[..., Notebook]) -> None:
    fail = (
        "from mvae_widgets.widgets import messages\ndef none(name, base64=False): raise mv.MusicVAEError('gone', '')\n"
    )
    cells = [SETUP, fail + "roll = mv.PianoRoll(a, tempo=100)\nroll._handlers['asset'] = none\nroll"]
    notebook = open_notebook(cells)
    notebook.run_all()
    roll = notebook.widget(0)
    roll.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_function("() => window.__tape?.ready", timeout=10_000)
    roll.get_by_role("button", name="Stop").click()
    notebook.page.wait_for_timeout(500)
    check(play(notebook, roll, 6.0), starts(notebook, "starts(a.sequence, 100)"))
    assert roll.get_attribute("data-engine") == "builtin"


def test_slider_changes_at_the_bar_line_without_a_gap(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook([SETUP, "slider = mv.InterpolationSlider(model, a, b, tempo=120)\nslider"])
    notebook.run_all()
    slider = notebook.widget(0)
    warm_up(notebook, slider)
    listening.erase(notebook.page)
    slider.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_timeout(2600)  # in the second bar of the first round: bars last 2 s at 120
    handle = slider.get_by_role("slider", name="Step between A and B")
    handle.focus()
    handle.press("End")
    notebook.page.wait_for_timeout(5900)
    tape = listening.read(notebook.page)
    slider.get_by_role("button", name="Stop").click()
    first = starts(notebook, "starts(slider.sequences[0], 120)")
    last = starts(notebook, "starts(slider.sequences[-1], 120)")
    expected = np.concatenate([first, 4 + last])
    heard = listening.onsets(tape)
    heard -= heard[0]
    missing, extra = listening.compare(heard[heard < 7.9], expected[expected < 7.9])
    assert not missing
    assert not extra
    assert 0.3 < tape.peak <= 1.0
    assert notebook.python("print(slider.value)") == "1.0"


def test_one_widget_plays_at_a_time(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook([SETUP, "mv.PianoRoll(a, loop=True)", "mv.PianoRoll(b, loop=True)"])
    notebook.run_all()
    one, two = notebook.widget(0), notebook.widget(1)
    warm_up(notebook, one)
    one.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_timeout(800)
    assert one.get_attribute("data-playing") == "true"
    two.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_timeout(800)
    assert (one.get_attribute("data-playing"), two.get_attribute("data-playing")) == ("false", "true")
    assert two.get_attribute("data-engine") == "soundfont", "the instruments came once for the whole page"
    assert notebook.page.evaluate("() => Object.keys(globalThis).filter(k => k.startsWith('__mvae')).length") == 1
