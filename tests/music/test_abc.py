"""ABC, against note_seq's parser where that can read, and against the standard's own examples elsewhere."""

from __future__ import annotations

import pytest

from mvae_widgets.errors import ReadError
from mvae_widgets.music import tunes
from mvae_widgets.music.io import read
from mvae_widgets.music.library import note_seq, quiet
from mvae_widgets.music.score import from_sequence

HEAD = "X:1\nM:4/4\nL:1/8\n"


def rows(sequence) -> list[tuple[float, float, int]]:
    """(start, end, pitch) in quarters."""
    return [(round(float(s), 4), round(float(e), 4), int(p)) for s, e, p in from_sequence(sequence).notes[:, :3]]


def pitches(body: str, head: str = HEAD + "K:C\n") -> list[int]:
    return [row[2] for row in rows(read(head + body))]


def lengths(body: str, head: str = HEAD + "K:C\n") -> list[float]:
    return [round(end - start, 3) for start, end, _ in rows(read(head + body))]


REPEATED = """X:7
T:A
T:Other name
M:2/2
L:1/16
Q:1/2=90
K:Edor
|:E2F2G2A2 B4e4|d>cB>A G<FE2 E8::^d2=c2_B2A2 B,4E,4|e'2b2 g12:|
"""


@pytest.mark.parametrize("text", [REPEATED, *(tunes.path(n, ".abc").read_text("utf-8") for n in tunes.names())])
def test_equal_to_note_seq_where_that_can_read(text: str) -> None:
    text = "\n".join(line for line in text.splitlines() if not line.startswith("%%"))
    library = note_seq()
    with quiet():
        parsed, failed = library.parse_abc_tunebook(text)
    if failed:
        assert "z" in text, "only rests are beyond it in these"
        return
    theirs = library.sequences_lib.expand_section_groups(next(iter(parsed.values())))
    ours = read(text)
    assert rows(ours) == rows(theirs)
    assert [(t.time, t.qpm) for t in ours.tempos] == [(t.time, t.qpm) for t in theirs.tempos][:1]
    assert [(t.numerator, t.denominator) for t in ours.time_signatures] == [
        (t.numerator, t.denominator) for t in theirs.time_signatures
    ][:1]
    assert [(k.key, k.mode) for k in ours.key_signatures] == [(k.key, k.mode) for k in theirs.key_signatures][:1]
    assert theirs.sequence_metadata.title.startswith(ours.sequence_metadata.title)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C,CcC''c'", [48, 60, 72, 84, 84]),
        ("^C_D=E^^F__G", [61, 61, 64, 67, 65]),
        ("^CC|C", [61, 61, 60]),
        ("^CcC,|", [61, 73, 49]),
        ("[CEG]2 [C2E2]", [60, 64, 67, 60, 64]),
        ("{abc}C ~D .E !trill!F +accent+G (AB) uc", [60, 62, 64, 65, 67, 69, 71, 72]),
        ('"Am"A "^slow"B % comment C', [69, 71]),
        ("C\\\nD", [60, 62]),
        ("w:la la\nC\nW:more words\ns:x", [60]),
        ("[K:D]FC", [66, 61]),
        ("F\nK:D\nF", [65, 66]),
    ],
)
def test_pitches(body: str, expected: list[int]) -> None:
    assert pitches(body) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("D", [66, 61, 67]), ("Dm", [65, 60, 67]), ("F dorian", [65, 60, 67]), ("A mix", [66, 61, 67]),
     ("Hp", [66, 61, 67]), ("Gb", [65, 59, 66]), ("none", [65, 60, 67]),
     ("D exp _g", [65, 60, 66]), ("C clef=bass", [65, 60, 67])],
)  # fmt: skip
def test_keys(key: str, expected: list[int]) -> None:
    assert pitches("FCG", HEAD + f"K:{key}\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A A2 A/ A/2 A// A3/2 A/4", [0.5, 1, 0.25, 0.25, 0.125, 0.75, 0.125]),
        ("A>B A<B A>>B A2<B2", [0.75, 0.25, 0.25, 0.75, 0.875, 0.125, 0.5, 1.5]),
        ("(3A2B2c2 d", [0.667, 0.667, 0.667, 0.5]),
        ("(3:2:2A2B c", [0.667, 0.333, 0.5]),
        ("(2AB (4ABcd", [0.75, 0.75] + [0.375] * 4),
        ("A-A A-|A B", [1, 1, 0.5]),
        ("^A-|A A", [1, 0.5]),
        ("[L:1/4]A B", [1, 1]),
    ],
)
def test_lengths(body: str, expected: list[float]) -> None:
    assert lengths(body) == expected


def test_a_tie_carries_its_accidental() -> None:
    assert pitches("^A-|A A") == [70, 69]


@pytest.mark.parametrize(("meter", "expected"), [("4/4", 0.5), ("6/8", 0.5), ("2/4", 0.25), ("none", 0.5)])
def test_default_length_follows_the_meter(meter: str, expected: float) -> None:
    assert lengths("A", f"X:1\nM:{meter}\nK:C\n") == [expected]


