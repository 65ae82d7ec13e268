"""What comes into the editor from outside: files, MIDI keyboards, fingers; and what it sounds like meanwhile."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pretty_midi
import pytest

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.hand import START, Hand, beat, edit

__all__ = ["edit"]

DROP = """
([el, name, data, times]) => {
  const one = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File(Array(times).fill(one), name));
  for (const type of ["dragenter", "dragover", "drop"])
    el.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}
"""
MIDI = """
() => {
  const port = { id: "1", onmidimessage: null };
  const access = { inputs: new Map([["1", port]]), onstatechange: null };
  navigator.requestMIDIAccess = async () => access;
  window.midi = (...data) =>
    port.onmidimessage({ data: new Uint8Array(data), timeStamp: performance.now() });
}
"""


def drop(hand: Hand, name: str, data: bytes, times: int = 1) -> None:
    """Drop a file of some bytes, so many times one after another."""
    el = hand.root.locator(".mv-stage").element_handle()
    hand.page.evaluate(DROP, [el, name, base64.b64encode(data).decode(), times])


def wait_for_notes(hand: Hand, count: int) -> None:
    check = "([root, n]) => root.dataset.notes === String(n)"
    hand.page.wait_for_function(check, arg=[hand.root.element_handle(), count], timeout=20_000)
    hand.rest()


def wait_for_beat(hand: Hand, quarter: float) -> None:
    check = "([root, q]) => root.dataset.playing === 'true' && Number(root.dataset.playhead) >= q"
    hand.page.wait_for_function(check, arg=[hand.root.element_handle(), quarter], timeout=20_000)


def test_files_are_dropped(edit: Callable[..., Hand], fixtures: Path) -> None:
    hand = edit()
    abc = Path(mv.__file__).parent / "tunes" / "frere-jacques.abc"
    for path in (mv.tunes.path("soldiers-joy"), abc, fixtures / "music" / "two_parts.musicxml"):
        count = len(mv.read(path).notes)
        drop(hand, path.name, path.read_bytes())
        wait_for_notes(hand, count)
        assert len(hand.roll.sequence.notes) == count
    for _ in range(3):
        hand.press("Control+z")
    assert hand.notes == START, "a file is one step"
    # A file chosen by the button comes the same way.
    hand.root.locator("input[type=file]").set_input_files(mv.tunes.path("low-road"))
    wait_for_notes(hand, len(mv.tunes.load("low-road").notes))
    assert hand.root.locator(".mv-title").inner_text() == hand.roll.title
    assert not hand.bare.errors


def test_files_that_cannot_be_taken_are_said_and_nothing_is_lost(edit: Callable[..., Hand]) -> None:
    hand = edit()
    drop(hand, "broken.mid", mv.tunes.path("soldiers-joy").read_bytes()[:150])
    hand.page.wait_for_function("() => document.querySelector('.mv-status').textContent.includes('broken.mid')")
    assert "ends too early" in hand.status
    sent = len(hand.bare.requests)
    drop(hand, "huge.mid", bytes(2**20), 20)
    hand.rest()
    assert "huge.mid has 20.0 MB" in hand.status
    assert "mv.read" in hand.status
    assert len(hand.bare.requests) == sent, "it is not sent at all"
    drop(hand, "photo.png", b"\x89PNG" + bytes(500_000))
    hand.page.wait_for_function("() => document.querySelector('.mv-status').textContent.includes(\"'photo.png'\")")
    pieces = [r["message"]["args"]["offset"] for r in hand.bare.requests if r.get("message", {}).get("op") == "upload"]
    assert pieces[-3:] == [0, 196608, 393216], "in pieces that every server takes"
    assert hand.notes == START
    hand.press("Control+a", "Alt+ArrowUp")
    assert "photo.png" not in hand.status, "the next edit clears it"


def test_a_drop_that_breaks_off(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.bare.answering = False
    drop(hand, "first.mid", bytes(400_000))
    hand.page.wait_for_function("() => document.querySelector('.mv-status').textContent.includes('first.mid 0%')")
    hand.bare.answering = True
    # The first never got an answer; what is drawn is not held up by it.
    hand.click(hand.at(70, 7.1))
    assert (70, 7, 7.25) in hand.notes
    # The next file takes its place, as soon as the kernel has answered for the piece that it was asked to take.
    drop(hand, "soldiers-joy.mid", mv.tunes.path("soldiers-joy").read_bytes())
    [piece] = [r["message"] for r in hand.bare.requests if r.get("message", {}).get("op") == "upload"]
    hand.page.evaluate("async m => window.models.w0.hear(await window.kernel('w0', { message: m }))", piece)
    wait_for_notes(hand, len(mv.tunes.load("soldiers-joy").notes))
    hand.press("Control+z")
    assert (70, 7, 7.25) in hand.notes
    assert not hand.bare.errors


def test_two_hundred_tracks(edit: Callable[..., Hand], bare: Callable[..., BarePage], tmp_path: Path) -> None:
    """From a file they are too many, and nothing is lost; from Python they are shown and played."""
    midi = pretty_midi.PrettyMIDI()
    for k in range(200):
        midi.instruments.append(pretty_midi.Instrument(k % 128, name=f"Part {k}"))
        midi.instruments[-1].notes.append(pretty_midi.Note(80, 40 + k % 48, 0.0, 1.0))
    midi.write(str(tmp_path / "many.mid"))
    hand = edit()
    drop(hand, "many.mid", (tmp_path / "many.mid").read_bytes())
    hand.page.wait_for_function("() => document.querySelector('.mv-status').textContent.includes('200 tracks')")
    assert hand.notes == START
    assert not hand.bare.errors
    page = bare()
    root = page.show(mv.PianoRoll(midi, loop=True))
    assert root.get_attribute("data-notes") == "200"
    root.locator(".mv-play").click()
    page.page.wait_for_function("e => e.dataset.playing === 'true'", arg=root.element_handle())
    root.get_by_role("button", name="More controls").click()
    assert root.locator(".mv-mixer-row").count() == 200
    assert root.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing stands out"
    root.get_by_role("button", name="Stop", exact=True).click()
    assert not page.errors


def test_a_viewer_takes_no_files(edit: Callable[..., Hand]) -> None:
    hand = edit(edit=False)
    drop(hand, "a.mid", mv.tunes.path("soldiers-joy").read_bytes())
    hand.page.wait_for_timeout(300)
    assert hand.notes == START


def test_a_midi_keyboard_is_recorded(edit: Callable[..., Hand]) -> None:
    hand = edit(mv.PianoRoll(edit=True).sequence, tempo=60.0)
    hand.warm_up()
    hand.page.evaluate(MIDI)
    hand.root.locator(".mv-edit-snap").select_option("4")
    hand.button("Record")
    hand.page.wait_for_function("() => document.querySelector('.mv-status').textContent.includes('MIDI keyboard')")
    assert hand.root.get_by_role("button", name="Record").get_attribute("aria-pressed") == "true"
    counted = "() => Number(document.querySelector('.mv-root').dataset.playhead) === 0"
    assert hand.page.evaluate(counted), "a bar is counted first"
    for quarter, pitch in ((1, 64), (4, 67)):
        wait_for_beat(hand, quarter)
        hand.page.evaluate("([p]) => midi(0x90, p, 101)", [pitch])
        wait_for_beat(hand, quarter + 1.9)
        hand.page.evaluate("([p]) => midi(0x90, p, 0)", [pitch])
    hand.button("Record")
    assert [pitch for pitch, _, _ in hand.notes] == [64, 67]
    # The test's own hand is late on a busy machine, and the grid is a quarter.
    assert [start for _, start, _ in hand.notes] == pytest.approx([1, 4], abs=1)
    assert all(1 <= end - start <= 3 for _, start, end in hand.notes)
    assert {n.velocity for n in hand.roll.sequence.notes} == {101}
    assert len(hand.seen) == 1, "a recording is one step"
    hand.press("Control+z")
    assert hand.notes == []
    assert not hand.bare.errors


def test_the_computer_keyboard_is_recorded_to_the_end(edit: Callable[..., Hand]) -> None:
    hand = edit(mv.PianoRoll(edit=True).sequence, tempo=60.0)
    hand.warm_up()
    hand.root.locator(".mv-edit-snap").select_option("4")
    hand.button("Record")
    keyboard = hand.page.keyboard
    wait_for_beat(hand, 1)
    keyboard.down("d")
    wait_for_beat(hand, 1.9)
    keyboard.up("d")
    keyboard.press("x")
    wait_for_beat(hand, 4)
    keyboard.down("a")
    # Held beyond the end of the clip, where the recording ends by itself.
    hand.page.wait_for_function("() => document.querySelector('.mv-root').dataset.playing === 'false'")
    hand.rest()
    assert [pitch for pitch, _, _ in hand.notes] == [64, 72]
    assert [start for _, start, _ in hand.notes] == pytest.approx([1, 4], abs=1)
    assert hand.notes[1][2] == 8
    keyboard.up("a")
    assert hand.status == ""
    # Without a recording the letters are the editor's again.
    hand.press("v")
    assert hand.root.get_by_role("button", name="Pointer").get_attribute("aria-pressed") == "true"


def test_drums_are_recorded_by_rows_of_keys(edit: Callable[..., Hand]) -> None:
    hand = edit(beat(), None, tempo=60.0)
    hand.warm_up()
    hand.button("Record")
    wait_for_beat(hand, 1)
    hand.page.keyboard.press("s")
    hand.press("Escape")
    hits = [(pitch, start) for pitch, start, _ in hand.notes if pitch == 38]
    assert len(hits) == 1
    assert hits[0][1] == pytest.approx(1.2, abs=0.4)


TOUCH = """
([el, type, id, x, y]) => el.dispatchEvent(new PointerEvent(type, {
  pointerId: id, pointerType: "touch", isPrimary: id === 1, button: type === "pointermove" ? -1 : 0,
  buttons: 1, clientX: x, clientY: y, bubbles: true, cancelable: true }))
