"""What all widgets share: traits of playing and looking, the answer to messages, the static picture."""

from __future__ import annotations

import base64
import difflib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from mvae_widgets.checks import as_path
from mvae_widgets.errors import ConfigError
from mvae_widgets.music import score as scores
from mvae_widgets.music.sequences import as_sequence
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.widgets import messages
from mvae_widgets.widgets.language import Speaking
from mvae_widgets.widgets.playing import Playing

__all__ = ["STATIC", "MusicWidget", "on_common_tracks", "pack", "score_of"]

STATIC = messages.STATIC
# A drawing of more characters than this is left out of a saved notebook: the pixels say the same.
MOST_SVG = 30_000
# A widget's module is called as its bundle is, in this room.
ROOM = "mvae_widgets.widgets."
# Of the traits, those that are Jupyter's own.
NOT_IN_PAGES = ("_model", "_view", "_esm", "_css", "_dom_classes", "_anywidget", "layout", "tabbable", "tooltip")


class MusicWidget(Speaking, Playing, anywidget.AnyWidget):
    """Base of the widgets.

    Attributes
    ----------
    title, subtitle
        The head line.
    tempo, volume, playing, loop, loop_region, swing, metronome, count_in, mix
        The transport, see `Playing`.
    theme
        ``"auto"`` follows the host; or ``"light"``, ``"dark"``.
    language
        Of its words, see `Speaking`.
    """

    _css = STATIC / "widget.css"
    #: Whether a page of the widget has gestures that decode.
    _decodes = False

    title = t.Unicode("").tag(sync=True)
    subtitle = t.Unicode("").tag(sync=True)
    theme = t.Enum(["auto", "light", "dark"], "auto").tag(sync=True)
    _notes = t.Bytes(b"").tag(sync=True)
    _score = t.Dict().tag(sync=True)
    _status = t.Dict().tag(sync=True)
    # Under which name the page tells the widgets that follow this one.
    _topic = t.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        known = [name for name in self.trait_names() if not name.startswith("_")]
        for name in kwargs:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else ""
                raise ConfigError(f"A {type(self).__name__} takes no {name!r}.", hint)
        try:
            super().__init__(**kwargs)
        except t.TraitError as error:
            raise ConfigError(str(error)) from None
        self._handlers: dict[str, messages.Handler] = {"asset": messages.asset}
        self.on_msg(self._on_message)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a trait; what it does not take is a `ConfigError`, as everywhere in this package."""
        try:
            super().__setattr__(name, value)
        except t.TraitError as error:
            raise ConfigError(str(error)) from None

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        reply = messages.answer(self._handlers, content)
        if reply is not None:
            self.send(reply[0], buffers=reply[1])

    @contextmanager
    def _showing_errors(self) -> Iterator[None]:
        """Show in the widget what goes wrong in a callback; the widget lives on."""
        try:
            yield
        except Exception as error:
            told = messages.describe(error)
            self._tell("error", told["message"], told["hint"])

    def _tell(self, kind: str, text: str, hint: str = "") -> None:
        self._status = {"kind": kind, "text": text, "hint": hint}

    def save_picture(self, path: str | Path) -> Path:
        """Write what the widget shows, without its controls, as SVG or PNG by the path's suffix.

        Raises
        ------
        ConfigError
            For another suffix, or where the file cannot be written.
        """
        path = as_path(path, "The file")
        mime = {".svg": "image/svg+xml", ".png": "image/png"}.get(path.suffix.lower())
        if mime is None:
            raise ConfigError(f"Cannot save a picture as {path.name!r}.", "Use a name that ends in .svg or .png.")
        data = self._picture()[0][mime]
        try:
            path.write_bytes(data.encode() if mime.endswith("xml") else base64.b64decode(data))
        except OSError as error:
            raise ConfigError(f"Cannot write {path}: {error.strerror}.", "Does its folder exist?") from error
        return path

    def to_html(self, path: str | Path, title: str | None = None) -> Path:
        """Write the widget as one HTML file that plays and answers gestures without kernel and network.

        The page holds the music that its gestures may ask for. Where the widget's model has a decoder of less
        than 10 MB it holds that as well, and decodes any place by itself; else it says what only the notebook
        can do. It plays with the built-in sound, and takes theme and language from its reader.

        Parameters
        ----------
        path
            A name that ends in ``.html``.
        title
            Heading of the page; the widget's title if not given.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ConfigError
            For another name, or where the file cannot be written.
        """
        from mvae_widgets.export.page import Page

        model: Any = getattr(self, "_model", None)
        decoder = model.page_decoder() if self._decodes and hasattr(model, "page_decoder") else None
        heading = self.title if title is None else title
        traits = {name: getattr(self, name) for name in self.keys if not name.startswith(NOT_IN_PAGES)}
        module = next(name for name in (c.__module__ for c in type(self).__mro__) if name.startswith(ROOM))
        page = Page(
            kind=module[len(ROOM) :],
            # The heading stands above; the widget's own head line then says what kind of widget it is.
            traits={**traits, "playing": False, "title": "" if heading else self.title},
            data=self._page_data(decoder is not None),
            picture=self._picture()[0],
            title=heading,
            model=getattr(model, "name", ""),
            licence=getattr(model, "weights_licence", ""),
            decoder=decoder,
        )
        return page.write(path)

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        """What a page without a kernel needs beside the traits (`widgets.pages`)."""
        del decodes
        return {}

    @abstractmethod
    def _picture(self) -> Bundle:
        """The widget's music as text, SVG and PNG, and the picture's size."""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget, and a picture of it for notebooks that are read without a kernel."""
        live = super()._repr_mimebundle_(**kwargs)
        if live is None:
            return None
        picture, sizes = self._picture()
        if len(picture["image/svg+xml"]) > MOST_SVG:
            picture = {mime: data for mime, data in picture.items() if mime != "image/svg+xml"}
        return {**live[0], **picture}, {**live[1], **sizes}


