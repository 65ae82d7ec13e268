"""What is wrong with a collection is counted and listed; what stops the work loses none of it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.cli import main
from mvae_widgets.errors import ConfigError, MusicVAEError, NothingToEncodeError, ReadError
from mvae_widgets.music import tunes as bundled
from mvae_widgets.training import prepare as module
from mvae_widgets.training import workers
from mvae_widgets.training.prepare import prepare
from tests.training.music_made_up import write_band, write_tune
from tests.training.test_prepare import fingerprints, rows


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for k in range(7):
        write_tune(folder / f"tune{k}.mid", k)
    write_band(folder / "band.mid")
    return folder


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD_FILES", 2)


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file can be longer than so many bytes: what a full disk does to a writer."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_no_folder_and_an_empty_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ReadError, match="There is no folder"):
        prepare(tmp_path / "nowhere", tmp_path / "data")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").write_text("no music")
    assert main(["prepare", str(tmp_path / "empty"), "--out", str(tmp_path / "data")]) == 1
    assert "There is no music file in" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_only_broken_files(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "empty.mid").write_bytes(b"")
    (folder / "page.mid").write_text("<!doctype html><p>Not found")
    (folder / "cut.mid").write_bytes(bundled.path("soldiers-joy").read_bytes()[:60])
    (folder / "cut.tar.gz").write_bytes(b"\x1f\x8b\x08 and no more")
    (folder / "waltz.abc").write_text("X:1\nT:Waltz\nM:3/4\nL:1/4\nK:C\nCDE|FGA|\n")
    (folder / "gone.mid").symlink_to(folder / "nowhere.mid")
    with pytest.raises(NothingToEncodeError, match=r"Nothing could be prepared of 6 files.*left-out\.csv"):
        prepare(folder, tmp_path / "data", processes=1)
    listed = {row["file"]: (row["what"], row["why"]) for row in rows(tmp_path / "data")}
    assert {name: what for name, (what, _) in listed.items()} == {
        "empty.mid": "broken",
        "page.mid": "broken",
        "cut.mid": "broken",
        "cut.tar.gz": "broken",
        "gone.mid": "broken",
        "waltz.abc": "nothing taken",
    }
    assert "empty" in listed["empty.mid"][1]
    assert "web page" in listed["page.mid"][1]
    assert not list((tmp_path / "data").glob("*.npz"))


def test_broken_files_beside_good_ones(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(music, tmp_path / "good", processes=1)
    (music / "zero.mid").write_bytes(b"")
    shutil.make_archive(str(tmp_path / "whole"), "zip", bundled.FOLDER)
    data = (tmp_path / "whole.zip").read_bytes()
    (music / "z.zip").write_bytes(data[: len(data) // 2])
    assert main(["prepare", str(music), "--out", str(tmp_path / "data"), "--processes", "1"]) == 0
    assert "left out: 2 broken, see left-out.csv" in capsys.readouterr().out
    assert [row["file"] for row in rows(tmp_path / "data")] == ["z.zip", "zero.mid"]
    for name in ("melodies.npz", "drums.npz", "multitrack.npz"):
        assert fingerprints(tmp_path / "data")[name] == fingerprints(tmp_path / "good")[name]


def test_a_folder_that_cannot_be_listed(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (music / "locked").mkdir()
    real = os.scandir

    def scandir(folder: Any) -> Any:
        if str(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert prepare(music, tmp_path / "data", processes=1).left_out == {"broken": 1}
    assert rows(tmp_path / "data") == [
        {"file": "locked", "what": "broken", "why": "Could not open 'locked': Permission denied."}
    ]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(music: Path, tmp_path: Path) -> None:
    locked = music / "locked"
    locked.mkdir(mode=0)
    try:
        prepare(music, tmp_path / "data", processes=1)
    finally:
        locked.chmod(0o755)
    assert [(row["file"], row["what"]) for row in rows(tmp_path / "data")] == [("locked", "broken")]


def test_a_defect_of_ours_ends_one_file_only(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mvae_widgets.training import prepare_shards

    real, calls = prepare_shards.passages_of, iter(range(99))

    def fails_once(*given: Any) -> Any:
        if next(calls) == 3:
            raise ZeroDivisionError("by chance")
        return real(*given)

    monkeypatch.setattr(prepare_shards, "passages_of", fails_once)
    summary = prepare(music, tmp_path / "data", processes=1)
    assert (summary.files, summary.tunes) == (8, 7)
    assert rows(tmp_path / "data")[0]["why"] == "ZeroDivisionError: by chance"


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_an_interrupted_run_goes_on_and_ends_in_the_same_bytes(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    prepare(music, tmp_path / "whole", processes=1)
    real, done = module.prepare_files, []

    def stops(job: Any) -> Any:
        if len(done) == shards:
            raise KeyboardInterrupt
        done.append(job.number)
        return real(job)

    monkeypatch.setattr(module, "prepare_files", stops)
    with pytest.raises(KeyboardInterrupt):
        prepare(music, tmp_path / "data", processes=1)
    assert not list((tmp_path / "data").glob("*.npz"))
    monkeypatch.setattr(module, "prepare_files", lambda job: done.append(job.number) or real(job))
    summary = prepare(music, tmp_path / "data", processes=1)
    assert done == [0, 1, 2, 3], "no file is worked through twice"
    assert fingerprints(tmp_path / "data") == fingerprints(tmp_path / "whole")
    assert not (tmp_path / "data" / "unfinished").exists()
    assert prepare(music, tmp_path / "data", processes=1) == summary
    assert done == [0, 1, 2, 3], "what is done is not done again"


@pytest.mark.parametrize("most", [200, 1500, 5000])
def test_a_full_disk_leaves_nothing_half_written(music: Path, tmp_path: Path, most: int) -> None:
    prepare(music, tmp_path / "whole", processes=1)
    with full_disk(most), pytest.raises(MusicVAEError, match="Could not write"):
        prepare(music, tmp_path / "data", processes=1)
    for path in (tmp_path / "data").rglob("*.npz"):
        with np.load(path) as data:
            assert all(len(data[name]) >= 0 for name in data)
    assert not [p for p in (tmp_path / "data").rglob("*") if p.suffix == ".new"]
    prepare(music, tmp_path / "data", processes=1)
    assert fingerprints(tmp_path / "data") == fingerprints(tmp_path / "whole")


def test_a_folder_is_not_prepared_with_two_settings(music: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    prepare(music, data, ["melodies"], processes=1)
    for given, what in (({"kinds": ["drums"]}, "kinds"), ({"seed": 1}, "seed"), ({"kit": "roland"}, "kit")):
        with pytest.raises(ConfigError, match=f"prepared with another {what}"):
            prepare(music, data, **{"kinds": ["melodies"], **given})
    write_tune(music / "new.mid", 9)
    with pytest.raises(ConfigError, match="prepared with another music"):
        prepare(music, data, ["melodies"])
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    shutil.copy(data / "melodies.npz", foreign)
    with pytest.raises(ConfigError, match=r"holds melodies\.npz, which this command did not make"):
        prepare(music, foreign)


def test_settings_that_make_no_sense(music: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no kind lyrics"):
        prepare(music, tmp_path / "data", ["lyrics"])
    with pytest.raises(ConfigError, match="the kit 'full'"):
        prepare(music, tmp_path / "data", kit="full")
    index = tmp_path / "index.csv"
    for text, words in (("name\na.mid\n", "names no file"), ("file,split\na.mid,dev\n", "split 'dev'")):
        index.write_text(text)
        with pytest.raises(ReadError, match=words):
            prepare(music, tmp_path / "data", index=index)
    with pytest.raises(ReadError, match="Could not read the index"):
        prepare(music, tmp_path / "data", index=tmp_path / "nowhere.csv")
    assert not (tmp_path / "data").exists()


def test_a_damaged_shard_is_not_taken_for_whole(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_finish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(music, tmp_path / "data", processes=1)
    monkeypatch.undo()
    monkeypatch.setattr(module, "SHARD_FILES", 2)
    shard = tmp_path / "data" / "unfinished" / "000001.npz"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(ReadError, match=r"000001\.npz' is damaged.*Delete it"):
        prepare(music, tmp_path / "data", processes=1)
    shard.unlink()
    prepare(music, tmp_path / "data", processes=1)
    prepare(music, tmp_path / "whole", processes=1)
    assert fingerprints(tmp_path / "data") == fingerprints(tmp_path / "whole")


def die(job: int) -> int:
    os._exit(job)


def test_a_killed_process_is_named() -> None:
    with pytest.raises(MusicVAEError, match="A working process was killed"):
        list(workers.spread(die, [1, 2, 3], processes=1 + 1))


def test_no_scheduler_at_the_address(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    with pytest.raises(ConfigError, match=r"There is no Dask scheduler at tcp://127\.0\.0\.1:9"):
        prepare(music, tmp_path / "data", scheduler="tcp://127.0.0.1:9")
