"""Reader of magenta.js checkpoints: ``weights_manifest.json`` and its shards (MUSICVAE.md 7.2)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.errors import CheckpointError

__all__ = ["read_tfjs"]

_STORED = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "u1"}


def read_tfjs(folder: str | Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of a magenta.js checkpoint, by its TensorFlow name.

    Parameters
    ----------
    folder
        Holds ``weights_manifest.json`` and the shards that it names.

    Returns
    -------
    dict
        Name -> array; 1- and 2-byte quantised tensors come back as float32.

    Raises
    ------
    CheckpointError
        If a file is missing, outside the folder, too short or too long, or the manifest is not one.
    """
    folder = Path(folder)
    manifest = folder / "weights_manifest.json"
    try:
        groups = json.loads(manifest.read_text(encoding="utf-8"))
        specs = [([str(p) for p in group["paths"]], list(group["weights"])) for group in groups]
    except OSError as error:
        raise CheckpointError(
            f"Cannot read {manifest}: {error.strerror}.", "Is this the checkpoint's folder?"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{manifest} is not a weights manifest: {error!r}.") from error
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for paths, weights in specs:
        data = b"".join(_shard(folder, path) for path in paths)
        offset = 0
        for weight in weights:
            name, array, offset = _tensor(manifest, weight, data, offset)
            if name in tensors:
                raise CheckpointError(f"{manifest} lists the tensor {name} twice.")
            tensors[name] = array
        if offset != len(data):
            raise CheckpointError(
                f"{folder}: the shards {', '.join(paths)} hold {len(data):,} bytes, "
                f"the manifest accounts for {offset:,}.",
                "Fetch the checkpoint again.",
            )
    return tensors


def _shard(folder: Path, name: str) -> bytes:
    path = folder / name
    if folder.resolve() not in path.resolve().parents:
        raise CheckpointError(
            f"{folder}: the manifest points outside its folder, to {name}.", "Do not trust this file."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"Cannot read the shard {path}: {error.strerror}.", "Fetch the checkpoint again."
        ) from error


def _tensor(manifest: Path, weight: dict[str, Any], data: bytes, offset: int) -> tuple[str, np.ndarray[Any, Any], int]:
    try:
        name, shape = str(weight["name"]), tuple(int(n) for n in weight["shape"])
        quantisation = weight.get("quantization")
        kind = str(weight["dtype"])
        dtype = np.dtype(_STORED[quantisation["dtype"] if quantisation else kind])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{manifest}: a weight entry cannot be understood: {error!r}.") from error
    end = offset + math.prod(shape) * dtype.itemsize
    if end > len(data):
        raise CheckpointError(
            f"{manifest.parent}: the tensor {name} needs bytes {offset:,} to {end:,}, the shards end at {len(data):,}.",
            "A shard is cut short: fetch the checkpoint again.",
        )
    array = np.frombuffer(data[offset:end], dtype).reshape(shape)
    if quantisation:
        values = array.astype(np.float64) * float(quantisation["scale"]) + float(quantisation["min"])
        array = np.rint(values).astype(np.int32) if kind == "int32" else values.astype(np.float32)
    return name, array, end
