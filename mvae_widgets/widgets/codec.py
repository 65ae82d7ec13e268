"""The little that a widget asks of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.clips import Clip, Clips

if TYPE_CHECKING:
    from note_seq import NoteSequence

    from mvae_widgets.corpus import Corpus
    from mvae_widgets.latent.attributes import AttributeVectors
    from mvae_widgets.latent.project import Projection

__all__ = ["Codec", "Encoded", "check_codec"]


class Encoded(Protocol):
    """A posterior that can be had as arrays."""

    def numpy(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Mu and sigma, ``[n, z]`` each."""


class Codec(Protocol):
    """Music <-> latent vectors <-> places; `musicvae.MusicVAE` is one."""

    name: str

    @property
    def has_places(self) -> bool:
        """Whether `place` can be asked."""

    def clips(self, music: Any) -> Clips:
        """What the model takes of some music, and what it refuses."""

    def first_clip(self, music: Any) -> Clip:
        """The first clip; warns when there are more."""

    def encode(self, music: Any) -> Encoded:
        """Posterior of each clip."""

    def decode(
        self,
        z: Any,
        temperature: float | None = None,
        seed: int | None = None,
        qpm: float = 120.0,
        program: int | Sequence[int] = 0,
    ) -> list[NoteSequence]:
        """Music at points of latent space."""

    def decode_clips(
        self,
        z: Any,
        temperature: float | None = None,
        seed: int | None = None,
        qpm: float = 120.0,
        program: int | Sequence[int] = 0,
    ) -> Clips:
        """Clips at points of latent space."""

    def reconstruct(self, music: Any) -> list[NoteSequence]:
        """What is left of each clip after encoding and decoding."""

    def place(self, z: Any) -> np.ndarray[Any, Any]:
        """Places on the model's plane, ``[n, 2]``."""

    @property
    def has_attributes(self) -> bool:
        """Whether `attributes` can be asked."""

    @property
    def attributes(self) -> AttributeVectors:
        """The model's attribute vectors."""

    def measure(self, music: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Every attribute of every clip, ``[n]`` each."""

    @property
    def has_cost(self) -> bool:
        """Whether `cost` can be asked."""

    @property
    def cost_quantiles(self) -> dict[str, float]:
        """Share of the training clips that cost less -> bits a step; empty without `cost`."""

    def cost(self, music: Any) -> np.ndarray[Any, Any]:
        """Bits a step of each clip under a language model, ``[n]``."""

    def distance(self, a: Any, b: Any) -> float:
        """Share of steps in which two clips differ, 0 to 1."""

    def data_interpolate(self, a: Any, b: Any, steps: int, seed: int = 0) -> Clips:
        """Clips between two, mixed step by step in data space."""

    def data_sample(self, n: int, seed: int = 0) -> Clips:
        """Random clips of data space."""

    def map(self, corpus: Any, kind: str = "plane") -> Projection:
        """A map of latent space, with its inverse."""

    def embed(self, music: Any, path: Any = None, columns: Any = None) -> Corpus:
        """Clips with their posteriors and columns."""

    def page_decoder(self) -> dict[str, Any] | None:
        """The decoder as an exported page carries it; None where it cannot."""

    @property
    def weights_licence(self) -> str:
        """Licence of the weights; empty where it is not known."""


def check_codec(model: Any) -> None:
    """Refuse what is no model, such as its name."""
    if not hasattr(model, "clips") or not hasattr(model, "has_places"):
        raise ConfigError(f"{model!r} is not a model.", "Give what mvae_widgets.load returns.")
