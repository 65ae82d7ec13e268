"""Colour is place: where a clip lies in latent space, said as a colour (look/LOOK.md, section 1).

A model ships one `Plane`, fitted once on training posteriors. It places every latent vector at
``(u, v)``, each in -1..1: ``v`` up is higher pitch, ``u`` right is more notes. `place_colour` turns
the place into a colour in OKLab: ``v`` moves lightness and green to red, ``u`` moves blue to yellow.
The page computes the same numbers with the same formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .errors import ConfigError

__all__ = ["TOKENS", "Plane", "Theme", "contrast", "place_colour", "rgb"]

Theme = Literal["light", "dark"]
FloatArray = npt.NDArray[np.float64]

#: Distance on the plane at which a place is three quarters of the way to the edge.
REACH = 1.25

TOKENS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "light": MappingProxyType(
            {
                "paper": "#ffffff",
                "stage": "#f8f7f4",
                "band": "#f1f0ec",
                "grid": "#eae8e3",
                "beat": "#dedcd6",
                "bar": "#b9b7b0",
                "rule": "#e2e0da",
                "ink": "#1c1e23",
                "ink2": "#5a5e66",
                "ink3": "#83878f",
                "signal": "#d9381a",
                "focus": "#1a66d6",
                "white_key": "#ffffff",
                "black_key": "#3a3d44",
                "key_name": "#4a4d54",
            }
        ),
        "dark": MappingProxyType(
            {
                "paper": "#111317",
                "stage": "#191c21",
                "band": "#15181c",
                "grid": "#23272d",
                "beat": "#2e333a",
                "bar": "#555b65",
                "rule": "#2b3037",
                "ink": "#eeece6",
                "ink2": "#a9adb4",
                "ink3": "#757a83",
                "signal": "#ff6a4a",
                "focus": "#79b0ff",
                "white_key": "#464b54",
                "black_key": "#15181c",
                "key_name": "#dcdad4",
            }
        ),
    }
)

# L0, dL, ca, cb of LOOK 1.
_PLACES: Mapping[str, tuple[float, float, float, float]] = {
    "light": (0.540, 0.095, 0.100, 0.120),
    "dark": (0.735, 0.105, 0.095, 0.115),
}


@dataclass(frozen=True, eq=False)
class Plane:
    """The fixed map from latent space to places: ``xy = (weights . z + offset) / scale``.

    Parameters
    ----------
    weights
        2 x D: the direction of more notes, then the direction of higher pitch.
    offset
        Two numbers, added after the projection: minus the mean over the training posteriors.
    scale
        Two numbers above 0, divided by: the standard deviation over the training posteriors.

    Raises
    ------
    ConfigError
        When a shape is wrong, a number is not finite, or a scale is not above 0.
    """

    weights: FloatArray
    offset: FloatArray
    scale: FloatArray

    def __post_init__(self) -> None:
        for name, value in (("weights", self.weights), ("offset", self.offset), ("scale", self.scale)):
            try:
                array = np.array(value, dtype=np.float64)
            except (TypeError, ValueError):
                raise ConfigError(f"The plane's {name} is not an array of numbers.") from None
            if not np.isfinite(array).all():
                raise ConfigError(f"The plane's {name} holds a number that is not finite.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.weights.ndim != 2 or self.weights.shape[0] != 2 or self.weights.shape[1] == 0:
            raise ConfigError(f"The plane's weights have shape {self.weights.shape}.", "It must be 2 x D.")
        if self.offset.shape != (2,) or self.scale.shape != (2,):
            raise ConfigError("The plane's offset and scale must be two numbers each.")
        if (self.scale <= 0).any():
            raise ConfigError("The plane's scale must be above 0.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plane):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in ("weights", "offset", "scale"))

    def __hash__(self) -> int:
        return hash((self.weights.tobytes(), self.offset.tobytes(), self.scale.tobytes()))

    @property
    def size(self) -> int:
        """D, the length of the latent vectors that the plane places."""
        return int(self.weights.shape[1])

    def place(self, z: npt.ArrayLike) -> FloatArray:
        """Place latent vectors.

        Parameters
        ----------
        z
            n x D latent vectors, or one vector of D.

        Returns
        -------
        ndarray
            n x 2 (one vector gives 1 x 2): ``(u, v) = tanh(xy / 1.25)``, each in -1..1.

        Raises
        ------
        ConfigError
            When the vectors are not of the length that this plane takes.
        """
        rows = np.atleast_2d(np.asarray(z, dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != self.size:
            raise ConfigError(
                f"These latent vectors have shape {np.shape(z)}.",
                f"This model's plane takes vectors of {self.size} numbers.",
            )
        uv: FloatArray = np.tanh((rows @ self.weights.T + self.offset) / self.scale / REACH)
        return uv

    def to_dict(self) -> dict[str, Any]:
        """Give the plane as JSON scalars and lists; `from_dict` reads it back without loss."""
        return {
            "weights": self.weights.tolist(),
            "offset": self.offset.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plane:
        """Read what `to_dict` gave.

        Raises
        ------
        ConfigError
            When a part is missing or is not what `Plane` takes.
        """
        try:
            return cls(data["weights"], data["offset"], data["scale"])
        except (KeyError, TypeError):
            raise ConfigError("This is no plane.", "A plane has the three keys weights, offset and scale.") from None


def place_colour(u: float, v: float, theme: Theme = "light") -> str:
    """Give the colour of a place (LOOK 1; the page's `place` gives the same).

    Parameters
    ----------
    u, v
        The place: blue to yellow (more notes), and dark red to light green (higher). Outside
        -1..1 they count as the nearest edge.
    theme
        The ground that the colour stands on.

    Returns
    -------
    str
        ``#rrggbb``. For marks, never for text.

    Raises
    ------
    ConfigError
        When a coordinate is not a finite number or the theme is not one of the two.
    """
    if theme not in _PLACES:
        raise ConfigError(f"There is no theme {theme!r}.", 'Use "light" or "dark".')
    if not (math.isfinite(u) and math.isfinite(v)):
        raise ConfigError(f"The place ({u}, {v}) is not two finite numbers.")
    u, v = (min(1.0, max(-1.0, float(x))) for x in (u, v))
    l0, dl, ca, cb = _PLACES[theme]
    lightness, a, b = l0 + dl * v, -ca * _ease(v), cb * _ease(u)
    linear = (0.0, 0.0, 0.0)
    for shrink in range(34):
        k = 1 - 0.03 * shrink
        linear = _linear_rgb(lightness, a * k, b * k)
        if all(-1e-4 <= x <= 1.0001 for x in linear):
            break
    return "#" + "".join(f"{_round(_encode(min(1.0, max(0.0, x))) * 255):02x}" for x in linear)


def contrast(one: str, other: str) -> float:
    """Give the WCAG contrast ratio of two ``#rrggbb`` colours, 1..21."""
    a, b = (0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (_decode_hex(one), _decode_hex(other)))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def rgb(colour: str) -> tuple[int, int, int]:
    """Give the three bytes of a ``#rrggbb`` colour."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _ease(x: float) -> float:
    return 1.5 * x - 0.5 * x**3


def _round(x: float) -> int:
    # Half up, as in JavaScript; Python's round goes to even.
    return math.floor(x + 0.5)


def _linear_rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encode(x: float) -> float:
    return 12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055


def _decode_hex(colour: str) -> tuple[float, float, float]:
    r, g, b = (x / 255 for x in rgb(colour))
    r, g, b = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (r, g, b))
    return r, g, b
