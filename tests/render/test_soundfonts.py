"""A user's SoundFont: what is taken, what is refused and how that is said, and that it is what sounds."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.errors import ReadError
from mvae_widgets.render import audio, fluid, soundfonts
from tests.render import soundfont_file

needs_fluidsynth = pytest.mark.skipif(bool(fluid.problem()), reason=f"FluidSynth: {fluid.problem()}")


@pytest.fixture(autouse=True)
def _own_again() -> Iterator[None]:
    yield
    soundfonts.choose(None)


def purity(sound: np.ndarray[Any, Any], rate: int, frequency: float) -> float:
    """Share of the energy that lies within 3 % of a frequency."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    bins = np.fft.rfftfreq(len(sound), 1 / rate)
    near = np.abs(bins / frequency - 1) < 0.03
    return float(spectrum[near].sum() / spectrum.sum())


@needs_fluidsynth
def test_it_is_what_plays(make: Callable[..., Any], tmp_path: Path) -> None:
    def play() -> float:
        data = audio.to_wav(make([(0, 2, 69, 100, 0, 40, False)], qpm=60), engine="fluidsynth")
        with wave.open(io.BytesIO(data)) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 0] / 32767
        return purity(sound[22050:66150], 44100, 440)

    violin = play()
    # Its one preset is program 0: it stands in for the violin too.
    soundfonts.choose(soundfont_file.write(tmp_path / "sine.sf2"))
    assert play() > 0.99
    soundfonts.choose(None)
    assert violin == play() < 0.9


def test_names_are_of_the_contents(tmp_path: Path) -> None:
    one = soundfonts.choose(soundfont_file.write(tmp_path / "a.sf2"))
    assert one == soundfonts.choose(str(soundfont_file.write(tmp_path / "b.sf2"))) == soundfonts.name() != ""
    assert soundfonts.choose(soundfont_file.write(tmp_path / "c.sf2", program=7)) != one
    assert soundfonts.path() == tmp_path / "c.sf2"
    assert soundfonts.choose(None) == soundfonts.name() == ""


def test_the_one_of_pretty_midi_is_whole() -> None:
    path = soundfonts.path()
    assert path is not None
    assert soundfonts.check(path)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "no SoundFont"),
    "wav": (lambda data: data[:8] + b"WAVE" + data[12:], "no SoundFont"),
    "half": (lambda data: data[: len(data) // 2], "damaged: it ends after"),
    "no samples": (lambda data: data.replace(b"sdta", b"xxxx"), "no samples"),
    "no instruments": (lambda data: data.replace(b"pdta", b"xxxx"), "no instruments"),
    "no table": (lambda data: data.replace(b"shdr", b"xxxx"), "table shdr"),
    "cut inside": (lambda data: data.replace(b"phdr\x4c", b"phdr\xff"), "damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_and_the_one_before_stays(name: str, tmp_path: Path) -> None:
    whole = soundfont_file.write(tmp_path / "whole.sf2")
    chosen = soundfonts.choose(whole)
    spoil, words = BROKEN[name]
    spoilt = spoil(whole.read_bytes())
    assert spoilt != whole.read_bytes()
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(spoilt)
    with pytest.raises(ReadError, match=words) as caught:
        soundfonts.choose(broken)
    assert "broken.sf2" in caught.value.message
    assert caught.value.hint
    assert (soundfonts.name(), soundfonts.path()) == (chosen, whole)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.sf2", tmp_path):
        with pytest.raises(ReadError, match="cannot be read"):
            soundfonts.choose(path)


def test_what_a_page_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfonts, "LARGEST", 2**14)
    with pytest.raises(ReadError, match="too large"):
        soundfonts.choose(soundfont_file.write(tmp_path / "large.sf2"))
