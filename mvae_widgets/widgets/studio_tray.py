"""Clips that a Studio keeps, and the song that they make in a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.score import Score
from mvae_widgets.widgets.base import on_common_tracks, score_of

__all__ = ["MOST_ARRANGED", "MOST_KEPT", "Current", "Desk", "Kept", "Tray", "sequence_of"]

Array = np.ndarray[Any, Any]

MOST_KEPT = 256
MOST_ARRANGED = 128
#: Quarters of a bar; a kept clip is counted in these whatever its own meter is.
BAR = 4.0
#: Tempo that is written where the Studio's own holds.
PLAIN = 120.0


@dataclass(frozen=True, eq=False)
class Current:
    """The clip that is worked on.

    Parameters
    ----------
    part
        Where it comes from: ``"map"``, ``"pad"``, ``"slider"``, ``"knobs"``, ``"roll"``, ``"kept"``, ``"vary"`` or
        ``"draw"``.
    title
        Its title; empty where only `part` and `args` say what it is.
    args
        Where it stands in that part, for the page's words.
    sequence
        The music, a NoteSequence.
    z
        Its latent vector, ``[z]``; None where the model takes nothing of it.
    place
        ``[u, v]``, or ``[]``.
    clip
        What the model takes of the music, its first clip; None where that is nothing.
    """

    part: str
    title: str
    args: dict[str, Any]
    sequence: Any
    z: Array | None = None
    place: list[float] = field(default_factory=list)
    clip: Clip | None = None

    def is_like(self, other: Current) -> bool:
        """Whether nothing tells this from another."""
        same_z = self.z is other.z or (self.z is not None and other.z is not None and np.array_equal(self.z, other.z))
        return (
            (self.part, self.title, self.args) == (other.part, other.title, other.args)
            and same_z
            and bool(self.sequence == other.sequence)
        )

    def told(self) -> dict[str, Any]:
        """What the page is told."""
        return {"part": self.part, "title": self.title, "args": self.args}


@dataclass(frozen=True, eq=False)
class Kept:
    """A clip in the tray.

    Parameters
    ----------
    id
        Its number, which no other clip of this Studio ever has.
    title
        Its title; may be empty.
    sequence
        The music, a NoteSequence.
    z
        Its latent vector, ``[z]``, or None.
    place
        ``[u, v]``, or ``[]``.
    part, args, clip
        Where it came from, and what the model takes of it, as in `Current`.
    """

    id: int
    title: str
    sequence: Any
    z: Array | None = None
    place: list[float] = field(default_factory=list)
    part: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    clip: Clip | None = None
    score: Score = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay the music out once."""
        object.__setattr__(self, "score", score_of(self.sequence))

    @property
    def bars(self) -> float:
        """Length in bars of 4/4."""
        return self.score.quarters / BAR

    def as_current(self) -> Current:
        """The clip that is worked on, from the tray."""
        args = {**self.args, "id": self.id}
        return Current("kept", self.title, args, self.sequence, self.z, self.place, self.clip)

    def told(self) -> dict[str, Any]:
        """What the page is told."""
        about = {"id": self.id, "title": self.title, "place": self.place, "bars": self.bars}
        return {**about, "part": self.part, "args": self.args}


