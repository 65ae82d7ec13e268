"""Layout of a comparison: rolls under each other with what differs, or rows of small rolls with their costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..colour import Theme
from ..errors import ConfigError
from ..music.difference import Difference
from ..music.score import Score
from .bundle import Bundle, bundle_of
from .drawing import Drawing, Rect, Span, Text, clean, fit, text_width
from .roll import (
    PAD,
    check_place,
    check_theme,
    check_width,
    colour_of,
    draw_head,
    draw_lanes,
    draw_paper,
    finish,
)
from .strip import TINT, Scale

__all__ = ["CLIP", "WHOLE", "Size", "rolls_bundle", "rows_bundle"]

STAGE = 150.0
GAP = 6.0


class Size(NamedTuple):
    """Size of a small roll: its height, and between which widths it is drawn."""

    height: float
    narrowest: float
    widest: float


CLIP = Size(50, 36, 200)
WHOLE = Size(96, 220, 460)


def rolls_bundle(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    found: Difference | None = None,
    *,
    width: float = 960,
    theme: Theme = "light",
    title: str = "Compare",
    subtitle: str = "",
) -> Bundle:
    """Draw rolls under each other for a mime bundle.

    Parameters
    ----------
    scores, places, labels
        Music, ``(u, v)`` or nothing, and a name for each roll.
    found
        How the second differs from the first, where that is to be shown in it.
    width, theme, title, subtitle
        As in `plots.roll_svg`.

    Raises
    ------
    ConfigError
        When the numbers of scores, places and labels do not go together.
    """
    if not len(scores) == len(places) == len(labels) or not scores:
        raise ConfigError(f"{len(scores)} rolls, {len(places)} places and {len(labels)} labels do not go together.")
    words = ": ".join(filter(None, [title, ", ".join(filter(None, [*labels, subtitle]))]))
    drawing = Drawing(check_width(width), 0, check_theme(theme), clean(words), _counted(found) if found else "")
    draw_paper(drawing)
    tokens = drawing.tokens
    y = draw_head(drawing, title, subtitle, check_place(places[-1]))
    if found is not None:
        _legend(drawing, found, colour_of(check_place(places[-1]), drawing.theme))
    for index, (score, place, label) in enumerate(zip(scores, places, labels, strict=True)):
        spans = [Span(fit(label, drawing.width / 2, 12, 600), tokens["ink"], 600)]
        marks: Sequence[str] = ()
        if index == 1 and found is not None:
            score, marks = _merged(scores[0], score, found)
            spans.append(Span(f"{100 * found.kept:.0f}% of notes kept", tokens["ink2"], gap=8))
        drawing.add(Text(PAD, y + 10, tuple(spans), 12))
        colour = colour_of(check_place(place), drawing.theme)
        y = draw_lanes(drawing, score, y + 16, colour, height=STAGE, marks=marks) + 12
    finish(drawing, y)
    return bundle_of(drawing)


def rows_bundle(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    counts: Sequence[int],
    costs: Sequence[float] = (),
    limit: float | None = None,
    *,
    size: Size = CLIP,
    width: float = 960,
    theme: Theme = "light",
    title: str = "Compare",
    subtitle: str = "",
) -> Bundle:
    """Draw rows of small rolls for a mime bundle.

    Parameters
    ----------
    scores, places
        Music and ``(u, v)`` or nothing, row after row.
    labels, counts
        Name of each row, and how many of the scores it has.
    costs
        Bits a step of each score; none draws no bars.
    limit
        Costs above it are in the signal colour.
    size
        Of each small roll: `CLIP`, or `WHOLE` for whole pieces.
    width, theme, title, subtitle
        As in `plots.roll_svg`.

    Raises
    ------
    ConfigError
        When the numbers do not go together.
    """
    if sum(counts) != len(scores) or len(labels) != len(counts) or len(places) != len(scores):
        raise ConfigError(f"{len(scores)} scores are not rows of {', '.join(map(str, counts))}.")
    if costs and len(costs) != len(scores):
        raise ConfigError(f"There are {len(costs)} costs for {len(scores)} scores.")
    words = ": ".join(filter(None, [title, ", ".join(filter(None, [*labels, subtitle]))]))
    drawing = Drawing(check_width(width), 0, check_theme(theme), clean(words))
    draw_paper(drawing)
    y = draw_head(drawing, title, subtitle, None)
    scale, full = Scale(scores), cost_scale(costs, limit)
    at = 0
    for label, count in zip(labels, counts, strict=True):
        if label:
            drawing.write(PAD, y + 10, label, size=12, weight=600, colour="ink")
            y += 18
        wide = drawing.width - 2 * PAD
        line = lines_of(count, wide, size.narrowest)
        each = min(size.widest, (wide - GAP * (line - 1)) / line)
        for k in range(count):
            x, score = PAD + (k % line) * (each + GAP), scores[at + k]
            if k and k % line == 0:
                y += size.height + (30 if costs else GAP)
            colour = colour_of(check_place(places[at + k]), drawing.theme)
            drawing.add(Rect(x, y, each, size.height, colour, 4, alpha=TINT[drawing.theme]))
            drawing.extend(scale.marks(score, x, y, each, colour, size.height))
            if costs:
                _bar(drawing, x, y + size.height + 6, each, costs[at + k], full, limit)
        y += size.height + (38 if costs else 12)
        at += count
    finish(drawing, y)
    return bundle_of(drawing)


def lines_of(count: int, width: float, narrowest: float = CLIP.narrowest) -> int:
    """How many small rolls stand in a line: all of them, or as many as make even lines."""
    room = max(1, math.floor((width + GAP) / (narrowest + GAP)))
    return math.ceil(count / math.ceil(count / room))


def cost_scale(costs: Sequence[float], limit: float | None) -> float:
    """Bits a step of a bar of full length."""
    known = [cost for cost in (*costs, limit or 0.0) if math.isfinite(cost)]
    return float(max(1, math.ceil(max(known, default=0.0) + 0.25)))


def _bar(drawing: Drawing, x: float, y: float, width: float, cost: float, full: float, limit: float | None) -> None:
    tokens = drawing.tokens
    high = limit is not None and cost > limit
    drawing.add(Rect(x, y, width, 6, tokens["beat"], 3))
    drawing.add(Rect(x, y, max(6.0, width * min(1.0, cost / full)), 6, tokens["signal" if high else "ink"], 3))
    weight, colour = (600, "ink") if high else (400, "ink2")
    drawing.write(x, y + 18, f"{cost:.2f}", weight=weight, colour=colour)


def _counted(found: Difference) -> str:
    return f"{len(found.same)} notes the same, {len(found.missing)} missing, {len(found.added)} added"


def _legend(drawing: Drawing, found: Difference, colour: str) -> None:
    """How many notes are the same, missing and added, at the right of the head."""
    tokens = drawing.tokens
    x, y = drawing.width - PAD, PAD + 30
    for word, count in (("added", found.added), ("missing", found.missing), ("same", found.same)):
        number = str(len(count))
        x -= text_width(f"{number} {word}", 12) + 6
        spans = (Span(number, tokens["ink"], 600), Span(word, tokens["ink2"], gap=4))
        drawing.add(Text(x, y, spans, 12))
        x -= 24
        swatch = {
            "same": Rect(x, y - 9, 18, 8, colour, 2.5, alpha=0.4),
            "missing": Rect(x + 0.75, y - 8.25, 16.5, 6.5, None, 2.0, stroke=tokens["signal"], stroke_width=1.5),
            "added": Rect(x, y - 9, 18, 8, tokens["signal"], 2.5),
        }[word]
        drawing.add(swatch)
        x -= 16


def _merged(first: Score, second: Score, found: Difference) -> tuple[Score, list[str]]:
    """The second score with the notes that it lacks, and a mark for each note."""
    marks = ["same"] * len(second.notes)
    for row in found.added:
        marks[row] = "added"
    lost = first.notes[list(found.missing)]
    notes = np.concatenate([second.notes, lost]).astype(np.float32)
    return replace(second, notes=notes), [*marks, *["missing"] * len(lost)]
