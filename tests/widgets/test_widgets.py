"""Widgets from the kernel's side, with a made-up model that needs no torch."""

from __future__ import annotations

import base64
import io
import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pretty_midi
import pytest
from PIL import Image

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, MusicVAEWarning, NothingToEncodeError
from mvae_widgets.music.clips import Clip, Clips, as_clips
from mvae_widgets.widgets import messages
from mvae_widgets.widgets.base import on_common_tracks, score_of


class Transposer:
    """A model whose one latent number is the mean pitch; it decodes to that note, held for two bars."""

    name = "transposer"
    has_places = True
    has_cost = False

    def clips(self, music: Any) -> Clips:
        return as_clips(music)

    def first_clip(self, music: Any) -> Clip:
        clips = self.clips(music)
        if not clips:
            raise NothingToEncodeError("Nothing.", "")
        if len(clips) > 1:
            import warnings

            warnings.warn("more", MusicVAEWarning, stacklevel=2)
        return clips[0]

    def encode(self, music: Any) -> Any:
        mu = np.array([[c.tokens[c.tokens > 1].mean() + 19 - 60, 1.0] for c in self.clips(music)])
        return SimpleNamespace(numpy=lambda: (mu, np.ones_like(mu)))

    def decode(
        self, z: Any, temperature: Any = None, seed: Any = None, qpm: float = 120.0, program: Any = 0
    ) -> list[Any]:
        return [clip.sequence for clip in self.decode_clips(z, temperature, seed, qpm, program)]

    def decode_clips(
        self, z: Any, temperature: Any = None, seed: Any = None, qpm: float = 120.0, program: Any = 0
    ) -> Clips:
        out = []
        for row, sound in zip(np.atleast_2d(z), np.broadcast_to(program, len(np.atleast_2d(z))), strict=True):
            tokens = np.zeros(32, np.uint8)
            tokens[0] = np.clip(round(row[0]) + 60 - 19, 2, 89)
            out.append(Clip(tokens, qpm=qpm, program=int(sound)))
        return Clips(out)

    def distance(self, a: Clip, b: Clip) -> float:
        return float((a.tokens != b.tokens).mean())

    def data_interpolate(self, a: Clip, b: Clip, steps: int, seed: int = 0) -> Clips:
        between = [a if k * 2 < steps else b for k in range(1, steps - 1)]
        return Clips([a, *between, b])

    def place(self, z: Any) -> Any:
        return np.tanh(np.atleast_2d(z) / 12)[:, :2]


@pytest.fixture
def codec() -> Transposer:
    return Transposer()


def table(widget: Any) -> np.ndarray:
    return np.frombuffer(widget._notes, "<f4").reshape(-1, 7)


def abc(body: str, meter: str = "4/4") -> Any:
    return mv.read(f"X:1\nT:Test\nM:{meter}\nL:1/4\nK:C\n{body}\n")


@pytest.mark.parametrize("name", mv.tunes.names())
def test_notes_reach_the_page_as_pretty_midi_reads_them(name: str) -> None:
    roll = mv.PianoRoll(mv.tunes.path(name))
    midi = pretty_midi.PrettyMIDI(str(mv.tunes.path(name)))
    _, tempi = midi.get_tempo_changes()
    expected = sorted((n.start * tempi[0] / 60, n.pitch, n.velocity) for i in midi.instruments for n in i.notes)
    got = sorted((float(r[0]), int(r[2]), int(r[3])) for r in table(roll))
    np.testing.assert_allclose(got, expected, atol=2e-3)
    assert roll.tempo == pytest.approx(tempi[0], abs=0.01)
    json.dumps(roll._score)


def test_kinds_of_music(codec: Transposer) -> None:
    sequence = abc("CDEF|GABc|")
    clip = codec.clips(sequence)[0]
    midi = pretty_midi.PrettyMIDI(str(mv.tunes.path("soldiers-joy")))
    assert len(table(mv.PianoRoll(sequence))) == len(table(mv.PianoRoll(clip))) == 8
    assert len(table(mv.PianoRoll(midi))) == len(midi.instruments[0].notes)
    for wrong in (42, None, object()):
        with pytest.raises(ConfigError, match="not music"):
            mv.PianoRoll(wrong)