@dataclass(frozen=True, eq=False)
class Desk:
    """What lies on a Studio's desk beside its parts; never changed, only replaced, so that undo can hold on to it.

    Parameters
    ----------
    current
        The clip that is worked on.
    before
        The one before it.
    kept
        The tray.
    order
        Ids of the song's clips.
    chosen
        Id of the kept clip that is current, or -1.
    session
        How many sessions were opened on it.
    """

    current: Current
    before: Current
    kept: tuple[Kept, ...] = ()
    order: tuple[int, ...] = ()
    chosen: int = -1
    session: int = 0

    def find(self, number: Any) -> Kept:
        """A kept clip.

        Raises
        ------
        ConfigError
            If there is none of that id.
        """
        for clip in self.kept:
            if clip.id == number and not isinstance(number, bool):
                return clip
        ids = ", ".join(str(clip.id) for clip in self.kept[:12]) or "none"
        raise ConfigError(f"There is no kept clip {number!r}.", f"Kept are: {ids}.")

    def arranged(self, ids: Iterable[Any]) -> Desk:
        """The desk with another song.

        Raises
        ------
        ConfigError
            If a clip is not kept, or there are too many.
        """
        order = tuple(self.find(number).id for number in ids)
        if len(order) > MOST_ARRANGED:
            raise ConfigError(f"A song of {len(order)} clips is too long.", f"It takes {MOST_ARRANGED}.")
        return self if order == self.order else replace(self, order=order)

    def with_kept(self, clip: Kept) -> Desk:
        """The desk with one more clip in the tray, which is the chosen one.

        Raises
        ------
        ConfigError
            If the tray is full.
        """
        if len(self.kept) >= MOST_KEPT:
            raise ConfigError(f"The tray holds {MOST_KEPT} clips.", "Discard some.")
        return replace(self, kept=(*self.kept, clip), chosen=clip.id)

    def without(self, number: Any) -> Desk:
        """The desk without a kept clip, which the song loses too."""
        gone = self.find(number)
        return replace(
            self,
            kept=tuple(clip for clip in self.kept if clip is not gone),
            order=tuple(at for at in self.order if at != gone.id),
            chosen=-1 if self.chosen == gone.id else self.chosen,
        )

    def renamed(self, number: Any, title: str) -> Desk:
        """The desk with a kept clip under another title."""
        clip = self.find(number)
        new = replace(clip, title=str(title).strip()[:120])
        if new.title == clip.title:
            return self
        return replace(self, kept=tuple(new if one is clip else one for one in self.kept))


class Tray:
    """Kept clips on common tracks, as the page reads them, and the song.

    Parameters
    ----------
    desk
        Whose clips these are.
    """

    def __init__(self, desk: Desk) -> None:
        self._order = [[clip.id for clip in desk.kept].index(number) for number in desk.order]
        self.scores = on_common_tracks([clip.score for clip in desk.kept])

    @property
    def notes(self) -> Array:
        """Notes of all kept clips, one after another, as `Score.notes`."""
        return np.concatenate([score.notes for score in self.scores]) if self.scores else np.zeros((0, 7), np.float32)

    @property
    def offsets(self) -> list[int]:
        """Where each clip's notes begin, and where the last ones end."""
        return [0, *np.cumsum([len(score.notes) for score in self.scores]).tolist()]

    @property
    def score(self) -> dict[str, Any]:
        """Tracks, meter and tempo of all of them."""
        if not self.scores:
            return {}
        longest = max(score.quarters for score in self.scores)
        return replace(self._plain(self.scores[0]), quarters=longest).as_dict()

    @property
    def ordered(self) -> list[Score]:
        """The clips of the song."""
        return [self.scores[k] for k in self._order]

    def song(self) -> Score | None:
        """The clips of the song in a row; None where there is none."""
        return chain(self.ordered) if self._order else None

    @staticmethod
    def _plain(score: Score) -> Score:
        return replace(score, tempos=((0.0, PLAIN),), meters=((0.0, 4, 4),))


def chain(scores: Sequence[Score]) -> Score:
    """Scores on common tracks, each beginning where the one before it ends."""
    starts = np.cumsum([0.0, *(score.quarters for score in scores)])
    tables = []
    for score, start in zip(scores, starts, strict=False):
        notes = score.notes.copy()
        notes[:, :2] += np.float32(start)
        tables.append(notes)
    first = scores[0]
    return Score(np.concatenate(tables), float(starts[-1]), ((0.0, PLAIN),), ((0.0, 4, 4),), first.tracks, "")


def sequence_of(score: Score, qpm: float, title: str = "") -> Any:
    """A score as a NoteSequence in one tempo: an instrument for each track, also for those without a note."""
    sequence = note_seq().NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=qpm)
    for quarter, numerator, denominator in score.meters:
        sequence.time_signatures.add(time=quarter * 60 / qpm, numerator=numerator, denominator=denominator)
    for instrument, track in enumerate(score.tracks):
        sequence.instrument_infos.add(instrument=instrument, name=track.name)
    second = 60.0 / qpm
    for start, end, pitch, velocity, track, program, is_drum in score.notes.tolist():
        sequence.notes.add(
            start_time=start * second,
            end_time=end * second,
            pitch=round(pitch),
            velocity=round(velocity),
            instrument=round(track),
            program=round(program),
            is_drum=is_drum > 0,
        )
    sequence.total_time = score.quarters * second
    sequence.sequence_metadata.title = title
    return sequence
