"""Layout of a static piano roll: head, ruler, one lane a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..colour import TOKENS, Theme, place_colour
from ..errors import ConfigError
from ..music.score import Score
from .drawing import Drawing, Line, Rect, Span, Text, clean, fit, seal, text_width
from .lanes import (
    RULER,
    Axis,
    Note,
    PitchRange,
    draw_drums,
    draw_keys,
    draw_pitches,
    draw_ruler,
    drum_lane_height,
    notes_of,
)

__all__ = ["Place", "Refused", "colour_of", "describe", "draw_head", "draw_lanes", "pitch_name", "roll_drawing"]

Place = tuple[float, float]
#: start and end in quarters, MIDI pitch, index of the track
Refused = tuple[float, float, int, int]

PAD = 12.0
HEAD = 28.0
NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True, slots=True)
class _Lane:
    track: int
    name: str
    is_drum: bool
    notes: list[Note]
    refused: list[Note]
    gap: float
    height: float


def roll_drawing(
    score: Score,
    *,
    place: Sequence[float] | None = None,
    width: float = 960,
    theme: Theme = "light",
    title: str | None = None,
    subtitle: str | None = None,
    refused: Sequence[Sequence[float]] = (),
) -> Drawing:
    """Lay out a roll on its own paper; parameters as in `plots.roll_svg`."""
    title = score.title if title is None else title
    subtitle = _summary(score) if subtitle is None else subtitle
    at = check_place(place)
    drawing = Drawing(check_width(width), 0, check_theme(theme), _name(title, "Piano roll"), describe(score))
    marks = _check_refused(refused, score)
    draw_paper(drawing)
    y = PAD
    if title or subtitle or at:
        y = draw_head(drawing, title, subtitle, at)
    bottom = draw_lanes(drawing, score, y, colour_of(at, drawing.theme), marks)
    if marks:
        draw_legend(drawing, bottom + 18)
        bottom += 22
    finish(drawing, bottom + PAD)
    return drawing


def draw_paper(drawing: Drawing) -> None:
    """Lay the paper that everything stands on (LOOK 3: radius 8, padding 12); `finish` sizes it."""
    drawing.add(Rect(0, 0, drawing.width, 1, drawing.tokens["paper"], 8))


def finish(drawing: Drawing, height: float) -> None:
    """Set the height, and with it the paper's."""
    drawing.height = round(height)
    drawing.shapes[0] = Rect(0, 0, drawing.width, drawing.height, drawing.tokens["paper"], 8)


def draw_head(drawing: Drawing, title: str, subtitle: str, place: Place | None) -> float:
    """Draw the rule, the seal, the title and the subtitle; give the y below them."""
    tokens = drawing.tokens
    room = drawing.width - 2 * PAD
    drawing.add(Line(PAD, PAD + 0.75, PAD + room, PAD + 0.75, tokens["ink"], 1.5))
    x, y = PAD, PAD + 11.5
    if place is not None:
        drawing.extend(seal(x, y + 5, 18, place, drawing.theme))
        x, room = x + 26, room - 26
    spans = []
    title = fit(title, room, 13, 600)
    if title:
        spans.append(Span(title, tokens["ink"], 600))
        room -= text_width(title, 13, 600) + 9
    subtitle = fit(subtitle, room, 12) if room > 40 else ""
    if subtitle:
        spans.append(Span(subtitle, tokens["ink2"], gap=9 if title else 0))
    if spans:
        drawing.add(Text(x, y + 18.5, tuple(spans), 13 if title else 12))
    return y + HEAD + 10


def draw_lanes(
    drawing: Drawing,
    score: Score,
    y: float,
    colour: str,
    refused: Sequence[Refused] = (),
    *,
    height: float | None = None,
    marks: Sequence[str] = (),
) -> float:
    """Draw the ruler and one lane for each track that has notes; give the y below them.

    Parameters
    ----------
    height
        Fixed height of the stage where there is one melodic lane.
    marks
        How each note of the score compares (`lanes.Note`).
    """
    lanes = _lanes(score, refused, height, marks)
    wide = drawing.width - 2 * PAD
    alone = len(lanes) == 1
    left = _left_margin(lanes, wide)
    axis = Axis(score, PAD + left, wide - left, gaps=alone and lanes[0].is_drum)
    draw_ruler(drawing, axis, y)
    y += RULER
    for index, lane in enumerate(lanes):
        y += lane.gap
        rise = 6.0 if index == 0 else min(6.0, lane.gap)
        if not alone:
            baseline = y - 5 if lane.is_drum else y + 13
            name = fit(lane.name, left - 12, 12, 600)
            drawing.write(PAD + left - 12, baseline, name, size=12, weight=600, colour="ink", anchor="end")
        if lane.is_drum:
            row = 24.0 if alone else 14.0
            draw_drums(
                drawing, axis, y, row, lane.notes, colour,
                refused=lane.refused, core=alone, names_right=PAD + left - (16 if alone else 12),
                rise=0 if alone else rise,
            )  # fmt: skip
        else:
            pitches = PitchRange.around(n.pitch for n in (*lane.notes, *lane.refused))
            keys = alone and left > 0
            draw_pitches(
                drawing, axis, y, lane.height, lane.notes, pitches, colour,
                refused=lane.refused, rise=rise, radius=0 if keys else 4,
            )  # fmt: skip
            if keys:
                draw_keys(drawing, PAD, y, lane.height, pitches)
        y += lane.height
    if not any(lane.notes or lane.refused for lane in lanes):
        middle = y - lanes[0].height / 2 + 4
        drawing.write(axis.x + axis.width / 2, middle, "No notes", size=12, anchor="middle")
    return y


