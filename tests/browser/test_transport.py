"""The transport by ear: what the page sends to the speakers, and to a MIDI output, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.bare import BarePage
from tests.browser.memory import measured
from tests.render import soundfont_file

Bare = Callable[..., BarePage]

# A clock that a hidden tab has: timers once a second, no frames, and the page says that it is hidden.
HIDDEN = """
for (const name of ["setInterval", "setTimeout"]) {
  const real = window[name];
  window[name] = (call, ms, ...rest) => real(call, window.__hide ? Math.max(1000, ms ?? 0) : ms, ...rest);
}
const frame = window.requestAnimationFrame.bind(window);
// What is asked for while the page is hidden comes when it is shown.
window.__frames = [];
window.requestAnimationFrame = (call) => (window.__hide ? -window.__frames.push(call) : frame(call));
window.__show = () => {
  window.__hide = false;
  for (const call of window.__frames.splice(0)) frame(call);
  document.dispatchEvent(new Event("visibilitychange"));
};
Object.defineProperty(Document.prototype, "hidden", { get: () => window.__hide === true });
"""
# Seconds of silence before the first sound that `listening.onsets` needs to see it rise.
LEAD = 0.2
MIDI = """
window.__midi = [];
const output = (id) => ({ id, name: `Synth ${id}`, send: (bytes, at) => window.__midi.push({ id, at, bytes }) });
navigator.requestMIDIAccess = async () => ({ outputs: new Map([["1", output("1")], ["2", output("2")]]) });
"""


@pytest.fixture
def sine(tmp_path: Path) -> Iterator[None]:
    """Instruments that are all a pure sine, which has no attack, no decay and one line in the spectrum."""
    mv.use_soundfont(soundfont_file.write(tmp_path / "sine.sf2"))
    yield
    mv.use_soundfont(None)


def sequence(rows: list[tuple[float, float, int, int]], qpm: float = 120, tracks: int = 1) -> Any:
    """A PrettyMIDI of (start, end in quarters, pitch, track), the last track being drums where there are three."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=qpm)
    for track in range(tracks):
        name = ("Melody", "Bass", "Drums")[track]
        midi.instruments.append(pretty_midi.Instrument(0, name == "Drums", name))
    for start, end, pitch, track in rows:
        midi.instruments[track].notes.append(pretty_midi.Note(100, pitch, start * 60 / qpm, end * 60 / qpm))
    return midi


def begin(page: BarePage, root: Any) -> None:
    """Play until the instruments are there and heard, and stop; then begin anew with an empty tape."""
    root.locator(".mv-play").first.click()
    page.page.wait_for_function(
        "e => e.dataset.engine === 'soundfont' && window.__tape.ready", arg=root.element_handle(), timeout=30_000
    )
    root.get_by_role("button", name="Stop").click()
    page.page.wait_for_timeout(600)
    again(page, root)


def again(page: BarePage, root: Any) -> None:
    listening.erase(page.page)
    root.locator(".mv-play").first.click()


def listen(page: BarePage, seconds: float, lead: float = 0.0) -> listening.Tape:
    """What is heard so far and for some seconds more, from the first sound on, after some seconds of silence."""
    listening.wait(page.page, seconds)
    tape = listening.read(page.page)
    loud = np.flatnonzero(np.abs(tape.samples) > 1e-3)
    assert len(loud), "silence"
    silence = np.zeros(round(lead * tape.rate), np.float32)
    return listening.Tape(np.concatenate([silence, tape.samples[loud[0] :]]), tape.rate)


