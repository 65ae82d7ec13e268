"""Columns as users hold them (dict, pandas, polars, records, lists) -> plain numpy arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mvae_widgets.errors import ConfigError

__all__ = ["LABEL", "as_columns", "spread"]

Array = npt.NDArray[Any]

#: Name of a column that came without one.
LABEL = "label"
FORMS = "Give a dict of arrays, a pandas or polars DataFrame, a numpy record array, or a list."


def as_columns(given: Any) -> dict[str, Array]:
    """Make one-dimensional arrays of columns in any usual form.

    Parameters
    ----------
    given
        None; a dict of arrays; a pandas or polars DataFrame or Series; a numpy record array; a list of
        dicts (a row each); a list or array of values, which is called ``label``.

    Returns
    -------
    dict
        Numbers and booleans keep their type, with NaN for what is missing; times become datetime64; anything
        else becomes an object array of `str`, empty for what is missing.

    Raises
    ------
    ConfigError
        If it is in no such form, or a column is not one-dimensional.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = dict(given)
    elif getattr(getattr(given, "dtype", None), "names", None):
        named = {name: given[name] for name in given.dtype.names}
    elif hasattr(given, "columns") and hasattr(given, "__getitem__"):
        named = {name: given[name] for name in given.columns}
    elif isinstance(given, list | tuple) and given and all(isinstance(row, Mapping) for row in given):
        named = {name: [row.get(name) for row in given] for name in dict.fromkeys(k for row in given for k in row)}
    elif isinstance(given, list | tuple) or hasattr(given, "to_numpy") or isinstance(given, np.ndarray):
        named = {getattr(given, "name", None) or LABEL: given}
    else:
        raise ConfigError(f"{type(given).__name__} is no set of columns.", FORMS)
    return {str(name): _column(str(name), values) for name, values in named.items()}


def spread(columns: Mapping[str, Array], clips: int, piece: Array | None, pieces: int) -> dict[str, Array]:
    """Give every clip a value: columns with one value a piece are repeated for the clips of each.

    Parameters
    ----------
    columns
        What `as_columns` gave.
    clips
        How many clips there are.
    piece
        Number of each clip's piece, ``[clips]``, if known.
    pieces
        How many pieces there are; where there are as many as clips, a column is one value a piece.

    Raises
    ------
    ConfigError
        If a column has neither length.
    """
    found = {}
    for name, values in columns.items():
        if piece is not None and len(values) == pieces:
            found[name] = values[piece]
        elif len(values) == clips:
            found[name] = values
        else:
            also = f", or one a piece ({pieces:,})" if piece is not None and pieces != clips else ""
            raise ConfigError(
                f"The column {name!r} has {len(values):,} values for {clips:,} clips.", f"Give one a clip{also}."
            )
    return found


def _column(name: str, values: Any) -> Array:
    try:
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    except ValueError:
        array = np.empty((0, 0))  # of uneven rows
    if array.ndim != 1:
        raise ConfigError(f"The column {name!r} has the shape {array.shape}.", "Give one value a clip.")
    if array.dtype.kind in "biuM" or array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    if array.dtype.kind == "O":
        missing = np.array([_missing(value) for value in array], bool)
        if all(isinstance(v, int | float | np.number | np.bool_) for v in array[~missing]) and not missing.all():
            return np.array([np.nan if gone else float(v) for v, gone in zip(array, missing, strict=True)])
        return np.array(["" if gone else str(v) for v, gone in zip(array, missing, strict=True)], object)
    return np.array([v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in array], object)


def _missing(value: Any) -> bool:
    """None, NaN, NaT and pandas' NA: what is not equal to itself, or will not say."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return True