def _lanes(
    score: Score, refused: Sequence[Refused], height: float | None, comparison: Sequence[str] = ()
) -> list[_Lane]:
    found = []
    for index, track in enumerate(score.tracks):
        notes = notes_of(score, index, comparison)
        marks = [Note(start, end, pitch, 1.0) for start, end, pitch, t in refused if t == index]
        if notes or marks:
            found.append((index, track.name, track.is_drum, notes, marks))
    if not found:
        found = [(0, "", False, [], [])]
    alone = len(found) == 1
    lanes = []
    for i, (index, name, is_drum, notes, marks) in enumerate(found):
        if is_drum:
            # The lane's own name stands over the names of its rows.
            gap = 0.0 if i == 0 else 18.0
            tall = drum_lane_height([*notes, *marks], 24.0 if alone else 14.0, alone)
        else:
            gap = 0.0 if i == 0 else 6.0
            rows = PitchRange.around(n.pitch for n in (*notes, *marks)).rows
            if alone:
                tall = height or min(280.0, max(170.0, rows * 10.0))
            else:
                tall = min(156.0, rows * 6.5) if len(found) <= 6 else 64.0
        lanes.append(_Lane(index, name, is_drum, notes, marks, gap, float(round(tall))))
    return lanes


def _left_margin(lanes: Sequence[_Lane], wide: float) -> float:
    if len(lanes) == 1 and not lanes[0].is_drum:
        return 34.0 if wide > 560 else 0.0
    if wide < 420:
        return 70.0
    names = [text_width(lane.name, 12, 600) + 14 for lane in lanes] if len(lanes) > 1 else []
    return float(round(min(wide * 0.18, max(86.0, *names, 0.0))))


def draw_legend(drawing: Drawing, y: float) -> None:
    """Say what the dashed notes are, at the right under the stage."""
    text = "red dashes: refused by the model"
    drawing.write(drawing.width - PAD, y, text, anchor="end")


def colour_of(place: Place | None, theme: Theme) -> str:
    """Give the colour of a clip's notes; a clip without a place is ink, for grey is a place too."""
    return TOKENS[theme]["ink2"] if place is None else place_colour(*place, theme)


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch; 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def describe(score: Score) -> str:
    """Say in words what the picture shows."""
    notes = score.notes
    bars = len(score.bar_starts()) - 1
    parts = [_count(bars, "bar")]
    pitched = notes[notes[:, 6] == 0]
    hits = len(notes) - len(pitched)
    if len(pitched):
        low, high = (pitch_name(round(float(p))) for p in (pitched[:, 2].min(), pitched[:, 2].max()))
        parts += [_count(len(pitched), "note"), f"{low} to {high}" if low != high else low]
    if hits:
        parts.append(_count(hits, "drum hit"))
    if not len(notes):
        parts.append("no notes")
    parts.append(f"{score.tempos[0][1]:g} quarters a minute")
    return ", ".join(parts)


def _summary(score: Score) -> str:
    """Give the subtitle of a score: bars, then tracks, or notes, or hits."""
    bars = _count(len(score.bar_starts()) - 1, "bar")
    used = {round(float(t)) for t in score.notes[:, 4]}
    if len(used) > 1:
        return f"{bars} · {_count(len(used), 'track')}"
    drums = len(score.notes) > 0 and bool((score.notes[:, 6] > 0).all())
    return f"{bars} · {_count(len(score.notes), 'hit' if drums else 'note')}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _name(title: str, kind: str) -> str:
    title = clean(title)
    return f"{kind}: {title}" if title else kind


def check_theme(theme: str) -> Theme:
    """Return a theme that a static picture can have."""
    if theme not in ("light", "dark"):
        raise ConfigError(f"There is no theme {theme!r}.", 'Use "light" or "dark".')
    return "light" if theme == "light" else "dark"


def check_width(width: float) -> float:
    """Return a width that a picture can have."""
    if not 200 <= width <= 4000:
        raise ConfigError(f"A picture cannot be {width} px wide.", "Use 200 to 4000.")
    return float(round(width))


def check_place(place: Sequence[float] | None) -> Place | None:
    """Return a place as two numbers; none, or an empty one (the widgets' ``_place``), is None."""
    if place is None or len(place) == 0:
        return None
    if len(place) != 2:
        raise ConfigError(f"The place {list(place)} is not (u, v).")
    return float(place[0]), float(place[1])


def _check_refused(refused: Sequence[Sequence[float]], score: Score) -> list[Refused]:
    """Return refused notes as rows, on a track of the score."""
    rows: list[Refused] = []
    for row in refused:
        if len(row) != 4:
            raise ConfigError(
                f"The refused note {list(row)} has {len(row)} numbers.",
                "It needs start and end in quarters, pitch and track.",
            )
        start, end, pitch, track = row
        last = max(0, len(score.tracks) - 1)
        rows.append((float(start), float(end), round(pitch), min(last, max(0, round(track)))))
    return rows
