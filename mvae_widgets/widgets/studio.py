"""Studio: map, pad, roll, slider, knobs and comparison in one widget, a tray of kept clips, and a song made of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from mvae_widgets.checks import whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.sequences import as_sequence
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.song import song_bundle
from mvae_widgets.widgets.base import NOT_IN_PAGES, STATIC
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.pages import floats
from mvae_widgets.widgets.studio_files import Files
from mvae_widgets.widgets.studio_parts import drawn, given, varied
from mvae_widgets.widgets.studio_tray import Kept, Tray

__all__ = ["Studio"]

MAX_SEED = 2**31 - 1


class Studio(Files):
    """Everything in one widget: find a clip, alter it, keep it, and put what is kept in a row.

    Parameters
    ----------
    model
        Of all parts. What it does not allow is left out: knobs without attribute vectors, say.
    music
        A piece or several: they lie in the tray, at the pad's corners and at the slider's ends; of longer pieces the
        first clips. Built-in tunes or beats if not given, or draws from the prior where the model takes none of them.
    corpus
        What the map shows, as `LatentScatter` takes it; two thousand draws from the prior if not given, each decoded
        when it is asked for.
    **traits
        ``title``, ``subtitle``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    map, pad, roll, slider, knobs, compare
        The parts: widgets like any other, that live in the Studio's page. None where the model has no such part.
    sequence
        The current clip, a NoteSequence: that of the part that was touched last. Observe it.
    z
        Its latent vector, ``[z]``; None where the model takes nothing of it.
    song
        The kept clips of the arrangement in a row, a NoteSequence at the Studio's tempo; None while it is empty.
        Observe it.
    kept
        The tray: each has ``id``, ``title``, ``sequence``, ``z`` and ``bars``.
    arrangement
        Ids of the kept clips that make the song, in order.

    Raises
    ------
    ConfigError
        If this is no model, or there is no music.
    NothingToEncodeError
        If the model takes nothing of some of the music.
    """

    _esm = STATIC / "studio.js"
    _css = STATIC / "studio.css"
    _decodes = True

    def __init__(self, model: Codec, music: Any = None, corpus: Any = None, **traits: Any) -> None:
        super().__init__(model, music, corpus, **traits)
        self._handlers |= {
            "keep": self._keep_op,
            "choose": self._deed_op(self.choose),
            "rename": self._deed_op(self.rename),
            "discard": self._deed_op(self.discard),
            "arrange": self._deed_op(self.arrange),
            "clear": self._deed_op(partial(self.arrange, ())),
            "end": self._deed_op(self.set_end),
            "corner": self._deed_op(self._set_corner_number),
            "vary": self._deed_op(self.vary),
            "draw": self._deed_op(self.draw),
        }

    @property
    def z(self) -> np.ndarray[Any, Any] | None:
        """Latent vector of the current clip, ``[z]``; None where the model takes nothing of it."""
        return self._desk.current.z

    @property
    def kept(self) -> list[Kept]:
        """The clips in the tray."""
        return list(self._desk.kept)

    @property
    def arrangement(self) -> list[int]:
        """Ids of the kept clips that make the song, in order."""
        return list(self._desk.order)

    def show(self, sequence: Any, z: Any = None) -> None:
        """Make other music the current clip, whose place in latent space may be known: what a link calls.

        Raises
        ------
        MusicVAEError
            If this is no music, or `z` holds what is no finite number.
        """
        self._take(given(self._model, as_sequence(sequence), z))

    def keep(self, title: str | None = None) -> Kept:
        """Lay the current clip into the tray.

        Parameters
        ----------
        title
            Its title; that of the current clip if not given.
        """
        now = self._desk.current
        name = now.title if title is None else str(title)
        clip = Kept(self._next, name, now.sequence, now.z, now.place, now.part, now.args, now.clip)
        with self._deed("studio", "keep"):
            self._desk = self._desk.with_kept(clip)
            self._next += 1
        return clip

    def choose(self, id: int) -> None:
        """Make a kept clip the current one: roll, knobs, map and comparison follow."""
        clip = self._desk.find(id)
        self._take(clip.as_current(), clip.id)

    def rename(self, id: int, title: str) -> None:
        """Give a kept clip another title."""
        with self._deed("studio", f"rename {id}"):
            self._desk = self._desk.renamed(id, title)

    def discard(self, id: int) -> None:
        """Take a kept clip out of the tray, and out of the song."""
        with self._deed("studio", "discard"):
            self._desk = self._desk.without(id)

    def arrange(self, ids: Iterable[int]) -> None:
        """Make the song of these kept clips, in this order; a clip may come often, 128 in all."""
        order = [ids] if isinstance(ids, int) else list(ids)
        with self._deed("studio", "arrange"):
            self._desk = self._desk.arranged(order)

    def set_end(self, which: str, id: int) -> None:
        """Put a kept clip at an end of the slider, ``"a"`` or ``"b"``."""
        if which not in ("a", "b"):
            raise ConfigError(f"A slider has no end {which!r}.", "Give a or b.")
        self._put("slider", id, waypoint=0 if which == "a" else -1)

    def set_corner(self, which: str, id: int) -> None:
        """Put a kept clip at a corner of the pad, ``"A"``, ``"B"``, ``"C"`` or ``"D"``."""
        self._put("pad", id, corner=which)

    def vary(self, seed: int = 0) -> None:
        """A variation becomes current: the nearest of some draws around the clip that is not the clip itself."""
        seed = whole_number(seed, "The seed", 0, MAX_SEED)
        self._take(varied(self._model, self._desk.current, seed, self.tempo))

    def draw(self, seed: int = 0) -> None:
        """A new clip, drawn from the prior, becomes current."""
        self._take(drawn(self._model, whole_number(seed, "The seed", 0, MAX_SEED), self.tempo))

    def _keep_op(self, title: str | None = None) -> Answer:
        return {"id": self.keep(title).id}, []

    def _set_corner_number(self, which: Any, id: Any) -> None:
        self.set_corner("ABCD"[whole_number(which, "The corner", 0, 3)], id)

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        """The parts as pages of their own, and where the kept clips lie."""
        parts: dict[str, Any] = {}
        for name, part in self.parts.items():
            traits = {key: getattr(part, key) for key in part.keys if not key.startswith(NOT_IN_PAGES)}
            parts[name] = {"traits": traits, "data": part._page_data(decodes and part._decodes)}
        desk = self._desk
        return {
            "parts": parts,
            "z": [b"" if clip.z is None else floats(clip.z) for clip in desk.kept],
            "here": b"" if desk.current.z is None else floats(desk.current.z),
            "next": self._next,
        }

    def _picture(self) -> Bundle:
        desk = self._desk
        places = [desk.find(number).place for number in desk.order]
        tray = Tray(desk)
        return song_bundle(
            tray.ordered,
            places,
            self.parts["roll"]._shown,
            desk.current.place,
            title=self.title or "Studio",
            subtitle=" · ".join(filter(None, [self.subtitle, f"{len(desk.kept)} kept"])),
            caption=desk.current.title,
        )
