"""The checkpoints that Magenta published (MUSICVAE.md 7.3), as data: ``published.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["Published", "aliases", "published"]

DATA = Path(__file__).with_name("published.json")
PREFIX = "magenta/"
Files = Literal["tar", "bundle", "magenta.js"]


@dataclass(frozen=True)
class Published:
    """One published checkpoint.

    Parameters
    ----------
    name
        ``magenta/`` and the published id; ``magenta/js/`` for the two magenta.js checkpoints whose id a
        TensorFlow one has too.
    aliases
        Other names that find it.
    files
        ``"tar"`` and ``"bundle"`` hold a TensorFlow checkpoint, ``"magenta.js"`` is a folder of shards.
    url
        The tar, the prefix of the bundle, or the folder.
    page
        The page that publishes it.
    config
        The configuration of the paper that it is a checkpoint of; None where its own ``config.json`` and its
        tensors alone say what it is.
    family, bars
        What it speaks and how long a clip is.
    size_mb
        Size of its files in millions of bytes.
    at_least
        The size is that of the bare weights at 4 bytes, none being published; the files may hold more.
    about
        What it is for.
    licence
        What is known of its licence.
    """

    name: str
    aliases: tuple[str, ...]
    files: Files
    url: str
    page: str
    config: str | None
    family: str
    bars: int
    size_mb: float
    at_least: bool
    about: str
    licence: str

    @property
    def key(self) -> str:
        """The name as a folder's."""
        return self.name.removeprefix(PREFIX).replace("/", "--")

    @property
    def path(self) -> str:
        """What a reader is given, relative to the folder of the files."""
        return "" if self.files == "magenta.js" else urlsplit(self.url).path.rpartition("/")[2]

    @property
    def file_names(self) -> list[str]:
        """The files, as far as they are known beforehand: those of magenta.js are named by the first."""
        if self.files == "magenta.js":
            return ["weights_manifest.json"]
        suffixes = ["index", "data-00000-of-00001"] if self.files == "bundle" else []
        return [f"{self.path}.{suffix}" for suffix in suffixes] or [self.path]

    @property
    def addresses(self) -> list[str]:
        """Where those are."""
        return [self.address(name) for name in self.file_names]

    def address(self, file: str) -> str:
        """The address of one of its files."""
        return f"{self.url}/{file}" if self.files == "magenta.js" else f"{self.url.rpartition('/')[0]}/{file}"


@cache
def published() -> MappingProxyType[str, Published]:
    """Every published checkpoint by name, in the order of publication."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    entries: dict[str, Published] = {}
    for model in data["models"]:
        source = data["sources"][model["source"]]
        kind = "js" if source["files"] == "magenta.js" else "tf"
        names = [*model.get("aliases", []), f"{kind}/{model['id']}"]
        name = PREFIX + model.get("name", model["id"])
        entries[name] = Published(
            name=name,
            aliases=tuple(alias for n in names if (alias := PREFIX + n) != name),
            files=source["files"],
            url=source["url"].format(id=model["id"]),
            page=source["page"],
            config=model.get("config"),
            family=model["family"],
            bars=model["bars"],
            size_mb=float(model["size_mb"]),
            at_least=model.get("size", source["size"]) != "published",
            about=model["about"],
            licence=data["licence_groove" if model["family"] == "groove" else "licence"],
        )
    return MappingProxyType(entries)


@cache
def aliases() -> MappingProxyType[str, Published]:
    """The other names of published checkpoints."""
    return MappingProxyType({alias: entry for entry in published().values() for alias in entry.aliases})
