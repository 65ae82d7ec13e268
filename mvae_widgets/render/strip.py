"""Layout of an interpolation seen as a strip: rolls side by side over the route and its seals (LOOK 7)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..colour import Theme
from ..errors import ConfigError
from ..music.score import Score
from .drawing import Anchor, Circle, Drawing, Gradient, Rect, Shape, Span, Text, clean, fit, seal
from .kit import kit_rows
from .lanes import Note, notes_of
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

__all__ = ["Scale", "strip_drawing"]

STAGE = 170.0
CELL = 44.0
TINT = {"light": 0.10, "dark": 0.15}


def strip_drawing(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    *,
    current: int | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    stops: Sequence[int] | None = None,
) -> Drawing:
    """Lay out a strip on its own paper; parameters as in `plots.strip_svg`."""
    steps = len(scores)
    if steps < 2:
        raise ConfigError(f"An interpolation of {_steps(steps)} cannot be drawn.", "It needs two or more.")
    stops = (0, steps - 1) if stops is None else tuple(stops)
    if list(stops) != sorted({0, *stops, steps - 1}):
        raise ConfigError(f"The stops {list(stops)} are not steps from 0 to {steps - 1}.", "Ends are among them.")
    if len(labels) != len(stops):
        what = "the two ends" if len(stops) == 2 else f"the {len(stops)} waypoints"
        raise ConfigError(f"There are {len(labels)} labels.", f"Give the titles of {what}.")
    if places and len(places) != steps:
        raise ConfigError(f"There are {len(places)} places for {_steps(steps)}.", "Give one for each step.")
    if current is not None and not 0 <= current < steps:
        raise ConfigError(f"There is no step {current}.", f"The steps are 0 to {steps - 1}.")
    at = [check_place(place) for place in places] if places else [None] * steps
    title = "Interpolation" if title is None else title
    named = all(labels)
    subtitle = " → ".join(labels if named else ()) if subtitle is None else subtitle
    drawing = Drawing(
        check_width(width),
        0,
        check_theme(theme),
        clean(f"{title or 'Interpolation'}: {' to '.join(labels) + ', ' if named else ''}{_steps(steps)}"),
    )
    draw_paper(drawing)
    y = draw_head(drawing, title, subtitle, None if current is None else at[current])
    if current is not None:
        colour = colour_of(at[current], drawing.theme)
        y = draw_lanes(drawing, scores[current], y, colour, height=STAGE) + 14
    y = _cells(drawing, scores, at, current, y)
    y = _route(drawing, at, stops, current, y + 22)
    if len(stops) > 2:
        y = _letters(drawing, labels, stops, steps, y)
    else:
        _words(drawing, labels, steps, current, y)
    finish(drawing, y + 8 + PAD)
    return drawing


def _steps(count: int) -> str:
    return f"{count} step" if count == 1 else f"{count} steps"


def _centres(drawing: Drawing, steps: int) -> tuple[list[float], float]:
    """Give the middle of each cell and the width of a cell."""
    wide = drawing.width - 2 * PAD
    gap = 6.0 if wide / steps >= 24 else 2.0
    cell = max(1.0, (wide - gap * (steps - 1)) / steps)
    return [PAD + cell / 2 + i * (cell + gap) for i in range(steps)], cell


def _cells(
    drawing: Drawing,
    scores: Sequence[Score],
    places: Sequence[Place | None],
    current: int | None,
    y: float,
) -> float:
    centres, cell = _centres(drawing, len(scores))
    scale = Scale(scores)
    for score, place, x in zip(scores, places, centres, strict=True):
        colour = colour_of(place, drawing.theme)
        left = x - cell / 2
        drawing.add(Rect(left, y, cell, CELL, colour, 4, alpha=TINT[drawing.theme]))
        drawing.extend(scale.marks(score, left, y, cell, colour))
    if current is not None:
        left = centres[current] - cell / 2
        ring = Rect(left - 1, y - 1, cell + 2, CELL + 2, None, 5, stroke=drawing.tokens["ink"], stroke_width=2)
        drawing.add(ring)
    return y + CELL


class Scale:
    """The one scale of pitch and time that all cells of a picture share."""

    def __init__(self, scores: Sequence[Score]) -> None:
        self.quarters = max(score.quarters for score in scores)
        pitched = [float(p) for s in scores for p in s.notes[s.notes[:, 6] == 0][:, 2]]
        hits = {round(float(p)) for s in scores for p in s.notes[s.notes[:, 6] > 0][:, 2]}
        self.low, self.high = (min(pitched), max(pitched)) if pitched else (60.0, 60.0)
        self.rows, self.row_of = kit_rows(hits, core=False)
        self.pitched = bool(pitched)

    def marks(self, score: Score, x: float, y: float, cell: float, colour: str, height: float = CELL) -> list[Shape]:
        """Draw the notes of one score into a cell; drums stand under the pitches."""
        pad_x = min(5.0, cell * 0.08)
        px = (cell - 2 * pad_x) / self.quarters
        pad_y = min(6.0, height * 0.15)
        top, bottom = y + pad_y, y + height - pad_y
        drums = score.notes[:, 6] > 0
        drum_top = top
        if self.rows and self.pitched:
            drum_top = top + (bottom - top) * 0.68
        pitch_bottom = drum_top - 2 if self.rows and self.pitched else bottom
        span = max(8.0, self.high - self.low + 1)
        tall = max(2.0, min(4.0, (pitch_bottom - top) / span * 1.25))
        out: list[Shape] = []
        for note, is_drum in zip(notes_of(score), drums.tolist(), strict=True):
            left = x + pad_x + note.start * px
            if is_drum:
                out.append(self._hit(note, left, drum_top, bottom, px, colour))
                continue
            middle = (top + pitch_bottom) / 2 - (note.pitch - (self.low + self.high) / 2) / (span - 1) * (
                pitch_bottom - top - tall
            )
            wide = max(1.0, (note.end - note.start) * px - 0.8)
            out.append(Rect(left, middle - tall / 2, wide, tall, colour, 1.0))
        return out

    def _hit(self, note: Note, x: float, top: float, bottom: float, px: float, colour: str) -> Circle:
        row = (bottom - top) / len(self.rows)
        radius = min(2.0, max(0.8, min(row, px * 0.5) / 2))
        return Circle(x + px * 0.125, top + (self.row_of[note.pitch] + 0.5) * row, radius, colour)


def _route(
    drawing: Drawing, places: Sequence[Place | None], waypoints: Sequence[int], current: int | None, y: float
) -> float:
    """Draw the route in the colours of its places, a ring a step, a seal at each waypoint and at the handle."""
    tokens, theme = drawing.tokens, drawing.theme
    steps = len(places)
    xs, _ = _centres(drawing, steps)
    colours = [colour_of(place, theme) for place in places]
    stops = tuple((i / (steps - 1), colour) for i, colour in enumerate(colours))
    drawing.add(Gradient(xs[0], xs[-1], y, 4, stops))
    if (xs[-1] - xs[0]) / (steps - 1) >= 12:
        drawing.extend(
            Circle(xs[i], y, 3.5, tokens["paper"], stroke=colours[i], stroke_width=1.5)
            for i in range(1, steps - 1)
            if i != current and i not in waypoints
        )
    for stop in waypoints:
        drawing.extend(_knob(xs[stop], y, 18, places[stop], colours[stop], theme))
    if current is not None:
        x = xs[current]
        drawing.add(Rect(x - 16, y - 16, 32, 32, tokens["paper"], 9.5))
        drawing.add(Rect(x - 15, y - 15, 30, 30, None, 8.5, stroke=tokens["ink"], stroke_width=1.75))
        drawing.extend(_knob(x, y, 26, places[current], colours[current], theme))
    return y + 34


def _knob(x: float, y: float, side: float, place: Place | None, colour: str, theme: Theme) -> list[Shape]:
    if place is not None:
        return seal(x - side / 2, y - side / 2, side, place, theme)
    return [Rect(x - side / 2, y - side / 2, side, side, colour, side / 4)]


def _letters(drawing: Drawing, labels: Sequence[str], stops: Sequence[int], steps: int, y: float) -> float:
    """Write a letter and a title under every waypoint of several."""
    xs, _ = _centres(drawing, steps)
    centres = [xs[stop] for stop in stops]
    last = len(stops) - 1
    room = min(after - before for before, after in pairwise(centres)) - 10
    for k, (x, label) in enumerate(zip(centres, labels, strict=True)):
        anchor: Anchor = "start" if k == 0 else "end" if k == last else "middle"
        title = fit(label, max(0.0, (room if 0 < k < last else room / 2 + (x - PAD if k == 0 else 0)) - 14), 11)
        spans = (Span(waypoint_letter(k), drawing.tokens["ink"], 600), Span(title, drawing.tokens["ink2"], gap=5))
        at = PAD if k == 0 else drawing.width - PAD if k == last else x
        drawing.add(Text(at, y, spans if title else spans[:1], 11, anchor))
    return y


def waypoint_letter(index: int) -> str:
    """Name a waypoint: A to Z, then A1, B1."""
    return chr(ord("A") + index % 26) + (str(index // 26) if index >= 26 else "")


def _words(drawing: Drawing, labels: Sequence[str], steps: int, current: int | None, y: float) -> None:
    tokens = drawing.tokens
    wide = drawing.width - 2 * PAD
    room = wide / 2 - 20
    if current is not None:
        share = f"{current / (steps - 1):.2f}".rstrip("0").rstrip(".")
        xs, _ = _centres(drawing, steps)
        x = min(drawing.width - PAD - 46, max(PAD + 46, xs[current]))
        drawing.write(x, y + 2, f"step {current} of {steps - 1} · {share}", colour="ink", anchor="middle")
        # Near an end the middle caption takes the place of that end's title.
        left_room, right_room = x - 50 - PAD - 16, drawing.width - PAD - x - 50 - 16
    else:
        left_room = right_room = room
    a, b = fit(labels[0], max(0, left_room), 11), fit(labels[1], max(0, right_room), 11)
    if left_room > 30:
        spans = (Span("A", tokens["ink"], 600), Span(a, tokens["ink2"], gap=5))
        drawing.add(Text(PAD, y, spans, 11))
    if right_room > 30:
        spans = (Span(b, tokens["ink2"]), Span("B", tokens["ink"], 600, gap=5))
        drawing.add(Text(drawing.width - PAD, y, spans, 11, "end"))
