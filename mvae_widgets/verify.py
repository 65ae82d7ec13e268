"""A checkpoint against outputs of the original on fixed inputs.

References have the form of Magenta's own outputs that this package is tested with: JSON with ``z``, ``c_input``,
``decoded`` or ``decoded_nonzero`` and ``decoded_shapes``, ``decoded_rnn_output_first16``, ``encode_x`` or
``encode_x_nonzero``, ``encode_lengths``, ``mu`` and ``sigma``; what is missing or null is not compared.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mvae_widgets.checkpoints.bundles import Bundle

    Array = NDArray[Any]

__all__ = ["TOLERANCES", "Deviation", "Report", "verify"]

TOLERANCES = {
    "mu": 1e-5,
    "sigma": 1e-5,
    "logits": 1e-4,
    "greedy outputs": 0.0,
    "hits": 0.0,
    "velocities": 1e-5,
    "offsets": 1e-5,
}
HEADS = ("", "compared", "largest deviation", "allowed", "where", "")


@dataclass(frozen=True)
class Deviation:
    """How far one output lies from the reference.

    Parameters
    ----------
    what
        Key of `TOLERANCES`.
    compared
        How many numbers were.
    largest
        Largest absolute difference; NaN where one side has a number that is not finite.
    where
        Index of the largest: example first, then step.
    """

    what: str
    compared: int
    largest: float
    where: tuple[int, ...]

    @property
    def allowed(self) -> float:
        """The tolerance."""
        return TOLERANCES[self.what]

    @property
    def ok(self) -> bool:
        """Whether it is within the tolerance; NaN is not."""
        return self.largest <= self.allowed


@dataclass(frozen=True)
class Report:
    """All deviations of one checkpoint."""

    name: str
    config: str
    deviations: tuple[Deviation, ...]

    @property
    def ok(self) -> bool:
        """Whether every one is within its tolerance."""
        return all(deviation.ok for deviation in self.deviations)

    def __str__(self) -> str:
        """Draw a table, the verdict in its last column."""
        rows = [HEADS]
        for d in self.deviations:
            place = "" if d.largest == 0 else "[" + ", ".join(map(str, d.where)) + "]"
            allowed = f"{d.allowed:.0e}" if d.allowed else "0"
            rows.append((d.what, f"{d.compared:,}", f"{d.largest:.2e}", allowed, place, "fine" if d.ok else "TOO FAR"))
        width = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
        left = (0, 4, 5)
        lines = [
            "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width, strict=True)))
            for row in rows
        ]
        head = self.name if self.name == self.config else f"{self.name} ({self.config})"
        return "\n".join([head, *(line.rstrip() for line in lines)])


def verify(bundle: Bundle, reference: str | Path) -> Report:
    """Compare a model with a reference, in float32 on the CPU.

    Parameters
    ----------
    bundle
        The model.
    reference
        JSON file in the form described above.

    Raises
    ------
    ConfigError
        If the file cannot be read, has nothing to compare, or is of a model of another shape.
    """
    import torch

    from mvae_widgets.nn.decoder import shift
    from mvae_widgets.nn.vae import VAE

    given = _Reference(Path(reference).expanduser())
    config = bundle.config
    network = VAE(config).eval()
    network.load_state_dict(bundle.state)
    deviations: list[Deviation] = []
    controls = given.controls(config.control_depth, config.steps)
    with torch.no_grad():
        if (z := given.array("z")) is not None:
            given.fits("z", z, (None, config.z_size))
            latents = torch.from_numpy(z)
            batch_controls = _batch(controls, len(z))
            outputs = network.decode(latents, controls=batch_controls)
            if (expected := given.decoded(len(z))) is not None:
                given.fits("decoded", expected, (len(z), None, config.output_depth))
                deviations += _outputs(outputs.numpy()[:, : expected.shape[1]], expected, config.family == "groove")
            if (expected := given.array("decoded_rnn_output_first16")) is not None:
                logits = network.decoder(latents, shift(outputs), batch_controls).numpy()[:, : expected.shape[1]]
                given.fits("decoded_rnn_output_first16", expected, logits.shape)
                deviations.append(_deviation("logits", logits, expected))
        if (x := given.inputs(config.steps)) is not None:
            given.fits("encode_x", x, (None, config.steps, config.depth))
            lengths = given.array("encode_lengths")
            posterior = network.encode(
                torch.from_numpy(x),
                None if lengths is None else torch.from_numpy(lengths.astype(np.int64)),
                controls=_batch(controls, len(x)),
            )
            for name, found in zip(("mu", "sigma"), posterior, strict=True):
                if (expected := given.array(name)) is not None:
                    given.fits(name, expected, tuple(found.shape))
                    deviations.append(_deviation(name, found.numpy(), expected))
    if not deviations:
        raise ConfigError(
            f"{reference} holds nothing to compare.", "It needs z with decoded outputs, or encode_x with mu and sigma."
        )
    return Report(bundle.name, config.name, tuple(deviations))


def reference_config(reference: str | Path) -> str | None:
    """Name of the configuration that a reference says it is of."""
    name = _Reference(Path(reference).expanduser()).data.get("config")
    return name if isinstance(name, str) else None


class _Reference:
    """The arrays of a reference file, with errors that name the file and the field."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"Cannot read the reference {path}: {error.strerror or error}.") from error
        except ValueError as error:
            raise ConfigError(f"The reference {path} is not valid JSON: {error}.") from error
        if not isinstance(data, dict):
            raise ConfigError(f"The reference {path} does not hold an object.", "It is not a reference.")
        self.data: dict[str, Any] = data

    def array(self, name: str) -> Array | None:
        """A field as float32; None where it is missing or null."""
        if self.data.get(name) is None:
            return None
        try:
            return np.array(self.data[name], np.float32)
        except (TypeError, ValueError) as error:
            raise self.bad(name, "is not an array of numbers") from error

    def bad(self, name: str, why: str) -> ConfigError:
        return ConfigError(f"{self.path}: {name} {why}.", "Is it a reference of this model?")

    def fits(self, name: str, array: Array, shape: tuple[int | None, ...]) -> None:
        """Refuse an array of another shape; None fits any size."""
        if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.bad(name, f"has the shape {list(array.shape)}, this model has [{wanted}]")

    def controls(self, depth: int, steps: int) -> Array | None:
        """``[steps, depth]`` for all examples or ``[n, steps, depth]`` for each; classes become one-hot."""
        given = self.array("c_input")
        if given is None:
            if depth:
                raise self.bad("c_input", f"is missing, this model takes controls of {depth} numbers")
            return None
        if not depth:
            raise self.bad("c_input", "is given, this model takes no controls")
        if given.ndim == 1:
            if not ((given >= 0) & (given < depth) & (given == np.floor(given))).all():
                raise self.bad("c_input", f"has classes outside 0..{depth - 1}")
            given = np.eye(depth, dtype=np.float32)[given.astype(np.int64)]
        self.fits("c_input", given, (steps, depth) if given.ndim == 2 else (None, steps, depth))
        return given

    def inputs(self, steps: int) -> Array | None:
        """``[n, steps, depth]``."""
        x = self.array("encode_x")
        if x is None and self.data.get("encode_x_nonzero") is not None:
            lengths = self.array("encode_lengths")
            number, depth = 0 if lengths is None else len(lengths), self.data.get("input_depth")
            if not number or not isinstance(depth, int):
                raise self.bad("encode_x_nonzero", "needs encode_lengths and input_depth beside it")
            x = self._ones("encode_x_nonzero", self.data["encode_x_nonzero"], (number, steps, depth))
        return x

    def decoded(self, number: int) -> Array | None:
        """``[n, steps, depth]``."""
        given, ones = self.array("decoded"), self.data.get("decoded_nonzero")
        if given is not None or ones is None:
            return given
        shapes = self.array("decoded_shapes")
        if shapes is None or shapes.shape != (number, 2) or (shapes != shapes[0]).any() or len(ones) != number:
            raise self.bad("decoded_nonzero", f"needs decoded_shapes, the same for each of the {number} examples")
        shape = int(shapes[0][0]), int(shapes[0][1])
        return np.stack([self._ones("decoded_nonzero", indices, shape) for indices in ones])

    def _ones(self, name: str, indices: Any, shape: tuple[int, ...]) -> Array:
        try:
            where = np.array(indices, np.int64).reshape(-1, len(shape))
            if (where < 0).any():
                raise IndexError
            filled = np.zeros(shape, np.float32)
            filled[tuple(where.T)] = 1.0
        except (TypeError, ValueError, IndexError, OverflowError) as error:
            raise self.bad(name, f"has indices that do not lie in {list(shape)}") from error
        return filled


