"""Attributes of clips: numbers that can be asked of any of them (MUSICVAE.md 5.3).

`attributes_for` gives those of a family of models. The functions for melodies take tokens ``[clips, steps]``
(0 hold, 1 note-off, 2 + pitch - 21), those for drums bits ``[clips, steps, classes]``, and return one
number a clip: NaN where the number needs a note and the clip has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .kits import KITS, Kit

if TYPE_CHECKING:
    from .converter import Converter
    from .multitrack_rules import MultitrackRules

__all__ = [
    "ATTRIBUTES",
    "FEATURES",
    "attributes_for",
    "average_interval",
    "c_diatonic",
    "hit_density",
    "in_scale",
    "mean_pitch",
    "note_density",
    "on_beat",
    "onsets",
    "pitch_range",
    "pitches",
    "repetition",
    "share_of_drums",
    "syncopation",
]

Tokens = np.ndarray[Any, Any]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Measures = dict[str, Callable[[Tokens], FloatArray]]

FIRST_PITCH_TOKEN = 2
MIN_PITCH = 21
STEPS_PER_QUARTER = 4
MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], bool)

# Classes of the reduced kit, to which every General MIDI drum belongs.
_KICK, _SNARE, _TOMS, _BRIGHT = (0,), (1,), (4, 5, 6), (2, 3, 7, 8)
_REDUCED = KITS["reduced"].class_of


def onsets(tokens: Tokens) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a note starts, ``[clips, steps]``."""
    return np.asarray(tokens) >= FIRST_PITCH_TOKEN


def pitches(tokens: Tokens, min_pitch: int = MIN_PITCH) -> np.ndarray[Any, np.dtype[np.int64]]:
    """MIDI pitch at onsets; meaningless elsewhere, ``[clips, steps]``."""
    return np.asarray(tokens).astype(np.int64) - FIRST_PITCH_TOKEN + min_pitch


def _ratio(part: Tokens, whole: Tokens) -> FloatArray:
    """Part / whole, NaN where the whole is 0."""
    share: FloatArray = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return share


def _share(hits: Tokens, among: Tokens) -> FloatArray:
    return _ratio((hits & among).sum(1), among.sum(1))


def note_density(tokens: Tokens) -> FloatArray:
    """Onsets a step, 0..1."""
    density: FloatArray = onsets(tokens).mean(1)
    return density


def mean_pitch(tokens: Tokens, min_pitch: int = MIN_PITCH) -> FloatArray:
    """Mean MIDI pitch of the onsets."""
    on = onsets(tokens)
    return _ratio(np.where(on, pitches(tokens, min_pitch), 0).sum(1), on.sum(1))


def pitch_range(tokens: Tokens) -> FloatArray:
    """Semitones from the lowest to the highest onset."""
    on, p = onsets(tokens), pitches(tokens)
    span = np.where(on, p, -(1 << 20)).max(1) - np.where(on, p, 1 << 20).min(1)
    return np.where(on.any(1), span.astype(np.float64), np.nan)


def c_diatonic(tokens: Tokens, min_pitch: int = MIN_PITCH) -> FloatArray:
    """Share of onsets that are white keys, 0..1."""
    return _share(MAJOR[pitches(tokens, min_pitch) % 12], onsets(tokens))


def in_scale(tokens: Tokens) -> FloatArray:
    """Share of onsets inside the best fitting of the twelve major scales, 0..1."""
    on, p = onsets(tokens), pitches(tokens)
    best: FloatArray = np.max([_share(MAJOR[(p - key) % 12], on) for key in range(12)], axis=0)
    return best


def on_beat(tokens: Tokens) -> FloatArray:
    """Share of onsets that fall on a quarter, 0..1 (4 steps a quarter)."""
    on = onsets(tokens)
    beat = np.arange(on.shape[1]) % STEPS_PER_QUARTER == 0
    return _share(np.broadcast_to(beat, on.shape), on)


def average_interval(tokens: Tokens) -> FloatArray:
    """Mean size in semitones of the steps from one onset to the next; 0 for a single onset."""
    on = onsets(tokens)
    clip, step = np.nonzero(on)
    heights = pitches(tokens)[clip, step]
    leap = np.where(np.diff(clip) == 0, np.abs(np.diff(heights)), 0)
    total = np.bincount(clip[1:], leap, len(on))
    return np.where(on.any(1), total / np.maximum(on.sum(1) - 1, 1), np.nan)


