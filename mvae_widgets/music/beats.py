"""Drum tablature, and a few beats written in it: the quickest way to give a drum model something to play with.

A tab has a line for each drum: its name, then bars of sixteen 16ths between strokes::

    hh |x-x-x-x-x-x-x-x-|
    sn |----X-----g-X---|
    bd |x-----x-x-------|

``x`` is a stroke, ``X`` a loud one, ``g`` a ghost note, ``o`` a stroke on the open hi-hat (in the line of the
hi-hat), ``-`` nothing. Several groups of lines with an empty line between them follow each other.

========== ============================================================
name       beat (all made for this package, CC0)
========== ============================================================
backbeat   the plainest rock beat, with one ghost note
bossa-nova straight eighths on the ride over a clave on the rim
disco      four on the floor, open hi-hats off the beat
halftime   a slow beat, snare on three, sixteenths on the hi-hat
========== ============================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import number
from ..errors import ConfigError, ReadError
from .kits import KITS
from .library import note_seq

if TYPE_CHECKING:
    NoteSequence = Any

__all__ = ["BEATS", "DRUMS", "load", "names", "tab"]

DRUMS = {"bd": 0, "sn": 1, "hh": 2, "oh": 3, "lt": 4, "mt": 5, "ht": 6, "cr": 7, "rd": 8}
"""What the lines of a tab are called, and the class of each in the kits of nine."""

STROKES = {"x": 88, "o": 88, "X": 112, "g": 40}
NOTHING = "-."
OPEN = DRUMS["oh"]
STEPS_PER_QUARTER = 4
STEPS_PER_BAR = 16

BEATS: dict[str, tuple[float, str]] = {
    "backbeat": (
        104,
        """
        hh |x-x-x-x-x-x-x-x-|x-x-x-x-x-x-x-o-|
        sn |----X-----g-X---|----X-----g-X---|
        bd |x-----x-x-------|x-----x-x-x-----|
        """,
    ),
    "bossa-nova": (
        132,
        """
        rd |x-x-x-x-x-x-x-x-|x-x-x-x-x-x-x-x-|
        sn |x-----x-----x---|----x-----x-----|
        bd |x-----xgx-----xg|x-----xgx-----xg|
        """,
    ),
    "disco": (
        118,
        """
        hh |x-o-x-o-x-o-x-o-|x-o-x-o-x-o-xxo-|
        sn |----X-------X---|----X-------X--g|
        bd |x---x---x---x---|x---x---x---x---|
        """,
    ),
    "halftime": (
        76,
        """
        cr |X---------------|----------------|
        hh |--xxXxxxXxxxXxxx|XxxxXxxxXxxxXxo-|
        sn |--------X-------|--------X----g-g|
        bd |x-----x---x-----|x--x--x---x-----|
        """,
    ),
}


def names() -> list[str]:
    """List the names of the beats."""
    return sorted(BEATS)


def load(name: str) -> NoteSequence:
    """One of the beats, two bars long, with its name as its title.

    Parameters
    ----------
    name
        One of `names`.

    Raises
    ------
    ConfigError
        If there is no such beat.
    """
    if name not in BEATS:
        raise ConfigError(f"There is no beat {name!r}.", f"There are: {', '.join(names())}.")
    qpm, text = BEATS[name]
    beat = tab(text, qpm)
    beat.sequence_metadata.title = name.replace("-", " ").capitalize()
    return beat


def tab(text: str, qpm: float = 120.0) -> NoteSequence:
    """Read drum tablature.

    Parameters
    ----------
    text
        The tab, as the module says.
    qpm
        Quarters a minute, 10 to 400.

    Returns
    -------
    NoteSequence
        In 4/4; each stroke a 16th long.

    Raises
    ------
    ReadError
        If a line is not a line of a tab; says which.
    """
    qpm = number(qpm, "qpm", least=10, most=400)
    sequence = note_seq().NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=qpm)
    sequence.time_signatures.add(numerator=4, denominator=4)
    start = steps = 0
    for n, line in enumerate([*text.splitlines(), ""], 1):
        if not line.strip():
            start, steps = start + steps, 0
            continue
        drum, bars = _line(line.strip(), n)
        if steps not in (0, len(bars)):
            raise ReadError(f"Line {n} of the tab has {len(bars)} steps, the line above {steps}.", "Give both as many.")
        steps = len(bars)
        for step, mark in enumerate(bars, start):
            if mark not in NOTHING:
                _strike(sequence, OPEN if mark == "o" and drum == DRUMS["hh"] else drum, STROKES[mark], step, qpm)
    sequence.total_time = _seconds(start, qpm)
    return sequence


def _line(line: str, n: int) -> tuple[int, str]:
    name, *bars = (part.strip() for part in line.rstrip("|").split("|"))
    if name.lower() not in DRUMS:
        raise ReadError(f"Line {n} of the tab begins with {name!r}.", f"Use one of: {', '.join(DRUMS)}, then a '|'.")
    for k, bar in enumerate(bars, 1):
        if wrong := set(bar) - set(STROKES) - set(NOTHING):
            marks = "".join([*STROKES, *NOTHING])
            raise ReadError(f"Line {n} of the tab, bar {k}: {min(wrong)!r} is no stroke.", f"Use one of: {marks}")
        if len(bar) != STEPS_PER_BAR:
            raise ReadError(f"Line {n} of the tab, bar {k} has {len(bar)} steps.", "A bar has 16, all 16ths.")
    return DRUMS[name.lower()], "".join(bars)


def _strike(sequence: NoteSequence, drum: int, velocity: int, step: int, qpm: float) -> None:
    pitch = int(KITS["reduced"].pitches[drum])
    start, end = _seconds(step, qpm), _seconds(step + 1, qpm)
    sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end, is_drum=True, instrument=9)


def _seconds(step: int, qpm: float) -> float:
    return step * 60 / qpm / STEPS_PER_QUARTER