def _batch(controls: Array | None, number: int) -> Any:
    import torch

    if controls is None:
        return None
    if controls.ndim == 2:
        controls = np.repeat(controls[None], number, axis=0)
    if len(controls) != number:
        raise ConfigError(f"The reference has controls for {len(controls)} examples, and {number} examples.")
    return torch.from_numpy(controls)


def _outputs(found: Array, expected: Array, groove: bool) -> list[Deviation]:
    if found.shape != expected.shape:
        raise ConfigError(f"The reference has outputs of {expected.shape[1]} steps, this model {found.shape[1]}.")
    if not groove:
        return [_deviation("greedy outputs", found, expected)]
    parts = zip(np.split(found, 3, axis=-1), np.split(expected, 3, axis=-1), strict=True)
    names = ("hits", "velocities", "offsets")
    return [_deviation(name, f, e) for name, (f, e) in zip(names, parts, strict=True)]


def _deviation(what: str, found: Array, expected: Array) -> Deviation:
    difference = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    bad = ~np.isfinite(difference)
    place = int(np.argmax(bad)) if bad.any() else int(np.argmax(difference))
    where = tuple(int(i) for i in np.unravel_index(place, difference.shape))
    return Deviation(what, difference.size, math.nan if bad.any() else float(difference[where]), where)
