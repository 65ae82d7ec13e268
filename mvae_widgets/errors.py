"""The one family of errors that a user can cause.

Everything that goes wrong because of an input derives from `MusicVAEError`; anything else that
escapes from this package is a defect of the package.
"""

from __future__ import annotations

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DownloadError",
    "MusicVAEError",
    "MusicVAEWarning",
    "NothingToEncodeError",
    "ReadError",
    "UnknownModelError",
]


class MusicVAEError(Exception):
    """What happened, where, and what to do about it.

    Parameters
    ----------
    message
        One sentence: what happened and where (file, track, bar).
    hint
        One sentence: what to do. Shown after the message, and on its own line in a widget.
    """

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message} {hint}".strip())


class ReadError(MusicVAEError):
    """A file or some bytes could not be read as music."""

    code = "read"


class NothingToEncodeError(MusicVAEError):
    """A sequence holds nothing that the model takes."""

    code = "nothing_to_encode"


class UnknownModelError(MusicVAEError):
    """No model of that name."""

    code = "unknown_model"


class CheckpointError(MusicVAEError):
    """A weights file is damaged, incomplete, or of another model."""

    code = "checkpoint"


class DownloadError(MusicVAEError):
    """A published file could not be fetched, or is not the one fetched before."""

    code = "download"


class ConfigError(MusicVAEError):
    """An argument or a setting that the model cannot take."""

    code = "config"


class MusicVAEWarning(UserWarning):
    """Something was done that a user may want to know about, such as a piece cut to its first clip."""
