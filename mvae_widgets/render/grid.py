"""Layout of a pad: a square of thumbnails between four clips, its path, and the current cell's roll (LOOK 7)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..colour import Theme
from ..errors import ConfigError
from ..music.score import Score
from .bundle import Bundle, bundle_of
from .drawing import Circle, Drawing, Line, Rect, Span, Text, clean, fit, seal
from .roll import (
    PAD,
    Place,
    check_place,
    check_theme,
    check_width,
    colour_of,
    draw_head,
    draw_lanes,
    draw_paper,
    finish,
)
from .strip import Scale

__all__ = ["grid_bundle"]

ROLL = 170.0
# With more notes than this in all, cells between the corners, the current one and the path are tints alone.
MOST_NOTES = 10_000
WORDS = 26.0
# Grounds of the cells, light and dark: any, a corner, the current one.
GROUNDS = {"light": (0.10, 0.20, 0.26), "dark": (0.15, 0.28, 0.36)}


def grid_bundle(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    current: tuple[int, int],
    *,
    here: tuple[Score, Sequence[float]] | None = None,
    path: Sequence[tuple[int, int]] = (),
    width: float = 504,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
) -> Bundle:
    """Draw a pad for a mime bundle: n x n thumbnails between four clips, and the roll of one.

    Parameters
    ----------
    scores
        The cells row by row, n x n of them.
    places
        ``(u, v)`` for each cell; none for neutral ink.
    labels
        Titles of the corners: top left, top right, bottom left, bottom right.
    current
        Row and column (from 0) of the cell that is outlined and whose roll is drawn below.
    here
        Score and place that are drawn below instead, for what stands between cells.
    path
        Rows and columns of the cells of a path.
    width, theme, title, subtitle
        As in `plots.roll_svg`.

    Raises
    ------
    ConfigError
        When the numbers of scores, places and labels do not go together, or a cell is outside.
    """
    n = round(len(scores) ** 0.5)
    if n < 2 or n * n != len(scores):
        raise ConfigError(f"{len(scores)} cells are no square.", "Give n x n, row by row, n at least 2.")
    if len(labels) != 4:
        raise ConfigError(f"There are {len(labels)} labels.", "Give the titles of the four corners.")
    if places and len(places) != len(scores):
        raise ConfigError(f"There are {len(places)} places for {len(scores)} cells.", "Give one for each cell.")
    for row, column in (current, *path):
        if not (0 <= row < n and 0 <= column < n):
            raise ConfigError(f"There is no cell ({row}, {column}).", f"Rows and columns are 0 to {n - 1}.")
    at = [check_place(place) for place in places] if places else [None] * len(scores)
    cell = current[0] * n + current[1]
    shown, place = (scores[cell], at[cell]) if here is None else (here[0], check_place(here[1]))
    title = "Pad" if title is None else title
    where = f"row {current[0] + 1}, column {current[1] + 1}"
    subtitle = f"{n} x {n} between four clips, {where}" if subtitle is None else subtitle
    words = f"{title or 'Pad'}: {n} by {n} between {', '.join(labels) if all(labels) else 'four clips'}; {where}"
    drawing = Drawing(check_width(width), 0, check_theme(theme), clean(words))
    draw_paper(drawing)
    top = draw_head(drawing, title, subtitle, place)
    bottom = _square(drawing, scores, at, labels, cell, path, top)
    bottom = draw_lanes(drawing, shown, bottom + 12, colour_of(place, drawing.theme), height=ROLL)
    finish(drawing, bottom + PAD)
    return bundle_of(drawing)


def _square(
    drawing: Drawing,
    scores: Sequence[Score],
    places: Sequence[Place | None],
    labels: Sequence[str],
    current: int,
    path: Sequence[tuple[int, int]],
    top: float,
) -> float:
    """Draw the titles of the corners, the cells and the path; give the y below them."""
    n = round(len(scores) ** 0.5)
    side = drawing.width - 2 * PAD
    corners = (0, n - 1, n * (n - 1), n * n - 1)
    y = top + WORDS
    gap = 3.0 if n <= 10 else 2.0
    cell = (side - gap * (n - 1)) / n
    for k, corner in enumerate(corners):
        right = k % 2 == 1
        _corner(drawing, "ABCD"[k], labels[k], places[corner], top if k < 2 else y + side + 8, side, right)
    scale = Scale(scores)
    marked = {current, *corners, *(row * n + column for row, column in path)}
    crowded = sum(len(score.notes) for score in scores) > MOST_NOTES
    plain, strong, strongest = GROUNDS[drawing.theme]
    for index, (score, place) in enumerate(zip(scores, places, strict=True)):
        left, upper = PAD + (cell + gap) * (index % n), y + (cell + gap) * (index // n)
        colour = colour_of(place, drawing.theme)
        ground = strongest if index == current else strong if index in corners else plain
        drawing.add(Rect(left, upper, cell, cell, colour, min(5.0, cell / 5), alpha=ground))
        if index in marked or not crowded:
            drawing.extend(scale.marks(score, left, upper, cell, colour, cell))
    left, upper = PAD + (cell + gap) * (current % n), y + (cell + gap) * (current // n)
    ring = Rect(left - 1, upper - 1, cell + 2, cell + 2, None, 6, stroke=drawing.tokens["ink"], stroke_width=2)
    drawing.add(ring)
    middles = [(PAD + (cell + gap) * c + cell / 2, y + (cell + gap) * r + cell / 2) for r, c in path]
    _path(drawing, middles)
    return y + side + WORDS


def _corner(drawing: Drawing, letter: str, label: str, place: Place | None, y: float, side: float, right: bool) -> None:
    tokens, room = drawing.tokens, side / 2 - 42
    x = PAD + side if right else PAD
    if place is not None:
        drawing.extend(seal(x - 16 if right else x, y, 16, place, drawing.theme))
    inset = 0 if place is None else 22
    text = fit(label, room, 12)
    spans = (Span(letter, tokens["ink"], 600), Span(text, tokens["ink2"], gap=5))
    drawing.add(Text(x - inset if right else x + inset, y + 12.5, spans, 12, "end" if right else "start"))


def _path(drawing: Drawing, middles: Sequence[tuple[float, float]]) -> None:
    """Draw the path over a halo of paper; it starts hollow and ends solid."""
    ink, paper = drawing.tokens["ink"], drawing.tokens["paper"]
    for colour, width in ((paper, 5.0), (ink, 1.75)):
        drawing.extend(Line(x1, y1, x2, y2, colour, width, round_ends=True) for (x1, y1), (x2, y2) in pairwise(middles))
    for k, (x, y) in enumerate(middles):
        if k == 0:
            drawing.add(Circle(x, y, 5, paper, stroke=ink, stroke_width=1.75))
        else:
            drawing.add(Circle(x, y, 5 if k == len(middles) - 1 else 3, ink))
