"""Music found along attribute vectors: what the knobs ask for, and what they could ask for next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.latent.attributes import FAR, LOCKED, SHORT, AttributeVectors
from mvae_widgets.music.clips import Clip
from mvae_widgets.widgets.base import on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.routes import places_of

__all__ = ["Ahead", "Asked", "Bench", "Found"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Asked = dict[str, float]
Ahead = tuple[dict[str, Any], bytes, bytes]

#: Standard steps that a line reaches to either side.
REACH = 8.0
#: What it costs, in squared deviations, that an attribute which is to be held cannot be measured any more.
GONE = 100.0
#: Places of one way on one side of it; fewer where attributes are locked, as there are several ways then.
PLACES = 16
LOCKED_PLACES = 8


@dataclass(frozen=True)
class Found:
    """Music, where it lies ``[z]``, and what it has of each attribute."""

    clip: Clip
    z: FloatArray
    got: Asked


@dataclass(frozen=True)
class _Line:
    """Music along one attribute's vector: where it starts, and what leads to less and to more of the attribute.

    Either side holds the ways of `AttributeVectors.walk`, one after another, each from its start outwards.
    """

    start: Found
    less: list[Found]
    more: list[Found]

    def side(self, sign: int) -> list[Found]:
        return [self.start, *(self.more if sign > 0 else self.less)]


class Bench:
    """A clip that is altered by asking for values of its attributes.

    Each attribute has a line: places along its vector to either side, decoded and measured, while the others
    stand where they are. A value that is asked for is looked up on the line, as `LatentOperations.shift` does;
    the vector alone would miss it, as what a step does differs from clip to clip.

    Parameters
    ----------
    model
        Decodes and measures.
    names
        The attributes that can be asked for.
    clip
        What is altered.
    z
        Where it lies, ``[z]``.

    Attributes
    ----------
    own
        What the clip has of each attribute; NaN where it cannot be measured.
    asked
        What is asked of each; at first what the clip has, or else the corpus mean.
    locked
        Attributes that turns of the others are to leave alone.
    found
        The music of what is asked.
    """

    def __init__(self, model: Codec, names: Sequence[str], clip: Clip, z: FloatArray) -> None:
        self.model, self.names, self.clip, self.z = model, list(names), clip, z
        self.vectors: AttributeVectors = model.attributes
        self.own = self.measured(clip)
        means = {name: float(self.vectors.mean[self.vectors.index(name)]) for name in names}
        self.centres = {name: own if math.isfinite(own) else means[name] for name, own in self.own.items()}
        self.asked = dict(self.centres)
        self.locked: list[str] = []
        self.found = Found(clip, z, self.own)
        # How far each turned knob has moved the music, and the lines with the other moves that they belong to.
        self._moves: dict[str, FloatArray] = {}
        self._known: dict[str, tuple[dict[str, bytes], _Line]] = {}
        self._from(self.z, self.asked)

    def turn(self, asked: Asked) -> Found:
        """Music for a whole setting; where nothing is turned, the clip itself.

        Raises
        ------
        ConfigError
            If an attribute cannot be moved while the locked ones stay; the setting stays as it was.
        """
        if asked == self.centres:
            self._from(self.z, self.centres)
            self.asked, self.found = dict(asked), Found(self.clip, self.z, self.own)
            return self.found
        moves, found = dict(self._moves), None
        for name in self.names:
            if asked[name] == self.asked[name]:
                continue
            moves.pop(name, None)
            found = None
            if asked[name] != self._stand_asked[name]:
                line = self._lines([name], moves)[name]
                found = self._look_up(line, name, asked)
                moves[name] = found.z - line.start.z
        if found is None:
            z = self._where(moves)
            clips, got = self._decode(z[None])
            found = Found(clips[0], z, got[0])
        self.asked, self._moves, self.found = dict(asked), moves, found
        return found

    def lock(self, names: Sequence[str]) -> None:
        """Lock these and no others: turns so far stay as they are, those to come start from here."""
        self.locked = list(names)
        self._from(self.found.z, self.asked)

    def state(self) -> dict[str, Any]:
        """Where the bench stands, beside its clip: for `resume`. Arrays are ``[z]`` each."""
        return {
            "locked": self.locked,
            "asked": self.asked,
            "stand": self._stand,
            "stand_asked": self._stand_asked,
            "moves": self._moves,
            "found": self.found,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go to where another bench of the same clip stood."""
        self.locked = list(state["locked"])
        self._from(state["stand"], dict(state["stand_asked"]))
        self._moves, self.asked = dict(state["moves"]), dict(state["asked"])
        self.found = state["found"]

    def check(self, name: str) -> None:
        """`ConfigError` if an attribute cannot be moved while the locked ones stay."""
        if name in self.locked:
            raise ConfigError(f"{name} is locked.", "Take it out of the widget's locked.")
        self.vectors.direction(name, keep=self.locked)

    def ahead(self, most: int) -> Ahead:
        """All lines from here, as the page reads them.

        Parameters
        ----------
        most
            Bytes of notes; longer clips get fewer places.

        Returns
        -------
        tuple
            What the lines are of, as JSON; the notes of the different clips on them; a float32 table with a row
            each place: knob, which place of its line (below 0 those with less), clip, place on the plane (u, v),
            and what is measured of each attribute.
        """
        lines = self._lines([name for name in self.names if self._turns(name)], self._moves)
        stride = 1
        while len((packed := self._pack(lines, stride))[1]) > most and stride < PLACES:
            stride *= 2
        return packed

    def page(self) -> dict[str, Any]:
        """Where the bench stands, for a page that goes on by itself (`pages.knobs_page`)."""
        points = np.stack([self.z, self._stand, self.found.z])
        moves = self._moves
        return {
            "z": points.astype("<f4").tobytes(),
            "stand_asked": [self._stand_asked[name] for name in self.names],
            "moved": [self.names.index(name) for name in moves],
            "moves": np.asarray(list(moves.values()), "<f4").tobytes(),
            "rules": {"far": FAR, "reach": REACH, "places": PLACES, "locked_places": LOCKED_PLACES},
        }

    def _from(self, z: FloatArray, asked: Asked) -> None:
        """Take a point from which turns are measured."""
        self._stand, self._stand_asked = z, dict(asked)
        self._moves = {}
        self._known = {}

    def _where(self, moves: Mapping[str, FloatArray]) -> FloatArray:
        return self._stand + sum(moves.values(), np.zeros_like(self._stand))

    def _turns(self, name: str) -> bool:
        try:
            self.check(name)
        except ConfigError:
            return False
        return True

    @property
    def _places(self) -> int:
        return LOCKED_PLACES if self.locked else PLACES

    def _lines(self, names: Sequence[str], moves: Mapping[str, FloatArray]) -> dict[str, _Line]:
        """The lines of some attributes, the others moved as they are: decoded in one batch."""
        others = {name: {k: move.tobytes() for k, move in moves.items() if k != name} for name in names}
        missing = [name for name in names if name not in self._known or self._known[name][0] != others[name]]
        if missing:
            starts = [self._where({k: move for k, move in moves.items() if k != name}) for name in missing]
            z = np.stack([start + self._away(name) for name, start in zip(missing, starts, strict=True)])
            clips, got = self._decode(z.reshape(-1, z.shape[-1]))
            found = [Found(*place) for place in zip(clips, z.reshape(-1, z.shape[-1]), got, strict=True)]
            half = z.shape[1] // 2
            for k, name in enumerate(missing):
                start, *line = found[k * z.shape[1] : (k + 1) * z.shape[1]]
                self._known[name] = (others[name], _Line(start, line[:half], line[half:]))
        return {name: self._known[name][1] for name in names}

    def _away(self, name: str) -> FloatArray:
        """Places of a line as seen from its start, ``[n, z]``: the start, those with less, those with more."""
        along = np.linspace(0.0, REACH, self._places + 1)[1:, None]
        plain = self.vectors.direction(name)
        kept = self.vectors.direction(name, keep=self.locked)
        ways = [plain + share * (kept - plain) for share in (LOCKED if self.locked else (0.0,))]
        more = np.concatenate([along * way for way in ways])
        return np.concatenate([np.zeros_like(more[:1]), -more, more])

    def _look_up(self, line: _Line, name: str, asked: Asked) -> Found:
        """The place that has what is asked, on the side that leads there.

        The rule is that of `AttributeVectors.choose`. It also holds the other knobs that are turned: what a place
        has of them counts against it by how far it is from what is asked of them.
        """
        wanted, start = asked[name], line.start.got
        if not math.isfinite(start[name]) or wanted == start[name]:
            return line.start
        sign = 1 if wanted > start[name] else -1
        side = line.side(sign)
        got = {other: np.array([place.got[other] for place in side]) for other in self.names}
        std = {other: float(self.vectors.std[self.vectors.index(other)]) for other in self.names}
        over = sign * (got[name] - wanted) / std[name]
        far = np.concatenate([[0], np.arange(len(side) - 1) % self._places + 1])
        cost = FAR * far + np.where(over < 0, -SHORT * over, over)
        drift = np.zeros(len(side))
        for other in self.names:
            held = start[other] if other in self.locked else asked[other]
            if other == name or not (other in self.locked or held != self.centres[other]) or not math.isfinite(held):
                continue
            miss = ((got[other] - held) / std[other]) ** 2
            drift += np.where(np.isnan(miss), GONE, miss)
        return side[int(np.nan_to_num(cost + np.sqrt(drift), nan=np.inf).argmin())]

    def _pack(self, lines: Mapping[str, _Line], stride: int) -> Ahead:
        clips: list[Clip] = []
        rows: list[list[float]] = []
        which: dict[bytes, int] = {}
        for name, line in lines.items():
            knob = self.names.index(name)
            side = len(line.more)
            order = [*reversed(line.less), line.start, *line.more]
            spots = places_of(self.model, np.stack([place.z for place in order]))
            for k, place in enumerate(order):
                if (k - side) % stride:
                    continue
                clip = which.setdefault(np.asarray(place.clip.tokens).tobytes(), len(clips))
                if clip == len(clips):
                    clips.append(place.clip)
                got = [place.got[other] for other in self.names]
                rows.append([knob, k - side, clip, *(spots[k] or [math.nan] * 2), *got])
        scores = on_common_tracks([score_of(clip.sequence) for clip in (self.clip, *clips)])
        tables = [score.notes for score in scores[1:]]
        head = {
            "base": [self.asked[name] for name in self.names],
            "stand": [self._stand_asked[name] for name in self.names],
            "short": SHORT,
            "far": FAR,
            "places": self._places,
            "score": scores[0].as_dict(),
            "offsets": [0, *np.cumsum([len(table) for table in tables]).tolist()],
        }
        return head, pack(np.concatenate(tables)) if tables else b"", np.asarray(rows, "<f4").tobytes()

    def _decode(self, z: FloatArray) -> tuple[Sequence[Clip], list[Asked]]:
        clips = self.model.decode_clips(z, qpm=self.clip.qpm, program=self.clip.program)
        return clips, self._measure(clips)

    def measured(self, clip: Clip) -> Asked:
        """What a clip has of each attribute."""
        return self._measure([clip])[0]

    def _measure(self, clips: Any) -> list[Asked]:
        columns = self.model.measure(clips)
        return [{name: float(columns[name][k]) for name in self.names} for k in range(len(clips))]
