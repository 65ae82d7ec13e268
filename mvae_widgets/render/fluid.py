"""Rendering through FluidSynth and the SoundFont that pretty_midi ships, or the user's.

FluidSynth is a C library: an installation that is broken can print, hang, or end the process. So it is
tried once in a process of its own, and used here only after it has played a note there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import soundfonts

if TYPE_CHECKING:
    Synth = Any  # pyfluidsynth has no types
    Module = Any

__all__ = ["problem", "render", "soundfont"]

#: FluidSynth computes in blocks of this many samples; an event takes effect at the next one.
BLOCK = 64
GAIN = 1.0
FULL = 32767
Voice = tuple[bool, int]  # is_drum, program
#: Seconds by which a note is started earlier at most, so that it is heard at its place.
LONGEST_LEAD = 0.012
TRIAL_SECONDS = 30


@dataclass(frozen=True)
class _Stroke:
    start: float
    end: float
    key: int
    velocity: int
    voice: Voice


# Plays one note and says so. A library that prints does it here, into pipes that nobody reads.
_TRIAL = """
import sys
import fluidsynth
synth = fluidsynth.Synth(samplerate=44100.0)
sound = synth.sfload(sys.argv[1])
assert sound >= 0 and synth.program_select(0, sound, 0, 0) == 0
synth.noteon(0, 60, 100)
assert abs(synth.get_samples(4410)).max() > 0
synth.delete()
sys.stdout.write("it plays")
"""


def soundfont() -> str | None:
    """Give the path of the SoundFont that plays, None where there is none."""
    path = soundfonts.path()
    return None if path is None else str(path)


def problem() -> str:
    """Say what keeps FluidSynth from playing here, "" when it plays; found out once a SoundFont."""
    if importlib.util.find_spec("fluidsynth") is None:
        return "the package pyfluidsynth is not installed"
    font = soundfont()
    return "pretty_midi's SoundFont is not installed" if font is None else _problem_with(font)


@lru_cache(maxsize=8)
def _problem_with(font: str) -> str:
    if not sys.executable:
        return "no process can be started to try the FluidSynth library"
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL, font],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRIAL_SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the FluidSynth library does not answer"
    except OSError:
        return "no process can be started to try the FluidSynth library"
    if trial.stdout.endswith(b"it plays"):
        return ""
    if b"Couldn't find the FluidSynth library" in trial.stderr:
        return "the FluidSynth library is not installed"
    return "the FluidSynth library that is installed does not work"


def render(notes: npt.NDArray[np.float64], seconds: float, rate: int) -> npt.NDArray[np.float32]:
    """Play notes into a buffer; parameters and result as in `synth.render`.

    What is heard of a note starts within half a block (0.7 ms at 44.1 kHz) of its place: silence at
    the head of a recorded note is made up for by starting it earlier.
    """
    buffer = _play(notes, seconds, rate, GAIN)
    peak = _peak(buffer)
    gain = GAIN
    while peak >= FULL and gain > 0.01:
        # FluidSynth clips at 16 bits: what touches the limit is played again softer.
        gain /= 4
        buffer = _play(notes, seconds, rate, gain)
        peak = _peak(buffer)
    if 0 < peak < FULL / 8:
        # Soft music would come out coarse after normalising: it is played again louder.
        buffer = _play(notes, seconds, rate, min(10.0, gain * FULL / 2 / peak))
    return buffer.astype(np.float32) / np.float32(FULL + 1)


def _peak(buffer: npt.NDArray[np.int16]) -> int:
    return int(np.abs(buffer.astype(np.int32)).max(initial=0))


def _play(notes: npt.NDArray[np.float64], seconds: float, rate: int, gain: float) -> npt.NDArray[np.int16]:
    # pyfluidsynth prints where it found the library when the variable CI is set.
    with contextlib.redirect_stdout(io.StringIO()):
        import fluidsynth

    _be_quiet(fluidsynth)
    strokes = _strokes(notes)
    leads = _leads(fluidsynth, strokes, rate)
    early = _early(rate)
    total = max(1, round(seconds * rate))
    blocks = early + -(-total // BLOCK)
    out: list[npt.NDArray[np.int16]] = []
    with _synth(fluidsynth, rate, {stroke.voice for stroke in strokes}, gain=gain) as (synth, channels):
        now = 0
        for block, _, voice, key, velocity in _events(strokes, leads, rate):
            if block >= blocks:
                break
            if block > now:
                out.append(synth.get_samples((block - now) * BLOCK))
                now = block
            if velocity:
                synth.noteon(channels[voice], key, velocity)
            else:
                synth.noteoff(channels[voice], key)
        if blocks > now:
            out.append(synth.get_samples((blocks - now) * BLOCK))
    sound = np.concatenate(out).astype(np.int16).reshape(-1, 2)
    return sound[early * BLOCK : early * BLOCK + total]


def _be_quiet(fluidsynth: Module) -> None:
    """Take away FluidSynth's log: it writes to the process's own stderr."""
    silence = getattr(fluidsynth._fl, "fluid_set_log_function", None)
    if silence is not None:
        for level in range(5):
            silence(level, None, None)


@contextlib.contextmanager
def _synth(
    fluidsynth: Module, rate: int, voices: set[Voice], **settings: float
) -> Iterator[tuple[Synth, dict[Voice, int]]]:
    """Open a synthesizer with a channel for each voice, and close it."""
    synth = fluidsynth.Synth(samplerate=float(rate), **settings)
    try:
        font = synth.sfload(soundfont())
        channels = {voice: i for i, voice in enumerate(sorted(voices))}
        for (is_drum, program), channel in channels.items():
            bank = 128 if is_drum else 0
            # A kit or program that the SoundFont lacks is played by the first of its kind.
            if synth.program_select(channel, font, bank, program) != 0:
                synth.program_select(channel, font, bank, 0)
        yield synth, channels
    finally:
        synth.delete()


def _strokes(notes: npt.NDArray[np.float64]) -> list[_Stroke]:
    return [
        _Stroke(
            start, end, min(127, max(0, round(pitch))), min(127, max(1, round(velocity))), (bool(drum), round(program))
        )
        for start, end, pitch, velocity, program, drum in notes.tolist()
    ]


def _early(rate: int) -> int:
    """Give the blocks that are played before the piece begins, and then dropped."""
    return -(-round(LONGEST_LEAD * rate) // BLOCK)


def _leads(fluidsynth: Module, strokes: list[_Stroke], rate: int) -> dict[tuple[Voice, int], int]:
    """Measure how many samples pass before each recorded note is heard (up to 8 ms in TimGM6mb)."""
    leads = {}
    # An own synthesizer, without the room that would carry one note into the next.
    dry = {"synth.reverb.active": 0, "synth.chorus.active": 0}
    with _synth(fluidsynth, rate, {stroke.voice for stroke in strokes}, **dry) as (synth, channels):
        for voice, key in sorted({(stroke.voice, stroke.key) for stroke in strokes}):
            synth.noteon(channels[voice], key, 100)
            heard = np.abs(synth.get_samples(_early(rate) * BLOCK).astype(np.int32)).reshape(-1, 2).max(axis=1)
            synth.all_sounds_off(channels[voice])
            leads[voice, key] = int(np.argmax(heard > max(2, heard.max() * 0.05)))
    return leads


def _events(
    strokes: list[_Stroke], leads: dict[tuple[Voice, int], int], rate: int
) -> list[tuple[int, int, Voice, int, int]]:
    """List (block, on after off, voice, key, velocity; 0 ends a note) from the early blocks on."""
    early = _early(rate)
    events = []
    following: dict[tuple[Voice, int], int] = {}
    for stroke in sorted(strokes, key=lambda s: s.start, reverse=True):
        name = (stroke.voice, stroke.key)
        first = early + round((stroke.start * rate - leads[name]) / BLOCK)
        last = max(first + 1, early + round(stroke.end * rate / BLOCK))
        # The end of a note would also end a later one of its key: it ends at the latest where that begins.
        last = min(last, following.get(name, last))
        following[name] = first
        events += [(first, 1, *name, stroke.velocity), (last, 0, *name, 0)]
    return sorted(events)
