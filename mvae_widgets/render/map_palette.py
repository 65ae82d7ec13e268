"""Colours of the points of a map by their code; the page's `core/map-palette.ts` has the same."""

from __future__ import annotations

from typing import Any

from ..colour import TOKENS, Theme, place_colour, rgb

__all__ = ["CIVIDIS", "GREY", "OKABE_ITO", "palette"]

#: Okabe and Ito's eight colours, safe for colour-blind eyes: their black is our ink, and pale yellow comes last.
OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "ink", "#f0e442")
#: Seventeen stops of cividis (Nunez, Anderton and Renslow 2018).
CIVIDIS = (
    *("#00204c", "#002b68", "#06366e", "#2c416b", "#414d6b", "#51586c", "#60646e", "#6f6f72", "#7c7b78"),
    *("#8b8778", "#9b9377", "#aba174", "#bcae6e", "#cdbc67", "#dfcb5d", "#f1da50", "#ffe945"),
)
#: Points that stand back (LOOK 7).
GREY = {"light": "#c9c7c1", "dark": "#50555e"}
#: The part of cividis that stands out from the stage: not its darkest on dark, nor its palest on light.
ENDS = {"light": (0.0, 0.94), "dark": (0.25, 1.0)}
GRID = 64
RAMP = 255


def palette(legend: dict[str, Any], theme: Theme) -> list[str]:
    """Colour of each code of a legend, ``#rrggbb``."""
    tokens = TOKENS[theme]
    kind = legend.get("kind")
    if kind == "place":
        middle = [(k + 0.5) / GRID * 2 - 1 for k in range(GRID)]
        return [place_colour(u, v, theme) for v in middle for u in middle]
    if kind == "category":
        return [tokens["ink"] if colour == "ink" else colour for colour in OKABE_ITO] + [tokens["ink3"]]
    if kind == "number":
        first, last = ENDS[theme]
        return [_ramp(first + (last - first) * k / (RAMP - 1)) for k in range(RAMP)] + [tokens["ink3"]]
    return [tokens["ink2"]]


def _ramp(t: float) -> str:
    at = t * (len(CIVIDIS) - 1)
    low = min(int(at), len(CIVIDIS) - 2)
    a, b = rgb(CIVIDIS[low]), rgb(CIVIDIS[low + 1])
    return "#" + "".join(f"{int(x + (y - x) * (at - low) + 0.5):02x}" for x, y in zip(a, b, strict=True))
