"""From the name of a family and plain settings to its converter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from .converter import Converter

__all__ = ["FAMILIES", "converter_for"]

# Family -> module and class; imported when asked for.
_CONVERTERS = {
    "melody": ("melody", "MelodyConverter"),
    "drums": ("drums", "DrumsConverter"),
    "trio": ("trio", "TrioConverter"),
    "groove": ("groove", "GrooveConverter"),
    "multitrack": ("multitrack", "MultitrackConverter"),
}
FAMILIES = tuple(_CONVERTERS)


def converter_for(family: str, **arguments: Any) -> Converter:
    """Make the converter of a family of models.

    Parameters
    ----------
    family
        ``"melody"``, ``"drums"``, ``"trio"``, ``"groove"`` or ``"multitrack"``.
    **arguments
        Settings of that family's converter as plain data (numbers, strings, lists, None), so that
        a configuration can be stored as JSON. What is not given has the converter's default. The usual
        ones, by family:

        - all: ``slice_bars`` (length of a clip), ``steps_per_quarter``
        - melody: ``min_pitch``, ``max_pitch``, ``valid_programs``, ``max_bars``, ``gap_bars``,
          ``chord_encoding`` ("triad" or "major_minor"), ``condition_on_key``
        - drums: ``kit`` ("reduced", "full", "roland"), ``roll_input``, ``roll_output``
        - trio: ``gap_bars``, ``chord_encoding``, ``condition_on_key``
        - groove: ``tapify``, ``humanize``, ``fixed_velocities``, ``max_note_dropout``,
          ``add_instruments``, ``hits_as_controls``, ``split_instruments``, ``velocity_bins``,
          ``offset_bins``, ``mode`` ("infer", "train", "eval")
        - multitrack: ``velocity_bins``, ``max_tracks``, ``max_events``, ``chord_encoding``

    Raises
    ------
    ConfigError
        An unknown family or setting, or a value that makes no sense.
    """
    if family not in _CONVERTERS:
        raise ConfigError(f"There is no family of models '{family}'.", f"Use one of: {', '.join(FAMILIES)}.")
    module, name = _CONVERTERS[family]
    make = getattr(import_module(f".{module}", __package__), name)
    try:
        converter: Converter = make(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"Settings that the {family} converter does not take: {error}.") from error
    return converter
