"""Reading and writing files, against pretty_midi and mido; damaged ones by the thousand."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import time
import zipfile
from pathlib import Path

import mido
import pretty_midi
import pytest

from mvae_widgets.errors import MusicVAEError, ReadError
from mvae_widgets.music import tunes
from mvae_widgets.music.io import read, write
from mvae_widgets.music.score import from_sequence

CONTAINER = '<container><rootfiles><rootfile full-path="{}"/></rootfiles></container>'


def smf(*tracks: list[mido.Message | mido.MetaMessage], kind: int = 1, ticks: int = 480) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks, charset="utf-8")
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def note(pitch: int = 60, length: int = 480, channel: int = 0) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=90, channel=channel),
        mido.Message("note_off", note=pitch, time=length, channel=channel),
    ]


def zipped(**files: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return buffer.getvalue()


def same_notes(sequence, midi: pretty_midi.PrettyMIDI) -> bool:
    ours = sorted((n.pitch, n.velocity, n.start_time, n.end_time, n.program, n.is_drum) for n in sequence.notes)
    theirs = sorted(
        (n.pitch, n.velocity, n.start, n.end, i.program, i.is_drum) for i in midi.instruments for n in i.notes
    )
    return ours == theirs


@pytest.mark.parametrize("name", tunes.names())
def test_midi_equals_pretty_midi(name: str) -> None:
    path = tunes.path(name)
    sequence = read(path)
    assert len(sequence.notes) > 20
    assert same_notes(sequence, pretty_midi.PrettyMIDI(str(path)))
    assert sequence.filename == f"{name}.mid"
    assert read(path.read_bytes()).filename == ""


def test_kinds_are_known_by_content_not_by_suffix(tmp_path: Path, fixtures: Path) -> None:
    for source, wrong in [(tunes.path("low-road"), "a.xml"), (tunes.path("low-road", ".abc"), "b.mid"),
                          (fixtures / "music" / "two_parts.musicxml", "c.abc")]:  # fmt: skip
        (tmp_path / wrong).write_bytes(source.read_bytes())
        assert [n.pitch for n in read(tmp_path / wrong).notes] == [n.pitch for n in read(source).notes]


def test_text_is_read_as_music() -> None:
    assert [n.pitch for n in read("X:1\nK:C\nCDE").notes] == [60, 62, 64]


def test_an_empty_midi_file_is_an_empty_sequence() -> None:
    for data in (
        smf([]),
        smf([mido.MetaMessage("set_tempo", tempo=600_000)]),
        b"MThd" + struct.pack(">LHHH", 6, 1, 0, 96),
    ):
        sequence = read(data)
        assert len(sequence.notes) == 0
        assert sequence.total_time == 0
    assert read(smf([mido.MetaMessage("set_tempo", tempo=600_000)])).tempos[0].qpm == pytest.approx(100)


def test_tempo_and_meter_outside_the_first_track_count() -> None:
    conductor = [
        mido.MetaMessage("set_tempo", tempo=1_000_000),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("set_tempo", tempo=500_000, time=480),
    ]
    sequence = read(smf([], [*conductor, *note()]))
    played = mido.MidiFile(file=io.BytesIO(smf([], [*conductor, *note()])))
    assert sum(message.time for message in played) == sequence.total_time == 1.5, "as mido plays it"
    score = from_sequence(sequence)
    assert score.tempos == ((0.0, 60.0), (1.0, 120.0))
    assert score.meters == ((0.0, 3, 4),)
    assert score.notes[0, :2].tolist() == [1.0, 2.0]


def test_names_and_titles() -> None:
    named = [mido.MetaMessage("track_name", name="Flöte 笛"), *note()]
    sequence = read(smf([mido.MetaMessage("track_name", name="Lied\0 ")], named))
    assert sequence.sequence_metadata.title == "Lied"
    assert from_sequence(sequence).tracks[0].name == "Flöte 笛"
    flat = read(smf([mido.MetaMessage("track_name", name="Song"), *note(), *note(channel=9)], kind=0))
    assert flat.sequence_metadata.title == "Song"
    assert [t.name for t in from_sequence(flat).tracks] == ["Acoustic Grand Piano", "Drums"]


@pytest.mark.parametrize(
    ("key", "known"), [(b"\x03\x01", True), (b"\xfd\x00", True), (b"\x02\x07", False), (b"\x50\0", False)]
)
def test_a_wrong_key_signature_does_not_cost_the_file(key: bytes, known: bool) -> None:
    data = smf([mido.MetaMessage("key_signature", key="A"), *note()]).replace(
        b"\xff\x59\x02\x03\x00", b"\xff\x59\x02" + key
    )
    sequence = read(data)
    assert (len(sequence.notes), len(sequence.key_signatures)) == (1, int(known))


def test_midi_in_riff() -> None:
    data = smf(note())
    chunk = b"RMID" + b"data" + struct.pack("<L", len(data)) + data
    assert len(read(b"RIFF" + struct.pack("<L", len(chunk)) + chunk).notes) == 1


def test_write_keeps_everything(sequence_of, tmp_path: Path) -> None:
    sequence = sequence_of(
        (60, 70, 0.5, 1), (62, 71, 1, 2, 0, 40), (36, 72, 0, 0.5, 0, 0, True), (64, 73, 3, 4, 5, 73),
        tempos=((2.0, 90.0), (0.0, 150.0)), meters=((0, 4, 4), (1.6, 3, 4)),
    )  # fmt: skip
    sequence.sequence_metadata.title = "Ein Stück 曲"
    sequence.instrument_infos.add(instrument=5, name="Panflöte")
    sequence.key_signatures.add(time=0, key=9, mode=1)
    path = write(sequence, tmp_path / "a.mid")
    back, score = read(path), from_sequence(read(path))
    ours = from_sequence(sequence)
    rows = {tuple(r) for r in ours.notes[:, [0, 1, 2, 3, 5, 6]].round(1).tolist()}
    assert {tuple(r) for r in score.notes[:, [0, 1, 2, 3, 5, 6]].round(1).tolist()} == rows
    assert len(back.notes) == 4
    assert back.sequence_metadata.title == "Ein Stück 曲"
    assert [t.name for t in score.tracks] == ["Acoustic Grand Piano", "Violin", "Drums", "Panflöte"]
    assert [(m[1], m[2]) for m in score.meters] == [(4, 4), (3, 4)]
    assert [round(q) for _, q in score.tempos] == [150, 90]
    assert (back.key_signatures[0].key, back.key_signatures[0].mode) == (9, 1)
    assert same_notes(back, pretty_midi.PrettyMIDI(str(path)))


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    sequence = tunes.load("low-road")
    write(sequence, tmp_path / "a.mid")
    assert write(read(tmp_path / "a.mid"), tmp_path / "b.mid").read_bytes() == (tmp_path / "a.mid").read_bytes()


def test_what_cannot_be_written(sequence_of, tmp_path: Path) -> None:
    with pytest.raises(MusicVAEError, match="cannot be written as MIDI"):
        write(sequence_of((200, 80, 0, 1)), tmp_path / "a.mid")
    with pytest.raises(MusicVAEError, match="No such file or directory"):
        write(sequence_of((60, 80, 0, 1)), tmp_path / "none" / "a.mid")


def failing(source) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(source)
    return caught.value


def test_missing_files_are_answered_with_near_names(tmp_path: Path) -> None:
    for name in ("Reel.mid", "jig.abc", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    error = failing(tmp_path / "real.mid")
    assert "real.mid" in error.message
    assert error.hint == "Did you mean 'Reel.mid'?"
    assert "Reel.mid, jig.abc" in failing(tmp_path / "zzzzzz").hint
    assert "does not exist either" in failing(tmp_path / "no" / "a.mid").hint
    folder = failing(tmp_path)
    assert "is a folder" in folder.message
    assert "Reel.mid, jig.abc" in folder.hint
    assert failing("a\0b.mid").hint
    assert "int is not a file" in failing(5).message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.mid", b"", "is empty"),
        ("a.mid", b"hello", "not a MIDI file"),
        ("a.mid", b"MThd\0\0\0\6\0\1\0\2", "ends too early"),
        ("a.mid", tunes.path("low-road").read_bytes()[:120], "ends too early"),
        ("a.mid", b"MThd" + struct.pack(">LHHh", 6, 0, 1, -7600) + b"MTrk\0\0\0\4\0\xff\x2f\0", "SMPTE"),
        ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "sound, not notes"),
        ("a.mid", b"<!DOCTYPE html><html>", "web page"),
        ("a.bin", bytes(range(256)), "neither MIDI nor MusicXML nor ABC"),
        ("a.xml", b"<?xml version='1.0'?><svg/>", "holds <svg>"),
        ("a.xml", b"<?xml version='1.0'?><score-partwise><part>", "XML is broken"),
        ("a.xml", b"<?xml version='1.0'?><score-timewise/>", "time by time"),
        ("a.xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><score-partwise/>", "entities"),
        ("a.mxl", b"PK\3\4 and then nothing", "zip is damaged"),
        (
            "a.mxl",
            bytes(255 if 40 <= k < 60 else byte for k, byte in enumerate(zipped(a_DOT_xml="<a/>" * 99))),
            "zip is",
        ),
        ("a.mxl", zipped(a_DOT_txt="no"), "no MusicXML score"),
        ("a.mxl", zipped(META_INF__x_DOT_xml="<a/>", a_DOT_xml="<a/>"), "holds <a>"),
        ("a.abc", b"X:1\nK:C\nABC {no", "line 3 of the ABC"),
        ("a.abc", b"X:1\nK:C\nA99999", "line 3 of the ABC"),
        ("a.abc", b"X:1\nM:5\nK:C\nA", "line 2 of the ABC"),
    ],
)
def test_errors_name_file_cause_and_remedy(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    error = failing(tmp_path / name)
    assert name in error.message
    assert words in error.message
    assert error.hint


def test_a_zip_that_unpacks_to_too_much(tmp_path: Path) -> None:
    bomb = zipped(META_INF__container_DOT_xml=CONTAINER.format("a.xml"), a_DOT_xml=b" " * (65 * 2**20))
    assert len(bomb) < 100_000
    bomb = bomb.replace(b"META_INF", b"META-INF")
    assert "unpacks to more than 64 MB" in failing(bomb).message


def test_compressed_musicxml(fixtures: Path) -> None:
    score = (fixtures / "music" / "two_parts.musicxml").read_bytes()
    plain = zipped(score_DOT_xml=score)
    listed = zipped(
        cover_DOT_xml="<no/>", score_DOT_xml=score, METAxINF__container_DOT_xml=CONTAINER.format("score.xml")
    )
    for data in (plain, listed.replace(b"METAxINF", b"META-INF")):
        assert [n.pitch for n in read(data).notes] == [n.pitch for n in read(score).notes]


def test_a_tick_count_that_would_exhaust_memory() -> None:
    far = smf([*note(length=2**27), *note(length=2**27)])
    assert "claims to last" in failing(far).message


def test_a_meter_of_no_length_does_not_hang() -> None:
    data = smf([mido.MetaMessage("time_signature", numerator=1, denominator=2**20), *note()])
    assert from_sequence(read(data)).meters == ((0.0, 4, 4),)


def samples(fixtures: Path) -> dict[str, bytes]:
    score = (fixtures / "music" / "two_parts.musicxml").read_bytes()
    return {
        "midi": tunes.path("soldiers-joy").read_bytes(),
        "midi with many events": smf(
            [
                mido.MetaMessage("key_signature", key="Eb"),
                mido.MetaMessage("time_signature", numerator=6, denominator=8),
            ],
            [
                mido.Message("program_change", program=33),
                mido.Message("control_change", control=64, value=1),
                mido.Message("pitchwheel", pitch=99),
                *note(),
                mido.Message("sysex", data=[1, 2, 3]),
                *note(70),
            ],
        ),
        "abc": tunes.path("low-road", ".abc").read_bytes() + b'|:"Am"{g}(3abc [CEG]2-|1 [CEG]2 z2:|2 ^f>e d4|]\n',
        "musicxml": score,
        "mxl": zipped(score_DOT_xml=score),
    }


@pytest.mark.parametrize("kind", ["midi", "midi with many events", "abc", "musicxml", "mxl"])
def test_damaged_bytes_never_escape(fixtures: Path, kind: str) -> None:
    """Cut, changed, doubled and shuffled: a sequence or a ReadError, and no hanging."""
    original = samples(fixtures)[kind]
    read(original)
    rng = random.Random(kind)
    for round_ in range(250):
        data = bytearray(original)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(data))
            match rng.randrange(5):
                case 0:
                    del data[at:]
                case 1:
                    data[at] = rng.randrange(256)
                case 2:
                    data[at:at] = data[at : at + rng.randrange(40)]
                case 3:
                    del data[at : at + rng.randrange(1, 20)]
                case _:
                    data[at : at + 2] = b"\xff\xff"
            if not data:
                break
        begun = time.perf_counter()
        with contextlib.suppress(ReadError):
            from_sequence(read(bytes(data))).bar_starts()
        assert time.perf_counter() - begun < 20, (round_, bytes(data))
