"""The interpolation slider: drag, and hear one tune turn into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.plots import strip_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.pages import route_page
from mvae_widgets.widgets.routes import SAVED, SPACES, Route, Waypoints, first_clip, label_of

if TYPE_CHECKING:
    from note_seq import NoteSequence

    from mvae_widgets.music.score import Score

__all__ = ["InterpolationSlider"]

MAX_STEPS = 65
MAX_SEED = 2**31 - 1
# A place nearer to a step than this is the step.
NEAR = 1e-6


class InterpolationSlider(MusicWidget):
    """A slider through clips in latent space, and in data space for comparison.

    All steps are decoded at once and live in the page, so dragging never waits for the kernel. At each
    waypoint stands the clip itself, not its reconstruction. Between two steps the nearest one is heard
    until the kernel has decoded that very place.

    Parameters
    ----------
    model
        Decodes the steps.
    a, b
        Music for the two ends; of a longer piece the first clip, and the widget says so.
    *more
        Further waypoints: the way leads from `a` to `b` and on to each of these.
    steps
        2 to 65, and no fewer than waypoints.
    **traits
        ``value``, ``space``, ``temperature``, ``seed``, ``snap``, ``title``, ``subtitle``, ``tempo``,
        ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    value
        Where the slider stands, 0 (a) to 1 (the last waypoint).
    snap
        True keeps the value at steps.
    space
        ``"latent"``: arcs in latent space (`latent.interpolate.slerp`). ``"data"``: each step of the music taken
        from the next waypoint with rising probability, as in the paper's baseline.
    temperature
        None decodes the likeliest music; above 0 draws what lies between the waypoints (latent space).
    seed
        Of the draws: of decoding with a temperature, and of mixing in data space.
    sequence
        The music of that place, a NoteSequence; observe it.
    sequences
        The music of all steps in the space that is chosen.
    z
        Latent vector of that place, ``[z]``.
    latents
        Latent vectors of all steps, ``[steps, z]``.
    distances
        For each waypoint and step the share of tokens that differ, ``[waypoints, steps]``, 0 to 1.
    costs
        Bits a step under the language model, ``[steps]``; empty where the model has none.
    """

    _esm = STATIC / "interpolation_slider.js"
    _decodes = True

    value = t.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    snap = t.Bool(False).tag(sync=True)
    space = t.Enum(list(SPACES), "latent").tag(sync=True)
    temperature = t.Float(None, allow_none=True).tag(sync=True)
    seed = t.Int(0, min=0, max=MAX_SEED).tag(sync=True)
    steps = t.Int(9, read_only=True).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    sequence = t.Any(read_only=True)
    # One of each for a space: notes of all steps, where they are cut, and what is known of them.
    _notes = t.Bytes(b"").tag(sync=True)
    _offsets = t.List(t.Int()).tag(sync=True)
    _data_notes = t.Bytes(b"").tag(sync=True)
    _data_offsets = t.List(t.Int()).tag(sync=True)
    _curves = t.Dict().tag(sync=True)
    _stops = t.List(t.Int()).tag(sync=True)
    # The place between two steps that was decoded last.
    _exact = t.Dict().tag(sync=True)
    _exact_notes = t.Bytes(b"").tag(sync=True)

    def __init__(self, model: Codec, a: Any, b: Any, *more: Any, steps: int = 9, **traits: Any) -> None:
        check_codec(model)
        steps = whole_number(steps, "The number of steps", 2, MAX_STEPS)
        value = number(traits.pop("value", 0.0), "The value", 0, 1)
        found = [first_clip(model, music) for music in (a, b, *more)]
        clips = [clip for clip, _ in found]
        tempo = number(traits.get("tempo", clips[0].qpm), "The tempo", 10, 400)
        self._model, self._ready = model, False
        waypoints = Waypoints(model, clips, steps, tempo)
        self._given = {"labels"} & set(traits)
        super().__init__(**{"loop": True, "labels": [label_of(clip) for clip in clips], **traits, "tempo": tempo})
        if len(self.labels) != len(clips):
            raise ConfigError(f"There are {len(self.labels)} labels for {len(clips)} waypoints.", "Give one for each.")
        self._handlers |= {"decode": self._decode_op, "draw": self._draw_op, "notes": self._notes_op}
        self.set_trait("steps", steps)
        with self.hold_sync():
            self._take(waypoints)
            if any(cut for _, cut in found):
                used = [f"{clip.where} of {clip.title or 'the piece'}" for clip in clips]
                self._tell(
                    "info",
                    f"From {', then '.join(used[:-1])} to {used[-1]}.",
                    "Pick others with model.clips(piece)[i].",
                )
            self.value = value
            self._stand()
        self._ready = True

    @property
    def step(self) -> int:
        """The step that the slider stands at or nearest to, from 0."""
        return round(self._position)

    @property
    def z(self) -> np.ndarray[Any, Any]:
        """Latent vector of the current place, ``[z]``."""
        return np.asarray(self._between.z[0] if self._between else self._route.z[self.step])

    @property
    def latents(self) -> np.ndarray[Any, Any]:
        """Latent vectors of all steps, ``[steps, z]``."""
        return self._route.z

    @property
    def sequences(self) -> list[NoteSequence]:
        """The music of all steps."""
        return self._sequences[self.space]

    @property
    def distances(self) -> np.ndarray[Any, Any]:
        """Share of tokens that differ from each waypoint, ``[waypoints, steps]``."""
        return np.array(self._route.distances)

    @property
    def costs(self) -> np.ndarray[Any, Any]:
        """Bits a step under the language model, ``[steps]``, or ``[0]``."""
        return np.array(self._route.costs)

    def show(self, sequence: Any, z: Any = None, waypoint: int = 0) -> None:
        """Begin the way with other music, whose place in latent space may be known: what a link calls.

        Parameters
        ----------
        sequence
            Music; of a longer piece the first clip.
        z
            Its place in latent space, ``[z]``; found by encoding if not given.
        waypoint
            Where it is to stand, from 0; -1 is the end of the way.

        Raises
        ------
        ConfigError
            If `z` holds what is no number, or there is no such waypoint.
        NothingToEncodeError
            If the music holds nothing that the model takes.
        """
        clips, points = list(self._waypoints.clips), self._waypoints.z.copy()
        at = range(len(clips))[whole_number(waypoint, "The waypoint", -len(clips), len(clips) - 1)]
        clips[at], _ = first_clip(self._model, sequence)
        given = None if z is None else _vector(z, points.shape[1])
        points[at] = self._model.encode([clips[at]]).numpy()[0][0] if given is None else given
        waypoints = Waypoints(self._model, clips, self.steps, self._waypoints.qpm, points)
        with self.hold_sync():
            self._take(waypoints)
            if not self._given:
                self.labels = [label_of(clips[at]) if k == at else label for k, label in enumerate(self.labels)]
            self._status = {}
            self._stand()

    @property
    def _position(self) -> float:
        return float(self.value * (self.steps - 1))

    @property
    def _route(self) -> Route:
        return self._routes[self.space]

    def _take(self, waypoints: Waypoints) -> None:
        """Decode both routes; nothing of the widget changes before all of it is there."""
        routes = {"latent": waypoints.latent(self.temperature, self.seed), "data": waypoints.data(self.seed)}
        sequences = {space: [clip.sequence for clip in route.clips] for space, route in routes.items()}
        scores = [score_of(one) for space in SPACES for one in sequences[space]]
        self._waypoints, self._routes, self._sequences = waypoints, routes, sequences
        with self.hold_sync():
            self._keep(on_common_tracks(scores))
            self._curves = {space: _known(route) for space, route in routes.items()}
            self._stops = list(waypoints.stops)

    def _keep(self, scores: list[Score]) -> None:
        """Bring the music of all steps to the page; what is too much to be saved is asked for by message."""
        self._scores = {"latent": scores[: self.steps], "data": scores[self.steps : 2 * self.steps]}
        self._packed = {
            space: pack(np.concatenate([score.notes for score in part])) for space, part in self._scores.items()
        }
        room, saved = SAVED, dict.fromkeys(SPACES, b"")
        for space in sorted(SPACES, key=lambda name: name != self.space):
            if len(self._packed[space]) <= room:
                saved[space] = self._packed[space]
                room -= len(saved[space])
        with self.hold_sync():
            self._score = scores[0].as_dict()
            self._notes, self._data_notes = saved["latent"], saved["data"]
            self._offsets, self._data_offsets = (_cuts(self._scores[space]) for space in SPACES)

    def _stand(self) -> None:
        """Bring music and page to where the slider stands."""
        position, between = self._position, None
        if abs(position - round(position)) > NEAR:
            between = self._waypoints.at(position, self.space, self.temperature, self.seed)
        self._between = between
        with self.hold_sync():
            if between is None:
                self._exact, self._exact_notes = {}, b""
                sequence = self.sequences[self.step]
            else:
                sequence = between.clips[0].sequence
                scores = on_common_tracks([*self._scores["latent"], *self._scores["data"], score_of(sequence)])
                if scores[0].tracks != self._scores["latent"][0].tracks:
                    self._keep(scores)
                known = {
                    name: [row[0] for row in rows] for name, rows in _known(between).items() if name == "distances"
                }
                cost = between.costs[0] if between.costs else None
                self._exact = {"at": self.value, "space": self.space, "place": between.places[0], "cost": cost, **known}
                self._exact_notes = pack(scores[-1].notes)
            self.set_trait("sequence", sequence)

    def _at_step(self, value: float) -> float:
        """The nearest step, where the slider snaps or that step is meant."""
        position = value * (self.steps - 1)
        near = self.snap or abs(position - round(position)) <= NEAR
        return round(position) / (self.steps - 1) if near else value

    @t.validate("value")
    def _read_value(self, proposal: Any) -> float:
        return self._at_step(float(proposal.value))

    @t.validate("temperature")
    def _read_temperature(self, proposal: Any) -> float | None:
        return None if proposal.value is None else number(proposal.value, "The temperature", above=0)

    @t.observe("value", "space")
    def _moved(self, _change: object) -> None:
        if self._ready:
            with self._showing_errors():
                self._stand()

    @t.observe("snap")
    def _snapped(self, _change: object) -> None:
        if self._ready:
            self.value = self._at_step(self.value)

    @t.observe("temperature", "seed")
    def _drawn(self, _change: object) -> None:
        if self._ready:
            with self._showing_errors():
                self._redraw()

    def _redraw(self) -> None:
        self._take(self._waypoints)
        self._stand()

    def _decode_op(self, value: Any) -> Answer:
        """Go to a place, between two steps perhaps."""
        self.value = number(value, "The value", 0, 1)
        return {"value": self.value}, []

    def _draw_op(self, temperature: Any, seed: Any) -> Answer:
        """Draw what lies between the waypoints anew."""
        seed = whole_number(seed, "The seed", 0, MAX_SEED)
        # Both at once: one decode, not two.
        self._ready = False
        try:
            self.temperature, self.seed = temperature, seed
        finally:
            self._ready = True
        self._redraw()
        return {"temperature": self.temperature, "seed": self.seed}, []

    def _notes_op(self, table: str) -> Answer:
        """Send the notes of a space's steps."""
        if table not in SPACES:
            raise ConfigError(f"There is no space {table!r}.", f"The spaces are {' and '.join(SPACES)}.")
        return {"table": table}, [self._packed[table]]

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        return route_page(self._waypoints.z, self._waypoints.clips, self._packed)

    def _picture(self) -> Bundle:
        scores, places = self._scores[self.space], self._route.places
        title = self.title or None
        return strip_bundle(scores, places, self.labels, self.step, title=title, stops=self._waypoints.stops)


def _cuts(scores: list[Score]) -> list[int]:
    """Where each step's notes begin in the table of all, and where the last ends."""
    return [0, *np.cumsum([len(score.notes) for score in scores]).tolist()]


def _known(route: Route) -> dict[str, Any]:
    """What the page shows of a route beside its music."""
    return {
        "places": [[round(x, 4) for x in place] for place in route.places],
        "distances": [[round(x, 4) for x in row] for row in route.distances],
        "costs": [round(x, 4) for x in route.costs],
    }


def _vector(z: Any, size: int) -> np.ndarray[Any, Any] | None:
    """A latent vector that a link brought; None for one of another model, whose numbers mean nothing here."""
    try:
        vector = np.asarray(z, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise ConfigError("This z is not a latent vector.", "Give numbers, [z].") from None
    return vector if len(vector) == size else None
