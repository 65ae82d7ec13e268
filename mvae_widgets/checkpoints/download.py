"""One file over HTTP: resumed where it broke off, retried with patience, never half there.

Bytes go to ``TARGET.part``, with what the server said of them in ``TARGET.part.json``; only a whole file gets
the name ``TARGET``. An interruption, by the user or by the machine, loses nothing that has arrived.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mvae_widgets.errors import ConfigError, DownloadError

__all__ = ["NotThereError", "Patience", "UnreachableError", "copy", "download", "local_path", "sha256"]

CHUNK = 256 * 1024
ENOUGH = 1024 * 1024
"""Bytes after which a new failure counts as the first one again."""
UNREACHED = 3
"""Attempts where nothing answers at all: a machine without a network should hear of it soon."""
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
ABSENT = frozenset({403, 404, 410})
Progress = Callable[[int, int | None], None]
AGENT = "mvae-widgets (+https://github.com/mvae-widgets/mvae_widgets)"


class NotThereError(DownloadError):
    """The server, or the folder, does not have this file."""


class UnreachableError(DownloadError):
    """No server answered."""


class _PassingError(Exception):
    """Something that another attempt may mend."""

    def __init__(self, reason: str, wait: float = 0.0, reached: bool = True) -> None:
        self.wait, self.reached = wait, reached
        super().__init__(reason)


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server.

    Parameters
    ----------
    timeout
        Seconds without an answer or a byte.
    attempts
        Failures in a row, without a mebibyte between them, that end it.
    pause, longest_pause
        Seconds before the second attempt, doubled for each further one, and their bound; a server's
        ``Retry-After`` is heeded up to that bound.
    slowest, window
        Fewer bytes a second than this over so many seconds count as a failure.
    """

    timeout: float = 30.0
    attempts: int = 5
    pause: float = 1.0
    longest_pause: float = 30.0
    slowest: float = 1024.0
    window: float = 60.0


@dataclass
class _Part:
    """What has arrived of one file, and of which version of it."""

    path: Path
    url: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            facts = json.loads(self.notes.read_text(encoding="utf-8"))
            self.facts = facts if isinstance(facts, dict) and facts.get("url") == self.url else {}
        except (OSError, ValueError):
            self.facts = {}
        if not self.facts:
            self.discard()

    @property
    def notes(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def total(self) -> int | None:
        total = self.facts.get("total")
        return total if isinstance(total, int) else None

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)
        self.facts = {}

    def describe(self, headers: http.client.HTTPMessage, total: int | None) -> None:
        """Write down which version of the file the bytes to come are of."""
        tag = headers.get("ETag", "")
        validator = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")
        self.facts = {"url": self.url, "total": total, "validator": validator, "md5": _md5_of(headers)}
        self.notes.write_text(json.dumps(self.facts), encoding="utf-8")


def download(url: str, target: Path, patience: Patience | None = None, at: Progress | None = None) -> None:
    """Fetch a file, going on with what an earlier call left.

    Parameters
    ----------
    url
        ``http://`` or ``https://``.
    target
        Where the whole file goes; its folder exists.
    patience
        How long to bear with the server.
    at
        Told the position in the file, and its length if known, as bytes arrive; the position goes back where the
        server makes it start again.

    Raises
    ------
    NotThereError
        If the server has no such file.
    UnreachableError
        If no server answers.
    DownloadError
        If the server gives up, sends something else, or the disk does not take it.
    """
    patience = patience or Patience()
    try:
        part = _Part(target.with_name(f"{target.name}.part"), url)
        _persist(part, patience, at or (lambda position, total: None))
        if part.facts.get("md5") not in (None, "", _digest(part.path, hashlib.md5(usedforsecurity=False))):
            part.discard()
            raise DownloadError(f"What arrived from {url} is not what the server says it sent.", "Fetch it again.")
        part.path.replace(target)
        part.notes.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(
            f"Cannot write {target}: {error.strerror or error}.",
            "Make room, or set MVAE_WIDGETS_CACHE to a folder that takes it.",
        ) from error


