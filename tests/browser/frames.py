"""Widgets in frames as hard hosts make them: every output a cross-origin frame of its own, under a strict policy.

What Colab and VS Code are documented to do, put together at its strictest (docs/hosts.md). The outer page only
passes messages on. A frame has an opaque origin (no storage, no way to the page around it or the frames beside it),
loads nothing from anywhere and evaluates no text as code; binary buffers arrive as ``Uint8Array`` views into a larger
buffer; there is no sound without a click in that frame.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mvae_widgets.widgets.base import MusicWidget
from tests.browser.bare import Side

STATIC = Path(__file__).parents[2] / "mvae_widgets" / "static"
HOST = "http://host.test/"
# The widget's own code is imported from a blob, as anywidget does it on every host.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:; "
    "worker-src blob:; connect-src 'none'; font-src 'none'"
)

OUTER = """<!doctype html><html lang="en"><title>A host of frames</title><meta charset="utf-8">
<link rel="icon" href="data:,"><body style="margin:0"><script>
window.ready = {}, window.said = {};
addEventListener("message", async ({ source, data }) => {
  const frame = [...document.querySelectorAll("iframe")].find((f) => f.contentWindow === source);
  if (data.ready) window.ready[frame.id] = true;
  else if (data.said) window.said[frame.id] = data.said;
  else if (data.height) frame.style.height = `${data.height}px`;
  else if (data.ask) source.postMessage({ told: await window.kernel(frame.id, data.ask), call: data.call }, "*");
});
// What Python says by itself comes as it does from a kernel: with no click behind it.
setInterval(async () => {
  for (const { id, contentWindow } of Object.keys(window.ready).map((id) => document.getElementById(id)))
    contentWindow.postMessage({ told: await window.kernel(id, null) }, "*");
}, 100);
</script>"""

INNER = """<!doctype html><html lang="en"><title>An output</title><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$POLICY">
<style>$CSS</style><body class="$BODY" style="margin: 8px; background: $PAPER"><main id="here"></main>
<script type="module">
const traits = $TRAITS, source = $SOURCE;
// Uint8Array, and not at the start of its buffer: a reader that forgets byteOffset reads other bytes.
const bytes = (text) => {
  const raw = atob(text), room = new Uint8Array(raw.length + 24).fill(255);
  for (let i = 0; i < raw.length; i++) room[i + 12] = raw.charCodeAt(i);
  return room.subarray(12, 12 + raw.length);
};
const plain = (value) => (value?.$bytes !== undefined ? bytes(value.$bytes) : value);
const state = Object.fromEntries(Object.entries(traits).map(([name, value]) => [name, plain(value)]));
const dirty = new Set(), listeners = new Map(), waiting = new Map();
let calls = 0;
const emit = (event, ...values) => { for (const l of [...(listeners.get(event) ?? [])]) l(...values); };
const hear = ({ traits, messages }) => {
  for (const [name, value] of Object.entries(traits)) {
    state[name] = plain(value);
    emit(`change:${name}`, model, state[name]);
  }
  for (const [content, buffers] of messages) emit("msg:custom", content, buffers.map(bytes));
};
const ask = (request) => parent.postMessage({ ask: request, call: ++calls }, "*");
const model = {
  get: (name) => state[name],
  set: (name, value) => {
    if (state[name] === value) return;
    state[name] = value;
    dirty.add(name);
    emit(`change:${name}`, model, value);
  },
  save_changes: () => {
    ask({ traits: Object.fromEntries([...dirty].map((name) => [name, state[name]])) });
    dirty.clear();
  },
  send: (message) => ask({ message }),
  on: (event, l) => listeners.set(event, [...(listeners.get(event) ?? []), l]),
  off: (event, l) => listeners.set(event, (listeners.get(event) ?? []).filter((item) => item !== l)),
};
addEventListener("message", ({ data }) => data.told && hear(data.told));
const widget = (await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))).default();
widget.initialize({ model });
widget.render({ model, el: document.querySelector("#here") });
const tall = () => parent.postMessage({ height: document.documentElement.scrollHeight }, "*");
new ResizeObserver(tall).observe(document.body);
const status = document.querySelector(".mv-status");
new MutationObserver(() => parent.postMessage({ said: status.textContent }, "*")).observe(status, { childList: true });
tall();
parent.postMessage({ ready: true }, "*");
</script>"""


class FramedPage:
    """A page in which every widget of this process has a frame, and an origin, of its own.

    Parameters
    ----------
    page
        A Playwright page.
    body
        Classes of each frame's body, as the host sets them.
    paper
        Its background.
    policy
        Its content security policy.
    """

    def __init__(self, page: Any, body: str = "", paper: str = "#fff", policy: str = POLICY) -> None:
        self.page, self._body, self._paper, self._policy = page, body, paper, policy
        self.errors: list[str] = []
        self.refused: list[str] = []
        """What the policy forbade: no error of ours as long as the widget lives without."""
        self.requests: list[str] = []
        self._sides: dict[str, Side] = {}
        self._documents: dict[str, str] = {}
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.on("request", lambda request: self.requests.append(request.url))
        page.route("**/*", self._serve)
        page.expose_function("kernel", self._kernel)
        page.goto(HOST)

    @property
    def addresses(self) -> list[str]:
        """Of the page and its frames."""
        return [HOST, *self._documents]

    def show(self, widget: MusicWidget) -> Any:
        """Mount a widget in a frame below the others; its root as a locator."""
        name = self.open(widget)
        # A browser draws few frames for what is out of sight.
        self.page.locator(f"#{name}").scroll_into_view_if_needed()
        root = self.page.frame_locator(f"#{name}").locator(".mv-root").first
        root.wait_for()
        return root

    def open(self, widget: MusicWidget) -> str:
        """Mount a widget without touching its frame, which Playwright's locators do with a user's authority."""
        name = f"w{len(self._sides)}"
        side = self._sides[name] = Side(widget)
        address = f"http://{name}.output.test/"
        self._documents[address] = self._document(widget, side)
        self.page.evaluate(
            "([id, src]) => { const f = document.createElement('iframe');"
            "Object.assign(f, { id, src, title: id }); f.sandbox = 'allow-scripts';"
            "f.style = 'display:block;width:100%;border:0'; document.body.append(f); }",
            [name, address],
        )
        self.page.wait_for_function("id => window.ready[id]", arg=name)
        return name

    def _document(self, widget: MusicWidget, side: Side) -> str:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(widget).__name__).lower()
        parts = {
            "POLICY": self._policy,
            "CSS": (STATIC / "studio.css").read_text(),
            "BODY": self._body,
            "PAPER": self._paper,
            "TRAITS": json.dumps(side.state()).replace("<", "\\u003c"),
            "SOURCE": json.dumps((STATIC / f"{kind}.js").read_text()).replace("<", "\\u003c"),
        }
        return re.sub(r"\$(POLICY|CSS|BODY|PAPER|TRAITS|SOURCE)\b", lambda match: parts[match[1]], INNER)

    def _serve(self, route: Any) -> None:
        address = route.request.url
        body = OUTER if address == HOST else self._documents.get(address)
        if body is None:
            route.abort()
        else:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

    def _on_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)
        elif message.type == "error":
            self.errors.append(message.text)

    def _kernel(self, name: str, request: dict[str, Any] | None) -> dict[str, Any]:
        side = self._sides[name]
        return side.told() if request is None else side.hear(request)
