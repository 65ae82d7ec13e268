"""A matrix of signed numbers as a picture: ink on paper, and readable in print (look/LOOK.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..colour import Theme
from ..errors import ConfigError
from .drawing import Drawing, Line, Rect, fit
from .raster import to_png
from .roll import check_theme
from .svg import to_svg

__all__ = ["matrix_drawing", "matrix_png", "matrix_svg"]

CELL_W, CELL_H = 92.0, 52.0
LABELS = 132.0
MARGIN = 16.0
HEAD = 92.0
MOST, LEAST = 19.0, 2.5  # smaller squares would not show whether they are hollow
PNG_SCALE = 2


def matrix_drawing(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Any,
    margins: Any = None,
    *,
    title: str,
    subtitle: str = "",
    scales: Any = None,
    theme: Theme = "light",
) -> Drawing:
    """Draw a matrix: in each cell a square whose area is the size of the number, and the number.

    A solid square is more, a hollow one is less, so that the sign can be seen without colour.

    Parameters
    ----------
    rows, columns
        Their names.
    values, margins
        ``[rows, columns]``: the numbers, and how far they may be off. NaN leaves a cell empty.
    title, subtitle
        Words of the head.
    scales
        ``[columns]``: the number that gets the largest square; by default the largest of each column.
    theme
        ``"light"`` or ``"dark"``.

    Raises
    ------
    ConfigError
        If the numbers do not fit the names.
    """
    numbers = np.asarray(values, np.float64)
    shape = (len(rows), len(columns))
    if numbers.shape != shape or (margins is not None and np.shape(margins) != shape):
        raise ConfigError(f"A matrix of shape {numbers.shape} does not fit {shape[0]} rows and {shape[1]} columns.")
    most = np.nanmax(np.abs(numbers), axis=0) if scales is None else np.asarray(scales, np.float64)
    width = 2 * MARGIN + LABELS + CELL_W * len(columns)
    height = HEAD + CELL_H * len(rows) + 2 * MARGIN
    words = f"{len(rows)} rows and {len(columns)} columns of numbers. {subtitle}".strip()
    drawing = Drawing(width, height, check_theme(theme), title, words)
    tokens = drawing.tokens
    drawing.add(Rect(0, 0, width, height, tokens["paper"]))
    drawing.add(Line(MARGIN, MARGIN, width - MARGIN, MARGIN, tokens["ink"], 1.5))
    drawing.write(MARGIN, MARGIN + 20, title, size=13, weight=600, colour="ink")
    drawing.write(MARGIN, MARGIN + 38, fit(subtitle, width - 2 * MARGIN, 12), size=12)
    left = MARGIN + LABELS
    for k, name in enumerate(columns):
        first, _, second = name.rpartition(" ")
        middle = left + CELL_W * (k + 0.5)
        for line, text in enumerate(filter(None, (second, first))):
            drawing.write(middle, HEAD + 6 - 14 * line, text, weight=600, colour="ink", anchor="middle")
    for i, name in enumerate(rows):
        top = HEAD + MARGIN + CELL_H * i
        drawing.add(Line(MARGIN, top, width - MARGIN, top, tokens["rule"]))
        drawing.write(MARGIN, top + CELL_H / 2 + 4, fit(name, LABELS - 8, 11, 600), weight=600, colour="ink")
        for k, value in enumerate(numbers[i].tolist()):
            if not math.isfinite(value):
                continue
            x = left + CELL_W * k
            margin = None if margins is None else float(margins[i][k])
            if i == k and shape[0] == shape[1]:
                drawing.add(Rect(x + 2, top + 2, CELL_W - 4, CELL_H - 4, tokens["stage"], radius=5))
            _cell(drawing, x, top, value, margin, float(most[k]))
    return drawing


def matrix_svg(*args: Any, **settings: Any) -> str:
    """`matrix_drawing` as one self-contained SVG."""
    return to_svg(matrix_drawing(*args, **settings))


def matrix_png(*args: Any, **settings: Any) -> bytes:
    """`matrix_drawing` as a PNG of twice the pixels."""
    return to_png(matrix_drawing(*args, **settings), PNG_SCALE)


def _cell(drawing: Drawing, x: float, top: float, value: float, margin: float | None, most: float) -> None:
    ink = drawing.tokens["ink"]
    side = MOST * math.sqrt(min(1.0, abs(value) / most)) if most > 0 else 0.0
    centre_x, centre_y = x + 20, top + CELL_H / 2
    if side >= LEAST:
        corner_x, corner_y = centre_x - side / 2, centre_y - side / 2
        if value > 0:
            drawing.add(Rect(corner_x, corner_y, side, side, ink, radius=2))
        else:
            inner = max(side - 1.5, 0.5)
            box = (corner_x + 0.75, corner_y + 0.75, inner, inner)
            drawing.add(Rect(*box, None, radius=2, stroke=ink, stroke_width=1.5))
    text = f"{value:+.0f}" if round(value) else "0"
    baseline = centre_y + (4 if margin is None else -1)
    drawing.write(x + CELL_W - 12, baseline, text.replace("-", "\u2212"), size=12, colour="ink", anchor="end")
    if margin is not None:
        near = f"{margin:.0f}" if margin >= 1 else f"{margin:.1f}"
        drawing.write(x + CELL_W - 12, baseline + 14, f"\u00b1 {near}", size=10, anchor="end")
