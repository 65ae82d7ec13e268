"""Seconds to quarters and bar lines, against pretty_midi."""

from __future__ import annotations

import io
import json
import random

import mido
import numpy as np
import pretty_midi
import pytest

from mvae_widgets.music.library import note_seq
from mvae_widgets.music.midi import load
from mvae_widgets.music.score import TempoMap, from_sequence, title_of


def _midi(
    tempos: list[tuple[int, int]], meters: list[tuple[int, int, int]], notes: list[tuple[int, int, int]]
) -> bytes:
    """Ticks at 480 a quarter, in track 0; mido alone writes it."""
    events = [(t, 0, mido.MetaMessage("set_tempo", tempo=us)) for t, us in tempos]
    events += [(t, 0, mido.MetaMessage("time_signature", numerator=n, denominator=d)) for t, n, d in meters]
    for start, end, pitch in notes:
        events.append((start, 2, mido.Message("note_on", note=pitch, velocity=90)))
        events.append((end, 1, mido.Message("note_off", note=pitch)))
    file, track, now = mido.MidiFile(type=0, ticks_per_beat=480), mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda e: e[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("seed", range(8))
def test_quarters_and_bar_lines_equal_pretty_midi(seed: int) -> None:
    rng = random.Random(seed)
    tempos = [(0, 500_000)] + [(rng.randrange(1, 20_000), rng.randrange(200_000, 2_000_000)) for _ in range(6)]
    meters, bar = [(0, 4, 4)], 0
    for _ in range(4):  # meters change on bar lines
        _, n, d = meters[-1]
        bar += rng.randrange(1, 4) * 480 * 4 * n // d
        meters.append((bar, *rng.choice([(3, 4), (6, 8), (2, 4), (4, 4), (7, 8)])))
    notes = [(t, t + rng.randrange(20, 900), 40 + i) for i, t in enumerate(rng.sample(range(16_000), 30))]
    notes.append((bar + 100, bar + 5000, 100))
    data = _midi(tempos, meters, notes)
    midi, score = pretty_midi.PrettyMIDI(io.BytesIO(data)), from_sequence(load(data))
    expected = sorted((n.start, n.end, n.pitch) for i in midi.instruments for n in i.notes)
    ticks = [[midi.time_to_tick(start) / 480, midi.time_to_tick(end) / 480, pitch] for start, end, pitch in expected]
    np.testing.assert_allclose(score.notes[:, :3], ticks, atol=1e-3)
    downbeats = [midi.time_to_tick(t) / 480 for t in midi.get_downbeats()]
    np.testing.assert_allclose(score.bar_starts()[: len(downbeats)], downbeats, atol=2e-3)
    assert score.bar_starts()[-1] == score.quarters >= score.notes[:, 1].max() - 1e-3


def test_seconds_and_quarters_are_inverse() -> None:
    tempo_map = TempoMap([(0, 90), (2.5, 33), (7, 240), (float("nan"), 10), (3, -1)])
    seconds = np.linspace(0, 20, 101)
    np.testing.assert_allclose(tempo_map.seconds(tempo_map.quarters(seconds)), seconds)
    assert [round(tempo_map.qpm(q), 6) for q in (0, 3.75, 100)] == [90, 33, 240]


def test_implied_tempo_before_the_first_is_120(sequence_of) -> None:
    score = from_sequence(sequence_of((60, 80, 4, 5), tempos=((2.0, 60.0),)))
    assert score.tempos == ((0.0, 120.0), (4.0, 60.0))
    assert score.notes[0, :2].tolist() == [6.0, 7.0]


def test_a_meter_starts_a_new_bar(sequence_of) -> None:
    score = from_sequence(sequence_of((60, 80, 0, 8), meters=((0, 1, 4), (0.5, 4, 4), (3.5, 3, 4))))
    assert score.bar_starts() == [0, 1, 5, 7, 10, 13, 16]
    assert [score.bar_of(q) for q in (0, 0.99995, 4.9, 5, 15.9, 99)] == [1, 2, 2, 3, 6, 6]


@pytest.mark.parametrize("meter", [(0, 4), (4, 0), (1, 1024), (-3, 4)])
def test_impossible_meters_are_passed_over(sequence_of, meter) -> None:
    assert from_sequence(sequence_of((60, 80, 0, 1), meters=((0, *meter),))).meters == ((0.0, 4, 4),)


def test_quantised_sequences_are_read_from_seconds_or_steps(sequence_of) -> None:
    library = note_seq()
    quantised = library.quantize_note_sequence(sequence_of((60, 80, 0.26, 1.1), (62, 80, 2, 3), qpm=100), 4)
    assert from_sequence(quantised).notes[0, 0] == pytest.approx(0.26 * 100 / 60)
    for note in quantised.notes:
        note.start_time = note.end_time = 0
    assert from_sequence(quantised).notes[:, :2].tolist() == [[0.5, 1.75], [3.25, 5.0]]
    absolute = library.quantize_note_sequence_absolute(sequence_of((60, 80, 0.25, 1), qpm=60), 100)
    for note in absolute.notes:
        note.start_time = note.end_time = 0
    assert from_sequence(absolute).notes[0, :2].tolist() == [0.25, 1.0]


def test_damaged_times_are_left_out(sequence_of) -> None:
    sequence = sequence_of((60, 80, float("nan"), 1), (61, 80, -1, 1), (62, 80, 0, 1e12), (63, 80, 1, 0.5), total=1.0)
    score = from_sequence(sequence)
    assert score.notes[:, :3].tolist() == [[2.0, 2.0, 63.0]]
    assert from_sequence(sequence_of(total=float("inf"))).quarters == 4


def test_tracks_have_unique_names(sequence_of) -> None:
    sequence = sequence_of(
        (60, 80, 0, 1, 0, 40),
        (60, 80, 0, 1, 1, 40),
        (36, 80, 0, 1, 2, 0, True),
        (50, 80, 0, 1, 3, 33),
        (50, 80, 0, 1, 0, 7),
    )
    sequence.instrument_infos.add(instrument=3, name=" Violin ")
    names = [track.name for track in from_sequence(sequence).tracks]
    assert names == ["Clavinet", "Violin", "Violin 2", "Drums", "Violin 3"]


def test_notes_are_sorted_and_scalars_are_plain(sequence_of) -> None:
    score = from_sequence(sequence_of((64, 80, 0, 1), (60, 80, 0, 1), (62, 80, 0, 1, 1), (50, 80, 1, 2)))
    assert score.notes[:, [0, 4, 2]].tolist() == sorted(score.notes[:, [0, 4, 2]].tolist())
    assert score.notes.dtype == np.float32
    back = json.loads(json.dumps(score.as_dict()))
    assert back == {
        "quarters": 4.0,
        "tempos": [[0.0, 120.0]],
        "meters": [[0.0, 4, 4]],
        "tracks": [
            {"name": n, "program": 0, "drum": False} for n in ("Acoustic Grand Piano", "Acoustic Grand Piano 2")
        ],
    }


@pytest.mark.parametrize(
    ("title", "filename", "expected"),
    [("A", "b.mid", "A"), ("", "x/y.z/b.c.mid", "b.c"), ("", "C:\\m\\b.mid", "b"), ("", ".mid", ".mid"), ("", "", "")],
)
def test_titles(sequence_of, title: str, filename: str, expected: str) -> None:
    sequence = sequence_of()
    sequence.sequence_metadata.title, sequence.filename = title, filename
    assert title_of(sequence) == expected
