"""A small synthesizer in numpy: good enough to teach with where no SoundFont player is installed.

Pitched notes are sums of partials, whose decay is faster the higher they are, as on strings; a few
families of the General MIDI programs differ in their partials and envelopes. Drums are noise bands
and sine sweeps. Everything is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ATTACK", "render"]

FloatArray = npt.NDArray[np.float32]

#: Seconds a note takes to start: short enough to hear as an edge, long enough not to click.
ATTACK = 0.0015
RELEASE = 0.06
LONGEST_DRUM = 1.8

# Columns of the note table that `render` takes.
START, END, PITCH, VELOCITY, PROGRAM, IS_DRUM = range(6)

OPEN_HATS, CLOSED_HATS = (46, 26), (42, 44, 22)


@dataclass(frozen=True)
class _Voice:
    """How a family of instruments sounds: `partials` are levels from the first up."""

    partials: tuple[float, ...]
    decay: float  # seconds in which the first partial of A4 falls to 1/e; 0 holds the tone
    damping: float  # how much faster each further partial decays
    stretch: float  # inharmonicity: partial n is at n * sqrt(1 + stretch * n^2)
    attack: float
    level: float


_PIANO = _Voice((1, 0.55, 0.32, 0.21, 0.13, 0.085, 0.05, 0.03), 0.9, 0.55, 4e-4, ATTACK, 1.0)
_PLUCK = _Voice((1, 0.7, 0.5, 0.3, 0.22, 0.14, 0.09, 0.06), 0.55, 0.8, 1e-4, ATTACK, 0.9)
_BASS = _Voice((1, 0.62, 0.3, 0.16, 0.08, 0.04), 0.5, 0.7, 1e-4, ATTACK, 1.15)
_MALLET = _Voice((1, 0.0, 0.0, 0.35, 0.0, 0.0, 0.0, 0.0, 0.0, 0.12), 0.6, 0.9, 0.0, ATTACK, 0.9)
_ORGAN = _Voice((1, 0.6, 0.35, 0.3, 0.05, 0.15, 0.0, 0.1), 0.0, 0.0, 0.0, 0.006, 0.6)
_BOWED = _Voice((1, 0.5, 0.36, 0.26, 0.18, 0.13, 0.09, 0.06), 0.0, 0.0, 0.0, 0.02, 0.6)
_WIND = _Voice((1, 0.3, 0.2, 0.07, 0.04, 0.02), 0.0, 0.0, 0.0, 0.012, 0.8)

# First program after each family, General MIDI order.
_FAMILIES: tuple[tuple[int, _Voice], ...] = (
    (8, _PIANO),
    (16, _MALLET),
    (24, _ORGAN),
    (32, _PLUCK),
    (40, _BASS),
    (45, _BOWED),
    (47, _PLUCK),
    (48, _MALLET),
    (56, _BOWED),
    (80, _WIND),
    (88, _ORGAN),
    (104, _BOWED),
    (112, _PLUCK),
    (120, _MALLET),
    (128, _WIND),
)


def render(notes: npt.NDArray[np.float64], seconds: float, rate: int) -> FloatArray:
    """Play notes into a buffer.

    Parameters
    ----------
    notes
        n x 6: start and end in seconds, MIDI pitch, velocity 1..127, program, is_drum.
    seconds
        Length of the buffer; what sounds longer is faded out at its end.
    rate
        Samples a second.

    Returns
    -------
    ndarray
        float32 [samples, 2], not normalised. The first sample of a note is exactly at
        ``round(start * rate)``.
    """
    out = np.zeros((max(1, round(seconds * rate)), 2), dtype=np.float32)
    tones: dict[tuple[int, int, int, int], FloatArray] = {}
    hits: dict[int, FloatArray] = {}
    chokes = np.sort(notes[_is_one_of(notes, CLOSED_HATS), START])
    for start, end, pitch, velocity, program, is_drum in notes.tolist():
        key, first = round(pitch), round(start * rate)
        if first >= len(out):
            continue
        loudness = (velocity / 127) ** 1.4
        if is_drum:
            if key not in hits:
                hits[key] = _hit(key, rate)
            wave = hits[key]
            if key in OPEN_HATS:
                after = chokes[np.searchsorted(chokes, start, "right") :]
                if len(after):
                    wave = _cut(wave, round((after[0] - start) * rate), rate)
            _mix(out, wave * np.float32(loudness), first, _drum_pan(key))
            continue
        family, voice = _family(round(program))
        held = max(round((end - start) * rate), round(0.02 * rate))
        # Whole half seconds and three brightnesses: notes of one pitch share their tone.
        length = -(-(held + round(RELEASE * rate)) // (rate // 2)) * (rate // 2)
        bright = min(2, round(velocity) * 3 // 128)
        recipe = (family, key, length, bright)
        if recipe not in tones:
            tones[recipe] = _tone(voice, key, length, bright, rate)
        wave = _cut(tones[recipe], held, rate) * np.float32(loudness * voice.level)
        _mix(out, wave, first, (key - 60) / 60)
    fade = min(len(out), round(0.02 * rate))
    out[len(out) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    return out


def _family(program: int) -> tuple[int, _Voice]:
    """Find the voice of a General MIDI program, with its number; beyond 127 the last."""
    number = next((i for i, (last, _) in enumerate(_FAMILIES) if program < last), len(_FAMILIES) - 1)
    return number, _FAMILIES[number][1]


def _is_one_of(notes: npt.NDArray[np.float64], keys: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (notes[:, IS_DRUM] > 0) & np.isin(np.rint(notes[:, PITCH]), keys)
    return found


def _mix(out: FloatArray, wave: FloatArray, first: int, pan: float) -> None:
    """Add a wave at a sample; `pan` -1 left to 1 right, of constant power."""
    wave = wave[: len(out) - first]
    angle = (min(1.0, max(-1.0, pan)) * 0.5 + 1) * np.pi / 4
    part = out[first : first + len(wave)]
    part[:, 0] += wave * np.float32(np.cos(angle))
    part[:, 1] += wave * np.float32(np.sin(angle))


def _cut(wave: FloatArray, held: int, rate: int) -> FloatArray:
    """End a wave after some samples with a smooth release."""
    release = round(RELEASE * rate)
    if held + release > len(wave):
        return wave
    out = wave[: held + release].copy()
    out[held:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, release, dtype=np.float32))
    return out


def _ramp(wave: FloatArray, attack: float, rate: int) -> None:
    """Start a wave from silence in `attack` seconds, in place."""
    n = min(len(wave), max(2, round(attack * rate)))
    wave[:n] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, n, dtype=np.float32))


def _tone(voice: _Voice, key: int, length: int, bright: int, rate: int) -> FloatArray:
    """Make a tone of full loudness; softer notes (bright 0) have fewer upper partials."""
    frequency = 440.0 * 2 ** ((key - 69) / 12)
    time = np.arange(length, dtype=np.float32) / np.float32(rate)
    out = np.zeros(length, dtype=np.float32)
    total = 0.0
    for n, share in enumerate(voice.partials, 1):
        at = frequency * n * np.sqrt(1 + voice.stretch * n * n)
        level = share * (0.62, 0.8, 1.0)[bright] ** (n - 1)
        if level == 0 or at > rate * 0.45:
            continue
        total += level
        wave = np.sin(np.float32(2 * np.pi * at) * time)
        if voice.decay:
            # Low strings ring longer; 1/e in 0.9 s for A4 on the piano, 2.2 s two octaves below.
            ring = voice.decay * (440 / frequency) ** 0.65 / (1 + voice.damping * (n - 1))
            wave *= np.exp(time * np.float32(-1 / ring))
        out += wave * np.float32(level)
    if not total:
        return out
    out /= np.float32(total)
    _ramp(out, voice.attack, rate)
    if voice.decay:
        return out
    # A held tone: a breath of vibrato in loudness keeps it from being a test tone.
    out *= 1 + np.float32(0.06) * np.sin(np.float32(2 * np.pi * 5.2) * time)
    return out


def _sweep(high: float, low: float, fall: float, decay: float, rate: int) -> FloatArray:
    """Make a sine that falls from `high` to `low` Hz, as a struck skin does."""
    time = np.arange(round(LONGEST_DRUM * rate), dtype=np.float64) / rate
    phase = 2 * np.pi * (low * time + (high - low) * fall * (1 - np.exp(-time / fall)))
    wave: FloatArray = (np.sin(phase) * np.exp(-time / decay)).astype(np.float32)
    return wave


def _noise(low: float, high: float, decay: float, rate: int, seed: int) -> FloatArray:
    """Make decaying noise of a band between two frequencies; its peak is 1."""
    length = round(LONGEST_DRUM * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    f = np.fft.rfftfreq(length, 1 / rate)
    spectrum *= 1 / (1 + (low / np.maximum(f, 1)) ** 6) / (1 + (f / high) ** 6)
    wave = np.fft.irfft(spectrum, length) * np.exp(-np.arange(length) / rate / decay)
    out: FloatArray = (wave / np.abs(wave).max()).astype(np.float32)
    return out


def _ring(frequencies: tuple[float, ...], decay: float, rate: int) -> FloatArray:
    """Make a struck metal: partials that stand in no simple ratio."""
    time = np.arange(round(LONGEST_DRUM * rate), dtype=np.float32) / np.float32(rate)
    out = np.zeros(len(time), dtype=np.float32)
    for f in frequencies:
        if f < rate * 0.45:
            out += np.sin(np.float32(2 * np.pi * f) * time)
    out *= np.exp(-time / np.float32(decay)) / np.float32(len(frequencies))
    return out


_METAL = (2051.0, 3077.0, 4013.0, 5327.0, 6521.0, 8111.0)


def _hit(key: int, rate: int) -> FloatArray:
    """Make one stroke of a General MIDI percussion key at full loudness."""
    wave = _stroke(key, rate)
    _ramp(wave, ATTACK, rate)
    # Cut where nothing is left to hear, ending in silence.
    heard = np.flatnonzero(np.abs(wave) > 1e-3)
    wave = wave[: (int(heard[-1]) + 1 if len(heard) else 1)].copy()
    tail = min(len(wave), round(0.02 * rate))
    wave[len(wave) - tail :] *= np.linspace(1, 0, tail, dtype=np.float32)
    return wave


def _stroke(key: int, rate: int) -> FloatArray:
    match key:
        case 35 | 36:
            return _sweep(150, 46, 0.035, 0.2, rate) + 0.25 * _noise(800, 5000, 0.006, rate, key)
        case 38 | 40:
            return 0.45 * _sweep(330, 185, 0.03, 0.09, rate) + 0.7 * _noise(900, 11000, 0.1, rate, key)
        case 37 | 75 | 76 | 77 | 31 | 32 | 33:
            high = 1500.0 + 80 * (key % 5)
            return 0.6 * _sweep(high, high * 0.8, 0.005, 0.025, rate) + 0.3 * _noise(1500, 8000, 0.012, rate, key)
        case 39:
            return 0.8 * _noise(900, 4500, 0.075, rate, key)
        case 42 | 44 | 22:
            return 0.5 * _noise(7000, 16000, 0.035, rate, key) + 0.15 * _ring(_METAL, 0.03, rate)
        case 46 | 26:
            return 0.5 * _noise(6500, 16000, 0.28, rate, key) + 0.15 * _ring(_METAL, 0.25, rate)
        case 41 | 43 | 45 | 47 | 48 | 50:
            low = {41: 82.0, 43: 95.0, 45: 112.0, 47: 134.0, 48: 155.0, 50: 182.0}[key]
            return 0.9 * _sweep(low * 1.7, low, 0.05, 0.22, rate) + 0.12 * _noise(300, 3000, 0.02, rate, key)
        case 49 | 52 | 55 | 57:
            return 0.6 * _noise(3000, 15000, 0.55, rate, key) + 0.12 * _ring(_METAL, 0.5, rate)
        case 51 | 53 | 59:
            return 0.22 * _noise(5000, 14000, 0.3, rate, key) + 0.3 * _ring(_METAL[1:], 0.45, rate)
        case 54 | 58 | 69 | 70 | 82:
            return 0.45 * _noise(5500, 14000, 0.06, rate, key)
        case 56 | 67 | 68 | 80 | 81:
            base = {56: 560.0, 67: 900.0, 68: 680.0}.get(key, 2400.0)
            return 0.6 * _ring((base, base * 1.504, base * 2.6), 0.12 if key < 80 else 0.35, rate)
        case 60 | 61 | 62 | 63 | 64 | 65 | 66 | 78 | 79 | 86 | 87:
            low = 400 * 2 ** (-(key - 60) / 9)
            return 0.8 * _sweep(low * 1.25, low, 0.02, 0.11, rate) + 0.1 * _noise(800, 5000, 0.01, rate, key)
        case _:
            low = 2500 * 2 ** ((key - 64) / 24)
            return 0.5 * _noise(low * 0.6, low * 1.6, 0.06, rate, key)


_PANS = dict.fromkeys((42, 44, 46, 22, 26), -0.4) | {
    **dict.fromkeys((51, 53, 59, 57, 52), 0.5),
    **{49: -0.5, 55: -0.3, 50: -0.2, 48: 0.0, 47: 0.1, 45: 0.25, 43: 0.35, 41: 0.45},
}


def _drum_pan(key: int) -> float:
    """Give where a drum stands, seen by the drummer: kick and snare in the middle."""
    return _PANS.get(key, 0.0)
