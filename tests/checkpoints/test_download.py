"""One file from servers that misbehave. Every wait here is bounded."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from pathlib import Path

import pytest

from mvae_widgets.checkpoints.download import NotThereError, Patience, UnreachableError, download
from mvae_widgets.errors import DownloadError

from .server import DATA, FILE, QUICK, Handler, Site, answering, dropping, sending, silent, trickling


def get(site: Site, target: Path, patience: Patience = QUICK) -> bytes:
    download(site.url + FILE, target, patience)
    assert [p.name for p in target.parent.iterdir() if p.name.startswith(target.name)] == [target.name]
    return target.read_bytes()


def test_positions_are_reported(site: Site, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    download(site.url + FILE, tmp_path / "x", QUICK, lambda position, total: seen.append((position, total)))
    assert seen[0] == (0, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))


def test_dropped_connections_resume_where_they_broke_off(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [dropping(100_000), dropping(100_000)]
    assert get(site, tmp_path / "x") == DATA
    assert [asked for _, asked in site.asked] == ["", "bytes=100000-", "bytes=200000-"]


def test_a_later_call_goes_on_from_the_earlier(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [dropping(100_000), *[answering(503)] * 3]
    with pytest.raises(DownloadError, match=r"503.*4 attempts.*100,000 bytes are kept"):
        get(site, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    site.asked.clear()
    assert get(site, tmp_path / "x") == DATA
    assert site.asked == [(FILE, "bytes=100000-")]


def test_a_file_that_changed_meanwhile_starts_again(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [dropping(100_000), *[answering(503)] * 3]
    with pytest.raises(DownloadError):
        get(site, tmp_path / "x")
    site.files[FILE] = DATA[::-1]
    assert get(site, tmp_path / "x") == DATA[::-1]


def test_without_validators_a_change_of_length_is_noticed(site: Site, tmp_path: Path) -> None:
    site.validators = False
    site.misdeeds += [dropping(100_000), *[answering(503)] * 3]
    with pytest.raises(DownloadError):
        get(site, tmp_path / "x")
    site.files[FILE] = DATA[:-1]
    assert get(site, tmp_path / "x") == DATA[:-1]


def test_servers_that_ignore_ranges(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.misdeeds += [dropping(100_000), dropping(290_000)]
    assert get(site, tmp_path / "x") == DATA


def test_servers_that_ignore_ranges_and_always_drop_end_in_an_error(site: Site, tmp_path: Path) -> None:
    big = DATA * 10
    site.files[FILE], site.ranges = big, False
    site.always(dropping(len(big) - 1))
    with pytest.raises(DownloadError, match=r"ended after 2,999,999 of 3,000,000 bytes"):
        get(site, tmp_path / "x")
    assert len(site.asked) <= 5


def test_a_wrong_range_is_not_trusted(site: Site, tmp_path: Path) -> None:
    def elsewhere(handler: Handler) -> bool:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 5-{len(DATA) - 1}/{len(DATA)}")
        handler.send_header("Content-Length", str(len(DATA) - 5))
        handler.end_headers()
        handler.wfile.write(DATA[5:])
        return True

    site.misdeeds += [dropping(100_000), elsewhere]
    assert get(site, tmp_path / "x") == DATA


@pytest.mark.parametrize("claim", [len(DATA) + 1, len(DATA) * 100])
def test_a_length_that_never_comes(site: Site, tmp_path: Path, claim: int) -> None:
    site.always(sending(DATA, claim=claim))
    with pytest.raises(DownloadError, match=f"of {claim:,} bytes|416"):
        get(site, tmp_path / "x")


def test_without_a_length_the_end_is_the_end(site: Site, tmp_path: Path) -> None:
    site.lengths = False
    assert get(site, tmp_path / "x") == DATA


def test_chunked_and_cut_off(site: Site, tmp_path: Path) -> None:
    def chunked(handler: Handler) -> bool:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"5\r\nhello\r\nff\r\nwor")
        handler.close_connection = True
        return True

    site.misdeeds += [chunked]
    assert get(site, tmp_path / "x") == DATA
    assert len(site.asked) == 2


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_passing_answers_are_asked_again(site: Site, tmp_path: Path, code: int) -> None:
    site.misdeeds += [answering(code)] * 3
    assert get(site, tmp_path / "x") == DATA


@pytest.mark.parametrize("code", [400, 401, 418, 501])
def test_final_answers_are_not(site: Site, tmp_path: Path, code: int) -> None:
    site.misdeeds += [answering(code)]
    with pytest.raises(DownloadError, match=str(code)):
        get(site, tmp_path / "x")
    assert len(site.asked) == 1


def test_404(site: Site, tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match="404"):
        download(site.url + "/nothing", tmp_path / "x", QUICK)


def test_retry_after_is_heeded_within_bounds(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [answering(503, Retry_After="3600")]
    began = time.monotonic()
    assert get(site, tmp_path / "x") == DATA
    assert QUICK.longest_pause <= time.monotonic() - began < 5


def test_redirects_are_followed_with_the_range(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [dropping(100_000), answering(302, Location=site.url + "/b")]
    site.files["/b"] = DATA
    assert get(site, tmp_path / "x") == DATA
    assert site.asked[-1] == ("/b", "bytes=100000-")


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_redirects_elsewhere_are_not(site: Site, tmp_path: Path, to: str) -> None:
    site.misdeeds += [answering(302, Location=to)]
    with pytest.raises(DownloadError, match=r"not safe|302"):
        get(site, tmp_path / "x")


def test_redirects_in_a_circle_end(site: Site, tmp_path: Path) -> None:
    site.always(answering(302, Location=site.url + FILE))
    with pytest.raises(DownloadError, match="302"):
        get(site, tmp_path / "x")


def test_a_trickle_counts_as_a_failure(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [trickling(5)]
    began = time.monotonic()
    assert get(site, tmp_path / "x") == DATA
    assert time.monotonic() - began < 3


def test_silence_counts_as_a_failure(site: Site, tmp_path: Path) -> None:
    site.misdeeds += [silent(2)]
    began = time.monotonic()
    assert get(site, tmp_path / "x") == DATA
    assert 0.5 <= time.monotonic() - began < 2


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnreachableError, match="refused; 3 attempts"):
        download(f"http://127.0.0.1:{port}/x", tmp_path / "x", QUICK)


def test_an_md5_in_the_headers_is_checked(site: Site, tmp_path: Path) -> None:
    md5 = base64.b64encode(hashlib.md5(DATA).digest()).decode()
    site.headers["x-goog-hash"] = f"crc32c=AAAAAA==, md5={md5}"
    assert get(site, tmp_path / "x") == DATA
    (tmp_path / "x").unlink()
    site.misdeeds += [sending(DATA[:-1] + b"?")]
    with pytest.raises(DownloadError, match="not what the server says"):
        get(site, tmp_path / "x")
    assert not list(tmp_path.glob("x*"))


def test_packed_answers_are_refused(site: Site, tmp_path: Path) -> None:
    site.headers["Content-Encoding"] = "gzip"
    with pytest.raises(DownloadError, match="packed"):
        get(site, tmp_path / "x")


def test_a_full_disk(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(DownloadError, match=r"no room for the 0\.3 MB"):
        get(site, tmp_path / "x")
