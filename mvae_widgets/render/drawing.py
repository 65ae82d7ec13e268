"""The drawing list: what every static picture is made of before a backend writes it.

A `Drawing` is a list of few kinds of shapes in CSS pixels, y down, painted in order. `svg.to_svg`
and `raster.to_png` turn one list into the two formats, so both show the same picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..colour import TOKENS, Theme, place_colour

__all__ = [
    "Circle",
    "Drawing",
    "Gradient",
    "Line",
    "Rect",
    "Shape",
    "Span",
    "Text",
    "clean",
    "fit",
    "seal",
    "text_width",
]

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle, perhaps rounded (`left_only`: on its left side alone), filled or outlined."""

    x: float
    y: float
    w: float
    h: float
    fill: str | None = None
    radius: float = 0.0
    alpha: float = 1.0
    stroke: str | None = None
    stroke_width: float = 1.0
    dash: tuple[float, float] | None = None
    left_only: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; with `round_ends` and no length it is a dot."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: float = 1.0
    alpha: float = 1.0
    round_ends: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc or a ring."""

    x: float
    y: float
    r: float
    fill: str | None = None
    alpha: float = 1.0
    stroke: str | None = None
    stroke_width: float = 1.0


@dataclass(frozen=True, slots=True)
class Gradient:
    """A horizontal line with round ends whose colour runs through `stops` (0..1, colour)."""

    x1: float
    x2: float
    y: float
    width: float
    stops: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one colour and weight (400 or 600); `gap` px stand before it."""

    text: str
    colour: str
    weight: int = 400
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text on the baseline `y`."""

    x: float
    y: float
    spans: tuple[Span, ...]
    size: float = 11.0
    anchor: Anchor = "start"


Shape: TypeAlias = Rect | Line | Circle | Gradient | Text


@dataclass(slots=True)
class Drawing:
    """A picture: its size, its shapes, and its words for those who do not see it."""

    width: float
    height: float
    theme: Theme
    title: str
    description: str = ""
    shapes: list[Shape] = field(default_factory=list)

    @property
    def tokens(self) -> dict[str, str]:
        """The colours of this picture's theme, by name."""
        return dict(TOKENS[self.theme])

    def add(self, *shapes: Shape) -> None:
        """Paint shapes over what is there."""
        self.shapes.extend(shapes)

    def extend(self, shapes: Iterable[Shape]) -> None:
        """Paint many shapes over what is there."""
        self.shapes.extend(shapes)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 11.0,
        weight: int = 400,
        colour: str = "ink2",
        anchor: Anchor = "start",
    ) -> None:
        """Write one line of text of one style; `colour` is a token's name."""
        self.add(Text(x, y, (Span(text, TOKENS[self.theme][colour], weight),), size, anchor))


def seal(x: float, y: float, side: float, place: tuple[float, float], theme: Theme) -> list[Shape]:
    """Draw a seal with its upper left corner at (x, y): the map, with a dot at the place (LOOK 1)."""
    u, v = (min(1.0, max(-1.0, c)) for c in place)
    margin = side * 0.22
    inner = side - 2 * margin
    return [
        Rect(x, y, side, side, place_colour(u, v, theme), radius=side * 0.25),
        Circle(
            x + margin + (u + 1) / 2 * inner,
            y + margin + (1 - v) / 2 * inner,
            side * 0.145,
            TOKENS[theme]["paper"],
        ),
    ]


def text_width(text: str, size: float, weight: int = 400) -> float:
    """Estimate the width of a text in px: the reader's system font is not known here."""
    em = 0.0
    for char in text:
        if unicodedata.combining(char):
            continue
        if unicodedata.east_asian_width(char) in "WF":
            em += 1.0
        elif char in " .,:;'|!ijlI\u00b7\u2019":
            em += 0.29
        elif char in "mwMW@\u2014\u2026":
            em += 0.88
        elif char.isupper():
            em += 0.68
        else:
            em += 0.58
    return em * size * (1.05 if weight > 400 else 1.0)


def clean(text: str) -> str:
    """Bring a text to one line without control characters and halves of characters."""
    return " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs")).split())


def fit(text: str, room: float, size: float, weight: int = 400) -> str:
    """Shorten a text with an ellipsis until it is estimated to fit in `room` px."""
    text = clean(text)
    if text_width(text, size, weight) <= room:
        return text
    while text and text_width(text + "…", size, weight) > room:
        text = text[:-1].rstrip()
    return text + "…" if text else ""