def test_rests_of_all_kinds() -> None:
    assert rows(read(HEAD + "K:C\nz2 A x A | Z2 | A z7")) == [(1, 1.5, 69), (2, 2.5, 69), (10.5, 11, 69)]
    assert from_sequence(read(HEAD + "K:C\nA z7")).quarters == 4


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("A4:|", "AA"),
        ("|:A4:|B4|", "AAB"),
        ("A4|B4:|c4:|", "ABABcc"),
        ("|:A4::B4:|", "AABB"),
        ("|::A4::|B4", "AAAB"),
        ("|:A4|1 B4:|2 c4||d4|", "ABAcd"),
        ("|:A4|[1 B4:|[2 c4|d4|]", "ABAcd"),
        ("|:A4|1,3 B4:|2 c4:|", "ABAcAB"),
        ("|:A4|1 B4:|2 c4|:d4:|", "ABAcdd"),
        ("A4||B4:|", "ABB"),
        ("|:A4|1B4:|2c4:|\n|:d4|1e4:|2f4|]", "ABAcdedf"),
        ("|:A4 | :|B4", "AAB"),
    ],
)
def test_repeats_and_endings_are_played_out(body: str, order: str) -> None:
    letters = dict(zip([69, 71, 72, 74, 76, 77], "ABcdef", strict=True))
    assert "".join(letters[p] for p in pitches(body, "X:1\nM:2/4\nL:1/8\nK:C\n")) == order


def test_bar_lines_stay_where_they_are_written() -> None:
    """A pick-up gets its own bar, and half bars around a repeat are one."""
    score = from_sequence(read(HEAD + "K:C\nA2|B8|c6:|d2|e8|f6|"))
    assert score.meters == ((0, 1, 4), (1, 4, 4))
    assert score.bar_starts() == [0, 1, 5, 9, 13, 17, 21, 25]
    assert [score.bar_of(float(q)) for q in score.notes[:, 0]] == [1, 2, 3, 3, 4, 5, 5, 6, 7]
    short = from_sequence(read(HEAD + "K:C\nA8|B6|c8|d8|"))
    assert short.meters == ((0, 4, 4), (4, 3, 4), (7, 4, 4))


def test_tempo_changes_and_forms() -> None:
    sequence = read('X:1\nM:4/4\nL:1/4\nQ:"Slow" 1/4=60\nK:C\nABcd|[Q:1/2=60]ABcd|')
    assert [(t.time, t.qpm) for t in sequence.tempos] == [(0, 60), (4, 120)]
    assert sequence.total_time == 6
    assert read("X:1\nL:1/8\nQ:120\nK:C\nA").tempos[0].qpm == 60
    assert read("X:1\nQ:3/8=60\nK:C\nA").tempos[0].qpm == 90


def test_chord_symbols_are_kept_and_remarks_are_not() -> None:
    sequence = read(HEAD + 'K:C\n"Am7"A2 "F#m/C#"B2 "_fine"c2 "Allegro"d2')
    assert [(a.time, a.text) for a in sequence.text_annotations] == [(0, "Am7"), (0.5, "F#m/C#")]


def test_voices_become_tracks() -> None:
    sequence = read(
        HEAD
        + 'V:1 name="High"\nV:2\nI:MIDI program 33\nK:C\nV:1\n%%MIDI program 73\nc4 d4|\nV:2\nC,8|\n[V:1]e8|[V:2]D,8|'
    )
    score = from_sequence(sequence)
    assert rows(sequence) == [(0, 2, 72), (0, 4, 48), (2, 4, 74), (4, 8, 76), (4, 8, 50)]
    assert score.tracks[0].name == "High"
    assert score.tracks[0].program == 73


def test_the_first_tune_of_a_book() -> None:
    book = "% a book\nM:3/4\nL:1/4\n\nX:3\nT:One\nK:D\nFGA|\nBcd|\n\nfree text\n\nX:4\nT:Two\nK:G\nG3|\n"
    sequence = read(book)
    assert sequence.sequence_metadata.title == "One"
    assert [r[2] for r in rows(sequence)] == [66, 67, 69, 71, 73, 74]
    assert from_sequence(sequence).meters == ((0, 3, 4),)


def test_latin_1_and_a_byte_order_mark() -> None:
    assert read("X:1\nT:Flöte\nK:C\nA".encode("latin1")).sequence_metadata.title == "Flöte"
    assert len(read(b"\xef\xbb\xbfX:1\nK:C\nA").notes) == 1


def test_a_tune_without_notes_is_an_empty_sequence() -> None:
    assert len(read("X:1\nT:Nothing\nK:C\n").notes) == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [("A &B", "overlay"), (">A", "follows no note"), ("A (1B", "tuplet of 1"), ("A/0", "divided by 0"),
     ("c''''''", "outside"), ("A\n[M:7/5]B", "not a meter"), ("[L:x]A", "unit note length"),
     ("[Q:1/4=0]A", "not a tempo"), ("A ö", "not a sign of ABC")],
)  # fmt: skip
def test_slips_are_named_with_their_line(body: str, words: str) -> None:
    with pytest.raises(ReadError, match=words) as caught:
        read(HEAD + "K:C\n" + body)
    assert f"line {5 + body.count(chr(10))} of the ABC" in caught.value.message
