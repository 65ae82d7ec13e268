"""Sound, measured on the samples of the file that the standard library reads back."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError, MusicVAEError
from mvae_widgets.music.score import from_sequence
from mvae_widgets.render import audio, fluid

Make = Callable[..., Any]

needs_fluidsynth = pytest.mark.skipif(bool(fluid.problem()), reason=f"FluidSynth: {fluid.problem()}")
ENGINES = [pytest.param("fluidsynth", marks=needs_fluidsynth), "builtin"]
RATE = 44100


def samples(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        raw = file.readframes(file.getnframes())
        assert len(raw) == file.getnframes() * 4
    return np.frombuffer(raw, "<i2").reshape(-1, 2) / 32767


def onset_near(sound: np.ndarray, second: float) -> float:
    """Find the onset within 25 ms of a time by spectral flux, with windows of 5.8 ms every 0.18 ms.

    The flux begins to rise when the new sound enters the window, whose Hann taper lets it be seen from
    about an eighth of the window on.
    """
    window, hop, reach = 256, 8, RATE // 40
    mono = np.pad(sound.mean(axis=1), window + reach)
    first = round(second * RATE)  # in the padded signal: `window + reach` before the time asked for
    frames = np.lib.stride_tricks.sliding_window_view(mono[first : first + window + 2 * reach], window)[::hop]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1))
    flux = np.maximum(np.diff(spectrum, axis=0), 0).sum(axis=1)
    rising = int(np.argmax(flux > 0.1 * flux.max()))
    entered = first + (rising + 1) * hop + window - window // 8
    return (entered - window - reach) / RATE


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["piano", "drums"])
def test_notes_start_within_two_milliseconds(make: Make, engine: str, kind: str) -> None:
    qpm = 57.3
    keys = [36, 38, 42, 45, 50, 37, 39, 36] if kind == "drums" else [40, 48, 55, 60, 66, 67, 72, 84]
    rows = [(i, i + 0.2, key, 100, 0, 0, kind == "drums") for i, key in enumerate(keys)]
    sound = samples(audio.to_wav(make(rows, qpm=qpm), engine=engine))
    errors = [onset_near(sound, i * 60 / qpm) - i * 60 / qpm for i in range(len(keys))]
    assert np.abs(errors).max() < 0.002, np.round(np.array(errors) * 1000, 2)


def test_the_measure_of_onsets_sees_a_late_note(make: Make) -> None:
    sound = samples(audio.to_wav(make([(1, 2, 60, 100, 0, 0, False)]), engine="builtin"))
    assert onset_near(np.roll(sound, round(0.004 * RATE), axis=0), 0.5) - 0.5 == pytest.approx(0.004, abs=0.002)


@pytest.mark.parametrize("engine", ENGINES)
def test_peak_length_and_tail(trio: Any, engine: str) -> None:
    sound = samples(audio.to_wav(trio, engine=engine))
    assert 0.7 < np.abs(sound).max() < 0.9
    assert len(sound) / RATE == pytest.approx(8 * 60 / 112 + 1, abs=1e-3)
    assert np.abs(sound[-20:]).max() < 0.02
    loud = np.abs(samples(audio.to_wav(trio, engine=engine, peak=1.0)))
    assert loud.max() == pytest.approx(1, abs=1e-4)
    assert np.count_nonzero(loud > 0.9999) < 4  # touched, not cut flat


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_gives_silence(make: Make, engine: str) -> None:
    for sequence in (make([]), make([(0, 1, 60, 0, 0, 0, False)])):
        sound = samples(audio.to_wav(sequence, engine=engine))
        assert len(sound) >= RATE
        assert not sound.any()


@pytest.mark.parametrize("engine", ENGINES)
def test_velocity_is_heard(make: Make, engine: str) -> None:
    rows = [(i * 2.0, i * 2 + 1.0, 60, velocity, 0, 0, False) for i, velocity in enumerate((30, 60, 90, 127))]
    sound = samples(audio.to_wav(make(rows), engine=engine))
    power = [np.sqrt((sound[i * RATE : i * RATE + RATE // 2] ** 2).mean()) for i in range(4)]
    assert all(b > 1.3 * a for a, b in pairwise(power)), power


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("program", [0, 19, 33, 48, 73])
def test_pitch_is_right(make: Make, engine: str, program: int) -> None:
    sound = samples(audio.to_wav(make([(0, 4, 69, 100, 0, program, False)]), engine=engine)).mean(axis=1)
    spectrum = np.abs(np.fft.rfft(sound[RATE // 4 : RATE // 4 + RATE] * np.hanning(RATE)))
    strongest = 100 + int(np.argmax(spectrum[100:]))  # Hz: the window is a second
    # An organ's stops sound octaves and fifths above and below the key.
    octaves = strongest / 220
    assert abs(1200 * np.log2(octaves / round(octaves))) < 25, strongest  # a recorded flute wavers
    assert round(octaves) in (1, 2, 4, 6, 8)


@pytest.mark.parametrize("program", [0, 19, 33, 48])
def test_builtin_does_not_click(make: Make, program: int) -> None:
    """A cut tone jumps from sample to sample; one that is let go of does not move faster than it sounded."""
    sound = samples(audio.to_wav(make([(0, 1.03, 45, 100, 0, program, False)]), engine="builtin"))[:, 0]
    jumps = np.abs(np.diff(sound, n=2))
    end = round(1.03 / 2 * RATE)
    sounding = jumps[end - RATE // 10 : end - 100].max()
    assert jumps[end - 50 : end + RATE // 10].max() < 1.2 * sounding
    cut = sound.copy()
    cut[end:] = 0
    assert np.abs(np.diff(cut, n=2))[end - 50 : end + 50].max() > 1.2 * sounding


@pytest.mark.parametrize("engine", ENGINES)
def test_every_percussion_key_sounds(make: Make, engine: str) -> None:
    keys = range(35, 82)
    rows = [(i * 2.0, i * 2 + 0.2, key, 100, 9, 0, True) for i, key in enumerate(keys)]
    sound = np.abs(samples(audio.to_wav(make(rows), engine=engine))).max(axis=1)
    silent = [key for i, key in enumerate(keys) if sound[i * RATE : i * RATE + RATE // 2].max() < 0.01]
    assert not silent


def test_kick_is_low_and_hat_is_high(make: Make) -> None:
    def centroid(key: int) -> float:
        sound = samples(audio.to_wav(make([(0, 0.2, key, 100, 9, 0, True)]), engine="builtin")).mean(axis=1)
        spectrum = np.abs(np.fft.rfft(sound[:RATE])) ** 2
        return float((spectrum * np.arange(len(spectrum))).sum() / spectrum.sum())

    assert centroid(36) < 300 < centroid(45) + 300 < centroid(38) < centroid(42)
    assert centroid(42) > 5000


def test_a_closed_hat_chokes_an_open_one(make: Make) -> None:
    alone = samples(audio.to_wav(make([(0, 0.1, 46, 100, 9, 0, True)]), engine="builtin"))
    rows = [(0, 0.1, 46, 100, 9, 0, True), (0.25, 0.3, 42, 20, 9, 0, True)]
    choked = samples(audio.to_wav(make(rows), engine="builtin"))
    late = slice(round(0.35 * RATE), round(0.6 * RATE))
    assert np.abs(choked[late]).max() < 0.2 * np.abs(alone[late]).max()


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_other_sample_rates(melody: Any, rate: int) -> None:
    data = audio.to_wav(melody, sample_rate=rate, engine="builtin")
    with wave.open(io.BytesIO(data)) as file:
        assert file.getframerate() == rate
        assert file.getnframes() / rate == pytest.approx(5, abs=1e-3)


def test_tempo_changes_are_followed(make: Make) -> None:
    sequence = make([], qpm=60)
    sequence.tempos.add(time=2.0, qpm=180)  # quarters 0 and 1 last a second, the others a third
    for second in (0.0, 2.0, 2 + 1 / 3, 3.0):
        sequence.notes.add(start_time=second, end_time=second + 0.1, pitch=72, velocity=100)
    sequence.total_time = 3.1
    sound = samples(audio.to_wav(sequence, engine="builtin"))
    for second in (2.0, 2 + 1 / 3, 3.0):
        assert onset_near(sound, second) == pytest.approx(second, abs=0.002)


def test_a_score_sounds_like_its_sequence_and_steps_like_seconds(melody: Any) -> None:
    from note_seq import sequences_lib

    wanted = audio.to_wav(melody, engine="builtin")
    assert audio.to_wav(from_sequence(melody), engine="builtin") == wanted
    quantised = sequences_lib.quantize_note_sequence(melody, 4)
    for note in quantised.notes:
        note.start_time = note.end_time = 0
    assert audio.to_wav(quantised, engine="builtin") == wanted


def test_the_pedal_holds_notes(make: Make) -> None:
    sequence = make([(0, 0.25, 60, 100, 0, 48, False), (6, 6.5, 60, 100, 0, 48, False)])
    dry = samples(audio.to_wav(sequence, engine="builtin"))
    for second, value in ((0.0, 127), (2.0, 0)):
        sequence.control_changes.add(time=second, control_number=64, control_value=value)
    held = samples(audio.to_wav(sequence, engine="builtin"))
    at = slice(round(1.5 * RATE), round(1.9 * RATE))
    assert not dry[at].any()
    assert np.abs(held[at]).max() > 0.1


def test_path_is_written_and_a_wrong_one_is_named(melody: Any, tmp_path: Any) -> None:
    path = tmp_path / "tune.wav"
    assert path.parent.exists()
    data = audio.to_wav(melody, path, engine="builtin")
    assert path.read_bytes() == data
    with pytest.raises(MusicVAEError, match=r"missing.tune\.wav"):
        audio.to_wav(melody, tmp_path / "missing" / "tune.wav", engine="builtin")


def test_builtin_is_fast_enough_to_wait_for(melody: Any, trio: Any, make: Make) -> None:
    start = time.perf_counter()
    audio.to_wav(melody, engine="builtin")
    assert time.perf_counter() - start < 0.3
    long = make([], qpm=112)
    for repeat in range(8):
        for note in trio.notes:
            copy = long.notes.add()
            copy.CopyFrom(note)
            copy.start_time += repeat * 8 * 60 / 112
            copy.end_time += repeat * 8 * 60 / 112
    start = time.perf_counter()
    data = audio.to_wav(long, engine="builtin")
    assert time.perf_counter() - start < 2
    assert len(samples(data)) / RATE == pytest.approx(64 * 60 / 112 + 1, abs=0.01)


def test_more_programs_than_midi_has_channels(make: Make) -> None:
    rows = [(i / 4, i / 4 + 0.25, 60, 100, i, i * 5, False) for i in range(24)]
    for engine in ("builtin", "auto"):
        sound = np.abs(samples(audio.to_wav(make(rows), engine=engine)))
        steps = [sound[round(i / 8 * RATE) : round((i + 1) / 8 * RATE)].max() for i in range(24)]
        assert min(steps) > 0.01


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"sample_rate": 10}, "sample rate"),
        ({"peak": 0}, "peak"),
        ({"peak": 1.5}, "peak"),
        ({"engine": "moog"}, "engine"),
    ],
)
def test_wrong_arguments_are_named(melody: Any, wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        audio.to_wav(melody, **wrong)


def test_a_piece_without_end_is_refused(make: Make) -> None:
    with pytest.raises(MusicVAEError, match="minutes"):
        audio.to_wav(make([(0, 1, 60, 80, 0, 0, False), (9000, 9001, 60, 80, 0, 0, False)]), engine="builtin")


_BROKEN = {
    "missing": 'raise ImportError("Couldn\'t find the FluidSynth library.")',
    "noisy": 'import os; os.write(2, b"ALSA lib wails"); os.write(1, b"SDL too"); raise OSError("wrong ELF class")',
    "crashing": "import os; os.abort()",
    "hanging": "import time; time.sleep(60)",
}


@pytest.mark.parametrize("kind", _BROKEN)
def test_a_broken_library_neither_speaks_nor_hangs(kind: str, tmp_path: Any) -> None:
    (tmp_path / "fluidsynth.py").write_text(_BROKEN[kind])
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from mvae_widgets.errors import MusicVAEError
from mvae_widgets.render import audio, fluid
fluid.TRIAL_SECONDS = 2
assert audio.engine_name("auto") == "builtin"
try:
    audio.engine_name("fluidsynth")
except MusicVAEError as error:
    assert "pip install pyfluidsynth" in error.hint, error.hint
    print(error.message)
"""
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    reason = {"missing": "not installed", "hanging": "does not answer"}.get(kind, "does not work")
    assert done.stdout.startswith("FluidSynth cannot play here: ")
    assert reason in done.stdout
    assert len(done.stdout.splitlines()) == 1


@needs_fluidsynth
def test_fluidsynth_is_silent_on_the_terminal(capfd: pytest.CaptureFixture[str], trio: Any) -> None:
    assert audio.engine_name() == "fluidsynth"
    audio.to_wav(trio)
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ""


@needs_fluidsynth
def test_fluidsynth_does_not_clip_a_crowd(make: Make) -> None:
    rows = [(0, 4, key, 127, program, program, False) for program in (0, 18, 48, 61) for key in range(36, 96, 2)]
    sound = fluid.render(np.array([(0, 2, k, 127, p, 0) for _, _, k, _, p, _, _ in rows], float), 3.0, RATE)
    assert np.abs(sound).max() < 0.9999