def test_without_a_model_a_roll_is_neutral_and_with_one_it_has_its_place(codec: Transposer) -> None:
    sequence = abc("CEGc|C4|")
    assert mv.PianoRoll(sequence)._place == []
    u, v = mv.PianoRoll(sequence, codec)._place
    assert (u, v) == pytest.approx(tuple(codec.place(codec.encode(sequence).numpy()[0])[0]))
    assert mv.PianoRoll(sequence, codec, z=[12.0, 0.0])._place == pytest.approx([np.tanh(1), 0])
    with pytest.raises(ConfigError, match="without its model"):
        mv.PianoRoll(sequence, z=[1.0, 2.0])


def test_what_is_refused_is_marked_and_said(codec: Transposer) -> None:
    roll = mv.PianoRoll(abc("CE[Gc]c|C,,,,,CEG|"), codec)
    assert sorted(pitch for _, _, pitch, _ in roll._refused) == [0, 67]
    assert roll._status["kind"] == "warning"
    assert "bar" in roll._status["text"]
    assert roll._status["hint"]
    waltz = mv.PianoRoll(abc("CEG|c3|", "3/4"), codec)
    assert "3/4" in waltz._status["text"]
    assert waltz._place == []
    waltz.sequence = abc("CDEF|")
    assert waltz._status == {}
    assert len(waltz._place) == 2


def test_a_new_sequence_is_shown_and_an_error_of_the_model_told(codec: Transposer, capsys: Any) -> None:
    roll = mv.PianoRoll(abc("CDEF|"), codec)
    seen: list[Any] = []
    roll.observe(lambda change: seen.append(change.new), "sequence")
    codec.encode = lambda music: 1 / 0  # type: ignore[method-assign]
    roll.sequence = abc("C4|G4|")
    assert roll._status["kind"] == "error"
    assert "ZeroDivisionError" in roll._status["text"]
    assert "Traceback" in capsys.readouterr().err
    assert len(table(roll)) == len(seen[0].notes) == 2
    with pytest.raises(ConfigError):
        roll.sequence = "no such file.mid" and 7
    assert len(table(roll)) == 2


def test_slider_holds_all_steps_and_the_clips_themselves_at_its_ends(codec: Transposer) -> None:
    a, b = abc("CDEF|GABc|"), abc("c2e2|g4|")
    slider = mv.InterpolationSlider(codec, a, b, steps=5)
    assert np.diff(slider._offsets).tolist() == [8, 1, 1, 1, 3]
    first, last = (table(slider)[s:e] for s, e in ((0, 8), (11, 14)))
    assert first[:, 2].tolist() == [n.pitch for n in a.notes]
    assert last[:, 2].tolist() == [n.pitch for n in b.notes]
    assert len(slider._curves["latent"]["places"]) == 5
    assert slider.labels == ["Test", "Test"]
    assert slider.loop


def test_each_step_has_the_instrument_of_the_nearer_end(codec: Transposer) -> None:
    bass, tune = mv.tunes.load("low-road"), abc("c2e2|g4|")
    slider = mv.InterpolationSlider(codec, bass, tune, steps=5)
    programs = [{n.program for n in sequence.notes} for sequence in slider.sequences]
    assert programs == [{33}, {33}, {33}, {0}, {0}]
    heard = [{int(row[5]) for row in table(slider)[a:b]} for a, b in pairwise(slider._offsets)]
    assert heard == programs
    assert len(slider._score["tracks"]) == 1, "and all are drawn in one lane"


def test_a_lane_means_the_same_in_every_step() -> None:
    def score(*tracks: tuple[int, bool]) -> Any:
        sequence = abc("C4|")
        del sequence.notes[:]
        for instrument, (program, drum) in enumerate(tracks):
            sequence.notes.add(pitch=60, velocity=80, end_time=1, instrument=instrument, program=program, is_drum=drum)
        return score_of(sequence)

    scores = on_common_tracks([score((0, False), (0, True)), score((33, False), (0, False), (0, False))])
    kinds = [(track.program, track.is_drum) for track in scores[0].tracks]
    assert kinds == [(0, False), (33, False), (0, False), (0, True)]
    for one in scores:
        assert one.tracks == scores[0].tracks
        assert all(kinds[int(row[4])] == (int(row[5]), bool(row[6])) for row in one.notes)


def test_slider_snaps_and_can_be_observed(codec: Transposer) -> None:
    slider = mv.InterpolationSlider(codec, abc("C4|C4|"), abc("c4|c4|"), steps=5, snap=True)
    seen: list[Any] = []
    slider.observe(lambda change: seen.append(change.new), "sequence")
    slider.value = 0.3
    assert (slider.value, slider.step) == (0.25, 1)
    assert seen == [slider.sequence] == [slider.sequences[1]]
    np.testing.assert_allclose(slider.z, slider.latents[1])
    with pytest.raises(ConfigError, match="greater than 1"):
        slider.value = 2.0
    with pytest.raises(ConfigError, match="read-only"):
        slider.steps = 7


