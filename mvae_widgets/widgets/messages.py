"""The message protocol between page and kernel.

The page sends ``{id, channel, op, args}``; the kernel always answers, ``{id, ok: true, result}`` or
``{id, ok: false, error: {code, message, hint}}``, also when Python raised.
"""

from __future__ import annotations

import base64
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from mvae_widgets.errors import ConfigError, MusicVAEError
from mvae_widgets.render import soundfonts

__all__ = ["Answer", "Handler", "answer", "asset", "describe"]

Answer = tuple[dict[str, Any], list[bytes]]
Handler = Callable[..., Answer]

STATIC = Path(__file__).parent.parent / "static"


def answer(handlers: Mapping[str, Handler], content: object) -> Answer | None:
    """Carry out one message of the page.

    Parameters
    ----------
    handlers
        By name of operation; each takes the message's ``args`` as keywords.
    content
        What the page sent.

    Returns
    -------
    tuple or None
        The reply and its buffers; None for what is no request of ours.
    """
    if not isinstance(content, dict) or "id" not in content or "op" not in content:
        return None
    try:
        handler = handlers.get(str(content["op"]))
        if handler is None:
            raise ConfigError(
                f"The kernel knows no operation {content['op']!r}.", "Restart the kernel and run the cell."
            )
        result, buffers = handler(**dict(content.get("args") or {}))
    except Exception as error:
        return {"id": content["id"], "ok": False, "error": describe(error)}, []
    return {"id": content["id"], "ok": True, "result": result}, buffers


def describe(error: Exception) -> dict[str, str]:
    """An exception as the page shows it; one that is not the user's also prints its traceback."""
    if isinstance(error, MusicVAEError):
        return {"code": error.code, "message": error.message, "hint": error.hint}
    traceback.print_exception(error, file=sys.stderr)
    return {
        "code": "internal",
        "message": f"{type(error).__name__}: {error}",
        "hint": "This is a defect of mvae_widgets; the traceback is in the log.",
    }


# Hosts and proxies limit how long a message may be; base64 makes a third more of it.
PIECE = 8_000_000


def asset(name: str, base64: bool = False, start: int = 0) -> Answer:
    """Send a file that the page needs once: the synthesiser, the SoundFont, or the map's WebGL engine.

    Parameters
    ----------
    name
        ``"engine.js"``, ``"soundfont.sf2"`` or ``"scatter_engine.js"``.
    base64
        Whether to send it inside the reply, for hosts where buffers do not arrive.
    start
        Byte from which on it is sent; a long file goes in pieces of `PIECE` bytes.
    """
    path = _path(name)
    data = _read(path, path.stat().st_mtime_ns if path.is_file() else 0)
    piece = data[start : start + PIECE]
    about = {"name": name, "size": len(data), "length": len(piece)}
    return ({**about, "data": _text(piece)}, []) if base64 else (about, [piece])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _path(name: str) -> Path:
    if name in ("engine.js", "scatter_engine.js"):
        return STATIC / name
    if name == "soundfont.sf2":
        # pretty_midi's licence lets nobody vendor it lightly, so it is read where it lies.
        path = soundfonts.path()
        if path is None:
            raise ConfigError("pretty_midi, which brings the SoundFont, is not installed.", "pip install pretty_midi")
        return path
    raise ConfigError(f"There is no file {name!r} to send.")


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path.name}: {error.strerror}.", "Install mvae_widgets again.") from error
