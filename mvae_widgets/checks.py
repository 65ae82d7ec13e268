"""Arguments turned into what they should be, or into one clear error."""

from __future__ import annotations

import math
import operator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mvae_widgets.errors import ConfigError

__all__ = ["as_path", "needs_torch", "number", "whole_number"]


def whole_number(value: Any, name: str, least: int, most: int | None = None) -> int:
    """A whole number within bounds, both included; `ConfigError` for anything else."""
    try:
        result = operator.index(value)
    except TypeError:
        raise ConfigError(f"{name} must be a whole number, not {value!r}.") from None
    if result < least or (most is not None and result > most):
        bounds = f"at least {least}" if most is None else f"{least} to {most}"
        raise ConfigError(f"{name} must be {bounds}, not {result}.")
    return result


def number(value: Any, name: str, least: float = -math.inf, most: float = math.inf, above: float = -math.inf) -> float:
    """A finite number within bounds; `ConfigError` for anything else.

    Parameters
    ----------
    value
        What was given.
    name
        How the message calls it.
    least, most
        Bounds, both included.
    above
        Bound that is not included.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a number, not {value!r}.") from None
    if not math.isfinite(result) or not least <= result <= most or result <= above:
        bounds = [f"above {above:g}"] * math.isfinite(above) + [f"at least {least:g}"] * math.isfinite(least)
        bounds += [f"at most {most:g}"] * math.isfinite(most)
        raise ConfigError(f"{name} must be {' and '.join(bounds) or 'finite'}, not {result:g}.")
    return result


def as_path(value: Any, name: str) -> Path:
    """A path, ``~`` resolved; `ConfigError` for what cannot be one."""
    try:
        return Path(value).expanduser()
    except (TypeError, RuntimeError):
        raise ConfigError(f"{name} must be a path, not {value!r}.") from None


def needs_torch(what: str) -> None:
    """`ConfigError` that says so, where PyTorch is not installed; `what` begins the sentence."""
    if find_spec("torch") is None:
        raise ConfigError(f"{what} needs PyTorch, which is not installed here.", "Install it: pip install torch")
