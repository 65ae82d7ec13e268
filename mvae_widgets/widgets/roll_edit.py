"""What a reader edits in the piano roll, as a NoteSequence; and what the page is told to edit by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.score import NOTE_COLUMNS, TempoMap, track_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    NoteSequence = Any
    Key = tuple[int, bool, int]

__all__ = ["Sheet", "Sheets", "blank", "takes_of", "tracks_of", "unpack"]

# Parts that a family of models hears: name, instrument, is_drum, program.
PARTS: dict[str, tuple[tuple[str, int, bool, int], ...]] = {
    "trio": (("Melody", 0, False, 0), ("Bass", 1, False, 32), ("Drums", 9, True, 0)),
    "drums": (("Drums", 9, True, 0),),
    "groove": (("Drums", 9, True, 0),),
}
MELODY = (("Melody", 0, False, 0),)
BARS = 2
QPM = 120.0
# A sheet holds no notes; past this many pieces the oldest is made anew from its score where it is asked for.
MOST_SHEETS = 64


def takes_of(model: Any) -> dict[str, Any]:
    """What one input of a model holds, for the page; nothing where the model does not say.

    Returns
    -------
    dict
        ``name``, ``mono`` (one note at a time in pitched tracks), ``low`` and ``high`` (MIDI pitches),
        ``bars``, ``steps`` (a quarter).
    """
    spec = getattr(getattr(model, "converter", None), "clip_spec", None)
    if spec is None:
        return {}
    drums = spec.family in ("drums", "groove")
    low, high = (0, 127) if drums else (spec.min_pitch, spec.max_pitch)
    return {
        "name": model.name,
        "mono": spec.family in ("melody", "trio"),
        "low": low,
        "high": high,
        "bars": spec.bars,
        "steps": spec.steps_per_quarter,
    }


def blank(model: Any) -> NoteSequence:
    """Silence as long as the model's input, with a track for each part that it hears."""
    spec = getattr(getattr(model, "converter", None), "clip_spec", None)
    sequence = note_seq().NoteSequence()
    sequence.tempos.add(qpm=QPM)
    sequence.total_time = 4 * 60 / QPM * (spec.bars if spec else BARS)
    for name, instrument, _, _ in parts_of(model):
        sequence.instrument_infos.add(instrument=instrument, name=name)
    return sequence


def parts_of(model: Any) -> tuple[tuple[str, int, bool, int], ...]:
    """The tracks that music without a note has."""
    spec = getattr(getattr(model, "converter", None), "clip_spec", None)
    return PARTS.get(spec.family if spec else "", MELODY)


def tracks_of(sheet: Sheet) -> list[dict[str, Any]]:
    """Tracks of a sheet as the page has them, for music that has no notes to tell them by."""
    names = {info.instrument: info.name for info in sheet.sequence.instrument_infos}
    return [
        {"name": names.get(instrument, ""), "program": program, "drum": is_drum}
        for instrument, is_drum, program in sheet.keys
    ]


def unpack(notes: bytes, tracks: int) -> NDArray[np.float64]:
    """The note table that the page sent.

    Parameters
    ----------
    notes
        Little-endian float32 rows of `score.NOTE_COLUMNS`.
    tracks
        How many tracks there are.

    Raises
    ------
    ConfigError
        What is no table of notes: nothing of it is taken.
    """
    width = len(NOTE_COLUMNS)
    if len(notes) % (4 * width):
        raise ConfigError(f"The page sent {len(notes)} bytes, which are no notes.", "Reload the page.")
    table = np.frombuffer(notes, "<f4").reshape(-1, width).astype(np.float64)
    start, end, pitch, velocity, track = table.T[:5]
    # A pitch that no model takes is refused by the model, with a remedy; here it is kept.
    good = (start >= 0) & (end >= start) & (np.abs(pitch) < 2**15) & (velocity >= 1) & (velocity <= 127)
    good &= (track >= 0) & (track < tracks) & np.isfinite(table).all(1)
    if not good.all():
        bad = dict(zip(NOTE_COLUMNS, table[~good][0].tolist(), strict=True))
        raise ConfigError(f"The page sent a note that cannot be: {bad}.", "Undo, or reload the page.")
    return table


