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
from .converter import ClipSpec, Converter, Example
from .library import note_seq
from .melody import MelodyConverter
from .rules import Span
from .sequences import as_sequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    NoteSequence = Any
    Music = Any

__all__ = ["Clip", "Clips", "Refusal", "as_clips", "cut", "fold_into_range"]

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
    """A stretch of music that one model input holds.

    Parameters
    ----------
    tokens
        What the model reads, in the form of its family: see `Example.tokens`. For melodies uint8
        [steps]: 0 hold, 1 note-off, 2 + pitch - ``spec.min_pitch`` onset (MUSICVAE.md 4.5).
    converter
        Of the model that the clip is for; a `ClipSpec` stands for the melody converter of that spec.
    track
        Index in the piece's `Score` of its track, or of the first of its tracks.
    track_name, program
        Its name and General MIDI program.
    bar
        First bar in the piece, counted from 1.
    title
        Title of the piece, may be empty.
    qpm
        Tempo of the piece where the clip begins.
    chords, keys
        Class of each row's chord and key, for a model that is conditioned on them.
    """

    tokens: NDArray[Any]
    converter: Converter = field(default_factory=MelodyConverter)
    track: int = 0
    track_name: str = ""
    program: int = 0
    bar: int = 1
    title: str = ""
    qpm: float = 120.0
    chords: NDArray[np.uint8] | None = None
    keys: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        """Make a converter of a spec."""
        object.__setattr__(self, "converter", _converter(self.converter))

    @property
    def spec(self) -> ClipSpec:
        """The grid and the range the tokens are in."""
        return self.converter.clip_spec

    @property
    def bars(self) -> int:
        """Length in bars of 4/4."""
        return self.spec.bars

    @property
    def onsets(self) -> int:
        """Number of notes."""
        return self.converter.rules.onsets(self.tokens)

    @property
    def example(self) -> Example:
        """What `Converter.inputs` takes."""
        return Example(self.tokens, self.chords, self.keys)

    @property
    def sequence(self) -> NoteSequence:
        """The clip as a NoteSequence that starts at 0 and lasts all its bars, at the piece's tempo."""
        sequence = self.converter.to_sequence(self.tokens, qpm=self.qpm, program=self.program, chords=self.chords)
        sequence.total_time = self.spec.steps * 60.0 / self.qpm / self.spec.steps_per_quarter
        for note in sequence.notes:
            note.end_time = min(note.end_time, sequence.total_time)
        sequence.sequence_metadata.title = self.title
        instruments = {note.instrument for note in sequence.notes} or {0}
        if self.track_name and len(instruments) == 1:
            sequence.instrument_infos.add(instrument=instruments.pop(), name=self.track_name)
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


def cut(sequence: NoteSequence, takes: Converter | ClipSpec | None = None) -> Clips:
    """Cut a sequence into clips of whole bars.

    Parameters
    ----------
    sequence
        Any NoteSequence. Seconds become quarters through its tempo map, so tempo changes do not matter.
    takes
        The converter of the model that is to take the clips, or the spec of a melody clip; the two-bar
        melody model's by default.

    Returns
    -------
    Clips
        Part by part and window by window. A melody model hears each pitched track for itself; a drum
        or groove model all drum tracks together; a trio model a melody, a bass and the drums; a
        multitrack model up to eight tracks. Windows follow each other without overlap, from the first
        bar of the piece (or the first one after bars that were refused); the last is filled up with
        rest. Windows without a note are left out, except in a piece of some length without any note,
        which gives silent clips. Within a window the notes of a melody are placed as in MUSICVAE.md
        4.4: one at a time, the highest of those that start together, each cut off by the next.
    """
    from .cutting import Cutter

    return Cutter(sequence, _converter(takes)).clips()


def as_clips(music: Music, takes: Converter | ClipSpec | None = None) -> Clips:
    """Make clips of whatever a user holds.

    Parameters
    ----------
    music
        A NoteSequence, a PrettyMIDI, a `Clip`, `Clips`, a file (path or bytes, see `read`), or a
        list of those.
    takes
        As for `cut`. Clips of another family, length, grid or range are cut again.

    Raises
    ------
    ConfigError
        Something that is not music.
    ReadError
        A file that cannot be read.
    """
    converter = _converter(takes)
    if isinstance(music, Clip):
        return Clips([music]) if _fits(music, converter) else cut(music.sequence, converter)
    if isinstance(music, (str, Path, bytes)):
        from .io import read

        return cut(read(music), converter)
    if hasattr(music, "notes") and hasattr(music, "time_signatures"):
        return cut(music, converter)
    if hasattr(music, "instruments") and hasattr(music, "get_tempo_changes"):
        return cut(note_seq().midi_to_note_sequence(music), converter)
    if isinstance(music, Iterable):
        parts = [as_clips(part, converter) for part in music]
        refused = [*getattr(music, "refused", ()), *(refusal for part in parts for refusal in part.refused)]
        return Clips([clip for part in parts for clip in part], refused)
    raise ConfigError(
        f"{type(music).__name__} is not music.",
        "Give a NoteSequence, a PrettyMIDI, a file, clips, or a list of those.",
    )


def _converter(takes: Converter | ClipSpec | None) -> Converter:
    """Return the converter itself, or the melody converter of a spec."""
    if takes is None:
        return MelodyConverter()
    if not isinstance(takes, ClipSpec):
        return takes
    if takes.family != "melody":
        raise ConfigError(f"A spec does not say everything about {takes.family}.", "Give the converter itself.")
    return MelodyConverter(
        slice_bars=takes.bars,
        steps_per_quarter=takes.steps_per_quarter,
        min_pitch=takes.min_pitch,
        max_pitch=takes.max_pitch,
    )


def _fits(clip: Clip, converter: Converter) -> bool:
    """Whether a clip has the tokens and the controls that a converter gives."""
    rules = converter.rules
    has_chords = clip.chords is not None or rules.chord_encoding is None
    has_keys = clip.keys is not None or not rules.condition_on_key
    return clip.spec == converter.clip_spec and has_chords and has_keys


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
