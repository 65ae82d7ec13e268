"""Bars of several tracks compared as they sound: which notes come back, and which instruments."""

from __future__ import annotations

from typing import Any

import numpy as np

from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.measure import Sums

__all__ = ["rendered_sums"]

Tokens = np.ndarray[Any, Any]
Note = tuple[int, int, int, int]


def rendered_sums(truth: Tokens, found: Tokens, config: ModelConfig) -> dict[str, Sums]:
    """Compare clips note by note, not event by event: a shift that is written in two halves sounds the same.

    Parameters
    ----------
    truth, found
        Labels of events ``[n, rows]``, negative where there is none.
    config
        Of the model; says how long a bar is and what the labels mean.

    Returns
    -------
    dict
        ``note_f1``: F1 of notes with the right bar, step, pitch and program (drums being one);
        ``note_f1_no_program``: the same on whatever instrument; ``programs_f1``: F1 of the instruments that
        play; ``length_mae_steps`` and ``velocity_mae_bins``: of the notes that were found, how far their
        lengths are off in steps (24 a quarter) and their loudness in bins; left out where none was.
    """
    rules: Any = converter_for(config.family, **config.converter).rules
    rows = [_compare(_notes(a, rules), _notes(b, rules)) for a, b in zip(truth, found, strict=True)]
    table = np.array(rows, np.float64).reshape(-1, 5, 2)
    names = ("note_f1", "note_f1_no_program", "programs_f1", "length_mae_steps", "velocity_mae_bins")
    # Of no notes at all there is no error.
    return {name: Sums(table[:, k]) for k, name in enumerate(names) if table[:, k, 1].any()}


def _notes(clip: Tokens, rules: Any) -> dict[Note, tuple[int, int]]:
    """(Bar, start, pitch, program) -> (length, loudness bin); of two the same the last."""
    notes: dict[Note, tuple[int, int]] = {}
    for k, track in enumerate(np.asarray(clip).reshape(-1, rules.most_rows)):
        program, played = rules.vocabulary.decode(track, rules.chunk_steps)
        bar = k // rules.most_tracks
        notes |= {(bar, start, pitch, program): (end - start, bin_) for start, end, pitch, bin_ in played}
    return notes


def _compare(one: dict[Note, tuple[int, int]], other: dict[Note, tuple[int, int]]) -> list[tuple[float, float]]:
    """Five pairs of sums: the measure is the first over the second."""
    both = one.keys() & other.keys()
    views = [
        (one.keys(), other.keys()),
        ({key[:3] for key in one}, {key[:3] for key in other}),
        ({key[3] for key in one}, {key[3] for key in other}),
    ]
    errors = [(abs(one[key][0] - other[key][0]), abs(one[key][1] - other[key][1])) for key in both]
    return [
        *((2.0 * len(a & b), float(len(a) + len(b))) for a, b in views),
        *((float(sum(e[k] for e in errors)), float(len(both))) for k in (0, 1)),
    ]
