"""The pad from the kernel's side, with a made-up model that needs no torch."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from note_seq import NoteSequence
from PIL import Image

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.latent.interpolate import grid, slerp
from mvae_widgets.music.clips import Clip, Clips, as_clips


class Turner:
    """A model of two latent numbers, (cos, sin) of an angle that is the pitch: on the arc pitches are even."""

    name = "turner"
    has_places = True
    has_cost = True
    busy = 1

    def __init__(self) -> None:
        self.batches: list[int] = []

    def clips(self, music: Any) -> Clips:
        return as_clips(music)

    def first_clip(self, music: Any) -> Clip:
        clips = self.clips(music)
        if not clips:
            raise NothingToEncodeError("turner finds nothing to encode: no music.", "Give some.")
        if len(clips) > 1:
            import warnings

            warnings.warn("more", mv.MusicVAEWarning, stacklevel=2)
        return clips[0]

    def encode(self, music: Any) -> Any:
        pitch = np.array([c.tokens[c.tokens > 1][0] + 19.0 for c in music])
        angle = (pitch - 60) / 24
        mu = np.stack([np.cos(angle), np.sin(angle)], 1)
        return SimpleNamespace(numpy=lambda: (mu, np.ones_like(mu)))

    def decode_clips(
        self, z: Any, temperature: Any = None, seed: Any = None, qpm: float = 120, program: Any = 0
    ) -> Any:
        self.batches.append(len(z))
        out = []
        for row, sound in zip(np.atleast_2d(z), program, strict=True):
            tokens = np.zeros(32, np.uint8)
            tokens[:: 32 // self.busy] = round(60 + 24 * np.arctan2(row[1], row[0])) - 19
            out.append(Clip(tokens, qpm=qpm, program=int(sound)))
        return Clips(out)

    def place(self, z: Any) -> Any:
        return np.tanh(np.atleast_2d(z))

    def cost(self, music: Any) -> Any:
        return np.array([clip.onsets / 32 for clip in music])


@pytest.fixture
def codec() -> Turner:
    return Turner()


def abc(body: str, meter: str = "4/4", more: str = "") -> Any:
    return mv.read(f"X:1\nT:Test\nM:{meter}\nL:1/4\n{more}K:C\n{body}\n")


@pytest.fixture
def corners() -> list[Any]:
    """First notes C4 (60), E4 (64), G4 (67), C5 (72); the first at 100."""
    return [abc("C4|C4|", more="Q:1/4=100\n"), abc("E4|E2E2|"), abc("G4|G4|"), abc("c4|cccc|")]


def pitch(sequence: Any) -> int:
    return int(sequence.notes[0].pitch)


def rows(widget: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(widget._notes, "<f4").reshape(-1, 7)


def test_the_clips_themselves_stand_at_the_corners_and_the_rest_is_one_batch(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=5)
    assert codec.batches == [21]
    assert [[pitch(s) for s in row] for row in pad.sequences] == [
        [60, 61, 62, 63, 64],
        [62, 63, 64, 65, 66],
        [64, 65, 66, 67, 68],
        [65, 66, 68, 69, 70],
        [67, 68, 70, 71, 72],
    ]
    for (row, column), corner in zip(((0, 0), (0, 4), (4, 0), (4, 4)), corners, strict=True):
        assert [n.pitch for n in pad.sequences[row][column].notes] == [n.pitch for n in corner.notes]
    np.testing.assert_array_equal(np.diff(pad._offsets)[[0, 4, 20, 24]], [2, 3, 2, 5])
    assert pad.latents.shape == (5, 5, 2)
    assert pad.labels == ["Test"] * 4
    assert (pad.tempo, pad.loop, pad.value) == (100.0, True, (0, 0))
    assert pad._costs == [round(len(s.notes) / 32, 3) for row in pad.sequences for s in row]


def test_z_is_the_bilinear_arc(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=4)
    a, b, c, d = (pad.latents[i, j] for i, j in ((0, 0), (0, 3), (3, 0), (3, 3)))
    np.testing.assert_array_equal(d, codec.encode([pad._clips[-1]]).numpy()[0][0])
    np.testing.assert_allclose(grid([a, b, c, d], 4), pad.latents)
    for row, column in ((1, 2), (2.5, 0.3), (0, 1.7)):
        pad.value = (row, column)
        left, right = slerp(a, c, row / 3), slerp(b, d, row / 3)
        np.testing.assert_allclose(pad.z, slerp(left, right, column / 3), atol=1e-12)
        x, y = column / 3, row / 3
        np.testing.assert_allclose(pad.weights, [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
        assert pad.xy == pytest.approx((x, y))


def test_value_and_sequence_can_be_observed_and_z_comes_first(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=5)
    seen: list[Any] = []
    pad.observe(lambda change: seen.append((pitch(change.new), pad.value, pad.z.tolist())), "sequence")
    pad.value = [2, 3]
    assert (pad.value, pad.cell) == ((2, 3), (2, 3))
    assert pad._spot == {}
    pad.xy = (0.6, 0.25)
    assert pad.value == pytest.approx((1, 2.4))
    assert pad.cell == (1, 2)
    assert pad._spot["value"] == list(pad.value)
    assert np.frombuffer(pad._spot_notes, "<f4")[2] == pitch(pad.sequence) == 64
    assert [(p, v) for p, v, _ in seen] == [(67, (2, 3)), (64, pad.value)]
    np.testing.assert_allclose([z for _, _, z in seen], [pad.latents[2, 3], pad.z])
    pad.value = (1, 2)
    assert pad._spot == {}
    assert pad.sequence == pad.sequences[1][2]


@pytest.mark.parametrize("value", [(5, 0), (-0.1, 0), (0, 4.01), (1,), (1, 2, 3), 3, "ab", (float("nan"), 0), None])
def test_places_outside_are_refused(codec: Turner, corners: list[Any], value: Any) -> None:
    pad = mv.InterpolationPad(codec, corners, n=5, value=(2, 2))
    with pytest.raises(ConfigError):
        pad.value = value
    assert pad.value == (2, 2)
    assert pad.sequence == pad.sequences[2][2]


def test_between_cells_the_page_asks_first_and_nothing_is_decoded_twice(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=5)
    sent: list[Any] = []
    pad.send = lambda content, buffers=None: sent.append((content, buffers))  # type: ignore[method-assign]
    ask = {"id": 1, "channel": "decode", "op": "decode"}
    pad._on_message(None, ask | {"args": {"row": 1.5, "column": 2.5}}, [])
    result, notes = sent[0][0]["result"], sent[0][1][0]
    assert pad.value == (0, 0), "asking moves nothing"
    assert result["value"] == [1.5, 2.5]
    assert len(result["place"]) == 2
    assert np.frombuffer(notes, "<f4")[2] == 65
    json.dumps(result)
    pad.value = (1.5, 2.5)
    assert codec.batches == [21, 1]
    for wrong in ({"row": 9, "column": 0}, {"row": "x", "column": 0}, {}):
        pad._on_message(None, ask | {"args": wrong}, [])
        assert sent[-1][0]["ok"] is False
    for k in range(20):
        pad.value = (k / 10 + 0.05, 0)
    assert len(pad._spots) <= 8


def test_a_path_is_one_piece_at_one_tempo(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=3, tempo=90)
    assert pad.path_sequence is None
    seen: list[Any] = []
    pad.observe(lambda change: seen.append(change.new), "path")
    pad.path = [(0, 0), (1, 1), (2, 2), (1, 1)]
    assert seen == [pad.path] == [[[0, 0], [1, 1], [2, 2], [1, 1]]]
    whole = pad.path_sequence
    clip = 8 * 60 / 90
    assert whole.total_time == pytest.approx(4 * clip)
    assert [tempo.qpm for tempo in whole.tempos] == [pytest.approx(90)]
    starts = [0, clip / 2, clip, 2 * clip, *(2.5 * clip + k * 60 / 90 for k in range(4)), 3 * clip]
    np.testing.assert_allclose([n.start_time for n in whole.notes], starts, atol=1e-6)
    assert [n.pitch for n in whole.notes] == [60, 60, 66, 72, 72, 72, 72, 72, 66]
    for wrong in ([[0, 3]], [[0]], [3], "ab", [[0.5, 0]], [[0, 0]] * 65):
        with pytest.raises(ConfigError):
            pad.path = wrong
    assert len(pad.path) == 4


def test_show_puts_other_music_at_a(codec: Turner, corners: list[Any]) -> None:
    pad = mv.InterpolationPad(codec, corners, n=3, value=(1, 0), path=[[0, 0]])
    seen: list[Any] = []
    pad.observe(lambda change: seen.append(pitch(change.new)), "sequence")
    pad.show(abc("c4|c4|"))
    assert pitch(pad.sequences[0][0]) == 72
    assert seen == [70]
    assert (pad.value, pad.path) == ((1, 0), [[0, 0]])
    pad.show(abc("c4|c4|"), z=[1.0, 0.0])
    assert pitch(pad.sequences[0][1]) == 62, "the z that is given, not the clip's own"
    pad.show(abc("c4|c4|"), z=np.zeros(5))
    assert pitch(pad.sequences[0][1]) == 68, "a z of another model is none"
    before = pad._notes
    for music, z in ((abc("CEG|c3|", "3/4"), None), (abc("c4|"), [np.nan, 0]), (3, None)):
        with pytest.raises(mv.MusicVAEError):
            pad.show(music, z)
    assert pad._notes == before, "what does not fit changes nothing"
    lead = mv.PianoRoll(abc("C4|C4|"))
    mv.link(lead, pad)
    assert pitch(pad.sequences[0][0]) == 60
    lead.sequence = abc("CEG|c3|", "3/4")
    assert pad._status["kind"] == "error"


def test_a_number_of_corners_that_is_not_four(codec: Turner, corners: list[Any]) -> None:
    with pytest.raises(ConfigError, match=r"2 clips were given\. For two clips use InterpolationSlider"):
        mv.InterpolationPad(codec, corners[:2])
    with pytest.raises(ConfigError, match="a fourth"):
        mv.InterpolationPad(codec, corners[:3])
    for wrong in ([], corners * 2, corners[0], "a.mid", None, codec.clips(corners[0])[0]):
        with pytest.raises(ConfigError, match="top left"):
            mv.InterpolationPad(codec, wrong)
    assert mv.InterpolationPad(codec, codec.clips(corners), n=2).n == 2


def test_what_does_not_fit_says_which_corner(codec: Turner, corners: list[Any]) -> None:
    with pytest.raises(NothingToEncodeError, match="Corner C: turner finds nothing"):
        mv.InterpolationPad(codec, [*corners[:2], abc("CEG|c3|", "3/4"), corners[3]])
    with pytest.raises(ConfigError, match="Corner B"):
        mv.InterpolationPad(codec, [corners[0], 42, *corners[2:]])
    pad = mv.InterpolationPad(codec, [abc("C4|" * 6), *corners[1:]])
    assert "bars 1-2 of Test" in pad._status["text"]
    with pytest.raises(ConfigError, match="not a model"):
        mv.InterpolationPad("melody-2bar", corners)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [-1, 0, 1, 16, 2.5, "7"])
def test_impossible_sizes(codec: Turner, corners: list[Any], n: Any) -> None:
    with pytest.raises(ConfigError, match="cells a side"):
        mv.InterpolationPad(codec, corners, n=n)


@pytest.mark.parametrize("n", [2, 3, 15])
@pytest.mark.parametrize("busy", [1, 32])
def test_a_notebook_grows_by_300_kb_at_most(codec: Turner, corners: list[Any], n: int, busy: int) -> None:
    codec.busy = busy
    pad = mv.InterpolationPad(codec, corners, n=n, path=[[0, 0], [1, 1]])
    state = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in pad.get_state().items()}
    state.pop("_esm"), state.pop("_css")  # what all pads of a notebook share
    bundle = pad._repr_mimebundle_()
    assert bundle is not None
    assert len(json.dumps([state, bundle], default=str)) < 300_000
    notes, offsets = pad._table(range(n * n))
    if not pad._elsewhere:
        assert pad._notes == notes
        return
    assert (n, busy) == (15, 32)
    assert len(rows(pad)) == sum(len(pad.sequences[r][c].notes) for r in (0, n - 1) for c in (0, n - 1))
    told, [table] = pad._cells_op()
    assert told == {"version": pad._elsewhere, "offsets": offsets}
    assert table == notes
    assert len(offsets) == n * n + 1
    name = pad._elsewhere
    pad.show(corners[1])
    assert pad._elsewhere not in ("", name), "new cells have another name"


def test_a_model_without_places_and_cost(codec: Turner, corners: list[Any]) -> None:
    codec.has_places = codec.has_cost = False
    pad = mv.InterpolationPad(codec, corners, n=3)
    assert (pad._places, pad._costs) == ([[]] * 9, [])
    pad.value = (0.5, 0.5)
    assert (pad._spot["place"], pad._spot["cost"]) == ([], None)
    assert "image/png" in pad._picture()[0]


def test_each_cell_has_the_instrument_of_the_nearest_corner(codec: Turner, corners: list[Any]) -> None:
    bass = NoteSequence()
    bass.CopyFrom(corners[3])
    for note in bass.notes:
        note.program = 33
    pad = mv.InterpolationPad(codec, [*corners[:3], bass], n=3)
    programs = [[{n.program for n in s.notes} for s in row] for row in pad.sequences]
    assert programs[2][2] == {33}
    assert programs[0][0] == programs[0][2] == programs[1][1] == {0}
    assert len(pad._score["tracks"]) == 1


def test_the_picture_shows_cells_path_and_roll(codec: Turner, corners: list[Any], tmp_path: Path) -> None:
    pad = mv.InterpolationPad(codec, corners, n=3, value=(1, 1), path=[[0, 0], [1, 1], [2, 1]])
    svg = ElementTree.fromstring(pad.save_picture(tmp_path / "pad.svg").read_text())
    words = "".join(svg.itertext())
    assert "row 2, column 2" in words
    for letter in "ABCD":
        assert letter in words
    data, metadata = pad._picture()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width == 2 * metadata["image/png"]["width"]
    pad.value = (1.2, 1.2)
    assert pad._picture()[0]["image/svg+xml"] != data["image/svg+xml"]
    pad.path = []
    assert "Pad" in pad._picture()[0]["text/plain"]
