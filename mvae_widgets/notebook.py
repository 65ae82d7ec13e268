"""The notebook extension: ``%load_ext mvae_widgets``.

A NoteSequence or a PrettyMIDI object that ends a cell is shown as a piano roll with a player instead
of pages of text, and ``%%abc`` reads a tune that is written in the cell.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from .errors import MusicVAEError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    NoteSequence = Any
    Music = Any  # NoteSequence or PrettyMIDI
    MimeTypes = Any
    Formatter = Any

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

#: What is shown, by module and class name: neither package is imported before its user does it.
SHOWN = (
    ("note_seq.protobuf.music_pb2", "NoteSequence"),
    ("pretty_midi.pretty_midi", "PrettyMIDI"),
)

Bundle = tuple[dict[str, Any], dict[str, Any]]


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Show NoteSequence and PrettyMIDI as piano rolls, and define the magic ``%%abc``."""
    formatter = _formatter(ip)
    if formatter is not None:
        for module, name in SHOWN:
            formatter.for_type_by_name(module, name, _Show(ip))
    ip.register_magic_function(_Abc(ip), magic_kind="cell", magic_name="abc")  # type: ignore[call-arg,arg-type]


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take back what `load_ipython_extension` did."""
    formatter = _formatter(ip)
    if formatter is not None:
        for module, name in SHOWN:
            formatter.pop(f"{module}.{name}", None)
    ip.magics_manager.magics["cell"].pop("abc", None)


def _formatter(ip: InteractiveShell) -> Formatter | None:
    return getattr(ip.display_formatter, "mimebundle_formatter", None)


class _Show:
    """Makes the mime bundle of an object of one of the types in `SHOWN`."""

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip

    def __call__(self, music: Music, include: MimeTypes = None, exclude: MimeTypes = None) -> Bundle | None:
        """Give the bundle of a piano roll; of its pictures if there is no widget; None for plain text.

        Nothing is raised: a display that fails would hide the result that it should show.
        """
        if getattr(self.ip.display_formatter, "active_types", None) == ["text/plain"]:
            return None  # a terminal shows no pictures
        for make in (_widget_bundle, _picture_bundle):
            try:
                return make(music, include, exclude)
            except Exception as error:
                self.ip.log.debug("mvae_widgets: no %s: %r", make.__name__, error)
        return None


class _Abc:
    """The cell magic ``%%abc [name]``: reads the cell as a tune in ABC notation and shows it.

    The tune's NoteSequence is the cell's result; with a name it is bound to that name as well. A tune
    that cannot be read gives one line that says why.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip
        self.__doc__ = type(self).__doc__

    def __call__(self, line: str, cell: str) -> NoteSequence:
        """Read the cell; `line` is what stands after ``%%abc``."""
        from IPython.core.error import UsageError

        name = line.strip()
        if name and (not name.isidentifier() or keyword.iskeyword(name)):
            raise UsageError(f"%%abc: {name!r} is no variable name. Write %%abc, or %%abc tune.")
        if not cell.strip():
            raise UsageError("%%abc: the cell is empty. Write a tune in ABC notation below the first line.")
        if not re.search(r"^[XK]:", cell, re.MULTILINE):
            raise UsageError("%%abc: this tune has no header. Begin it with its key on a line of its own, as K:C.")
        from .music import io

        try:
            sequence = io.read(cell.encode("utf-8"))
        except MusicVAEError as error:
            text = " ".join(str(error).replace("the given bytes", "this tune").split())
            raise UsageError(f"%%abc: {text}") from None
        if name:
            self.ip.push({name: sequence})  # type: ignore[no-untyped-call]
        return sequence


def _widget_bundle(music: Music, include: MimeTypes, exclude: MimeTypes) -> Bundle:
    from .widgets.piano_roll import PianoRoll

    bundle = PianoRoll(music)._repr_mimebundle_(include=include, exclude=exclude)
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    if not data:
        raise ValueError("the widget has no representation")
    return dict(data), dict(metadata)


def _picture_bundle(music: Music, include: MimeTypes, exclude: MimeTypes) -> Bundle:
    from .music.score import from_sequence
    from .render.plots import roll_bundle

    if type(music).__name__ == "PrettyMIDI":
        from note_seq import midi_io

        music = midi_io.midi_to_note_sequence(music)
    data, metadata = roll_bundle(from_sequence(music))
    wanted = {k: v for k, v in data.items() if (not include or k in include) and k not in (exclude or ())}
    return wanted, {k: v for k, v in metadata.items() if k in wanted}