"""


def test_a_finger_draws_and_two_fingers_zoom(edit: Callable[..., Hand]) -> None:
    hand = edit(takes=None)
    el = hand.stage.element_handle()
    # A made-up pointer cannot be captured.
    hand.page.evaluate("() => { Element.prototype.setPointerCapture = () => {}; }")

    def touch(kind: str, finger: int, place: tuple[float, float]) -> None:
        hand.page.evaluate(TOUCH, [el, f"pointer{kind}", finger, *place])

    touch("down", 1, hand.at(70, 1.1))
    touch("move", 1, hand.at(70, 1.9))
    touch("up", 1, hand.at(70, 1.9))
    hand.rest()
    assert (70, 1, 2) in hand.notes
    assert hand.stage.evaluate("e => getComputedStyle(e).touchAction") == "none"
    before = hand.notes
    touch("down", 1, hand.at(68, 4))
    touch("down", 2, hand.at(68, 5))
    touch("move", 2, hand.at(68, 7))
    hand.root.locator(".mv-scroll").wait_for()  # there while the stage is zoomed
    touch("up", 2, hand.at(68, 7))
    touch("up", 1, hand.at(68, 4))
    hand.rest()
    assert hand.notes == before, "what the first finger began is taken back"
    # A pointer that the browser takes away leaves nothing behind either.
    touch("down", 1, hand.at(66, 4))
    touch("cancel", 1, hand.at(66, 4))
    hand.rest()
    assert hand.notes == before
    assert hand.root.get_attribute("data-notes") == str(len(before))


def test_a_drawn_note_is_heard_and_playing_goes_on(edit: Callable[..., Hand]) -> None:
    hand = edit(takes=None, loop=True, tempo=120.0)
    hand.warm_up()
    listening.erase(hand.page)
    hand.click(hand.at(70, 6.1))
    hand.page.wait_for_timeout(500)
    assert listening.read(hand.page).peak > 0.1, "alone, while nothing plays"
    hand.press("Control+z")
    # Now while it plays: a note put just ahead of the playhead is heard when it comes to it.
    hand.root.locator(".mv-play").click()
    wait_for_beat(hand, 4.5)
    hand.drag(hand.at(72, 7.05), hand.at(72, 7.9))
    wait_for_beat(hand, 6.5)
    listening.erase(hand.page)
    hand.page.wait_for_timeout(700)
    tape = listening.read(hand.page)
    assert len(listening.onsets(tape)) >= 1
    assert hand.root.get_attribute("data-playing") == "true"
    hand.press("Control+a", "Delete")
    hand.page.wait_for_timeout(600)
    listening.erase(hand.page)
    hand.page.wait_for_timeout(600)
    assert listening.read(hand.page).peak < 0.05, "what is deleted is not heard any more"
    assert not hand.bare.errors


def test_editors_to_be_looked_at(model: Any, bare: Callable[..., BarePage], artefacts: Path) -> None:
    page = bare(height=2400, scale=2)
    tune = mv.tunes.load("devils-dream")
    rolls = [mv.PianoRoll(model=model, edit=True), mv.PianoRoll(model.clips(tune)[0], model, edit=True)]
    rolls += [mv.PianoRoll(beat(), edit=True), mv.PianoRoll(tune, model, edit=True)]
    roots = [page.show(roll) for roll in rolls]
    for root in roots:
        root.locator(".mv-stage").press("Control+a")
    for width, theme in page.looks(560, 800, 1100):
        for root in roots:
            assert root.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing stands out"
        page.page.screenshot(path=artefacts / f"editor-{width}-{theme}.png", full_page=True)
    assert not page.errors