def longest_gap(tape: listening.Tape) -> float:
    """Milliseconds of the longest stretch that is softer than a tenth of the usual; one period at the least counts."""
    period = round(tape.rate / 400)
    blocks = np.abs(tape.samples[: len(tape.samples) // period * period]).reshape(-1, period).max(axis=1)
    soft = np.concatenate([[0], (blocks < 0.1 * np.median(blocks)).astype(int), [0]])
    edges = np.flatnonzero(np.diff(soft)).reshape(-1, 2)
    return float((edges[:, 1] - edges[:, 0]).max(initial=0) * period / tape.rate * 1000)


def level(tape: listening.Tape, pitch: int, start: float, end: float) -> float:
    """Loudness of a pitch between two seconds, in decibels."""
    part = tape.samples[round(start * tape.rate) : round(end * tape.rate)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    bins = np.fft.rfftfreq(len(part), 1 / tape.rate)
    near = np.abs(bins / (441 * 2 ** ((pitch - 69) / 12)) - 1) < 0.02
    return float(10 * np.log10(spectrum[near].sum() / len(part) ** 2 + 1e-12))


def heard_at(tape: listening.Tape, expected: np.ndarray[Any, Any]) -> None:
    heard = listening.onsets(tape)
    heard -= heard[0]
    missing, extra = listening.compare(heard[heard < expected[-1] + 0.02], expected)
    assert (missing, extra) == ([], [])


@pytest.mark.usefixtures("sine")
def test_a_loop_region_comes_round_without_a_gap(bare: Bare) -> None:
    # Bar 2 of three, each of another pitch: only that one is to be heard.
    roll = mv.PianoRoll(sequence([(0, 4, 60, 0), (4, 8, 69, 0), (8, 12, 76, 0)]), loop=True, loop_region=[4, 8])
    page = bare()
    root = page.show(roll)
    begin(page, root)
    tape = listen(page, 7.5)
    assert longest_gap(tape) < 5
    assert level(tape, 69, 0, 7) > level(tape, 60, 0, 7) + 40
    assert level(tape, 69, 0, 7) > level(tape, 76, 0, 7) + 40
    assert 0.4 < tape.peak <= 1.0
    assert page.errors == []


@pytest.mark.usefixtures("sine")
def test_another_clip_at_the_bar_line_leaves_no_gap(bare: Bare) -> None:
    roll = mv.PianoRoll(sequence([(0, 4, 60, 0), (4, 8, 60, 0)]), loop=True)
    page = bare()
    root = page.show(roll)
    begin(page, root)
    page.page.wait_for_timeout(700)
    roll.sequence = sequence([(0, 4, 72, 0), (4, 8, 72, 0)])
    page.flush()
    tape = listen(page, 6)
    assert longest_gap(tape) < 5
    # The first bar is played to its end; from the line on it is the other clip.
    assert level(tape, 60, 0.1, 1.9) > level(tape, 72, 0.1, 1.9) + 30
    assert level(tape, 72, 2.1, 5.5) > level(tape, 60, 2.1, 5.5) + 30


@pytest.mark.usefixtures("sine")
def test_mute_solo_and_level_are_heard_at_once_and_leave_the_others_alone(bare: Bare) -> None:
    roll = mv.PianoRoll(sequence([(0, 16, 64, 0), (0, 16, 76, 1)], tracks=2), loop=True)
    page = bare()
    root = page.show(roll)
    begin(page, root)
    bass = root.locator(".mv-names")
    changes: list[Callable[[], None]] = [
        lambda: bass.get_by_role("button", name="Mute Bass").click(),
        lambda: bass.get_by_role("button", name="Mute Bass").click(),
        lambda: bass.get_by_role("button", name="Solo Bass").click(),
        lambda: bass.get_by_role("button", name="Solo Bass").click(),
        lambda: (roll.set_level("Bass", 0.5), page.flush())[1],
    ]
    mixes = []
    heard = []
    for change in [lambda: None, *changes]:
        change()
        page.page.wait_for_timeout(500)
        listening.erase(page.page)
        tape = listen(page, 0.7)
        heard.append((level(tape, 64, 0, 0.6), level(tape, 76, 0, 0.6)))
        mixes.append(list(roll.mix))
    (both, bass_full), muted, unmuted, solo, unsolo, half = heard
    # Those that go on, to half a decibel; those that are silent.
    ongoing = [muted[0] - both, unmuted[1] - bass_full, solo[1] - bass_full, unsolo[0] - both, half[0] - both]
    assert np.abs(ongoing).max() < 0.5
    assert muted[1] < bass_full - 40
    assert solo[0] < both - 40
    # Half the level is a quarter of the amplitude, as with the volume.
    assert abs(half[1] - bass_full + 12) < 1
    assert mixes == [[], [{}, {"mute": True}], [], [{}, {"solo": True}], [], [{}, {"level": 0.5}]]
    assert page.errors == []


def test_the_metronome_strikes_every_beat_higher_on_the_first(bare: Bare) -> None:
    roll = mv.PianoRoll(sequence([(0, 8, 60, 0)], qpm=100), loop=True, metronome=True, mix=[{"mute": True}])
    page = bare()
    root = page.show(roll)
    begin(page, root)
    tape = listen(page, 6.2, lead=LEAD)
    beats = np.arange(10) * 0.6
    heard_at(tape, beats)

    def pitch(second: float) -> float:
        start = round((LEAD + second) * tape.rate)
        part = tape.samples[start : start + round(0.03 * tape.rate)]
        return float(np.argmax(np.abs(np.fft.rfft(part, 8192))) * tape.rate / 8192)

    assert [round(pitch(beat) / 100) for beat in beats[:9]] == [18, 12, 12, 12, 18, 12, 12, 12, 18]


def test_swing_puts_eighths_off_the_beat_late(bare: Bare) -> None:
    hats = [(k / 2, k / 2 + 0.25, 42, 2) for k in range(16)]
    roll = mv.PianoRoll(sequence(hats, tracks=3), loop=True, swing=2 / 3)
    page = bare()
    root = page.show(roll)
    begin(page, root)
    straight = np.arange(14) // 2 * 0.5
    heard_at(listen(page, 4, lead=LEAD), straight + np.arange(14) % 2 * 0.5 * 2 / 3)


def test_a_bar_is_counted_before_the_music(bare: Bare) -> None:
    roll = mv.PianoRoll(sequence([(0, 1, 42, 2), (1, 2, 42, 2)], tracks=3), count_in=True)
    page = bare()
    root = page.show(roll)
    begin(page, root)
    heard_at(listen(page, 4, lead=LEAD), np.arange(6) * 0.5)


@pytest.mark.usefixtures("sine")
def test_a_page_in_the_background_plays_on(bare: Bare) -> None:
    page = bare()
    page.page.context.add_init_script(HIDDEN)
    page.page.reload()
    page.page.wait_for_selector("body[data-ready]")
    roll = mv.PianoRoll(sequence([(0, 4, 69, 0)]), loop=True, metronome=False)
    root = page.show(roll)
    begin(page, root)
    page.page.wait_for_timeout(500)
    page.page.evaluate("window.__hide = true")
    # A timer that was set before ticks as before: play anew while the page is hidden.
    page.page.evaluate("document.querySelector('.mv-play').click()")
    page.page.evaluate("document.querySelector('.mv-play').click()")
    # What was pressed is told with the timers of a hidden page.
    page.page.wait_for_timeout(2500)
    before, asked = measured(page.page), len(page.requests)
    listening.erase(page.page)
    tape = listen(page, 9)
    assert tape.seconds > 8
    assert longest_gap(tape) < 5
    # Nothing piles up meanwhile: no frames that are asked for, no messages, nothing that sounds or is shown.
    after = measured(page.page)
    assert page.page.evaluate("window.__frames.length") < 10
    assert len(page.requests) == asked
    assert after["Nodes"] == before["Nodes"]
    assert after["JSEventListeners"] == before["JSEventListeners"]
    assert after["AudioHandlers"] <= before["AudioHandlers"] + 6
    # Back in sight it shows where the music is.
    page.page.evaluate("window.__show()")
    playhead = "e => Number(e.dataset.playhead)"
    heads = []
    for _ in range(3):
        page.page.wait_for_timeout(700)
        heads.append(root.evaluate(playhead))
    assert len(set(heads)) == 3
    assert page.errors == []


def test_midi_out_gets_what_would_be_heard_and_the_page_is_silent(bare: Bare) -> None:
    page = bare()
    page.page.context.add_init_script(MIDI)
    page.page.reload()
    page.page.wait_for_selector("body[data-ready]")
    rows = [(0, 1, 60, 0), (1, 2, 64, 0), (2, 8, 67, 0), (0, 1, 36, 2), (1.5, 2, 42, 2)]
    root = page.show(mv.PianoRoll(sequence(rows, tracks=3)))
    root.get_by_role("button", name="More controls").click()
    root.get_by_label("Send the notes to a MIDI output").focus()
    page.page.wait_for_timeout(200)
    root.get_by_label("Send the notes to a MIDI output").select_option(label="Synth 2")
    begin(page, root)
    page.page.evaluate("window.__midi.length = 0")
    page.page.wait_for_timeout(300)
    root.get_by_role("button", name="Stop").click()
    page.page.evaluate("window.__midi.length = 0")
    page.page.wait_for_timeout(300)
    again(page, root)
    page.page.wait_for_timeout(2000)
    assert listening.read(page.page).peak < 1e-3
    root.get_by_role("button", name="Stop").click()
    sent = page.page.evaluate("window.__midi")
    assert {event["id"] for event in sent} == {"2"}
    notes = [event for event in sent if event["bytes"][0] >> 4 in (8, 9)]
    zero = notes[0]["at"]
    ons = [(round((e["at"] - zero) / 500, 2), *e["bytes"]) for e in notes if e["bytes"][0] >> 4 == 9]
    assert sorted(ons) == [
        (0, 0x90, 60, 100),
        (0, 0x99, 36, 100),
        (1, 0x90, 64, 100),
        (1.5, 0x99, 42, 100),
        (2, 0x90, 67, 100),
    ]
    offs = [(e["bytes"][0] & 15, e["bytes"][1]) for e in notes if e["bytes"][0] >> 4 == 8]
    assert sorted(offs) == sorted((on[1] & 15, on[2]) for on in ons), "every note ends, the one cut short too"
    ended = [event for event in sent if event["bytes"][1] == 123]
    assert {event["bytes"][0] for event in ended} == {0xB0, 0xB9}
    assert page.errors == []
