"""The published cases of MUSICVAE.md 8.4, 8.9 and 8.10, and the output of the upstream converter."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.labels import labels_from_notes, notes_from_labels
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.melody import MelodyConverter


def row(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split())


def pitched(text: str) -> tuple[int, ...]:
    """Labels of the notation of section 0 (``.`` hold, ``-`` off, a pitch), with pitch 0 as label 2."""
    return tuple({".": 0, "-": 1}[word] if word in ".-" else int(word) + 2 for word in text.split())


A = row("0 0 13 0 1 0 14 0 0 0 0 15 0 1 0 0")
B = row("0 16 0 1")
C = row("0 0 16 0 1 0 17 0")
D = row("0 52 54 0 0 1 0 0")
E = row("0 0 14 0 0 0 0 15")
SLICES = [row("0 0 13 0 1 0 14 0"), E, row("0 0 0 15 0 1 0 0"), C, D]


@pytest.fixture
def published(sequence_of):
    """The sequence of 8.4; the time signature and one tempo, chords and keys are in it."""
    sequence = sequence_of(
        (32, 100, 2, 4), (33, 1, 6, 11), (34, 1, 11, 13), (35, 1, 17, 19),
        (35, 127, 2, 4, 1), (36, 50, 6, 8, 1), (71, 100, 33, 37, 1), (73, 100, 34, 37, 1),  (33, 1, 50, 55, 1),
        (34, 1, 55, 56, 1), qpm=60.0,
    )  # fmt: skip
    chord = note_seq().NoteSequence.TextAnnotation.CHORD_SYMBOL
    for time, text in [(2, "F"), (8, "C"), (16, "Am"), (20, "N.C."), (32, "Bb7"), (36, "G"), (48, "F"), (52, "C")]:
        sequence.text_annotations.add(time=time, text=text, annotation_type=chord)
    for time, key in [(2, 0), (20, 5), (36, 0)]:
        sequence.key_signatures.add(time=time, key=key)
    return sequence


def rows(arrays) -> Counter[tuple[int, ...]]:
    return Counter(tuple(int(x) for x in array) for array in arrays)


def test_whole_melodies(published) -> None:
    tokens = MelodyConverter(steps_per_quarter=1, slice_bars=None).to_tokens(published)
    assert rows(tokens) == Counter([A, B, C, D, E])
    assert {t.dtype for t in tokens} == {np.dtype(np.uint8)}


def test_slices_are_the_five_published_in_order_of_track_and_time(published) -> None:
    tokens = MelodyConverter(steps_per_quarter=1).to_tokens(published)
    assert [tuple(t) for t in tokens] == [SLICES[0], E, SLICES[2], C, D]


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (3, 3), (100, 5), (None, 5)])
def test_max_tensors(published, limit, count: int) -> None:
    assert len(MelodyConverter(steps_per_quarter=1, max_tensors=limit).to_tokens(published)) == count


def test_end_token(published) -> None:
    converter = MelodyConverter(steps_per_quarter=1, add_end_token=True, chord_encoding="triad")
    assert (converter.classes, converter.end_token) == (91, 90)
    examples = converter.to_examples(published)
    assert rows(e.tokens for e in examples) == Counter([(*s, 90) for s in SLICES])
    assert all(len(e.chords) == 9 and e.chords[-1] == e.chords[-2] for e in examples)
    assert notes_of(converter.to_sequence([2, 0, 90, 50])) == [(21, 80, 0.0, 1.0)]


NC, F, CH, AM, BB7, G = 0, 6, 1, 22, 11, 8
WHOLE_CHORDS = {
    A: [NC] * 2 + [F] * 6 + [CH] * 8,
    B: [AM] * 4,
    C: [NC] * 2 + [F] * 6,
    D: [BB7] * 4 + [G] * 4,
    E: [F] * 4 + [CH] * 4,
}
SLICE_CHORDS = {
    SLICES[0]: [NC] * 2 + [F] * 6,
    E: [F] * 4 + [CH] * 4,
    SLICES[2]: [CH] * 8,
    C: [NC] * 2 + [F] * 6,
    D: [BB7] * 4 + [G] * 4,
}


@pytest.mark.parametrize("encoding", ["triad", "major_minor"])
@pytest.mark.parametrize(("bars", "expected"), [(None, WHOLE_CHORDS), (2, SLICE_CHORDS)])
def test_chords_and_keys(published, encoding: str, bars, expected) -> None:
    converter = MelodyConverter(steps_per_quarter=1, slice_bars=bars, chord_encoding=encoding, condition_on_key=True)
    examples = converter.to_examples(published)
    found = {tuple(int(x) for x in e.tokens): list(e.chords) for e in examples}
    assert found == expected
    assert len(examples) == 5
    for example in examples:
        d = tuple(example.tokens) == D
        assert list(example.keys) == ([5] * 4 + [0] * 4 if d else [0] * len(example.tokens))
        controls = converter.controls(example)
        assert controls.shape == (len(example.tokens), converter.control_classes)
        np.testing.assert_array_equal(controls[:, : converter.chord_encoding.classes].argmax(1), example.chords)
        np.testing.assert_array_equal(controls[:, converter.chord_encoding.classes :].argmax(1), example.keys)
        assert (controls.sum(1) == 2).all()


def test_way_back(published, sequence_of) -> None:
    first_track = type(published)()
    first_track.CopyFrom(published)
    del first_track.notes[:]
    first_track.notes.extend(n for n in published.notes if n.instrument == 0)
    converter = MelodyConverter(steps_per_quarter=1, slice_bars=4, chord_encoding="triad")
    (example,) = converter.to_examples(first_track)
    back = converter.to_sequence(example.tokens, chords=example.chords)
    assert notes_of(back) == [(32, 80, 1.0, 2.0), (33, 80, 3.0, 5.5), (34, 80, 5.5, 6.5)]
    assert [(a.text, a.time) for a in back.text_annotations] == [("N.C.", 0.0), ("F", 1.0), ("C", 4.0)]
    assert (back.ticks_per_quarter, back.tempos[0].qpm, back.total_time) == (220, 120.0, 6.5)


def notes_of(sequence) -> list[tuple[int, int, float, float]]:
    return [(n.pitch, n.velocity, n.start_time, n.end_time) for n in sequence.notes]


def test_equal_to_the_upstream_converter(sequence_of, fixtures: Path) -> None:
    """converters.json "melody": two-bar config, q=100, one program too many and one pitch too low."""
    rows_in = [(60, 80, 0.3 * i, 0.3 * i + 0.25) for i in range(20)]
    rows_in += [(72, 80, 1.2, 2.9), (20, 80, 2, 2.5), (65, 80, 14, 14.9), (50, 80, 0, 3.1, 1, 40)]
    tokens = MelodyConverter(valid_programs=range(32)).to_tokens(sequence_of(*rows_in, qpm=100))
    expected = json.loads((fixtures / "converters.json").read_text())["melody"]
    assert sorted(list(map(int, t)) for t in tokens) == expected


def test_no_program_filter_takes_the_other_track(sequence_of) -> None:
    sequence = sequence_of((50, 80, 0, 3, 1, 40))
    assert not MelodyConverter(valid_programs=range(32)).to_tokens(sequence)
    assert MelodyConverter(slice_bars=None).to_tokens(sequence)


GRID = [(12, 100, 0.01, 10), (11, 55, 0.22, 0.5), (40, 45, 2.5, 3.5), (55, 120, 4, 4.01), (52, 99, 4.75, 5)]


@pytest.mark.parametrize(
    ("notes", "steps", "expected"),
    [
        (GRID, 4, "12 11 - . . . . . . . 40 . . . - . 55 - . 52 - . . . . . . . . . . ."),
        ([(12, 99, 1, 2), (13, 99, 2, 4), (11, 99, 3.25, 3.75)], 4, ". . . . 12 . . . 13 . . . . 11 . -"),
        ([(12, 9, 0, 2), (19, 9, 0, 3), (12, 9, 1, 3), (19, 9, 1, 4)], 4, "19 . . . 19 . . . . . . . . . . ."),
        ([(12, 9, 2, 4), (14, 9, 6, 9)], 1, ". . 12 . - . 14 . . - . ."),
        ([(12, 9, 2, 4), (11, 9, 6, 7)], 1, ". . 12 . - . 11 -"),
        ([(12, 0, 0, 1), (12, 9, 1, 4)], 1, ". 12 . ."),
    ],
)
def test_note_seq_cases(sequence_of, notes, steps: int, expected: str) -> None:
    """MUSICVAE.md 8.9, padded to the bar: on q=60, pitches from 0."""
    converter = MelodyConverter(steps_per_quarter=steps, slice_bars=None, min_pitch=0, max_pitch=127)
    (tokens,) = converter.to_tokens(sequence_of(*notes, qpm=60))
    assert tuple(tokens) == pitched(expected)


def test_quantising_equals_the_published_steps(sequence_of) -> None:
    """8.9: rounding at four steps a second."""
    times = [(0.01, 0.24), (0.22, 0.55), (0.5, 0.75), (0.689, 1.18), (1.19, 1.69), (4, 4.01)]
    expected = [(0, 1), (1, 2), (2, 3), (3, 5), (5, 7), (16, 17)]
    for (start, end), (a, b) in zip(times, expected, strict=True):
        converter = MelodyConverter(slice_bars=None)
        (tokens,) = converter.to_tokens(sequence_of((60, 80, start, end), qpm=60))
        origin = a // 16 * 16
        labels = labels_from_notes(np.array([(a - origin, b - origin, 60)]), 16, 21)
        np.testing.assert_array_equal(tokens, labels)


def test_max_bars_truncates_and_does_not_rescan(sequence_of) -> None:
    notes = [(60 + i, 80, i, i + 1) for i in range(12)]
    converter = MelodyConverter(steps_per_quarter=1, slice_bars=None, max_bars=2)
    (tokens,) = converter.to_tokens(sequence_of(*notes, qpm=60))
    assert [int(t) - 2 + 21 for t in tokens] == list(range(60, 68))


def test_gap_ends_a_melody_or_not(sequence_of) -> None:
    sequence = sequence_of((60, 80, 0, 1), (62, 80, 9, 10), qpm=60)
    assert len(MelodyConverter(steps_per_quarter=1, slice_bars=None).to_tokens(sequence)) == 2
    (whole,) = MelodyConverter(steps_per_quarter=1, slice_bars=None, gap_bars=None).to_tokens(sequence)
    assert len(whole) == 12


def test_polyphony_is_given_up_only_on_request(sequence_of) -> None:
    sequence = sequence_of((60, 80, 0, 1), (64, 80, 0, 1), (62, 80, 0, 1, 1))
    tops = MelodyConverter(slice_bars=None).to_tokens(sequence)
    assert [int(t[0]) + 19 for t in tops] == [64, 62]
    (other,) = MelodyConverter(slice_bars=None, skip_polyphony=True).to_tokens(sequence)
    assert int(other[0]) + 19 == 62


def test_time_changes_split_or_refuse(sequence_of) -> None:
    sequence = sequence_of(
        (60, 80, 0, 1), (62, 80, 2, 3), (64, 80, 5, 6), tempos=((0, 120), (2, 60)), meters=((0, 4, 4), (5, 3, 4))
    )
    assert len(MelodyConverter(slice_bars=None).to_tokens(sequence)) == 2
    assert not MelodyConverter(slice_bars=None, presplit_on_time_changes=False).to_tokens(sequence)


@pytest.mark.parametrize("meter", [(6, 8), (3, 4), (0, 4), (4, 3)])
def test_other_meters_give_nothing(sequence_of, meter) -> None:
    sequence = sequence_of((60, 80, 0, 3), meters=((0, *meter),))
    assert MelodyConverter(slice_bars=None).to_tokens(sequence) == []


def test_empty_and_negative_give_nothing(sequence_of) -> None:
    assert MelodyConverter().to_tokens(sequence_of()) == []
    assert MelodyConverter(presplit_on_time_changes=False).to_tokens(sequence_of((60, 80, -1, 1))) == []


def test_pad_to_total_time(sequence_of) -> None:
    """8.6: m1 of the trio case is 13 zeros, 32, 23 zeros, 1, 0 0."""
    settings = {"slice_bars": None, "gap_bars": None, "presplit_on_time_changes": False}
    converter = MelodyConverter(steps_per_quarter=1, pad_to_total_time=True, **settings)
    (tokens,) = converter.to_tokens(sequence_of((51, 1, 13, 37), qpm=60, total=40.0))
    assert tuple(tokens) == (0,) * 13 + (32,) + (0,) * 23 + (1, 0, 0)


def test_missing_chords_are_inferred(sequence_of) -> None:
    """8.9: C, Dm, F, G, one a second at q=120, two a bar."""
    triads = [(60, 64, 67), (62, 65, 69), (65, 69, 72), (67, 71, 74)]
    notes = [(p, 80, i, i + 1) for i, triad in enumerate(triads) for p in triad]
    converter = MelodyConverter(slice_bars=None, chord_encoding="triad", condition_on_key=True)
    (example,) = converter.to_examples(sequence_of(*notes))
    assert list(example.chords) == [1] * 8 + [15] * 8 + [6] * 8 + [8] * 8
    assert set(example.keys) == {0}


@pytest.mark.parametrize("symbols", [["Gsus4"], ["Bb5"], ["H"], ["C", "G"]])
def test_chords_without_a_class_drop_the_piece(sequence_of, symbols: list[str]) -> None:
    """Unencodable, or two different ones on one step."""
    sequence = sequence_of((60, 80, 0, 2))
    for text in symbols:
        sequence.text_annotations.add(time=0.5, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    assert MelodyConverter(slice_bars=None, chord_encoding="triad").to_tokens(sequence) == []
    assert len(MelodyConverter(slice_bars=None).to_tokens(sequence)) == 1


def test_no_key_gives_nothing(sequence_of) -> None:
    assert MelodyConverter(slice_bars=None, condition_on_key=True).to_tokens(sequence_of((60, 80, 0, 2))) == []


def test_keys_come_back(sequence_of) -> None:
    converter = MelodyConverter(condition_on_key=True)
    back = converter.to_sequence([41] * 8, keys=[0] * 4 + [7] * 4)
    assert [(k.time, k.key) for k in back.key_signatures] == [(0.0, 0), (0.5, 7)]


def test_magenta_js_labels() -> None:
    """8.10: range from 60; 65 under 67 is dropped."""
    notes = np.array([(1, 3, 60), (4, 5, 62), (5, 6, 64), (6, 7, 65), (6, 7, 67)])
    assert labels_from_notes(notes, 8, 60).tolist() == [0, 2, 0, 1, 4, 6, 9, 1]
    assert labels_from_notes(notes, 12, 60).tolist() == [0, 2, 0, 1, 4, 6, 9, 1, 0, 0, 0, 0]


def test_scores_per_label_are_read_by_their_highest() -> None:
    labels = [2, 0, 1, 0, 50, 0, 0, 0]
    converter = MelodyConverter()
    assert notes_of(converter.to_sequence(np.eye(90)[labels])) == notes_of(converter.to_sequence(labels))


def test_silence_keeps_its_length() -> None:
    back = MelodyConverter().to_sequence([1, 0, 0, 1] * 8)
    assert (len(back.notes), back.total_time) == (0, 4.0)


@pytest.mark.parametrize("tokens", [[90], [-1], [0.5], np.zeros((2, 3)), np.zeros((1, 2, 90))])
def test_foreign_labels_are_refused(tokens) -> None:
    with pytest.raises(ConfigError):
        MelodyConverter().to_sequence(tokens)


@pytest.mark.parametrize(
    "settings",
    [
        {"min_pitch": 60, "max_pitch": 50},
        {"max_pitch": 128},
        {"steps_per_quarter": 0},
        {"slice_bars": 0},
        {"chord_encoding": "jazz"},
    ],
)
def test_impossible_settings_are_refused(settings) -> None:
    with pytest.raises(ConfigError):
        MelodyConverter(**settings)


def test_notes_and_labels_are_inverse_on_clean_labels() -> None:
    labels = np.array([0, 0, 41, 0, 43, 1, 0, 45, 0, 0, 1, 0], np.uint8)
    notes = notes_from_labels(labels, 21)
    assert notes.tolist() == [[2, 4, 60], [4, 5, 62], [7, 10, 64]]
    np.testing.assert_array_equal(labels_from_notes(notes, 12, 21), labels)
