"""The Studio in a bare page: a piece is made, heard and undone, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi

import mvae_widgets as mv
from mvae_widgets.music.difference import difference
from mvae_widgets.widgets.base import score_of
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.frames import FramedPage
from tests.browser.test_access import AXE, RULES
from tests.browser.test_export_pages import Page

PARTS = ["map", "pad", "roll", "slider", "knobs", "compare"]
BAR = 2.0
"""Seconds of a bar at the tempo of all Studios here."""


class Bench:
    """A Studio in a page, and hands on it."""

    def __init__(self, page: BarePage, studio: mv.Studio) -> None:
        self.bare, self.page, self.studio = page, page.page, studio
        self.root = page.show(studio)
        self.root.locator("[data-part=roll] .mv-stage").wait_for()
        self.strip = self.root.locator(".mv-song-inner")

    def button(self, name: str) -> Any:
        return self.root.get_by_role("button", name=name, exact=True).first

    def tile(self, index: int) -> Any:
        return self.root.locator(".mv-tile-main").nth(index)

    def wait(self, **data: object) -> None:
        """Until the root says so, and the kernel has heard it."""
        for name, value in data.items():
            self.page.wait_for_function(
                "([e, name, value]) => e.dataset[name] === value", arg=[self.root.element_handle(), name, str(value)]
            )
        self.page.wait_for_timeout(150)

    def arranged(self, ids: list[int]) -> None:
        """Until the kernel's song is this."""
        for _ in range(50):
            if self.studio.arrangement == ids:
                break
            self.page.wait_for_timeout(100)
        assert self.studio.arrangement == ids

    def at(self, bar: float, y: float = 45) -> tuple[float, float]:
        box = self.strip.bounding_box()
        return box["x"] + bar * box["width"] / 16, box["y"] + y

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=4)
        mouse.up()

    def centre(self, locator: Any) -> tuple[float, float]:
        locator.scroll_into_view_if_needed()
        box = locator.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def make(model: Any, bare: Callable[..., BarePage], **how: Any) -> Bench:
    return Bench(bare(width=1100, height=1600, **how), mv.Studio(model, tempo=120.0, loop=False))


def written(studio: mv.Studio) -> list[tuple[int, float]]:
    """The notes of the song, from the kept clips alone: pitch and start in seconds."""
    clips = {clip.id: clip for clip in studio.kept}
    notes, start = [], 0.0
    for id in studio.arrangement:
        clip = clips[id].sequence
        pace = clip.tempos[0].qpm / 120
        notes += [(n.pitch, round(start + n.start_time * pace, 3)) for n in clip.notes]
        start += clips[id].bars * BAR
    return sorted(notes)


def read(path: Path) -> list[tuple[int, float]]:
    midi = pretty_midi.PrettyMIDI(str(path))
    return sorted((n.pitch, round(n.start, 3)) for part in midi.instruments for n in part.notes)


def near(got: list[tuple[int, float]], wanted: list[tuple[int, float]]) -> bool:
    """MIDI counts in ticks: times agree to the millisecond, near enough."""
    return [p for p, _ in got] == [p for p, _ in wanted] and np.allclose(
        [s for _, s in got], [s for _, s in wanted], atol=2e-3
    )


def export(bench: Bench, path: Path, press: Callable[[], None]) -> Path:
    with bench.page.expect_download(timeout=60_000) as download:
        press()
    download.value.save_as(path)
    return path


