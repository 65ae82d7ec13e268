"""Attribute vectors: directions of latent space in which music gets more of something.

From Roberts et al. 2018, section 5.3 (MUSICVAE.md 5.3): the mean of the clips that have most of an attribute
minus the mean of those that have least. Two things are added: vectors from edits, which compare a clip with
itself changed instead of with other clips, and linear probes, with which some attributes are kept while
another moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mvae_widgets.checks import number
from mvae_widgets.errors import ConfigError

__all__ = ["BINS", "STEP", "AttributeVectors", "Kind", "checked_latents"]

FloatArray = npt.NDArray[np.float64]
Kind = Literal["edits", "quartiles"]

#: What a standard step asks for, in standard deviations of the attribute over the corpus.
STEP = 0.5
BINS = 31
#: How much longer than the plain vector a step may become to make up for what is kept.
LONGEST = 3.0
#: Least share of its effect that a direction must have left when others are kept.
LEAST_LEFT = 0.05
LEAST_HEARD = 0.1
WALK_STEPS = 8.0
WALK_POINTS = 32
#: To fall short of what was asked weighs more than to overshoot: a turn should be heard.
SHORT, FAR = 3.0, 0.02
#: How much of what is to be kept the ways of a walk heed.
LOCKED = (0.0, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class AttributeVectors:
    """The attribute vectors of a model, and how the attributes are spread over the corpus.

    A standard step of an attribute is so much of its vector that the linear probe expects half a standard
    deviation (`STEP`) of change, but never more than the whole vector.

    Parameters
    ----------
    names
        The attributes, k of them.
    vectors
        ``[k, z]``: mean of the top quartile minus mean of the bottom quartile, as in the paper.
    edits
        ``[k, z]``: mean of clips edited to have more minus mean of the same clips with less; rows of NaN for
        attributes without an edit.
    probes, fit
        ``[k, z]`` slopes of linear probes, in the attribute's unit a unit of z, and their ``[k]`` r squared.
    mean, std
        ``[k]``, in the attribute's unit.
    quantiles
        ``[k, 5]``: least, quartile, median, quartile, most.
    edges, counts
        Histograms: ``[k, 32]`` edges from the 0.5 to the 99.5 per cent quantile, ``[k, 31]`` counts; what
        lies outside is in the outermost bins.
    effect
        ``[k]``, above 0: mean change of the attribute by a standard step, as the probe expects it, or as
        measured on decoded music (`with_effect`).

    Raises
    ------
    ConfigError
        If the arrays do not fit each other, or hold numbers that are not finite.
    """

    names: tuple[str, ...]
    vectors: FloatArray
    edits: FloatArray
    probes: FloatArray
    fit: FloatArray
    mean: FloatArray
    std: FloatArray
    quantiles: FloatArray
    edges: FloatArray
    counts: FloatArray
    effect: FloatArray

    def __post_init__(self) -> None:
        k = len(self.names)
        widths: dict[str, tuple[int, ...]] = dict.fromkeys(("vectors", "edits", "probes"), np.shape(self.vectors)[1:])
        widths |= {"quantiles": (5,), "edges": (BINS + 1,), "counts": (BINS,)}
        for field in fields(self)[1:]:
            array = np.array(getattr(self, field.name), np.float64)
            if array.shape != (k, *widths.get(field.name, ())):
                raise ConfigError(f"The {field.name} of {k} attribute vectors have shape {array.shape}.")
            if field.name != "edits" and not np.isfinite(array).all():
                raise ConfigError(f"The {field.name} of the attribute vectors hold a number that is not finite.")
            array.setflags(write=False)
            object.__setattr__(self, field.name, array)

    def __repr__(self) -> str:
        """The names."""
        return f"<AttributeVectors, z {self.size}: {', '.join(self.names)}>"

    @property
    def size(self) -> int:
        """Length of the latent vectors."""
        return int(self.vectors.shape[1])

    def index(self, name: str) -> int:
        """Row of an attribute; `ConfigError` names those that there are."""
        if name not in self.names:
            raise ConfigError(f"There is no attribute vector {name!r}.", f"There are: {', '.join(self.names)}.")
        return self.names.index(name)

    def kinds(self, name: str) -> tuple[Kind, ...]:
        """How the vector of an attribute can be had, best first."""
        has_edits = bool(np.isfinite(self.edits[self.index(name)]).all())
        return ("edits", "quartiles") if has_edits else ("quartiles",)

    def direction(self, name: str, keep: Sequence[str] = (), kind: Kind | None = None) -> FloatArray:
        """One standard step of an attribute.

        Parameters
        ----------
        name
            The attribute.
        keep
            Attributes to be left alone: of the step is taken away, along the vectors of those, what their
            probes would notice; it is then made longer, up to three times, to have its effect again.
        kind
            ``"edits"`` or ``"quartiles"``; the first that there is by default.

        Returns
        -------
        ndarray
            ``[z]``.

        Raises
        ------
        ConfigError
            An unknown attribute; an attribute that is to be moved and kept; or one that cannot be told from
            the kept ones.
        """
        row = self.index(name)
        if kind not in (None, *self.kinds(name)):
            raise ConfigError(f"There is no vector of kind {kind!r} for {name}.", f"There is: {self.kinds(name)}.")
        vector = self.edits[row] if (kind or self.kinds(name)[0]) == "edits" else self.vectors[row]
        expected = float(self.probes[row] @ vector)
        wanted = STEP * self.std[row]
        step: FloatArray = vector * (min(1.0, wanted / expected) if expected > 0 else 1.0)
        if not keep:
            return step
        kept = self._kept(keep, (name,))
        free = step - self.vectors[kept].T @ np.linalg.pinv(self.probes[kept] @ self.vectors[kept].T) @ (
            self.probes[kept] @ step
        )
        before, left = self.probes[row] @ step, self.probes[row] @ free
        if left <= LEAST_LEFT * before:
            raise ConfigError(
                f"{name} cannot be moved while {', '.join(keep)} stay: in this corpus they go together.",
                "Keep fewer attributes.",
            )
        longest = LONGEST * np.linalg.norm(step) / np.linalg.norm(free)
        again: FloatArray = free * min(before / left, longest)
        return again

    def move(
        self, z: npt.ArrayLike, amounts: Mapping[str, float], keep: Sequence[str] = (), kind: Kind | None = None
    ) -> FloatArray:
        """Latent vectors moved by standard steps: plain arithmetic, ``z + sum of amount * direction``.

        Parameters
        ----------
        z
            ``[n, z]`` or ``[z]``.
        amounts
            Standard steps of each attribute, negative for less.
        keep, kind
            As for `direction`.
        """
        moved: FloatArray = checked_latents(z, self.size) + self._sum(amounts, keep, kind)
        return moved

    def walk(
        self,
        z: npt.ArrayLike,
        amounts: Mapping[str, float],
        keep: Sequence[str] = (),
        kind: Kind | None = None,
        points: int = WALK_POINTS,
    ) -> FloatArray:
        """Places from z on along the asked direction: what `choose` chooses from once they are decoded.

        They reach 8 standard steps far, or twice as far as asked where that is more. With `keep` there are
        three ways: the plain one, the one that the probes say keeps, and the one between; linear probes know
        too little of a decoder to tell beforehand which is best.

        Returns
        -------
        ndarray
            ``[n, 1 + points, z]``, or ``[n, 1 + 3 points, z]`` with `keep`; z itself first.
        """
        start = np.atleast_2d(checked_latents(z, self.size))[:, None]
        largest = max((abs(a) for a in amounts.values()), default=0.0)
        reach = max(WALK_STEPS, 2 * largest) / largest if largest else 0.0
        along = np.linspace(0.0, reach, points + 1)[1:, None]
        plain, kept = self._sum(amounts, (), kind), self._sum(amounts, keep, kind)
        ways = [plain + share * (kept - plain) for share in (LOCKED if keep else (0.0,))]
        places: FloatArray = np.concatenate([start, *(start + along * way for way in ways)], axis=1)
        return places

    def choose(
        self, measured: Mapping[str, npt.ArrayLike], amounts: Mapping[str, float], keep: Sequence[str] = ()
    ) -> npt.NDArray[np.int64]:
        """Of the places of a walk the one that has what was asked, the nearest to its start among equals.

        Parameters
        ----------
        measured
            Attributes of the decoded places, ``[n, places]`` each.
        amounts, keep
            As they were asked of `walk`. What the kept attributes change, the root of the sum of their
            squares, counts against a place.

        Returns
        -------
        ndarray
            ``[n]``: index of the place.
        """
        self._kept(keep, tuple(amounts))
        shape = np.shape(next(iter(measured.values())))
        points = (shape[1] - 1) // (len(LOCKED) if keep else 1)
        far = np.concatenate([[0], np.arange(shape[1] - 1) % max(points, 1) + 1])
        cost, drift = np.broadcast_to(FAR * far, shape).copy(), np.zeros(shape)
        for name in (*amounts, *keep):
            values = np.asarray(measured[name], np.float64)
            change = (values - values[:, :1]) / self.std[self.index(name)]
            asked = STEP * number(amounts.get(name, 0.0), f"The amount of {name}")
            ahead = (change - asked) * np.where(asked < 0, -1.0, 1.0)
            price = change**2 if name in keep else np.where(ahead < 0, -SHORT * ahead, ahead)
            # Silence has no pitch, and where the clip had none any will do.
            blind = np.isnan(values[:, :1])
            price = np.where(np.isnan(change), np.where(blind, 0.0, np.inf), price)
            if name in keep:
                drift += price
            else:
                cost += price
        cost += np.sqrt(drift)
        best: npt.NDArray[np.int64] = cost.argmin(1)
        return best

    def asked(self, before: Mapping[str, npt.ArrayLike], amounts: Mapping[str, float]) -> dict[str, FloatArray]:
        """The values that a turn asks for, given those measured before it: plus half a deviation a step."""
        return {
            name: np.asarray(before[name], np.float64) + amount * STEP * self.std[self.index(name)]
            for name, amount in amounts.items()
        }

    def with_effect(self, effect: npt.ArrayLike) -> AttributeVectors:
        """The same vectors with the effects that were measured on decoded music, ``[k]``.

        Where next to nothing was heard (under a tenth of what the probe expects, or NaN) the expected effect
        stays, so that an effect is always above 0 and can be divided by.
        """
        heard = np.asarray(effect, np.float64)
        return replace(self, effect=np.where(heard > LEAST_HEARD * self.effect, heard, self.effect))

    def to_dict(self) -> dict[str, Any]:
        """Lists and numbers, to seven digits, as JSON can hold them; None for a row without edits."""
        data: dict[str, Any] = {"names": list(self.names)}
        for field in fields(self)[1:]:
            rows = getattr(self, field.name)
            data[field.name] = [_rounded(row) for row in rows]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AttributeVectors:
        """Read what `to_dict` gave.

        Raises
        ------
        ConfigError
            When a part is missing or is not what `AttributeVectors` takes.
        """
        try:
            parts = {field.name: data[field.name] for field in fields(cls)}
            names = tuple(str(name) for name in parts.pop("names"))
            size = len(parts["vectors"][0])
            parts["edits"] = [[np.nan] * size if row is None else row for row in parts["edits"]]
            return cls(names, **{name: np.asarray(rows, np.float64) for name, rows in parts.items()})
        except (KeyError, TypeError, ValueError, IndexError):
            raise ConfigError("These are no attribute vectors.", "They are what to_dict gives.") from None

    def _sum(self, amounts: Mapping[str, float], keep: Sequence[str], kind: Kind | None) -> FloatArray:
        total = np.zeros(self.size)
        self._kept(keep, tuple(amounts))
        if kind not in (None, "edits", "quartiles"):
            raise ConfigError(f"There is no kind of vectors {kind!r}.", 'Use "edits" or "quartiles".')
        for name, amount in amounts.items():
            chosen = kind if kind in self.kinds(name) else None
            total += number(amount, f"The amount of {name}") * self.direction(name, keep, chosen)
        return total

    def _kept(self, keep: Sequence[str], moved: Sequence[str]) -> list[int]:
        if isinstance(keep, str):
            raise ConfigError(f"keep is the word {keep!r}.", f'Give a list of names: keep=("{keep}",).')
        for name in moved:
            if name in keep:
                raise ConfigError(f"{name} cannot be moved and kept at once.", "Leave it out of keep.")
        return [self.index(name) for name in keep]


def checked_latents(z: npt.ArrayLike, size: int) -> FloatArray:
    """Latent vectors ``[..., size]`` as float64; `ConfigError` for others and for NaN."""
    try:
        points = np.asarray(z, np.float64)
    except (TypeError, ValueError):
        raise ConfigError("These are not latent vectors.", f"Give numbers, [n, {size}].") from None
    if points.ndim not in (1, 2) or points.shape[-1] != size:
        raise ConfigError(f"Latent vectors of shape {points.shape} do not fit.", f"These take [n, {size}].")
    if not np.isfinite(points).all():
        raise ConfigError("A latent vector holds a number that is not finite.", "Look for a division by zero.")
    return points


def _rounded(row: npt.NDArray[Any]) -> Any:
    if row.ndim and np.isnan(row).all():
        return None
    rounded = [float(f"{x:.7g}") for x in np.atleast_1d(row).tolist()]
    return rounded if row.ndim else rounded[0]