def pack(table: np.ndarray[Any, Any]) -> bytes:
    """A note table as the page reads it: little-endian float32 rows of `score.NOTE_COLUMNS`."""
    return np.ascontiguousarray(table, "<f4").tobytes()


def score_of(sequence: Any) -> scores.Score:
    """Any kind of music as a score."""
    return scores.from_sequence(as_sequence(sequence))


def on_common_tracks(list_of_scores: list[scores.Score]) -> list[scores.Score]:
    """The same scores with one list of tracks for all, so that a lane means the same in each.

    Scores of one track each share it, whatever they sound like. Else tracks are the same where instrument
    and kind are; of several alike in a score the first goes with the first, the second with the second.
    Drums come last.
    """
    if all(len(score.tracks) <= 1 for score in list_of_scores):
        tracks = next((score.tracks for score in list_of_scores if score.tracks), ())
        return [replace(score, tracks=tracks) for score in list_of_scores]
    seen: dict[tuple[bool, int, int], scores.Track] = {}
    keys: list[list[tuple[bool, int, int]]] = []
    for score in list_of_scores:
        count: dict[tuple[bool, int], int] = {}
        keys.append([])
        for track in score.tracks:
            kind = (track.is_drum, track.program)
            count[kind] = count.get(kind, 0) + 1
            keys[-1].append((*kind, count[kind]))
            seen.setdefault(keys[-1][-1], track)
    order = sorted(seen, key=lambda key: key[0])
    tracks = tuple(seen[key] for key in order)
    common = []
    for score, own in zip(list_of_scores, keys, strict=True):
        notes = score.notes.copy()
        if own:
            notes[:, 4] = np.array([order.index(key) for key in own])[notes[:, 4].astype(int)]
        common.append(replace(score, notes=notes, tracks=tracks))
    return common