def syncopation(on: Tokens, level: int = 16, steps_per_quarter: int = STEPS_PER_QUARTER) -> FloatArray:
    """Share of onsets that come off the beat with nothing just before them, 0..1 (MUSICVAE.md 5.3).

    Parameters
    ----------
    on
        Where a note starts, ``[clips, steps]``.
    level
        16: onsets on an odd 16th, with none on the 16th before. 8: onsets on an odd 8th, with none on the
        16th and on the 8th before.
    steps_per_quarter
        The grid; what lies between 16ths counts as the nearest.
    """
    where = _sixteenths(np.asarray(on, bool), steps_per_quarter)
    before = np.pad(where, ((0, 0), (2, 0)))  # before the clip there is nothing
    place = np.arange(where.shape[1])
    if level == 16:
        off, quiet = place % 2 == 1, ~before[:, 1:-1]
    else:
        off, quiet = place % 4 == 2, ~before[:, 1:-1] & ~before[:, :-2]
    return _share(off & quiet, where)


def _sixteenths(on: Tokens, steps_per_quarter: int) -> Tokens:
    if steps_per_quarter == STEPS_PER_QUARTER:
        return on
    length = on.shape[1] * STEPS_PER_QUARTER // steps_per_quarter
    clip, step = np.nonzero(on)
    where = np.zeros((len(on), length), bool)
    where[clip, np.minimum(np.rint(step * STEPS_PER_QUARTER / steps_per_quarter).astype(int), length - 1)] = True
    return where


def repetition(tokens: Tokens, steps_per_bar: int = 16) -> FloatArray:
    """Share of steps of each bar but the first that equal the same step a bar before, 0..1."""
    rows = np.asarray(tokens)
    if rows.shape[1] <= steps_per_bar:
        return np.full(len(rows), np.nan)
    same = rows[:, steps_per_bar:] == rows[:, :-steps_per_bar]
    return _mean_of(same.all(2) if same.ndim == 3 else same)


def _mean_of(rows: Tokens) -> FloatArray:
    mean: FloatArray = rows.mean(1)
    return mean


def hit_density(bits: Tokens) -> FloatArray:
    """Drums struck a step, 0 to the number of classes."""
    density: FloatArray = np.asarray(bits, bool).sum(2).mean(1)
    return density


def share_of_drums(bits: Tokens, classes: Tokens) -> FloatArray:
    """Share of the hits that are on some classes of the kit, 0..1.

    Parameters
    ----------
    bits
        ``[clips, steps, classes]``.
    classes
        Bool ``[classes]``.
    """
    hits = np.asarray(bits, bool).sum(1)
    return _ratio(hits[:, np.asarray(classes, bool)].sum(1), hits.sum(1))


FEATURES: Measures = {
    "c_diatonic": c_diatonic,
    "note_density": note_density,
    "average_interval": average_interval,
    "syncopation_16": lambda tokens: syncopation(onsets(tokens), 16),
    "syncopation_8": lambda tokens: syncopation(onsets(tokens), 8),
    "pitch_range": pitch_range,
    "mean_pitch": mean_pitch,
    "repetition": repetition,
    "in_scale": in_scale,
    "on_beat": on_beat,
}
"""All of a melody on the default grid: 16ths, label 2 is pitch 21."""

ATTRIBUTES = tuple(FEATURES)[:8]
"""The five of the paper, and three more: what a melody model's attribute vectors are made of."""


def attributes_for(converter: Converter) -> Measures:
    """The attributes of a family of models.

    Parameters
    ----------
    converter
        Of the model; says the family, the grid, the lowest pitch and the kit.

    Returns
    -------
    dict
        From a name to a function of stacked `Example.tokens` (first axis: clips) that returns one number a
        clip. Melodies: `ATTRIBUTES`. Trios: those of the melody, and how dense bass and drums are. Drums:
        hits a step, shares of bright drums (cymbals and hi-hats), kick, snare and toms, syncopation of the
        whole kit, repetition. Grooves: also loudness and lateness. Multitrack: of all notes together.
    """
    spec = converter.clip_spec
    return _FAMILIES[spec.family](converter)


def _melody(converter: Converter) -> Measures:
    spec = converter.clip_spec
    grid = spec.steps_per_quarter
    return {
        "c_diatonic": partial(c_diatonic, min_pitch=spec.min_pitch),
        "note_density": note_density,
        "average_interval": average_interval,
        "syncopation_16": lambda tokens: syncopation(onsets(tokens), 16, grid),
        "syncopation_8": lambda tokens: syncopation(onsets(tokens), 8, grid),
        "pitch_range": pitch_range,
        "mean_pitch": partial(mean_pitch, min_pitch=spec.min_pitch),
        "repetition": partial(repetition, steps_per_bar=spec.bar_steps),
    }


