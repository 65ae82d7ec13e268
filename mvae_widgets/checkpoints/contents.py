"""A first look at fetched files: enough to tell a checkpoint from an error page or the half of one.

What the numbers inside are is for the readers to find out; this is so that nothing else is kept, and its
checksum recorded, under a checkpoint's name.
"""

from __future__ import annotations

import json
import math
import tarfile
from pathlib import Path

from mvae_widgets.checkpoints.published import Published
from mvae_widgets.errors import DownloadError

__all__ = ["listed", "reject"]

TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
SIZES = {"float32": 4, "int32": 4, "uint16": 2, "float16": 2, "uint8": 1, "bool": 1}


def listed(manifest: Path, entry: Published) -> tuple[list[str], int]:
    """The shards that a weights manifest names, and their bytes together (MUSICVAE.md 7.2).

    Raises
    ------
    DownloadError
        If it is no manifest, or names a file outside its folder.
    """
    try:
        groups = json.loads(manifest.read_text(encoding="utf-8"))
        names = [str(name) for group in groups for name in group["paths"]]
        weights = [weight for group in groups for weight in group["weights"]]
        total = sum(
            math.prod(int(n) for n in w["shape"]) * SIZES[(w.get("quantization") or w)["dtype"]] for w in weights
        )
        if not names or not weights or total <= 0:
            raise ValueError("no weights")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        manifest.unlink()
        raise DownloadError(
            f"What {entry.url} sent is not {entry.name}: its weights_manifest.json is none ({error!r}).",
            "Is something between you and the server? Nothing of it was kept.",
        ) from error
    for name in names:
        if not _plain(name):
            manifest.unlink()
            raise DownloadError(
                f"The weights_manifest.json of {entry.name} points outside its folder, to {name!r}.",
                "Do not trust where it came from.",
            )
    return list(dict.fromkeys(names)), total


def reject(entry: Published, folder: Path) -> str | None:
    """Why these files cannot be that checkpoint, or None."""
    if entry.files == "tar":
        return _reject_tar(folder / entry.path)
    if entry.files == "bundle":
        with (folder / entry.file_names[0]).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - len(TABLE_MAGIC)))
            return None if file.read() == TABLE_MAGIC else "the index does not end as one does"
    names, total = listed(folder / "weights_manifest.json", entry)
    size = sum((folder / name).stat().st_size for name in names)
    return None if size == total else f"its shards hold {size:,} bytes, its manifest accounts for {total:,}"


def _reject_tar(path: Path) -> str | None:
    with path.open("rb") as file:
        beginning = file.read(64)
    if beginning.lstrip()[:5].lower() in (b"<!doc", b"<html", b"<?xml"):
        return "it is a web page"
    try:
        with tarfile.open(path, "r:*") as tar:
            members = [member for member in tar if member.isfile()]
            end = max((member.offset_data + member.size for member in members), default=0)
        if not any(member.name.endswith(".index") for member in members):
            return "it is a tar without a checkpoint in it"
        packed = beginning[:2] in (b"\x1f\x8b", b"BZ") or beginning[:6] == b"\xfd7zXZ\x00"
        return None if packed or end <= path.stat().st_size else "it is cut short"
    except (tarfile.TarError, EOFError, OSError) as error:
        return f"it is not a tar ({error})"


def _plain(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set('/\\:*?"<>|\0')
