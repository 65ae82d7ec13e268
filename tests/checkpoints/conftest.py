"""Fixtures for fetching: an honest server, unless told otherwise, and a cache of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mvae_widgets.checkpoints import cache

from .server import DATA, FILE, JS_FILES, JS_FOLDER, TAR, TAR_PATH, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    files = {FILE: DATA, TAR_PATH: TAR, **{f"{JS_FOLDER}/{name}": data for name, data in JS_FILES.items()}}
    with serving(files) as site:
        yield site


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "cache"))
    monkeypatch.delenv(cache.MIRROR, raising=False)
    return tmp_path


@pytest.fixture
def mirror(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The server, in the place of Google's."""
    monkeypatch.setenv(cache.MIRROR, site.url)
    return site
