"""What GrooVAE models are for: drums played as a drummer would (Gillick et al. 2019)."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from mvae_widgets.errors import ConfigError
from mvae_widgets.operations.core import Core

if TYPE_CHECKING:
    from note_seq import NoteSequence

__all__ = ["GrooveOperations"]


class GrooveOperations(Core):
    """Reconstructions that add what the encoder was not told."""

    @abstractmethod
    def reconstruct(self, music: Any) -> list[NoteSequence]:
        """Encode, then decode the means."""

    def humanize(self, music: Any) -> list[NoteSequence]:
        """Play drum patterns as a drummer would: velocities and timing from a GrooVAE model that learnt to.

        Raises
        ------
        ConfigError
            If this is no such model.
        """
        return self._groove(music, "humanize", "humanises", "groovae_2bar_humanize")

    def tap_to_drums(self, music: Any) -> list[NoteSequence]:
        """Turn a tapped rhythm, on any one sound, into a drum beat with its feel; errors as `humanize`."""
        return self._groove(music, "tapify", "turns taps into drums", "groovae_2bar_tap_fixed_velocity")

    def add_hihat(self, music: Any) -> list[NoteSequence]:
        """Add the closed hi-hat to a drum beat that lacks it; errors as `humanize`."""
        return self._groove(music, "add_instruments", "adds a hi-hat", "groovae_2bar_add_closed_hh")

    def _groove(self, music: Any, setting: str, does: str, example: str) -> list[NoteSequence]:
        if self.config.family != "groove" or not self.config.converter.get(setting):
            raise ConfigError(f"{self.name} is not a model that {does}.", f"Load one, such as magenta/{example}.")
        return self.reconstruct(music)