@dataclass(frozen=True)
class Sheet:
    """A piece without its notes: tempos, meters, chords, names; and which track is which instrument.

    Parameters
    ----------
    sequence
        A NoteSequence without notes.
    keys
        (instrument, is_drum, program) of each track of the page's score.
    """

    sequence: NoteSequence
    keys: tuple[Key, ...]

    @classmethod
    def of(cls, sequence: NoteSequence, model: Any) -> Sheet:
        """The sheet of a piece; one without a note has the tracks that the model hears."""
        empty = note_seq().NoteSequence()
        empty.CopyFrom(sequence)
        del empty.notes[:]
        # Steps would contradict the seconds of what is written now.
        empty.ClearField("quantization_info")
        empty.ClearField("total_quantized_steps")
        keys = tuple(sorted(set(track_keys(sequence))))
        return cls(
            empty, keys or tuple((instrument, drum, program) for _, instrument, drum, program in parts_of(model))
        )

    @classmethod
    def from_score(cls, score: dict[str, Any]) -> Sheet:
        """A sheet that has what the page's score says, and nothing else."""
        sequence = note_seq().NoteSequence()
        for quarter, qpm in score["tempos"]:
            sequence.tempos.add(time=float(TempoMap.of(sequence).seconds(quarter)), qpm=qpm)
        tempo = TempoMap.of(sequence)
        for quarter, numerator, denominator in score["meters"]:
            time = float(tempo.seconds(quarter))
            sequence.time_signatures.add(time=time, numerator=int(numerator), denominator=int(denominator))
        keys = []
        for index, track in enumerate(score["tracks"]):
            sequence.instrument_infos.add(instrument=index, name=track["name"])
            keys.append((index, bool(track["drum"]), int(track["program"])))
        return cls(sequence, tuple(keys))

    def written(self, table: NDArray[np.float64], quarters: float) -> NoteSequence:
        """The piece with other notes.

        Parameters
        ----------
        table
            As `unpack` gives it.
        quarters
            Length of the piece.
        """
        sequence = note_seq().NoteSequence()
        sequence.CopyFrom(self.sequence)
        tempo = TempoMap.of(sequence)
        times = tempo.seconds(np.round(table[:, :2], 6))
        for (start, end), (pitch, velocity, track) in zip(
            times.tolist(), table[:, 2:5].round().astype(int).tolist(), strict=True
        ):
            instrument, is_drum, program = self.keys[track]
            sequence.notes.add(
                pitch=pitch,
                velocity=velocity,
                start_time=start,
                end_time=end,
                instrument=instrument,
                is_drum=is_drum,
                program=program,
            )
        sequence.total_time = max(float(tempo.seconds(quarters)), float(times.max(initial=0.0)))
        return sequence

    def indices(self, sequence: NoteSequence) -> list[int]:
        """Where each track of a sequence, one of whose tracks may have lost all notes, stands on this sheet."""
        place = {key: index for index, key in enumerate(self.keys)}
        return [place.get(key, 0) for key in sorted(set(track_keys(sequence)))]


class Sheets:
    """The sheets of all pieces that were shown, by score: an undo goes back to one that is no longer shown."""

    def __init__(self) -> None:
        self._known: dict[str, Sheet] = {}

    def keep(self, score: dict[str, Any], sheet: Sheet) -> None:
        """Remember the sheet of a score."""
        self._known[_name(score)] = sheet
        if len(self._known) > MOST_SHEETS:
            del self._known[next(iter(self._known))]

    def of(self, score: dict[str, Any]) -> Sheet:
        """The sheet of a score that the page shows."""
        return self._known.get(_name(score)) or Sheet.from_score(score)


def _name(score: dict[str, Any]) -> str:
    """What tells scores apart; their length is what a reader may change."""
    rest = [score["tracks"], [[float(x) for x in row] for row in (*score["tempos"], *score["meters"])]]
    return json.dumps(rest, sort_keys=True)
