"""Undo in a Studio: what was on the desk and in the parts, moment by moment.

A moment holds on to the values that the parts had, and copies none of them: widgets replace what they show and
change nothing in place. Going back hands the values over again, so that nothing is decoded anew and the state is
the same to the last byte.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from traitlets import All, Bunch, EventHandler

from mvae_widgets.widgets.base import NOT_IN_PAGES, MusicWidget
from mvae_widgets.widgets.knob_bench import Bench
from mvae_widgets.widgets.studio_tray import Desk

__all__ = ["History", "Memento", "Moment", "recall", "remember"]

#: Seconds within which changes of one trait are one gesture, and within which those of one part are one cause.
GESTURE, CAUSE = 0.6, 0.02
#: Traits that are no deeds: the transport, the host's, and how things look.
NO_DEEDS = {
    "comm", "keys", "playing", "volume", "loop", "loop_region", "swing", "metronome", "count_in", "mix", "theme",
    "language", "_bank", "_together", "_since", "_topic", "_follows", "_property_lock",
    "_msg_callbacks", "_states_to_send", "log", "layout", "edit", "_revision", "_takes",
    "kind", "color", "groups", "neighbours", "sound", "_points", "_sample", "_sample_xy", "_sample_codes",
    "_sample_groups", "_legend", "_groups",
}  # fmt: skip
#: Traits that follow from others, or that the page asks for: that they change is no deed.
NO_NEWS = {
    "_status", "_here", "_selection", "_setting", "_ahead", "_ahead_notes", "_ahead_table", "_spot", "_spot_notes",
    "_exact", "_exact_notes", "_elsewhere",
}  # fmt: skip
#: How a map looks: taken up again only with another corpus.
VIEW = ("kind", "color", "groups")
#: Beside traits, what a part knows of the music that it shows.
KNOWN: dict[str, tuple[str, ...]] = {
    "map": ("_own", "_way", "corpus", "_norms", "_places"),
    "pad": ("_clips", "_corners", "latents", "sequences", "_scores", "_spots"),
    "roll": ("_shown", "_sheet", "_told"),
    "slider": ("_waypoints", "_routes", "_sequences", "_scores", "_packed", "_between"),
    "knobs": ("_bench", "_by_name", "_names", "_shown"),
    "compare": ("_scene", "_scores", "_packed", "_found"),
}


@dataclass(frozen=True, eq=False)
class Memento:
    """What one part was like: its traits, and what it knows beside them."""

    traits: Mapping[str, Any]
    known: Mapping[str, Any]

    def is_like(self, other: Memento) -> bool:
        """Whether a user would call the two the same."""
        return all(_same(value, other.traits[name]) for name, value in self.traits.items() if name not in NO_NEWS)


@dataclass(frozen=True, eq=False)
class Moment:
    """Everything that a user can change in a Studio, at one moment.

    Parameters
    ----------
    desk, parts
        What undo goes back to.
    looks
        Title and transport: undo leaves them alone, unless it goes back to before a session was opened.
    """

    desk: Desk
    parts: Mapping[str, Memento]
    looks: Mapping[str, Any]

    def is_like(self, other: Moment) -> bool:
        """Whether nothing happened between the two."""
        return self.desk is other.desk and all(part.is_like(other.parts[name]) for name, part in self.parts.items())


class History:
    """Moments that can be gone back to, without limit.

    Parameters
    ----------
    start
        The first.
    """

    def __init__(self, start: Moment) -> None:
        self._moments, self._at = [start], 0
        self._cause: tuple[str, str] | None = None
        self._time = 0.0

    @property
    def undoes(self) -> int:
        """How many steps can be undone."""
        return self._at

    @property
    def redoes(self) -> int:
        """How many steps can be redone."""
        return len(self._moments) - 1 - self._at

    def joins(self, part: str, trait: str) -> bool:
        """Whether a deed belongs to the gesture before it."""
        since = time.monotonic() - self._time
        if self._cause is None or self._at == 0:
            return False
        return (self._cause == (part, trait) and since < GESTURE) or (self._cause[0] == part and since < CAUSE)

    def add(self, moment: Moment, part: str, trait: str, alone: bool) -> None:
        """Take a moment after a deed; what belongs to the gesture before it is one step with that.

        Parameters
        ----------
        moment
            What everything is like now.
        part, trait
            What the user moved.
        alone
            Whether the deed is a step by itself, such as a press of a button.
        """
        joined = not alone and self.joins(part, trait)
        if not moment.is_like(self._moments[self._at]):
            del self._moments[self._at + 1 :]
            if joined:
                self._moments[self._at] = moment
            else:
                self._moments.append(moment)
                self._at += 1
        # The first of several causes names the gesture.
        self._cause = None if alone else self._cause if joined else (part, trait)
        self._time = time.monotonic()

    def renew(self, moment: Moment) -> None:
        """Take the present moment again, with what changed since and is no deed."""
        self._moments[self._at] = moment

    def go(self, steps: int) -> Moment | None:
        """The moment so many steps on; None where there is none."""
        if not 0 <= self._at + steps < len(self._moments):
            return None
        self._at += steps
        self._cause = None
        return self._moments[self._at]


def remember(name: str, part: MusicWidget) -> Memento:
    """Hold on to what a part is like."""
    traits = {
        trait: getattr(part, trait)
        for trait in part.trait_names()
        if trait not in NO_DEEDS and not trait.startswith(NOT_IN_PAGES)
    }
    known = {key: _own(getattr(part, key)) for key in KNOWN[name]}
    if name == "map":
        known["view"] = {trait: getattr(part, trait) for trait in VIEW}
    return Memento(traits, known)


def recall(name: str, part: Any, memento: Memento) -> None:
    """Make a part what it was.

    The part's own observers are passed by: they would decode again what is handed over here. Its page and observers
    from outside are told.
    """
    known = dict(memento.known)
    view = known.pop("view", {})
    moved = name == "map" and part.corpus is not known["corpus"]
    changed = {
        trait: (before, value)
        for trait, value in memento.traits.items()
        if not _same(before := getattr(part, trait), value)
    }
    for key, value in known.items():
        setattr(part, key, _own(value))
    part._trait_values.update({trait: value for trait, (_, value) in changed.items()})
    with part.hold_sync():
        part._states_to_send |= {trait for trait in changed if trait in part.keys}
        if moved:
            part._trait_values.update(view)
            part._states_to_send |= set(view)
            part._project()
        elif name == "map" and part._here:
            # The map may be of another kind than it was then.
            near = part.nearest.tolist() if part.neighbours else []
            part._here = {**part._here, "at": part._at(part.z), "near": near}
        if name == "roll":
            part._revision += 1
    for trait, (before, value) in changed.items():
        tell(part, trait, before, value)


def tell(part: Any, trait: str, before: Any, value: Any) -> None:
    """Tell those who observe a trait from outside."""
    change = Bunch(name=trait, old=before, new=value, owner=part, type="change")
    watchers = part._trait_notifiers
    for of in (trait, All):
        for kind in ("change", All):
            for watcher in list(watchers.get(of, {}).get(kind, [])):
                if not isinstance(watcher, EventHandler):
                    watcher(change)


def _own(value: Any) -> Any:
    """A value that later deeds leave alone."""
    if isinstance(value, Bench):
        return copy.copy(value)
    return dict(value) if type(value) is dict else value


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return bool(a == b)
