"""What a Studio writes, read by others; and sessions, which restore everything or change nothing."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
import zipfile
from pathlib import Path
from typing import Any

import note_seq
import numpy as np
import pretty_midi
import pytest
from PIL import Image

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, MusicVAEError, ReadError
from mvae_widgets.widgets import messages, studio_files
from tests.studio_page import FakePage, told
from tests.test_families import small

#: Counts and names that differ between any two widgets.
OWN = {"_revision", "_setting", "_elsewhere", "_undo", "_redo"}


@pytest.fixture(scope="module")
def used(model: Any) -> mv.Studio:
    """A Studio in which something of everything was done."""
    studio = mv.Studio(model, title="Étude/1")
    page = FakePage(studio)
    page.do("open")
    page.write("pad", value=[3, 2.5], path=[[0, 0], [1, 1]])
    clip = studio.keep("Between: ä/ö")
    page.do("corner", which=1, id=clip.id)
    page.do("end", which="b", id=3)
    page.call("slider", "draw", temperature=0.8, seed=4)
    page.write("slider", value=0.4, space="data")
    studio.discard(2)
    page.call("knobs", "turn", value={"mean_pitch": 75.0})
    page.write("knobs", locked=["note_density"])
    page.call("knobs", "turn", value={"mean_pitch": 60.0}, locked=["note_density"])
    page.call("map", "decode", at=[0.2, 0.3])
    studio.map.selected = [3, 5]
    rows = page.notes().copy()
    rows[0, 2] += 1
    page.edit(rows)
    studio.keep()
    studio.arrange([clip.id, 1, 1, studio.kept[-1].id])
    studio.tempo, studio.loop_region, studio.mix = 96.0, [0.0, 8.0], [{"level": 0.5}]
    return studio


def state(studio: mv.Studio) -> dict[str, Any]:
    found = {f"{name}.{key}": value for name, part in studio.parts.items() for key, value in told(part).items()}
    found |= {f"studio.{key}": value for key, value in told(studio).items()}
    for name in ("map", "pad", "slider", "knobs", "compare", "roll"):
        found[f"{name} music"] = studio.parts[name].sequence.SerializeToString(deterministic=True)
    found["z"] = [None if z is None else z.tobytes() for z in (studio.z, *(clip.z for clip in studio.kept))]
    found["latents"] = (studio.pad.latents.tobytes(), studio.slider.latents.tobytes(), studio.map.z.tobytes())
    found["selected"] = studio.map.selected.tolist()
    found["bench"] = {name: np.asarray(move).tobytes() for name, move in studio.knobs._bench._moves.items()}
    return {name: uncounted(value) for name, value in found.items() if name.split(".")[-1] not in OWN}


def uncounted(value: Any) -> Any:
    """A value without the number that tells a page that it is new."""
    return {key: item for key, item in value.items() if key != "version"} if isinstance(value, dict) else value


def differing(a: mv.Studio, b: mv.Studio) -> list[str]:
    one, two = state(a), state(b)
    return [name for name in one if one[name] != two[name]]


def test_a_session_restores_everything(used: mv.Studio, tmp_path: Path) -> None:
    path = used.save(tmp_path / "session.mvae")
    again = mv.Studio.load(path, used._model)
    assert differing(used, again) == []
    assert (again._undo, again._redo) == (0, 0)
    again.undo()
    assert differing(used, again) == [], "undo begins with the session"
    assert again.save(tmp_path / "again.mvae").read_bytes() == path.read_bytes(), "one session is one file"
    # It goes on as the first one does.
    for studio in (used, again):
        page = FakePage(studio)
        page.do("open")
        page.call("knobs", "turn", value={"mean_pitch": 66.0}, locked=["note_density"])
        page.write("pad", value=[1, 4])
        assert studio.keep("Next").id == 8
        studio.undo()
        studio.undo()
        studio.undo()
    assert differing(used, again) == []


def test_the_model_is_loaded_by_its_name(used: mv.Studio, tmp_path: Path) -> None:
    again = mv.Studio.load(used.save(tmp_path / "s.mvae"))
    assert again._model.name == "melody-2bar"
    assert again._model is not used._model
    assert again.song.notes == used.song.notes


def test_a_corpus_of_ones_own_is_in_the_session(model: Any, reel: Any, air: Any, tmp_path: Path) -> None:
    corpus = model.embed([reel, air], columns={"mood": ["quick", "slow"]})
    studio = mv.Studio(model, music=reel, corpus=corpus)
    studio.map.color = "mood"
    studio.map.value = 2
    again = mv.Studio.load(studio.save(tmp_path / "s.mvae"), model)
    assert again.map.color == "mood"
    np.testing.assert_array_equal(again.map.corpus.mu, corpus.mu)
    assert differing(studio, again) == []
    # Dropped on a Studio whose map shows something else, it can be undone.
    other = mv.Studio(model)
    page, before = FakePage(other), state(other)
    page.do("open")
    drop(page, studio.save(tmp_path / "s.mvae").read_bytes())
    assert differing(studio, other) == []
    page.do("undo")
    after = state(other)
    assert [name for name in before if before[name] != after[name]] == []
    page.do("redo")
    assert differing(studio, other) == []


@pytest.mark.parametrize("name", ["hierdec-trio_16bar", "groovae_2bar_hits_control_tfds", "cat-drums_2bar_small"])
def test_sessions_of_other_families(name: str, tmp_path: Path) -> None:
    model = small(name)
    studio = mv.Studio(model)
    studio.keep("Mine")
    studio.arrange([1, 5])
    again = mv.Studio.load(studio.save(tmp_path / "s.mvae"), model)
    assert again.song == studio.song
    for part in studio.parts:
        one, two = told(studio.parts[part]), told(again.parts[part])
        assert [key for key in one if uncounted(one[key]) != uncounted(two[key]) and key not in OWN] == []
    with pytest.raises(ConfigError, match=name):
        mv.Studio.load(tmp_path / "s.mvae", small("melody-2bar"))
    with pytest.raises(ConfigError, match="which no name loads" if name not in published() else "weights"):
        mv.Studio.load(tmp_path / "s.mvae") if name not in published() else other_weights(tmp_path / "s.mvae", name)


def published() -> set[str]:
    return {one.name for one in mv.models()}


def other_weights(path: Path, name: str) -> None:
    other = small(name)
    other.__dict__["fingerprint"] = "0"
    mv.Studio.load(path, other)


def drop(page: FakePage, data: bytes, size: int = 200_000) -> dict[str, Any]:
    """Drop a file on the page; the last reply."""
    reply: dict[str, Any] = {}
    for offset in range(0, max(len(data), 1), size):
        piece = base64.b64encode(data[offset : offset + size]).decode()
        reply = page.ask("load", name="dropped.mvae", size=len(data), offset=offset, data=piece)
        if not reply["ok"]:
            return reply
    return reply


def test_a_session_that_is_dropped_is_one_step(used: mv.Studio) -> None:
    studio = mv.Studio(used._model)
    studio.tempo = 77
    page, before = FakePage(studio), state(studio)
    page.do("open")
    data = page_of(used).do("export", what="session")["buffers"][0]
    assert drop(page, data)["result"] == {"done": True}
    assert differing(used, studio) == []
    for name, part in studio.parts.items():
        assert page.parts[name] == told(part)
    assert studio._undo == 1
    page.do("undo")
    after = state(studio)
    assert [name for name in before if before[name] != after[name]] == []


def page_of(studio: mv.Studio) -> FakePage:
    return FakePage(studio)


def remade(data: bytes, **changes: Any) -> bytes:
    """A session with other parts: bytes, a function of the old bytes, or None for none; `tree` changes the JSON."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content: bytes | None = old.read(name)
            if name == "session.json" and "tree" in changes:
                tree = json.loads(content or b"")
                changes["tree"](tree)
                content = json.dumps(tree).encode()
            if name in changes:
                content = changes[name](content) if callable(changes[name]) else changes[name]
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def arrays(change: Any) -> Any:
    def changed(data: bytes) -> bytes:
        found = dict(np.load(io.BytesIO(data)))
        change(found)
        out = io.BytesIO()
        np.savez(out, **found)
        return out.getvalue()

    return changed