def test_eight_bars_by_mouse(model: Any, bare: Callable[..., BarePage], tmp_path: Path) -> None:
    bench = make(model, bare)
    studio, page = bench.studio, bench.page
    before = {name: bytes(studio.parts[name]._notes) for name in PARTS}
    assert [part.get_attribute("data-part") for part in bench.root.locator("[data-part]").all()] == PARTS
    # A place of the pad becomes the current clip, at once also in the roll; it is kept.
    square = bench.root.locator(".mv-pad-square")
    page.mouse.click(*bench.centre(square))
    bench.wait(leader="pad")
    roll = bench.root.locator("[data-part=roll] .mv-root")
    shown = int(roll.get_attribute("data-notes"))
    bench.button("Keep the current clip").click()
    bench.wait(kept=6)
    assert len(studio.kept[-1].sequence.notes) == len(studio.sequence.notes) == shown
    # Two clips by clicks, one dragged before them, one to the end: eight bars.
    bench.root.locator(".mv-song-drop").click()
    bench.root.get_by_role("button", name=f"Add {studio.kept[1].title} to the song").click()
    bench.drag(bench.centre(bench.tile(2)), bench.at(0.2))
    bench.drag(bench.centre(bench.tile(0)), bench.at(7))
    bench.arranged([3, 6, 2, 1])
    # The first goes behind the second, the last out and, undone, back.
    bench.drag(bench.at(1), bench.at(3.5))
    bench.arranged([6, 3, 2, 1])
    x, y = bench.at(7)
    bench.drag((x, y), (x, y - 250))
    bench.arranged([6, 3, 2])
    bench.button("Undo (Ctrl+Z)").click()
    bench.arranged([6, 3, 2, 1])
    bench.button("Export").click()
    path = export(bench, tmp_path / "song.mid", bench.root.get_by_role("menuitem", name="MIDI").click)
    assert near(read(path), written(studio))
    assert studio.song.total_time == 8 * BAR
    # A session is taken home, the song emptied, and the session brought back; what is no session says so.
    bench.button("Export").click()
    session = export(bench, tmp_path / "studio.mvae", bench.root.get_by_role("menuitem", name="Session, to").click)
    undoes = studio._undo
    bench.button("Empty the song").click()
    bench.arranged([])
    file = bench.root.locator("input[accept='.mvae']")
    file.set_input_files({"name": "bad.mvae", "mimeType": "application/zip", "buffer": b"nothing"})
    bench.root.locator(".mv-status", has_text="bad.mvae").wait_for()
    bench.button("Undo (Ctrl+Z)").click()
    bench.arranged([6, 3, 2, 1])
    file.set_input_files(session)
    # Pressed while the session still comes in pieces: first it is opened, and then that is undone.
    for _ in range(undoes + 1):
        page.keyboard.press("Control+z")
    bench.wait(kept=5, song=0, chosen=1)
    # To the start, where everything is what it was.
    assert (studio._undo, studio._redo) == (0, undoes + 1)
    assert {name: bytes(studio.parts[name]._notes) for name in PARTS} == before
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+z")
    bench.wait(kept=6)
    assert bench.bare.errors == []


def test_eight_bars_by_keys(model: Any, bare: Callable[..., BarePage], tmp_path: Path) -> None:
    bench = make(model, bare)
    page, studio = bench.page, bench.studio
    keys = page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(120):
            keys.press("Tab")
            if page.evaluate("s => document.activeElement?.matches(s)", selector):
                return
        raise AssertionError(f"Tab does not come to {selector}")

    tab_to(".mv-keep")
    keys.press("Enter")
    bench.wait(kept=6)
    tab_to(".mv-tile-main")
    for key in ("+", "ArrowRight", "+", "ArrowRight", "+", "End", "+"):
        keys.press(key)
    bench.arranged([1, 2, 3, 6])
    # The new clip is called something else, the first is taken to the second place, and one is chosen.
    keys.press("F2")
    keys.type("Reprise")
    keys.press("Enter")
    tab_to(".mv-song-clip")
    keys.press("Alt+ArrowRight")
    bench.arranged([2, 1, 3, 6])
    keys.press("ArrowLeft")
    keys.press("Enter")
    bench.wait(chosen=2)
    keys.press("End")
    keys.press("Delete")
    bench.arranged([2, 1, 3])
    keys.press("Control+z")
    bench.arranged([2, 1, 3, 6])
    assert studio.kept[-1].title == "Reprise"
    page.evaluate("document.activeElement.blur()")
    tab_to(".mv-export")
    keys.press("Enter")
    path = export(bench, tmp_path / "song.mid", lambda: keys.press("Enter"))
    assert near(read(path), written(studio))
    assert bench.bare.errors == []


