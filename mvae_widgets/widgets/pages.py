"""What an exported page needs of each widget beside its traits: what the kernel would have been asked.

The page's half is js/src/host/standalone-*.ts; names here are names there. Bytes are little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mvae_widgets.latent.attributes import LEAST_LEFT, LOCKED, LONGEST, SHORT, AttributeVectors
from mvae_widgets.music.clips import Clip
from mvae_widgets.widgets.base import pack, score_of
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.map_data import cards_of

__all__ = ["corners_page", "floats", "knobs_page", "map_page", "route_page"]

Array = np.ndarray[Any, Any]
Page = dict[str, Any]


def route_page(points: Array, clips: Sequence[Clip], tables: Mapping[str, bytes]) -> Page:
    """Of a slider: its waypoints ``[n, z]`` and their clips, and the notes of all steps by space."""
    # Grooves differ where other drums are hit; all other tokens differ as they are.
    tokens = [np.asarray(clip.tokens) for clip in clips]
    if tokens[0].dtype.kind == "f":
        tokens = [rows[:, : rows.shape[1] // 3] > 0.5 for rows in tokens]
    return {
        **_points(points),
        "programs": [clip.program for clip in clips],
        "tokens": b"".join(rows.astype(np.uint8).tobytes() for rows in tokens),
        "tables": dict(tables),
    }


def corners_page(points: Array, clips: Sequence[Clip], cells: tuple[bytes, list[int]]) -> Page:
    """Of a pad: its corners ``[4, z]`` and their clips, and the table of all cells."""
    return {
        **_points(points),
        "programs": [clip.program for clip in clips],
        "cells": cells[0],
        "offsets": cells[1],
    }


def knobs_page(vectors: AttributeVectors, names: Sequence[str], program: int, state: Page) -> Page:
    """Of the knobs: the vectors of their attributes, and where the bench stands (`Bench.page`)."""
    rows = [vectors.index(name) for name in names]
    rules = {"short": SHORT, "longest": LONGEST, "least_left": LEAST_LEFT, **state["rules"]}
    return {
        **state,
        "program": program,
        "size": vectors.size,
        "steps": floats([vectors.direction(name) for name in names]),
        "vectors": floats(vectors.vectors[rows]),
        "probes": floats(vectors.probes[rows]),
        "ways": list(LOCKED),
        "rules": rules,
    }


def map_page(
    model: Codec,
    corpus: Any,
    shown: Array,
    columns: Sequence[str],
    projection: Any,
    marks: Sequence[Array],
    here: Array | None,
    decodes: bool,
) -> Page:
    """Of a map: the clips that are on it, with their music and latent vectors, and its way back.

    Parameters
    ----------
    shown
        Numbers of the clips that the page holds, ``[m]``.
    columns
        What their cards name.
    projection
        The map.
    marks, here
        Latent vectors of the user's own clips, and of the current music.
    decodes
        Whether the page can decode.
    """
    cards: list[list[Any]] = []
    notes: list[bytes] = []
    scores: dict[str, Any] = {}
    finds = decodes and hasattr(projection, "weights")
    # Music that nobody has decoded yet is nothing but its latent vectors, and those the page decodes itself.
    stored = shown[:0] if finds and not isinstance(corpus.tokens, np.ndarray) else shown
    for start in range(0, len(stored), CARDS):
        told, tables = cards_of(model, corpus, stored[start : start + CARDS].tolist(), columns)
        for card in told["cards"]:
            index = list(scores).index(key) if (key := repr(card["score"])) in scores else len(scores)
            scores[key] = card["score"]
            cards.append([card["title"], card["meta"], card["place"], index])
        notes += tables
    mu = corpus.mu[shown]
    page = {
        **_points(mu),
        "cards": cards,
        "scores": list(scores.values()),
        "notes": b"".join(notes),
        "offsets": [0, *np.cumsum([len(table) // ROW for table in notes]).tolist()],
        "marks": floats(marks),
        "here": floats([] if here is None else here),
    }
    if finds:
        middle = model.decode_clips(np.zeros((1, projection.size)))[0]
        page["score"] = score_of(middle.sequence).as_dict()
        page["map"] = projection.page()
    return page


#: Clips asked for at once, and bytes of one note in a table.
CARDS, ROW = 512, len(pack(np.zeros((1, 7))))


def floats(rows: Any) -> bytes:
    """Numbers as float32."""
    return np.asarray(rows, "<f4").tobytes()


def _points(points: Array) -> Page:
    return {"size": int(points.shape[-1]), "z": floats(points)}
