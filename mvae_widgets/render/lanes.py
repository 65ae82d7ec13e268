"""The parts of a roll: the time axis with its ruler, a lane of pitches, a lane of drums (LOOK 6)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ..music.score import Score
from .drawing import Circle, Drawing, Line, Rect, fit
from .kit import kit_rows

__all__ = ["RULER", "Axis", "Note", "PitchRange", "draw_drums", "draw_keys", "draw_pitches", "draw_ruler"]

RULER = 24.0
BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
#: A sixteenth note, in quarters: the step of a drum lane.
STEP = 0.25


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the page: quarters, MIDI pitch, velocity 0..1, and how it compares.

    Its mark is ``""``, or ``"same"``, ``"missing"``, ``"added"`` in a comparison.
    """

    start: float
    end: float
    pitch: int
    velocity: float
    mark: str = ""


def notes_of(score: Score, track: int | None = None, marks: Sequence[str] = ()) -> list[Note]:
    """Read the notes of a score, or of one of its tracks; marks stand in the order of the score's notes."""
    return [
        Note(float(start), float(end), round(pitch), min(1.0, max(0.0, velocity / 127)), mark)
        for (start, end, pitch, velocity, of, *_), mark in zip(
            score.notes.tolist(), marks or [""] * len(score.notes), strict=True
        )
        if track is None or of == track
    ]


SAME = 0.55


def look_of(note: Note, colour: str, alpha: float, signal: str) -> tuple[str, float]:
    """Colour and alpha of a note's body (LOOK 6): the same stand back, what is added stands out."""
    if note.mark == "added":
        return signal, 1.0
    return colour, round(alpha * SAME, 2) if note.mark == "same" else alpha


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Lowest and highest row of a lane, MIDI pitches, both shown."""

    low: int
    high: int

    @classmethod
    def around(cls, pitches: Iterable[int]) -> PitchRange:
        """Give a lane two rows of air above and below, and 16 rows at least."""
        found = list(pitches) or [60, 72]
        low, high = min(found) - 2, max(found) + 2
        while high - low < 15:
            high += 1
            if high - low < 15:
                low -= 1
        shift = max(0, -low) - max(0, high - 127)
        return cls(max(0, low + shift), min(127, high + shift))

    @property
    def rows(self) -> int:
        """How many semitones the lane shows."""
        return self.high - self.low + 1


class Axis:
    """Quarters to px, with the gaps between beats and bars that a drum grid has.

    Parameters
    ----------
    score
        Whose bar lines and meters are drawn.
    x, width
        Where the axis lies, px.
    gaps
        Leave 4 px after a beat and 10 after a bar (less where a beat is narrow).
    """

    def __init__(self, score: Score, x: float, width: float, gaps: bool = False) -> None:
        self.score = score
        self.x, self.width = x, width
        self.bars = score.bar_starts()
        self.length = self.bars[-1]
        self.beats = _beats(score, self.bars)
        inner = len(self.beats) - 1
        bar_gaps = len(self.bars) - 2
        beat_px = width / max(1, len(self.beats))
        gap, bar_gap = (min(4.0, beat_px * 0.1), min(10.0, beat_px * 0.2)) if gaps else (0.0, 0.0)
        self.px = (width - bar_gaps * bar_gap - (inner - bar_gaps) * gap) / self.length
        jumps = [bar_gap if beat == 1 else gap for _, _, beat in self.beats[1:]]
        self._starts = [quarter for quarter, _, _ in self.beats]
        self._gaps = [0.0, *accumulate(jumps)]

    def __call__(self, quarter: float) -> float:
        """Give the px of a quarter; the start of a beat is after the gap."""
        return self.x + quarter * self.px + self._gaps[max(0, bisect_right(self._starts, quarter + 1e-4) - 1)]

    def end(self, quarter: float) -> float:
        """Give the px where a span that ends at this quarter ends: before the gap."""
        return self.x + quarter * self.px + self._gaps[max(0, bisect_right(self._starts, quarter - 1e-4) - 1)]


def _beats(score: Score, bars: Sequence[float]) -> list[tuple[float, int, int]]:
    """List every beat: (quarter, bar from 1, beat from 1). A beat is the meter's lower figure."""
    beats = []
    for number, (start, end) in enumerate(pairwise(bars), 1):
        beat = 4 / _meter_at(score, start)[1]
        count = max(1, math.ceil((end - start) / beat - 1e-4))
        beats += [(start + i * beat, number, i + 1) for i in range(count)]
    return beats


def _meter_at(score: Score, quarter: float) -> tuple[int, int]:
    numerator, denominator = 4, 4
    for start, top, bottom in score.meters:
        if start <= quarter + 1e-4:
            numerator, denominator = top, bottom
    return numerator, denominator