def test_the_song_is_heard_without_a_gap(model: Any, bare: Callable[..., BarePage]) -> None:
    bench = make(model, bare)
    page, studio = bench.page, bench.studio
    studio.arrange([1, 2, 3, 1])
    bench.bare.flush()
    bench.button("Play the song").click()
    ready = "e => e.dataset.engine === 'soundfont' && window.__tape.ready"
    page.wait_for_function(ready, arg=bench.root.element_handle(), timeout=60_000)
    bench.button("Stop").click()
    page.wait_for_timeout(600)
    # Nobody is in the kernel: what is there plays.
    bench.bare.answering = False
    listening.erase(page)
    bench.button("Play the song").click()
    page.wait_for_timeout(5000)
    head = bench.root.locator(".mv-song-head").bounding_box()
    at = (head["x"] - bench.at(0)[0]) / (bench.at(1)[0] - bench.at(0)[0])
    assert abs(at - 5.0 / BAR) < 0.3
    page.wait_for_timeout(11_800)
    tape = listening.read(page)
    heard = listening.onsets(tape)
    expected = np.array(sorted({round(start, 5) for _, start in written(studio)}))
    missing, extra = listening.compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert max((listening.rise(tape, heard[0] + second) for second in extra), default=0.0) < 1.1
    assert 0.3 < tape.peak <= 1.0
    # Legato tunes: over no bar line is it silent for more than 5 ms.
    for line in BAR * np.arange(1, 8):
        centre = round((heard[0] + line - expected[0]) * tape.rate)
        around = np.abs(tape.samples[centre - 4000 : centre + 4000]) > 2e-4 * tape.peak
        silences = np.diff(np.flatnonzero(np.concatenate([[True], around, [True]])))
        assert silences.max() / tape.rate < 0.005
    assert bench.root.get_attribute("data-playing") == "false"
    assert bench.bare.errors == []


def test_is_open_to_all(model: Any, bare: Callable[..., BarePage], artefacts: Path) -> None:
    """Without complaint of axe in both themes and at all widths, in both languages."""
    studio = mv.Studio(model, tempo=120.0)
    studio.arrange([1, 2, 3])
    for dark, width, language in ((False, 1100, "en"), (True, 800, "zh"), (False, 600, "en")):
        studio.language = language
        page = bare(width=width, height=1200, dark=dark)
        bench = Bench(page, studio)
        bench.page.wait_for_timeout(500)
        assert bench.page.evaluate("document.documentElement.scrollWidth") <= width
        bench.page.add_script_tag(path=str(AXE))
        bench.root.locator(".mv-export").click()
        found = bench.page.evaluate("rules => axe.run('.mv-root', rules)", RULES)
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found["violations"]] == []
        bench.page.keyboard.press("Escape")
        bench.page.screenshot(path=str(artefacts / f"studio-{width}-{language}.png"), full_page=True)
        assert page.errors == []


def test_in_jupyterlab_one_comm_carries_all(open_notebook: Callable[..., Any], artefacts: Path) -> None:
    """Bytes of edits reach the kernel, saved state holds no part, and a page whose kernel died plays and arranges."""
    cells = [
        "import mvae_widgets as mv\nstudio = mv.Studio(mv.load('melody-2bar'), tempo=120.0)\nstudio",
    ]
    notebook = open_notebook(cells, theme="dark")
    notebook.page.set_viewport_size({"width": 1400, "height": 1500})
    notebook.run_all()
    root = notebook.page.locator(".mv-studio").first
    stage = root.locator("[data-part=roll] .mv-stage")
    stage.wait_for(timeout=90_000)
    notebook.page.wait_for_timeout(1000)
    notebook.page.screenshot(path=str(artefacts / "studio-lab-dark.png"))
    count = int(notebook.python("print(len(studio.sequence.notes))"))
    # A rest of the tune, high up: a note of its own.
    box = stage.bounding_box()
    notebook.page.mouse.click(box["x"] + 0.52 * box["width"], box["y"] + 40)
    notebook.wait_for("print(studio._current['part'], len(studio.sequence.notes) != 0, studio._undo)", "roll True 1")
    root.locator("[data-part=roll] .mv-stage").press("Control+z")
    notebook.wait_for("print(studio._undo, len(studio.sequence.notes))", f"0 {count}")
    root.locator(".mv-pad-square").click()
    notebook.wait_for("print(studio._current['part'])", "pad")
    root.locator(".mv-song-drop").click()
    notebook.wait_for("print(len(studio.arrangement), len(studio.kept))", "1 6")
    notebook.client.shutdown()
    root.locator(".mv-song-drop").click()
    root.get_by_role("button", name="Play the song").click()
    playing = "e => e.dataset.playing === 'true' && e.dataset.song === '2' && Number(e.dataset.playhead) > 1"
    notebook.page.wait_for_function(playing, arg=root.element_handle(), timeout=30_000)


