"""The language of the widgets: one for all that are not told otherwise."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import traitlets as t

from mvae_widgets.errors import ConfigError

__all__ = ["LANGUAGES", "Speaking", "set_language"]

LANGUAGES = ("auto", "en", "zh")

_language = "auto"
_followers: WeakSet[Speaking] = WeakSet()


class Speaking(t.HasTraits):
    """A widget with words.

    Attributes
    ----------
    language
        ``"auto"``, Chinese where notebook or browser are, else English; or ``"en"``, ``"zh"``.
    """

    language = t.Enum(LANGUAGES, "auto").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"language": _language, **kwargs})
        if "language" not in kwargs:
            _followers.add(self)


def set_language(language: str = "auto") -> None:
    """Set the language of all widgets, of those that are there and those to come.

    Parameters
    ----------
    language
        As `Speaking.language`. A widget that was made with ``language=`` keeps its own.

    Raises
    ------
    ConfigError
        If there is no such language.
    """
    global _language
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}.", f"Use one of: {', '.join(LANGUAGES)}.")
    _language = language
    for widget in list(_followers):
        widget.language = language