def draw_ruler(drawing: Drawing, axis: Axis, y: float) -> None:
    """Write bar numbers, beats where there is room, and meters where they change; 24 px high."""
    bar_px = axis.width / max(1, len(axis.bars) - 1)
    every = next((k for k in (1, 2, 4, 8, 16, 32) if k * bar_px >= 26), 64)
    beat_px = axis.width / max(1, len(axis.beats))
    show_beats = beat_px > 30 and drawing.width >= 420
    shown: tuple[int, int] = (4, 4)
    for quarter, bar, beat in axis.beats:
        x = axis(quarter)
        if beat > 1:
            if show_beats:
                drawing.write(x + 2, y + 11, f"{bar}.{beat}", size=10)
            continue
        meter = _meter_at(axis.score, quarter)
        changed, shown = meter != shown, meter
        if (bar - 1) % every and not changed:
            continue
        x += 5 if quarter else 2
        drawing.write(x, y + 11, str(bar), weight=600, colour="ink")
        if changed and bar_px >= 44:
            x += 6 + 7 * len(str(bar))
            drawing.write(x, y + 11, f"{meter[0]}/{meter[1]}", size=10, colour="ink2")


def draw_time_lines(drawing: Drawing, axis: Axis, y: float, height: float, rise: float) -> None:
    """Draw beat and bar lines; bar lines rise into the ruler."""
    tokens = drawing.tokens
    x_end = axis.end(axis.length)
    beat_px = axis.width / max(1, len(axis.beats))
    bar_px = axis.width / max(1, len(axis.bars) - 1)
    if beat_px >= 5:
        for quarter, _, beat in axis.beats:
            if beat > 1:
                x = _crisp(axis(quarter))
                drawing.add(Line(x, y, x, y + height, tokens["beat"]))
    for x in (_crisp(axis.x), _crisp(x_end - 1)):
        drawing.add(Line(x, y, x, y + height, tokens["beat"]))
    if bar_px >= 3:
        for quarter in axis.bars[1:-1]:
            x = _crisp(axis(quarter))
            drawing.add(Line(x, y - rise, x, y + height, tokens["bar"]))


def _crisp(x: float) -> float:
    """Put a hairline on one whole pixel."""
    return math.floor(x) + 0.5


def draw_pitches(
    drawing: Drawing,
    axis: Axis,
    y: float,
    height: float,
    notes: Sequence[Note],
    pitches: PitchRange,
    colour: str,
    *,
    refused: Sequence[Note] = (),
    rise: float = 0.0,
    radius: float = 4.0,
) -> None:
    """Draw a lane of pitches: stage, black-key rows, lines, notes, refused notes."""
    tokens = drawing.tokens
    row = height / pitches.rows

    def top(pitch: int) -> float:
        return y + (pitches.high - pitch) * row

    drawing.add(Rect(axis.x, y, axis.width, height, tokens["stage"], radius))
    keys = range(pitches.low, pitches.high + 1)
    drawing.extend(Rect(axis.x, top(p), axis.width, row, tokens["band"]) for p in keys if p % 12 in BLACK_KEYS)
    for pitch in keys:
        if pitch % 12 in (0, 5) and pitch > pitches.low:
            line = _crisp(top(pitch) + row)
            drawing.add(Line(axis.x, line, axis.x + axis.width, line, tokens["grid"]))
    draw_time_lines(drawing, axis, y, height, rise)
    note_height = max(4.0, row - 1.5)
    boxes, heads, hollow = [], [], []
    for note in notes:
        x, y_note = axis(note.start) + 0.5, top(note.pitch) + row / 2 - note_height / 2
        width = max(1.0, axis.end(note.end) + 0.5 - 1 - x)
        if note.mark == "missing":
            inner = (x + 0.75, y_note + 0.75, max(1.0, width - 1.5), note_height - 1.5)
            hollow.append(Rect(*inner, None, 2.0, stroke=tokens["signal"], stroke_width=1.5))
            continue
        fill, full = look_of(note, colour, 1.0, tokens["signal"])
        _, alpha = look_of(note, colour, round(0.42 + 0.5 * note.velocity, 2), tokens["signal"])
        if note_height < 4.5:
            # Too thin to carry a head (LOOK 6): solid.
            boxes.append(Rect(x, y_note, width, note_height, fill, 1.0, alpha=full))
            continue
        if width > 2.5:
            boxes.append(Rect(x, y_note, width, note_height, fill, radius=2.5, alpha=alpha))
        head = min(2.5, width)
        heads.append(Rect(x, y_note, head, note_height, fill, min(2.5, width / 2), alpha=full, left_only=True))
    drawing.extend((*boxes, *heads, *hollow))
    for note in refused:
        x, note_top = axis(note.start) + 0.5, top(note.pitch) + 0.75
        width, h = max(6.0, axis.end(note.end) - 1 - x), max(6.0, row - 1.5)
        draw_refused(drawing, x, note_top + (row - 1.5 - h) / 2, width, h)