def spoil_z(found: dict[str, Any]) -> None:
    name = next(name for name, array in found.items() if array.shape == (128,))
    found[name] = np.full(128, np.nan)


def spoil_shapes(found: dict[str, Any]) -> None:
    for name, array in found.items():
        if array.shape == (4, 128):
            found[name] = array[:3]


BROKEN: dict[str, Any] = {
    "no kept": {"tree": lambda tree: tree.pop("kept")},
    "kept is a word": {"tree": lambda tree: tree.update(kept="all")},
    "one id twice": {"tree": lambda tree: tree.update(kept=tree["kept"] + tree["kept"][:1])},
    "an unknown clip in the song": {"tree": lambda tree: tree["arrangement"].append(77)},
    "no music": {"tree": lambda tree: tree["current"].update(music="music/99.pb")},
    "a path for music": {"tree": lambda tree: tree["current"].update(music="../../etc/passwd")},
    "a tempo of nothing": {"tree": lambda tree: tree["studio"].update(tempo=0)},
    "no pad": {"tree": lambda tree: tree["parts"].update(pad={})},
    "a pad of one cell": {"tree": lambda tree: tree["parts"]["pad"].update(n=1)},
    "a slider without steps": {"tree": lambda tree: tree["parts"]["slider"].update(steps=0)},
    "an unknown space": {"tree": lambda tree: tree["parts"]["slider"].update(space="outer")},
    "an unknown attribute": {"tree": lambda tree: tree["parts"]["knobs"]["names"].append("charm")},
    "an unknown column": {"tree": lambda tree: tree["parts"]["map"].update(color="mood")},
    "a place far away": {"tree": lambda tree: tree["parts"]["map"].update(here=None, value=10**9)},
    "damaged music": {"music/0.pb": b"\xff" * 40},
    "z that is not finite": {"arrays.npz": arrays(spoil_z)},
    "three corners": {"arrays.npz": arrays(spoil_shapes)},
    "no arrays": {"arrays.npz": None},
    "arrays that are text": {"arrays.npz": b"text"},
    "json that is none": {"session.json": b"{"},
    "json of another kind": {"session.json": b"[]"},
    "deep json": {"session.json": b"[" * 100_000},
}


