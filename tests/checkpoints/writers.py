"""Writers of both of Magenta's formats, for files that the oracle has none of."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.checkpoints.crc32c import crc32c, mask

Array = np.ndarray[Any, Any]
DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}


def varint(n: int) -> bytes:
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def block(entries: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    body += struct.pack("<II", 0, 1) + bytes([kind])
    return body + struct.pack("<I", mask(crc32c(body)))


def write_bundle(prefix: Path, tensors: dict[str, Array], shards: int = 1, kind: int = 0) -> None:
    """A TensorFlow bundle, its tensors dealt out to the shards in turn."""
    data = [b""] * shards
    entries = [(b"", field(1, shards) + field(3, field(1, 1)))]
    for k, (name, array) in enumerate(sorted(tensors.items())):
        raw = array.tobytes()
        shape = b"".join(field(2, field(1, n)) for n in array.shape)
        entry = field(1, DTYPES[array.dtype.name]) + field(2, shape) + field(3, k % shards)
        entry += field(4, len(data[k % shards])) + field(5, len(raw))
        entry += varint(6 << 3 | 5) + struct.pack("<I", mask(crc32c(raw)))
        entries.append((name.encode(), entry))
        data[k % shards] += raw
    # Two data blocks, as large indexes have.
    half = len(entries) // 2
    table, handles = b"", []
    for part in (entries[:half], entries[half:]):
        written = block(part, kind)
        handles.append((part[-1][0], varint(len(table)) + varint(len(written) - 5)))
        table += written
    index = block(handles)
    footer = varint(0) + varint(0) + varint(len(table)) + varint(len(index) - 5)
    magic = bytes.fromhex("57fb808b247547db")
    Path(f"{prefix}.index").write_bytes(table + index + footer.ljust(40, b"\0") + magic)
    for k, raw in enumerate(data):
        Path(f"{prefix}.data-{k:05d}-of-{shards:05d}").write_bytes(raw)


def quantise(array: Array, kind: str) -> tuple[Array, float, float, Array]:
    """Codes, scale and minimum by the rule of MUSICVAE.md 7.2, and what they stand for."""
    levels = np.iinfo(kind).max
    low, high = float(array.min()), float(array.max())
    if low == high:
        return np.zeros(array.shape, kind), 1.0, low, np.full(array.shape, low, np.float32)
    scale = (high - low) / levels
    if low < 0 < high:
        # Zero must be one of the levels.
        low = -round(-low / scale) * scale
    codes = np.clip(np.rint((array.astype(np.float64) - low) / scale), 0, levels).astype(kind)
    return codes, scale, low, (codes.astype(np.float64) * scale + low).astype(np.float32)


def write_js(folder: Path, tensors: dict[str, Array], kind: str | None = None, shard: int = 10_000) -> dict[str, Array]:
    """A magenta.js manifest and its shards, quantised if wanted; returns what the files stand for."""
    weights, data, stands_for = [], b"", {}
    for name, array in tensors.items():
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": "float32"}
        stored = stands_for[name] = array.astype(np.float32)
        if kind:
            stored, scale, low, stands_for[name] = quantise(array, kind)
            entry["quantization"] = {"dtype": kind, "min": low, "scale": scale}
        weights.append(entry)
        data += stored.tobytes()
    pieces = [data[at : at + shard] for at in range(0, len(data), shard)]
    paths = [f"group1-shard{k + 1}of{len(pieces)}" for k in range(len(pieces))]
    folder.mkdir(parents=True, exist_ok=True)
    for path, piece in zip(paths, pieces, strict=True):
        (folder / path).write_bytes(piece)
    (folder / "weights_manifest.json").write_text(json.dumps([{"paths": paths, "weights": weights}]))
    return stands_for
