"""The map as a static picture, and as a bokeh figure (look/LOOK.md 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..colour import TOKENS, Theme
from .bundle import Bundle, bundle_of
from .drawing import Circle, Drawing, Line, Rect, Span, Text, clean, fit, seal, text_width
from .map_palette import GREY, palette
from .roll import PAD, check_theme, check_width, colour_of, draw_head, draw_paper, finish

__all__ = ["MapPoints", "clips_of", "figure", "map_bundle", "map_drawing"]

Array = np.ndarray[Any, Any]
Mark = tuple[str, str, Sequence[float], Sequence[float]]

LEGEND = 150.0
MARGIN = 0.06
WORDS = {
    "pitch": ("higher", "lower", "sparser", "busier"),
    "kit": ("brighter kit", "darker kit", "sparser", "busier"),
}


@dataclass(frozen=True)
class MapPoints:
    """What a picture of a map shows.

    Parameters
    ----------
    xy
        Places on the map, ``[n, 2]``.
    codes
        Colour codes, ``[n]``, as the legend means them.
    legend
        Kind, name and entries of the colouring.
    count
        How many clips the map holds, of which these are a sample.
    titles
        Of each point, or none.
    marks
        The user's own clips: letter, title, place on the map, ``(u, v)``.
    route
        Places along a path.
    here
        Where the current clip lies, and its ``(u, v)``.
    lit
        ``[n]``: which points are selected; None where nothing is.
    words
        ``"pitch"``, ``"kit"`` or nothing: what up and down mean.
    """

    xy: Array
    codes: Array
    legend: dict[str, Any]
    count: int
    titles: Sequence[str] = ()
    marks: Sequence[Mark] = ()
    route: Sequence[Sequence[float]] = ()
    here: tuple[Sequence[float], Sequence[float]] | None = None
    lit: Array | None = None
    words: str = ""

    def coloured(self, theme: Theme) -> list[str]:
        """Colour of each point."""
        colours = palette(self.legend, theme)
        lit = np.ones(len(self.xy), bool) if self.lit is None else self.lit
        return [
            colours[code] if on else GREY[theme] for code, on in zip(self.codes.tolist(), lit.tolist(), strict=True)
        ]


def clips_of(count: int) -> str:
    """A number of clips in words."""
    return f"{count:,} clip" if count == 1 else f"{count:,} clips"


def bounds_of(points: MapPoints) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of what a map shows: nearly all points, and all marks."""
    xy = np.asarray(points.xy, np.float64)
    rows = [np.quantile(xy, [0.003, 0.997], axis=0)] if len(xy) else [np.array([[-1.0, -1.0], [1.0, 1.0]])]
    own = [mark[2] for mark in points.marks] + list(points.route) + ([points.here[0]] if points.here else [])
    if own:
        rows.append(np.asarray(own, np.float64))
    low, high = np.concatenate(rows).min(0), np.concatenate(rows).max(0)
    room = np.maximum(high - low, 1e-6) * MARGIN + 1e-9
    return float(low[0] - room[0]), float(high[0] + room[0]), float(low[1] - room[1]), float(high[1] + room[1])


def map_drawing(
    points: MapPoints, *, width: float = 640, theme: Theme = "light", title: str = "Map", subtitle: str = ""
) -> Drawing:
    """Lay out a map on its own paper."""
    words = f"{title}: {clips_of(points.count)}, coloured by {points.legend.get('name', 'place')}"
    if points.marks:
        words += "; marked: " + ", ".join(f"{letter} {name}".strip() for letter, name, _, _ in points.marks)
    drawing = Drawing(check_width(width), 0, check_theme(theme), clean(words))
    draw_paper(drawing)
    top = draw_head(drawing, title, subtitle, None)
    listed = bool(points.marks) or points.legend.get("kind") in ("category", "number")
    stage = drawing.width - 2 * PAD - (LEGEND + 16 if listed else 0)
    height = round(stage * 0.76)
    drawing.add(Rect(PAD, top, stage, height, drawing.tokens["stage"], 6))
    left, right, bottom, up = bounds_of(points)

    def at(place: Sequence[float]) -> tuple[float, float]:
        x = PAD + (float(place[0]) - left) / (right - left) * stage
        return x, top + (up - float(place[1])) / (up - bottom) * height

    _dots(drawing, points, at, (PAD, top, PAD + stage, top + height))
    _words(drawing, points.words, PAD, top, stage, height)
    tokens = drawing.tokens
    way = [at(place) for place in points.route]
    for colour, wide in ((tokens["paper"], 5.0), (tokens["ink"], 1.75)):
        drawing.extend(Line(*a, *b, colour, wide, round_ends=True) for a, b in pairwise(way))
    for letter, _, place, uv in points.marks:
        _mark(drawing, *at(place), letter, uv)
    if points.here:
        x, y = at(points.here[0])
        drawing.add(Circle(x, y, 6, None, stroke=tokens["paper"], stroke_width=5))
        drawing.add(Circle(x, y, 6, None, stroke=tokens["ink"], stroke_width=2))
    if listed:
        _legend(drawing, points, PAD + stage + 16, top)
    if not points.count:
        drawing.write(PAD + stage / 2, top + height / 2, "No clips on this map.", size=12, anchor="middle")
    finish(drawing, top + height + PAD)
    return drawing