def _drums(converter: Converter) -> Measures:
    spec = converter.clip_spec
    kit: Kit = converter.rules.kit  # type: ignore[attr-defined]
    grid = spec.steps_per_quarter

    def of(*roles: int) -> Callable[[Tokens], FloatArray]:
        chosen = np.array([_REDUCED.get(int(pitch), -1) in roles for pitch in kit.pitches])
        return partial(share_of_drums, classes=chosen)

    measures: Measures = {
        "note_density": hit_density,
        "brightness": of(*_BRIGHT),
        "kick_share": of(*_KICK),
        "snare_share": of(*_SNARE),
        "tom_share": of(*_TOMS),
        "syncopation_16": lambda bits: syncopation(np.asarray(bits.any(2)), 16, grid),
        "syncopation_8": lambda bits: syncopation(np.asarray(bits.any(2)), 8, grid),
        "repetition": partial(repetition, steps_per_bar=spec.bar_steps),
    }
    # A tensor of bits may have an end token behind the drums.
    return _of_part(measures, lambda tokens: np.asarray(tokens)[..., : len(kit)] > 0)


def _groove(converter: Converter) -> Measures:
    n = len(converter.rules.kit)  # type: ignore[attr-defined]

    def mean_over_hits(tokens: Tokens, block: int, sign: float) -> FloatArray:
        hits = tokens[..., :n] > 0.5
        return _ratio((hits * tokens[..., block * n : (block + 1) * n]).sum((1, 2)) * sign, hits.sum((1, 2)))

    return {
        **_of_part(_drums(converter), lambda tokens: np.asarray(tokens)[..., :n] > 0.5),
        "loudness": partial(mean_over_hits, block=1, sign=1.0),  # velocity 0..1
        "lateness": partial(mean_over_hits, block=2, sign=-0.5),  # in steps, positive is late
    }


def _trio(converter: Converter) -> Measures:
    n = len(converter.rules.kit)  # type: ignore[attr-defined]
    return {
        **_of_part(_melody(converter), lambda tokens: tokens[..., 0]),
        "bass_density": lambda tokens: note_density(tokens[..., 1]),
        "drum_density": lambda tokens: hit_density(tokens[..., 2, None].astype(np.int64) >> np.arange(n) & 1),
    }


def _of_part(measures: Measures, part: Callable[[Tokens], Tokens]) -> Measures:
    def measured(measure: Callable[[Tokens], FloatArray]) -> Callable[[Tokens], FloatArray]:
        return lambda tokens: measure(part(tokens))

    return {name: measured(measure) for name, measure in measures.items()}


def _multitrack(converter: Converter) -> Measures:
    rules: MultitrackRules = converter.rules  # type: ignore[assignment]
    spec = converter.clip_spec

    def measured(measure: Callable[[Tokens], float]) -> Callable[[Tokens], FloatArray]:
        return lambda tokens: np.array([measure(_notes_of(clip, rules)) for clip in tokens], np.float64)

    def mean(values: Tokens) -> float:
        return float(values.mean()) if len(values) else float("nan")

    def pitched(notes: Tokens) -> Tokens:
        heights: Tokens = notes[notes[:, 3] == 0, 1]
        return heights

    def grid(notes: Tokens) -> Tokens:
        on: Tokens = np.zeros((1, spec.steps), bool)
        on[0, notes[:, 0]] = True
        return on

    return {
        "note_density": measured(lambda notes: len(notes) / spec.steps * spec.steps_per_quarter / STEPS_PER_QUARTER),
        "polyphony": measured(lambda notes: float(_ratio(np.array(len(notes)), grid(notes).sum()))),
        "mean_pitch": measured(lambda notes: mean(pitched(notes))),
        "pitch_range": measured(lambda notes: float(np.ptp(p)) if len(p := pitched(notes)) else float("nan")),
        "c_diatonic": measured(lambda notes: mean(MAJOR[pitched(notes) % 12])),
        "syncopation_16": measured(lambda notes: float(syncopation(grid(notes), 16, spec.steps_per_quarter)[0])),
        "syncopation_8": measured(lambda notes: float(syncopation(grid(notes), 8, spec.steps_per_quarter)[0])),
        "drum_share": measured(lambda notes: mean(notes[:, 3])),
        "tracks": measured(lambda notes: float(len(np.unique(notes[:, 4])))),
        "loudness": measured(lambda notes: mean(notes[:, 2]) / max(rules.vocabulary.velocity_bins, 1)),
    }


def _notes_of(tokens: Tokens, rules: MultitrackRules) -> Tokens:
    """Notes of one clip, int ``[n, 5]``: start step, pitch, loudness bin, whether a drum, track of its bar."""
    from .performance import DRUM_PROGRAM

    rows = []
    for k, track in enumerate(np.asarray(tokens).reshape(-1, rules.most_rows)):
        first = k // rules.most_tracks * rules.chunk_steps
        program, notes = rules.vocabulary.decode(track, rules.chunk_steps)
        drum = program == DRUM_PROGRAM
        rows += [(first + start, pitch, loudness, drum, program) for start, _, pitch, loudness in notes]
    return np.array(rows, np.int64).reshape(-1, 5)


_FAMILIES: dict[str, Callable[[Converter], Measures]] = {
    "melody": _melody,
    "drums": _drums,
    "groove": _groove,
    "trio": _trio,
    "multitrack": _multitrack,
}