@pytest.fixture(scope="module")
def target(model: Any) -> mv.Studio:
    studio = mv.Studio(model)
    studio.pad.value = (1, 1)
    studio.keep()
    studio.arrange([1, 6])
    return studio


@pytest.fixture(scope="module")
def data(used: mv.Studio) -> bytes:
    return used._session().to_bytes()


@pytest.mark.parametrize("what", list(BROKEN))
def test_a_damaged_session_is_one_error_and_changes_nothing(target: mv.Studio, data: bytes, what: str) -> None:
    page, before, steps = FakePage(target), state(target), target._undo
    page.do("open")
    reply = drop(page, remade(data, **BROKEN[what]))
    assert not reply["ok"]
    assert reply["error"]["code"] == "read", reply["error"]
    assert reply["error"]["message"].startswith("'dropped.mvae' is damaged")
    assert reply["error"]["hint"]
    after = state(target)
    assert [name for name in before if before[name] != after[name]] == []
    assert target._undo == steps
    for name, part in target.parts.items():
        assert page.parts[name] == told(part)
    page.do("choose", id=1)
    page.do("undo")


def test_a_session_of_another_model_is_refused_when_dropped(target: mv.Studio, data: bytes) -> None:
    page = FakePage(target)
    other = remade(data, tree=lambda tree: tree["model"].update(family="drums", name="drums-2bar"))
    assert "was made with drums-2bar" in drop(page, other)["error"]["message"]
    assert "is no session" in drop(page, b"MThd")["error"]["message"]
    weights = remade(data, tree=lambda tree: tree["model"].update(fingerprint="abc"))
    assert "other weights" in drop(page, weights)["error"]["message"]
    assert target.arrangement == [1, 6]


