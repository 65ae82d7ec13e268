"""The piano roll: see a sequence, hear it, edit it, and see what a model would refuse of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.sequences import as_sequence
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.plots import roll_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.roll_edit import Sheet, Sheets, blank, takes_of, tracks_of, unpack
from mvae_widgets.widgets.roll_upload import Upload

__all__ = ["PianoRoll"]


class PianoRoll(MusicWidget):
    """A playable piano roll, and an editor where ``edit`` is true or the reader presses Edit.

    Parameters
    ----------
    sequence
        A NoteSequence, a PrettyMIDI, a Clip, or a path to a file of music; left out, silence to write in,
        as long as the model's input.
    model
        With a model the notes take the colour of their place in its latent space, and what it would
        refuse is marked, in the editor with buttons that mend it. Without one the roll is neutral.
    z
        Place of the music in the model's latent space, ``[z]``; found by encoding if not given.
    **traits
        ``edit``, ``title``, ``subtitle``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    sequence
        What is shown, a NoteSequence; assign another to show it. What a reader edits becomes a new one,
        with everything but the notes as it was; observe it to follow.
    edit
        Whether the roll is an editor; the reader switches it too.

    Notes
    -----
    Where the model hears one note at a time, a note that is drawn or moved wins: the one that still
    sounds where it begins ends there, one that begins while it sounds gives way.
    """

    _esm = STATIC / "piano_roll.js"

    sequence = t.Any()
    edit = t.Bool(False).tag(sync=True)
    # The page writes it too, and a host hands its bytes over as a memoryview.
    _notes = t.Bytes(b"").tag(sync=True, from_json=lambda value, _widget: bytes(value))
    _takes = t.Dict().tag(sync=True)
    # Counts what Python shows: the page tells it from its own edits that a host sends back.
    _revision = t.Int(0).tag(sync=True)
    _place: t.List[float] = t.List(t.Float()).tag(sync=True)
    _refused: t.List[list[float]] = t.List().tag(sync=True)
    _follows: t.List[str] = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, sequence: Any = t.Undefined, model: Codec | None = None, z: Any = None, **traits: Any) -> None:
        if z is not None and model is None:
            raise ConfigError("A z means nothing without its model.", "Pass model= as well.")
        if model is not None:
            check_codec(model)
        self._model = model
        self._z: Any = None
        self._given = {"title", "tempo"} & set(traits)
        self._sheets, self._upload = Sheets(), Upload()
        # Who changes the notes now: nobody, Python, or the page.
        self._writer = ""
        # The notes and the score that both sides know of.
        self._told: tuple[bytes, dict[str, Any]] = (b"", {})
        super().__init__(sequence=blank(model) if sequence is t.Undefined else sequence, **traits)
        self._takes = takes_of(model)
        self._handlers |= {"heard": lambda: ({}, []), "upload": self._uploaded}
        self._show(z)

    @t.validate("sequence")
    def _read_sequence(self, proposal: Any) -> Any:
        return as_sequence(proposal.value)

    def show(self, sequence: Any, z: Any = None) -> None:
        """Show other music, whose place in latent space may be known: what a link calls."""
        self._z = z if self._model is not None else None
        try:
            self.sequence = sequence
        finally:
            self._z = None

    @t.observe("sequence")
    def _sequence_changed(self, change: Any) -> None:
        if change.old is not t.Undefined and hasattr(self, "_shown"):
            with self._showing_errors():
                if self._writer == "page":
                    self._shown = score_of(self.sequence)
                    self._place, self._refused, self._status = self._judge(None)
                else:
                    self._show(self._z)

    @t.observe("_notes", "_score")
    def _page_wrote(self, _change: Any) -> None:
        """Take what the reader edited; both traits come in one message, and the second finds nothing new."""
        told = (self._notes, self._score)
        if self._writer or not hasattr(self, "_shown") or told == self._told:
            return
        self._told, self._writer = told, "page"
        try:
            with self._showing_errors():
                self._sheet = self._sheets.of(self._score)
                table = unpack(self._notes, len(self._sheet.keys))
                self.sequence = self._sheet.written(table, float(self._score["quarters"]))
        finally:
            self._writer = ""

    def _uploaded(self, **piece: Any) -> Answer:
        """Take a piece of a file that was dropped; with the last one it is shown."""
        music = self._upload.take(**piece)
        if music is not None:
            self.sequence = music
        return {"done": music is not None}, []

    def _show(self, z: Any) -> None:
        score = self._shown = score_of(self.sequence)
        self._sheet = Sheet.of(self.sequence, self._model)
        table = score.as_dict()
        if not score.tracks:
            table["tracks"] = tracks_of(self._sheet)
        self._sheets.keep(table, self._sheet)
        with self.hold_sync():
            self._writer = "python"
            try:
                self._score, self._notes = table, pack(score.notes)
                self._revision += 1
            finally:
                self._writer = ""
            self._told = (self._notes, self._score)
            if "title" not in self._given:
                self.title = score.title
            if "tempo" not in self._given:
                self.tempo = min(400.0, max(10.0, score.tempos[0][1]))
            # Neutral first: should the model fail, the music is shown all the same.
            self._place, self._refused, self._status = [], [], {}
            self._place, self._refused, self._status = self._judge(z)

    def _judge(self, z: Any) -> tuple[list[float], list[list[float]], dict[str, str]]:
        """Place, refused notes and status line of the music under the model."""
        if self._model is None:
            return [], [], {}
        clips = self._model.clips(self.sequence)
        # A track whose notes are all deleted stays on the page, and is not among the model's.
        lanes = self._sheet.indices(self.sequence)
        spans = [span for refusal in clips.refused for span in refusal.notes]
        refused = [[start, end, pitch, lanes[track]] for start, end, pitch, track in spans]
        place: list[float] = []
        if self._model.has_places and (z is not None or len(clips)):
            points = _points(z) if z is not None else self._model.encode(clips).numpy()[0]
            # A piece of several clips lies in their middle.
            place = [float(x) for x in self._model.place(points.mean(0, keepdims=True))[0]]
        if not clips.refused:
            return place, refused, {}
        first = clips.refused[0]
        more = f" (and {len(clips.refused) - 1} more)" if len(clips.refused) > 1 else ""
        what = "leaves out" if len(clips) else "takes nothing of this"
        text = f"{self._model.name} {what}: {first.track}, bar {first.bar}, {first.reason}{more}."
        return place, refused, {"kind": "warning", "text": text, "hint": first.remedy}

    def _picture(self) -> Bundle:
        return roll_bundle(
            self._shown,
            place=self._place or None,
            refused=self._refused,
            title=self.title or None,
            subtitle=self.subtitle or None,
        )


def _points(z: Any) -> np.ndarray[Any, Any]:
    try:
        return np.atleast_2d(np.asarray(z, np.float64))
    except (TypeError, ValueError):
        raise ConfigError("This z is not a latent vector.", "Give numbers, [z].") from None
