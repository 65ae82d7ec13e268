"""Reader of TensorFlow V2 checkpoints: an ``.index`` and ``.data-*`` shards, loose or in a tar (MUSICVAE.md 7.1)."""

from __future__ import annotations

import math
import tarfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from mvae_widgets.checkpoints.crc32c import crc32c, mask
from mvae_widgets.errors import CheckpointError

__all__ = ["TensorBundle"]

Array = np.ndarray[Any, Any]

_MAGIC = bytes.fromhex("57fb808b247547db")
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 9: "<i8", 10: "?", 19: "<f2"}
_AGAIN = "Fetch the checkpoint again."


@dataclass(frozen=True)
class _Entry:
    """Where one tensor lies."""

    dtype: int = 0
    shape: tuple[int, ...] = ()
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int = 0
    sliced: bool = False


class TensorBundle:
    """A checkpoint whose index has been read and whose tensors are read when asked for.

    Parameters
    ----------
    path
        The ``.index`` file, the prefix before it, a folder with one such file, or a tar (compressed or not)
        with one such file. Nothing is ever unpacked to disk.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or its index is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.where = path
        self._files = _open(path)
        try:
            index = self._files.read_index()
            self.shards, self._entries = _read_index(index, self._files.describe(""))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> TensorBundle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._files.close()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every numeric tensor."""
        return {name: e.shape for name, e in self._entries.items() if e.dtype in _DTYPES or e.dtype == 14}

    def stream(self, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        """The named tensors in the order in which they lie, their checksums verified.

        Raises
        ------
        CheckpointError
            If a shard is missing or cut short, or a checksum is wrong; names the file and the tensor.
        """
        for shard in range(self.shards):
            own = sorted((self._entries[n].offset, n) for n in names if self._entries[n].shard == shard)
            if not own:
                continue
            suffix = f".data-{shard:05d}-of-{self.shards:05d}"
            with self._files.open(suffix) as file:
                size = self._files.size(suffix)
                for _, name in own:
                    where = f"{self._files.describe(suffix)}: {name}"
                    yield name, _read_tensor(file, size, self._entries[name], where)


def _read_tensor(file: IO[bytes], held: int, entry: _Entry, where: str) -> Array:
    if entry.sliced:
        raise CheckpointError(f"{where} is split into slices.", "Partitioned variables are not supported.")
    dtype = np.dtype("<u2" if entry.dtype == 14 else _DTYPES[entry.dtype])
    if math.prod(entry.shape) * dtype.itemsize != entry.size:
        raise CheckpointError(f"{where} of shape {entry.shape} cannot be {entry.size:,} bytes.", _AGAIN)
    if entry.offset + entry.size > held:
        raise CheckpointError(
            f"{where} is cut short: it ends at byte {entry.offset + entry.size:,}, the file at {held:,}.", _AGAIN
        )
    try:
        file.seek(entry.offset)
        data = np.frombuffer(file.read(entry.size), np.uint8)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise CheckpointError(f"{where} cannot be read: {error}.", _AGAIN) from error
    if len(data) != entry.size:
        raise CheckpointError(f"{where} is cut short, {len(data):,} of {entry.size:,} bytes are there.", _AGAIN)
    if mask(crc32c(data)) != entry.crc:
        raise CheckpointError(f"{where} has a wrong checksum.", f"The file is damaged. {_AGAIN}")
    array = data.view(dtype).reshape(entry.shape)
    # A bfloat16 is the upper half of a float32.
    return (array.astype(np.uint32) << 16).view(np.float32) if entry.dtype == 14 else array


# -- the index table ---------------------------------------------------------------------------------------


def _read_index(data: bytes, where: str) -> tuple[int, dict[str, _Entry]]:
    """Number of shards, and entries by name."""
    if len(data) < 48 or data[-8:] != _MAGIC:
        raise CheckpointError(f"{where} is no index of a TensorFlow checkpoint, or it is cut short.", _AGAIN)
    try:
        _, at = _handle(data, len(data) - 48)
        (offset, size), _ = _handle(data, at)
        shards, entries = 0, {}
        for _, handle in _block(data, offset, size, where):
            (offset, size), _ = _handle(handle, 0)
            for key, value in _block(data, offset, size, where):
                if key == b"":
                    fields = dict(_fields(value))
                    shards = int(fields.get(1, 0))
                    if fields.get(2, 0):
                        raise CheckpointError(f"{where} was written on a big-endian machine.", "Not supported.")
                else:
                    entries[key.decode()] = _entry(value)
    except (IndexError, ValueError, TypeError) as error:
        raise CheckpointError(f"{where} is damaged: {error}.", _AGAIN) from error
    if not 0 < shards < 100_000 or any(e.shard >= shards for e in entries.values()):
        raise CheckpointError(f"{where} is damaged: it names shards that it does not have.", _AGAIN)
    return shards, entries


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number does not end")


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _block(data: bytes, offset: int, size: int, where: str) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block; each key is what it shares with the last one, and a rest."""
    whole = data[offset : offset + size + 1]
    stored = data[offset + size + 1 : offset + size + 5]
    if len(stored) != 4 or mask(crc32c(whole)) != int.from_bytes(stored, "little"):
        raise CheckpointError(f"{where}: the block at byte {offset:,} has a wrong checksum.", _AGAIN)
    if whole[-1]:
        raise CheckpointError(f"{where} is compressed.", "TensorFlow writes checkpoints without; save it again.")
    contents = whole[:-1]
    end = len(contents) - 4 - 4 * int.from_bytes(contents[-4:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(contents, at)
        rest, at = _varint(contents, at)
        length, at = _varint(contents, at)
        key = key[:shared] + contents[at : at + rest]
        yield key, contents[at + rest : at + rest + length]
        at += rest + length


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protocol buffer."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
                yield tag >> 3, value
            case 2:
                size, at = _varint(message, at)
                yield tag >> 3, message[at : at + size]
                at += size
            case 5:
                yield tag >> 3, int.from_bytes(message[at : at + 4], "little")
                at += 4
            case kind:
                raise ValueError(f"a field of kind {kind}")


def _entry(message: bytes) -> _Entry:
    shape: list[int] = []
    values: dict[int, Any] = {}
    for number, value in _fields(message):
        if number == 2:
            dims = [dict(_fields(dim)) for n, dim in _fields(value) if n == 2]
            shape = [int(dim.get(1, 0)) for dim in dims]
        else:
            values[number] = value
    dtype, shard, offset, size, crc = (int(values.get(n, 0)) for n in (1, 3, 4, 5, 6))
    return _Entry(dtype, tuple(shape), shard, offset, size, crc, sliced=7 in values)


# -- where the files lie -----------------------------------------------------------------------------------


class _Loose:
    """Files beside each other."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix

    def describe(self, suffix: str) -> str:
        return f"{self.prefix}{suffix or '.index'}"

    def read_index(self) -> bytes:
        try:
            return Path(f"{self.prefix}.index").read_bytes()
        except OSError as error:
            raise CheckpointError(f"Cannot read {self.prefix}.index: {error.strerror}.") from error

    def open(self, suffix: str) -> IO[bytes]:
        try:
            return Path(f"{self.prefix}{suffix}").open("rb")
        except OSError as error:
            raise CheckpointError(f"Cannot read {self.prefix}{suffix}: {error.strerror}.", _AGAIN) from error

    def size(self, suffix: str) -> int:
        return Path(f"{self.prefix}{suffix}").stat().st_size

    def close(self) -> None:
        pass


class _Tar:
    """Members of an archive, which is read and never unpacked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.tar = tarfile.open(path, "r:*")  # noqa: SIM115 - closed by close()
        except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
            raise CheckpointError(f"Cannot read {path} as a tar: {error}.", _AGAIN) from error
        try:
            self.members = {_safe(member, path).name: member for member in self.tar}
        except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
            self.close()
            raise CheckpointError(f"{path} is damaged or cut short: {error}.", _AGAIN) from error
        except CheckpointError:
            self.close()
            raise
        # Files named ._* are what macOS adds to an archive.
        found = [n for n in self.members if n.endswith(".index") and not PurePosixPath(n).name.startswith("._")]
        if len(found) != 1:
            self.close()
            raise CheckpointError(f"{path} holds {len(found)} checkpoints (.index files), not one.")
        self.prefix = found[0].removesuffix(".index")

    def describe(self, suffix: str) -> str:
        return f"{self.path}: {self.prefix}{suffix or '.index'}"

    def read_index(self) -> bytes:
        with self.open(".index") as file:
            try:
                return file.read()
            except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
                raise CheckpointError(f"{self.describe('')} is cut short: {error}.", _AGAIN) from error

    def open(self, suffix: str) -> IO[bytes]:
        member = self.members.get(self.prefix + suffix)
        file = self.tar.extractfile(member) if member else None
        if file is None:
            raise CheckpointError(f"{self.describe(suffix)} is missing.", _AGAIN)
        return file

    def size(self, suffix: str) -> int:
        return self.members[self.prefix + suffix].size

    def close(self) -> None:
        self.tar.close()


def _safe(member: tarfile.TarInfo, path: Path) -> tarfile.TarInfo:
    """The member, if it is a plain file with a plain name."""
    name = PurePosixPath(member.name)
    if not (member.isreg() or member.isdir()):
        raise CheckpointError(f"{path} holds {member.name}, which is no plain file.", "Do not trust it.")
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise CheckpointError(f"{path} holds {member.name}, which points outside.", "Do not trust it.")
    return member


def _open(path: Path) -> _Loose | _Tar:
    if path.is_dir():
        found = sorted(path.glob("*.index"))
        if len(found) != 1:
            names = ", ".join(p.name for p in found) or "none"
            raise CheckpointError(f"{path} must hold one checkpoint; .index files: {names}.", "Name one of them.")
        return _Loose(found[0].with_suffix(""))
    if path.name.endswith(".index"):
        return _Loose(path.with_suffix(""))
    if Path(f"{path}.index").is_file():
        return _Loose(path)
    return _Tar(path)
