"""Chord classes: MUSICVAE.md 2.10, 8.9 and 8.10."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.chords import ChordEncoding, key_class, one_hot_controls

TRIAD = {"N.C.": 0, "C13": 1, "Cm(maj7)": 13, "Faug7": 30, "Abm7b5": 45, "Cm7b5": 37, "G7(#5)": 32, "F#m7/C#": 19}
MAJOR_MINOR = {"N.C.": 0, "F7": 6, "Abm9": 21}
NAMES = {0: "N.C.", 3: "D", 17: "Em", 33: "Abaug", 42: "Fdim"}


@pytest.mark.parametrize(("figure", "index"), TRIAD.items())
def test_triads(figure: str, index: int) -> None:
    assert ChordEncoding("triad").encode(figure) == index


@pytest.mark.parametrize(("figure", "index"), MAJOR_MINOR.items())
def test_major_and_minor(figure: str, index: int) -> None:
    assert ChordEncoding("major_minor").encode(figure) == index


@pytest.mark.parametrize(("index", "name"), NAMES.items())
def test_names(index: int, name: str) -> None:
    assert ChordEncoding("triad").decode(index) == name


@pytest.mark.parametrize("name", ["triad", "major_minor"])
def test_every_class_has_a_name_that_encodes_to_it(name: str) -> None:
    encoding = ChordEncoding(name)
    assert encoding.classes == {"triad": 49, "major_minor": 25}[name]
    assert [encoding.encode(encoding.decode(i)) for i in range(encoding.classes)] == list(range(encoding.classes))


@pytest.mark.parametrize(
    ("encoding", "figure"),
    [("triad", "Gsus4"), ("triad", "Bb5"), ("triad", "H"), ("triad", ""), ("major_minor", "Faug")],
)
def test_chords_without_a_class(encoding: str, figure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ChordEncoding(encoding).encode(figure)
    assert f"'{figure}'" in caught.value.message


def test_progression_is_spread_as_in_magenta_js() -> None:
    assert ChordEncoding("triad").progression(["C", "Dm"], 4).tolist() == [1, 1, 15, 15]
    assert ChordEncoding("triad").progression(["C", "F", "G"], 8).tolist() == [1, 1, 1, 6, 6, 6, 8, 8]


@pytest.mark.parametrize(("encoding", "index"), [("triad", 49), ("major_minor", 25), ("triad", -1)])
def test_no_such_class(encoding: str, index: int) -> None:
    with pytest.raises(ConfigError):
        ChordEncoding(encoding).decode(index)


def test_no_chord_and_no_encoding() -> None:
    with pytest.raises(ConfigError):
        ChordEncoding("triad").progression([], 8)
    with pytest.raises(ConfigError):
        ChordEncoding("septime")


@pytest.mark.parametrize(("name", "number"), [("C", 0), ("c#", 1), ("Db", 1), ("eb", 3), ("B", 11), ("Cb", 11)])
def test_keys(name: str, number: int) -> None:
    assert key_class(name) == number


def test_unknown_key() -> None:
    with pytest.raises(ConfigError, match="no key 'H'"):
        key_class("H")


def test_key_follows_chord() -> None:
    controls = one_hot_controls(np.array([0, 48]), np.array([11, 0]), ChordEncoding("triad"))
    assert controls is not None
    assert controls.shape == (2, 61)
    assert [np.flatnonzero(r).tolist() for r in controls] == [[0, 60], [48, 49]]
    assert one_hot_controls(None, None, None) is None