def copy(source: Path, target: Path, at: Progress | None = None) -> None:
    """Copy a file of a mirror folder, never half there under its name.

    Raises
    ------
    NotThereError
        If there is no such file.
    DownloadError
        If it cannot be read or written.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with source.open("rb") as reader, part.open("wb") as writer:
            length = source.stat().st_size
            while block := reader.read(CHUNK):
                writer.write(block)
                if at:
                    at(writer.tell(), length)
        part.replace(target)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotThereError(f"There is no file {source}.") from error
    except OSError as error:
        raise DownloadError(f"Cannot copy {source} to {target}: {error.strerror or error}.") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return _digest(path, hashlib.sha256())


def local_path(address: str) -> Path | None:
    """The folder or file that a ``file://`` address or a plain path names; None for http and https.

    Raises
    ------
    ConfigError
        For any other kind of address.
    """
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("http", "https"):
        return None
    if scheme == "file":
        return Path(url2pathname(urlsplit(address).path))
    if len(scheme) > 1 and "://" in address:
        raise ConfigError(
            f"{address} is not an address this package fetches from.", "Use http(s)://, file:// or a path."
        )
    return Path(address).expanduser()


def _persist(part: _Part, patience: Patience, at: Progress) -> None:
    """Attempt after attempt until the part is whole."""
    failures, best = 0, part.size
    while True:
        try:
            _attempt(part, patience, at)
            return
        except _PassingError as error:
            # Only ground never covered before counts: a server that ignores Range must not keep this going for ever.
            gained, best = part.size - best, max(best, part.size)
            failures = 1 if gained >= ENOUGH else failures + 1
            if failures >= (patience.attempts if error.reached else min(UNREACHED, patience.attempts)):
                raise _given_up(part, error, failures) from error
            doubled = patience.pause * 2 ** (failures - 1)
            time.sleep(min(patience.longest_pause, max(error.wait, doubled)))


def _given_up(part: _Part, error: _PassingError, failures: int) -> DownloadError:
    attempts = f"{failures} attempt{'s' if failures > 1 else ''}"
    if not error.reached:
        return UnreachableError(f"{part.url} cannot be reached ({error}; {attempts}).", "Is there a network here?")
    kept = f" {part.size:,} bytes are kept: the same call goes on from there." if part.size else ""
    return DownloadError(f"{part.url} did not arrive: {error} ({attempts}).", f"Try again later.{kept}")


def _attempt(part: _Part, patience: Patience, at: Progress) -> None:
    have = part.size
    if have and have == part.total:
        return
    unsure = part.total is None and not part.facts.get("validator")
    if unsure or (part.total is not None and have > part.total):
        # Without a length or a version there is no telling whether the rest would be the rest of this.
        part.discard()
        have = 0
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if part.facts.get("validator"):
            headers["If-Range"] = part.facts["validator"]
    try:
        response = _opener().open(urllib.request.Request(part.url, headers=headers), timeout=patience.timeout)
    except urllib.error.HTTPError as error:
        with error:
            _refused(part, error)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"{part.url}: its certificate is not trusted ({error.reason.verify_message}).",
                "Something stands between you and the server, or the clock of this machine is wrong.",
            ) from error
        raise _PassingError(_words(error.reason), reached=False) from error
    except (OSError, http.client.HTTPException) as error:
        raise _PassingError(_words(error)) from error
    with response:
        position, total = _start(part, response, have)
        _receive(part, response, position, total, patience, at)


def _refused(part: _Part, error: urllib.error.HTTPError) -> NoReturn:
    said = f"the server answers {error.code} {error.reason}".rstrip()
    if error.code in ABSENT:
        raise NotThereError(f"{part.url}: {said}.") from error
    if error.code == 416:
        part.discard()
        raise _PassingError(said) from error
    if error.code in PASSING:
        wait = error.headers.get("Retry-After", "")
        raise _PassingError(said, float(wait) if wait.isdecimal() else 0.0) from error
    raise DownloadError(f"{part.url}: {said}.") from error


def _start(part: _Part, response: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where in the file the answer begins, and how long the file is, if the server says so."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError(f"{part.url}: the server sends it packed, though it was asked not to.")
    length = response.headers.get("Content-Length", "")
    announced = int(length) if length.isdecimal() else None
    if response.status == 206 and have:
        span, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        total = int(whole) if whole.isdecimal() else None if announced is None else have + announced
        if span.partition("-")[0] != str(have) or (part.total is not None and total != part.total):
            part.discard()
            raise _PassingError("the server goes on from another place, or with another file")
        part.facts["total"] = total
        position = have
    elif response.status == 200:
        total, position = announced, 0
        part.describe(response.headers, total)
    else:
        raise DownloadError(f"{part.url}: the server answers {response.status} {response.reason}.")
    if total is not None and shutil.disk_usage(part.path.parent).free < total - position:
        raise DownloadError(
            f"{part.path.parent} has no room for the {total / 1e6:,.1f} MB of {part.url}.",
            "Make room, or set MVAE_WIDGETS_CACHE to a folder that has it.",
        )
    return position, total


def _receive(
    part: _Part,
    response: http.client.HTTPResponse,
    position: int,
    total: int | None,
    patience: Patience,
    at: Progress,
) -> None:
    since, then = time.monotonic(), position
    with part.path.open("ab" if position else "wb") as file:
        at(position, total)
        while total is None or position < total:
            # read1 returns what is there: read would sit through a trickle until the chunk is full.
            try:
                block = response.read1(CHUNK if total is None else min(CHUNK, total - position))
            except (OSError, http.client.HTTPException) as error:
                raise _PassingError(_words(error)) from error
            if not block:
                break
            file.write(block)
            position += len(block)
            at(position, total)
            if (passed := time.monotonic() - since) >= patience.window:
                if position - then < patience.slowest * passed:
                    raise _PassingError(f"fewer than {patience.slowest:,.0f} bytes a second arrive")
                since, then = time.monotonic(), position
    if total is not None and position < total:
        raise _PassingError(f"the connection ended after {position:,} of {total:,} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never from https to anything less."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        to = urlsplit(newurl).scheme.lower()
        if to not in ("http", "https") or (req.type == "https" and to != "https"):
            raise DownloadError(f"{req.full_url} sends us on to {newurl}, which is not safe to follow.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    # Built anew each time, so that a proxy set in the notebook a moment ago is heeded.
    return urllib.request.build_opener(_Redirects)


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "it took too long to answer"
    if isinstance(reason, http.client.IncompleteRead):
        return "the connection ended midway"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _md5_of(headers: http.client.HTTPMessage) -> str:
    """The MD5 that Google's storage, or any server, gives of the whole file, in hexadecimal; else empty."""
    given = [headers.get("Content-MD5", "")]
    for line in headers.get_all("x-goog-hash", []):
        given += [entry.strip()[4:] for entry in line.split(",") if entry.strip().startswith("md5=")]
    for text in given:
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            continue
        if len(raw) == 16:
            return raw.hex()
    return ""


def _digest(path: Path, hasher: Any) -> str:
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            hasher.update(block)
    digest: str = hasher.hexdigest()
    return digest