def map_bundle(points: MapPoints, *, title: str = "Map", subtitle: str = "") -> Bundle:
    """Draw a map for a mime bundle: text, SVG and PNG."""
    return bundle_of(map_drawing(points, title=title, subtitle=subtitle))


def figure(points: MapPoints, width: float = 720, theme: str = "light", title: str | None = None) -> Any:
    """Make a bokeh figure of a map: pan, zoom, and each clip's title under the pointer.

    Parameters
    ----------
    points
        What is shown; up to some ten thousand points stay fluent.
    width
        Width in px, 200 to 4000.
    theme
        ``"light"`` or ``"dark"``.
    title
        Above the map.

    Returns
    -------
    bokeh.plotting.figure
        Its first glyph holds a row for each point.
    """
    from bokeh.models import ColumnDataSource, HoverTool, Range1d
    from bokeh.plotting import figure as make_figure

    name = check_theme(theme)
    tokens = TOKENS[name]
    left, right, bottom, top = bounds_of(points)
    hover = HoverTool(tooltips=[("", "@title")])
    plot: Any = make_figure(
        width=round(check_width(width)),
        height=round(width * 0.76),
        title=title,
        x_range=Range1d(start=left, end=right),
        y_range=Range1d(start=bottom, end=top),
        tools=[*([hover] if points.titles else []), "pan", "wheel_zoom", "box_zoom", "reset", "save"],
        active_scroll="wheel_zoom",
    )
    rows = {
        "x": np.asarray(points.xy)[:, 0],
        "y": np.asarray(points.xy)[:, 1],
        "colour": points.coloured(name),
        "title": list(points.titles) or [""] * len(points.xy),
    }
    size = 5.0 if len(points.xy) < 3000 else 2.5
    dots = plot.scatter(
        "x", "y", source=ColumnDataSource(rows), size=size, fill_color="colour", fill_alpha=0.7, line_color=None
    )
    hover.renderers = [dots]
    if points.route:
        way = np.asarray(points.route, np.float64)
        for colour, wide in ((tokens["paper"], 5.0), (tokens["ink"], 1.75)):
            plot.line(way[:, 0], way[:, 1], line_color=colour, line_width=wide)
    if points.marks:
        own = np.asarray([mark[2] for mark in points.marks], np.float64)
        colours = [colour_of((mark[3][0], mark[3][1]) if mark[3] else None, name) for mark in points.marks]
        plot.scatter(
            own[:, 0], own[:, 1], size=16, marker="square", fill_color=colours, line_color=tokens["paper"], line_width=2
        )
        plot.text(
            own[:, 0], own[:, 1], text=[mark[0] for mark in points.marks], y_offset=-12, text_align="center",
            text_font_size="12px", text_font_style="bold", text_color=tokens["ink"],
        )  # fmt: skip
    if points.here:
        plot.scatter(
            [points.here[0][0]], [points.here[0][1]], size=12, fill_color=None, line_color=tokens["ink"], line_width=2
        )
    plot.background_fill_color = tokens["stage"]
    plot.border_fill_color = tokens["paper"]
    plot.outline_line_color = None
    plot.grid.grid_line_color = None
    up, down, few, many = WORDS.get(points.words, ("", "", "", ""))
    for axis, label in ((plot.xaxis, f"{few} → {many}"), (plot.yaxis, f"{down} → {up}")):
        axis.visible = bool(points.words)
        axis.axis_label = label if points.words else None
        axis.axis_label_text_color = tokens["ink2"]
        axis.axis_label_text_font_style = "normal"
        axis.axis_line_color = None
        axis.major_tick_line_color = axis.minor_tick_line_color = None
        axis.major_label_text_font_size = "0px"
    if plot.title is not None:
        plot.title.text_color = tokens["ink"]
    plot.name = clips_of(points.count)
    return plot