@pytest.mark.parametrize("steps", [2, 3, 65])
def test_numbers_of_steps(codec: Transposer, steps: int) -> None:
    slider = mv.InterpolationSlider(codec, abc("C4|C4|"), abc("c4|c4|"), steps=steps, value=1.0)
    assert len(slider.sequences) == len(slider._offsets) - 1 == steps
    assert slider.step == steps - 1


@pytest.mark.parametrize("steps", [-1, 0, 1, 66])
def test_impossible_numbers_of_steps(codec: Transposer, steps: int) -> None:
    with pytest.raises(ConfigError, match="2 to 65"):
        mv.InterpolationSlider(codec, abc("C4|"), abc("c4|"), steps=steps)


def test_longer_pieces_are_cut_and_the_widget_says_so(codec: Transposer) -> None:
    slider = mv.InterpolationSlider(codec, abc("C4|" * 6), abc("c4|c4|"))
    assert "bars 1-2 of Test" in slider._status["text"]
    assert mv.InterpolationSlider(codec, abc("C4|C4|"), abc("c4|c4|"))._status == {}


@pytest.mark.parametrize("kind", ["roll", "slider"])
def test_pictures_for_places_without_a_kernel(codec: Transposer, kind: str, tmp_path: Path) -> None:
    a, b = abc("CDEF|GABc|"), abc("c2e2|g4|")
    widget = mv.PianoRoll(a, codec) if kind == "roll" else mv.InterpolationSlider(codec, a, b)
    data, metadata = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert ElementTree.fromstring(data["image/svg+xml"]).tag.endswith("svg")
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).width == 2 * metadata["image/png"]["width"]
    assert data["text/plain"]
    assert widget.save_picture(tmp_path / "a.svg").read_text() == data["image/svg+xml"]
    assert widget.save_picture(tmp_path / "a.PNG").read_bytes() == base64.b64decode(data["image/png"])
    with pytest.raises(ConfigError, match=r"\.svg or \.png"):
        widget.save_picture(tmp_path / "a.gif")
    with pytest.raises(ConfigError, match="folder"):
        widget.save_picture(tmp_path / "none" / "a.svg")


class Sent(list[tuple[Any, Any]]):
    """What a widget sent to its page."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    log = Sent()
    monkeypatch.setattr(mv.PianoRoll, "send", lambda self, content, buffers=None: log.append((content, buffers)))
    return log


def ask(widget: Any, **content: Any) -> None:
    widget._handle_custom_msg(content, [])


def test_the_kernel_always_answers(sent: Sent, capsys: Any) -> None:
    roll = mv.PianoRoll(abc("C4|"))
    ask(roll, id=1, channel="asset", op="asset", args={"name": "engine.js"})
    ask(roll, id=2, channel="asset", op="asset", args={"name": "../cli.py"})
    ask(roll, id=3, channel="asset", op="fly")
    ask(roll, id=4, channel="asset", op="asset", args={"wrong": 1})
    ask(roll, hello="not a request")
    assert [content["id"] for content, _ in sent] == [1, 2, 3, 4]
    assert [content["ok"] for content, _ in sent] == [True, False, False, False]
    assert sent[0][1][0] == (messages.STATIC / "engine.js").read_bytes()
    assert sent[2][0]["error"]["code"] == "config"
    assert sent[3][0]["error"]["code"] == "internal"
    assert "Traceback" in capsys.readouterr().err


def test_soundfont_comes_from_pretty_midi_also_as_text(sent: Sent) -> None:
    roll = mv.PianoRoll(abc("C4|"))
    ask(roll, id=1, channel="asset", op="asset", args={"name": "soundfont.sf2"})
    ask(roll, id=2, channel="asset", op="asset", args={"name": "soundfont.sf2", "base64": True})
    data = (Path(pretty_midi.__file__).parent / "TimGM6mb.sf2").read_bytes()
    assert sent[0][1] == [data]
    assert sent[0][0]["result"]["size"] == len(data) == 5_994_284
    assert base64.b64decode(sent[1][0]["result"]["data"]) == data


def test_bundles_are_small_and_name_no_address() -> None:
    for name in ("piano_roll.js", "interpolation_slider.js"):
        text = (messages.STATIC / name).read_text()
        assert len(text) < 200_000
        for cdn in ("unpkg", "jsdelivr", "esm.sh", "skypack", "cdnjs"):
            assert cdn not in text
