"""Random weights of a configuration's full sizes, in both of Magenta's formats (MUSICVAE.md 7.1 and 7.2)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mvae_widgets.checkpoints.crc32c import crc32c, mask
from mvae_widgets.checkpoints.keymap import to_magenta
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE

__all__ = ["page_description", "random_variables", "write_bundle", "write_page"]

Array = np.ndarray[Any, Any]
SHARD = 4 << 20
"""Bytes of a magenta.js shard, as Magenta's converter cuts them."""

_DTYPES = {"<f4": 1, "<i8": 9}
_CONVERTERS = {
    "melody": "MelodyConverter",
    "drums": "DrumsConverter",
    "trio": "TrioConverter",
    "groove": "GrooveConverter",
}


def random_variables(config: ModelConfig, seed: int = 0) -> dict[str, Array]:
    """Variables by Magenta's names.

    Layers keep the size of what passes through them, as trained ones do. The last layer is four times larger,
    so that one answer stands out at every step, and rounding cannot change it.
    """
    generator = np.random.default_rng(seed)
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in to_magenta(VAE(config).state_dict(), config).items()}
    variables = {}
    for name, shape in sorted(shapes.items()):
        gain = 4.0 if "output_projection" in name else 1.0
        scale = 0.1 if name.endswith("/bias") else gain / np.sqrt(shape[0])
        variables[name] = generator.standard_normal(shape, np.float32) * np.float32(scale)
    return variables


def write_bundle(prefix: Path, variables: Mapping[str, Array]) -> None:
    """A TensorFlow checkpoint: an index table of one block, and one shard.

    Magenta asks for the step of the training as well.
    """
    everything = {**variables, "global_step": np.array(0, "<i8")}
    entries, offset = [(b"", _number(1, 1) + _bytes(3, _number(1, 1)))], 0
    with Path(f"{prefix}.data-00000-of-00001").open("wb") as data:
        for name, array in sorted(everything.items()):
            raw = array.tobytes()
            shape = b"".join(_bytes(2, _number(1, n)) for n in array.shape)
            entry = _number(1, _DTYPES[array.dtype.str]) + _bytes(2, shape) + _number(4, offset) + _number(5, len(raw))
            entries.append((name.encode(), entry + _varint(6 << 3 | 5) + struct.pack("<I", mask(crc32c(raw)))))
            offset += data.write(raw)
    table = _block(entries)
    rest = len(table)
    index = _block([(entries[-1][0], _handle(0, table))])
    empty = _block([])
    footer = _handle(rest + len(index), empty) + _handle(rest, index)
    magic = bytes.fromhex("57fb808b247547db")
    Path(f"{prefix}.index").write_bytes(table + index + empty + footer.ljust(40, b"\0") + magic)


def write_page(folder: Path, variables: Mapping[str, Array], description: Mapping[str, Any]) -> None:
    """A magenta.js checkpoint: description, manifest and shards."""
    folder.mkdir(parents=True)
    data = b"".join(array.tobytes() for array in variables.values())
    pieces = [data[at : at + SHARD] for at in range(0, len(data), SHARD)]
    paths = [f"group1-shard{k}of{len(pieces)}" for k in range(1, len(pieces) + 1)]
    for path, piece in zip(paths, pieces, strict=True):
        (folder / path).write_bytes(piece)
    weights = [{"name": name, "shape": array.shape, "dtype": "float32"} for name, array in variables.items()]
    (folder / "weights_manifest.json").write_text(json.dumps([{"paths": paths, "weights": weights}]))
    (folder / "config.json").write_text(json.dumps(description))


def page_description(config: ModelConfig) -> dict[str, Any] | None:
    """``config.json`` of a configuration; None where magenta.js has no such network (MUSICVAE.md 7.2).

    Its encoders have one layer, and a conductor goes with a hierarchical encoder only.
    """
    conducted, layers = bool(config.decoder_levels), len(config.encoder_sizes)
    if conducted != bool(config.encoder_levels) or layers > 1 or config.head == "multi":
        return None
    segments = {"numSegments": config.decoder_levels[0]} if conducted else {}
    pitches = {"minPitch": 21, "maxPitch": 108}
    args: dict[str, Any] = {"numSteps": config.steps, **segments}
    if config.family == "melody":
        args |= pitches
    elif config.family == "trio":
        args |= {"melArgs": pitches, "bassArgs": pitches, "drumsArgs": {}}
    elif config.family == "groove":
        args["stepsPerQuarter"] = config.steps_per_quarter
    kind = "DrumRollConverter" if config.head == "nade" else _CONVERTERS[config.family]
    return {"type": "MusicVAE", "dataConverter": {"type": kind, "args": args}}


def _varint(n: int) -> bytes:
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _handle(offset: int, block: bytes) -> bytes:
    """Where a block lies, without the type and CRC behind it."""
    return _varint(offset) + _varint(len(block) - 5)


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block whose every entry can be found: a table is searched from its restarts."""
    body, restarts = b"", []
    for key, value in entries:
        restarts.append(len(body))
        body += _varint(0) + _varint(len(key)) + _varint(len(value)) + key + value
    restarts = restarts or [0]
    body += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts)) + b"\0"
    return body + struct.pack("<I", mask(crc32c(body)))
