"""What GrooVAE models are for: drums played as a drummer would (Gillick et al. 2019)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.operations.core import Core

if TYPE_CHECKING:
    from note_seq import NoteSequence

__all__ = ["GrooveOperations", "hits_of"]


class GrooveOperations(Core):
    """Reconstructions that add what the encoder was not told."""

    @abstractmethod
    def reconstruct_clips(self, clips: Clips, hits: np.ndarray[Any, Any] | None = None) -> list[NoteSequence]:
        """Encode, then decode the means, with the hits that are given."""

    def humanize(self, music: Any, keep_hits: bool = True) -> list[NoteSequence]:
        """Play drum patterns as a drummer would: velocities and timing from a GrooVAE model that learnt to.

        Parameters
        ----------
        music
            What to play.
        keep_hits
            Play just these hits. Without it the model plays what it remembers of them, as Magenta's does.

        Raises
        ------
        ConfigError
            If this is no such model.
        """
        self._check("humanize", "humanises", "groovae_2bar_humanize")
        clips = self.some(music)
        return self.reconstruct_clips(clips, hits_of(clips) if keep_hits else None)

    def tap_to_drums(self, music: Any) -> list[NoteSequence]:
        """Turn a tapped rhythm, on any one sound, into a drum beat with its feel; errors as `humanize`."""
        self._check("tapify", "turns taps into drums", "groovae_2bar_tap_fixed_velocity")
        return self.reconstruct_clips(self.some(music))

    def add_hihat(self, music: Any) -> list[NoteSequence]:
        """Add the closed hi-hat to a drum beat that lacks it; errors as `humanize`."""
        self._check("add_instruments", "adds a hi-hat", "groovae_2bar_add_closed_hh")
        return self.reconstruct_clips(self.some(music))

    def _check(self, setting: str, does: str, example: str) -> None:
        if self.config.family != "groove" or not self.config.converter.get(setting):
            raise ConfigError(f"{self.name} is not a model that {does}.", f"Load one, such as magenta/{example}.")


def hits_of(clips: Sequence[Clip]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The hits of groove clips, ``[n, steps, drums]`` of 0 and 1."""
    grooves = np.stack([clip.tokens for clip in clips])
    return grooves[..., : grooves.shape[-1] // 3].astype(np.float32)
