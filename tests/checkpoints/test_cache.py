"""A cache that stays whole, whatever a mirror sends and whoever else fetches at the same time."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

import mvae_widgets
from mvae_widgets.checkpoints import cache
from mvae_widgets.checkpoints.cache import cache_folder, fetch, fetched, mirror_addresses
from mvae_widgets.errors import ConfigError, DownloadError, MusicVAEWarning

from .server import (
    ENTRY,
    JS,
    JS_FILES,
    JS_FOLDER,
    QUICK,
    SHARDS,
    TAR,
    TAR_PATH,
    WEIGHTS,
    Handler,
    Site,
    answering,
    sending,
    tar_of,
)


def bring(entry=ENTRY, **options) -> Path:
    return fetch(entry, progress=False, patience=QUICK, **options)


def test_fetched_once_and_not_again(mirror: Site) -> None:
    assert not fetched(ENTRY)
    path = bring()
    assert path == cache_folder() / "models" / "cat-drums_2bar_small.lokl" / "cat-drums_2bar_small.lokl.tar"
    assert path.read_bytes() == TAR
    assert fetched(ENTRY)
    assert bring() == path
    assert len(mirror.asked) == 1
    assert not list((cache_folder() / "partial").iterdir())


def test_the_checksum_is_recorded(mirror: Site) -> None:
    bring()
    record = json.loads((cache_folder() / "checksums" / f"{ENTRY.key}.json").read_text())
    assert record["files"] == {ENTRY.path: {"size": len(TAR), "sha256": hashlib.sha256(TAR).hexdigest()}}
    assert record["source"] == mirror.url + TAR_PATH


def test_other_bytes_at_a_later_fetch_are_refused(mirror: Site) -> None:
    path = bring()
    path.unlink()
    path.parent.rmdir()
    mirror.files[TAR_PATH] = tar_of(model__index=b"index", model__data=b"other")
    with pytest.raises(DownloadError, match=r"not what was first fetched on 20\d\d-\d\d-\d\d.*--renew"):
        bring()
    assert not fetched(ENTRY)
    assert not list((cache_folder() / "partial").iterdir())
    assert bring(renew=True).read_bytes() == mirror.files[TAR_PATH]
    assert bring().is_file()


@pytest.mark.parametrize("harm", ["flip", "shorten", "remove"])
def test_damage_in_the_cache_is_noticed_and_mended(mirror: Site, harm: str) -> None:
    path = bring()
    if harm == "flip":
        path.write_bytes(TAR[:5000] + bytes([TAR[5000] ^ 1]) + TAR[5001:])
    elif harm == "shorten":
        path.write_bytes(TAR[:-1])
    else:
        path.unlink()
    with pytest.warns(MusicVAEWarning, match="is damaged.*fetched again"):
        assert bring().read_bytes() == TAR


def test_damage_without_a_network_is_an_error(mirror: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bring()
    path.write_bytes(TAR[:-1])
    monkeypatch.setenv(cache.MIRROR, "http://127.0.0.1:9")
    with pytest.warns(MusicVAEWarning, match="damaged"), pytest.raises(DownloadError, match="Cannot fetch"):
        bring()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html>Sign in to the hotel</html>", "web page"),
        (b"garbage" * 1000, "not a tar"),
        (TAR[:100_000], "not a tar|cut short"),
        (tar_of(readme=b"x"), "without a checkpoint"),
        (b"", "not a tar"),
    ],
)
def test_what_is_not_a_checkpoint_is_never_recorded(mirror: Site, data: bytes, words: str) -> None:
    mirror.misdeeds += [sending(data)]
    with pytest.raises(DownloadError, match=words):
        bring()
    assert not fetched(ENTRY)
    assert not list((cache_folder() / "partial").iterdir())
    assert bring().read_bytes() == TAR


def test_magenta_js(mirror: Site) -> None:
    folder = bring(JS)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == JS_FILES


def test_magenta_js_goes_on_shard_by_shard(mirror: Site) -> None:
    mirror.misdeeds += [lambda handler: False] * 3 + [answering(503)] * 4
    with pytest.raises(DownloadError, match="503"):
        bring(JS)
    mirror.asked.clear()
    folder = bring(JS)
    assert [path.rpartition("/")[2] for path, _ in mirror.asked] == ["weights_manifest.json", "config.json", "shard2"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == JS_FILES


def test_magenta_js_without_a_config(mirror: Site) -> None:
    del mirror.files[f"{JS_FOLDER}/config.json"]
    assert {p.name for p in bring(JS).iterdir()} == {"weights_manifest.json", *SHARDS}


def test_half_a_shard(mirror: Site) -> None:
    mirror.files[f"{JS_FOLDER}/shard2"] = SHARDS["shard2"][:999]
    with pytest.raises(DownloadError, match="50,999 bytes, its manifest accounts for 80,004"):
        bring(JS)


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a\\b", "http://evil.example/x", "..", ""])
def test_a_manifest_that_points_outside(mirror: Site, name: str) -> None:
    manifest = json.dumps([{"paths": [name], "weights": WEIGHTS}]).encode()
    mirror.files[f"{JS_FOLDER}/weights_manifest.json"] = manifest
    with pytest.raises(DownloadError, match="outside its folder"):
        bring(JS)


@pytest.mark.parametrize("text", [b"", b"<html>", b"{}", b"[]", b"[1]", b'[{"paths": ["a"], "weights": [{}]}]'])
def test_a_manifest_that_is_none(mirror: Site, text: bytes) -> None:
    mirror.files[f"{JS_FOLDER}/weights_manifest.json"] = text
    with pytest.raises(DownloadError, match=r"its weights_manifest\.json is none"):
        bring(JS)


def test_a_missing_file_says_where_it_was_looked_for(mirror: Site) -> None:
    mirror.files.clear()
    with pytest.raises(DownloadError, match=r"there is no .*lokl\.tar at http://127.*, nor at .*MVAE_WIDGETS_MIRROR"):
        bring()


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lost)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DownloadError) as caught:
        bring()
    text = str(caught.value)
    for words in (ENTRY.name, ENTRY.url, "name resolution", "3 attempts", "load the copy by its path", cache.MIRROR):
        assert words in text


def test_a_cache_that_cannot_be_written(mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "file" / "cache"))
    with pytest.raises(DownloadError, match=r"cannot be used.*MVAE_WIDGETS_CACHE"):
        bring()


def test_damaged_checksums(mirror: Site) -> None:
    bring()
    (cache_folder() / "checksums" / f"{ENTRY.key}.json").write_text("{")
    with pytest.raises(DownloadError, match=r"cannot be read.*--renew"):
        bring()
    assert bring(renew=True).is_file()


def test_the_default_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cache.CACHE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    found = {}
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        found[platform] = cache_folder().relative_to(tmp_path).as_posix()
    assert found == {
        "linux": "mvae_widgets",
        "darwin": "me/Library/Caches/mvae_widgets",
        "win32": "local/mvae_widgets/Cache",
    }


# Mirrors


@pytest.mark.parametrize("under", ["", "magentadata/models/music_vae/checkpoints", "checkpoints"])
@pytest.mark.parametrize("how", ["folder", "file"])
def test_mirror_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, under: str, how: str) -> None:
    root = tmp_path / "my mirror"
    (root / under).mkdir(parents=True)
    (root / under / ENTRY.path).write_bytes(TAR)
    monkeypatch.setenv(cache.MIRROR, str(root) if how == "folder" else root.as_uri())
    assert bring().read_bytes() == TAR


def test_mirror_folders_hold_magenta_js_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mirror" / "mel_2bar_small"
    folder.mkdir(parents=True)
    for name, data in JS_FILES.items():
        (folder / name).write_bytes(data)
    monkeypatch.setenv(cache.MIRROR, str(folder.parent))
    assert {p.name: p.read_bytes() for p in bring(JS).iterdir()} == JS_FILES


def test_mirror_servers_may_be_flat(mirror: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.MIRROR, mirror.url + "/pub/")
    mirror.files = {f"/pub/{ENTRY.path}": TAR}
    assert bring().read_bytes() == TAR


def test_every_file_comes_from_one_place_of_the_mirror(mirror: Site) -> None:
    mirror.files |= {f"/mel_2bar_small/{name}": b"stale" for name in SHARDS}
    bring(JS)
    assert all(path.startswith(JS_FOLDER) for path, _ in mirror.asked)


def test_mirrors_that_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.MIRROR, "ftp://example.org")
    with pytest.raises(ConfigError, match="ftp"):
        bring()
    monkeypatch.setenv(cache.MIRROR, str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="no such folder"):
        bring()
    monkeypatch.delenv(cache.MIRROR)
    assert mirror_addresses(ENTRY.url) == [ENTRY.url]


# More than one at a time

FETCH = """
import sys
from mvae_widgets.checkpoints.cache import fetch
from mvae_widgets.checkpoints.published import published
print(fetch(published()[sys.argv[1]], progress=False))
"""


def start(entry=ENTRY) -> subprocess.Popen[str]:
    here = os.environ | {"PYTHONPATH": str(Path(mvae_widgets.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, entry.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=here
    )


def slowly(site: Site, pieces: int, pause: float) -> None:
    """From now on, answer in pieces with pauses between them."""

    def misdeed(handler: Handler) -> bool:
        data = handler.site.files[handler.path]
        asked = handler.headers.get("Range", "")
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - first))
        handler.end_headers()
        step = len(data) // pieces
        for i in range(first, len(data), step):
            handler.wfile.write(data[i : i + step])
            time.sleep(pause)
        return True

    site.always(misdeed)


def test_two_processes_at_once_fetch_once(mirror: Site) -> None:
    slowly(mirror, 10, 0.1)
    both = [start(), start()]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert len(mirror.asked) == 1
    assert Path(outputs[0][0].strip()).read_bytes() == TAR


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_without_loss(mirror: Site, how: signal.Signals) -> None:
    slowly(mirror, 20, 0.2)
    process = start()
    part = cache_folder() / "partial" / ENTRY.key / f"{ENTRY.path}.part"
    until = time.monotonic() + 30
    while time.monotonic() < until and not (part.is_file() and part.stat().st_size > 20_000):
        time.sleep(0.02)
    os.kill(process.pid, how)
    process.communicate(timeout=30)
    kept = part.stat().st_size
    assert 20_000 < kept < len(TAR)
    assert not fetched(ENTRY)
    mirror.misdeeds.clear()
    mirror.asked.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bring().read_bytes() == TAR
    assert mirror.asked == [(TAR_PATH, f"bytes={kept}-")]


def test_threads_do_not_mix(mirror: Site) -> None:
    slowly(mirror, 5, 0.02)
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(bring())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {path.read_bytes() for path in paths} == {TAR}
    assert len(paths) == 4
    assert len(mirror.asked) == 1


def test_progress_is_shown(mirror: Site, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(JS, patience=QUICK)
    assert JS.name in capsys.readouterr().err
