"""A drawing list as one safe, self-contained SVG: no script, no style sheet, no font, no address."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .drawing import Circle, Drawing, Gradient, Line, Rect, Shape, Span, Text

__all__ = ["to_svg"]

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', sans-serif"
)

# XML 1.0 allows no other control characters, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(drawing: Drawing) -> str:
    """Write a drawing as SVG.

    Neighbours of one kind and paint share a path or a group, which keeps a two-bar clip at a few KB.

    Returns
    -------
    str
        One ``<svg>`` element with ``role="img"``, an ``aria-label`` and a ``<title>``. It can stand
        alone in a file or inside an HTML page.
    """
    w, h = _n(drawing.width), _n(drawing.height)
    body: list[str] = []
    for (kind, paint), run in groupby(drawing.shapes, key=_paint):
        body.append(_WRITERS[kind](list(run), paint))
    description = f"<desc>{_text(drawing.description)}</desc>" if drawing.description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
        f'role="img" aria-label={_attribute(drawing.title)} font-family="{FONTS}" '
        'style="max-width:100%;height:auto;font-variant-numeric:tabular-nums">'
        f"<title>{_text(drawing.title)}</title>{description}" + "".join(body) + "</svg>"
    )


def _n(x: float) -> str:
    """Write a number with at most two decimals and nothing that is not needed."""
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    if text in ("-0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", text))


def _paint(shape: Shape) -> tuple[str, tuple[Any, ...]]:
    """Give the writer of a shape and the paint that neighbours must share with it."""
    match shape:
        case Rect(stroke=None, left_only=False, radius=0.0):
            return "boxes", (shape.fill, shape.alpha)
        case Rect(stroke=None, left_only=True):
            return "heads", (shape.fill, shape.alpha)
        case Rect(stroke=None):
            return "rounded", (shape.fill,)
        case Rect():
            return "outlined", (shape.fill, shape.stroke, shape.stroke_width, shape.dash)
        case Line():
            return "lines", (shape.colour, shape.width, shape.alpha, shape.round_ends)
        case Circle(stroke=None):
            return "discs", (shape.fill,)
        case Circle():
            return "rings", (shape.fill, shape.stroke, shape.stroke_width)
        case Gradient():
            return "gradients", ()
        case Text():
            return "texts", (shape.size,)


def _opacity(name: str, alpha: float) -> str:
    return "" if alpha >= 1 else f' {name}="{_n(alpha)}"'


def _boxes(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    fill, alpha = paint
    d = "".join(f"M{_n(s.x)} {_n(s.y)}h{_n(s.w)}v{_n(s.h)}h{_n(-s.w)}z" for s in shapes)
    return f'<path d="{d}" fill="{fill}"{_opacity("fill-opacity", alpha)}/>'


def _heads(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    fill, alpha = paint
    d = []
    for s in shapes:
        r = min(s.radius, s.w, s.h / 2)
        d.append(
            f"M{_n(s.x + r)} {_n(s.y)}H{_n(s.x + s.w)}v{_n(s.h)}H{_n(s.x + r)}"
            f"a{_n(r)} {_n(r)} 0 0 1 {_n(-r)} {_n(-r)}v{_n(-(s.h - 2 * r))}"
            f"a{_n(r)} {_n(r)} 0 0 1 {_n(r)} {_n(-r)}z"
        )
    return f'<path d="{"".join(d)}" fill="{fill}"{_opacity("fill-opacity", alpha)}/>'


def _rect(s: Rect) -> str:
    r = min(s.radius, s.w / 2, s.h / 2)
    rx = f' rx="{_n(r)}"' if r > 0 else ""
    return (
        f'<rect x="{_n(s.x)}" y="{_n(s.y)}" width="{_n(s.w)}" height="{_n(s.h)}"{rx}'
        f"{_opacity('fill-opacity', s.alpha)}/>"
    )


def _rounded(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    return f'<g fill="{paint[0]}">{"".join(_rect(s) for s in shapes)}</g>'


def _outlined(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    fill, stroke, width, dash = paint
    dashes = f' stroke-dasharray="{_n(dash[0])} {_n(dash[1])}"' if dash else ""
    return (
        f'<g fill="{fill or "none"}" stroke="{stroke}" stroke-width="{_n(width)}"{dashes}>'
        f"{''.join(_rect(s) for s in shapes)}</g>"
    )


def _lines(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    colour, width, alpha, round_ends = paint

    def steps() -> Iterator[str]:
        for s in shapes:
            start = f"M{_n(s.x1)} {_n(s.y1)}"
            if s.y1 == s.y2:
                yield f"{start}H{_n(s.x2)}"
            elif s.x1 == s.x2:
                yield f"{start}V{_n(s.y2)}"
            else:
                yield f"{start}L{_n(s.x2)} {_n(s.y2)}"

    cap = ' stroke-linecap="round"' if round_ends else ""
    return (
        f'<path d="{"".join(steps())}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{cap}'
        f"{_opacity('stroke-opacity', alpha)}/>"
    )


def _circle(s: Circle) -> str:
    return f'<circle cx="{_n(s.x)}" cy="{_n(s.y)}" r="{_n(s.r)}"{_opacity("fill-opacity", s.alpha)}/>'


def _discs(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    return f'<g fill="{paint[0]}">{"".join(_circle(s) for s in shapes)}</g>'


def _rings(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    fill, stroke, width = paint
    return (
        f'<g fill="{fill or "none"}" stroke="{stroke}" stroke-width="{_n(width)}">'
        f"{''.join(_circle(s) for s in shapes)}</g>"
    )


def _gradients(shapes: list[Any], _: tuple[Any, ...]) -> str:
    out = []
    for s in shapes:
        stops = "".join(f'<stop offset="{_n(at)}" stop-color="{colour}"/>' for at, colour in s.stops)
        # Pictures inlined in one page share their ids: the same id must mean the same gradient.
        name = f"mv{zlib.crc32(f'{s.x1} {s.x2} {stops}'.encode()):08x}"
        out.append(
            f'<defs><linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="{_n(s.x1)}" '
            f'x2="{_n(s.x2)}" y1="0" y2="0">{stops}</linearGradient></defs>'
            f'<path d="M{_n(s.x1)} {_n(s.y)}H{_n(s.x2)}" fill="none" stroke="url(#{name})" '
            f'stroke-width="{_n(s.width)}" stroke-linecap="round"/>'
        )
    return "".join(out)


def _texts(shapes: list[Any], paint: tuple[Any, ...]) -> str:
    return f'<g font-size="{_n(paint[0])}">{"".join(_line_of_text(s) for s in shapes)}</g>'


def _line_of_text(s: Text) -> str:
    anchor = "" if s.anchor == "start" else f' text-anchor="{s.anchor}"'
    at = f'x="{_n(s.x)}" y="{_n(s.y)}"{anchor}'
    if len(s.spans) == 1:
        return f"<text {at}{_style(s.spans[0])}>{_text(s.spans[0].text)}</text>"
    spans = "".join(
        f"<tspan{_style(span)}" + (f' dx="{_n(span.gap)}"' if span.gap else "") + f">{_text(span.text)}</tspan>"
        for span in s.spans
    )
    return f"<text {at}>{spans}</text>"


def _style(span: Span) -> str:
    weight = f' font-weight="{span.weight}"' if span.weight != 400 else ""
    return f' fill="{span.colour}"{weight}'


_WRITERS = {
    "boxes": _boxes,
    "heads": _heads,
    "rounded": _rounded,
    "outlined": _outlined,
    "lines": _lines,
    "discs": _discs,
    "rings": _rings,
    "gradients": _gradients,
    "texts": _texts,
}
