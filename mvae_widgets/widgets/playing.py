"""What all widgets share of playing: the transport's traits, and who may sound."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import traitlets as t

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.render import soundfonts

__all__ = ["Playing", "Together", "play_together", "use_soundfont"]

#: All widgets of this kernel, whichever pages or frames they are shown in.
_widgets: WeakSet[Playing] = WeakSet()

#: What `mix` may say of a track, with what each may be.
_MIX: dict[str, type | tuple[type, ...]] = {"mute": bool, "solo": bool, "level": (int, float), "program": int}


class Playing(t.HasTraits):
    """The transport of a widget.

    Attributes
    ----------
    tempo
        Quarters a minute that it plays at, 10 to 400; a piece's own tempo changes are scaled along.
    volume
        0 to 1.
    playing
        Setting it starts the sound only where the page has been clicked before. One widget plays at a time.
    loop
        Whether it begins again at the end.
    loop_region
        Start and end in quarters of what is looped, ``[]`` for all.
    swing
        Share of a beat that its first eighth lasts: 0.5 is straight, 2/3 a triplet's, at most 0.75.
    metronome
        Whether every beat is struck.
    count_in
        Whether a bar is counted before the music.
    mix
        How each track is heard, in the order of the tracks: a dict with what departs from the music, of
        ``mute``, ``solo``, ``level`` (0 to 1) and ``program`` (a General MIDI instrument, 0 to 127).
        `mute`, `solo`, `set_level` and `set_instrument` write it.
    """

    tempo = t.Float(120.0, min=10.0, max=400.0).tag(sync=True)
    volume = t.Float(0.8, min=0.0, max=1.0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    loop = t.Bool(False).tag(sync=True)
    loop_region: t.List[float] = t.List(t.Float()).tag(sync=True)
    swing = t.Float(0.5, min=0.5, max=0.75).tag(sync=True)
    metronome = t.Bool(False).tag(sync=True)
    count_in = t.Bool(False).tag(sync=True)
    mix: t.List[dict[str, Any]] = t.List(t.Dict()).tag(sync=True)
    # Name of the SoundFont, "" for pretty_midi's; of the group that plays together; and when that began,
    # in ms since 1970, 0 once it was stopped.
    _bank = t.Unicode("").tag(sync=True)
    _together = t.Unicode("").tag(sync=True)
    _since = t.Float(0.0).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._bank = soundfonts.name()
        _widgets.add(self)

    @t.validate("loop_region")
    def _read_region(self, proposal: Any) -> list[float]:
        region = list(proposal.value)
        if region and (len(region) != 2 or not 0 <= region[0] < region[1]):
            raise t.TraitError(f"A loop region is [start, end] in quarters, or [] for all, not {region}.")
        return region

    @t.validate("mix")
    def _read_mix(self, proposal: Any) -> list[dict[str, Any]]:
        for track in proposal.value:
            for name, value in track.items():
                if name not in _MIX or not isinstance(value, _MIX[name]):
                    raise t.TraitError(f"A track of the mix takes {', '.join(_MIX)}, not {name!r}: {value!r}.")
            if not 0 <= track.get("level", 1) <= 1 or not 0 <= track.get("program", 0) <= 127:
                raise t.TraitError(f"A level is 0 to 1 and a program 0 to 127, not {track}.")
        return list(proposal.value)

    def mute(self, track: int | str, on: bool = True) -> None:
        """Silence a track, by number (from 0) or name; ``on=False`` lets it sound again."""
        self._set_track(track, mute=True if on else None)

    def solo(self, track: int | str, on: bool = True) -> None:
        """Let a track sound alone, or with others that are solo."""
        self._set_track(track, solo=True if on else None)

    def set_level(self, track: int | str, level: float) -> None:
        """Play a track softer: 0 to 1, where 1 is as the music has it."""
        level = number(level, "The level", 0, 1)
        self._set_track(track, level=None if level == 1 else level)

    def set_instrument(self, track: int | str, instrument: int | str | None) -> None:
        """Play a track by another instrument.

        Parameters
        ----------
        track
            Its number from 0, or its name.
        instrument
            A General MIDI program, 0 to 127, or its name, as ``"Flute"``; None goes back to the music's own.
        """
        self._set_track(track, program=None if instrument is None else _program(instrument))

    def _set_track(self, track: int | str, **change: Any) -> None:
        at = self._track_number(track)
        mix = [dict(item) for item in self.mix] + [{} for _ in range(at + 1 - len(self.mix))]
        mix[at] = {name: value for name, value in {**mix[at], **change}.items() if value is not None}
        while mix and not mix[-1]:
            mix.pop()
        self.mix = mix

    def _track_number(self, track: int | str) -> int:
        names = [str(item.get("name", "")) for item in getattr(self, "_score", {}).get("tracks", [])]
        if isinstance(track, str):
            found = [k for k, name in enumerate(names) if name.lower() == track.lower()]
            if not found:
                raise ConfigError(f"There is no track {track!r}.", f"There are: {', '.join(names)}.")
            return found[0]
        return whole_number(track, "The track", 0, max(len(names), 1) - 1)

    @t.observe("playing")
    def _take_the_sound(self, change: Any) -> None:
        """One widget plays at a time, also where each is in a frame of its own, which no page can see across."""
        if not change.new:
            return
        for other in list(_widgets):
            if other is not self and other.playing and not self._plays_with(other):
                other.playing = False

    @t.observe("_since")
    def _tell_mates(self, change: Any) -> None:
        for other in list(_widgets):
            if other is not self and self._plays_with(other):
                other._since = change.new

    def _plays_with(self, other: Playing) -> bool:
        return self._together != "" and self._together == other._together


class Together:
    """Widgets that play together; ``end()`` lets each play alone again."""

    def __init__(self, widgets: tuple[Playing, ...]) -> None:
        self.widgets = widgets
        first, *others = widgets
        name = uuid4().hex
        # What is in step must also be at one pace.
        self._links = [t.link((first, trait), (other, trait)) for other in others for trait in ("tempo", "swing")]
        for widget in widgets:
            widget._together = name

    def end(self) -> None:
        """Each plays alone again."""
        for link in self._links:
            link.unlink()
        for widget in self.widgets:
            widget._together = ""


def play_together(*widgets: Playing) -> Together:
    """Let widgets play at the same time and in step, at the first one's tempo and swing.

    Starting one starts them all, stopping one stops them all, also where each is in a frame of its own;
    there a browser may want one click in each frame before it lets it sound.

    Parameters
    ----------
    *widgets
        Two widgets or more. One that plays with others already leaves them.

    Returns
    -------
    Together
        Its ``end()`` ends it.

    Raises
    ------
    ConfigError
        If there are fewer than two, or one is no widget of this package.
    """
    for widget in widgets:
        if not isinstance(widget, Playing):
            raise ConfigError(f"{widget!r} is not a widget of mvae_widgets.", "Give the widgets that play together.")
    if len(set(map(id, widgets))) < max(2, len(widgets)):
        raise ConfigError("Two different widgets or more can play together.", "play_together(roll, pad)")
    return Together(widgets)


def use_soundfont(file: str | os.PathLike[str] | None) -> None:
    """Play by the instruments of a SoundFont file: in all widgets, those shown already included, and in WAV files.

    Parameters
    ----------
    file
        A SoundFont 2 file (``.sf2``, or ``.sf3`` with compressed samples), at most 256 MB; None goes back to
        the one that pretty_midi ships. A program or kit that it lacks is played by its first.

    Raises
    ------
    ConfigError
        If this is no path.
    ReadError
        If the file cannot be read, is no SoundFont, or is damaged; what played before goes on playing.
    """
    name = soundfonts.choose(file)
    for widget in list(_widgets):
        widget._bank = name


def _program(instrument: int | str) -> int:
    if not isinstance(instrument, str):
        return whole_number(instrument, "The instrument", 0, 127)
    from pretty_midi.constants import INSTRUMENT_MAP

    names = {name.lower(): program for program, name in enumerate(INSTRUMENT_MAP)}
    if instrument.lower() not in names:
        raise ConfigError(f"There is no instrument {instrument!r} in General MIDI.", _nearest(instrument, names))
    return names[instrument.lower()]


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=0.3)
    return f"Did you mean {near[0]!r}?" if near else "Give a number, 0 to 127."
