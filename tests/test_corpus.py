"""A corpus is its clips: selections, columns in every form, and the file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mvae_widgets.columns import as_columns, spread
from mvae_widgets.corpus import Corpus, Origin, join
from mvae_widgets.errors import ConfigError, MusicVAEError, MusicVAEWarning, ReadError


def corpus(n: int = 6, **columns: object) -> Corpus:
    rng = np.random.default_rng(n)
    tokens = rng.integers(0, 90, (n, 32)).astype(np.uint8)
    given = {"title": [f"Tune {k // 2}" for k in range(n)], "bar": 1 + 2 * np.arange(n), "qpm": np.full(n, 96.5)}
    origin = Origin("melody-2bar", "melody", {"slice_bars": 2}, "w", "m", 3)
    return Corpus(
        tokens,
        rng.normal(size=(n, 4)),
        rng.random((n, 4)),
        origin,
        as_columns({**given, "piece": np.arange(n) // 2, **columns}),
        {"note_density": rng.random(n)},
        left_out=("bad.mid: damaged",),
    )


def test_clips_are_made_of_the_columns() -> None:
    six = corpus(program=[0, 24, 0, 0, 0, 0], track=["", "Lute", "", "", "", ""])
    clip = six[1]
    assert (clip.title, clip.bar, clip.qpm, clip.program, clip.track_name) == ("Tune 0", 3, 96.5, 24, "Lute")
    assert type(clip.bar) is int
    np.testing.assert_array_equal(clip.tokens, six.tokens[1])
    assert [n.pitch for n in clip.sequence.notes] == [int(t) + 19 for t in clip.tokens if t >= 2]
    assert [c.bar for c in six] == [c.bar for c in six.clips] == [1, 3, 5, 7, 9, 11]
    assert six[-1].bar == six[np.int64(5)].bar == six.clips[5].bar == 11
    assert [c.bar for c in six.clips[1:3]] == [3, 5]


@pytest.mark.parametrize(
    ("which", "bars"),
    [
        (slice(1, None, 2), [3, 7, 11]),
        (np.array([True, False, False, True, False, False]), [1, 7]),
        ([True, False, False, True, False, False], [1, 7]),
        (np.array([4, 4, -6]), [9, 9, 1]),
        (pd.Series([False] * 5 + [True]), [11]),
        ([], []),
        (np.zeros(6, bool), []),
    ],
)
def test_a_selection_is_a_corpus(which: object, bars: list[int]) -> None:
    six = corpus()
    some = six[which]  # type: ignore[call-overload]
    rows = [six.columns["bar"].tolist().index(b) for b in bars]
    assert some.columns["bar"].tolist() == bars
    np.testing.assert_array_equal(some.mu, six.mu[rows])
    np.testing.assert_array_equal(some.tokens, six.tokens[rows])
    np.testing.assert_array_equal(some.attributes["note_density"], six.attributes["note_density"][rows])
    assert (some.origin.music, some.origin.model) == ("", "melody-2bar")


def test_what_chooses_no_clips() -> None:
    six = corpus()
    for out in (6, -7, [0, 6]):
        with pytest.raises(IndexError, match="6"):
            six[out]  # type: ignore[call-overload]
    with pytest.raises(ConfigError, match="mask of 5 does not fit 6"):
        six[np.ones(5, bool)]
    for wrong in ("bar", 1.5, np.ones((2, 2), int), [0.5]):
        with pytest.raises(ConfigError, match="does not choose clips"):
            six[wrong]  # type: ignore[call-overload]


def test_the_file_holds_everything(tmp_path: Path) -> None:
    when = np.array(["2024-01-01", "NaT"] * 3, "datetime64[D]")
    six = corpus(
        key=["C", "F♯", None, "", "C", "長い"],
        year=[1800.0, np.nan, 1, 2, 3, 4],
        ok=[True] * 6,
        when=when,
        count=range(6),
    )
    path = six.save(tmp_path / "new" / "six.corpus")
    assert path.name == "six.corpus"
    back = Corpus.load(path)
    assert list(back.columns) == list(six.columns)
    for group in ("columns", "attributes"):
        for name, values in getattr(six, group).items():
            np.testing.assert_array_equal(getattr(back, group)[name], values)
            assert getattr(back, group)[name].dtype == values.dtype
    for name in ("tokens", "mu", "sigma"):
        np.testing.assert_array_equal(getattr(back, name), getattr(six, name))
        assert getattr(back, name).dtype == getattr(six, name).dtype
    assert (back.origin, back.left_out) == (six.origin, six.left_out)
    assert repr(back) == repr(six)
    assert [p.name for p in path.parent.iterdir()] == ["six.corpus"]
    with zipfile.ZipFile(path) as inside:
        assert not any(b"numpy" in inside.read(n)[128:] for n in inside.namelist())  # nothing pickled


def test_an_empty_corpus_and_one_clip(tmp_path: Path) -> None:
    for n in (0, 1):
        part = corpus()[:n]
        back = Corpus.load(part.save(tmp_path / f"{n}.npz"))
        assert len(back) == len(list(back)) == n
        assert back.mu.shape == (n, 4)
    assert repr(back).startswith("<Corpus: 1 clip of melody-2bar, z 4>")


def test_a_file_that_is_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no")
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    whole = corpus().save(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name in ("text", "other.npz", "cut.npz"):
        with pytest.raises(ReadError, match="no corpus"):
            Corpus.load(tmp_path / name)
    with pytest.raises(ReadError, match="There is no file"):
        Corpus.load(tmp_path / "absent.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(MusicVAEError, match="Could not write"):
        corpus().save(tmp_path / "file" / "six.npz")


def test_an_unfinished_file_says_so(tmp_path: Path) -> None:
    part = corpus()
    object.__setattr__(part, "origin", Origin("melody-2bar", "melody", {}, "w", "m", 9, (3, 0)))
    with pytest.warns(MusicVAEWarning, match="unfinished: 6 clips of 3 of 9 pieces"):
        assert Corpus.load(part.save(tmp_path / "part.npz")).origin.done == (3, 0)


def test_a_failed_write_keeps_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = corpus().save(tmp_path / "six.npz")
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(MusicVAEError, match="No space left"):
        corpus(8).save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


FRAME = {"name": ["a", "b", None], "year": [1, 2, 3], "score": [0.5, np.nan, 2.0], "ok": [True, False, True]}


def forms() -> dict[str, object]:
    records = [{k: v[i] for k, v in FRAME.items()} for i in range(3)]
    rows = [(r["name"] or "", r["year"], r["score"], r["ok"]) for r in records]
    found = {
        "dict": FRAME,
        "pandas": pd.DataFrame(FRAME),
        "pandas nullable": pd.DataFrame(FRAME).astype({"score": "Float64"}),
        "records": np.rec.array(rows, dtype=[("name", "U4"), ("year", int), ("score", float), ("ok", bool)]),
        "list of dicts": records,
    }
    try:
        import polars
    except ImportError:
        return found
    return {**found, "polars": polars.DataFrame(FRAME)}


@pytest.mark.parametrize("form", forms())
def test_columns_in_every_form(form: str) -> None:
    columns = as_columns(forms()[form])
    assert list(columns) == ["name", "year", "score", "ok"]
    assert columns["name"].tolist() == ["a", "b", ""]
    assert all(type(word) is str for word in columns["name"])
    assert columns["year"].tolist() == [1, 2, 3]
    assert columns["year"].dtype.kind == "i"
    np.testing.assert_array_equal(columns["score"].astype(float), [0.5, np.nan, 2.0])
    assert columns["ok"].dtype == bool


def test_columns_of_one() -> None:
    assert as_columns(None) == {}
    assert as_columns(["a", "b"])["label"].tolist() == ["a", "b"]
    assert as_columns(np.array([b"a", "é".encode()]))["label"].tolist() == ["a", "é"]
    assert as_columns(pd.Series([1, 2], name="x"))["x"].tolist() == [1, 2]
    assert as_columns(pd.Series(["u", "v"], dtype="category"))["label"].tolist() == ["u", "v"]
    assert as_columns({"a": [1, None, True]})["a"].tolist()[::2] == [1.0, 1.0]
    assert as_columns({"a": [1, None, True]})["a"].dtype == np.float64
    assert as_columns({"a": [None, "x", 3]})["a"].tolist() == ["", "x", "3"]
    assert as_columns({3: [1]})["3"].tolist() == [1]


@pytest.mark.parametrize("wrong", [3, "title", SimpleNamespace(), {"a": [[1, 2], [3, 4]]}, {"a": [[1], [2, 3]]}])
def test_what_is_no_column(wrong: object) -> None:
    with pytest.raises(ConfigError, match=r"set of columns|has the shape"):
        as_columns(wrong)


def test_one_value_a_piece_or_one_a_clip() -> None:
    six = corpus().with_columns({"composer": ["x", "y", "z"], "n": range(6)})
    assert six.columns["composer"].tolist() == ["x", "x", "y", "y", "z", "z"]
    assert six.columns["n"].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(ConfigError, match=r"'n' has 5 values for 6 clips.*one a piece \(3\)"):
        six.with_columns({"n": range(5)})
    assert spread({"a": np.arange(2)}, 2, np.array([1, 1]), 2)["a"].tolist() == [1, 1]
    with pytest.raises(ConfigError, match="'bar' does not hold"):
        six.with_columns({"bar": ["one"] * 6})
    with pytest.raises(ConfigError, match="'qpm' does not hold"):
        six.with_columns({"qpm": [0.0] * 6})
    assert six.with_columns({"title": range(6)})[2].title == "2"


def test_arrays_that_do_not_fit() -> None:
    tokens, z, origin = np.zeros((2, 32), np.uint8), np.zeros((2, 4)), Origin("m", "melody")
    nan = np.array([[0, 0, 0, np.nan]] * 2)
    for mu, sigma, words in ((z[:1], z, "does not fit 2"), (nan, z, "not finite"), (z, z[:, :3], "not of one shape")):
        with pytest.raises(ConfigError, match=words):
            Corpus(tokens, mu, sigma, origin)
    with pytest.raises(ConfigError, match="'a' has 3 values"):
        Corpus(tokens, z, z, origin, {"a": [1, 2, 3]})


def test_corpora_joined() -> None:
    six, two = corpus(), corpus(2, extra=[1, 2])
    both = join([six, two])
    assert len(both) == 8
    assert both.columns["bar"].tolist() == [1, 3, 5, 7, 9, 11, 1, 3]
    assert "extra" not in both.columns
    np.testing.assert_array_equal(both.mu[6:], two.mu)
    other = Corpus(six.tokens, six.mu, six.sigma, Origin("other", "melody"))
    with pytest.raises(ConfigError, match="different models: melody-2bar, other"):
        join([six, other])
