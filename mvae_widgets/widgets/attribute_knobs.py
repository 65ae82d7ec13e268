"""Attribute knobs: turn "density", and hear the tune thin out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.clips import Clip
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.plots import roll_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.knob_bench import Asked, Bench, Found
from mvae_widgets.widgets.knob_travels import Travel, choose_attributes, travel_of
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.pages import knobs_page
from mvae_widgets.widgets.routes import first_clip, label_of, places_of

__all__ = ["AttributeKnobs"]

# Bytes of notes that are saved with a notebook.
SAVED = 130_000


class AttributeKnobs(MusicWidget):
    """A knob for each attribute of a clip.

    A turn moves the clip along the attribute's vector (MUSICVAE.md section 5.3) by as much as should bring the
    attribute to the value asked; what the decoded music really has is measured and shown beside it. While nothing
    is turned, the clip itself is shown and played, and not what the model makes of it.

    Parameters
    ----------
    model
        A model with attribute vectors.
    clip
        Music to start from; of a longer piece the first clip, and the widget says so.
    attributes
        Names of those that get a knob, in order; six of the model's if not given.
    **traits
        ``value``, ``locked``, ``title``, ``subtitle``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    value
        What is asked of each attribute, by name, in its own units; names that are left out of what is assigned stay
        as they are, and values beyond the knob's travel become its end.
    got
        What the music has, measured; NaN where there is no note to measure.
    locked
        Names of attributes that later turns of the others leave alone.
    sequence
        The altered music, a NoteSequence; observe it.
    z
        Its latent vector, ``[z]``; the mean of the clip's posterior while nothing is turned.

    Raises
    ------
    ConfigError
        If the model has no attribute vectors, or none of these names.
    """

    _esm = STATIC / "attribute_knobs.js"
    _decodes = True

    value: t.Dict[str, float] = t.Dict().tag(sync=True)
    locked: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    got: t.Dict[str, float] = t.Dict(read_only=True)
    sequence = t.Any(read_only=True)
    z = t.Any(read_only=True)
    _travels: t.List[dict[str, Any]] = t.List().tag(sync=True)
    _asked: t.Dict[str, float] = t.Dict().tag(sync=True)
    _own: t.List[float | None] = t.List().tag(sync=True)
    _got: t.List[float | None] = t.List().tag(sync=True)
    _offsets = t.List(t.Int()).tag(sync=True)
    _places: t.List[list[float]] = t.List().tag(sync=True)
    _label = t.Unicode("").tag(sync=True)
    _setting = t.Int(0).tag(sync=True)
    _ahead = t.Dict().tag(sync=True)
    _ahead_notes = t.Bytes(b"").tag(sync=True)
    _ahead_table = t.Bytes(b"").tag(sync=True)

    def __init__(self, model: Codec, clip: Any, attributes: Sequence[str] | None = None, **traits: Any) -> None:
        check_codec(model)
        if not model.has_attributes:
            raise ConfigError(
                f"{model.name} has no attribute vectors.",
                "Fit them first: model.fit_attributes(corpus), with some thousand clips.",
            )
        self._model = model
        self._names = choose_attributes(model.attributes, attributes)
        self._given = {"tempo"} & set(traits)
        value, locked = traits.pop("value", {}), traits.pop("locked", [])
        start, cut = first_clip(model, clip)
        bench = Bench(model, self._names, start, self._encode(start))
        super().__init__(**{"loop": True, "tempo": _tempo_of(start), **traits})
        self._handlers |= {"turn": self._turn_op, "reset": self._reset_op, "ahead": self._ahead_op}
        self._start(bench, cut)
        with self.hold_sync():
            self.locked = locked
            self.value = value
            self._look_ahead()

    def show(self, sequence: Any, z: Any = None) -> None:
        """Start from other music; the knobs go to its values, locks stay.

        Parameters
        ----------
        sequence
            Music; of a longer piece the first clip.
        z
            Its point in the model's latent space, ``[z]``; found by encoding if not given, or if its length is
            that of another model's.

        Raises
        ------
        MusicVAEError
            If the model takes nothing of the music, or `z` is no point; the widget stays as it is.
        """
        clip, cut = first_clip(self._model, sequence)
        point = self._encode(clip)
        if z is not None:
            given = _point(z)
            point = given if given.shape == point.shape else point
        self._start(Bench(self._model, self._names, clip, point), cut)

    def reset(self) -> None:
        """Every knob back to the clip's own value; locks stay."""
        self._ask(dict(self._bench.centres))

    def _start(self, bench: Bench, cut: bool) -> None:
        """Take other music."""
        if bench.locked != self.locked:
            bench.lock(self.locked)
        travels = [travel_of(bench.vectors, name, bench.own[name]) for name in self._names]
        with self.hold_sync():
            self._bench = bench
            self._by_name: dict[str, Travel] = {travel.name: travel for travel in travels}
            self._travels = [travel.as_dict() for travel in travels]
            self._own = self._list(bench.own)
            self._label = label_of(bench.clip)
            if "tempo" not in self._given:
                self.tempo = _tempo_of(bench.clip)
            self._status = {}
            if cut:
                used = f"{bench.clip.where} of {bench.clip.title or 'the piece'}"
                self._tell("info", f"This is {used}.", "Pick others with model.clips(piece)[i].")
            self._ahead, self._ahead_notes, self._ahead_table = {}, b"", b""
            self._show(dict(bench.asked), bench.found)

    def _ask(self, asked: Asked) -> None:
        """Turn all knobs, whatever is locked, and show the music of the setting."""
        self._show(asked, self._bench.turn(asked))

    def _show(self, asked: Asked, found: Found) -> None:
        """Show a setting and its music."""
        bench = self._bench
        scores = on_common_tracks([score_of(bench.clip.sequence), score_of(found.clip.sequence)])
        with self.hold_sync():
            self._shown = scores[1]
            self._score = scores[1].as_dict()
            self._notes = pack(np.concatenate([score.notes for score in scores]))
            self._offsets = [0, *np.cumsum([len(score.notes) for score in scores]).tolist()]
            self._places = places_of(self._model, np.stack([bench.z, found.z]))
            self._asked, self._got = dict(asked), self._list(found.got)
            self._setting += 1
            self.value = dict(asked)
            self.set_trait("got", dict(found.got))
            self.set_trait("z", found.z)
            self.set_trait("sequence", found.clip.sequence)

    @t.validate("value")
    def _check_value(self, proposal: Any) -> Asked:
        if not hasattr(self, "_bench") or proposal.value == self._bench.asked:
            return dict(proposal.value)
        return self._checked(proposal.value)

    @t.observe("value")
    def _value_changed(self, _change: object) -> None:
        if hasattr(self, "_bench") and self.value != self._bench.asked:
            with self._showing_errors():
                self._ask(dict(self.value))

    @t.validate("locked")
    def _check_locked(self, proposal: Any) -> list[str]:
        for name in proposal.value:
            self._known(name)
        return [name for name in self._names if name in proposal.value]

    @t.observe("locked")
    def _locked_changed(self, _change: object) -> None:
        if hasattr(self, "_bench"):
            self._bench.lock(self.locked)
            self._setting += 1

    def _checked(self, value: Mapping[str, Any]) -> Asked:
        """A whole setting: what is given, within the travels, and for the rest what is asked already."""
        before = self._bench.asked
        wanted = dict(before)
        for name, asked in value.items():
            travel = self._by_name[self._known(name)]
            wanted[name] = min(travel.high, max(travel.low, number(asked, f"What is asked of {name}")))
            if wanted[name] != before[name]:
                self._bench.check(name)
        return wanted

    def _known(self, name: Any) -> str:
        if name not in self._names:
            raise ConfigError(f"There is no knob {name!r}.", f"There are: {', '.join(self._names)}.")
        return str(name)

    def _look_ahead(self) -> None:
        """Give the page what the next turn of any knob may ask."""
        head, notes, table = self._bench.ahead(SAVED)
        with self.hold_sync():
            self._ahead = {"of": self._setting, **head}
            self._ahead_notes, self._ahead_table = notes, table

    def _turn_op(self, value: Mapping[str, Any], locked: Sequence[str] = ()) -> Answer:
        with self.hold_sync():
            self.locked = list(locked)
            wanted = self._checked({name: asked for name, asked in value.items() if name not in self.locked})
            if wanted != self._bench.asked:
                self._ask(wanted)
        return {}, []

    def _reset_op(self) -> Answer:
        self.reset()
        return {}, []

    def _ahead_op(self) -> Answer:
        if self._ahead.get("of") != self._setting:
            self._look_ahead()
        return {}, []

    def _encode(self, clip: Clip) -> np.ndarray[Any, Any]:
        return np.asarray(self._model.encode([clip]).numpy()[0][0], np.float64)

    def _list(self, values: Asked) -> list[float | None]:
        """For the page, which has no NaN."""
        return [values[name] if math.isfinite(values[name]) else None for name in self._names]

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        bench = self._bench
        return knobs_page(bench.vectors, self._names, bench.clip.program, bench.page())

    def _picture(self) -> Bundle:
        turned = [
            f"{name.replace('_', ' ')} {self.got[name]:.3g} (asked {asked:.3g})"
            for name, asked in self.value.items()
            if asked != self._bench.centres[name]
        ]
        altered = ", ".join(filter(None, (self._label, "altered"))) + ": " + ", ".join(turned)
        subtitle = self.subtitle or (altered if turned else self._label)
        return roll_bundle(
            self._shown, place=self._places[1] or None, title=self.title or "Attributes", subtitle=subtitle or None
        )


def _tempo_of(clip: Clip) -> float:
    return min(400.0, max(10.0, clip.qpm))


def _point(z: Any) -> np.ndarray[Any, Any]:
    try:
        point = np.asarray(z, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise ConfigError("This z is not a latent vector.", "Give numbers, [z].") from None
    if not np.isfinite(point).all():
        raise ConfigError("This z holds a number that is not finite.", "Look for a division by zero.")
    return point
