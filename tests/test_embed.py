"""Much music at once: batches, broken files, interruption and resuming."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.corpus import Corpus
from mvae_widgets.errors import ConfigError, MusicVAEWarning, NothingToEncodeError, ReadError


def some_tokens(n: int, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    tokens = rng.integers(50, 60, (n, 32)).astype(np.uint8)
    tokens[rng.random((n, 32)) < 0.6] = 0
    tokens[:, 0] = 50
    return tokens


def same(a: Corpus, b: Corpus) -> None:
    for name in ("tokens", "mu", "sigma"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for x, y in ((a.columns, b.columns), (a.attributes, b.attributes)):
        assert list(x) == list(y)
        for name in x:
            np.testing.assert_array_equal(x[name], y[name])
    assert (a.origin, a.left_out) == (b.origin, b.left_out)


@pytest.fixture
def folder(tmp_path: Path, reel: object, air: object) -> Path:
    music = tmp_path / "music"
    (music / "deep").mkdir(parents=True)
    mv.write(reel, music / "b.mid")
    mv.write(air, music / "deep" / "c.MID")
    (music / "a.mid").write_bytes(b"no music")
    (music / "waltz.abc").write_text("X:1\nT:Waltz\nM:3/4\nL:1/4\nK:C\nCDE|FGA|\n")
    (music / "notes.txt").write_text("not asked for")
    return music


def stop_after(model: mv.MusicVAE, batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = model.encode, iter(range(batches))

    def encode(music: Any) -> Any:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return real(music)

    monkeypatch.setattr(model, "encode", encode)


def test_tokens_lie_where_their_clips_lie(model: mv.MusicVAE) -> None:
    tokens = some_tokens(50)
    corpus = model.embed(tokens, columns={"n": np.arange(50)}, batch=16)
    mu, sigma = model.encode(corpus.clips).numpy()
    np.testing.assert_allclose(corpus.mu, mu, atol=1e-5)
    np.testing.assert_allclose(corpus.sigma, sigma, atol=1e-5)
    np.testing.assert_array_equal(corpus.tokens, tokens)
    assert corpus.columns["n"].tolist() == list(range(50))
    assert corpus.mu.dtype == corpus.sigma.dtype == np.float32
    same(corpus, model.embed(tokens.astype(np.int64), columns=[{"n": k} for k in range(50)], batch=16))


def test_what_is_measured(model: mv.MusicVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    density: Callable[..., Any] = lambda music: {"d": np.array([c.onsets / 32 for c in music])}  # noqa: E731
    monkeypatch.setattr(model, "measure", density, raising=False)
    tokens = some_tokens(20)
    corpus = model.embed(tokens, batch=8)
    np.testing.assert_allclose(corpus.attributes["d"], (tokens >= 2).mean(1))


def test_a_folder_with_broken_files(model: mv.MusicVAE, folder: Path, reel: object, air: object) -> None:
    with pytest.warns(MusicVAEWarning, match="2 of 4 pieces were left out"):
        corpus = model.embed(folder, columns={"book": ["A", "B", "C", "D"]})
    assert [Path(s).name for s in corpus.columns["source"]] == ["b.mid", "b.mid", "c.MID", "c.MID"]
    assert corpus.columns["piece"].tolist() == [1, 1, 2, 2]
    assert corpus.columns["book"].tolist() == ["B", "B", "C", "C"]
    assert corpus.columns["bar"].tolist() == [1, 3, 1, 3]
    assert corpus.columns["qpm"].round().tolist() == [112, 112, 120, 120]
    assert "a.mid" in corpus.left_out[0]
    assert "waltz.abc" in corpus.left_out[1]
    assert "3/4" in corpus.left_out[1]
    mu, _ = model.encode([reel, air]).numpy()
    np.testing.assert_allclose(corpus.mu, mu, atol=1e-5)
    with pytest.warns(MusicVAEWarning):
        mixed = model.embed([folder, reel, model.clips(air)[1], folder / "absent.mid"])
    assert mixed.columns["piece"].tolist() == [1, 1, 2, 2, 4, 4, 5]
    assert "absent.mid" in mixed.left_out[2]


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_interrupted_and_taken_up_again(
    model: mv.MusicVAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    tokens, path, columns = some_tokens(100), tmp_path / "c.npz", {"n": np.arange(100)}
    whole = model.embed(tokens, columns=columns, batch=16)
    with monkeypatch.context() as patch:
        stop_after(model, batches, patch)
        with pytest.raises(KeyboardInterrupt):
            model.embed(tokens, path, columns, batch=16)
    assert path.exists() == (batches > 0)
    if batches:
        with pytest.warns(MusicVAEWarning, match=f"unfinished: {16 * batches} clips"):
            part = Corpus.load(path)
        np.testing.assert_array_equal(part.mu, whole.mu[: 16 * batches])
    encoded: list[int] = []
    real = model.encode
    monkeypatch.setattr(model, "encode", lambda clips: (encoded.append(len(clips)), real(clips))[1])
    same(model.embed(tokens, path, columns, batch=16), whole)
    assert sum(encoded) == 100 - 16 * batches
    same(Corpus.load(path), whole)
    same(model.embed(tokens, path), whole)
    assert sum(encoded) == 100 - 16 * batches


def test_files_taken_up_again_in_the_middle_of_a_piece(
    model: mv.MusicVAE, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.npz"
    with pytest.warns(MusicVAEWarning):
        whole = model.embed(folder, batch=3)
    with monkeypatch.context() as patch:
        stop_after(model, 1, patch)
        with pytest.raises(KeyboardInterrupt):
            model.embed(folder, path, batch=3)
    assert Corpus.read(path).origin.done == (2, 1)
    assert len(Corpus.read(path).left_out) == 1
    with pytest.warns(MusicVAEWarning, match="2 of 4"):
        same(model.embed(folder, path, batch=3), whole)


def test_an_unfinished_corpus_is_written_from_time_to_time(
    model: mv.MusicVAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvae_widgets.operations.embedder.SAVE_EVERY", 0.0)
    tokens, path = some_tokens(40), tmp_path / "c.npz"
    stop_after(model, 2, monkeypatch)
    real = model.encode

    def killed(music: Any) -> Any:
        try:
            return real(music)
        except KeyboardInterrupt:
            raise MemoryError from None

    monkeypatch.setattr(model, "encode", killed)
    with pytest.raises(MemoryError):
        model.embed(tokens, path, batch=16)
    assert len(Corpus.read(path)) == 32


def test_columns_that_do_not_fit_are_known_before_the_end(model: mv.MusicVAE, tmp_path: Path) -> None:
    tokens, path = some_tokens(4), tmp_path / "c.npz"
    with pytest.raises(ConfigError, match="'n' has 3 values for 4 clips"):
        model.embed(tokens, path, {"n": [1, 2, 3]})
    with pytest.raises(ConfigError, match="no set of columns"):
        model.embed(tokens, path, 7)
    assert not path.exists()


def test_columns_that_do_not_fit_lose_no_work(model: mv.MusicVAE, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "c.npz"
    with pytest.raises(ConfigError, match=r"5 values for 4 clips.*piece \(2\)"):
        model.embed([folder / "b.mid", folder / "deep"], path, {"n": range(5)})
    assert Corpus.load(path).origin.done is None


def test_files_of_others(model: mv.MusicVAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.npz"
    model.embed(some_tokens(4), path)
    with pytest.raises(ConfigError, match=r"other music\. Give another path"):
        model.embed(some_tokens(5), path)
    with monkeypatch.context() as patch:
        patch.setitem(model.__dict__, "fingerprint", "another")
        with pytest.raises(ConfigError, match="made by another model, melody-2bar"):
            model.embed(some_tokens(4), path)
    path.write_text("something of the user's")
    with pytest.raises(ReadError, match="no corpus"):
        model.embed(some_tokens(4), path)
    assert path.read_text() == "something of the user's"


def test_the_fingerprint_is_of_the_weights(model: mv.MusicVAE) -> None:
    other = mv.load("melody-2bar", device="cpu")
    assert other.fingerprint == model.fingerprint
    changed = mv.load("melody-2bar", device="cpu")
    next(iter(changed.bundle.state.values())).view(-1)[0] += 1e-3
    assert changed.fingerprint != model.fingerprint


def test_nothing_to_embed(model: mv.MusicVAE, tmp_path: Path) -> None:
    with pytest.raises(NothingToEncodeError, match="no music"):
        model.embed([])
    with pytest.raises(NothingToEncodeError, match="no music"):
        model.embed(tmp_path)
    with pytest.raises(NothingToEncodeError, match="There is no file"):
        model.embed(tmp_path / "absent.mid")
    for wrong in (None, 3, [None], np.zeros(32, np.uint8), np.zeros((2, 16), np.uint8), np.full((2, 32), 90)):
        with pytest.raises(ConfigError, match=r"not music|no clips|do not fit|not those of this model"):
            model.embed(wrong)


def test_a_corpus_is_music_for_the_model(model: mv.MusicVAE) -> None:
    corpus = model.embed(some_tokens(3))
    np.testing.assert_allclose(model.encode(corpus).numpy()[0], corpus.mu, atol=1e-5)
    assert len(model.reconstruct(corpus)) == 3
    same(model.embed(corpus), model.embed(corpus.clips))


def test_a_series_of_file_names(model: mv.MusicVAE, folder: Path) -> None:
    import pandas as pd

    names = pd.Series([str(folder / "b.mid"), str(folder / "deep" / "c.MID")])
    assert model.embed(names).columns["source"].tolist() == [names[0], names[0], names[1], names[1]]