def _dots(drawing: Drawing, points: MapPoints, at: Any, box: tuple[float, float, float, float]) -> None:
    """Draw the points, those of one colour together: one path each in the SVG."""
    if not len(points.xy):
        return
    left, top, right, bottom = box
    side = 2.0 if len(points.xy) > 600 else 3.0 if len(points.xy) > 100 else 5.0
    coarse = points
    if points.legend.get("kind") == "place":
        # Eight steps an axis: a picture of some kilobytes, and no eye tells the difference at two pixels.
        row, column = points.codes // 64 // 8 * 8 + 4, points.codes % 64 // 8 * 8 + 4
        coarse = MapPoints(points.xy, row * 64 + column, points.legend, points.count, lit=points.lit)
    colours = coarse.coloured(drawing.theme)
    grey = GREY[drawing.theme]
    for k in sorted(range(len(colours)), key=lambda k: (colours[k] != grey, colours[k])):
        x, y = at(points.xy[k])
        if left + 2 < x < right - 2 and top + 2 < y < bottom - 2:
            drawing.add(Rect(round(x - side / 2, 1), round(y - side / 2, 1), side, side, colours[k], alpha=0.8))


def _words(drawing: Drawing, words: str, x: float, y: float, width: float, height: float) -> None:
    if words not in WORDS:
        return
    up, down, few, many = WORDS[words]
    for text, at, line, anchor in (
        (up, x + width / 2, y + 14, "middle"),
        (down, x + width / 2, y + height - 7, "middle"),
        (few, x + 8, y + height / 2 + 4, "start"),
        (many, x + width - 8, y + height / 2 + 4, "end"),
    ):
        wide = text_width(text, 11) + 6
        left = at - wide / 2 if anchor == "middle" else at - 3 if anchor == "start" else at - wide + 3
        drawing.add(Rect(left, line - 11, wide, 15, drawing.tokens["stage"], 3, alpha=0.8))
        drawing.add(Text(at, line, (Span(text, drawing.tokens["ink2"]),), 11, anchor))  # type: ignore[arg-type]


def _mark(drawing: Drawing, x: float, y: float, letter: str, place: Sequence[float]) -> None:
    tokens = drawing.tokens
    drawing.add(Rect(x - 11, y - 11, 22, 22, tokens["paper"], 6))
    if place:
        drawing.extend(seal(x - 9, y - 9, 18, (place[0], place[1]), drawing.theme))
    else:
        drawing.add(Rect(x - 9, y - 9, 18, 18, tokens["ink2"], 4.5))
    drawing.write(x, y - 14, letter, size=12, weight=600, colour="ink", anchor="middle")


def _legend(drawing: Drawing, points: MapPoints, x: float, y: float) -> None:
    """List what the colours mean, and the user's own clips."""
    tokens, legend = drawing.tokens, points.legend
    colours = palette(legend, drawing.theme)
    y += 12
    if legend.get("kind") in ("category", "number"):
        drawing.write(x, y, fit(str(legend["name"]), LEGEND, 12, 600), size=12, weight=600, colour="ink")
        y += 20
    if legend.get("kind") == "category":
        entries = [(entry["name"], entry["count"]) for entry in legend["entries"]]
        if "rest" in legend:
            entries.append((f"{legend['rest']['values']:,} more", legend["rest"]["count"]))
        for k, (name, count) in enumerate(entries):
            drawing.add(Rect(x, y - 9, 10, 10, colours[k], 2.5))
            words = fit(name, LEGEND - 70, 11) or "(no value)"
            spans = (Span(words, tokens["ink"]), Span(f"{count:,}", tokens["ink2"], gap=6))
            drawing.add(Text(x + 16, y, spans, 11))
            y += 17
        y += 10
    elif legend.get("kind") == "number":
        steps = 32
        for k in range(steps):
            colour = colours[round(k / (steps - 1) * (len(colours) - 2))]
            drawing.add(Rect(x + k * LEGEND / steps, y - 8, LEGEND / steps + 0.3, 8, colour))
        ticks = legend["ticks"]
        for k, tick in enumerate(ticks):
            share = k / max(1, len(ticks) - 1)
            anchor = ("start", "middle", "end")[round(share * 2)] if len(ticks) > 1 else "start"
            drawing.write(x + share * LEGEND, y + 14, tick, anchor=anchor)  # type: ignore[arg-type]
        y += 38
    for letter, title, _, place in points.marks:
        if place:
            drawing.extend(seal(x, y - 10, 13, (place[0], place[1]), drawing.theme))
        spans = (Span(letter, tokens["ink"], 600), Span(fit(title, LEGEND - 40, 11), tokens["ink2"], gap=5))
        drawing.add(Text(x + 19, y, spans, 11))
        y += 18
