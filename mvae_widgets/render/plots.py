"""Static pictures of music: SVG, PNG and a bokeh figure.

SVG and PNG are written from one drawing list, so they show the same; they are what a widget's mime
bundle carries for places where no widget can live (print, code hosts, exported pages).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..colour import TOKENS, Theme
from ..music.score import Score
from .bundle import PNG_SCALE, Bundle, bundle_of
from .kit import drum_name, kit_rows
from .lanes import BLACK_KEYS, PitchRange
from .raster import to_png
from .roll import (
    check_place,
    check_theme,
    check_width,
    colour_of,
    describe,
    pitch_name,
    roll_drawing,
)
from .strip import strip_drawing
from .svg import to_svg

if TYPE_CHECKING:
    Figure = Any  # bokeh's own annotations lack half of what it takes

__all__ = [
    "figure",
    "roll_bundle",
    "roll_png",
    "roll_svg",
    "strip_bundle",
    "strip_png",
    "strip_svg",
]


def roll_svg(
    score: Score,
    *,
    place: Sequence[float] | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    refused: Sequence[Sequence[float]] = (),
) -> str:
    """Draw a piano roll as SVG.

    Parameters
    ----------
    score
        The music; each track that has notes gets a lane, a drum track one with named rows.
    place
        ``(u, v)``, each -1..1: colours the notes and adds the seal. None or empty: neutral ink.
    width
        Width in px, 200 to 4000; the whole score is scaled to it. From 584 px on one melodic
        track has a keyboard.
    theme
        ``"light"`` or ``"dark"``: the picture's own paper.
    title, subtitle
        The head's words; None takes the score's title and its count of bars and notes, "" leaves
        them out.
    refused
        Rows (start, end, pitch, track), times in quarters: notes that a model would not take.

    Returns
    -------
    str
        One self-contained ``<svg>`` element: no script, font or address; ``role="img"`` with words.

    Raises
    ------
    ConfigError
        When a parameter is not of the kind named here.
    """
    return to_svg(
        roll_drawing(score, place=place, width=width, theme=theme, title=title, subtitle=subtitle, refused=refused)
    )


def roll_png(
    score: Score,
    *,
    place: Sequence[float] | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    refused: Sequence[Sequence[float]] = (),
) -> bytes:
    """Draw a piano roll as a PNG of twice the pixels; parameters and errors as in `roll_svg`."""
    return to_png(
        roll_drawing(score, place=place, width=width, theme=theme, title=title, subtitle=subtitle, refused=refused),
        PNG_SCALE,
    )


def roll_bundle(
    score: Score,
    *,
    place: Sequence[float] | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    refused: Sequence[Sequence[float]] = (),
) -> Bundle:
    """Draw a piano roll for a mime bundle; parameters and errors as in `roll_svg`.

    Returns
    -------
    tuple
        ``{mime: data}`` with text/plain, image/svg+xml and image/png (base64), and its metadata
        (the PNG's size in CSS px), as ``_repr_mimebundle_`` returns them.
    """
    return bundle_of(
        roll_drawing(score, place=place, width=width, theme=theme, title=title, subtitle=subtitle, refused=refused)
    )


def strip_svg(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    current: int | None = None,
    *,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
) -> str:
    """Draw an interpolation as SVG: the steps side by side over the route that they lie on.

    Parameters
    ----------
    scores
        The decoded steps, two or more.
    places
        ``(u, v)`` for each step; none for neutral ink.
    labels
        Titles of the two ends.
    current
        The step (from 0) that the handle stands on and whose roll is drawn above; None draws the
        strip alone.
    width, theme, title, subtitle
        As in `roll_svg`.

    Raises
    ------
    ConfigError
        When the numbers of scores, places and labels do not go together.
    """
    return to_svg(
        strip_drawing(scores, places, labels, current=current, width=width, theme=theme, title=title, subtitle=subtitle)
    )


def strip_png(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    current: int | None = None,
    *,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
) -> bytes:
    """Draw an interpolation as a PNG of twice the pixels; as `strip_svg`."""
    return to_png(
        strip_drawing(
            scores, places, labels, current=current, width=width, theme=theme, title=title, subtitle=subtitle
        ),
        PNG_SCALE,
    )


def strip_bundle(
    scores: Sequence[Score],
    places: Sequence[Sequence[float]],
    labels: Sequence[str],
    current: int | None = None,
    *,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    stops: Sequence[int] | None = None,
) -> Bundle:
    """Draw an interpolation for a mime bundle, as `roll_bundle` does a roll.

    Parameters
    ----------
    stops
        Steps at which the labels' clips stand, where there are more than the two ends.
    """
    return bundle_of(
        strip_drawing(
            scores,
            places,
            labels,
            current=current,
            width=width,
            theme=theme,
            title=title,
            subtitle=subtitle,
            stops=stops,
        )
    )


def figure(
    score: Score,
    *,
    place: Sequence[float] | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
) -> Figure:
    """Make a bokeh figure of a piano roll: zoom, pan, and each note's words under the pointer.

    Parameters
    ----------
    score
        The music; pitched tracks share one axis and can be told apart by hovering, drums have rows below.
    place, width, theme, title
        As in `roll_svg`.

    Returns
    -------
    bokeh.plotting.figure
        Show it with ``bokeh.plotting.show``. Its one quad glyph holds a row for each note.
    """
    from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
    from bokeh.models.annotations import BoxAnnotation
    from bokeh.plotting import figure as make_figure

    tokens = TOKENS[check_theme(theme)]
    colour = colour_of(check_place(place), check_theme(theme))
    drums = score.notes[:, 6] > 0
    pitches = PitchRange.around(round(float(p)) for p in score.notes[~drums][:, 2])
    # Drums stand in named rows under the pitches, each of the height of three semitones.
    kit, row_of = kit_rows({round(float(p)) for p in score.notes[drums][:, 2]}, core=False)
    height_of = {key: float(pitches.low - 4 - 3 * row) for key, row in row_of.items()}
    rows = _rows(score, height_of)
    hover = HoverTool(
        tooltips=[
            ("note", "@name"),
            ("at", "bar @bar, beat @beat{0.[00]}"),
            ("length", "@length{0.[00]} quarters"),
            ("velocity", "@velocity"),
            ("track", "@track"),
        ]
    )
    plot: Figure = make_figure(
        width=round(check_width(width)),
        height=300 + 12 * len(kit),
        title=(score.title if title is None else title) or None,
        x_range=Range1d(start=0, end=score.quarters),
        y_range=Range1d(start=pitches.low - 0.5 - (3 * len(kit) + 2 if kit else 0), end=pitches.high + 0.5),
        tools=[hover, "xpan", "xwheel_zoom", "reset", "save"],
        toolbar_location="right",
    )
    for pitch in range(pitches.low, pitches.high + 1):
        if pitch % 12 in BLACK_KEYS:
            plot.add_layout(
                BoxAnnotation(
                    bottom=pitch - 0.5,
                    top=pitch + 0.5,
                    fill_color=tokens["band"],
                    fill_alpha=1,
                    line_color=None,
                    level="image",
                )
            )
    source = ColumnDataSource(rows)
    notes = plot.quad(
        left="left", right="right", bottom="bottom", top="top", source=source,
        fill_color=colour, fill_alpha="alpha", line_color=tokens["stage"], line_width=0.75,
    )  # fmt: skip
    hover.renderers = [notes]
    bars = score.bar_starts()
    plot.xaxis.ticker = FixedTicker(ticks=bars[:-1])
    plot.xaxis.major_label_overrides = {quarter: str(i) for i, quarter in enumerate(bars[:-1], 1)}
    plot.xaxis.axis_label = "bar"
    cs = [p for p in range(pitches.low, pitches.high + 1) if p % 12 == 0]
    labels: dict[float, str] = {p: pitch_name(p) for p in cs} | {height_of[key]: drum_name(key) for key in row_of}
    plot.yaxis.ticker = FixedTicker(ticks=sorted(labels))
    plot.yaxis.major_label_overrides = labels
    plot.background_fill_color = tokens["stage"]
    plot.border_fill_color = tokens["paper"]
    plot.outline_line_color = None
    plot.xgrid.grid_line_color = tokens["bar"]
    plot.ygrid.grid_line_color = tokens["grid"]
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_line_color = tokens["bar"]
        axis.major_tick_line_color = tokens["bar"]
        axis.minor_tick_line_color = None
        axis.major_label_text_color = tokens["ink2"]
        axis.axis_label_text_color = tokens["ink2"]
        axis.axis_label_text_font_style = "normal"
    if plot.title is not None:
        plot.title.text_color = tokens["ink"]
    plot.name = describe(score)
    return plot


def _rows(score: Score, height_of: dict[int, float]) -> dict[str, list[Any]]:
    """Give the columns of the figure's source, one entry a note."""
    bars = score.bar_starts()
    columns: dict[str, list[Any]] = {
        key: []
        for key in (
            "left right bottom top alpha name bar beat length velocity track".split()  # noqa: SIM905
        )
    }
    for start, end, pitch, velocity, track, _, is_drum in score.notes.tolist():
        key = round(pitch)
        y, half = (height_of[key], 0.9) if is_drum else (float(key), 0.42)
        bar = score.bar_of(start)
        denominator = next(d for q, _, d in reversed(score.meters) if q <= start + 1e-4)
        values = (
            start, end, y - half, y + half, 0.42 + 0.5 * velocity / 127,
            drum_name(key) if is_drum else pitch_name(key),
            bar, round(1 + (start - bars[bar - 1]) * denominator / 4, 4), end - start, round(velocity),
            score.tracks[round(track)].name,
        )  # fmt: skip
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return columns
