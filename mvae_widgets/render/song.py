"""Layout of a Studio: the song as rows of clips over a ruler of bars, and the roll of the current clip (LOOK 7)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..colour import Theme
from ..errors import ConfigError
from ..music.score import Score
from .bundle import Bundle, bundle_of
from .drawing import Drawing, Line, Rect, Span, Text, clean, fit
from .roll import PAD, check_place, check_theme, check_width, colour_of, draw_head, draw_lanes, draw_paper, finish
from .strip import TINT, Scale

__all__ = ["song_bundle"]

ROLL = 170.0
CELL, RULER, GAP = 48.0, 18.0, 14.0
#: Bars of a row, and rows that are drawn of a long song.
ROW, MOST_ROWS = 16, 8
BAR = 4.0


def song_bundle(
    clips: Sequence[Score],
    places: Sequence[Sequence[float]],
    current: Score,
    place: Sequence[float],
    *,
    width: float = 960,
    theme: Theme = "light",
    title: str = "Studio",
    subtitle: str = "",
    caption: str = "",
) -> Bundle:
    """Draw a song and the current clip for a mime bundle.

    Parameters
    ----------
    clips
        The clips of the song in order, on common tracks; may be none.
    places
        ``(u, v)`` or nothing for each.
    current, place
        The current clip, and its place or nothing.
    width, theme, title, subtitle
        As in `plots.roll_svg`.
    caption
        Title of the current clip.

    Raises
    ------
    ConfigError
        When there are not as many places as clips.
    """
    if len(clips) != len(places):
        raise ConfigError(f"There are {len(places)} places for {len(clips)} clips.", "Give one for each clip.")
    bars = sum(score.quarters for score in clips) / BAR
    words = f"{title}: {_counted(bars, len(clips))}" if clips else f"{title}: {caption or 'a clip'}"
    drawing = Drawing(check_width(width), 0, check_theme(theme), clean(words))
    draw_paper(drawing)
    at = check_place(place)
    y = draw_head(drawing, title, subtitle, at)
    if clips:
        y = _song(drawing, clips, places, y, bars)
    if caption:
        drawing.add(Text(PAD, y + 10, (Span(fit(caption, width - 2 * PAD, 12, 600), drawing.tokens["ink"], 600),), 12))
        y += 16
    bottom = draw_lanes(drawing, current, y, colour_of(at, drawing.theme), height=ROLL)
    finish(drawing, bottom + PAD)
    return bundle_of(drawing)


def _song(drawing: Drawing, clips: Sequence[Score], places: Sequence[Sequence[float]], y: float, bars: float) -> float:
    """Draw the rows; give the y below them."""
    scale = Scale(clips)
    wide = (drawing.width - 2 * PAD) / ROW
    rows = min(MOST_ROWS, math.ceil(bars / ROW - 1e-9))
    ink, ink2 = drawing.tokens["ink"], drawing.tokens["ink2"]
    for row in range(rows):
        top = y + row * (RULER + CELL + GAP)
        here = min(ROW, math.ceil(bars) - row * ROW)
        drawing.add(Rect(PAD, top + RULER, here * wide, CELL, drawing.tokens["stage"], 4))
        for bar in range(here):
            x, first = PAD + bar * wide, bar % 4 == 0
            number = Span(str(row * ROW + bar + 1), ink if first else ink2, 600 if first else 400)
            drawing.add(Text(x + 3, top + 12, (number,), 11))
            if bar:
                colour = drawing.tokens["bar" if first else "beat"]
                drawing.add(Line(x, top + (4 if first else 14), x, top + RULER + CELL, colour))
    for k, row, left, right, is_start in _pieces(clips, rows):
        colour = colour_of(check_place(places[k]), drawing.theme)
        x, top = PAD + left * wide + 1, y + row * (RULER + CELL + GAP) + RULER
        across = (right - left) * wide - 2
        drawing.add(Rect(x, top, across, CELL, drawing.tokens["paper"], 4))
        drawing.add(Rect(x, top, across, CELL, colour, 4, alpha=TINT[drawing.theme]))
        if is_start:
            # A clip that goes on in the next row has its notes where it begins, drawn to the width that is there.
            whole = across * min(1.0, clips[k].quarters / BAR / (right - left))
            drawing.extend(scale.marks(clips[k], x, top, whole * scale.quarters / clips[k].quarters, colour, CELL))
            drawing.add(Rect(x, top, 3, CELL, colour, 1.5))
    return y + rows * (RULER + CELL + GAP) + 4


def _pieces(clips: Sequence[Score], rows: int) -> Iterator[tuple[int, int, float, float, bool]]:
    """Number of a clip, row, its ends in bars of that row, and whether it begins there."""
    start = 0.0
    for k, score in enumerate(clips):
        end, at = start + score.quarters / BAR, start
        while at < end - 1e-9:
            row = int(at / ROW + 1e-9)
            stop = min(end, (row + 1) * ROW)
            if row >= rows:
                return
            yield k, row, at - row * ROW, stop - row * ROW, at == start
            at = stop
        start = end


def _counted(bars: float, clips: int) -> str:
    return f"{bars:g} bars of {clips} clip{'' if clips == 1 else 's'}"
