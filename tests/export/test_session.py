"""The session file: what is written is read, and what a stranger made is refused before it does harm."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from note_seq import NoteSequence

from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.export import session as sessions
from mvae_widgets.export.session import Session, check_model

MODEL = {"name": "m", "family": "melody", "z_size": 4, "fingerprint": "f"}


@pytest.fixture
def session() -> Session:
    session = Session(dict(MODEL), {"kept": [1, 2], "words": "änd"})
    session.put(np.arange(6.0).reshape(2, 3))
    session.put(np.zeros((0, 4), np.uint8))
    sequence = NoteSequence()
    sequence.notes.add(pitch=60, velocity=80, start_time=0, end_time=1)
    session.put_music(sequence)
    session.put_music(sequence)
    session.corpus = npz(mu=np.ones((3, 4)))
    return session


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def zipped(**parts: bytes) -> bytes:
    """A session of these parts; dots and slashes of names are written as _dot_ and _slash_."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name.replace("_dot_", ".").replace("_slash_", "/"), data)
    return out.getvalue()


def head(**changes: Any) -> bytes:
    return json.dumps(
        {"format": sessions.FORMAT, "version": sessions.VERSION, "made_with": "1", "model": MODEL, **changes}
    ).encode()


def test_what_is_written_is_read(session: Session, tmp_path: Path) -> None:
    path = session.write(tmp_path / "s.mvae")
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.mvae"]
    again = Session.read(path)
    assert (again.model, again.tree, again.music, again.corpus) == (
        session.model,
        session.tree,
        session.music,
        session.corpus,
    )
    assert list(again.music) == ["music/0.pb"], "the same music is kept once"
    assert NoteSequence.FromString(again.music["music/0.pb"]).notes[0].pitch == 60
    assert set(again.arrays) == set(session.arrays)
    for name, array in session.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
        assert again.arrays[name].dtype == array.dtype
    assert session.to_bytes() == session.to_bytes() == path.read_bytes()
    # Any unzip reads it.
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert json.loads(file.read("session.json"))["words"] == "änd"


def bomb(size: int) -> bytes:
    return zipped(session_dot_json=head(), arrays_dot_npz=npz(), music_slash_0_dot_pb=b"\0" * size)


def lying(data: bytes, name: bytes, size: int) -> bytes:
    """The zip with another size of a part in its directory."""
    at = data.rindex(name) - 46
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


def huge_array() -> bytes:
    """An npz whose array claims a terabyte."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (2**37,)})  # type: ignore[arg-type]
    return zipped(a0_dot_npy=out.getvalue() + b"\0" * 64)


def pickled() -> bytes:
    out = io.BytesIO()
    np.savez(out, a0=np.array([print], dtype=object))
    return out.getvalue()


BAD: dict[str, tuple[Any, str]] = {
    "empty": (lambda: b"", "is no session: it is not a zip"),
    "text": (lambda: b"Hello", "is no session: it is not a zip"),
    "MIDI": (lambda: b"MThd\0\0\0\6", "is no session: it is not a zip"),
    "begins like a zip": (lambda: b"PK\x03\x04" + b"\0" * 100, "is damaged"),
    "another zip": (lambda: zipped(a_dot_txt=b"x"), "holds no session.json"),
    "compressed MusicXML": (lambda: zipped(META_slash_c_dot_xml=b"<a/>", score_dot_xml=b"<a/>"), "no session.json"),
    "a later version": (lambda: zipped(session_dot_json=head(version=2), arrays_dot_npz=npz()), "of a later kind"),
    "another format": (lambda: zipped(session_dot_json=head(format="x")), "is no session of mvae_widgets"),
    "no format": (lambda: zipped(session_dot_json=b"{}"), "is damaged"),
    "no arrays": (lambda: zipped(session_dot_json=head()), "is damaged"),
    "no model": (lambda: zipped(session_dot_json=head(model=None), arrays_dot_npz=npz()), "is damaged"),
    "a path upwards": (lambda: zipped(session_dot_json=head(), _dot__dot__slash_evil=b"x"), "no session does"),
    "an absolute path": (lambda: zipped(session_dot_json=head(), _slash_etc_slash_x=b"x"), "no session does"),
    "music elsewhere": (
        lambda: zipped(session_dot_json=head(), music_slash__dot__dot__slash_0_dot_pb=b"x"),
        "no session does",
    ),
    "a zip bomb": (lambda: bomb(2**24 + 1), "would take"),
    "a zip bomb that lies": (lambda: lying(bomb(2**20), b"music/0.pb", 10), "is damaged"),
    "a large tree": (lambda: zipped(session_dot_json=b" " * (sessions.MOST_HEAD + 1)), "would take"),
    "a huge array": (lambda: zipped(session_dot_json=head(), arrays_dot_npz=huge_array()), "not what its header says"),
    "a huge corpus": (
        lambda: zipped(session_dot_json=head(), arrays_dot_npz=npz(), corpus_dot_npz=huge_array()),
        "not what its header says",
    ),
    "a pickle": (lambda: zipped(session_dot_json=head(), arrays_dot_npz=pickled()), "not what its header says"),
}


@pytest.mark.parametrize("what", list(BAD))
def test_what_is_no_session_is_one_error(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, message = BAD[what]
    monkeypatch.setattr(sessions, "MOST_INSIDE", 2**24)
    monkeypatch.setattr(sessions, "MOST_HEAD", 2**16)
    path = tmp_path / "s.mvae"
    path.write_bytes(make())
    with pytest.raises(ReadError, match=message) as raised:
        Session.read(path)
    assert str(path) in raised.value.message
    assert raised.value.hint
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.mvae"], "nothing is unpacked"


def test_a_session_that_ends_anywhere_is_one_error(session: Session) -> None:
    data = session.to_bytes()
    for length in [*range(0, len(data), 97), len(data) - 1]:
        with pytest.raises(ReadError):
            Session.from_bytes(data[:length])


def test_a_session_with_any_byte_changed_is_read_or_one_error(session: Session) -> None:
    data = session.to_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        at = int(rng.integers(len(data)))
        changed = data[:at] + bytes([data[at] ^ int(rng.integers(1, 256))]) + data[at + 1 :]
        try:
            Session.from_bytes(changed)
        except ReadError as error:
            assert error.message  # noqa: PT017


def test_parts_that_come_twice_are_refused(session: Session) -> None:
    out = io.BytesIO(session.to_bytes())
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("session.json", head())
    with pytest.raises(ReadError, match="one twice"):
        Session.from_bytes(out.getvalue())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, ""),
        ({"fingerprint": ""}, ""),
        ({"name": "renamed"}, ""),
        ({"z_size": 5}, "was made with m"),
        ({"family": "drums"}, "was made with m"),
        ({"fingerprint": "g"}, "other weights"),
    ],
)
def test_the_model_must_be_the_one(session: Session, change: dict[str, Any], message: str) -> None:
    said = {**MODEL, **change}

    class Model:
        name = said["name"]
        fingerprint = said["fingerprint"]

        class config:  # noqa: N801
            family = said["family"]
            z_size = said["z_size"]

    if not message:
        check_model(session, Model(), "it")
        return
    with pytest.raises(ConfigError, match=message):
        check_model(session, Model(), "it")
