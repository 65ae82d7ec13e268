"""The drum kit on paper: which row a General MIDI percussion key stands on, and its name."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["KIT", "drum_name", "kit_rows"]

#: Rows from the top of the page down, and the keys that stand on each. Names as in LOOK 12; the keys
#: below 35 are those of electronic kits (General MIDI 2 and Roland's V-Drums: 22 and 26 are hat rims).
KIT: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("Ride", (51, 59)),
    ("Ride bell", (53,)),
    ("Crash", (49, 57)),
    ("Splash", (55,)),
    ("China", (52,)),
    ("Closed hat", (42, 22)),
    ("Pedal hat", (44,)),
    ("Open hat", (46, 26)),
    ("High tom", (50,)),
    ("Mid tom", (47, 48)),
    ("Low tom", (41, 43, 45)),
    ("Tambourine", (54,)),
    ("Cowbell", (56,)),
    ("Vibraslap", (58,)),
    ("Bongo", (60, 61)),
    ("Conga", (62, 63, 64)),
    ("Timbale", (65, 66)),
    ("Agogo", (67, 68)),
    ("Shaker", (69, 70, 82)),
    ("Whistle", (71, 72)),
    ("Guiro", (73, 74)),
    ("Claves", (75,)),
    ("Wood block", (76, 77)),
    ("Cuica", (78, 79)),
    ("Triangle", (80, 81)),
    ("Clap", (39,)),
    ("Rim", (37,)),
    ("Snare", (38, 40)),
    ("Kick", (36, 35)),
)

# A kit is recognised by these even where a clip does not use them.
_ALWAYS = ("Closed hat", "Open hat", "Snare", "Kick")
_NAMES = {key: name for name, keys in KIT for key in keys}


def drum_name(pitch: int) -> str:
    """Name a percussion key; one outside General MIDI is named by its number."""
    return _NAMES.get(pitch, f"Key {pitch}")


def kit_rows(pitches: Iterable[int], core: bool = True) -> tuple[tuple[str, ...], dict[int, int]]:
    """Lay out the rows that some percussion keys need.

    Parameters
    ----------
    pitches
        The keys that are played.
    core
        Show the hats, the snare and the kick even when they are silent.

    Returns
    -------
    tuple
        Names of the rows from the top down, and the row of each key.
    """
    played = set(pitches)
    names = {drum_name(pitch) for pitch in played} | (set(_ALWAYS) if core else set())
    known = [name for name, _ in KIT if name in names]
    unknown = [drum_name(pitch) for pitch in sorted(played, reverse=True) if pitch not in _NAMES]
    rows = (*unknown, *known)
    return rows, {pitch: rows.index(drum_name(pitch)) for pitch in played}
