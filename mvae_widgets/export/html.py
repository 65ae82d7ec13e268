"""A notebook as one HTML file that shows its music anywhere, also with the network off.

nbconvert's own HTML loads require.js, MathJax and the widget manager from CDNs and shows a widget's
place empty where they cannot be reached. `StaticHTMLExporter` (``jupyter nbconvert --to mvae``) shows
the pictures that the widgets left in the notebook, and its page asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters.html import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool, default
from traitlets.config import Config

if TYPE_CHECKING:
    # nbconvert and nbformat have no types.
    Notebook = Any
    Cell = Any
    Output = Any
    Resources = Any

__all__ = ["StaticHTMLExporter", "StaticPicturePreprocessor"]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: The browser is told to fetch nothing, whatever the notebook's own outputs hold. Scripts that are
#: inside the page may run (a plot that was embedded whole still works).
CONTENT_POLICY = (
    "default-src 'none'; img-src data: blob:; media-src data: blob:; font-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; "
    "connect-src data: blob:; form-action 'none'; base-uri 'none'"
)

_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title>", re.DOTALL)
# Parts of an output's HTML that would fetch something from elsewhere.
_REMOTE = r"""\s*=\s*["']?\s*(?:https?:)?//"""
_REMOTE_SCRIPT = re.compile(rf"<script\b[^>]*\bsrc{_REMOTE}[^>]*>.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_REMOTE_IMAGE = re.compile(rf"<img\b[^>]*\bsrc{_REMOTE}[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*["']([^"']*)""", re.IGNORECASE)
_REMOTE_LINK = re.compile(rf"<link\b[^>]*\bhref{_REMOTE}[^>]*>", re.IGNORECASE)


class StaticPicturePreprocessor(Preprocessor):
    """Put a widget's static picture in the widget's place.

    Where a bundle holds a widget view beside a picture (SVG, PNG or HTML), the view is dropped, so
    that every later step shows the picture; where it holds only text, the text stays. The saved state
    of the widgets is dropped too: nothing on a static page reads it. The notebook that was given is
    not changed. Other exporters take it too:
    ``--to slides --SlidesExporter.preprocessors=mvae_widgets.export.html.StaticPicturePreprocessor``.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """Treat every output, then the notebook's metadata."""
        nb, resources = super().preprocess(deepcopy(nb), resources)  # type: ignore[no-untyped-call]
        nb.metadata.pop("widgets", None)
        return nb, resources

    def preprocess_cell(self, cell: Cell, resources: Resources, index: int) -> tuple[Cell, Resources]:
        """Drop the views of one cell's outputs, and the outputs that were nothing else."""
        del index
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _without_view(output)]
        return cell, resources


class StaticHTMLExporter(HTMLExporter):
    """Exports a notebook as HTML that makes no request at all.

    Pictures stand in the place of widgets; widgets without one become their text. TeX is left as it
    was written. Scripts, styles, images and fonts from elsewhere, which an output or a text cell may
    name, are not fetched.
    """

    export_from_notebook = "HTML without network (mvae_widgets)"

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Give the filters of the template."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "svg_title", svg_title

    @property
    def default_config(self) -> Config:
        """The preprocessor is on, and neither widget views nor bare scripts are shown."""
        config = Config(
            {
                "HTMLExporter": {"embed_images": True, "skip_svg_encoding": False},
                "NbConvertBase": {
                    "display_data_priority": [
                        "text/html",
                        "text/markdown",
                        "image/svg+xml",
                        "text/latex",
                        "image/png",
                        "image/jpeg",
                        "text/vnd.mermaid",
                        "text/plain",
                    ]
                },
                "StaticPicturePreprocessor": {"enabled": True},
            }
        )
        merged: Config = super().default_config.copy()
        merged.merge(config)
        return merged

    @default("template_name")
    def _template_name_default(self) -> str:
        return "mvae"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(Path.cwd()), str(Path(__file__).parent / "templates")]

    def from_notebook_node(self, nb: Notebook, resources: Resources = None, **kwargs: Any) -> Any:
        """Export; pictures from elsewhere, such as badges, become their words."""
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        return _REMOTE_IMAGE.sub(_words_of_image, page), resources

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        self.register_preprocessor(StaticPicturePreprocessor, enabled=True)  # type: ignore[no-untyped-call]

    def _init_resources(self, resources: Resources) -> Resources:
        resources = super()._init_resources(resources)  # type: ignore[no-untyped-call]
        resources["content_policy"] = CONTENT_POLICY
        return resources


def svg_title(svg: str | Iterable[str]) -> str:
    """Give the words that describe an SVG picture: its title."""
    text = svg if isinstance(svg, str) else "".join(svg)
    found = _TITLE.search(text)
    return unescape(found.group(1)).strip() if found else "Picture"


def _words_of_image(image: re.Match[str]) -> str:
    found = _ALT.search(image.group())
    return found.group(1) if found else ""


def _without_view(output: Output) -> bool:
    """Make an output static, in place; False when nothing of it is left."""
    if output.output_type not in ("display_data", "execute_result"):
        return True
    data = output.data
    if "text/html" in data:
        html = data["text/html"]
        html = html if isinstance(html, str) else "".join(html)
        data["text/html"] = _REMOTE_LINK.sub("", _REMOTE_SCRIPT.sub("", html))
    if WIDGET_VIEW in data:
        del data[WIDGET_VIEW]
        if "image/svg+xml" in data or "image/png" in data:
            data.pop("text/html", None)
    return bool(data)
