"""The piano roll as an editor: every gesture, by mouse and by keyboard, reaches Python and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser.hand import START, Hand, beat, edit

__all__ = ["edit"]

C, D, E, F, G = (pitch for pitch, _, _ in START)


def test_a_viewer_stays_one_until_edit_is_pressed(edit: Callable[..., Hand]) -> None:
    hand = edit(edit=False)
    assert hand.root.locator(".mv-edit-row").is_hidden()
    hand.low, hand.high = 56, 71
    hand.click(hand.at(70, 0.5))
    assert hand.notes == START
    hand.button("Edit")
    assert hand.roll.edit
    assert hand.root.locator(".mv-edit-row").is_visible()
    hand.roll.edit = False
    hand.bare.flush()
    hand.root.locator(".mv-edit-row").wait_for(state="hidden")
    assert not hand.bare.errors


def test_a_click_draws_a_step_and_a_drag_its_length(edit: Callable[..., Hand]) -> None:
    hand = edit(takes=None)
    hand.click(hand.at(70, 0.6))
    assert hand.notes == [(C, 0, 1), (70, 0.5, 0.75), *START[1:]]
    hand.says("A♯4, bar 1 beat 1, sixteenth")
    hand.drag(hand.at(69, 4.1), hand.at(69, 5.2), hand.at(69, 5.9))
    assert (69, 4, 6) in hand.notes
    assert len(hand.seen) == 2, "each gesture reaches Python once"
    note = next(n for n in hand.roll.sequence.notes if n.pitch == 69)
    assert (note.velocity, note.instrument, note.is_drum) == (90, hand.roll.sequence.notes[0].instrument, False)
    assert hand.roll.sequence.sequence_metadata.title == "Test"
    assert hand.selected == 1
    assert not hand.bare.errors


def test_where_one_note_sounds_at_a_time_the_one_in_hand_wins(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.drag(hand.at(70, 0.55), hand.at(70, 2.4))
    # The C that still sounds ends there; D and E, which begin while it sounds, give way.
    assert hand.notes == [(C, 0, 0.5), (70, 0.5, 2.5), *START[3:]]
    assert hand.roll._refused == []
    hand.press("Control+z")
    assert hand.notes == START


def test_notes_move_and_are_pulled(edit: Callable[..., Hand]) -> None:
    hand = edit(takes=None)
    hand.drag(hand.at(D, 1.5), hand.at(D + 3, 1.5), hand.at(D + 3, 2.02))
    assert (D + 3, 1.5, 2.5) in hand.notes
    hand.drag(hand.at(G, 7.97), hand.at(G, 5.98))
    assert (G, 4, 6) in hand.notes
    hand.drag(hand.at(G, 4.02), hand.at(G, 4.6))
    assert (G, 4.5, 6) in hand.notes
    # Several together, and no further than the clip goes.
    hand.press("Control+a")
    hand.drag(hand.at(C, 0.5), hand.at(C - 1, 5))
    assert hand.notes[0] == (C - 1, 2, 3)
    assert max(end for _, _, end in hand.notes) == 8
    for _ in range(4):
        hand.press("Control+z")
    assert hand.notes == START
    assert not hand.bare.errors


def test_notes_are_deleted(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.mouse.dblclick(*hand.at(D, 1.5))
    hand.rest()
    assert hand.notes == [START[0], *START[2:]]
    hand.click(hand.at(E, 2.5))
    hand.press("Delete")
    assert hand.notes == [START[0], *START[3:]]
    hand.says("1 note deleted")
    hand.click(hand.at(F, 3.5))
    hand.button("Delete (Delete)")
    assert len(hand.notes) == 2
    hand.press("Control+a", "Backspace")
    assert hand.notes == []
    assert "No notes yet" in hand.status
    for _ in range(4):
        hand.button("Undo")
    assert hand.notes == START
    hand.button("Redo")
    hand.press("Shift+Control+Z", "Control+y")
    assert len(hand.notes) == 2


def test_notes_are_selected(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.page.keyboard.down("Shift")
    hand.drag(hand.at(D + 1, 0.5), hand.at(C - 1, 1.5))
    assert hand.selected == 2
    hand.drag(hand.at(G + 1, 3.5), hand.at(E - 0.4, 4.5))
    assert hand.selected == 4, "Shift adds"
    hand.click(hand.at(C, 0.5))
    assert hand.selected == 3, "and takes away what is clicked again"
    hand.page.keyboard.up("Shift")
    hand.press("Escape")
    assert hand.selected == 0
    # The pointer needs no Shift: for fingers.
    hand.button("Pointer")
    hand.drag(hand.at(70, 0.2), hand.at(57, 2.5))
    assert hand.selected == 3
    hand.click(hand.at(72, 7))
    assert hand.selected == 0
    hand.press("Control+a")
    assert hand.selected == 5
    hand.says("5 notes selected")
    assert hand.seen == [], "a selection is no change"


def test_copy_paste_and_duplicate(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.page.keyboard.down("Shift")
    hand.drag(hand.at(E, 0.3), hand.at(C, 1.5))
    hand.page.keyboard.up("Shift")
    hand.press("Control+c", "Control+v")
    assert hand.notes == [*START[:2], (C, 2, 3), (D, 3, 4), START[4]], "they go on where the copied end"
    hand.press("Control+z", "Control+a", "Control+d")
    assert hand.notes == [*START, *((pitch, start + 8, end + 8) for pitch, start, end in START)]
    assert hand.roll.sequence.total_time == 8, "the clip grew by whole bars"
    assert hand.root.locator(".mv-meta").inner_text() == "4 bars · 10 notes"
    hand.press("Control+z")
    assert hand.roll._score["quarters"] == 8
    # Cut, the playhead set by a click in the ruler, paste there.
    hand.click(hand.at(G, 4.5))
    hand.press("Control+x")
    assert hand.notes == START[:4]
    x, _ = hand.at(G, 6.05)
    hand.click((x, hand.stage.bounding_box()["y"] + 8))
    hand.press("Control+v")
    assert hand.notes == [*START[:4], (G, 6, 10)]
    # From one widget to another, whose track is of another instrument.
    other = Hand(hand.bare, mv.PianoRoll(mv.tunes.load("low-road"), edit=True))
    before = len(other.notes)
    other.press("Control+v")
    assert len(other.notes) == before + 1 or len(other.notes) == before
    assert {n.program for n in other.roll.sequence.notes} == {33}
    assert not hand.bare.errors


def test_velocity_by_lane_and_wheel(edit: Callable[..., Hand]) -> None:
    hand = edit()
    lane = hand.root.locator(".mv-velocity").bounding_box()
    x = [hand.at(C, start)[0] + 2 for _, start, _ in START]
    # Down to the middle, then across the next two: they take the height of the pointer.
    hand.drag((x[0], lane["y"] + 10), (x[0], lane["y"] + 27), (x[2] + 2, lane["y"] + 27))
    velocities = [n.velocity for n in hand.roll.sequence.notes]
    assert velocities[:3] == pytest.approx([64, 64, 64], abs=4)
    assert velocities[3:] == [80, 80] or velocities[3:] == [velocities[4]] * 2
    assert len(hand.seen) == 1
    hand.mouse.move(*hand.at(G, 5))
    hand.page.keyboard.down("Alt")
    for _ in range(4):
        hand.mouse.wheel(0, -100)
    hand.rest()
    hand.page.keyboard.up("Alt")
    assert hand.roll.sequence.notes[4].velocity == velocities[4] + 24
    hand.says("Velocity")
    hand.press("Control+z")
    assert hand.roll.sequence.notes[4].velocity == velocities[4], "one turn of the wheel is one step"


def test_the_grid_from_a_bar_to_a_32nd(edit: Callable[..., Hand]) -> None:
    hand = edit(takes=None)
    snap = hand.root.locator(".mv-edit-snap")
    for value, length in (("bar", 4), ("2", 2), ("4", 1), ("8", 0.5), ("16", 0.25), ("32", 0.125)):
        snap.select_option(value)
        hand.click(hand.at(71, 4.05))
        assert (71, 4, 4 + length) in hand.notes
        hand.press("Control+z")
    snap.select_option("off")
    hand.drag(hand.at(71, 4.3), hand.at(71, 4.9))
    ((start, end),) = ((start, end) for pitch, start, end in hand.notes if pitch == 71)
    assert (start, end) == (pytest.approx(4.3, abs=0.02), pytest.approx(4.9, abs=0.02))
    assert hand.root.get_by_role("button", name="Put on the grid").is_disabled()
    snap.select_option("4")
    hand.press("Escape", "q")
    assert (71, 4, 5) in hand.notes
    hand.says("All notes are on the grid")


def test_transposing_and_bars(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.button("Up an octave")
    assert [pitch for pitch, _, _ in hand.notes] == [72, 74, 76, 77, 79]
    hand.button("Down a semitone")
    assert hand.notes[0][0] == 71
    hand.press("Control+z")
    assert hand.notes == START, "in one go they are one step"
    hand.button("Add a bar")
    assert hand.roll._score["quarters"] == 12
    hand.button("Remove the last bar")
    hand.button("Remove the last bar")
    assert hand.notes == START[:4]
    assert hand.roll.sequence.total_time == 2
    assert not hand.bare.errors


def test_without_a_mouse(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.press("v", "ArrowRight")
    hand.says("C4, bar 1 beat 1, quarter")
    hand.press("ArrowRight", "ArrowRight")
    hand.says("E4, bar 1 beat 3, quarter")
    hand.press("Alt+ArrowUp")
    assert hand.notes[2] == (65, 2, 3)
    hand.says("F4, bar 1 beat 3, quarter")
    hand.press("Shift+Alt+ArrowDown", "[", "[", "Alt+ArrowRight")
    assert hand.notes[2] == (53, 2.25, 2.75)
    hand.press(".", ".")
    hand.says("Velocity 96")
    hand.press("Shift+ArrowLeft")
    assert hand.selected == 2
    hand.press("End")
    hand.says("G4, bar 2 beat 1, whole note")
    hand.press("Delete")
    # The pencil: its cell goes over the grid, and says what is there.
    hand.press("b", "ArrowRight")
    hand.says("F4, bar 1 beat 4, quarter")
    for _ in range(4):
        hand.press("ArrowRight")
    hand.says("F4, bar 2 beat 1, sixteenth")
    hand.press("Enter")
    assert len(hand.notes) == 5
    assert hand.notes[-1] == (65, 4, 4.25)
    hand.press("Escape", "Escape")
    assert hand.selected == 0
    assert not hand.bare.errors


def test_toolbars_are_one_stop_each(edit: Callable[..., Hand]) -> None:
    hand = edit()
    focused = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.className"
    hand.root.get_by_role("button", name="Pencil").focus()
    hand.page.keyboard.press("ArrowRight")
    assert hand.page.evaluate(focused).startswith("Pointer")
    hand.page.keyboard.press("Enter")
    stops = []
    for _ in range(5):
        hand.page.keyboard.press("Tab")
        stops.append(hand.page.evaluate(focused).split(",")[0].split(" (")[0].split(":")[0])
    assert stops == ["Edit", "Test", "Grid", "Put on the grid", "Play"]
    # A button that is done with gives the focus to the stage.
    hand.press("Control+a")
    hand.root.get_by_role("button", name="Delete").focus()
    hand.page.keyboard.press("Enter")
    hand.rest()
    assert hand.notes == []
    assert hand.page.evaluate(focused).startswith("Test")


def test_drums_are_a_step_grid(edit: Callable[..., Hand]) -> None:
    hand = edit(beat(), None)
    snare = 7
    hand.click(hand.hit(snare, 4))
    assert (38, 1, 1.25) in hand.notes
    hand.says("Snare, bar 1 beat 2")
    hand.click(hand.hit(snare, 4))
    assert len(hand.notes) == 10
    # A drag paints what is not there, and from a hit it wipes.
    hand.drag(hand.hit(0, 0), hand.hit(0, 7))
    assert [start for pitch, start, _ in hand.notes if pitch == 51] == [step / 4 for step in range(8)]
    hand.drag(hand.hit(2, 4), hand.hit(2, 15))
    assert [start for pitch, start, _ in hand.notes if pitch == 42] == [0, 0.5]
    # Up and down: the velocity, of a hit that is there and of one just made.
    x, y = hand.hit(8, 0)
    hand.drag((x, y), (x, y - 30))
    assert next(n for n in hand.roll.sequence.notes if n.pitch == 36).velocity == pytest.approx(104, abs=2)
    x, y = hand.hit(snare, 12)
    hand.drag((x, y), (x, y + 50))
    assert next(n for n in hand.roll.sequence.notes if n.pitch == 38).velocity == pytest.approx(50, abs=2)
    assert hand.root.locator(".mv-velocity").is_hidden()
    assert len(hand.seen) == 6
    # And by keys.
    hand.press("ArrowRight", "ArrowUp", "Enter")
    assert len(hand.seen) == 7
    assert all(n.is_drum for n in hand.roll.sequence.notes)
    assert not hand.bare.errors


def test_what_python_sets_is_one_step(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.press("Control+a", "Alt+ArrowUp")
    moved = hand.notes
    waltz = mv.read("X:1\nT:Waltz\nM:3/4\nL:1/4\nQ:1/4=90\nK:C\nceg|c'3|\n")
    hand.roll.sequence = waltz
    hand.bare.flush()
    hand.page.wait_for_function("() => document.querySelector('.mv-root').dataset.notes === '4'")
    hand.press("Control+z")
    assert hand.notes == moved, "in the first one's tempo and meter"
    assert hand.roll.sequence.time_signatures[0].numerator == 4
    assert hand.roll.sequence.sequence_metadata.title == "Test"
    hand.press("Control+y")
    assert [pitch for pitch, _, _ in hand.notes] == [n.pitch for n in waltz.notes]
    assert hand.roll.sequence.time_signatures[0].numerator == 3
    assert hand.roll.sequence.tempos[0].qpm == pytest.approx(90)
    hand.press("Control+z", "Control+z")
    assert hand.notes == START
    assert hand.root.get_by_role("button", name="Undo").is_disabled()


def test_what_the_model_refuses_is_mended_by_a_click(edit: Callable[..., Hand], model: Any) -> None:
    hand = edit("X:1\nT:Too much\nM:4/4\nL:1/4\nK:C\nCE[Gce]c|C,,,,,CEG|cccc|\n")
    assert "under a higher one" in hand.status
    assert len(hand.roll._refused) == 3
    hand.button("Keep the top line")
    assert "below the model's range" in hand.status
    hand.button("Fold into range")
    assert "takes 2 bars at a time" in hand.status
    assert hand.roll._refused == []
    hand.button("Keep bars 1 and 2")
    assert hand.status == ""
    clips = model.clips(hand.roll.sequence)
    assert (len(clips), clips.refused) == (1, ())
    assert [pitch for pitch, _, _ in hand.notes] == [60, 64, 76, 72, 24, 60, 64, 67]
    for _ in range(3):
        hand.button("Undo")
    assert len(hand.notes) == 14
    assert "under a higher one" in hand.status


def test_a_kernel_that_is_gone_loses_nothing(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.bare.answering = False
    hand.press("Control+a", "Alt+ArrowUp")
    hand.page.wait_for_timeout(500)
    assert "Kernel busy" in hand.status
    hand.click(hand.at(70, 7))
    # What the page saves while nobody answers is what the kernel finds when it is back.
    saved = [request["traits"]["_notes"] for request in hand.bare.requests if "_notes" in request.get("traits", {})]
    assert len(saved) == 2
    assert hand.root.get_attribute("data-notes") == "6"


def test_two_views_are_one_roll(edit: Callable[..., Hand]) -> None:
    hand = edit()
    hand.page.evaluate(
        "() => { const el = document.createElement('div'); el.id = 'other'; document.body.append(el);"
        " window.mounted.w0.view(el); }"
    )
    hand.press("Control+a", "Delete")
    other = hand.page.locator("#other .mv-root")
    assert other.get_attribute("data-notes") == "0"
    other.locator(".mv-stage").press("Control+z")
    hand.rest()
    assert hand.notes == START
    assert hand.root.get_attribute("data-notes") == "5"


def test_random_gestures_and_back(edit: Callable[..., Hand]) -> None:
    """Whatever is done, undo back to the start restores the start exactly, on both sides."""
    hand = edit()
    before, table = hand.roll._notes, hand.notes
    random = np.random.default_rng(5)
    keys = [
        "Alt+ArrowUp",
        "Alt+ArrowLeft",
        "]",
        "[",
        ".",
        "q",
        "Control+d",
        "Control+c",
        "Control+v",
        "Delete",
        "v",
        "b",
    ]
    keys += ["Control+a", "ArrowRight", "Enter", "Control+z", "Shift+Control+Z", "Escape"]
    for _ in range(60):
        here = hand.at(random.integers(56, 72), random.uniform(0.1, 7.9))
        there = hand.at(random.integers(56, 72), random.uniform(0.1, 7.9))
        what = random.integers(4)
        if what == 0:
            hand.mouse.click(*here)
        elif what == 1:
            hand.mouse.move(*here)
            hand.mouse.down()
            hand.mouse.move(*there, steps=3)
            hand.mouse.up()
        else:
            hand.stage.press(str(random.choice(keys)))
    undo = hand.root.get_by_role("button", name="Undo")
    for _ in range(200):
        if undo.is_disabled():
            break
        hand.stage.press("Control+z")
    hand.rest()
    assert undo.is_disabled()
    assert hand.notes == table
    assert hand.roll._notes == before
    assert hand.roll._score["quarters"] == 8
    assert not hand.bare.errors
