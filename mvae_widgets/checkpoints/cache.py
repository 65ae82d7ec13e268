"""Published checkpoints on this machine: fetched once, checked ever after.

The cache is a folder (``MVAE_WIDGETS_CACHE``, else the platform's) with ``models/KEY/`` for what is whole,
``partial/KEY/`` for what is on its way, ``checksums/KEY.json`` for what the first fetch brought, and ``locks/``.
No checksums are published, so those of the first fetch are kept, even when the files are thrown away, and
everything that comes later must agree with them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from mvae_widgets.checkpoints.contents import listed, reject
from mvae_widgets.checkpoints.download import (
    NotThereError,
    Patience,
    UnreachableError,
    copy,
    download,
    local_path,
    sha256,
)
from mvae_widgets.checkpoints.published import Published
from mvae_widgets.errors import ConfigError, DownloadError, MusicVAEWarning

__all__ = ["cache_folder", "fetch", "fetched", "mirror_addresses"]

CACHE, MIRROR = "MVAE_WIDGETS_CACHE", "MVAE_WIDGETS_MIRROR"
SMALL = frozenset({"config.json", "weights_manifest.json"})


def cache_folder() -> Path:
    """Where fetched checkpoints live: ``MVAE_WIDGETS_CACHE``, else the user's cache folder of the platform."""
    if given := os.environ.get(CACHE):
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mvae_widgets" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mvae_widgets"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mvae_widgets"


def fetched(entry: Published) -> bool:
    """Whether the cache holds a checkpoint; its checksums are looked at by `fetch`, not here."""
    return _model(entry).is_dir() and _checksums(entry).is_file()


def fetch(entry: Published, *, renew: bool = False, progress: bool = True, patience: Patience | None = None) -> Path:
    """Bring a published checkpoint into the cache, if it is not there.

    Parameters
    ----------
    entry
        Which one.
    renew
        Fetch it again, and take what comes for right even if it is not what came the first time.
    progress
        Show a progress bar.
    patience
        How long to bear with the server.

    Returns
    -------
    Path
        The tar, the prefix of the bundle, or the folder of a magenta.js checkpoint, every byte of it agreeing
        with the checksums of the first fetch.

    Raises
    ------
    DownloadError
        If it cannot be had, is not a checkpoint, or is not what the first fetch brought.
    ConfigError
        If the mirror setting is not an address or a folder.
    """
    try:
        if not renew and _intact(entry):
            return _model(entry) / entry.path
        with _locked(cache_folder() / "locks" / f"{entry.key}.lock", entry, progress):
            if not renew and _intact(entry, warn=True):
                return _model(entry) / entry.path
            _bring(entry, renew, progress, patience or Patience())
    except UnreachableError as error:
        raise _no_network(entry, error) from error
    except OSError as error:
        raise DownloadError(
            f"The cache {cache_folder()} cannot be used: {error.strerror or error}.",
            f"Set {CACHE} to a folder that can be written.",
        ) from error
    return _model(entry) / entry.path


def mirror_addresses(url: str) -> list[str]:
    """Where to look for a file: the address itself, or, where a mirror is set, places under it.

    A mirror may keep the whole path of the original or any end of it: ``magentadata/models/.../NAME.tar``,
    ``checkpoints/NAME.tar`` and ``NAME.tar`` are all found.
    """
    mirror = os.environ.get(MIRROR, "").strip()
    if not mirror:
        return [url]
    root = local_path(mirror)
    if root is not None and not root.is_dir():
        raise ConfigError(f"{MIRROR} is {mirror!r}, and there is no such folder.", "Mend or unset it.")
    parts = urlsplit(url).path.strip("/").split("/")
    base = str(root) if root is not None else mirror.rstrip("/")
    return [f"{base}/{'/'.join(parts[i:])}" for i in range(len(parts))]


def _bring(entry: Published, renew: bool, progress: bool, patience: Patience) -> None:
    work = cache_folder() / "partial" / entry.key
    work.mkdir(parents=True, exist_ok=True)
    with _bar(entry, progress) as bar:
        carrier = _Carrier(entry, work, patience, bar)
        carrier.all()
    sums = {name: {"size": (work / name).stat().st_size, "sha256": sha256(work / name)} for name in carrier.files}
    before = None if renew else _recorded(entry)
    if before is None:
        if reason := reject(entry, work):
            shutil.rmtree(work)
            raise DownloadError(
                f"What {carrier.source} sent is not {entry.name}: {reason}.",
                "Is something between you and the server? Nothing of it was kept.",
            )
        facts = {"source": carrier.source, "first_fetched": datetime.now(UTC).isoformat("T", "seconds")}
        _write_json(_checksums(entry), {"name": entry.name, **facts, "files": sums})
    elif wrong := sorted(n for n in {*sums, *before["files"]} if sums.get(n) != before["files"].get(n)):
        shutil.rmtree(work)
        raise DownloadError(
            f"{entry.name}: {', '.join(wrong)} from {carrier.source} is not what was first fetched on "
            f"{str(before.get('first_fetched', '?'))[:10]} from {before.get('source', '?')}.",
            f"Nothing was kept. If the change is meant, run: mvae-widgets fetch {entry.name} --renew",
        )
    for stray in {p.name for p in work.iterdir()} - set(carrier.files):
        (work / stray).unlink()
    _put(work, _model(entry))


