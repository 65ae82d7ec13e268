"""A page for a Studio's tests: it holds what the kernel told it, and speaks as a page does."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

import mvae_widgets as mv

#: Traits of parts that a host knows and a page of a part does not.
HOSTS = ("_model", "_view", "_esm", "_css", "_dom_classes", "_anywidget", "layout", "tabbable", "tooltip")


class FakePage:
    """The front end of one Studio.

    ``parts`` holds each part's state as the messages built it up, so that a test can ask whether the page knows
    what the kernel knows.
    """

    def __init__(self, studio: mv.Studio) -> None:
        self.studio = studio
        self.parts: dict[str, dict[str, Any]] = {}
        self.replies: list[tuple[dict[str, Any], list[bytes]]] = []
        self.customs: list[tuple[str, dict[str, Any]]] = []
        studio.send = self._heard  # type: ignore[method-assign]
        self._id = 0

    def _heard(self, content: dict[str, Any], buffers: Any = None) -> None:
        if "part" not in content:
            self.replies.append((content, list(buffers or [])))
        elif content["method"] == "custom":
            self.customs.append((content["part"], content["content"]))
        else:
            state = _as_json(content["state"])
            for path, data in zip(content["buffer_paths"], buffers or [], strict=True):
                assert len(path) == 1
                state[path[0]] = bytes(data)
            self.parts.setdefault(content["part"], {}).update(state)

    def ask(self, op: str, **args: Any) -> dict[str, Any]:
        """Ask for an operation; its answer."""
        self._id += 1
        message = {"id": self._id, "channel": "studio", "op": op, "args": args}
        self.studio._on_message(self.studio, message, [])
        reply, buffers = self.replies[-1]
        assert reply["id"] == self._id
        return {**reply, "buffers": buffers}

    def do(self, op: str, **args: Any) -> dict[str, Any]:
        """Ask, and expect that it is done; the result."""
        reply = self.ask(op, **args)
        assert reply["ok"], reply
        return {**reply["result"], "buffers": reply["buffers"]}

    def write(self, part: str, **traits: Any) -> None:
        """Write traits of a part, bytes as pages send them."""
        state = {
            name: {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
            for name, value in traits.items()
        }
        self.studio._on_message(self.studio, {"part": part, "method": "update", "state": state, "buffer_paths": []}, [])
        self.parts.setdefault(part, {}).update(traits)

    def call(self, part: str, op: str, **args: Any) -> dict[str, Any]:
        """Ask a part for one of its operations; the result."""
        self._id += 1
        content = {"id": self._id, "channel": op, "op": op, "args": args}
        self.studio._on_message(self.studio, {"part": part, "method": "custom", "content": content}, [])
        name, reply = self.customs[-1]
        assert name == part
        assert reply["id"] == self._id
        assert reply["ok"], reply
        return dict(reply["result"])

    def edit(self, rows: Any) -> None:
        """Change the notes in the roll."""
        self.write("roll", _notes=np.asarray(rows, "<f4").reshape(-1, 7).tobytes())

    def notes(self) -> np.ndarray[Any, Any]:
        """The notes in the roll."""
        return np.frombuffer(self.studio.roll._notes, "<f4").reshape(-1, 7)


def told(part: Any) -> dict[str, Any]:
    """Everything of a part that its page is told."""
    return {name: _as_json(value) for name, value in part.get_state().items() if not name.startswith(HOSTS)}


def _as_json(value: Any) -> Any:
    """As a message carries it, which knows no tuples."""
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value


def onsets(sequence: Any, qpm: float) -> list[tuple[float, int]]:
    """(quarter, pitch) of each note, sorted."""
    return sorted((round(note.start_time * qpm / 60, 4), note.pitch) for note in sequence.notes)
