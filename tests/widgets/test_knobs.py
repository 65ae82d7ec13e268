"""Attribute knobs from the kernel's side, with a made-up model whose attributes are known by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, NothingToEncodeError
from mvae_widgets.latent.attribute_fit import fit_attributes
from mvae_widgets.latent.attributes import AttributeVectors
from mvae_widgets.music.clips import Clip, Clips, as_clips
from mvae_widgets.music.features import mean_pitch, note_density, pitch_range
from mvae_widgets.widgets import messages
from mvae_widgets.widgets.knob_bench import Bench
from mvae_widgets.widgets.knob_travels import choose_attributes, travel_of

MEASURES = {"note_density": note_density, "mean_pitch": mean_pitch, "pitch_range": pitch_range}


class Metronome:
    """A model whose latent numbers are (notes - 16) / 4 and (pitch - 60) / 5: it repeats one pitch evenly.

    It hears the number of a clip's notes and their mean pitch, and so cannot keep a range.
    """

    name = "metronome"
    has_places = True
    has_attributes = True

    def __init__(self) -> None:
        z = np.random.default_rng(0).normal(size=(500, 2))
        values = {name: measure(self._tokens(z)) for name, measure in MEASURES.items()}
        values["pitch_range"] = 7 + 5 * z[:, 1]
        self.attributes: AttributeVectors = fit_attributes(z, values)
        self.decoded = 0

    @staticmethod
    def _tokens(z: Any) -> Any:
        out = np.zeros((len(z), 32), np.uint8)
        for row, (notes, pitch) in zip(out, np.asarray(z), strict=True):
            onsets = np.linspace(0, 32, int(np.clip(round(16 + 4 * notes), 1, 32)), endpoint=False).astype(int)
            row[onsets] = np.clip(round(60 + 5 * pitch), 21, 108) - 19
        return out

    def clips(self, music: Any) -> Clips:
        return as_clips(music)

    def first_clip(self, music: Any) -> Clip:
        clips = self.clips(music)
        if not clips:
            raise NothingToEncodeError("Nothing.", "")
        return clips[0]

    def encode(self, music: Any) -> Any:
        mu = [[(c.onsets - 16) / 4, (c.tokens[c.tokens > 1].mean() + 19 - 60) / 5 if c.onsets else 0.0] for c in music]
        return SimpleNamespace(numpy=lambda: (np.array(mu), np.ones((len(mu), 2))))

    def decode_clips(self, z: Any, qpm: float = 120.0, program: Any = 0, **_: Any) -> Clips:
        self.decoded += len(z)
        return Clips([Clip(row, qpm=qpm, program=program) for row in self._tokens(z)])

    def measure(self, music: Any) -> dict[str, Any]:
        tokens = np.stack([clip.tokens for clip in self.clips(music)])
        return {name: measure(tokens) for name, measure in MEASURES.items()}

    def place(self, z: Any) -> Any:
        return np.tanh(np.atleast_2d(z))


@pytest.fixture
def codec() -> Metronome:
    return Metronome()


def tune(notes: int = 12, pitch: int = 62) -> Clip:
    tokens = np.zeros(32, np.uint8)
    tokens[np.linspace(0, 32, notes, endpoint=False).astype(int)] = pitch - 19
    tokens[0] += 4
    return Clip(tokens, title="Test", qpm=96.0, program=40)


def answer(knobs: Any, op: str, **args: Any) -> dict[str, Any]:
    reply = messages.answer(knobs._handlers, {"id": 1, "op": op, "args": args})
    assert reply is not None
    return reply[0]


def table(knobs: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(knobs._ahead_table, "<f4").reshape(-1, 5 + len(knobs.value))


def test_at_the_start_the_clip_itself_is_shown(codec: Metronome) -> None:
    clip = tune()
    knobs = mv.AttributeKnobs(codec, clip)
    # The model would make one pitch of it; the clip has two.
    assert {n.pitch for n in knobs.sequence.notes} == {62, 66}
    assert knobs.got == knobs.value == {"note_density": 12 / 32, "mean_pitch": 62 + 4 / 12, "pitch_range": 4.0}
    assert np.allclose(knobs.z, codec.encode([clip]).numpy()[0][0])
    assert knobs.loop
    assert knobs.tempo == 96.0


def test_a_turn_gives_what_is_asked_and_says_what_it_gave(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    order: list[str] = []
    knobs.observe(lambda change: order.append(change.name), ["z", "sequence", "got", "value"])
    knobs.value = {"note_density": 20 / 32}
    assert len(knobs.sequence.notes) in (19, 20, 21)
    assert knobs.got["note_density"] == len(knobs.sequence.notes) / 32
    assert knobs.value == {"note_density": 20 / 32, "mean_pitch": 62 + 4 / 12}
    assert order.index("z") < order.index("sequence")
    assert len(codec.decode_clips(knobs.z[None])[0].sequence.notes) == len(knobs.sequence.notes)
    knobs.value = {"mean_pitch": 70.0}
    assert abs(knobs.got["mean_pitch"] - 70) <= 1
    assert abs(knobs.got["note_density"] - 20 / 32) <= 3 / 32
    assert (knobs.sequence.tempos[0].qpm, knobs.sequence.notes[0].program) == (96.0, 40)
    knobs.reset()
    assert {n.pitch for n in knobs.sequence.notes} == {62, 66}
    assert np.allclose(knobs.z, codec.encode([tune()]).numpy()[0][0])


def test_one_knob_back_at_the_clips_value_takes_its_move_back(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    own = dict(knobs.value)
    knobs.value = {"mean_pitch": 70.0}
    moved = knobs.z
    knobs.value = {"note_density": 0.75}
    knobs.value = {"note_density": own["note_density"]}
    assert np.allclose(knobs.z, moved)


def test_locked_attributes_stay_while_others_move(codec: Metronome) -> None:
    mixed = codec.attributes
    # Vectors as a corpus gives them where high tunes are busy ones: each moves both.
    blend = np.array([[1.0, 0.6], [0.5, 1.0], [0.2, 1.0]]) * np.linalg.norm(mixed.vectors[0])
    parts = {name: getattr(mixed, name) for name in mixed.__dataclass_fields__}
    codec.attributes = AttributeVectors(**{**parts, "vectors": blend})
    free = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    free.value = {"note_density": 0.75}
    held = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"], locked=["mean_pitch"])
    held.value = {"note_density": 0.75}
    assert abs(free.got["mean_pitch"] - 62) > 2
    assert abs(held.got["mean_pitch"] - 62) <= 1
    assert abs(held.got["note_density"] - 0.75) <= 2 / 32
    with pytest.raises(ConfigError, match="locked"):
        held.value = {"mean_pitch": 70}
    held.locked = []
    before = held.z
    held.value = {"mean_pitch": 70}
    assert not np.allclose(before, held.z)


def test_a_turn_so_far_stays_when_another_attribute_is_locked(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    knobs.value = {"mean_pitch": 72}
    heard = knobs.sequence
    knobs.locked = ["mean_pitch"]
    assert knobs.sequence is heard
    knobs.value = {"note_density": 0.8}
    assert abs(knobs.got["mean_pitch"] - 72) <= 1
    knobs.reset()
    assert knobs.locked == ["mean_pitch"]
    assert knobs.got["mean_pitch"] == 62 + 4 / 12


def test_what_the_page_is_given_ahead_is_what_the_kernel_will_answer(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    rows = table(knobs)
    assert {int(knob) for knob in rows[:, 0]} == {0, 1}
    assert knobs._ahead["of"] == knobs._setting
    clips = np.split(np.frombuffer(knobs._ahead_notes, "<f4").reshape(-1, 7), knobs._ahead["offsets"][1:-1])
    for row in rows:
        notes = clips[int(row[2])]
        assert row[5] == np.float32(len(notes) / 32)
        assert row[6] == np.float32(notes[:, 2].mean())
        assert notes[0, 5] == 40
    decoded = codec.decoded
    knobs.value = {"note_density": 0.6}
    assert codec.decoded == decoded, "what was decoded ahead is decoded again"
    assert any(np.allclose(row[5:7], list(knobs.got.values())) for row in rows[rows[:, 0] == 0])
    assert answer(knobs, "ahead")["ok"]
    assert knobs._ahead["of"] == knobs._setting
    assert knobs._ahead["base"] == list(knobs.value.values())
    decoded = codec.decoded
    assert answer(knobs, "ahead")["ok"]
    assert codec.decoded == decoded


def test_long_clips_get_fewer_places_ahead(codec: Metronome) -> None:
    clip = tune()
    bench = Bench(codec, ["note_density", "mean_pitch"], clip, codec.encode([clip]).numpy()[0][0])  # type: ignore[arg-type]
    _, every, full = bench.ahead(10**9)
    head, notes, fewer = bench.ahead(len(every) // 3)
    assert len(notes) <= len(every) // 3
    assert len(fewer) < len(full)
    assert 28 * head["offsets"][-1] == len(notes)
    index = np.frombuffer(fewer, "<f4").reshape(-1, 7)[:, 1]
    assert set(index[index == 0]) == {0.0}
    assert (index == 0).sum() == 2


def test_messages_of_the_page(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), ["note_density", "mean_pitch"])
    assert answer(knobs, "turn", value={"note_density": 0.5, "mean_pitch": 65.0}, locked=["mean_pitch"])["ok"]
    assert knobs.value == {"note_density": 0.5, "mean_pitch": 62 + 4 / 12}
    assert knobs._asked == knobs.value
    assert answer(knobs, "reset")["ok"]
    assert knobs.value["note_density"] == 12 / 32
    refused = answer(knobs, "turn", value={"swing": 1.0})
    assert refused["error"]["code"] == "config"
    assert "note_density" in refused["error"]["hint"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"swing": 1.0}, "swing"),
        ({"note_density": float("nan")}, "note_density"),
        ({"note_density": "much"}, "much"),
        ([0.4], "dict"),
    ],
)
def test_settings_that_are_none_are_refused(codec: Metronome, value: Any, word: str) -> None:
    knobs = mv.AttributeKnobs(codec, tune())
    before = dict(knobs.value)
    with pytest.raises(ConfigError, match=word):
        knobs.value = value
    assert knobs.value == before
    with pytest.raises(ConfigError, match=word):
        mv.AttributeKnobs(codec, tune(), value=value)


def test_values_beyond_the_travel_become_its_end(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune())
    knobs.value = {"mean_pitch": 1000, "note_density": -3}
    ends = {travel["name"]: (travel["low"], travel["high"]) for travel in knobs._travels}
    assert knobs.value["mean_pitch"] == ends["mean_pitch"][1]
    assert knobs.value["note_density"] == ends["note_density"][0]


def test_other_music_and_other_points(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune(), locked=["pitch_range"])
    knobs.value = {"note_density": 0.7}
    knobs.show(tune(8, 70))
    assert knobs.got["note_density"] == knobs.value["note_density"] == 0.25
    assert knobs.locked == ["pitch_range"]
    assert not knobs._ahead, "lines of other music"
    assert answer(knobs, "ahead")["ok"]
    point = np.array([0.5, 1.0])
    knobs.show(tune(8, 70), z=point)
    assert np.array_equal(knobs.z, point)
    knobs.show(tune(8, 70), z=np.zeros(7))
    assert np.allclose(knobs.z, codec.encode([tune(8, 70)]).numpy()[0][0])
    heard = knobs.sequence
    for wrong, word in (([np.nan, 0.0], "finite"), ("here", "latent")):
        with pytest.raises(ConfigError, match=word):
            knobs.show(tune(), z=wrong)
    with pytest.raises(NothingToEncodeError):
        knobs.show(mv.read(b"X:1\nT:None\nM:3/4\nL:1/4\nK:C\nCEG|\n"))
    assert knobs.sequence is heard


def test_music_without_notes_has_no_pitch_to_be_measured(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, Clip(np.zeros(32, np.uint8)))
    assert knobs._got == [0.0, None, None]
    json.dumps([knobs._travels, knobs._got, knobs._own, knobs._ahead], allow_nan=False)
    assert np.isnan(knobs.got["mean_pitch"])
    assert knobs.value["mean_pitch"] == pytest.approx(codec.attributes.mean[1])
    knobs.value = {"note_density": 0.4}
    assert abs(knobs.got["note_density"] - 0.4) <= 2 / 32


def test_a_model_without_vectors_says_how_to_get_them(codec: Metronome) -> None:
    codec.has_attributes = False
    with pytest.raises(ConfigError, match="fit_attributes"):
        mv.AttributeKnobs(codec, tune())
    with pytest.raises(ConfigError, match="not a model"):
        mv.AttributeKnobs("melody-2bar", tune())  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [["swing"], [], "note_density"])
def test_attributes_that_are_none_are_refused(codec: Metronome, names: Any) -> None:
    with pytest.raises(ConfigError):
        mv.AttributeKnobs(codec, tune(), names)


def test_the_usual_six_and_the_livelier_syncopation(model: Any) -> None:
    vectors = model.attributes
    names = choose_attributes(vectors, None)
    std = dict(zip(vectors.names, vectors.std, strict=True))
    livelier = max(("syncopation_16", "syncopation_8"), key=lambda name: std[name])
    assert names == ["note_density", "mean_pitch", "pitch_range", "average_interval", livelier, "repetition"]
    assert choose_attributes(vectors, ["c_diatonic", "c_diatonic"]) == ["c_diatonic"]


def test_the_travel_holds_the_clip_and_the_comb_keeps_the_histograms_shape(codec: Metronome) -> None:
    vectors = codec.attributes
    row = vectors.index("mean_pitch")
    low, high = vectors.edges[row][[0, -1]]
    inside = travel_of(vectors, "mean_pitch", 60.0)
    assert (inside.low, inside.high, inside.centre) == (low, high, 60.0)
    assert len(inside.comb) == 31
    assert max(inside.comb) == 1
    outside = travel_of(vectors, "mean_pitch", 100.0)
    assert outside.high == outside.centre == 100.0
    rays = np.linspace(low, 100.0, 31)
    assert max(np.array(outside.comb)[rays > high + 0.15 * (100 - low)]) < 0.01
    # The mean over the rays is the mean over the clips, up to the rays' width.
    centre = np.average(np.linspace(low, high, 31), weights=inside.comb)
    assert abs(centre - vectors.mean[row]) < (high - low) / 31


def test_on_the_shipped_model_a_turn_comes_near_to_what_is_asked(model: Any, reel: Any) -> None:
    clip = model.clips(reel)[0]
    knobs = mv.AttributeKnobs(model, clip)
    for name, std in (("note_density", 0.16), ("mean_pitch", 14.0)):
        for share in (-0.5, 0.5):
            knobs.reset()
            asked = knobs.value[name] + share * std
            knobs.value = {name: asked}
            got = float(model.measure(model.clips(knobs.sequence))[name][0])
            assert got == pytest.approx(knobs.got[name])
            assert (got - asked) * np.sign(share) > -0.25 * std
    saved = sum(len(getattr(knobs, name)) for name in ("_notes", "_ahead_notes", "_ahead_table"))
    assert saved * 4 / 3 + len(json.dumps(knobs._ahead)) < 300_000


def test_drums_go_through_the_same_knobs() -> None:
    from tests.test_families import small

    drums = small("cat-drums_2bar_small")
    rng = np.random.default_rng(0)
    beats = [
        Clip((rng.random((32, 9)) < share).astype(np.uint8), drums.converter) for share in np.linspace(0.02, 0.4, 40)
    ]
    drums.fit_attributes(beats, progress=False)
    knobs = mv.AttributeKnobs(drums, beats[20])
    assert {"note_density", "brightness"} <= set(knobs.value)
    assert all(note.is_drum for note in knobs.sequence.notes)
    travel = knobs._travels[0]
    knobs.value = {"note_density": travel["high"]}
    got = drums.measure(drums.clips(knobs.sequence))["note_density"][0]
    assert got == pytest.approx(knobs.got["note_density"])


def test_the_picture_says_what_was_turned(codec: Metronome) -> None:
    knobs = mv.AttributeKnobs(codec, tune())
    assert "Test" in knobs._picture()[0]["image/svg+xml"]
    knobs.value = {"note_density": 0.7}
    assert "altered" in knobs._picture()[0]["image/svg+xml"]
    bundle = knobs._repr_mimebundle_()
    assert bundle is not None
    assert "image/png" in bundle[0]
