"""How a piece is cut: which bars, which windows, which notes, and what is said about the rest."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .clips import Clip, Clips, Refusal
from .harmony import Harmony
from .rules import Cast, Note, Rules, Span, Why
from .score import EPSILON, bar_length, from_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .converter import Converter

    NoteSequence = Any

__all__ = ["Cutter"]

ALL_TRACKS = "all tracks"
NOTHING_LOST = "nothing is lost"


@dataclass(frozen=True)
class Stretch:
    """Bars in a row that are all taken or all refused.

    Parameters
    ----------
    bar
        The first, counted from 1.
    bars
        How many.
    start
        Its quarter.
    meter
        Its meter, as ``"3/4"``.
    taken
        Whether each of its bars fills a bar of the model.
    whole
        False for a bar that its meter does not fill, such as a pickup.
    """

    bar: int
    bars: int
    start: float
    meter: str
    taken: bool
    whole: bool


class Cutter:
    """Cuts one piece.

    Parameters
    ----------
    sequence
        Any NoteSequence.
    converter
        Of the model that is to take the clips.
    """

    def __init__(self, sequence: NoteSequence, converter: Converter) -> None:
        self.converter = converter
        self.spec = converter.clip_spec
        self.rules: Rules = converter.rules
        sequence = self.rules.prepare(sequence)
        self.score = from_sequence(sequence)
        self.harmony = Harmony(sequence, self.rules)
        self.seconds = float(sequence.total_time)
        self.stretches = list(self._stretches())
        self._starts = [stretch.start for stretch in self.stretches]
        # (track index or -1, bar, reason with {n}, remedy) -> notes lost
        self._lost: defaultdict[tuple[int, int, str, str], list[Span]] = defaultdict(list)

    def clips(self) -> Clips:
        """Return the clips and the report."""
        if not len(self.score.notes):
            return self._silence()
        casts, strangers = self.rules.casts(self.score)
        for index, why in strangers.items():
            self._refuse_track(index, why)
        clips: list[Clip] = []
        silent: list[int] = []
        for cast in casts:
            windows = self._windows(cast)
            # A last note that rounds onto the final bar line makes a window of its own.
            for stretch, number in sorted({*self._numbers(), *windows}, key=lambda window: (window[0].bar, window[1])):
                notes = windows.get((stretch, number))
                if notes is None:
                    silent.append(stretch.bar + number * self.spec.bars)
                else:
                    clips.append(self._clip(stretch, number, self.rules.place(notes, self.score, self._drop), cast))
        if clips:
            for reason, remedy in self.rules.missing(self.score):
                self._lost[(-1, 1, reason, remedy)] = []
        if silent:
            reason = f"{len(silent)} clip{'s' if len(silent) > 1 else ''} without a note left out"
            self._lost[(len(self.score.tracks), min(silent), reason, NOTHING_LOST)] = []
        self._report_harmony(clips)
        return Clips(clips, self._refusals())

    def _stretches(self) -> Iterator[Stretch]:
        """Group the bars of the piece."""
        lines = self.score.bar_starts()
        meter_starts = [start for start, _, _ in self.score.meters]
        current: Stretch | None = None
        for i, (start, end) in enumerate(pairwise(lines)):
            _, numerator, denominator = self.score.meters[bisect_right(meter_starts, start + EPSILON) - 1]
            bar = end - start
            taken = abs(bar - 4) < EPSILON
            whole = abs(bar - bar_length(numerator, denominator)) < EPSILON
            if i == 0 and not taken and len(meter_starts) > 1 and meter_starts[1] - end < EPSILON:
                _, *following = self.score.meters[1]
                whole = bar >= bar_length(*following)
            meter = f"{numerator}/{denominator}"
            if current and current.taken == taken and (taken or (current.meter, current.whole) == (meter, whole)):
                current = Stretch(current.bar, current.bars + 1, current.start, current.meter, taken, current.whole)
                continue
            if current:
                yield current
            current = Stretch(i + 1, 1, start, meter, taken, whole)
        if current:
            yield current

    def _numbers(self) -> Iterator[tuple[Stretch, int]]:
        """Go through the windows of the stretches that are taken, numbered from 0 in each."""
        for stretch in self.stretches:
            if stretch.taken:
                yield from ((stretch, number) for number in range(math.ceil(stretch.bars / self.spec.bars)))

    def _windows(self, cast: Cast) -> dict[tuple[Stretch, int], list[Note]]:
        """Sort the notes of a cast into windows; report those that go nowhere."""
        windows: defaultdict[tuple[Stretch, int], list[Note]] = defaultdict(list)
        grid = self.spec.steps_per_quarter
        table = self.score.notes[np.isin(self.score.notes[:, 4], cast.tracks)]
        for start, end, pitch, velocity, track in table[:, :5].tolist():
            index = int(track)
            span = (start, end, int(pitch), index)
            # A note belongs to the bar that holds its step, which may be the one after its time.
            stretch = self.stretches[max(bisect_right(self._starts, start + 0.5 / grid + EPSILON) - 1, 0)]
            exact = (start - stretch.start) * grid
            step = max(math.floor(exact + 0.5), 0)
            length = max(math.floor((end - stretch.start) * grid + 0.5) - step, 1)
            bar = stretch.bar + step // self.spec.bar_steps if stretch.taken else stretch.bar
            if not stretch.taken:
                self._lose(-1, bar, self._meter_words(stretch), span)
            elif why := self.rules.refuse(int(pitch), int(velocity), self.score.tracks[index]):
                self._lose(index, bar, why, span)
            else:
                number, start_step = divmod(step, self.spec.steps)
                exact -= number * self.spec.steps
                note = Note(start_step, start_step + length, int(pitch), int(velocity), index, exact, bar, span)
                windows[(stretch, number)].append(note)
        return windows

    def _refuse_track(self, index: int, why: Why) -> None:
        table = self.score.notes[self.score.notes[:, 4] == index]
        for start, end, pitch in table[:, :3].tolist():
            self._lose(index, self.score.bar_of(float(table[0, 0])), why, (start, end, int(pitch), index))

    def _drop(self, note: Note, why: Why) -> None:
        self._lose(note.track, note.bar, why, note.span)

    def _clip(self, stretch: Stretch, number: int, tokens: NDArray[Any], cast: Cast | None) -> Clip:
        quarter = stretch.start + number * self.spec.bars * 4
        qpm = [tempo for start, tempo in self.score.tempos if start <= quarter + EPSILON][-1]
        chords, keys = self.harmony.at(quarter, self.rules.control_steps(tokens))
        return Clip(
            tokens,
            self.converter,
            track=cast.tracks[0] if cast else 0,
            track_name=cast.name if cast else "",
            program=cast.program if cast else 0,
            bar=stretch.bar + number * self.spec.bars,
            title=self.score.title,
            qpm=qpm,
            chords=chords,
            keys=keys,
        )

    def _report_harmony(self, clips: list[Clip]) -> None:
        if clips:
            for quarter, reason, remedy in self.harmony.refused:
                self._lost[(-1, self.score.bar_of(quarter), reason, remedy)] = []

    def _silence(self) -> Clips:
        """Clips of a piece without a note: as long as it is, so that a model's own rests encode again."""
        if not self.seconds > 0:
            return Clips((), [Refusal(ALL_TRACKS, 1, "no notes", "give a piece with notes, or with a length")])
        refused = [Refusal(ALL_TRACKS, s.bar, *self._meter_words(s)) for s in self.stretches if not s.taken]
        return Clips([self._clip(s, k, self.rules.silence(), None) for s, k in self._numbers()], refused)

    def _meter_words(self, stretch: Stretch) -> Why:
        if not stretch.whole and stretch.bar == 1:
            return "a pickup, shorter than a bar", "begin with a full bar, rests first, to keep it"
        if not stretch.whole:
            return f"a bar of {stretch.meter} that a change of meter cuts short", "give the meter its full bars"
        bars = f"{stretch.bars} bars" if stretch.bars > 1 else "a bar"
        remedy = "write two bars as one" if stretch.meter in ("2/4", "4/8") else "use bars of 4/4 or 2/2"
        return f"{bars} of {stretch.meter}: the model hears 4/4", remedy

    def _lose(self, track: int, bar: int, why: Why, span: Span) -> None:
        self._lost[(track, bar, *why)].append(span)

    def _refusals(self) -> list[Refusal]:
        refusals = []
        for (track, bar, reason, remedy), spans in sorted(self._lost.items(), key=lambda item: item[0]):
            name = self.score.tracks[track].name if 0 <= track < len(self.score.tracks) else ALL_TRACKS
            count = f"{len(spans)} note{'s' if len(spans) > 1 else ''}"
            refusals.append(Refusal(name, bar, reason.replace("{n}", count), remedy, tuple(spans)))
        return refusals
