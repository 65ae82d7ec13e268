"""Bad input, from the file to the widget: refused or one clear error, with what, where and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import NothingToEncodeError, ReadError

Call = Callable[[mv.MusicVAE, Any, Path], Any]


def write(folder: Path, notes: list[tuple[float, float, int]], **how: Any) -> Path:
    """A MIDI file by pretty_midi; times in quarters at 120."""
    midi = pretty_midi.PrettyMIDI(initial_tempo=120)
    if "meter" in how:
        midi.time_signature_changes = [pretty_midi.TimeSignature(*how["meter"], 0)]
    part = pretty_midi.Instrument(0, is_drum=how.get("drums", False), name=how.get("name", "Flute part"))
    part.notes = [pretty_midi.Note(80, pitch, start / 2, end / 2) for start, end, pitch in notes]
    midi.instruments.append(part)
    path = folder / "piece.mid"
    midi.write(str(path))
    return path


SCALE = [(k, k + 1, 60 + k) for k in range(8)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no MIDI file at all", ["piece.mid", "not a MIDI file"]),
        (b"", ["piece.mid", "empty"]),
        (None, ["piece.mid", "damaged|truncated|cut short|ends"]),
    ],
    ids=["not MIDI", "empty file", "truncated"],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, words: list[str]) -> None:
    path = write(tmp_path, SCALE)
    path.write_bytes(path.read_bytes()[:90] if content is None else content)
    with pytest.raises(ReadError) as caught:
        mv.read(path)
    for word in words:
        assert caught.match(word)
    assert caught.value.hint


def test_no_such_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, SCALE)
    with pytest.raises(ReadError, match=r"piece\.mdi.*Did you mean 'piece\.mid'"):
        mv.read(tmp_path / "piece.mdi")


@pytest.mark.parametrize(
    ("notes", "how", "track", "bar", "reason", "remedy"),
    [
        ([], {}, "", 1, "no notes", "notes"),
        (SCALE, {"meter": (3, 4)}, "", 1, "3/4", "4/4"),
        (SCALE, {"drums": True}, "Flute part", 1, "drum", "drum model"),
        ([*SCALE, (8, 9, 120), (9, 10, 60)], {}, "Flute part", 3, "120|range|above", "fold"),
        ([*SCALE, (4, 5, 50)], {}, "Flute part", 2, "higher", "highest"),
    ],
    ids=["empty", "3/4", "only drums", "out of range", "two at once"],
)
def test_musical_content_is_refused_with_track_bar_and_remedy(
    model: mv.MusicVAE, tmp_path: Path, notes: Any, how: Any, track: str, bar: int, reason: str, remedy: str
) -> None:
    piece = mv.read(write(tmp_path, notes, **how))
    clips = model.clips(piece)
    (refusal, *_) = clips.refused
    assert refusal.bar == bar
    assert track in refusal.track
    import re

    assert re.search(reason, refusal.reason)
    assert remedy in refusal.remedy
    if clips:
        assert model.encode(piece).mu.shape[0] == len(clips)
    else:
        with pytest.raises(NothingToEncodeError, match=reason):
            model.encode(piece)
    roll = mv.PianoRoll(piece, model)
    assert roll._status["kind"] == "warning"
    assert f"bar {bar}" in roll._status["text"]


def test_a_piece_longer_than_the_model_holds_becomes_several_clips(model: mv.MusicVAE, tmp_path: Path) -> None:
    piece = mv.read(write(tmp_path, [(k, k + 1, 60 + k % 12) for k in range(42)]))
    clips = model.clips(piece)
    assert [c.bar for c in clips] == [1, 3, 5, 7, 9, 11]
    assert not clips.refused
    with pytest.warns(mv.MusicVAEWarning, match="bars 1-2"):
        model.interpolate(piece, clips[1], 2)


def test_the_remedies_work(model: mv.MusicVAE, tmp_path: Path) -> None:
    piece = mv.read(write(tmp_path, [(0, 1, 120), (1, 2, 5), (2, 8, 60)]))
    assert model.clips(piece).refused
    folded = model.clips(mv.fold_into_range(piece))
    assert not folded.refused
    assert folded[0].onsets == 3


WRONG: dict[str, Call] = {
    "a model that is None": lambda m, s, d: mv.load(None),
    "a model of an empty folder": lambda m, s, d: mv.load(d),
    "a device that is a number": lambda m, s, d: mv.load("melody-2bar", device=7),
    "nothing to read": lambda m, s, d: mv.read(None),
    "text to write": lambda m, s, d: mv.write("a tune", d / "x.mid"),
    "a folder that is not there": lambda m, s, d: mv.write(s, d / "none" / "x.mid"),
    "sound of a number": lambda m, s, d: mv.to_wav(5),
    "sound into no folder": lambda m, s, d: mv.to_wav(s, d / "none" / "x.wav"),
    "a sample rate of 0": lambda m, s, d: mv.to_wav(s, sample_rate=0),
    "a number of samples in words": lambda m, s, d: m.sample("many"),
    "half a sample": lambda m, s, d: m.sample(1.5),
    "a seed in words": lambda m, s, d: m.sample(1, seed="x"),
    "a temperature in words": lambda m, s, d: m.sample(1, temperature="hot"),
    "a tempo of 0": lambda m, s, d: m.decode(np.zeros(m.config.z_size), qpm=0),
    "z that is None": lambda m, s, d: m.decode(None),
    "interpolation of nothing": lambda m, s, d: m.interpolate(None, s),
    "places of a short z": lambda m, s, d: m.place(np.zeros(3)),
    "a misspelt setting": lambda m, s, d: mv.PianoRoll(s, tmepo=3),
    "a loud volume": lambda m, s, d: mv.PianoRoll(s, volume=3),
    "a theme of neon": lambda m, s, d: mv.PianoRoll(s, theme="neon"),
    "a z of another length": lambda m, s, d: mv.PianoRoll(s, m, z=[1, 2]),
    "a z in words": lambda m, s, d: mv.PianoRoll(s, m, z="here"),
    "a name for a model": lambda m, s, d: mv.PianoRoll(s, "melody-2bar"),
    "a name for a slider's model": lambda m, s, d: mv.InterpolationSlider("melody-2bar", s, s),
    "a slider of no music": lambda m, s, d: mv.InterpolationSlider(m, s, None),
    "a value beyond the slider": lambda m, s, d: mv.InterpolationSlider(m, s, s, value=7),
    "a tune that is not there": lambda m, s, d: mv.tunes.load("soldier-joys-2"),
    "folding a number": lambda m, s, d: mv.fold_into_range(5),
    "a picture of no kind": lambda m, s, d: mv.PianoRoll(s).save_picture(d / "x.bmp"),
}


@pytest.mark.filterwarnings("ignore::mvae_widgets.errors.MusicVAEWarning")
@pytest.mark.parametrize("what", sorted(WRONG))
def test_every_error_is_of_the_one_family(model: mv.MusicVAE, tmp_path: Path, what: str) -> None:
    with pytest.raises(mv.MusicVAEError) as caught:
        WRONG[what](model, mv.tunes.load("soldiers-joy"), tmp_path)
    assert caught.value.message


def test_a_setting_that_is_refused_leaves_the_widget_as_it_was(model: mv.MusicVAE) -> None:
    roll = mv.PianoRoll(mv.tunes.load("soldiers-joy"))
    for name, value in (("volume", "loud"), ("tempo", -1), ("sequence", 42), ("theme", None)):
        before = getattr(roll, name)
        with pytest.raises(mv.MusicVAEError):
            setattr(roll, name, value)
        assert getattr(roll, name) is before
