"""A server on the loopback that misbehaves in every way a download meets."""

from __future__ import annotations

import http.server
import io
import json
import random
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mvae_widgets.checkpoints.download import Patience
from mvae_widgets.checkpoints.published import published

QUICK = Patience(timeout=0.5, attempts=4, pause=0.01, longest_pause=0.05, slowest=1000, window=0.3)
DATA = random.Random(1).randbytes(300_000)
FILE = "/a/file.bin"


def tar_of(**files: bytes) -> bytes:
    """A tar; ``__`` in a name is a dot."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


TAR = tar_of(model__index=b"index", model__data=random.Random(2).randbytes(200_000))
ENTRY = published()["magenta/cat-drums_2bar_small.lokl"]
TAR_PATH = "/magentadata/models/music_vae/checkpoints/cat-drums_2bar_small.lokl.tar"

JS = published()["magenta/mel_2bar_small"]
JS_FOLDER = "/magentadata/js/checkpoints/music_vae/mel_2bar_small"
WEIGHTS = [{"name": "a", "shape": [20, 1000], "dtype": "float32"}, {"name": "b", "shape": [], "dtype": "float32"}]
SHARDS = {"shard1": random.Random(3).randbytes(50_000), "shard2": random.Random(4).randbytes(30_004)}
JS_FILES = {
    "weights_manifest.json": json.dumps([{"paths": list(SHARDS), "weights": WEIGHTS}]).encode(),
    "config.json": b'{"type": "MusicVAE"}',
    **SHARDS,
}

Misdeed = Callable[["Handler"], bool]
"""Answers a request in its own way and says so with True, or leaves it to the honest answer."""


@dataclass
class Site:
    """Files by path, misdeeds that are done one a request and then forgotten, and what was asked for."""

    files: dict[str, bytes]
    misdeeds: list[Misdeed] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ranges: bool = True
    validators: bool = True
    lengths: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def always(self, misdeed: Misdeed, times: int = 100) -> None:
        self.misdeeds[:] = [misdeed] * times


class Handler(http.server.BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append((self.path, self.headers.get("Range", "")))
        if self.site.misdeeds and self.site.misdeeds.pop(0)(self):
            return
        self.honest()

    def honest(self, data: bytes | None = None, cut: int | None = None, claim: int | None = None) -> None:
        data = self.site.files.get(self.path) if data is None else data
        if data is None:
            self.send_error(404)
            return
        start = 0
        tag = f'"{hash(data)}"'
        asked = self.headers.get("Range", "")
        if asked and self.site.ranges and self.headers.get("If-Range", tag) == tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        if self.site.validators:
            self.send_header("ETag", tag)
        if self.site.lengths:
            self.send_header("Content-Length", str(len(data) - start if claim is None else claim))
        for name, value in self.site.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[start:] if cut is None else data[start : start + cut])

    def log_message(self, *_: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news here."""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Site]:
    site = Site(files)
    server = _Server(("127.0.0.1", 0), type("Handler", (Handler,), {"site": site}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def dropping(after: int) -> Misdeed:
    """Hang up after so many bytes."""

    def misdeed(handler: Handler) -> bool:
        handler.honest(cut=after)
        return True

    return misdeed


def answering(code: int, **headers: str) -> Misdeed:
    """Answer with a status and nothing else."""

    def misdeed(handler: Handler) -> bool:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    return misdeed


def sending(data: bytes, claim: int | None = None) -> Misdeed:
    """Send other bytes, and perhaps a length that is not theirs."""

    def misdeed(handler: Handler) -> bool:
        handler.honest(data, claim=claim)
        return True

    return misdeed


def trickling(seconds: float) -> Misdeed:
    """Send a byte now and then, never silent for longer than a blink."""

    def misdeed(handler: Handler) -> bool:
        data = handler.site.files[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        end = time.monotonic() + seconds
        for i in range(len(data)):
            if time.monotonic() > end:
                break
            handler.wfile.write(data[i : i + 1])
            time.sleep(0.02)
        return True

    return misdeed


def silent(seconds: float) -> Misdeed:
    """Take the request and say nothing."""

    def misdeed(handler: Handler) -> bool:
        time.sleep(seconds)
        return True

    return misdeed
