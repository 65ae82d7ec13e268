"""Folders of music become arrays: what `music`'s converters make of each file, and each tune in one split."""

from __future__ import annotations

import csv
import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.cli import main
from mvae_widgets.errors import ReadError
from mvae_widgets.music import tunes as bundled
from mvae_widgets.music.clips import as_clips
from mvae_widgets.music.converter import Converter
from mvae_widgets.music.families import converter_for
from mvae_widgets.music.io import read
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training.dataset import SPLITS, Source, load_clips
from mvae_widgets.training.prepare import prepare
from mvae_widgets.training.prepare_splits import STOCK, Tune, clusters, places
from tests.training.music_made_up import LATE, SNARE_VELOCITY, STEP, write_band, write_tune

LEAST = 3
Tokens = np.ndarray[Any, Any]


def mark(clips: Iterable[Tokens]) -> set[bytes]:
    return {clip.tobytes() for clip in clips}


def everything(data: Path, voice: str, steps: int, name: str = "music") -> Tokens:
    """The clips of all splits."""
    file = {"steps": "melodies", "drums": "drums", "groove": "drums"}.get(voice, voice)
    found = []
    for split in SPLITS:
        with suppress(ReadError):  # there may be no clip so long in this split
            found.append(load_clips(data, [Source(f"{file}.npz", voice, name)], split, steps)[0])
    return np.concatenate(found)


def converted(model: str, files: Iterable[Path]) -> list[Tokens]:
    converter: Converter = converter_for(CONFIGS[model].family, **CONFIGS[model].converter)
    return [example.tokens for file in files for example in converter.to_examples(read(file))]


def fingerprints(data: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in data.iterdir() if p.is_file()}