def test_half_dropped_files_are_forgotten(target: mv.Studio, data: bytes) -> None:
    page = FakePage(target)
    half = base64.b64encode(data[:1000]).decode()
    assert page.do("load", name="a.mvae", size=len(data), offset=0, data=half)["done"] is False
    reply = page.ask("load", name="a.mvae", size=len(data), offset=5000, data=half)
    assert "missing" in reply["error"]["message"]
    reply = page.ask("load", name="b.mvae", size=studio_files.MOST + 1, offset=0, data="")
    assert "64 MB" in reply["error"]["message"]
    assert "Studio.load" in reply["error"]["hint"]
    assert target.arrangement == [1, 6]


def test_names_of_models_are_no_paths(data: bytes, tmp_path: Path) -> None:
    """A session from a stranger must not say what file is to be opened."""
    for name in ("/etc/passwd", "../melody-2bar", str(tmp_path), "no-such-model"):
        path = tmp_path / "s.mvae"
        path.write_bytes(remade(data, tree=lambda tree, name=name: tree["model"].update(name=name)))
        with pytest.raises(ConfigError, match="no name loads"):
            mv.Studio.load(path)


def test_midi_and_pictures_are_what_they_say(used: mv.Studio, tmp_path: Path) -> None:
    page = FakePage(used)
    result = page.do("export", what="midi")
    assert (result["name"], result["mime"]) == ("Étude 1.mid", "audio/midi")
    assert used.save_midi(tmp_path / "song.mid").read_bytes() == result["buffers"][0]
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "song.mid"))
    found = sorted((round(note.start, 2), note.pitch) for one in midi.instruments for note in one.notes)
    assert found == sorted((round(note.start_time, 2), note.pitch) for note in used.song.notes)
    assert midi.get_tempo_changes()[1] == pytest.approx([used.tempo], rel=1e-4)
    with Image.open(io.BytesIO(page.do("export", what="png")["buffers"][0])) as picture:
        assert picture.format == "PNG"
        assert picture.width == 1920
    svg = page.do("export", what="svg")["buffers"][0].decode()
    assert svg.startswith("<svg")
    assert "8 bars of 4 clips" in svg
    assert used.save_picture(tmp_path / "song.svg").read_text() == svg
    used_bundle = used._repr_mimebundle_()
    assert used_bundle is not None
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= set(used_bundle[0])
    with pytest.raises(MusicVAEError):
        used.save_midi(tmp_path / "nowhere" / "song.mid")
    with pytest.raises(MusicVAEError):
        used.save(tmp_path / "nowhere" / "song.mvae")


def test_files_are_as_the_mixer_and_the_swing_let_it_be_heard(model: Any, tmp_path: Path) -> None:
    studio = mv.Studio(model, music=[mv.tunes.load("soldiers-joy")])
    studio.arrange([1, 1])
    plain = pretty_midi.PrettyMIDI(str(studio.save_midi(tmp_path / "plain.mid")))
    studio.mix, studio.swing = [{"level": 0.5, "program": 73}], 2 / 3
    heard = pretty_midi.PrettyMIDI(str(studio.save_midi(tmp_path / "heard.mid")))
    assert [part.program for part in heard.instruments] == [73]
    assert [n.velocity for n in heard.instruments[0].notes] == [
        round(n.velocity / 2) for n in plain.instruments[0].notes
    ]
    beat = 60 / studio.tempo
    straight = [n.start / beat for n in plain.instruments[0].notes]
    swung = [n.start / beat for n in heard.instruments[0].notes]
    assert any(start % 1 == pytest.approx(0.5, abs=1e-2) for start in straight)
    for before, after in zip(straight, swung, strict=True):
        late = {0.0: 0.0, 0.5: 2 / 3}[round(before % 1, 2) % 1]
        assert after == pytest.approx(int(before + 1e-2) + late, abs=2e-2)
    studio.mute(0)
    assert not pretty_midi.PrettyMIDI(str(studio.save_midi(tmp_path / "silent.mid"))).instruments


