"""The published case of MUSICVAE.md 8.8, the events of 8.9, and the output of the upstream converter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.multitrack import MultitrackConverter
from mvae_widgets.music.performance import Vocabulary

PIANO = [(64, 100, 0, 2), (60, 100, 0, 4), (67, 100, 2, 4), (62, 100, 4, 6), (59, 100, 4, 8), (67, 100, 6, 8)]
DRUMS = [(40, 0), (50, 0), (50, 2), (40, 4), (50, 4), (50, 6)]
ROWS = [(*r, 0, 0, False) for r in PIANO] + [(p, 100, t, t + 0.125, 1, 0, True) for p, t in DRUMS]


def notes_of(sequence, start: float = 0.0, end: float = 1e9):
    return [
        (n.pitch, n.velocity, n.start_time - start, n.end_time - start, n.instrument, n.program, n.is_drum)
        for n in sequence.notes
        if start <= n.start_time < end
    ]


def chords(sequence, *annotations):
    for time, text in annotations:
        sequence.text_annotations.add(time=time, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    return sequence


def test_two_halves(sequence_of) -> None:
    """Exact, in the order in which notes end."""
    sequence = sequence_of(*ROWS)
    converter = MultitrackConverter(slice_bars=2, velocity_bins=0)
    assert converter.depth == 482
    examples = converter.to_examples(sequence)
    assert len(examples) == 2
    for start, example in zip((0, 4), examples, strict=True):
        back = notes_of(converter.to_sequence(example.tokens))
        assert sorted(back) == sorted(notes_of(sequence, start, start + 4))
        assert [n[0] for n in back if not n[6]] == ([64, 60, 67] if not start else [62, 59, 67])


def test_one_whole_of_two_chunks(sequence_of) -> None:
    sequence = chords(sequence_of(*ROWS), (0, "C"), (4, "G"))
    converter = MultitrackConverter(slice_bars=4, chunk_bars=2, velocity_bins=0, chord_encoding="triad")
    (example,) = converter.to_examples(sequence)
    back = converter.to_sequence(example.tokens, chords=example.chords)
    assert sorted(notes_of(back)) == sorted(notes_of(sequence))
    assert [(a.text, a.time) for a in back.text_annotations] == [("C", 0), ("G", 4)]
    assert example.tokens.shape == (1024,)
    assert len(converter.inputs(example)[2]) == 16


def test_chords_of_the_halves(sequence_of) -> None:
    sequence = chords(sequence_of(*ROWS), (0, "C"), (4, "G"))
    converter = MultitrackConverter(slice_bars=2, velocity_bins=0, chord_encoding="triad")
    backs = [converter.to_sequence(e.tokens, chords=e.chords) for e in converter.to_examples(sequence)]
    assert [[(a.text, a.time) for a in back.text_annotations] for back in backs] == [[("C", 0)], [("G", 0)]]


@pytest.fixture
def upstream(sequence_of):
    piano = [(60, 100, 0, 0.5), (64, 20, 0.25, 0.75), (67, 127, 0.25, 1), (60, 100, 0.5, 2), (72, 90, 1.5, 2.6)]
    drums = [(36, 110, 0, 0.1), (42, 60, 0.5, 0.6), (38, 110, 1, 1.1), (42, 60, 1.5, 1.6)]
    bass = [(40, 80, 0, 1), (43, 80, 1, 2)]
    rows = [(*r, 0, 5) for r in piano] + [(*r, 1, 0, True) for r in drums] + [(*r, 2, 33) for r in bass]
    return chords(sequence_of(*rows), (0, "C"), (1, "Am7"))


def test_equal_to_the_upstream_converter(upstream, fixtures: Path) -> None:
    expected = json.loads((fixtures / "converters.json").read_text())["multi"]
    converter = MultitrackConverter(chord_encoding="triad")
    (example,) = converter.to_examples(upstream)
    tracks = example.tokens.reshape(8, 64)
    assert [row[row >= 0].tolist() for row in tracks] == expected["tokens"]
    rows = example.chords.reshape(8, 64)
    assert [row[track >= 0].tolist() for row, track in zip(rows, tracks, strict=True)] == expected["chords"]
    back = converter.to_sequence(example.tokens, chords=example.chords)
    found = [[p, v, round(a, 6), round(b, 6), i, g, d] for p, v, a, b, i, g, d in notes_of(back)]
    assert found == expected["back"]
    assert [[a.text, a.time] for a in back.text_annotations] == expected["back_chords"]


def test_rows_of_the_model(upstream) -> None:
    converter = MultitrackConverter(chord_encoding="triad")
    assert (converter.depth, converter.output_depth, converter.control_depth) == (490, 490, 49)
    (example,) = converter.to_examples(upstream)
    x, controls, lengths = converter.inputs(example)
    assert (x.shape, controls.shape, lengths) == ((512, 490), (512, 49), [23, 9, 22, 1, 1, 1, 1, 1])
    there = example.tokens >= 0
    assert (x.sum(1) == there).all()
    assert (controls.sum(1) == there).all()
    np.testing.assert_array_equal(converter.tokens_from(x), example.tokens)
    assert notes_of(converter.to_sequence(x)) == notes_of(converter.to_sequence(example.tokens))
    assert MultitrackConverter().inputs(example)[1] is None


def test_chord_controls_are_spread_as_in_magenta_js() -> None:
    controls = MultitrackConverter(chord_encoding="triad").chord_controls(["C", "Am"])
    assert controls.shape == (512, 49)
    track = controls[:64].argmax(1)
    assert (track[0], set(track[1:33]), set(track[33:])) == (0, {1}, {22})
    assert (controls.reshape(8, 64, 49) == controls[:64]).all()
    with pytest.raises(ConfigError, match="not conditioned"):
        MultitrackConverter().chord_controls(["C"])


def test_chords_are_inferred_or_the_bar_is_left_out(upstream) -> None:
    converter = MultitrackConverter(chord_encoding="triad")
    upstream.text_annotations[1].text = "Gsus4"
    assert converter.to_examples(upstream) == []
    del upstream.text_annotations[:]
    (example,) = converter.to_examples(upstream)
    assert example.chords.any()


def test_what_upstream_leaves_out(sequence_of) -> None:
    converter = MultitrackConverter()
    one = [(60 + i, 80, i / 4, i / 4 + 0.2, 0) for i in range(8)]
    assert not converter.to_examples(sequence_of(*one)), "one track"
    assert len(converter.to_examples(sequence_of(*one, (40, 80, 0, 1, 1)))) == 1
    held = sequence_of((60, 80, 0, 2, 0), (60, 80, 0, 2, 1))
    assert len(converter.to_examples(held)) == 1
    assert not MultitrackConverter(velocity_bins=0).to_examples(held), "too few events"
    assert not converter.to_examples(sequence_of(*one, *((40, 80, 0, 1, i) for i in range(1, 9)))), "nine tracks"
    assert not converter.to_examples(sequence_of(*one, (40, 80, 0, 1, 1), (41, 80, 1, 2, 1, 5))), "two programs"
    assert not converter.to_examples(sequence_of(*one, (40, 80, 0, 1, 1), (41, 80, 1, 2, 1, 0, True))), "half drums"
    assert not converter.to_examples(sequence_of(*one, (40, 0, 0, 1, 1))), "no velocity"
    fast = [(60 + i % 12, 80, i / 16, i / 16 + 0.05, 1) for i in range(32)]
    assert not converter.to_examples(sequence_of(*one, *fast)), "too many events in a track"
    narrow = MultitrackConverter(min_pitch=50)
    assert not narrow.to_examples(sequence_of(*one, (40, 80, 0, 1, 1))), "a pitch out of range"


def test_the_pedal_holds(sequence_of) -> None:
    sequence = sequence_of(*((60 + i, 80, i / 4, i / 4 + 0.1, 0) for i in range(4)), (40, 80, 0, 2, 1))
    for time, value in [(0.0, 127), (1.5, 0)]:
        sequence.control_changes.add(time=time, control_number=64, control_value=value, instrument=0)
    converter = MultitrackConverter()
    (example,) = converter.to_examples(sequence)
    ends = [n.end_time for n in converter.to_sequence(example.tokens).notes if n.instrument == 0]
    assert ends == [1.5] * 4


# Steps of a hundredth; on, off, shift, velocity as in 8.9.
NOTES = [(0, 400, 60, 0), (0, 300, 64, 0), (100, 200, 67, 0)]


def test_note_seq_cases() -> None:
    plain = Vocabulary(100, 0)
    shift = plain.shift + 100
    assert plain.encode(NOTES, 400) == [60, 64, shift, 67, shift, 128 + 67, shift, 128 + 64, shift, 128 + 60]
    for bins, velocities in [(127, (100, 100, 127)), (16, (13, 13, 16))]:
        words = Vocabulary(100, bins)
        v = [words.bin_of(x) for x in (100, 100, 127)]
        assert tuple(v) == velocities
        events = words.encode([(*n[:3], b) for n, b in zip(NOTES, v, strict=True)], 400)
        assert events[:5] == [words.velocity + v[0], 60, 64, shift, words.velocity + v[2]]
    _, notes = plain.decode([128 + 55, 60, 60, shift, 128 + 60, 72, shift], 400)
    assert notes == [(0, 100, 60, 0), (0, 400, 60, 0), (100, 400, 72, 0)]


def test_reading_a_track() -> None:
    words = Vocabulary()
    assert (words.size, words.end, words.program, words.velocity, words.shift) == (490, 489, 360, 351, 255)
    assert words.decode([words.program + 5, 60, words.program + 9, words.shift + 96, words.end, 61], 96) == (
        5,
        [(0, 96, 60, 0)],
    )
    assert words.decode([60, 128 + 60, words.shift + 10], 96) == (0, []), "no length"
    assert words.decode([words.shift + 90, 60, words.shift + 90, 61], 96) == (0, [(90, 96, 60, 0)]), "cut off"
    assert words.decode([], 96) == (0, [])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 94), st.integers(1, 30), st.integers(0, 127), st.integers(1, 8)), max_size=20),
    st.integers(0, 128),
)
def test_notes_to_events_and_back_is_the_identity(rows, program: int) -> None:
    words = Vocabulary()
    last: dict[int, int] = {}
    notes = []
    for start, length, pitch, velocity in sorted(rows):
        if start >= last.get(pitch, 0):  # one note at a time on each pitch
            last[pitch] = min(start + length, 96)
            notes.append((start, last[pitch], pitch, velocity))
    events = words.encode(sorted(notes, key=lambda n: (n[0], n[2])), 96)
    sound, found = words.decode([words.program + program, *events, words.end], 96)
    assert (sound, sorted(found)) == (program, sorted(notes))
    assert words.encode(sorted(found, key=lambda n: (n[0], n[2])), 96) == events


def test_foreign_tokens_and_settings() -> None:
    converter = MultitrackConverter()
    for tokens in (np.zeros(511, int), np.full(512, 490), np.full(512, -2), np.zeros(512), np.zeros((512, 489))):
        with pytest.raises(ConfigError):
            converter.to_sequence(tokens)
    with pytest.raises(ConfigError):
        converter.to_sequence(np.full(512, 489), chords=["C"])
    with pytest.raises(ConfigError, match="one for each"):
        MultitrackConverter(chord_encoding="triad").to_sequence(np.full(512, 489), chords=[1, 2])
    for arguments in (
        {"slice_bars": 0}, {"slice_bars": 2, "chunk_bars": 3}, {"velocity_bins": 200}, {"max_tracks": 0},
        {"max_events": 2}, {"min_pitch": 60, "max_pitch": 50}, {"chord_encoding": "jazz"}, {"steps_per_quarter": 0},
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            MultitrackConverter(**arguments)