def test_in_a_frame_of_its_own(model: Any, browser: Any) -> None:
    """As in Colab: no origin, no network, views into larger buffers; edits come and go through the one comm."""
    studio = mv.Studio(model, tempo=120.0)
    page = browser.new_page(viewport={"width": 900, "height": 1500})
    frame = FramedPage(page)
    root = frame.show(studio)
    stage = root.locator("[data-part=roll] .mv-stage")
    stage.wait_for()
    root.locator(".mv-pad-square").click()
    root.locator(".mv-song-drop").click()
    for _ in range(50):
        if len(studio.arrangement) == 1:
            break
        page.wait_for_timeout(100)
    assert (len(studio.arrangement), studio._current["part"]) == (1, "pad")
    before = len(studio.sequence.notes)
    stage.click()
    stage.press("Control+a")
    stage.press("Delete")
    for _ in range(50):
        # The click draws a note, and leads to the roll already.
        if not studio.sequence.notes:
            break
        page.wait_for_timeout(100)
    assert before > 0 == len(studio.sequence.notes)
    assert studio._current["part"] == "roll"
    assert frame.errors == []
    page.close()


def test_a_page_without_a_kernel_goes_on(model: Any, browser: Any, tmp_path: Path) -> None:
    """Parts decode, the roll follows, clips are kept and put in a row; it can be undone, and taken home as MIDI."""
    studio = mv.Studio(model, tempo=120.0, loop=False)
    page = Page(browser, studio.to_html(tmp_path / "studio.html"), accept_downloads=True).ready("worker")
    root = page.page.locator(".mv-studio")

    def wait(**data: object) -> None:
        for name, value in data.items():
            page.page.wait_for_function(
                "([e, name, value]) => e.dataset[name] === value", arg=[root.element_handle(), name, str(value)]
            )

    root.locator("[data-part=roll] .mv-stage").wait_for()
    wait(kept=5, chosen=1)
    begun = page.page.evaluate("window.mvaePage.model.get('_current').title")
    square = root.locator(".mv-pad-square")
    square.click()
    wait(leader="pad", chosen=-1)
    notes = root.locator("[data-part=pad] .mv-root").get_attribute("data-notes")
    assert root.locator("[data-part=roll] .mv-root").get_attribute("data-notes") == notes
    # The clip before that one is compared with it.
    told = difference(score_of(studio.sequence), score_of(studio.pad.sequences[3][3]))
    counts = f"{len(told.same)} notes the same, {len(told.missing)} missing, {len(told.added)} added"
    root.locator("[data-part=compare]").get_by_role("img", name=counts).wait_for()
    root.locator(".mv-keep").click()
    wait(kept=6)
    root.locator(".mv-song-drop").click()
    # A clip of the map, which nobody had decoded: the page finds the same music as Python does.
    here = root.locator("[data-part=map] .mv-root")
    root.locator("[data-part=map] .mv-map-stage").click()
    page.page.wait_for_function("e => e.dataset.value !== ''", arg=here.element_handle())
    point = studio.map.corpus[int(here.get_attribute("data-value"))]
    assert int(here.get_attribute("data-notes")) == len(point.sequence.notes)
    wait(leader="map", chosen=-1)
    root.locator(".mv-tile-main").nth(2).click()
    wait(chosen=3)
    root.locator(".mv-song-drop").click()
    wait(song=2)
    root.locator(".mv-export").click()
    with page.page.expect_download() as download:
        root.get_by_role("menuitem", name="MIDI").click()
    download.value.save_as(tmp_path / "song.mid")
    cell = [
        (n.pitch, round(n.start_time * studio.pad.sequence.tempos[0].qpm / 120, 3))
        for n in studio.pad.sequences[3][3].notes
    ]
    third = studio.kept[2]
    pace = third.sequence.tempos[0].qpm / 120
    tune = [(n.pitch, round(2 * BAR + n.start_time * pace, 3)) for n in third.sequence.notes]
    assert near(read(tmp_path / "song.mid"), sorted(cell + tune))
    root.get_by_label("Vary").click()
    root.locator(".mv-status", has_text="Only the notebook can do that").last.wait_for()
    for _ in range(6):
        page.page.keyboard.press("Control+z")
    wait(kept=5, song=0, chosen=1)
    assert page.page.evaluate("window.mvaePage.model.get('_current').title") == begun
    assert page.errors == []
