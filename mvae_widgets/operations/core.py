"""What the operations ask of the model that they are part of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from mvae_widgets.checkpoints.catalog import Bundle
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.music.converter import Converter
from mvae_widgets.nn.backend import Backend
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.operations.posterior import Posterior

__all__ = ["Core"]


class Core(ABC):
    """The model as its operations see it."""

    name: str
    config: ModelConfig
    bundle: Bundle
    converter: Converter
    backend: Backend

    @abstractmethod
    def clips(self, music: Any) -> Clips:
        """What the model takes of some music, and what it refuses."""

    @abstractmethod
    def some(self, music: Any) -> Clips:
        """The clips of the music; every piece must give at least one, else `NothingToEncodeError`."""

    @abstractmethod
    def first_clip(self, music: Any) -> Clip:
        """The first clip of some music; a `MusicVAEWarning` says so when there are more."""

    @abstractmethod
    def encode(self, music: Any) -> Posterior:
        """Posterior of each clip."""

    @abstractmethod
    def decode_clips(
        self,
        z: Any,
        temperature: float | None = None,
        seed: int | None = None,
        qpm: float = 120.0,
        program: int | Sequence[int] = 0,
        chords: Sequence[str] | None = None,
        hits: Any = None,
    ) -> Clips:
        """Clips at points of latent space."""
