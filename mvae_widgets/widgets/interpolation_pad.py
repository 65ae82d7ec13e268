"""The interpolation pad: four clips at the corners of a square, and music everywhere between them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError, MusicVAEError, MusicVAEWarning
from mvae_widgets.latent.interpolate import grid, slerp
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.score import Score
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.grid import grid_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.pages import corners_page

__all__ = ["InterpolationPad"]

LETTERS = "ABCD"
MAX_N = 15
# Notes that are saved with the notebook, in bytes; the cells of a larger pad come by message.
SAVED = 100_000
# A path is played as one piece: so many bars, or so many cells where clips are long.
PATH_BARS, PATH_CELLS = 128, 16
# Decoded places between cells that are kept for the page, which asks first and goes there then.
KEPT = 8
ON_CELL = 1e-6


@dataclass(frozen=True)
class _Spot:
    """What stands at one place of the pad."""

    sequence: Any
    score: Score
    place: list[float]
    cost: float | None


class InterpolationPad(MusicWidget):
    """A square between four clips in latent space.

    The corners are A (top left), B (top right), C (bottom left) and D (bottom right). At them stand the
    clips themselves, not their reconstructions. All other cells are decoded in one batch from the bilinear
    arc (MUSICVAE.md 5.1): down the left side from A to C, down the right side from B to D, then across.
    Between the cells the model decodes where the pointer rests.

    Parameters
    ----------
    model
        Decodes the cells.
    corners
        Music for A, B, C and D; of a longer piece the first clip, and the widget says so.
    n
        Cells a side, 2 to 15.
    **traits
        ``value``, ``path``, ``title``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    value
        Where the pad stands, ``(row, column)``, each 0 to n - 1 from the top left: whole numbers on a
        cell, fractions between cells. Observe or set it.
    xy
        The same as ``(x, y)``, each 0 to 1: x to the right, y down.
    sequence
        The music there, a NoteSequence; observe it.
    sequences
        The music of all cells, by row and column.
    z
        Latent vector there, ``[z]``.
    latents
        Latent vectors of all cells, ``[n, n, z]``.
    weights
        Share of each corner there, ``[4]``, in the order A, B, C, D; they sum to 1.
    path
        Cells ``[row, column]`` in the order in which they are played. Observe or set it; a path that is
        not empty is what plays next.
    path_sequence
        The music of the path as one NoteSequence at the pad's tempo; None without a path.

    Raises
    ------
    ConfigError
        For other than four corners, or an n out of range.
    NothingToEncodeError
        If a corner's music does not fit the model; says which.
    """

    _esm = STATIC / "interpolation_pad.js"
    _decodes = True

    value = t.Tuple(default_value=(0, 0)).tag(sync=True)
    path: t.List[list[int]] = t.List().tag(sync=True)
    n = t.Int(7, read_only=True).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    sequence = t.Any(read_only=True)
    _offsets = t.List(t.Int()).tag(sync=True)
    _places: t.List[list[float]] = t.List().tag(sync=True)
    _costs: t.List[float] = t.List().tag(sync=True)
    # Not empty where the cells come by message: the name of this set of cells.
    _elsewhere = t.Unicode("").tag(sync=True)
    # What stands between cells, where the pad stands there.
    _spot = t.Dict().tag(sync=True)
    _spot_notes = t.Bytes(b"").tag(sync=True)

    def __init__(self, model: Codec, corners: Sequence[Any], n: int = 7, **traits: Any) -> None:
        check_codec(model)
        n = whole_number(n, "The number of cells a side", 2, MAX_N)
        given = [_first_clip(model, letter, music) for letter, music in zip(LETTERS, _four(corners), strict=True)]
        clips = [clip for clip, _ in given]
        mu, _ = model.encode(clips).numpy()
        value, path = traits.pop("value", (0, 0)), traits.pop("path", [])
        self._model = model
        self._spots: dict[tuple[float, float], _Spot] = {}
        self._version = 0
        super().__init__(**{"loop": True, "tempo": number(clips[0].qpm, "The tempo", 10, 400), **traits})
        self._handlers |= {"decode": self._decode_op, "cells": self._cells_op}
        with self.hold_sync():
            self.set_trait("n", n)
            self._fill(clips, np.asarray(mu, np.float64), keep_labels="labels" in traits)
            self._say_what_was_cut([(clip, cut) for clip, cut in given])
            self.value = value
            self.path = path
            self._go()

    def _fill(self, clips: list[Clip], corners: np.ndarray[Any, Any], keep_labels: bool = False) -> None:
        """Decode all cells; nothing of the pad changes where the model fails."""
        model, n = self._model, self.n
        latents = grid(corners, n)
        at = {0: 0, n - 1: 1, n * (n - 1): 2, n * n - 1: 3}
        inner = [cell for cell in range(n * n) if cell not in at]
        # Each cell sounds with the instrument of the corner that it is nearest to.
        near = [clips[int(np.argmax(self._shares(*divmod(cell, n))))].program for cell in inner]
        flat = latents.reshape(n * n, -1)
        decoded = iter(model.decode_clips(flat[inner], qpm=self.tempo, program=near) if inner else [])
        cells = [clips[at[cell]] if cell in at else next(decoded) for cell in range(n * n)]
        sequences = [clip.sequence for clip in cells]
        scores = on_common_tracks([score_of(sequence) for sequence in sequences])
        places = model.place(flat).tolist() if model.has_places else [[] for _ in cells]
        costs = [round(float(cost), 3) for cost in model.cost(cells)] if model.has_cost else []
        self._clips, self._corners = cells, corners
        self.latents: np.ndarray[Any, Any] = latents
        self.sequences = [sequences[n * row : n * (row + 1)] for row in range(n)]
        self._scores = scores
        self._spots.clear()
        self._version += 1
        self._places, self._costs, self._score = places, costs, scores[0].as_dict()
        if not keep_labels:
            self.labels = [_label(clip) for clip in clips]
        table = self._table(range(n * n))
        self._elsewhere = f"{id(self):x}-{self._version}" if len(table[0]) > SAVED else ""
        self._notes, self._offsets = self._table(at) if self._elsewhere else table

    def _table(self, cells: Any) -> tuple[bytes, list[int]]:
        """Note table of some cells, and where each of all cells begins and ends in it."""
        wanted = set(cells)
        tables = [score.notes if cell in wanted else score.notes[:0] for cell, score in enumerate(self._scores)]
        return pack(np.concatenate(tables)), [0, *np.cumsum([len(table) for table in tables]).tolist()]

    def show(self, sequence: Any, z: Any = None, corner: str = "A") -> None:
        """Put other music at a corner and decode anew: what a link calls, for A. Place and path stay.

        Parameters
        ----------
        sequence, z
            Music, of a longer piece the first clip, and its place in latent space, ``[z]``; found by encoding if not
            given, or if it has another size, as that of a widget of another model.
        corner
            ``"A"``, ``"B"``, ``"C"`` or ``"D"``.
        """
        if corner not in (*LETTERS,):
            raise ConfigError(f"There is no corner {corner!r}.", "Give A, B, C or D.")
        clip, cut = _first_clip(self._model, corner, sequence)
        corners, at = self._corners.copy(), LETTERS.index(corner)
        given = self._latent(z)
        corners[at] = self._model.encode([clip]).numpy()[0][0] if given is None else given
        clips = [clip if k == at else self._clips[cell] for k, cell in enumerate(self._corner_cells())]
        with self.hold_sync():
            self._fill(clips, corners)
            self._status = {}
            self._say_what_was_cut([(clip, cut)])
            self._go()

    @property
    def cell(self) -> tuple[int, int]:
        """The cell (row, column) that the pad stands on, or nearest to."""
        return round(self.value[0]), round(self.value[1])

    @property
    def xy(self) -> tuple[float, float]:
        """Where the pad stands, (x, y), each 0 to 1: x to the right, y down."""
        return self.value[1] / (self.n - 1), self.value[0] / (self.n - 1)

    @xy.setter
    def xy(self, place: Any) -> None:
        x, y = _pair(place, "The place", "(x, y), each 0 to 1", lambda v: number(v, "x and y", 0, 1))
        self.value = (y * (self.n - 1), x * (self.n - 1))

    @property
    def z(self) -> np.ndarray[Any, Any]:
        """Latent vector where the pad stands, ``[z]``."""
        return self._z(*self.value)

    @property
    def weights(self) -> np.ndarray[Any, Any]:
        """Share of each corner where the pad stands, ``[4]``: A, B, C, D."""
        return self._shares(*self.value)

    @property
    def path_sequence(self) -> Any:
        """The music of the path as one NoteSequence at the pad's tempo; None without a path."""
        if not self.path:
            return None
        # The corners are of pieces with tempos of their own.
        clips = [replace(self._clips[row * self.n + column], qpm=self.tempo) for row, column in self.path]
        parts = [clip.sequence for clip in clips]
        joined = note_seq().concatenate_sequences(parts, [part.total_time for part in parts])
        joined.sequence_metadata.title = self.title
        return joined

    def _corner_cells(self) -> tuple[int, int, int, int]:
        return 0, self.n - 1, self.n * (self.n - 1), self.n * self.n - 1

    def _shares(self, row: float, column: float) -> np.ndarray[Any, Any]:
        x, y = column / (self.n - 1), row / (self.n - 1)
        return np.array([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])

    def _z(self, row: float, column: float) -> np.ndarray[Any, Any]:
        if row == int(row) and column == int(column):
            return np.asarray(self.latents[int(row), int(column)])
        a, b, c, d = self._corners
        x, y = column / (self.n - 1), row / (self.n - 1)
        return slerp(slerp(a, c, y), slerp(b, d, y), x)

    def _latent(self, z: Any) -> np.ndarray[Any, Any] | None:
        """A latent vector of this model; None for none, or one of another size."""
        if z is None:
            return None
        try:
            point = np.asarray(z, np.float64).reshape(-1)
        except (TypeError, ValueError):
            raise ConfigError("This z is not a latent vector.", "Give numbers, [z].") from None
        if point.shape != self._corners.shape[1:]:
            return None
        if not np.isfinite(point).all():
            raise ConfigError("This z holds a number that is not finite.", "Look for a division by zero.")
        return point

    def _here(self) -> _Spot:
        """What stands where the pad stands."""
        row, column = self.value
        if row != int(row) or column != int(column):
            return self._between(row, column)
        cell = int(row) * self.n + int(column)
        cost = self._costs[cell] if self._costs else None
        return _Spot(self.sequences[int(row)][int(column)], self._scores[cell], self._places[cell], cost)

    def _between(self, row: float, column: float) -> _Spot:
        known = self._spots.get((row, column))
        if known is not None:
            return known
        model, z = self._model, self._z(row, column)[None]
        program = self._clips[self._corner_cells()[int(np.argmax(self._shares(row, column)))]].program
        clips = model.decode_clips(z, qpm=self.tempo, program=[program])
        sequence = clips[0].sequence
        spot = _Spot(
            sequence,
            on_common_tracks([*self._scores, score_of(sequence)])[-1],
            [float(x) for x in model.place(z)[0]] if model.has_places else [],
            round(float(model.cost(clips)[0]), 3) if model.has_cost else None,
        )
        while len(self._spots) >= KEPT:
            del self._spots[next(iter(self._spots))]
        self._spots[row, column] = spot
        return spot

    def _decode_op(self, row: Any, column: Any) -> Answer:
        """Decode between cells for the page, which then goes there by `value`."""
        row, column = self._check_value((row, column))
        told, notes = self._told(self._between(row, column), (row, column))
        return told, [notes]

    def _cells_op(self) -> Answer:
        """All cells, where they are too many to be saved with the notebook."""
        notes, offsets = self._table(range(self.n * self.n))
        return {"version": self._elsewhere, "offsets": offsets}, [notes]

    @staticmethod
    def _told(spot: _Spot, value: tuple[float, float]) -> tuple[dict[str, Any], bytes]:
        told = {"value": list(value), "place": spot.place, "cost": spot.cost, "score": spot.score.as_dict()}
        return told, pack(spot.score.notes)

    def _go(self) -> None:
        """Show, here and in the page, what stands where the pad stands."""
        spot = self._here()
        if self.value == self.cell:
            self._spot, self._spot_notes = {}, b""
        else:
            self._spot, self._spot_notes = self._told(spot, self.value)
        self.set_trait("sequence", spot.sequence)

    def _check_value(self, value: Any) -> tuple[float, float]:
        last = self.n - 1

        def coordinate(at: Any) -> float:
            found = number(at, "Row and column", 0, last)
            return round(found) if abs(found - round(found)) < ON_CELL else found

        row, column = _pair(value, "The value", f"(row, column), each 0 to {last}", coordinate)
        return row, column

    @t.validate("value")
    def _valid_value(self, proposal: Any) -> tuple[float, float]:
        return self._check_value(proposal.value)

    @t.validate("path")
    def _valid_path(self, proposal: Any) -> list[list[int]]:
        last = self.n - 1
        shape = f"[row, column], each 0 to {last}"
        cells = [
            list(_pair(cell, "A cell of the path", shape, lambda v: whole_number(v, "Row and column", 0, last)))
            for cell in proposal.value
        ]
        longest = max(PATH_CELLS, PATH_BARS // self._clips[0].bars)
        if len(cells) > longest:
            raise ConfigError(f"A path of {len(cells)} cells is too long.", f"Give at most {longest}.")
        return cells

    @t.observe("value")
    def _value_changed(self, _change: object) -> None:
        # While the pad is being made its sequence is set last.
        if self.sequence is not None:
            with self._showing_errors(), self.hold_sync():
                self._go()

    def _say_what_was_cut(self, given: list[tuple[Clip, bool]]) -> None:
        used = [f"{clip.where} of {clip.title or 'the piece'}" for clip, cut in given if cut]
        if used:
            what = used[0] if len(used) == 1 else f"{', '.join(used[:-1])} and {used[-1]}"
            self._tell("info", f"Only {what} stand here.", "Pick others with model.clips(piece)[i].")

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        clips = [self._clips[cell] for cell in self._corner_cells()]
        return corners_page(self._corners, clips, self._table(range(self.n * self.n)))

    def _picture(self) -> Bundle:
        whole = self.value == self.cell
        here = None if whole else (self._here().score, self._here().place)
        path = [(row, column) for row, column in self.path]
        return grid_bundle(
            self._scores, self._places, self.labels, self.cell, here=here, path=path, title=self.title or None
        )


def _four(corners: Any) -> list[Any]:
    """The music of the four corners."""
    hint = "Give a list of four: top left, top right, bottom left, bottom right."
    if isinstance(corners, str | bytes | Clip) or not isinstance(corners, Sequence | np.ndarray):
        raise ConfigError(f"A {type(corners).__name__} is not a list of corners.", hint)
    if len(corners) != 4:
        if len(corners) == 2:
            hint = "For two clips use InterpolationSlider(model, a, b), or give a clip twice: [a, b, a, b]."
        elif len(corners) == 3:
            hint = "Give a fourth; it may be one of the three again."
        count = f"{len(corners)} {'clip was' if len(corners) == 1 else 'clips were'} given"
        raise ConfigError(f"A pad has four corners, and {count}.", hint)
    return [corners[k] for k in range(4)]


def _first_clip(model: Codec, letter: str, music: Any) -> tuple[Clip, bool]:
    """The first clip of the music for a corner, and whether there were more."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MusicVAEWarning)
        try:
            clip = model.first_clip(music)
        except MusicVAEError as error:
            raise type(error)(f"Corner {letter}: {error.message}", error.hint) from None
    return clip, any(issubclass(warning.category, MusicVAEWarning) for warning in told)


def _label(clip: Clip) -> str:
    return ", ".join(filter(None, (clip.title, clip.where if clip.bar > 1 else "")))


def _pair(value: Any, name: str, shape: str, part: Any) -> tuple[Any, Any]:
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be {shape}, not {value!r}.") from None
    return part(first), part(second)