def test_without_a_song_the_current_clip_is_exported(model: Any) -> None:
    studio = mv.Studio(model)
    midi = pretty_midi.PrettyMIDI(io.BytesIO(FakePage(studio).do("export", what="midi")["buffers"][0]))
    assert sum(len(one.notes) for one in midi.instruments) == len(studio.sequence.notes)


def test_the_sound_has_its_onsets_where_the_notes_are(model: Any, tmp_path: Path) -> None:
    sequence = note_seq.NoteSequence()
    sequence.tempos.add(qpm=120)
    beats = (0, 2, 3, 6)
    for beat in beats:
        sequence.notes.add(pitch=72, velocity=100, start_time=beat / 2, end_time=beat / 2 + 0.12, program=12)
    sequence.total_time = 4.0
    studio = mv.Studio(model, music=[sequence])
    studio.arrange([1, 1, 1])
    with wave.open(str(studio.save_wav(tmp_path / "song.wav"))) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).mean(1) / 32768
    assert np.abs(sound).max() > 0.5
    assert len(sound) / rate == pytest.approx(12.0 + 1.0, abs=0.05)
    frame = rate // 200
    level = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    rises = level[1:] / np.maximum(level[:-1], 1e-3)
    found: list[float] = []
    for k in np.flatnonzero(rises > 2.5):
        at = (k + 1) * frame / rate
        if not found or at - found[-1] > 0.2:
            found.append(at)
    expected = [4.0 * bar + beat / 2 for bar in range(3) for beat in beats]
    # The first begins the file.
    if len(found) < len(expected):
        found.insert(0, 0.0)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_long_files_come_in_pieces(used: mv.Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_files, "PIECE", 100_000)
    page, parts, start = FakePage(used), [], 0
    while True:
        result = page.do("export", what="wav", start=start, base64=True)
        parts.append(base64.b64decode(result["data"]))
        start += result["length"]
        if start >= result["size"]:
            break
    assert len(parts) > 5
    assert b"".join(parts) == used._bytes_of("wav")
    assert messages.PIECE > 100_000


def test_a_page_holds_all_parts(used: mv.Studio, tmp_path: Path) -> None:
    text = used.to_html(tmp_path / "studio.html").read_text()
    file = json.loads(re.search(r'id="mv-file">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert file["kind"] == "studio"
    assert list(file["data"]["parts"]) == used._parts
    assert file["decoder"]["shape"]
    assert file["traits"]["_arrangement"] == used.arrangement
    for name, part in file["data"]["parts"].items():
        assert part["traits"]["_score"] == json.loads(json.dumps(used.parts[name]._score))
        assert "_esm" not in part["traits"]
    assert len(file["data"]["z"]) == len(used.kept)
    z = np.frombuffer(base64.b64decode(file["data"]["z"][0]["$bytes"]), "<f4")
    np.testing.assert_allclose(z, used.kept[0].z, rtol=1e-6)


def test_a_file_that_is_not_there(tmp_path: Path, model: Any) -> None:
    with pytest.raises(ReadError, match="no file"):
        mv.Studio.load(tmp_path / "none.mvae", model)
    with pytest.raises(ReadError):
        mv.Studio.load(tmp_path, model)
    with pytest.raises(ConfigError):
        mv.Studio.load(3, model)  # type: ignore[arg-type]
