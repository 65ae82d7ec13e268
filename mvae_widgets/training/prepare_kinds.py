"""One piece of music -> passages of whole bars, by the rules of `music`'s converters.

Windows that `dataset` cuts from them are the tokens that a converter's ``to_examples`` gives of the same piece.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mvae_widgets.music.drums import DrumsConverter
from mvae_widgets.music.groove import GrooveConverter
from mvae_widgets.music.labels import FIRST_PITCH
from mvae_widgets.music.melody import MelodyConverter
from mvae_widgets.music.multitrack import MultitrackConverter
from mvae_widgets.music.quantising import split_on_time_changes
from mvae_widgets.music.trio import TrioConverter
from mvae_widgets.training.dataset import BAR_END, CLASSES, HALF_STEP, MIN_ONSETS, MOST_VELOCITY, STEPS_PER_BAR

__all__ = ["ARRAYS", "KINDS", "melody_passages", "passages_of", "phrases"]

ARRAYS: dict[str, tuple[tuple[str, type], ...]] = {
    "melodies": (("steps", np.int8),),
    "drums": (("mask", np.uint16), ("velocity", np.uint8), ("microtiming", np.int8)),
    "trio": (("melody", np.int8), ("bass", np.int8), ("drums", np.uint16)),
    "multitrack": (("events", np.int16),),
}
"""The long arrays of each kind of prepared file, and their types."""
KINDS = tuple(ARRAYS)

# What tells one tune from another: four bars, with enough in them that chance and stock figures do not agree.
PHRASE_BARS = 4
PHRASE_ONSETS, PHRASE_PITCHES, PHRASE_DIFFERENT_BARS = 10, 4, 3

Codes = np.ndarray[Any, Any]
Passage = tuple[Codes, ...]


def passages_of(sequence: Any, kinds: Sequence[str], kit: str = "reduced") -> dict[str, list[Passage]]:
    """What a piece holds of each kind.

    Parameters
    ----------
    sequence
        A NoteSequence, not quantised.
    kinds
        Some of `KINDS`.
    kit
        How drums are heard: ``"reduced"`` (General MIDI) or ``"roland"`` (an electronic kit).

    Returns
    -------
    dict
        Kind -> passages, each a tuple of the arrays that `ARRAYS` names, without doubles.
    """
    ways: dict[str, Callable[[Any], list[Passage]]] = {
        "melodies": lambda piece: [(codes,) for codes in melody_passages(piece)],
        "drums": lambda piece: _drums(piece, kit),
        "trio": _trios,
        "multitrack": _multitracks,
    }
    found: dict[str, dict[bytes, Passage]] = {kind: {} for kind in kinds}
    # The converters would each do it again; a piece may have thousands of tempos.
    for piece in split_on_time_changes(sequence):
        for kind in kinds:
            for passage in ways[kind](piece):
                found[kind].setdefault(b"|".join(a.tobytes() for a in passage), passage)
    return {kind: list(passages.values()) for kind, passages in found.items()}


def melody_passages(sequence: Any) -> list[Codes]:
    """Every stretch of one-note music, track by track, as step codes int8 ``[steps]``."""
    converter = MelodyConverter(slice_bars=None)
    codes = [_codes(tokens) for tokens in converter.to_tokens(sequence)]
    return [c for c in codes if (c >= 0).sum() >= MIN_ONSETS]


def phrases(melodies: Sequence[Codes]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Marks of the four-bar phrases of some melodies, the same in any key: distinct, sorted.

    Four bars count as a phrase with at least 10 onsets, 4 pitches and 3 bars that differ, so that accompaniments do
    not. Where notes end does not matter.
    """
    width = PHRASE_BARS * STEPS_PER_BAR
    marks: set[int] = set()
    for codes in melodies:
        onsets = np.where(codes >= 0, codes, -1).astype(np.int16)
        for start in range(0, len(onsets) - width + 1, STEPS_PER_BAR):
            phrase = onsets[start : start + width]
            pitches = phrase[phrase >= 0]
            bars = {bar.tobytes() for bar in phrase.reshape(PHRASE_BARS, -1)}
            if (
                len(pitches) >= PHRASE_ONSETS
                and len(np.unique(pitches)) >= PHRASE_PITCHES
                and len(bars) >= PHRASE_DIFFERENT_BARS
            ):
                relative = np.where(phrase >= 0, phrase - pitches[0], 128)
                marks.add(int.from_bytes(hashlib.blake2b(relative.tobytes(), digest_size=8).digest(), "little"))
    return np.array(sorted(marks), np.uint64)


def _drums(piece: Any, kit: str) -> list[Passage]:
    """Every stretch of drumming: hits as a mask, velocities and timing."""
    tracks = DrumsConverter(
        kit=kit, slice_bars=None, max_bars=None, presplit_on_time_changes=False, pad_to_total_time=True
    )
    alone = copy.deepcopy(piece)
    del alone.notes[:]
    alone.notes.extend(note for note in piece.notes if note.is_drum)
    found: list[Passage] = []
    for whole in GrooveConverter(slice_bars=None, train_kit=kit, infer_kit=kit).to_examples(alone):
        hits, velocity, offset = whole.tokens.reshape(-1, 3, CLASSES).transpose(1, 0, 2)
        mask = (hits > 0) @ (1 << np.arange(CLASSES))
        late = np.clip(np.round(-offset * HALF_STEP), -HALF_STEP, HALF_STEP - 1)
        rows = (mask, np.round(velocity * MOST_VELOCITY), late)
        for track in tracks.to_examples(alone):
            # The padding says where in the piece the track is.
            played = np.flatnonzero(track.tokens.any(axis=1))
            start, end = played[0] // STEPS_PER_BAR, played[-1] // STEPS_PER_BAR + 1
            bars = slice(start * STEPS_PER_BAR, end * STEPS_PER_BAR)
            if track.tokens.sum() >= MIN_ONSETS:
                found.append(_typed("drums", tuple(row[bars] for row in rows)))
    return found


def _trios(piece: Any) -> list[Passage]:
    return [
        _typed("trio", (_codes(tokens[:, 0]), _codes(tokens[:, 1]), tokens[:, 2]))
        for tokens in (passage.tokens for passage in TrioConverter().passages(piece))
    ]


def _multitracks(piece: Any) -> list[Passage]:
    """All bars that fit, one after another: events without padding, and `BAR_END` after each bar."""
    converter = MultitrackConverter()
    bars = {example.tokens.tobytes(): example.tokens for example in converter.to_examples(piece)}
    parts: list[Codes] = []
    for tokens in bars.values():
        tracks = tokens.reshape(-1, converter.max_events)
        parts += [track[track >= 0] for track in tracks if track[0] != converter.vocabulary.end]
        parts.append(np.array([BAR_END], np.int16))
    return [(np.concatenate(parts).astype(np.int16),)] if parts else []


def _typed(kind: str, arrays: Passage) -> Passage:
    return tuple(a.astype(t) for a, (_, t) in zip(arrays, ARRAYS[kind], strict=True))


def _codes(labels: Codes) -> Codes:
    """Labels of a melody as step codes: -2 nothing, -1 note-off, 0..127 pitch."""
    lowest = MelodyConverter().min_pitch
    codes = labels.astype(np.int16)
    return np.where(codes >= FIRST_PITCH, codes - FIRST_PITCH + lowest, codes - FIRST_PITCH).astype(np.int8)
