"""Widgets in a bare page, the Python objects of the test behind them: no Jupyter in between, so it is fast."""

from __future__ import annotations

import base64
import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mvae_widgets.widgets.base import MusicWidget

ROOT = Path(__file__).parents[2]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


class BarePage:
    """A page that shows widgets of this process.

    Parameters
    ----------
    page
        A Playwright page.
    dark
        Whether the page is dark.
    """

    def __init__(self, page: Any, dark: bool = False) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[dict[str, Any]] = []
        """What the pages asked of Python, in order: messages and saved traits."""
        self.answering = True
        """Set to False for a kernel that is gone."""
        self._widgets: dict[str, Side] = {}
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        handler = functools.partial(_Quiet, directory=str(ROOT))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        page.expose_function("kernel", self._kernel)
        page.goto(f"http://127.0.0.1:{self._server.server_port}/js/dev/kernel.html")
        page.wait_for_selector("body[data-ready]")
        self.paper(dark)

    def paper(self, dark: bool) -> None:
        """Make the page light or dark."""
        self.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)

    def looks(self, *widths: int, room: int = 0) -> Iterator[tuple[int, str]]:
        """Both themes in several widths, one after another: (width, theme), to be looked at.

        Parameters
        ----------
        widths
            Of the widgets; px.
        room
            Px that the page has beside them.
        """
        for theme in ("light", "dark"):
            self.paper(theme == "dark")
            for width in widths:
                self.page.set_viewport_size({"width": width + room, "height": self.page.viewport_size["height"]})
                painted = "theme => [...document.querySelectorAll('.mv-root')].every(e => e.dataset.theme === theme)"
                self.page.wait_for_function(painted, arg=theme)
                self.page.wait_for_timeout(250)
                yield width, theme

    def show(self, widget: MusicWidget) -> Any:
        """Mount a widget below the others; its root as a locator."""
        name = f"w{len(self._widgets)}"
        side = self._widgets[name] = Side(widget)
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(widget).__name__).lower()
        self.page.evaluate("([id, kind, traits]) => window.show(id, kind, traits)", [name, kind, side.state()])
        root = self.page.locator(f"#{name} .mv-root").first
        root.wait_for()
        return root

    def flush(self) -> None:
        """Bring to the page what Python changed outside an answer to it."""
        for name, side in self._widgets.items():
            self.page.evaluate("([id, told]) => window.models[id].hear(told)", [name, side.told()])

    def close(self) -> None:
        """Stop the server; the page's errors must have been looked at."""
        self.page.context.close()
        self._server.shutdown()
        self._server.server_close()

    def _kernel(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        if not self.answering:
            return {"traits": {}, "messages": []}
        return self._widgets[name].hear(request)


class Side:
    """The kernel side of one widget: what is sent to the page is kept until the page asks."""

    def __init__(self, widget: MusicWidget) -> None:
        self.widget = widget
        self.changed: dict[str, Any] = {}
        self.messages: list[Any] = []
        widget.observe(self._on_change, [name for name in widget.keys if not name.startswith("_model")])
        widget.send = self._send  # type: ignore[method-assign]

    def _on_change(self, change: Any) -> None:
        self.changed[change.name] = _plain(change.new)

    def _send(self, content: object, buffers: list[bytes] | None = None) -> None:
        self.messages.append([content, [base64.b64encode(bytes(b)).decode() for b in buffers or []]])

    def state(self) -> dict[str, Any]:
        skip = {"_esm", "_css", "_dom_classes", "layout", "tabbable", "tooltip", "_anywidget_id"}
        state = {name: getattr(self.widget, name) for name in self.widget.keys if name not in skip}
        return {name: _plain(value) for name, value in state.items() if not name.startswith(("_model", "_view"))}

    def told(self) -> dict[str, Any]:
        told = {"traits": self.changed, "messages": self.messages}
        self.changed, self.messages = {}, []
        return told

    def hear(self, request: dict[str, Any]) -> dict[str, Any]:
        if "message" in request:
            self.widget._on_message(None, request["message"], [])
        else:
            # As ipywidgets does: what the page set is not sent back unless Python made it something else.
            self.widget.set_state({name: _told(value) for name, value in request["traits"].items()})
            for name, value in request["traits"].items():
                if self.changed.get(name) == value:
                    del self.changed[name]
        return self.told()


def _told(value: Any) -> Any:
    """A trait as a host hands it over: bytes are a memoryview."""
    if isinstance(value, dict) and "$bytes" in value:
        return memoryview(base64.b64decode(value["$bytes"]))
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    return list(value) if isinstance(value, tuple) else value