def rows(data: Path) -> list[dict[str, str]]:
    with (data / "left-out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two bands and three tunes in folders."""
    folder = tmp_path / "music"
    (folder / "bands").mkdir(parents=True)
    (folder / "tunes").mkdir()
    write_band(folder / "bands" / "one.mid", 1)
    write_band(folder / "bands" / "two.mid", 2, bars=17)
    for seed in (3, 4, 5):
        write_tune(folder / "tunes" / f"tune{seed}.mid", seed)
    return folder


@pytest.mark.parametrize("model", ["melody-2bar", "melody-16bar"])
def test_windows_of_the_bundled_tunes_are_the_converters_clips(tmp_path: Path, model: str) -> None:
    prepare(bundled.FOLDER, tmp_path / "data", processes=1)
    files = sorted(bundled.FOLDER.iterdir())
    found = mark(everything(tmp_path / "data", "steps", CONFIGS[model].steps, "tunes"))
    assert found == mark(t for t in converted(model, files) if (t >= 2).sum() >= LEAST)


def test_what_a_users_own_piece_is_cut_into_is_among_the_windows(tmp_path: Path) -> None:
    prepare(bundled.FOLDER, tmp_path / "data", processes=1)
    converter = converter_for("melody", slice_bars=2)
    own = [
        c.tokens for f in sorted(bundled.FOLDER.iterdir()) for c in as_clips(read(f), converter) if c.onsets >= LEAST
    ]
    assert len(own) > 20
    assert mark(own) <= mark(everything(tmp_path / "data", "steps", 32, "tunes"))


def test_every_kind_is_what_its_converter_makes(music: Path, tmp_path: Path) -> None:
    data, files = tmp_path / "data", sorted(music.rglob("*.mid"))
    summary = prepare(music, data, processes=1)
    assert set(summary.passages) == {"melodies", "drums", "trio", "multitrack"}
    assert mark(everything(data, "steps", 32)) == mark(
        t for t in converted("melody-2bar", files) if (t >= 2).sum() >= LEAST
    )
    drums = everything(data, "drums", 32)
    assert mark(drums) == mark(t for t in converted("drums-2bar", files) if t.sum() >= LEAST)
    assert mark(everything(data, "trio", 256)) == mark(converted("trio-16bar", files))
    multitracks = everything(data, "multitrack", 512)
    assert mark(multitracks) == mark(converted("multitrack-1bar", files))
    assert multitracks.dtype == np.int16
    assert multitracks.shape[1] == 512


def test_grooves_have_the_loudness_and_the_timing_that_were_written(music: Path, tmp_path: Path) -> None:
    prepare(music, tmp_path / "data", ["drums"], processes=1)
    with np.load(tmp_path / "data" / "drums.npz") as data:
        snare = data["mask"] & 2 > 0
        assert snare.any()
        assert set(data["velocity"][snare, 1].tolist()) == {SNARE_VELOCITY}
        np.testing.assert_allclose(data["microtiming"][snare, 1], 256 * LATE / STEP, atol=2)
        assert not data["velocity"][~snare, 1].any()
    (converter, *_) = [converter_for("groove", slice_bars=2, hop_steps=16)]
    band = music / "bands" / "one.mid"
    piece = read(band)
    alone = [note for note in piece.notes if note.is_drum]
    del piece.notes[:]
    piece.notes.extend(alone)
    expected = np.stack([e.tokens for e in converter.to_examples(piece)])
    found = everything(tmp_path / "data", "groove", 32)
    nearest = np.abs(expected[:, None] - found[None]).max((2, 3)).min(1)
    assert nearest.max() <= 1 / 128, "offsets are kept in 1/128 of half a step, all else exactly"


def test_a_tune_is_in_one_split_whatever_its_key_and_name(music: Path, tmp_path: Path) -> None:
    write_tune(music / "other.mid", 3, transpose=5)
    (music / "book.abc").write_text(
        "L:1/8\nM:4/4\nX:1\nT:The Old Road\nK:C\nCDEF GABc|CDEF GABc|\n\n"
        "X:2\nT:Old Road, The\nK:G\nGABc d2e2|d2c2 B2A2|\n"
    )
    prepare(music, tmp_path / "data", ["melodies"], processes=1)
    with np.load(tmp_path / "data" / "melodies.npz") as data:
        cluster = dict(zip(data["tune"].tolist(), data["cluster"].tolist(), strict=True))
        split = dict(zip(data["tune"].tolist(), data["split"].tolist(), strict=True))
    assert cluster["other.mid"] == cluster["tunes/tune3.mid"]
    assert split["other.mid"] == split["tunes/tune3.mid"]
    assert cluster["book.abc#1"] == cluster["book.abc#2"]
    assert len({cluster[f"tunes/tune{k}.mid"] for k in (3, 4, 5)} | {cluster["book.abc#1"]}) == 4


def test_splits_are_eight_to_one_to_one_and_follow_the_seed() -> None:
    none = np.empty(0, np.uint64)
    many = [Tune(f"{k}.mid", "", hashlib.sha256(bytes([k % 256, k // 256])).hexdigest(), none) for k in range(5000)]
    cluster = clusters(many)
    assert len(np.unique(cluster)) == len(many)
    split = [np.array([p.split for p in places(many, cluster, seed, "x", {})]) for seed in (0, 0, 1)]
    np.testing.assert_allclose(np.bincount(split[0]) / 5000, [0.8, 0.1, 0.1], atol=0.02)
    np.testing.assert_array_equal(split[0], split[1])
    assert 0.2 < (split[0] != split[2]).mean() < 0.5


def test_what_too_many_share_ties_nothing() -> None:
    figure = np.array([7], np.uint64)
    few = [Tune(f"{k}.mid", "", str(k), figure) for k in range(STOCK)]
    assert len(set(clusters(few).tolist())) == 1
    many = [*few, Tune("one more.mid", "", "x", figure)]
    assert len(set(clusters(many).tolist())) == len(many)


def test_an_index_says_split_and_source(music: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    index.write_text("file,split,source\ntunes/tune3.mid,test,book\ntunes/tune4.mid,1,book\nbands/one.mid,,band\n")
    prepare(music, tmp_path / "data", ["melodies"], index=index, processes=1)
    with np.load(tmp_path / "data" / "melodies.npz") as data:
        source = data["source_names"][data["source"]]
        said = {t: (int(s), str(n)) for t, s, n in zip(data["tune"], data["split"], source, strict=True)}
    assert said["tunes/tune3.mid"] == (2, "book")
    assert said["tunes/tune4.mid"] == (1, "book")
    assert said["bands/one.mid"][1] == "band"
    assert said["tunes/tune5.mid"][1] == "music"


def test_what_is_there_twice_is_kept_once(music: Path, tmp_path: Path) -> None:
    shutil.copy(music / "tunes" / "tune3.mid", music / "tunes" / "zz.mid")
    summary = prepare(music, tmp_path / "data", ["melodies"], processes=1)
    assert (summary.files, summary.tunes, summary.left_out) == (6, 5, {"twice": 1})
    assert rows(tmp_path / "data") == [{"file": "tunes/zz.mid", "what": "twice", "why": "the same as tunes/tune3.mid"}]


def test_archives_are_read_without_being_unpacked(music: Path, tmp_path: Path) -> None:
    files = sorted(music.rglob("*.mid"))
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(music).as_posix())
        archive.writestr("../../evil.txt", "no music")
    with tarfile.open(tmp_path / "music.tar.xz", "w:xz") as tar:
        for file in files:
            tar.add(file, file.relative_to(music).as_posix())
        link = tarfile.TarInfo("link.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    before = {p.relative_to(tmp_path) for p in tmp_path.rglob("*")}
    prepare(music, tmp_path / "a", processes=1)
    for name in ("music.zip", "music.tar.xz"):
        prepare(tmp_path / name, tmp_path / name[-2:], processes=1)
        assert fingerprints(tmp_path / name[-2:]) == fingerprints(tmp_path / "a")
    made = {p.relative_to(tmp_path) for p in tmp_path.rglob("*")} - before
    assert {p.parts[0] for p in made} == {"a", "ip", "xz"}
    (tmp_path / "more").mkdir()
    shutil.move(tmp_path / "music.zip", tmp_path / "more" / "music.zip")
    assert prepare(tmp_path / "more", tmp_path / "b", processes=1).tunes == 5


def test_processes_and_a_cluster_give_the_same_bytes(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvae_widgets.training.prepare.SHARD_FILES", 2)
    (music / "broken.mid").write_bytes(b"MThd and no more")
    prepare(music, tmp_path / "one", processes=1)
    prepare(music, tmp_path / "two", processes=2)
    assert fingerprints(tmp_path / "two") == fingerprints(tmp_path / "one")
    distributed = pytest.importorskip("distributed")
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with distributed.LocalCluster(**local) as cluster:
        assert (
            main(["prepare", str(music), "--out", str(tmp_path / "dask"), "--scheduler", cluster.scheduler_address])
            == 0
        )
    assert fingerprints(tmp_path / "dask") == fingerprints(tmp_path / "one")
