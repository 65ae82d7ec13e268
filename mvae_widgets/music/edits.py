"""A clip beside itself with less or more of an attribute: what attribute vectors can be made of.

The difference between two clips of a corpus is a difference of everything; that between a clip and the same
clip thinned out is one of density alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .features import FIRST_PITCH_TOKEN, onsets

if TYPE_CHECKING:
    from .converter import Converter

__all__ = ["Edit", "edits_for", "thin", "transpose"]

Tokens = np.ndarray[Any, Any]
Edit = Callable[[Tokens, int], tuple[Tokens, Tokens]]
"""Stacked tokens and a seed -> the clips with less, and the same clips with more, of an attribute."""

THINNED = 0.35
LEAST_NOTES = 2
TRANSPOSED = 3


def weakest(on: Tokens, seed: int, steps_per_quarter: int = 4) -> Tokens:
    """Which onsets to leave out: about a third of each clip's, off the beat first.

    Parameters
    ----------
    on
        Where something starts, ``[clips, steps]``.
    seed
        Decides among places of equal weight.
    steps_per_quarter
        The grid.

    Returns
    -------
    ndarray
        Bool ``[clips, steps]``; nothing where fewer than two would be left.
    """
    steps = np.arange(on.shape[1])
    weight = np.zeros(on.shape[1])
    unit = 4 * steps_per_quarter
    while unit > 1:  # bar, half bar, beat, 8th, 16th: each finer grid is weaker
        weight += steps % unit != 0
        unit = unit // 2 if unit % 2 == 0 else 1
    noise = np.random.default_rng(seed).random(on.shape)
    key = np.where(on, weight + noise, -1.0)
    rank = (-key).argsort(1).argsort(1)
    count = on.sum(1)
    gone = np.maximum(np.rint(THINNED * count), 1).astype(int)
    chosen: Tokens = on & (rank < gone[:, None]) & (count - gone >= LEAST_NOTES)[:, None]
    return chosen


def thin(tokens: Tokens, seed: int = 0, steps_per_quarter: int = 4) -> Tokens:
    """Melodies ``[clips, steps]`` without about a third of their notes; those before sound on."""
    rows = np.asarray(tokens).copy()
    rows[weakest(onsets(rows), seed, steps_per_quarter)] = 0
    # A note-off before the first note ends nothing.
    rows[~np.logical_or.accumulate(onsets(rows), axis=1)] = 0
    return rows


def transpose(tokens: Tokens, semitones: int, depth: int = 90) -> Tokens:
    """Melodies ``[clips, steps]`` moved; clips that would leave the model's range stay as they are."""
    rows = np.asarray(tokens)
    on = onsets(rows)
    moved = np.where(on, rows.astype(np.int64) + semitones, rows)
    fits = (~on | ((moved >= FIRST_PITCH_TOKEN) & (moved < depth))).all(1, keepdims=True)
    result: Tokens = np.where(fits, moved, rows).astype(rows.dtype)
    return result


def edits_for(converter: Converter) -> dict[str, Edit]:
    """The edits that a family of models has; none for multitracks.

    Returns
    -------
    dict
        Attribute -> edit of stacked `Example.tokens`. Melodies and trios (their melody): ``note_density``
        (`thin`) and ``mean_pitch`` (three semitones down, three up). Drums and grooves: ``note_density``.
    """
    spec = converter.clip_spec
    grid, depth = spec.steps_per_quarter, spec.max_pitch - spec.min_pitch + 1 + FIRST_PITCH_TOKEN

    def thinned(tokens: Tokens, seed: int) -> tuple[Tokens, Tokens]:
        return thin(tokens, seed, grid), tokens

    def shifted(tokens: Tokens, seed: int) -> tuple[Tokens, Tokens]:
        return transpose(tokens, -TRANSPOSED, depth), transpose(tokens, TRANSPOSED, depth)

    def struck(tokens: Tokens, seed: int) -> tuple[Tokens, Tokens]:
        rows = np.asarray(tokens).copy()
        classes = len(converter.rules.kit)  # type: ignore[attr-defined]
        struck_at = (rows[..., :classes] > 0.5).any(2)
        rows[weakest(np.asarray(struck_at), seed, grid)] = 0
        return rows, tokens

    def of_melody(edit: Edit) -> Edit:
        def edited(tokens: Tokens, seed: int) -> tuple[Tokens, Tokens]:
            less, more = (np.array(tokens) for _ in range(2))
            less[..., 0], more[..., 0] = edit(tokens[..., 0], seed)
            return less, more

        return edited

    melody: dict[str, Edit] = {"note_density": thinned, "mean_pitch": shifted}
    drums: dict[str, Edit] = {"note_density": struck}
    return {
        "melody": melody,
        "trio": {name: of_melody(edit) for name, edit in melody.items()},
        "drums": drums,
        "groove": drums,
    }.get(spec.family, {})
