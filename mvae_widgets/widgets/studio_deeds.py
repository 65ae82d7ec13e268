"""What keeps a Studio together: parts in a tunnel, one clip that all of them show, and undo across all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import traitlets as t

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.score import Score
from mvae_widgets.widgets.base import NOT_IN_PAGES, MusicWidget, pack
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.studio_history import History, Moment, recall, remember
from mvae_widgets.widgets.studio_parts import LEADERS, clips_for, compared, current_of, make_parts, placed
from mvae_widgets.widgets.studio_tray import Current, Desk, Kept, Tray, sequence_of
from mvae_widgets.widgets.tunnel import Tunnel

__all__ = ["LOOKS", "Deeds"]

#: Traits of parts that a user's deeds change first, and those that follow from others.
WATCHED = ("sequence", "value", "path", "labels", "space", "snap", "temperature", "seed", "locked", "selected")
FOLLOWS_FROM = ("sequence", "labels")
#: Of a Studio's own traits those that a session holds, and that no deed changes.
LOOKS = (
    "title", "subtitle", "tempo", "volume", "loop", "loop_region", "swing", "metronome", "count_in", "mix",
)  # fmt: skip


class Deeds(MusicWidget):
    """A Studio's parts and its desk. Whatever a user does is a deed: what follows from it is done at its end."""

    sequence = t.Any(read_only=True)
    song = t.Any(read_only=True)
    _parts: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    _kept: t.List[dict[str, Any]] = t.List().tag(sync=True)
    _kept_notes = t.Bytes(b"").tag(sync=True)
    _kept_offsets: t.List[int] = t.List(t.Int()).tag(sync=True)
    _kept_score = t.Dict().tag(sync=True)
    _arrangement: t.List[int] = t.List(t.Int()).tag(sync=True)
    _chosen = t.Int(-1).tag(sync=True)
    _current = t.Dict().tag(sync=True)
    _undo = t.Int(0).tag(sync=True)
    _redo = t.Int(0).tag(sync=True)
    _hears = t.Enum(["clip", "song"], "clip").tag(sync=True)

    def __init__(self, model: Codec, music: Any = None, corpus: Any = None, **traits: Any) -> None:
        check_codec(model)
        self._model = model
        #: Whether a page listens.
        self.is_open = False
        # Parts touched by the deed that is under way; whether parts follow one now; how deep in deeds we are.
        self._touched: list[tuple[str, str]] = []
        self._busy = True
        self._depth = 0
        # What the page was told last.
        self._shown: Desk | None = None
        self._song: Score | None = None
        # A message may arrive on another thread while a cell runs.
        self._turn = threading.RLock()
        clips, z = clips_for(model, music)
        self.parts = make_parts(model, clips, z, corpus, lambda name: Tunnel(self, name))
        self.map: Any = self.parts.get("map")
        self.pad: Any = self.parts.get("pad")
        self.roll: Any = self.parts.get("roll")
        self.slider: Any = self.parts.get("slider")
        self.knobs: Any = self.parts.get("knobs")
        self.compare: Any = self.parts.get("compare")
        tempo = min(400.0, max(10.0, clips[0].qpm))
        super().__init__(**{"loop": True, "tempo": tempo, "subtitle": model.name, **traits})
        self._handlers |= {
            "open": self._open_op,
            "heard": self._heard_op,
            "undo": self._deed_op(self.undo),
            "redo": self._deed_op(self.redo),
        }
        kept = []
        for k, (clip, point) in enumerate(zip(clips, z, strict=True), 1):
            start = placed(model, "kept", "", {}, clip, point)
            kept.append(Kept(k, start.title, start.sequence, start.z, start.place, "kept", {}, clip))
        first = kept[0]
        current = first.as_current()
        self._desk = Desk(current, current, tuple(kept), chosen=first.id)
        self._next = len(kept) + 1
        self._parts = list(self.parts)
        self._follow("")
        self._begin()
        for name, part in self.parts.items():
            part.observe(partial(self._part_changed, name), [n for n in WATCHED if part.has_trait(n)])
        self._busy = False

    def _begin(self) -> None:
        """Undo goes back to here."""
        self._history = History(self._moment())
        self._lay_out()

    def close(self) -> None:
        """Close the parts, and then the Studio."""
        for part in getattr(self, "parts", {}).values():
            part.close()
        super().close()

    def undo(self) -> None:
        """Go back to before the last deed, wherever in the Studio it was; nothing is left to be undone at the start."""
        self._go(-1)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._go(1)

    def _go(self, steps: int) -> None:
        with self._turn, self.hold_sync():
            moment = self._history.go(steps)
            if moment is not None:
                self._return(moment)

    def _return(self, moment: Moment) -> None:
        """Make everything what it was at a moment."""
        self._busy = True
        try:
            for name, part in self.parts.items():
                recall(name, part, moment.parts[name])
            if moment.desk.session != self._desk.session:
                self._look(moment.looks)
            self._desk = moment.desk
            self._lay_out()
        finally:
            self._busy = False

    def _look(self, looks: Mapping[str, Any]) -> None:
        for name in LOOKS:
            setattr(self, name, looks[name])

    def _moment(self) -> Moment:
        parts = {name: remember(name, part) for name, part in self.parts.items()}
        return Moment(self._desk, parts, {name: getattr(self, name) for name in LOOKS})

    @contextmanager
    def _deed(self, part: str, trait: str = "") -> Iterator[None]:
        """Something that a user does: when all of it is done, parts follow, the page is told, and it can be undone.

        Parameters
        ----------
        part
            Where.
        trait
            What was done, where that is a step by itself; else the traits say it that are touched meanwhile.
        """
        with self._turn:
            self._depth += 1
            try:
                with self.hold_sync():
                    yield
                    if self._depth == 1:
                        self._status = {}
                        self._settle(part, trait)
            finally:
                self._depth -= 1
                if not self._depth:
                    self._touched = []

    def _settle(self, part: str, trait: str) -> None:
        touched, self._touched = self._touched, []
        alone = bool(trait)
        if touched and not alone:
            names = [name for _, name in touched]
            part, trait = touched[-1][0], next((name for name in names if name not in FOLLOWS_FROM), "music")
        leader = next((name for name, _ in reversed(touched) if name in LEADERS), "")
        if leader:
            self._lead(leader, not alone and self._history.joins(part, trait))
        if touched or alone:
            self._history.add(self._moment(), part, trait, alone)
        self._lay_out()

    def _part_changed(self, name: str, change: Any) -> None:
        if self._busy:
            return
        if self._depth:
            self._touched.append((name, change.name))
            return
        with self._deed(name):
            self._touched.append((name, change.name))

    def _lead(self, name: str, joined: bool) -> None:
        """Make what a part shows the current clip, if it is another than was current.

        Parameters
        ----------
        name
            The part.
        joined
            Whether this goes on with a gesture: what was current before that is still what is compared with.
        """
        desk = self._desk
        now = current_of(
            name, self.parts[name], self._model, desk.before if desk.current.part == name else desk.current
        )
        if not now.is_like(desk.current):
            self._desk = replace(desk, current=now, before=desk.before if joined else desk.current, chosen=-1)
            self._follow(name)

    def _take(self, now: Current, chosen: int = -1) -> None:
        """Make a clip from elsewhere the current one."""
        desk = self._desk
        with self._deed("studio", now.part):
            if chosen != desk.chosen or not now.is_like(desk.current):
                self._desk = replace(desk, current=now, before=desk.current, chosen=chosen)
                self._follow("")

    def _put(self, name: str, id: int, **where: Any) -> None:
        """Give a part a kept clip to lie between."""
        part: Any = self.parts.get(name)
        clip = self._desk.find(id)
        if part is None:
            raise ConfigError(f"This Studio has no {name}.", f"{self._model.name} does not allow one.")
        with self._deed(name, f"put {where}"):
            part.show(clip.clip or clip.sequence, clip.z, **where)
            self._touched.append((name, "sequence"))

    def _follow(self, leader: str) -> None:
        """Let the other parts show the current clip."""
        busy, self._busy = self._busy, True
        now, parts = self._desk.current, self.parts
        try:
            for name in ("roll", "map", "knobs"):
                music = now.sequence if name == "roll" else now.clip
                if name in parts and name != leader and music is not None:
                    part: Any = parts[name]
                    with part._showing_errors():
                        part.show(music, now.z)
            compare: Any = parts["compare"]
            with compare._showing_errors():
                compare._show(compared(self._desk.before, now))
        finally:
            self._busy = busy

    def _lay_out(self) -> None:
        """Bring what lies on the desk to the page and to those who observe."""
        desk, before = self._desk, self._shown
        with self.hold_sync():
            self._undo, self._redo = self._history.undoes, self._history.redoes
            if before is desk:
                return
            self._shown = desk
            if before is None or before.kept is not desk.kept or before.order is not desk.order:
                self._lay_out_song(Tray(desk))
            self._current, self._chosen = desk.current.told(), desk.chosen
            self.set_trait("sequence", desk.current.sequence)

    def _lay_out_song(self, tray: Tray) -> None:
        self._kept = [clip.told() for clip in self._desk.kept]
        self._kept_notes, self._kept_offsets = pack(tray.notes), tray.offsets
        self._kept_score, self._arrangement = tray.score, list(self._desk.order)
        song = self._song = tray.song()
        self._score = self._kept_score if song is None else song.as_dict()
        self._notes = b"" if song is None else pack(song.notes)
        self._sing()

    @t.observe("tempo", "title")
    def _sing(self, _change: object = None) -> None:
        song = self._song
        self.set_trait("song", None if song is None else sequence_of(song, self.tempo, self.title))

    def _on_message(self, _widget: object, content: object, buffers: object) -> None:
        """Give a part what is for it; the rest is the Studio's own."""
        if not isinstance(content, dict) or "part" not in content:
            super()._on_message(_widget, content, buffers)
        elif (name := str(content["part"])) in self.parts:
            with self._showing_errors(), self._deed(name):
                self.parts[name].comm.receive(content, buffers)

    @staticmethod
    def _deed_op(do: Callable[..., Any]) -> Callable[..., Answer]:
        """An operation of the page that does something and has nothing to tell."""

        def handler(**args: Any) -> Answer:
            do(**args)
            return {}, []

        return handler

    def _open_op(self) -> Answer:
        """Tell a page that opens all that the parts hold."""
        self.is_open = True
        for part in self.parts.values():
            _tell_all(part)
        return {"parts": list(self.parts)}, []

    def _heard_op(self, part: str = "") -> Answer:
        """Answered in its turn: the page sends a part's next values when the last are taken.

        Parameters
        ----------
        part
            Of which the page may know older values than its own, as the two crossed: it is told all of it again.
        """
        if part in self.parts:
            _tell_all(self.parts[part])
        return {}, []


def _tell_all(part: MusicWidget) -> None:
    part.send_state([name for name in part.keys if not name.startswith(NOT_IN_PAGES)])
