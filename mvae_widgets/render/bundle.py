"""A drawing as a mime bundle: words, SVG and PNG for places where no widget lives."""

from __future__ import annotations

import base64

from .drawing import Drawing
from .raster import to_png
from .svg import to_svg

__all__ = ["PNG_SCALE", "Bundle", "bundle_of"]

PNG_SCALE = 2
# A picture goes into every notebook that is saved: one of more characters gets few colours, and if that does not
# make it less than the second number, a pixel for each CSS pixel.
MOST_PNG, MOST_REDUCED = 75_000, 120_000
FEW_COLOURS = 256

Bundle = tuple[dict[str, str], dict[str, dict[str, int]]]


def bundle_of(drawing: Drawing) -> Bundle:
    """Write a drawing for a mime bundle."""
    words = f"{drawing.title} ({drawing.description})" if drawing.description else drawing.title
    for settings in ((PNG_SCALE, None), (PNG_SCALE, FEW_COLOURS), (1, FEW_COLOURS)):
        png = base64.b64encode(to_png(drawing, *settings)).decode("ascii")
        if len(png) <= (MOST_PNG if settings[1] is None else MOST_REDUCED):
            break
    data = {"text/plain": words, "image/svg+xml": to_svg(drawing), "image/png": png}
    size = {"width": round(drawing.width), "height": round(drawing.height)}
    return data, {"image/png": size}