class _Carrier:
    """Carries the files of one checkpoint into the work folder, from one place of the mirror."""

    def __init__(self, entry: Published, work: Path, patience: Patience, bar: Any) -> None:
        self.entry, self.work, self.patience, self.bar = entry, work, patience, bar
        self.files: list[str] = []
        self.source = entry.url
        self._place: int | None = None
        self._done = 0
        self._counted = False

    def all(self) -> None:
        entry = self.entry
        if entry.files != "magenta.js":
            for name in entry.file_names:
                self._bring(name)
            return
        known = {name: (self.work / name).read_bytes() for name in SMALL if (self.work / name).is_file()}
        for name in SMALL:
            (self.work / name).unlink(missing_ok=True)
        self._bring("weights_manifest.json")
        self._bring("config.json", needed=False)
        if any(known.get(name, b"") != (self.work / name).read_bytes() for name in self.files if name in known):
            # Shards of an earlier, broken off fetch belong to another version.
            for path in self.work.iterdir():
                if path.name not in self.files:
                    path.unlink()
        shards, total = listed(self.work / "weights_manifest.json", entry)
        self.bar.total, self._counted = self._done + total, True
        for name in shards:
            self._bring(name)

    def _bring(self, name: str, needed: bool = True) -> None:
        target = self.work / name
        before = self._done
        if not target.is_file():
            try:
                self._from_somewhere(name, target)
            except NotThereError:
                if needed:
                    raise
                return
        self._at(target.stat().st_size, before)
        self._done = before + target.stat().st_size
        self.files.append(name)

    def _from_somewhere(self, name: str, target: Path) -> None:
        addresses = mirror_addresses(self.entry.address(name))
        places = range(len(addresses)) if self._place is None else [self._place]
        for place in places:
            try:
                self._from(addresses[place], target)
            except NotThereError:
                continue
            if self._place is None:
                self._place = place
                self.source = addresses[place]
            return
        tried = addresses if self._place is None else [addresses[self._place]]
        raise NotThereError(
            f"{self.entry.name}: there is no {name} at {', nor at '.join(tried)}.",
            f"Look at {self.entry.page} for where it is now; a copy of your own can be loaded by its path"
            + (f", and {MIRROR} is set." if len(addresses) > 1 else f" or through {MIRROR}."),
        )

    def _from(self, address: str, target: Path) -> None:
        before = self._done
        local = local_path(address)

        def at(position: int, total: int | None) -> None:
            if total is not None and not self._counted:
                self.bar.total = before + total
            self._at(position, before)

        if local is not None:
            copy(local, target, at)
        else:
            download(address, target, self.patience, at)

    def _at(self, position: int, before: int) -> None:
        self.bar.update(before + position - self.bar.n)


def _no_network(entry: Published, error: UnreachableError) -> DownloadError:
    remedy = f"{MIRROR} is set to {os.environ.get(MIRROR)}: is it right?"
    if not os.environ.get(MIRROR):
        js = entry.files == "magenta.js"
        what = f"{entry.url}/weights_manifest.json, config.json and the shards" if js else " and ".join(entry.addresses)
        remedy = (
            f"Without a network here, bring {what} by other means and load the copy by its path, "
            f"or set {MIRROR} to a server or folder that has it."
        )
    return DownloadError(f"Cannot fetch {entry.name}: {error.message}", remedy)


def _intact(entry: Published, warn: bool = False) -> bool:
    record = _recorded(entry)
    if record is None or not _model(entry).is_dir():
        return False
    try:
        for name, facts in record["files"].items():
            path = _model(entry) / name
            if path.stat().st_size != facts["size"] or sha256(path) != facts["sha256"]:
                break
        else:
            return True
    except FileNotFoundError:
        path = _model(entry) / name
    if warn:
        warnings.warn(
            f"{path} is damaged: it is not what was fetched on {record.get('first_fetched', '?')[:10]}. "
            f"{entry.name} is fetched again.",
            MusicVAEWarning,
            stacklevel=4,
        )
    return False


def _recorded(entry: Published) -> dict[str, Any] | None:
    try:
        record = json.loads(_checksums(entry).read_text(encoding="utf-8"))
        return record if {"size", "sha256"} <= set.intersection(*map(set, record["files"].values())) else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DownloadError(
            f"The checksums {_checksums(entry)} cannot be read.", f"Run: mvae-widgets fetch {entry.name} --renew"
        ) from error


def _model(entry: Published) -> Path:
    return cache_folder() / "models" / entry.key


def _checksums(entry: Published) -> Path:
    return cache_folder() / "checksums" / f"{entry.key}.json"


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    Path(name).replace(path)


def _put(folder: Path, place: Path) -> None:
    """Move a whole folder to its place; what is there goes first, so that no reader sees a mixture."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
        place.replace(old / place.name)
        shutil.rmtree(old, ignore_errors=True)
    folder.replace(place)


def _bar(entry: Published, progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(unit="B", unit_scale=True, desc=entry.name, disable=not progress)


@contextmanager
def _locked(path: Path, entry: Published, progress: bool) -> Iterator[None]:
    """Hold a lock that the system lets go of when a process dies; wait while another process fetches."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        told = False
        while not _try_lock(file):
            if not told and progress:
                print(f"Another process is fetching {entry.name}; waiting for it.", file=sys.stderr)
            told = True
            time.sleep(0.1)
        try:
            yield
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
