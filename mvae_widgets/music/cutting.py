"""How a piece is cut: which bars, which windows, which notes, and what is said about the rest."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .clips import Clip, Clips, Refusal, Span
from .labels import labels_from_notes
from .score import EPSILON, Track, bar_length, from_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .converter import ClipSpec

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


@dataclass(frozen=True)
class Note:
    """A note of one track on the grid of its window: steps count from the window's start."""

    start: int
    end: int
    pitch: int
    bar: int
    span: Span


class Cutter:
    """Cuts one piece.

    Parameters
    ----------
    sequence
        Any NoteSequence.
    spec
        What a clip is.
    """

    def __init__(self, sequence: NoteSequence, spec: ClipSpec) -> None:
        self.spec = spec
        self.score = from_sequence(sequence)
        self.seconds = float(sequence.total_time)
        self.stretches = list(self._stretches())
        self._starts = [stretch.start for stretch in self.stretches]
        # (track index or -1, bar, reason with {n}, remedy) -> notes lost
        self._lost: defaultdict[tuple[int, int, str, str], list[Span]] = defaultdict(list)

    def clips(self) -> Clips:
        """Return the clips and the report."""
        if not len(self.score.notes):
            return self._silence()
        clips: list[Clip] = []
        silent: list[int] = []
        for index, track in enumerate(self.score.tracks):
            windows = self._windows(index, track)
            if track.is_drum:
                continue
            # A last note that rounds onto the final bar line makes a window of its own.
            for stretch, number in sorted({*self._numbers(), *windows}, key=lambda window: (window[0].bar, window[1])):
                notes = windows.get((stretch, number))
                if notes is None:
                    silent.append(stretch.bar + number * self.spec.bars)
                else:
                    clips.append(self._clip(stretch, number, self._place(notes), index, track))
        if silent:
            reason = f"{len(silent)} clip{'s' if len(silent) > 1 else ''} without a note left out"
            self._lost[(len(self.score.tracks), min(silent), reason, NOTHING_LOST)] = []
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

    def _windows(self, index: int, track: Track) -> dict[tuple[Stretch, int], list[Note]]:
        """Sort the notes of a track into windows; report those that go nowhere."""
        windows: defaultdict[tuple[Stretch, int], list[Note]] = defaultdict(list)
        grid = self.spec.steps_per_quarter
        table = self.score.notes[self.score.notes[:, 4] == index]
        first_bar = self.score.bar_of(float(table[0, 0])) if len(table) else 1
        for start, end, pitch, velocity in table[:, :4].tolist():
            span = (start, end, int(pitch), index)
            # A note belongs to the bar that holds its step, which may be the one after its time.
            stretch = self.stretches[max(bisect_right(self._starts, start + 0.5 / grid + EPSILON) - 1, 0)]
            step = max(math.floor((start - stretch.start) * grid + 0.5), 0)
            length = max(math.floor((end - stretch.start) * grid + 0.5) - step, 1)
            bar = stretch.bar + step // self.spec.bar_steps if stretch.taken else stretch.bar
            if track.is_drum:
                self._lose(index, first_bar, "{n} of drums: the model hears melodies", "use a drum model", span)
            elif not stretch.taken:
                self._lose(-1, bar, *self._meter_words(stretch), span)
            elif velocity == 0:
                self._lose(index, bar, "{n} with velocity 0", "give it a velocity from 1", span)
            elif not self.spec.min_pitch <= pitch <= self.spec.max_pitch:
                where = "below" if pitch < self.spec.min_pitch else "above"
                self._lose(index, bar, f"{{n}} {where} the model's range", "fold them in with fold_into_range", span)
            else:
                number, start_step = divmod(step, self.spec.steps)
                note = Note(start_step, start_step + length, int(pitch), bar, span)
                windows[(stretch, number)].append(note)
        return windows

    def _place(self, notes: list[Note]) -> NDArray[np.uint8]:
        """Keep the notes that can be one melody, report the others, and return the labels."""
        kept: list[Note] = []
        for note in sorted(notes, key=lambda n: (n.start, -n.pitch)):
            if kept and kept[-1].start == note.start:
                self._drop(note, kept[-1])
            else:
                kept.append(note)
        for note, following in pairwise(kept):
            # One step is what playing legato costs; more is a note that was meant to sound on.
            if note.end > following.start + 1:
                start, end, pitch, track = following.span[0], *note.span[1:]
                reason, remedy = "{n} cut short by the next", "write the parts as two tracks"
                self._lose(track, note.bar, reason, remedy, (start, end, pitch, track))
        table = np.array([(note.start, note.end, note.pitch) for note in kept])
        return labels_from_notes(table, self.spec.steps, self.spec.min_pitch)

    def _drop(self, note: Note, kept: Note) -> None:
        if note.pitch == kept.pitch:
            return  # the same note twice: nothing is lost
        (start, end, _, track), (other_start, other_end, _, _) = note.span, kept.span
        if (start < other_end and other_start < end) or start == other_start:
            reason, remedy = "{n} under a higher one", "keep the highest note"
        else:
            step = 4 * self.spec.steps_per_quarter
            reason, remedy = f"{{n}} faster than a {step}th", "slow the piece down to half speed"
        self._lose(track, note.bar, reason, remedy, note.span)

    def _clip(self, stretch: Stretch, number: int, tokens: NDArray[np.uint8], index: int, track: Track | None) -> Clip:
        quarter = stretch.start + number * self.spec.bars * 4
        qpm = [tempo for start, tempo in self.score.tempos if start <= quarter + EPSILON][-1]
        return Clip(
            tokens,
            self.spec,
            track=index,
            track_name=track.name if track else "",
            program=track.program if track else 0,
            bar=stretch.bar + number * self.spec.bars,
            title=self.score.title,
            qpm=qpm,
        )

    def _silence(self) -> Clips:
        """Clips of a piece without a note: as long as it is, so that a model's own rests encode again."""
        if not self.seconds > 0:
            return Clips((), [Refusal(ALL_TRACKS, 1, "no notes", "give a piece with notes, or with a length")])
        tokens = np.zeros(self.spec.steps, np.uint8)
        refused = [Refusal(ALL_TRACKS, s.bar, *self._meter_words(s)) for s in self.stretches if not s.taken]
        return Clips([self._clip(s, k, tokens.copy(), 0, None) for s, k in self._numbers()], refused)

    def _meter_words(self, stretch: Stretch) -> tuple[str, str]:
        if not stretch.whole and stretch.bar == 1:
            return "a pickup, shorter than a bar", "begin with a full bar, rests first, to keep it"
        if not stretch.whole:
            return f"a bar of {stretch.meter} that a change of meter cuts short", "give the meter its full bars"
        bars = f"{stretch.bars} bars" if stretch.bars > 1 else "a bar"
        remedy = "write two bars as one" if stretch.meter in ("2/4", "4/8") else "use bars of 4/4 or 2/2"
        return f"{bars} of {stretch.meter}: the model hears 4/4", remedy

    def _lose(self, track: int, bar: int, reason: str, remedy: str, span: Span) -> None:
        self._lost[(track, bar, reason, remedy)].append(span)

    def _refusals(self) -> list[Refusal]:
        refusals = []
        for (track, bar, reason, remedy), spans in sorted(self._lost.items(), key=lambda item: item[0]):
            name = self.score.tracks[track].name if 0 <= track < len(self.score.tracks) else ALL_TRACKS
            count = f"{len(spans)} note{'s' if len(spans) > 1 else ''}"
            refusals.append(Refusal(name, bar, reason.format(n=count), remedy, tuple(spans)))
        return refusals
