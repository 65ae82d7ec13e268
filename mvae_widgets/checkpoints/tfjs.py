"""Reader of magenta.js checkpoints: ``weights_manifest.json`` and its shards (MUSICVAE.md 7.2)."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.errors import CheckpointError

__all__ = ["MANIFEST", "JSCheckpoint"]

Array = np.ndarray[Any, Any]

MANIFEST = "weights_manifest.json"
_STORED = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "float16": "<f2", "bool": "u1"}
_AGAIN = "Fetch the checkpoint again."


@dataclass(frozen=True)
class _Weight:
    """Where one tensor lies in its group, and how."""

    name: str
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    integer: bool
    scale: float
    low: float
    start: int

    @property
    def end(self) -> int:
        return self.start + math.prod(self.shape) * self.stored.itemsize

    def restore(self, data: bytes) -> Array:
        """The numbers; of quantised ones, computed in double precision."""
        array: Array = np.frombuffer(data, self.stored).reshape(self.shape)
        if (self.scale, self.low) != (1.0, 0.0):
            array = array.astype(np.float64) * self.scale + self.low
        if self.integer:
            return np.rint(array).astype(np.int32)
        return array.astype(np.float32, copy=False)


class JSCheckpoint:
    """A magenta.js checkpoint whose manifest has been read and whose tensors are read when asked for.

    Parameters
    ----------
    folder
        Holds ``weights_manifest.json`` and the shards that it names.

    Raises
    ------
    CheckpointError
        If a file is missing, outside the folder, too short or too long, or the manifest is not one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.where = Path(folder)
        self._groups = [(self._shards(paths), weights) for paths, weights in self._manifest()]
        self.shapes: dict[str, tuple[int, ...]] = {}
        """The shape of every tensor, by its TensorFlow name."""
        for shards, weights in self._groups:
            self._check(shards, weights)

    def stream(self, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        """The named tensors in the order in which they lie; quantised ones as float32."""
        for shards, weights in self._groups:
            for weight in weights:
                if weight.name in names:
                    yield weight.name, weight.restore(self._read(shards, weight.start, weight.end))

    def _manifest(self) -> Iterator[tuple[list[str], list[_Weight]]]:
        path = self.where / MANIFEST
        try:
            groups = json.loads(path.read_text(encoding="utf-8"))
            specs = [([str(p) for p in group["paths"]], list(group["weights"])) for group in groups]
        except OSError as error:
            raise CheckpointError(f"Cannot read {path}: {error.strerror}.", "Is this the right folder?") from error
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path} is not a weights manifest: {error!r}.", _AGAIN) from error
        for paths, entries in specs:
            weights: list[_Weight] = []
            for entry in entries:
                weights.append(_weight(entry, weights[-1].end if weights else 0, path))
            yield paths, weights

    def _shards(self, names: list[str]) -> list[tuple[Path, int]]:
        """Paths and sizes."""
        shards = []
        for name in names:
            path = self.where / name
            if self.where.resolve() not in path.resolve().parents:
                raise CheckpointError(
                    f"{self.where}: the manifest points outside its folder, to {name}.", "Do not trust this file."
                )
            try:
                shards.append((path, path.stat().st_size))
            except OSError as error:
                raise CheckpointError(f"Cannot read the shard {path}: {error.strerror}.", _AGAIN) from error
        return shards

    def _check(self, shards: list[tuple[Path, int]], weights: list[_Weight]) -> None:
        held, names = sum(size for _, size in shards), ", ".join(path.name for path, _ in shards)
        for weight in weights:
            if weight.name in self.shapes:
                raise CheckpointError(f"{self.where / MANIFEST} lists the tensor {weight.name} twice.")
            if weight.end > held:
                raise CheckpointError(
                    f"{self.where}: the tensor {weight.name} needs bytes {weight.start:,} to {weight.end:,}, "
                    f"the shards {names} end at {held:,}.",
                    f"A shard is cut short. {_AGAIN}",
                )
            self.shapes[weight.name] = weight.shape
        accounted = weights[-1].end if weights else 0
        if accounted != held:
            raise CheckpointError(
                f"{self.where}: the shards {names} hold {held:,} bytes, the manifest accounts for {accounted:,}.",
                _AGAIN,
            )

    def _read(self, shards: list[tuple[Path, int]], start: int, end: int) -> bytes:
        """Bytes of the shards as if they were one file."""
        parts, first = [], 0
        for path, size in shards:
            low, high = max(start - first, 0), min(end - first, size)
            if low < high:
                try:
                    with path.open("rb") as file:
                        file.seek(low)
                        parts.append(file.read(high - low))
                except OSError as error:
                    raise CheckpointError(f"Cannot read the shard {path}: {error.strerror}.", _AGAIN) from error
            first += size
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _weight(entry: dict[str, Any], start: int, manifest: Path) -> _Weight:
    try:
        name, shape = str(entry["name"]), tuple(int(n) for n in entry["shape"])
        kind, quantised = str(entry["dtype"]), entry.get("quantization") or {}
        stored = np.dtype(_STORED[quantised.get("dtype", kind)])
        scale, low = float(quantised.get("scale", 1.0)), float(quantised.get("min", 0.0))
        if any(n < 0 for n in shape):
            raise ValueError("a negative size")
        if stored.kind == "u" and quantised and not {"scale", "min"} <= quantised.keys():
            raise ValueError("no scale or min")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{manifest}: a weight entry cannot be understood: {error!r}.", _AGAIN) from error
    return _Weight(name, shape, stored, kind == "int32", scale, low, start)
