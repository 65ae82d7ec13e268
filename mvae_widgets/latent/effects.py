"""What attribute vectors do to decoded music: the paper's matrix (Roberts et al. 2018, section 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from mvae_widgets.latent.attributes import AttributeVectors, Kind, checked_latents

__all__ = ["Effects", "evaluate_attributes", "step_effects"]

FloatArray = npt.NDArray[np.float64]
Measure = Callable[[FloatArray], Mapping[str, npt.ArrayLike]]

NORMAL_95 = 1.959964
TYPICAL_TURN = 2.0


@dataclass(frozen=True, eq=False)
class Effects:
    """Mean change of every attribute (columns) by every vector (rows), with half widths of 95 % intervals.

    Parameters
    ----------
    names
        The attributes, k of them.
    change, margin
        ``[k, k]``, in the unit of the attribute of the column.
    base, std
        ``[k]``: mean of each attribute on the unmoved samples; its standard deviation over the corpus.
    samples
        How many samples were moved.
    """

    names: tuple[str, ...]
    change: FloatArray
    margin: FloatArray
    base: FloatArray
    std: FloatArray
    samples: int

    @property
    def percent(self) -> tuple[FloatArray, FloatArray]:
        """Change and margin in per cent of the attribute's mean on the unmoved samples, as in the paper."""
        return 100 * self.change / self.base, 100 * self.margin / np.abs(self.base)

    @property
    def deviations(self) -> tuple[FloatArray, FloatArray]:
        """Change and margin in per cent of the attribute's standard deviation over the corpus."""
        return 100 * self.change / self.std, 100 * self.margin / self.std


def evaluate_attributes(
    vectors: AttributeVectors,
    z: npt.ArrayLike,
    measure: Measure,
    amount: float | None = 1.0,
    *,
    lock: bool = False,
    kind: Kind | None = None,
    progress: bool = True,
) -> Effects:
    """Add and subtract each vector to samples, decode, and measure every attribute.

    Parameters
    ----------
    vectors
        Of the model.
    z
        Samples, ``[n, z]``: draws of the prior, as in the paper, or posterior means of clips.
    measure
        Decodes ``[n, z]`` and measures what it hears: attribute -> ``[n]``.
    amount
        Standard steps; None for the whole vector of the paper, not shortened to a step.
    lock
        Whether each vector is to keep all other attributes.
    kind
        Which vectors, as `AttributeVectors.direction` takes it.
    progress
        Whether to show a bar.

    Returns
    -------
    Effects
        Half the difference between more and less, clip by clip: its mean, and 1.96 standard errors of it.
        Clips on which an attribute is undefined before or after are left out for that attribute.
    """
    points = np.atleast_2d(checked_latents(z, vectors.size))
    before = measure(points)
    base = np.array([_mean(np.asarray(before[name], np.float64)) for name in vectors.names])
    change = np.zeros((len(vectors.names), len(vectors.names)))
    margin = np.zeros_like(change)
    for row, name in enumerate(tqdm(vectors.names, desc="attributes", disable=not progress)):
        if amount is None:
            step = vectors.vectors[row]
        else:
            others = [other for other in vectors.names if other != name] if lock else []
            step = amount * vectors.direction(name, others, kind)
        more, less = measure(points + step), measure(points - step)
        for column, other in enumerate(vectors.names):
            half = (np.asarray(more[other], np.float64) - np.asarray(less[other], np.float64)) / 2
            change[row, column] = _mean(half)
            half = half[np.isfinite(half)]
            margin[row, column] = NORMAL_95 * half.std(ddof=1) / np.sqrt(len(half)) if len(half) > 1 else np.nan
    return Effects(vectors.names, change, margin, base, vectors.std, len(points))


def step_effects(vectors: AttributeVectors, z: npt.ArrayLike, measure: Measure, progress: bool = True) -> FloatArray:
    """What a standard step changes of its own attribute, ``[k]``: half of what two steps do.

    A decoder answers to small moves with nothing and then with a whole note; two steps, a standard deviation,
    are a typical turn. Parameters as for `evaluate_attributes`.
    """
    effects = evaluate_attributes(vectors, z, measure, TYPICAL_TURN, progress=progress)
    per_step: FloatArray = effects.change.diagonal() / TYPICAL_TURN
    return per_step


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
