"""From seconds to the pieces on a grid that every converter of upstream starts from (MUSICVAE.md 4.2, 4.3)."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .library import note_seq
from .score import is_tempo

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["has_chords", "infer_missing_chords", "quantise", "split_on_time_changes"]

# Nine hours at 120. What is longer is a damaged number, and would take hours.
LONGEST_QUARTERS = 1 << 16


def split_on_time_changes(sequence: NoteSequence) -> list[NoteSequence]:
    """Cut a sequence at changes of tempo and meter: pieces of one tempo and one meter each.

    Raises
    ------
    ConfigError
        The sequence is quantised already.
    """
    lib = note_seq().sequences_lib
    if lib.is_quantized_sequence(sequence):
        raise ConfigError("The sequence is quantised already.", "Give the sequence as it was before quantising.")
    if not math.isfinite(sequence.total_time) or not all(map(math.isfinite, _times(sequence))):
        return []
    return list(lib.split_note_sequence_on_time_changes(sequence))


def quantise(piece: NoteSequence, steps_per_quarter: int) -> NoteSequence | None:
    """Put a piece on the grid.

    Returns
    -------
    NoteSequence or None
        None where upstream takes nothing: changing tempo or meter, bars that are not four quarters,
        negative or impossible times.
    """
    lib = note_seq().sequences_lib
    if not _possible(piece):
        return None
    try:
        quantised = lib.quantize_note_sequence(piece, steps_per_quarter)
    except (
        lib.BadTimeSignatureError,
        lib.MultipleTempoError,
        lib.MultipleTimeSignatureError,
        lib.NegativeTimeError,
    ):
        return None
    if lib.steps_per_bar_in_quantized_sequence(quantised) != 4 * steps_per_quarter:
        return None
    return quantised


def has_chords(sequence: NoteSequence) -> bool:
    """Tell whether a sequence has chord symbols."""
    chord = note_seq().NoteSequence.TextAnnotation.CHORD_SYMBOL
    return any(annotation.annotation_type == chord for annotation in sequence.text_annotations)


def infer_missing_chords(quantised: NoteSequence, *, keys: bool = False) -> bool:
    """Write chord symbols into a quantised sequence that has none (MUSICVAE.md 4.10).

    Parameters
    ----------
    quantised
        Changed in place.
    keys
        True to replace the key signatures as well.

    Returns
    -------
    bool
        False where chords cannot be inferred: another meter, no length, too long a piece.
    """
    if has_chords(quantised):
        return True
    inference = _chord_inference()
    try:
        inference.infer_chords_for_sequence(quantised, add_key_signatures=keys)
    except inference.ChordInferenceError:
        return False
    return True


@cache
def _chord_inference() -> Any:
    """note_seq's inference of chords, with its table of a million transitions made once and not for every piece.

    The table depends on three fixed numbers alone, and takes seconds.
    """
    inference = note_seq().chord_inference
    make = inference._key_chord_transition_distribution
    known: dict[Any, Any] = {}

    def once(chords: Any, **probabilities: float) -> Any:
        asked = (chords.tobytes(), *sorted(probabilities.items()))
        if asked not in known:
            known[asked] = make(chords, **probabilities)
        return known[asked]

    inference._key_chord_transition_distribution = once
    return inference


def _times(sequence: NoteSequence) -> list[float]:
    times = [time for note in sequence.notes for time in (note.start_time, note.end_time)]
    for events in (sequence.text_annotations, sequence.control_changes, sequence.tempos, sequence.time_signatures):
        times += [event.time for event in events]
    return times


def _possible(piece: NoteSequence) -> bool:
    tempos = [tempo.qpm for tempo in piece.tempos] or [120.0]
    if not all(map(is_tempo, tempos)):
        return False
    times = [*_times(piece), piece.total_time]
    return all(math.isfinite(t) and t * max(tempos) / 60 < LONGEST_QUARTERS for t in times)
