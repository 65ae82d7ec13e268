"""A widget as one HTML file that plays and answers without a kernel and without a network.

The file holds the widget's traits, what its page would have asked of the kernel, and for small models the
decoder itself. The program is static/page.js (js/src/widgets/page.ts); nothing is fetched, and the page's own
policy forbids it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets import __version__
from mvae_widgets.checks import as_path
from mvae_widgets.errors import ConfigError

__all__ = ["Page"]

STATIC = Path(__file__).parent.parent / "static"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="mvae_widgets {version}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{styles}</style>
</head>
<body>
<main></main>
<noscript><img class="mv-page-picture" alt="{words}" src="data:image/png;base64,{picture}"></noscript>
<script type="application/json" id="mv-file">{file}</script>
{worker}
<script>{program}</script>
</body>
</html>
"""
_WORKER = '<script type="text/plain" id="mv-worker">{program}</script>'


@dataclass(frozen=True)
class Page:
    """What the page of a widget is made of.

    Parameters
    ----------
    kind
        Name of the widget's bundle, such as ``"latent_scatter"``.
    traits
        Its state.
    data
        What its page asks of the kernel (`widgets.pages`).
    picture
        A picture by mime type, for readers without scripts.
    title
        Heading; none if empty.
    model, licence
        Whose music this is, and the licence of its weights.
    decoder
        What `MusicVAE.page_decoder` gives.
    """

    kind: str
    traits: Mapping[str, Any]
    data: Mapping[str, Any]
    picture: Mapping[str, Any]
    title: str = ""
    model: str = ""
    licence: str = ""
    decoder: Mapping[str, Any] | None = None

    def html(self) -> str:
        """The page as HTML."""
        program = _script(_asset("page.js"))
        worker = _WORKER.format(program=_script(_asset("page_worker.js"))) if self.decoder else ""
        words = str(self.picture.get("text/plain", ""))
        file = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "picture"}
        told = _plain({**file, "version": __version__})
        return _PAGE.format(
            policy=_policy(program, bool(self.decoder)),
            version=__version__,
            title=html.escape(self.title or words or "mvae_widgets"),
            styles=_asset("studio.css" if self.kind == "studio" else "widget.css") + _asset("page.css"),
            words=html.escape(words),
            picture=self.picture.get("image/png", ""),
            # No tag can begin in a text without this character.
            file=json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
            worker=worker,
            program=program,
        )

    def write(self, path: str | Path) -> Path:
        """Write the page.

        Raises
        ------
        ConfigError
            If the name does not end in .html, or the file cannot be written.
        """
        path = as_path(path, "The page")
        if path.suffix.lower() not in (".html", ".htm"):
            raise ConfigError(f"A page cannot be called {path.name!r}.", "Use a name that ends in .html.")
        made = self.html()
        try:
            path.write_text(made, "utf-8")
        except OSError as error:
            raise ConfigError(f"Cannot write {path}: {error.strerror}.", "Does its folder exist?") from error
        return path


def _policy(program: str, worker: bool) -> str:
    """Nothing from elsewhere, and no program but the page's own."""
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        f"script-src 'sha256-{digest}'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "media-src data: blob:",
        f"worker-src {'blob:' if worker else chr(39) + 'none' + chr(39)}",
        "form-action 'none'",
        "base-uri 'none'",
    ]
    return "; ".join(rules)


def _asset(name: str) -> str:
    try:
        return (STATIC / name).read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {name}: {error.strerror}.", "Install mvae_widgets again.") from error


def _script(text: str) -> str:
    """A program that cannot end, or comment out, the script element it stands in."""
    return text.replace("</", "<\\/").replace("<!--", "<\\u0021--")


def _plain(value: Any) -> Any:
    """Anything of a widget as JSON has it: bytes as base64, and None where there is no number."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