def draw_refused(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    """Draw the mark of a note that the model would not take: dashed, a stroke rising across.

    Where dashes would run into one another the note is struck through.
    """
    signal = drawing.tokens["signal"]
    if width < 12 or height < 6:
        drawing.add(Line(x, y + height / 2, x + max(2.0, width), y + height / 2, signal, 1.0))
        return
    drawing.add(
        Rect(x, y, width, height, None, 2.5, stroke=signal, stroke_width=1.25, dash=(2.5, 2.0)),
        Line(x + 2, y + height - 2, x + width - 2, y + 2, signal, 1.25),
    )


def draw_keys(drawing: Drawing, x: float, y: float, height: float, pitches: PitchRange) -> None:
    """Draw the keyboard, 30 px wide, with its Cs named."""
    tokens = drawing.tokens
    row = height / pitches.rows
    drawing.add(Rect(x + 0.5, y + 0.5, 29, height - 1, tokens["white_key"], 3, stroke=tokens["beat"]))
    edge = tokens["rule"] if drawing.theme == "dark" else tokens["beat"]
    keys = range(pitches.low, pitches.high + 1)
    for pitch in keys:
        bottom = y + (pitches.high - pitch + 1) * row
        if pitch % 12 in (0, 5) and pitch > pitches.low:
            drawing.add(Line(x + 1, _crisp(bottom), x + 29, _crisp(bottom), edge))
    for pitch in keys:
        if pitch % 12 in BLACK_KEYS:
            key = y + (pitches.high - pitch) * row
            drawing.add(Rect(x, key + 0.5, 17, max(1.0, row - 1), tokens["black_key"], 1.2))
    for pitch in keys:
        if pitch % 12 == 0:
            bottom = y + (pitches.high - pitch + 1) * row
            drawing.write(x + 28, bottom - 1.5, f"C{pitch // 12 - 1}", size=9, colour="key_name", anchor="end")


def drum_lane_height(notes: Sequence[Note], row: float, core: bool) -> float:
    """Give the height of a drum lane, px."""
    return row * len(kit_rows((n.pitch for n in notes), core)[0])


def draw_drums(
    drawing: Drawing,
    axis: Axis,
    y: float,
    row: float,
    notes: Sequence[Note],
    colour: str,
    *,
    refused: Sequence[Note] = (),
    core: bool = True,
    names_right: float | None = None,
    rise: float = 0.0,
) -> None:
    """Draw a lane of drums: blocks of a beat, a dot for a step, a disc for a hit.

    Parameters
    ----------
    row
        Height of a row, px.
    core
        Show the hats, the snare and the kick even when they are silent.
    names_right
        Write the rows' names so that they end at this x.
    rise
        How far bar lines rise over the lane; 0 draws none (the gaps say it).
    """
    tokens = drawing.tokens
    rows, row_of = kit_rows((n.pitch for n in (*notes, *refused)), core)
    height = row * len(rows)
    ends = [quarter for quarter, _, _ in axis.beats[1:]] + [axis.length]
    blocks = [(axis(q), axis.end(e)) for (q, _, _), e in zip(axis.beats, ends, strict=True)]
    drawing.extend(Rect(x0, y, x1 - x0, height, tokens["stage"], min(4.0, (x1 - x0) / 4)) for x0, x1 in blocks)
    if rise:
        draw_time_lines(drawing, axis, y, height, rise)
    step = STEP * axis.px
    if names_right is not None:
        size = 11 if row >= 18 else 10
        for i, name in enumerate(rows):
            text = fit(name, names_right - 12, size)
            drawing.write(names_right, y + (i + 0.5) * row + size * 0.36, text, size=size, anchor="end")
    if step >= 5:
        for on_beat in (False, True):
            dots = []
            for (quarter, _, _), end in zip(axis.beats, ends, strict=True):
                for i in range(max(1, math.ceil((end - quarter) / STEP - 1e-4))):
                    if (i == 0) == on_beat:
                        x = axis(quarter + i * STEP) + step / 2
                        colour_of_dot = tokens["bar" if on_beat else "beat"]
                        middles = [y + (r + 0.5) * row for r in range(len(rows))]
                        dots += [Line(x, m, x, m, colour_of_dot, 2.5, round_ends=True) for m in middles]
            drawing.extend(dots)
    largest = max(1.5, min(row, max(step, 6.0)) / 2 - 1)
    for note in notes:
        radius = max(1.0, largest * math.sqrt(0.2 + 0.8 * note.velocity))
        at = y + (row_of[note.pitch] + 0.5) * row
        x = axis(note.start) + step / 2
        if note.mark == "missing":
            drawing.add(Circle(x, at, max(1.0, radius - 0.75), stroke=tokens["signal"], stroke_width=1.5))
            continue
        fill, alpha = look_of(note, colour, round(0.68 + 0.32 * note.velocity, 2), tokens["signal"])
        drawing.add(Circle(x, at, radius, fill, alpha))
    for note in refused:
        side = max(6.0, min(row, step) - 2)
        at = y + (row_of[note.pitch] + 0.5) * row
        draw_refused(drawing, axis(note.start) + step / 2 - side / 2, at - side / 2, side, side)
