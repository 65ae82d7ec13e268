"""Widgets that follow each other: what is picked in one is taken by the others."""

from __future__ import annotations

from uuid import uuid4

from mvae_widgets.errors import ConfigError
from mvae_widgets.widgets.base import MusicWidget

__all__ = ["Link", "link"]


class Link:
    """One widget and those that follow it; ``unlink()`` ends it."""

    def __init__(self, source: MusicWidget, targets: tuple[MusicWidget, ...]) -> None:
        self.source, self.targets = source, targets
        self._following = False
        if not source._topic:
            source._topic = uuid4().hex
        for target in targets:
            if target.has_trait("_follows"):
                target._follows = [*target._follows, source._topic]
        source.observe(self._changed, "sequence")
        if source.sequence is not None:
            self._changed()

    def unlink(self) -> None:
        """The targets no longer follow."""
        self.source.unobserve(self._changed, "sequence")
        for target in self.targets:
            if target.has_trait("_follows"):
                target._follows = [topic for topic in target._follows if topic != self.source._topic]

    def _changed(self, _change: object = None) -> None:
        # Two widgets that follow each other would go round for ever.
        if self._following or self.source.sequence is None:
            return
        self._following = True
        try:
            for target in self.targets:
                # A point of one model's latent space means nothing in another's.
                shared = getattr(self.source, "_model", None) is getattr(target, "_model", None)
                with target._showing_errors():
                    target.show(self.source.sequence, getattr(self.source, "z", None) if shared else None)
        finally:
            self._following = False


def link(source: MusicWidget, *targets: MusicWidget) -> Link:
    """Let widgets follow another: what is picked there is shown, played and altered here.

    Parameters
    ----------
    source
        The widget that leads: a map, a slider, a pad, knobs.
    *targets
        The widgets that follow: a piano roll shows the music; a slider, pad or knobs start from it; a map
        marks it. They may be of other models, which then encode the music themselves.

    Returns
    -------
    Link
        Its ``unlink()`` ends it.

    Raises
    ------
    ConfigError
        If one is no widget of this package, or follows itself.
    """
    for widget in (source, *targets):
        if not isinstance(widget, MusicWidget):
            raise ConfigError(f"{widget!r} is not a widget of mvae_widgets.", "Give widgets, the leading one first.")
    if not targets:
        raise ConfigError("A link needs a widget that follows.", "link(source, target, ...)")
    if not source.has_trait("sequence"):
        raise ConfigError(f"A {type(source).__name__} has no music to be followed.")
    for target in targets:
        if target is source:
            raise ConfigError("A widget cannot follow itself.")
        if not hasattr(target, "show"):
            raise ConfigError(f"A {type(target).__name__} cannot follow another widget.")
    return Link(source, targets)
