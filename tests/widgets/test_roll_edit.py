"""What a page edits in the piano roll, as Python sees it; and files that arrive in pieces."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import note_seq
import numpy as np
import pretty_midi
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.widgets.base import pack, score_of
from mvae_widgets.widgets.roll_edit import Sheet, takes_of, unpack
from mvae_widgets.widgets.roll_upload import MOST, MOST_NOTES, MOST_TRACKS, Upload


def edited(roll: mv.PianoRoll, rows: Any, **score: Any) -> None:
    """Do as a host does when the page has changed the notes: both traits in one message, bytes as a memoryview."""
    told: dict[str, Any] = {"_notes": memoryview(np.asarray(rows, "<f4").reshape(-1, 7).tobytes())}
    if score:
        told["_score"] = {**roll._score, **score}
    roll.set_state(told)


def table(roll: mv.PianoRoll) -> np.ndarray[Any, Any]:
    return np.frombuffer(roll._notes, "<f4").reshape(-1, 7)


@pytest.fixture
def piece() -> Any:
    """Two tracks, a change of tempo and of meter, a chord symbol and a title."""
    sequence = note_seq.NoteSequence()
    sequence.sequence_metadata.title = "Piece"
    sequence.tempos.add(qpm=60)
    sequence.tempos.add(time=4.0, qpm=120)
    sequence.time_signatures.add(numerator=4, denominator=4)
    sequence.time_signatures.add(time=4.0, numerator=3, denominator=4)
    for instrument, program, name in ((3, 12, "Bells"), (7, 40, "Violin")):
        sequence.instrument_infos.add(instrument=instrument, name=name)
        for k in range(6):
            sequence.notes.add(
                pitch=60 + k, velocity=70 + k, start_time=k, end_time=k + 0.9, instrument=instrument, program=program
            )
    sequence.text_annotations.add(text="C", time=0.0, annotation_type=1)
    sequence.total_time = 6.0
    return sequence


def test_an_edit_becomes_the_sequence_and_the_rest_stays(piece: Any) -> None:
    roll = mv.PianoRoll(piece)
    seen: list[Any] = []
    roll.observe(lambda change: seen.append(change.new), "sequence")
    rows = table(roll).copy()
    rows[0, 2] = 72
    rows[-1, :2] = [6.0, 7.5]
    edited(roll, rows)
    assert seen == [roll.sequence]
    expected = note_seq.NoteSequence()
    expected.CopyFrom(piece)
    by_place = sorted(expected.notes, key=lambda n: (n.start_time, n.instrument, n.pitch))
    by_place[0].pitch = 72
    # Quarter 6 is two quarters at 120 after the fourth second.
    by_place[-1].start_time, by_place[-1].end_time = 5.0, 5.75
    got = sorted(roll.sequence.notes, key=lambda n: (n.start_time, n.instrument, n.pitch))
    assert [(n.pitch, n.velocity, n.instrument, n.program) for n in got] == [
        (n.pitch, n.velocity, n.instrument, n.program) for n in by_place
    ]
    np.testing.assert_allclose(
        [(n.start_time, n.end_time) for n in got], [(n.start_time, n.end_time) for n in by_place], atol=1e-5
    )
    for field in ("tempos", "time_signatures", "instrument_infos", "text_annotations", "sequence_metadata"):
        assert str(getattr(roll.sequence, field)) == str(getattr(piece, field))
    assert piece.notes[0].pitch == 60, "what was given is not changed"


def test_one_message_is_one_change_and_nothing_goes_back(piece: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    roll = mv.PianoRoll(piece)
    sent: list[str] = []
    monkeypatch.setattr(mv.PianoRoll, "send_state", lambda self, key=None: sent.extend([key] if key else ["all"]))
    seen: list[int] = []
    roll.observe(lambda change: seen.append(len(change.new.notes)), "sequence")
    edited(roll, table(roll)[:5], quarters=10.0)
    edited(roll, table(roll)[:5], quarters=10.0)
    assert seen == [5]
    assert not {"_notes", "_score", "all"} & set(sent)
    edited(roll, table(roll)[:2])
    assert seen == [5, 2]
    assert roll.sequence.total_time == pytest.approx(4 + 6 / 2), "ten quarters, four of them at 60"


def test_a_track_that_loses_its_notes_keeps_its_lane(model: Any, piece: Any) -> None:
    del piece.tempos[1:], piece.time_signatures[1:]
    roll = mv.PianoRoll(piece, model)
    rows = table(roll)
    violin = rows[rows[:, 4] == 1].copy()
    violin[0, 2] = 5
    edited(roll, violin)
    assert [note.instrument for note in roll.sequence.notes] == [7] * 6
    assert [span[2:] for span in roll._refused] == [[5, 1]], "marked in the violin's lane"
    back = violin.copy()
    back[:, 4] = 0
    edited(roll, back)
    assert [(note.instrument, note.program) for note in roll.sequence.notes] == [(3, 12)] * 6


def test_an_undo_goes_back_to_a_piece_that_is_no_longer_shown(piece: Any) -> None:
    roll = mv.PianoRoll(piece)
    notes, score = roll._notes, roll._score
    roll.sequence = mv.tunes.load("low-road")
    roll.set_state({"_notes": memoryview(notes), "_score": score})
    assert roll.sequence.sequence_metadata.title == "Piece"
    assert [tempo.qpm for tempo in roll.sequence.tempos] == [60, 120]
    assert score_of(roll.sequence).notes == pytest.approx(score_of(piece).notes, abs=1e-5)
    # The same notes in another tempo are another piece.
    faster = note_seq.NoteSequence()
    faster.CopyFrom(roll.sequence)
    faster.tempos[0].qpm = 80
    for note in faster.notes:
        note.start_time, note.end_time = 0.0, 0.1
    roll.sequence = faster
    roll.set_state({"_score": {**roll._score, "tempos": score["tempos"]}})
    assert [tempo.qpm for tempo in roll.sequence.tempos] == [60, 120]
    # One that was never shown here, from a notebook's saved state, has what its score says.
    sheet = Sheet.from_score(score)
    again = score_of(sheet.written(np.frombuffer(notes, "<f4").reshape(-1, 7).astype(float), score["quarters"]))
    assert again.as_dict() == score_of(piece).as_dict()


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ([0, 1, 60, 80, 9, 0, 0], "a track that is none"),
        ([-1, 1, 60, 80, 0, 0, 0], "a start before the piece"),
        ([2, 1, 60, 80, 0, 0, 0], "an end before the start"),
        ([0, 1, 60, 0, 0, 0, 0], "no velocity"),
        ([np.nan, 1, 60, 80, 0, 0, 0], "no number"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(row: list[float], what: str, piece: Any) -> None:
    roll = mv.PianoRoll(piece)
    edited(roll, [row])
    assert roll._status["kind"] == "error", what
    assert len(roll.sequence.notes) == 12
    edited(roll, table(mv.PianoRoll(piece))[:1])
    assert (roll._status, len(roll.sequence.notes)) == ({}, 1)
    with pytest.raises(ConfigError, match="no notes"):
        unpack(b"123", 1)


def test_odd_notes_are_kept(model: Any) -> None:
    sequence = mv.read("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n")
    sequence.notes[0].pitch = 200
    sequence.notes[1].end_time = sequence.notes[1].start_time
    roll = mv.PianoRoll(sequence, model, edit=True)
    assert "above the model's range" in roll._status["text"]
    edited(roll, table(roll)[[0, 1, 3]])
    assert [note.pitch for note in roll.sequence.notes] == [200, 62, 65]
    assert "above the model's range" in roll._status["text"]


def test_silence_to_write_in(model: Any) -> None:
    roll = mv.PianoRoll(model=model, edit=True)
    assert roll._score["quarters"] == 8
    assert [track["name"] for track in roll._score["tracks"]] == ["Melody"]
    assert roll._status == {}
    edited(roll, [[0, 1, 60, 90, 0, 0, 0]])
    assert [(note.pitch, note.end_time) for note in roll.sequence.notes] == [(60, 0.5)]
    assert len(roll._place) == 2
    edited(roll, [])
    assert roll.sequence.total_time == 4
    assert roll._repr_mimebundle_()
    assert mv.PianoRoll().sequence.total_time == 4
    with pytest.raises(ConfigError, match="not music"):
        mv.PianoRoll(None)


def test_the_page_is_told_what_the_model_takes(model: Any) -> None:
    assert takes_of(model) == {"name": "melody-2bar", "mono": True, "low": 21, "high": 108, "bars": 2, "steps": 4}
    assert takes_of(None) == {}
    assert mv.PianoRoll(mv.tunes.load("low-road"))._takes == {}


def sent_in_pieces(roll: mv.PianoRoll, data: bytes, name: str, size: int = 1000) -> None:
    """Send a file as the page does."""
    for offset in range(0, max(1, len(data)), size):
        piece = base64.b64encode(data[offset : offset + size]).decode()
        roll._uploaded(name=name, size=len(data), offset=offset, data=piece)


@pytest.mark.parametrize("kind", ["mid", "abc", "musicxml"])
def test_a_file_is_read_with_its_last_piece(kind: str, fixtures: Path) -> None:
    path = {
        "mid": mv.tunes.path("soldiers-joy"),
        "abc": Path(mv.__file__).parent / "tunes" / "soldiers-joy.abc",
        "musicxml": fixtures / "music" / "two_parts.musicxml",
    }[kind]
    roll = mv.PianoRoll(edit=True)
    sent_in_pieces(roll, path.read_bytes(), path.name, 300)
    assert pack(score_of(mv.read(path)).notes) == roll._notes
    assert roll.sequence.filename == path.name


def test_files_that_are_not_taken() -> None:
    roll = mv.PianoRoll(mv.tunes.load("low-road"), edit=True)
    before = roll.sequence
    midi = mv.tunes.path("soldiers-joy").read_bytes()
    with pytest.raises(ReadError, match=r"'broken\.mid'.*ends too early"):
        sent_in_pieces(roll, midi[:200] + b"\xff" * 300, "broken.mid")
    with pytest.raises(ReadError, match="neither MIDI"):
        sent_in_pieces(roll, b"RIFF....WAVE" + bytes(2000), "song.wav")
    with pytest.raises(ReadError, match="empty"):
        sent_in_pieces(roll, b"", "nothing.mid")
    with pytest.raises(ReadError, match=r"20\.0 MB"):
        roll._uploaded(name="huge.mid", size=20 * 2**20, offset=0, data="")
    empty = written(pretty_midi.PrettyMIDI())
    with pytest.raises(ReadError, match="no notes"):
        sent_in_pieces(roll, empty, "empty.mid")
    crowd = pretty_midi.PrettyMIDI()
    for _ in range(200):
        crowd.instruments.append(pretty_midi.Instrument(0))
        crowd.instruments[-1].notes.append(pretty_midi.Note(80, 60, 0.0, 0.5))
    with pytest.raises(ReadError, match=f"200 tracks.*{MOST_TRACKS} tracks"):
        sent_in_pieces(roll, written(crowd), "crowd.mid")
    flood = pretty_midi.PrettyMIDI(initial_tempo=240)
    flood.instruments.append(pretty_midi.Instrument(0))
    flood.instruments[0].notes += [pretty_midi.Note(80, 60, k / 8, k / 8 + 0.1) for k in range(MOST_NOTES + 1)]
    with pytest.raises(ReadError, match="20,001 notes"):
        sent_in_pieces(roll, written(flood), "flood.mid", 2**18)
    assert roll.sequence == before
    assert MOST < 2**23


def test_a_file_that_is_broken_off_is_forgotten() -> None:
    midi = mv.tunes.path("soldiers-joy").read_bytes()
    half = base64.b64encode(midi[:100]).decode()
    rest = base64.b64encode(midi[100:]).decode()
    upload = Upload()
    assert upload.take("a.mid", len(midi), 0, half) is None
    assert upload.take("b.mid", len(midi), 0, half) is None, "another begins"
    with pytest.raises(ReadError, match=r"A piece of 'a\.mid' is missing"):
        upload.take("a.mid", len(midi), 100, rest)
    with pytest.raises(ReadError, match="missing"):
        upload.take("b.mid", len(midi), 100, rest)
    assert upload.take("b.mid", len(midi), 0, half) is None
    with pytest.raises(ReadError, match="damaged"):
        upload.take("b.mid", len(midi), 100, "?")
    upload.take("c.mid", len(midi), 0, half)
    assert len(upload.take("c.mid", len(midi), 100, rest).notes) > 10


def written(midi: pretty_midi.PrettyMIDI) -> bytes:
    import io

    data = io.BytesIO()
    midi.write(data)
    return data.getvalue()
