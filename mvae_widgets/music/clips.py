"""What a user's music becomes: clips that a model takes, and a report of what was refused.

Upstream looks for melodies, drops their leading rests and so refuses samples of its own model
(magenta#1944). Here bars are those of the piece, counted from its start, and each clip says where
it came from. Nothing in here raises for musical content: what a model cannot hear becomes a
`Refusal` that says which track, which bar, why, and what to do.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ..errors import ConfigError
from .converter import ClipSpec
from .labels import NOTE_OFF, notes_from_labels, sequence_from_notes
from .library import note_seq
from .sequences import as_sequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    NoteSequence = Any
    Music = Any

__all__ = ["Clip", "Clips", "Refusal", "as_clips", "cut", "fold_into_range"]

Span = tuple[float, float, int, int]  # start and end in quarters, pitch, track index
SHOWN_ROWS = 12


@dataclass(frozen=True)
class Refusal:
    """Something in a piece that the model does not take.

    Parameters
    ----------
    track
        Name of the track, or ``"all tracks"``.
    bar
        First bar it concerns, counted from 1.
    reason
        Why, in words.
    remedy
        What to do about it.
    notes
        The notes lost: (start, end, pitch, track index), start and end in quarters.
    """

    track: str
    bar: int
    reason: str
    remedy: str
    notes: tuple[Span, ...] = ()

    def __str__(self) -> str:
        """One line: where, why, what to do."""
        return f"{self.track}, bar {self.bar}: {self.reason}; {self.remedy}"


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of one track that one model input holds.

    Parameters
    ----------
    tokens
        uint8 [steps]: 0 hold, 1 note-off, 2 + pitch - ``spec.min_pitch`` onset (MUSICVAE.md 4.5).
    spec
        The grid and the range the tokens are in.
    track
        Index of the track in the piece's `Score`.
    track_name, program
        Its name and General MIDI program.
    bar
        First bar in the piece, counted from 1.
    title
        Title of the piece, may be empty.
    qpm
        Tempo of the piece where the clip begins.
    """

    tokens: NDArray[np.uint8]
    spec: ClipSpec = field(default_factory=ClipSpec)
    track: int = 0
    track_name: str = ""
    program: int = 0
    bar: int = 1
    title: str = ""
    qpm: float = 120.0

    @property
    def bars(self) -> int:
        """Length in bars of 4/4."""
        return self.spec.bars

    @property
    def onsets(self) -> int:
        """Number of notes."""
        return int((self.tokens > NOTE_OFF).sum())

    @property
    def sequence(self) -> NoteSequence:
        """The clip as a NoteSequence that starts at 0 and lasts all its bars, at the piece's tempo."""
        notes = notes_from_labels(self.tokens, self.spec.min_pitch)
        sequence = sequence_from_notes(
            notes, self.spec.steps_per_quarter, qpm=self.qpm, program=self.program, total_steps=self.spec.steps
        )
        sequence.sequence_metadata.title = self.title
        if self.track_name:
            sequence.instrument_infos.add(instrument=0, name=self.track_name)
        return sequence

    def __repr__(self) -> str:
        """Where the clip comes from and how much is in it."""
        return f"<Clip {', '.join(filter(None, (self.title, self.track_name, self.where)))}: {self._content}>"

    @property
    def where(self) -> str:
        """The bars in words: ``"bar 3"``, ``"bars 3-4"``."""
        return f"bar {self.bar}" if self.bars == 1 else f"bars {self.bar}-{self.bar + self.bars - 1}"

    @property
    def _content(self) -> str:
        return {0: "silence", 1: "1 note"}.get(self.onsets, f"{self.onsets} notes")


class Clips(Sequence[Clip]):
    """The clips of one or more pieces, in order, and what was refused.

    Parameters
    ----------
    clips
        Any number of clips.
    refused
        What was left out, in order of track and bar.
    """

    def __init__(self, clips: Iterable[Clip] = (), refused: Iterable[Refusal] = ()) -> None:
        self._clips = tuple(clips)
        self.refused = tuple(refused)

    def __len__(self) -> int:
        """Return how many clips there are."""
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Clips: ...
    def __getitem__(self, index: int | slice) -> Clip | Clips:
        """One clip, or a stretch of them with the whole report."""
        if isinstance(index, slice):
            return Clips(self._clips[index], self.refused)
        return self._clips[index]

    def __repr__(self) -> str:
        """Show a table of clips, then one line for each thing refused."""
        count = f"{len(self)} clip{'s' if len(self) != 1 else ''}"
        rows = [(str(i), c.title, c.track_name, c.where, c._content) for i, c in enumerate(self._clips)]
        lines = [count, *_table(_shorten(rows))]
        if self.refused:
            lines += ["refused:", *_shorten([f"  {refusal}" for refusal in self.refused])]
        return "\n".join(lines)


