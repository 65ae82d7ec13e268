"""Attributes of clips whose values can be read off the page."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.music.families import converter_for
from mvae_widgets.music.features import ATTRIBUTES, FEATURES, attributes_for, syncopation

C4 = 60 - 19


def clip(**events: int) -> np.ndarray:
    row = np.zeros((1, 32), np.uint8)
    for step, token in events.items():
        row[0, int(step[1:])] = token
    return row


SCALE = clip(s0=C4, s4=C4 + 2, s8=C4 + 4, s15=1, s16=C4 + 6, s18=C4 + 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("note_density", 5 / 32),
        ("mean_pitch", 60 + (0 + 2 + 4 + 6 + 7) / 5),
        ("pitch_range", 7),
        ("average_interval", (2 + 2 + 2 + 1) / 4),
        ("c_diatonic", 4 / 5),
        ("in_scale", 1.0),  # all in G major
        ("on_beat", 4 / 5),
        ("repetition", 11 / 16),
    ],
)
def test_by_hand(name: str, value: float) -> None:
    assert FEATURES[name](SCALE)[0] == pytest.approx(value)


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_silence_does_not_break(name: str) -> None:
    value = FEATURES[name](clip())[0]
    assert np.isnan(value) or value in (0.0, 1.0)


SYNCOPATED = clip(s0=C4, s3=C4, s6=C4, s7=C4, s10=C4, s14=C4, s16=C4, s17=C4, s18=C4, s31=C4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # 3 and 31 stand on an odd 16th after nothing; 7 and 17 follow a note.
        ("syncopation_16", 2 / 10),
        # 6, 10 and 14 stand on an odd 8th with nothing on the 16th and the 8th before; 18 follows 17 and 16.
        ("syncopation_8", 3 / 10),
    ],
)
def test_syncopation_by_hand(name: str, value: float) -> None:
    assert FEATURES[name](SYNCOPATED)[0] == pytest.approx(value)


def test_syncopation_by_the_words_of_the_definition() -> None:
    """MUSICVAE.md 5.3, written out step by step."""
    tokens = np.where(np.random.default_rng(0).random((200, 32)) < 0.3, C4, 0)
    for k, row in enumerate(tokens):
        on = {int(s) for s in np.flatnonzero(row)}
        odd16 = [s for s in on if s % 2 == 1 and s - 1 not in on]
        odd8 = [s for s in on if s % 4 == 2 and s - 1 not in on and s - 2 not in on]
        assert FEATURES["syncopation_16"](tokens)[k] == pytest.approx(len(odd16) / len(on))
        assert FEATURES["syncopation_8"](tokens)[k] == pytest.approx(len(odd8) / len(on))


def test_syncopation_on_a_finer_grid_counts_the_nearest_16th() -> None:
    fine = np.zeros((1, 64), bool)
    fine[0, [0, 6, 13, 20]] = True  # 16ths 0, 3, 6 (6.5 goes to the even one), 10
    assert syncopation(fine, 16, 8)[0] == pytest.approx(1 / 4)
    assert syncopation(fine, 8, 8)[0] == pytest.approx(2 / 4)


def test_many_clips_at_once_are_the_clips_one_by_one() -> None:
    rng = np.random.default_rng(2)
    tokens = np.where(rng.random((50, 32)) < 0.2, rng.integers(2, 90, (50, 32)), rng.integers(0, 2, (50, 32)))
    tokens[7] = 0
    for name, feature in FEATURES.items():
        np.testing.assert_allclose(feature(tokens), [feature(row[None])[0] for row in tokens], err_msg=name)


def test_melody_attributes_follow_grid_and_range() -> None:
    """The same tune for a model whose label 2 is pitch 48, on a grid of 24ths."""
    own = attributes_for(converter_for("melody"))
    other = attributes_for(converter_for("melody", min_pitch=48, max_pitch=83, steps_per_quarter=8))
    assert tuple(own) == tuple(other) == ATTRIBUTES
    fine = np.zeros((1, 64), np.uint8)
    fine[0, ::2] = np.where(SCALE >= 2, SCALE - 27, SCALE)
    for name in ATTRIBUTES:
        want = own[name](SCALE)[0] / (2 if name == "note_density" else 1)
        if name == "repetition":  # 11 of 16 steps of the bar, and the 16 empty ones between
            want = (11 + 16) / 32
        assert other[name](fine)[0] == pytest.approx(want), name


def beat() -> np.ndarray:
    """One bar: kick on 1 and 3, snare on 2 and 4, hi-hat on every 8th, a crash on the last 16th; then silence."""
    bits = np.zeros((1, 32, 9), np.uint8)
    bits[0, [0, 8], 0] = bits[0, [4, 12], 1] = 1
    bits[0, 0:16:2, 2] = 1
    bits[0, 15, 7] = 1
    return bits


def test_drums_by_hand() -> None:
    measures = attributes_for(converter_for("drums"))
    expected = {
        "note_density": 13 / 32,
        "brightness": 9 / 13,
        "kick_share": 2 / 13,
        "snare_share": 2 / 13,
        "tom_share": 0,
        "syncopation_16": 0,  # the crash follows the hi-hat of the 16th before
        "syncopation_8": 0,
        "repetition": 7 / 16,
    }
    got = {name: float(measure(beat())[0]) for name, measure in measures.items()}
    assert got == pytest.approx(expected)
    alone = beat()
    alone[0, 14] = 0
    assert measures["syncopation_16"](alone)[0] == pytest.approx(1 / 8)


@pytest.mark.parametrize("kit", ["reduced", "roland", "full"])
def test_every_kit_knows_its_bright_drums(kit: str) -> None:
    """Closed hi-hat 42 and crash 49 are bright, kick 36, snare 38 and low tom 45 or 43 are not."""
    converter = converter_for("drums", kit=kit, roll_output=True)
    measures = attributes_for(converter)
    classes = converter.rules.kit.class_of
    for pitch, bright in ((42, 1), (49, 1), (51, 1), (46, 1), (36, 0), (38, 0), (50, 0)):
        bits = np.zeros((1, 32, len(converter.rules.kit)), np.uint8)
        bits[0, 0, classes[pitch]] = 1
        assert measures["brightness"](bits)[0] == bright, pitch


def test_groove_adds_loudness_and_lateness() -> None:
    tokens = np.zeros((1, 32, 27), np.float32)
    tokens[0, 0, [0, 9, 18]] = 1, 0.5, -0.5  # hit, velocity, a quarter of a step late
    tokens[0, 4, [1, 10, 19]] = 1, 1.0, 0.1
    tokens[0, 8, [11, 20]] = 0.9, 0.9  # no hit, so neither counts
    measures = attributes_for(converter_for("groove"))
    assert measures["loudness"](tokens)[0] == pytest.approx(0.75)
    assert measures["lateness"](tokens)[0] == pytest.approx((0.25 - 0.05) / 2)
    assert measures["note_density"](tokens)[0] == pytest.approx(2 / 32)
    assert measures["snare_share"](tokens)[0] == pytest.approx(0.5)


def test_trio_has_its_melody_and_how_dense_the_others_are() -> None:
    converter = converter_for("trio", slice_bars=2)
    tokens = np.zeros((1, 32, 3), np.int16)
    tokens[0, :, 0] = SCALE[0]
    tokens[0, ::8, 1] = 20
    tokens[0, ::4, 2] = 0b101  # kick and closed hi-hat
    measures = attributes_for(converter)
    for name in ATTRIBUTES:
        assert measures[name](tokens)[0] == pytest.approx(FEATURES[name](SCALE)[0]), name
    assert measures["bass_density"](tokens)[0] == pytest.approx(4 / 32)
    assert measures["drum_density"](tokens)[0] == pytest.approx(16 / 32)


def test_multitrack_by_its_notes() -> None:
    """A piano with two chords, a bass and a kick, written as events by the converter itself."""
    from note_seq import NoteSequence

    from mvae_widgets.music.clips import cut

    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    for start, pitches in ((0.0, (60, 64)), (1.0, (61, 65))):
        for pitch in pitches:
            sequence.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=start + 0.5, instrument=0)
    sequence.notes.add(pitch=36, velocity=80, start_time=0.5, end_time=1.5, program=33, instrument=1)
    sequence.notes.add(pitch=36, velocity=80, start_time=0.0, end_time=0.1, is_drum=True, instrument=9)
    sequence.total_time = 2.0
    converter = converter_for("multitrack")
    clips = cut(sequence, converter)
    tokens = np.stack([clip.tokens for clip in clips])
    got = {name: measure(tokens)[0] for name, measure in attributes_for(converter).items()}
    assert got["note_density"] == pytest.approx(6 / 16)
    assert got["tracks"] == 3
    assert got["mean_pitch"] == pytest.approx((60 + 64 + 61 + 65 + 36) / 5)
    assert got["pitch_range"] == 29
    assert got["c_diatonic"] == pytest.approx(4 / 5)
    assert got["drum_share"] == pytest.approx(1 / 6)
    assert got["polyphony"] == pytest.approx(6 / 3)
    assert got["syncopation_16"] == got["syncopation_8"] == 0
    assert got["loudness"] == pytest.approx(5 / 8)  # velocity 80 is in the fifth of eight bins of 16


@pytest.mark.parametrize("family", ["melody", "drums", "trio", "groove", "multitrack"])
def test_silence_in_every_family(family: str) -> None:
    converter = converter_for(family)
    silence = np.stack([converter.rules.silence()] * 2)
    for name, measure in attributes_for(converter).items():
        value = measure(silence)
        assert value.shape == (2,), name
        assert (np.isnan(value) | np.isin(value, (0.0, 1.0))).all(), name
