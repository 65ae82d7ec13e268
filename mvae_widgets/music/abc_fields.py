"""Small pieces of ABC: note lengths, meters, keys and numbers of endings."""

from __future__ import annotations

import re
from fractions import Fraction

from .abc_playing import Key

__all__ = ["ALTER", "PITCHES", "SlipError", "endings_of", "fraction_of", "key_of", "length_of", "meter_of"]

PITCHES = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
SHARPS, FLATS = "FCGDAEB", "BEADGCF"
# Sharps (flats below 0) of the major key on each letter, and what a mode adds to them.
FIFTHS = {"C": 0, "D": 2, "E": 4, "F": -1, "G": 1, "A": 3, "B": 5}
MODES = {"ion": 0, "maj": 0, "lyd": 1, "mix": -1, "dor": -2, "min": -3, "aeo": -3, "m": -3, "phr": -4, "loc": -5, "": 0}
PROTO_MODES = {"lyd": 5, "mix": 3, "dor": 4, "min": 1, "aeo": 1, "m": 1, "phr": 6, "loc": 7}
ALTER = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
KEY = re.compile(r"([A-G])([#b]?)(?:\s*(?i:(maj|ion|min|aeo|mix|dor|phr|lyd|loc)[a-z]*|(m)(?![a-z])))?")


class SlipError(Exception):
    """What is wrong in a line."""


def length_of(number: str, slashes: str, divisor: str) -> Fraction:
    """Length of a note as a multiple of the unit: ``3``, ``/``, ``//``, ``/4``, ``3/2``."""
    if len(number) > 4 or len(divisor) > 4 or len(slashes) > 8 or (divisor and len(slashes) != 1):
        raise SlipError(f"'{number}{slashes}{divisor}' is not a length")
    below = int(divisor) if divisor else 2 ** len(slashes)
    if not below:
        raise SlipError("a length divided by 0")
    return Fraction(int(number or 1), below)


def fraction_of(text: str, what: str) -> Fraction:
    """Read a fraction such as ``1/8``; ``what`` names it in the complaint."""
    found = re.fullmatch(r"\s*(\d{1,4})(?:\s*/\s*(\d{1,4}))?\s*", text)
    if not found or not int(found[1]) or not int(found[2] or 1):
        raise SlipError(f"'{text}' is not a {what}")
    return Fraction(int(found[1]), int(found[2] or 1))


def meter_of(text: str) -> tuple[int, int] | None:
    """Read a meter: ``6/8``, ``C``, ``C|``, ``2+3/8``; None for free time."""
    plain = text.strip()
    if plain.lower() in ("none", ""):
        return None
    if plain.startswith("C"):
        return (2, 2) if plain.startswith("C|") else (4, 4)
    found = re.match(r"\(?\s*(\d{1,3}(?:\s*\+\s*\d{1,3})*)\s*\)?\s*/\s*(\d{1,2})", plain)
    if not found:
        raise SlipError(f"'{text}' is not a meter")
    beats, unit = sum(int(n) for n in found[1].split("+")), int(found[2])
    if not beats or unit not in (1, 2, 4, 8, 16, 32, 64):
        raise SlipError(f"'{text}' is not a meter")
    return beats, unit


def key_of(text: str) -> tuple[dict[str, int], Key | None]:
    """Alterations of the letters, and the key for the sequence."""
    if text[:2].lower() == "hp":
        return {"F": 1, "C": 1}, Key(2, 0)
    found = KEY.match(text)
    alterations: dict[str, int] = {}
    key = None
    rest = text
    if found:
        letter, sign = found[1].upper(), found[2]
        mode = (found[3] or found[4] or "").lower()
        fifths = FIFTHS[letter] + {"#": 7, "b": -7, "": 0}[sign] + MODES[mode]
        if abs(fifths) > 7:
            raise SlipError(f"'{text}' is not a key")
        order = SHARPS[:fifths] if fifths > 0 else FLATS[:-fifths]
        alterations = dict.fromkeys(order, 1 if fifths > 0 else -1)
        key = Key((PITCHES[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12, PROTO_MODES.get(mode, 0))
        rest = text[found.end() :]
        if re.search(r"\bexp\b", rest):
            alterations = {}
    for accidental, letter in re.findall(r"(?<!\S)(\^\^|\^|__|_|=)([A-Ga-g])(?!\S)", rest):
        alterations[letter.upper()] = ALTER[accidental]
    return alterations, key


def endings_of(text: str) -> frozenset[int]:
    """Numbers of endings: ``1``, ``1,3``, ``1-3``."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and len(first) < 3 and len(last) < 3:
            numbers.update(range(int(first), min(int(last or first), 20) + 1))
    return frozenset(n for n in numbers if 0 < n <= 20)
