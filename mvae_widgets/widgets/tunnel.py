"""A widget inside a widget: its messages go through the comm of the one that holds it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from mvae_widgets.widgets.studio_deeds import Deeds

__all__ = ["Tunnel", "unpacked"]

Message = Mapping[str, Any]
Listener = Callable[[Message], None]

#: What passes; a host's echo of what the page itself wrote does not.
PASSES = ("update", "custom")


class Tunnel:
    """A comm for one part of a Studio, which opens none of its own.

    ipywidgets takes it as ``comm=`` and then asks no host for one, so that the part is a full widget in Python and
    nothing but messages of the Studio in the page: ``{part, method, ...}``, either way.

    Parameters
    ----------
    studio
        Whose messages carry the part's.
    name
        Of the part.
    """

    def __init__(self, studio: Deeds, name: str) -> None:
        self.comm_id = uuid4().hex
        self._studio, self._name = studio, name
        self._listener: Listener | None = None

    def send(self, data: Any = None, metadata: Any = None, buffers: list[Any] | None = None, **_keys: Any) -> None:
        """Send what the part says, as part of what the Studio says; before a page is open nobody hears it."""
        del metadata
        if self._studio.is_open and data and data.get("method") in PASSES:
            self._studio.send({"part": self._name, **data}, buffers=buffers)

    def receive(self, content: Message, buffers: Any) -> None:
        """Give the part what its page says.

        Parameters
        ----------
        content
            ``{part, method, ...}`` as ipywidgets' own messages; bytes in ``state`` may be ``{"$bytes": base64}``.
        buffers
            What came beside it.
        """
        if self._listener is not None and content.get("method") in PASSES:
            data = {**content, "state": unpacked(content["state"])} if "state" in content else dict(content)
            self._listener({"content": {"data": data}, "buffers": buffers or []})

    def on_msg(self, listener: Listener) -> None:
        """Name who is given the messages."""
        self._listener = listener

    def on_close(self, listener: Listener) -> None:
        """Nothing closes before the Studio does."""

    def close(self, *_args: Any, **_keys: Any) -> None:
        """Stop listening."""
        self._listener = None


def unpacked(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state whose bytes came as base64, with bytes."""
    return {
        name: base64.b64decode(value["$bytes"]) if isinstance(value, dict) and "$bytes" in value else value
        for name, value in state.items()
    }
