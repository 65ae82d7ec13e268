"""Collections and prepared arrays become corpora that maps can be drawn of."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.cli import main
from mvae_widgets.errors import ConfigError, NothingToEncodeError, ReadError
from mvae_widgets.music.families import converter_for
from mvae_widgets.music.io import read
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training.dataset import SPLITS, Source, load_clips
from mvae_widgets.training.embed import file_for, prepared_clips
from mvae_widgets.training.prepare import prepare
from mvae_widgets.training.workers import spread
from tests.test_embed import same, stop_after
from tests.training.music_made_up import write_band, write_tune


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    write_band(folder / "band.mid")
    for seed in range(4):
        write_tune(folder / f"tune{seed}.mid", seed)
    (folder / "broken.mid").write_bytes(b"")
    return folder


def test_all_cores_give_what_one_gives(
    model: mv.MusicVAE, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "corpus.npz"
    assert main(["embed", "melody-2bar", str(music), "--out", str(out), "--device", "cpu", "--processes", "2"]) == 0
    said = capsys.readouterr()
    assert "1 of 6 pieces were left out" in said.err
    with pytest.warns(mv.MusicVAEWarning, match="1 of 6 pieces"):
        one = model.embed(music)
    corpus = mv.Corpus.load(out)
    same(corpus, one)
    first = corpus[np.flatnonzero(corpus.columns["source"] == str(music / "tune2.mid"))]
    assert first.columns["bar"].tolist() == [1, 3, 5, 7]
    assert mv.LatentScatter(model, corpus).corpus is corpus


def test_a_cluster_gives_what_one_core_gives(model: mv.MusicVAE, music: Path) -> None:
    distributed = pytest.importorskip("distributed")
    local = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with distributed.LocalCluster(**local) as cluster, pytest.warns(mv.MusicVAEWarning):
        many = model.embed(music, mapper=partial(spread, scheduler=cluster.scheduler_address))
    with pytest.warns(mv.MusicVAEWarning):
        same(many, model.embed(music))


def test_stopped_and_taken_up_again(
    model: mv.MusicVAE, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (music / "broken.mid").unlink()
    whole = model.embed(music, batch=8)
    with monkeypatch.context() as patch:
        stop_after(model, 2, patch)
        with pytest.raises(KeyboardInterrupt):
            model.embed(music, tmp_path / "c.npz", batch=8, mapper=partial(spread, processes=2))
    same(model.embed(music, tmp_path / "c.npz", batch=8, mapper=partial(spread, processes=1)), whole)


@pytest.mark.parametrize("name", ["melody-2bar", "drums-2bar", "groove-2bar-tap", "trio-16bar", "multitrack-1bar"])
def test_prepared_clips_are_those_that_are_learnt_from(music: Path, tmp_path: Path, name: str) -> None:
    config = CONFIGS[name]
    prepare(music, tmp_path / "data", processes=1)
    path = file_for(tmp_path / "data", config)
    assert path is not None
    assert path == file_for(path, config)
    tokens, columns = prepared_clips(path, config)
    voice = {"melody": "steps"}.get(config.family, config.family)
    source = Source(path.name, voice, "music")
    learnt = set()
    for split in SPLITS:
        if (np.load(path)["split"] == SPLITS[split]).any():
            learnt |= {clip.tobytes() for clip in load_clips(tmp_path / "data", [source], split, config.steps)[0]}
    assert {clip.tobytes() for clip in tokens} == learnt
    assert len(tokens) == len(learnt)
    assert set(columns["collection"]) == {"music"}


def test_a_prepared_clip_says_where_it_lies(music: Path, tmp_path: Path) -> None:
    prepare(music, tmp_path / "data", ["melodies", "multitrack"], processes=1)
    for name in ("melody-2bar", "multitrack-1bar"):
        config = CONFIGS[name]
        path = file_for(tmp_path / "data", config)
        assert path is not None
        tokens, columns = prepared_clips(path, config)
        (band,) = [
            e.tokens for e in converter_for(config.family, **config.converter).to_examples(read(music / "band.mid"))
        ][4:5]
        # All instruments of the band begin in its first bar.
        (k,) = np.flatnonzero((tokens == band).all(1))
        assert (columns["source"][k], columns["bar"][k]) == ("band.mid", 5)


def test_prepared_arrays_from_the_command_line(model: mv.MusicVAE, music: Path, tmp_path: Path) -> None:
    prepare(music, tmp_path / "data", ["melodies"], seed=1, processes=1)
    tokens, columns = prepared_clips(tmp_path / "data" / "melodies.npz", model.config, ["train"])
    out = tmp_path / "corpus.npz"
    assert main(["embed", "melody-2bar", str(tmp_path / "data"), "--out", str(out), "--splits", "train"]) == 0
    corpus = mv.Corpus.load(out)
    np.testing.assert_array_equal(corpus.tokens, tokens)
    np.testing.assert_allclose(corpus.mu, model.encode(corpus.clips).numpy()[0], atol=1e-5)
    for column in ("source", "bar", "passage"):
        assert corpus.columns[column].tolist() == columns[column].tolist()
    assert set(corpus.columns["split"]) == {"train"}


def test_bad_input(model: mv.MusicVAE, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def says(*given: Any) -> str:
        assert main(["embed", "melody-2bar", *map(str, given), "--processes", "1"]) == 1
        return capsys.readouterr().err

    assert "does not end in .npz" in says(music, "--out", tmp_path / "corpus.csv")
    (tmp_path / "empty").mkdir()
    assert "was given no music" in says(tmp_path / "empty", "--out", tmp_path / "c.npz")
    (tmp_path / "empty" / "zero.mid").write_bytes(b"")
    assert "finds nothing to encode in 1 pieces" in says(tmp_path / "empty", "--out", tmp_path / "c.npz")
    prepare(music, tmp_path / "data", processes=1)
    for name, words in (("drums.npz", "has no steps"), ("damaged.npz", "Could not read")):
        (tmp_path / "data" / "damaged.npz").write_bytes(b"PK no more")
        assert words in says(tmp_path / "data" / name, "--out", tmp_path / "c.npz")
    whole = (tmp_path / "data" / "melodies.npz").read_bytes()
    (tmp_path / "data" / "damaged.npz").write_bytes(whole[:200] + b"\xff" * 100 + whole[300:])
    assert "Could not read" in says(tmp_path / "data" / "damaged.npz", "--out", tmp_path / "c.npz")
    with pytest.raises(ReadError, match="has no steps"):
        prepared_clips(tmp_path / "data" / "trio.npz", model.config)
    with pytest.raises(NothingToEncodeError, match="no clip of 16 bars"):
        prepared_clips(tmp_path / "data" / "melodies.npz", CONFIGS["melody-16bar"], [])
    assert not (tmp_path / "c.npz").exists()
    model.embed(music / "tune0.mid", tmp_path / "c.npz")
    with pytest.raises(ConfigError, match="holds other music"):
        model.embed(music / "tune1.mid", tmp_path / "c.npz")