def cut(sequence: NoteSequence, spec: ClipSpec | None = None) -> Clips:
    """Cut a sequence into clips of whole bars.

    Parameters
    ----------
    sequence
        Any NoteSequence. Seconds become quarters through its tempo map, so tempo changes do not matter.
    spec
        Length, grid and range of a clip; the two-bar melody model's by default.

    Returns
    -------
    Clips
        Track by track and window by window. Windows follow each other without overlap, from the
        first bar of the piece (or the first one after bars that were refused); the last is filled
        up with rest. Windows without a note are left out, except in a piece of some length without
        any note, which gives silent clips. Within a window notes are placed as in MUSICVAE.md 4.4:
        one at a time, the highest of those that start together, each cut off by the next.
    """
    from .cutting import Cutter

    return Cutter(sequence, spec or ClipSpec()).clips()


def as_clips(music: Music, spec: ClipSpec | None = None) -> Clips:
    """Make clips of whatever a user holds.

    Parameters
    ----------
    music
        A NoteSequence, a PrettyMIDI, a `Clip`, `Clips`, a file (path or bytes, see `read`), or a
        list of those.
    spec
        As for `cut`. Clips of another length, grid or range are cut again.

    Raises
    ------
    ConfigError
        Something that is not music.
    ReadError
        A file that cannot be read.
    """
    spec = spec or ClipSpec()
    if isinstance(music, Clip):
        return Clips([music]) if music.spec == spec else cut(music.sequence, spec)
    if isinstance(music, (str, Path, bytes)):
        from .io import read

        return cut(read(music), spec)
    if hasattr(music, "notes") and hasattr(music, "time_signatures"):
        return cut(music, spec)
    if hasattr(music, "instruments") and hasattr(music, "get_tempo_changes"):
        return cut(note_seq().midi_to_note_sequence(music), spec)
    if isinstance(music, Iterable):
        parts = [as_clips(part, spec) for part in music]
        refused = [*getattr(music, "refused", ()), *(refusal for part in parts for refusal in part.refused)]
        return Clips([clip for part in parts for clip in part], refused)
    raise ConfigError(
        f"{type(music).__name__} is not music.",
        "Give a NoteSequence, a PrettyMIDI, a file, clips, or a list of those.",
    )


def fold_into_range(sequence: NoteSequence, min_pitch: int = 21, max_pitch: int = 108) -> NoteSequence:
    """Move notes outside a range by octaves until they are inside; drums stay as they are.

    Parameters
    ----------
    sequence
        Any NoteSequence; it is not changed.
    min_pitch, max_pitch
        The range, both included, an octave at least.

    Returns
    -------
    NoteSequence
        A copy.
    """
    if max_pitch - min_pitch < 11:
        raise ConfigError(
            f"Pitches {min_pitch} to {max_pitch} are less than an octave.", "Fold into twelve semitones at least."
        )
    result = copy.deepcopy(as_sequence(sequence))
    for note in result.notes:
        if not note.is_drum and note.pitch < min_pitch:
            note.pitch += 12 * -((note.pitch - min_pitch) // 12)
        elif not note.is_drum and note.pitch > max_pitch:
            note.pitch -= 12 * -((max_pitch - note.pitch) // 12)
    return result


def _shorten(rows: list[Any]) -> list[Any]:
    """Keep the first rows of a long list and say how many follow."""
    if len(rows) <= SHOWN_ROWS:
        return rows
    more = f"  and {len(rows) - SHOWN_ROWS} more"
    return [*rows[:SHOWN_ROWS], more]


def _table(rows: list[Any]) -> list[str]:
    """Align the columns of rows; a row that is a plain line stays one."""
    cells = [row for row in rows if not isinstance(row, str)]
    if not cells:
        return []
    width = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    aligned = []
    for row in rows:
        if isinstance(row, str):
            aligned.append(row)
        else:
            columns = [row[i].rjust(width[i]) if i == 0 else row[i].ljust(width[i]) for i in range(len(row))]
            aligned.append("  " + "  ".join(column for column, w in zip(columns, width, strict=True) if w).rstrip())
    return aligned
