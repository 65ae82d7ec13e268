"""Chord classes: MUSICVAE.md 2.10, 8.9 and 8.10."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.chords import ChordEncoding, key_class, one_hot_controls
from mvae_widgets.music.quantising import has_chords, infer_missing_chords, quantise

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


def test_inference_finds_chords_and_keys(sequence_of) -> None:
    """8.9: C, Dm, F, G, one a second at q=120, then F#, G#m, B, C#: two keys."""
    triads = [(60, 64, 67), (62, 65, 69), (65, 69, 72), (67, 71, 74),
              (66, 70, 73), (68, 71, 75), (71, 75, 78), (73, 77, 80)]  # fmt: skip
    piece = sequence_of(*((p, 80, i, i + 1) for i, triad in enumerate(triads) for p in triad))
    quantised = quantise(piece, 4)
    assert infer_missing_chords(quantised, keys=True)
    found = [(ChordEncoding("triad").encode(a.text), a.time) for a in quantised.text_annotations]
    assert found == [(1, 0), (15, 1), (6, 2), (8, 3), (7, 4), (21, 5), (12, 6), (2, 7)]
    assert [(k.key, k.time) for k in quantised.key_signatures] == [(0, 0), (6, 4)]
    again = [a.text for a in quantised.text_annotations]
    assert infer_missing_chords(quantised)
    assert [a.text for a in quantised.text_annotations] == again


def test_inference_gives_up_on_nothing_and_on_too_much(sequence_of) -> None:
    assert not infer_missing_chords(quantise(sequence_of(), 4))
    assert not infer_missing_chords(quantise(sequence_of((60, 80, 0, 1500)), 4))


def test_inferred_chords_are_those_of_note_seq_itself() -> None:
    """Our note_seq makes its table of transitions only once: another copy of the module makes it for each piece."""
    spec = importlib.util.find_spec("note_seq.chord_inference")
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    for name in ("soldiers-joy", "frere-jacques"):
        ours, theirs = (quantise(mv.tunes.load(name), 4) for _ in range(2))
        assert infer_missing_chords(ours)
        fresh.infer_chords_for_sequence(theirs)
        assert [a.text for a in ours.text_annotations] == [a.text for a in theirs.text_annotations]
        assert has_chords(ours)
