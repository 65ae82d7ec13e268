"""What a Studio writes and reads: MIDI, sound, pictures and sessions."""

from __future__ import annotations

import base64 as b64
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mvae_widgets.checks import as_path
from mvae_widgets.errors import ConfigError, MusicVAEError
from mvae_widgets.export.session import Session, check_model, damaged, model_of
from mvae_widgets.music.io import write
from mvae_widgets.music.midi import dump
from mvae_widgets.music.mixing import STRAIGHT, as_heard
from mvae_widgets.music.score import from_sequence
from mvae_widgets.render.audio import to_wav
from mvae_widgets.widgets.messages import PIECE, Answer
from mvae_widgets.widgets.roll_upload import Upload
from mvae_widgets.widgets.studio_deeds import LOOKS, Deeds
from mvae_widgets.widgets.studio_session import corpus_in, desk_in, put_desk, put_part, take_part
from mvae_widgets.widgets.studio_tray import sequence_of

if TYPE_CHECKING:
    from mvae_widgets.widgets.codec import Codec

__all__ = ["Files"]

MIMES = {
    "midi": ("mid", "audio/midi"),
    "wav": ("wav", "audio/wav"),
    "png": ("png", "image/png"),
    "svg": ("svg", "image/svg+xml"),
    "session": ("mvae", "application/zip"),
}
#: Bytes of a session that is dropped on a page.
MOST = 64 * 2**20


class Files(Deeds):
    """A Studio's files."""

    def __init__(self, model: Codec, music: Any = None, corpus: Any = None, **traits: Any) -> None:
        super().__init__(model, music, corpus, **traits)
        self._upload = Upload(lambda data, name: (data, name), MOST, "Open it in Python: Studio.load(path).")
        self._exported: tuple[str, bytes] = ("", b"")
        self._handlers |= {"export": self._export_op, "load": self._load_op}

    def save(self, path: str | Path) -> Path:
        """Write a session: everything that is in the Studio, for `load`.

        Raises
        ------
        MusicVAEError
            If the file cannot be written.
        """
        return self._session().write(as_path(path, "The session"))

    @classmethod
    def load(cls, path: str | Path, model: Codec | None = None) -> Self:
        """Open a session that `save` wrote; undo begins there.

        Parameters
        ----------
        path
            The file.
        model
            The model that it was made with; loaded by its name if not given, which goes for built-in and published
            models.

        Raises
        ------
        ReadError
            If there is no such file, or it is no session, of a later version, or damaged.
        ConfigError
            If the model is another, or cannot be loaded by name.
        """
        path = as_path(path, "The session")
        session = Session.read(path)
        model = _model(session, path) if model is None else model
        check_model(session, model, f"'{path}'")
        try:
            corpus = corpus_in(session, model)
        except Exception as error:
            raise damaged(f"'{path}'", error) from error
        studio = cls(model, corpus=corpus)
        studio._take_session(session, f"'{path}'")
        studio._begin()
        return studio

    def save_midi(self, path: str | Path) -> Path:
        """Write the song as a MIDI file, as `mix` and `swing` let it be heard; without a song, the current clip."""
        return write(self._music, path)

    def save_wav(self, path: str | Path) -> Path:
        """Write the same as sound: WAV, 16 bits, stereo."""
        path = as_path(path, "The file")
        to_wav(self._music, path)
        return path

    @property
    def _music(self) -> Any:
        """The song, or the current clip, as it is heard."""
        plain = not any(self.mix) and self.swing == STRAIGHT
        if plain:
            return self.sequence if self.song is None else self.song
        score = from_sequence(self.sequence) if self._song is None else self._song
        qpm = score.tempos[0][1] if self._song is None else self.tempo
        return sequence_of(as_heard(score, self.mix, self.swing), qpm, self.title)

    def _export_op(self, what: str, start: int = 0, base64: bool = False) -> Answer:
        """Send a file, or a piece of the one that was made when its first piece was asked for."""
        if what not in MIMES:
            raise ConfigError(f"There is no export {what!r}.", f"There are: {', '.join(MIMES)}.")
        if start == 0 or self._exported[0] != what:
            self._exported = (what, self._bytes_of(what))
        data = self._exported[1]
        piece = data[start : start + PIECE]
        suffix, mime = MIMES[what]
        about = {"name": f"{self._file_name}.{suffix}", "mime": mime, "size": len(data), "length": len(piece)}
        if start + len(piece) >= len(data):
            self._exported = ("", b"")
        return ({**about, "data": b64.b64encode(piece).decode()}, []) if base64 else (about, [piece])

    @property
    def _file_name(self) -> str:
        kept = "".join(c if c.isalnum() or c in " -_" else " " for c in self.title)
        return " ".join(kept.split())[:60] or "studio"

    def _bytes_of(self, what: str) -> bytes:
        if what == "midi":
            return dump(self._music)
        if what == "wav":
            return to_wav(self._music)
        if what == "session":
            return self._session().to_bytes()
        data = self._picture()[0][MIMES[what][1]]
        return data.encode() if what == "svg" else b64.b64decode(data)

    def _load_op(self, **piece: Any) -> Answer:
        """Take a piece of a session that was dropped; with the last one it is opened. It can be undone."""
        whole = self._upload.take(**piece)
        if whole is None:
            return {"done": False}, []
        data, name = whole
        session = Session.from_bytes(data, f"'{name}'")
        check_model(session, self._model, f"'{name}'")
        with self._deed("studio", "load"):
            self._take_session(session, f"'{name}'")
        return {"done": True}, []

    def _session(self) -> Session:
        session = Session(model_of(self._model))
        session.tree = {
            "studio": {name: getattr(self, name) for name in LOOKS},
            "parts": {name: put_part(session, name, part) for name, part in self.parts.items()},
            "next": self._next,
            **put_desk(session, self._desk),
        }
        return session

    def _take_session(self, session: Session, name: str) -> None:
        """Become what a session holds; where anything of it is wrong, nothing changes."""
        before = self._moment()
        self._history.renew(before)
        busy, self._busy = self._busy, True
        try:
            desk = desk_in(session, session.tree, self._model)
            self._look(session.tree["studio"])
            for part in self.parts:
                if part in session.tree["parts"]:
                    take_part(session, part, self.parts[part], self._model, desk)
            self._next = max([self._next, int(session.tree["next"]), *(clip.id + 1 for clip in desk.kept)])
            self._desk = replace(desk, session=self._desk.session + 1)
        except Exception as error:
            self._look(before.looks)
            self._return(before)
            raise damaged(name, error) from error
        finally:
            self._busy = busy
        self._lay_out()


def _model(session: Session, path: Path) -> Any:
    """The model that a session names. A name, never a path: a file must not say what else is to be opened."""
    from mvae_widgets import load, models

    name = session.model["name"]
    if name not in {model.name for model in models()}:
        raise ConfigError(f"'{path}' was made with {name}, which no name loads.", "Give it: Studio.load(path, model).")
    try:
        return load(name)
    except MusicVAEError as error:
        raise type(error)(f"'{path}' was made with {name}. {error.message}", error.hint) from error
