"""note_seq and its neighbours, imported late and without their noise."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["note_seq", "quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back warnings that say nothing to a user, such as pydub's about a missing ffmpeg."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def note_seq() -> ModuleType:
    """Import note_seq, which takes more than a second the first time."""
    with quiet():
        import note_seq as module
    return module  # type: ignore[no-any-return, unused-ignore]
