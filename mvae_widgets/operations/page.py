"""A model's decoder as an exported page carries it: packed weights, and what their rows mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from mvae_widgets.music.kits import KITS
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.operations.core import Core

__all__ = ["MOST_BYTES", "PageDecoding", "pack_decoder"]

#: A page carries no larger decoder.
MOST_BYTES = 10_000_000
_SHAPE = ("steps", "output_depth", "head", "parts", "decoder_levels")
_REDUCED = KITS["reduced"].class_of


class PageDecoding(Core):
    """What a page needs to decode by itself (js/src/model)."""

    @property
    def weights_licence(self) -> str:
        """Licence of the weights as their card names it; empty where it does not."""
        return str(self.bundle.card.get("licence", ""))

    def page_decoder(self) -> dict[str, Any] | None:
        """The decoder for an exported page; None where it is too large, or speaks what pages do not.

        Returns
        -------
        dict or None
            ``shape`` (of `nn.config.ModelConfig`), ``packing`` (``dtype`` and ``tensors``: name to shape and
            first number), ``weights`` (bytes, little-endian: float16 where that loses nothing, else float32),
            ``speech`` (how rows become notes) and ``plane`` (as JSON, or None).
        """
        speech = self._speech()
        if speech is None:
            return None
        packed = pack_decoder(self.config, self.bundle.state)
        if len(packed["weights"]) > MOST_BYTES:
            return None
        plane = self.bundle.plane
        return {**packed, "speech": speech, "plane": dict(plane) if plane else None}

    def _speech(self) -> dict[str, Any] | None:
        """How the page makes notes of rows: of plain melodies, drums and grooves."""
        converter, spec = cast("Any", self.converter), self.converter.clip_spec
        if self.config.control_depth or spec.family not in ("melody", "drums", "groove"):
            return None
        speech = {
            "family": spec.family,
            "steps_per_quarter": spec.steps_per_quarter,
            "bar_steps": spec.bar_steps,
            "min_pitch": 0,
            "pitches": [],
            "roles": [],
        }
        if spec.family == "melody":
            return None if converter.end_token is not None else speech | {"min_pitch": converter.min_pitch}
        pitches = [int(pitch) for pitch in converter.kit.pitches]
        widths = {"drums": (len(pitches), 2 ** len(pitches)), "groove": (3 * len(pitches),)}[spec.family]
        if self.config.output_depth not in widths or self.config.steps != spec.steps:
            return None
        return speech | {"pitches": pitches, "roles": [_REDUCED.get(pitch, -1) for pitch in pitches]}


def pack_decoder(config: ModelConfig, state: Mapping[str, Any]) -> dict[str, Any]:
    """``shape``, ``packing`` and ``weights`` of any decoder, whatever its size; `state` is that of the whole model."""
    own = {
        name.removeprefix("decoder."): np.asarray(tensor, np.float32)
        for name, tensor in state.items()
        if name.startswith("decoder.") and "bias_hh" not in name
    }
    numbers = np.concatenate([array.ravel() for array in own.values()])
    with np.errstate(over="ignore"):
        halves = numbers.astype("<f2")
    exact = np.array_equal(halves.astype(np.float32), numbers)
    starts = [0, *np.cumsum([array.size for array in own.values()]).tolist()]
    shape = config.to_dict()
    return {
        "shape": {name: shape[name] for name in _SHAPE},
        "packing": {
            "dtype": "float16" if exact else "float32",
            "tensors": {name: [list(array.shape), starts[k]] for k, (name, array) in enumerate(own.items())},
        },
        "weights": (halves if exact else numbers.astype("<f4")).tobytes(),
    }
