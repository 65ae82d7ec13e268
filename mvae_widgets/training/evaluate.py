"""The one way in which a model is measured, for its card and for `mvae-widgets evaluate` (MUSICVAE.md 3.4, 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.errors import ReadError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training.dataset import Source, load_clips, load_tunes
from mvae_widgets.training.evaluate_groove import groove_sums
from mvae_widgets.training.feeds import check_tokens
from mvae_widgets.training.measure import (
    Group,
    Sums,
    accuracy,
    found_in,
    onset_sums,
    parts_of,
    right_steps,
    usual_events,
    usual_steps,
)
from mvae_widgets.training.measure_data import HELD_OUT, material_for
from mvae_widgets.training.measure_multitrack import rendered_sums
from mvae_widgets.training.measure_path import evaluate_paths
from mvae_widgets.training.measure_prior import evaluate_prior
from mvae_widgets.training.passes import WAYS, Decoded, decode_all

__all__ = ["Report", "Scope", "evaluate", "measure_clips", "part_sums"]

# Long clips take long to decode one step after another: of these many steps, drawn at random, are measured.
MOST_STEPS = 170_000
SAMPLES = 2000

Tokens = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Parameters
    ----------
    split
        ``"train"``, ``"valid"`` or ``"test"``.
    clips
        Of each group at most so many, drawn at random; None for as many as make 170,000 steps.
    samples
        Samples of the prior; None for 2,000, but no more than make 170,000 steps.
    pairs
        Pairs of clips between which paths are walked.
    temperature
        Of the samples; None for the likeliest.
    seed
        Of all draws.
    progress
        Whether to show bars.
    """

    split: str = "test"
    clips: int | None = None
    samples: int | None = None
    pairs: int = 100
    temperature: float | None = 0.5
    seed: int = 0
    progress: bool = True


@dataclass(frozen=True)
class Report:
    """What was measured of one model.

    Parameters
    ----------
    name, config
        What it is called, and its shape.
    scope
        How much was measured.
    groups
        By name: parts of the music that it learnt from, and collections held out.
    prior, paths
        See `measure_prior.evaluate_prior` and `measure_path.evaluate_paths`.
    parameters
        Numbers of the network.
    training_clips
        Distinct clips that it has learnt from; None where that is not known.
    """

    name: str
    config: ModelConfig
    scope: Scope
    groups: dict[str, Group]
    prior: dict[str, Any]
    paths: dict[str, Any]
    parameters: int
    training_clips: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: what cards and tables are written from."""
        scope = self.scope
        return {
            "name": self.name,
            "family": self.config.family,
            "bars": self.config.bars,
            "hierarchical": bool(self.config.decoder_levels),
            "parameters": self.parameters,
            "training_clips": self.training_clips,
            "split": scope.split,
            "seed": scope.seed,
            "measured": {name: group.numbers(scope.seed) for name, group in self.groups.items()},
            "prior": self.prior,
            "paths": self.paths,
        }


def evaluate(
    model: VAE, data: Path, learnt: Sequence[Source] | None, scope: Scope | None = None, name: str = ""
) -> Report:
    """Measure a model on prepared clips.

    The splits keep tunes and performances apart, not windows: common patterns occur on both sides. So each group
    also says what share of it the training clips hold (melodies in some key), and is measured a second time
    without those.

    Parameters
    ----------
    model
        In eval mode, on any device.
    data
        Folder of prepared files.
    learnt
        What it has learnt from; None where that is not known.
    scope
        How much to measure.
    name
        What it is called, if not as its configuration.

    Raises
    ------
    ReadError
        If the folder holds nothing for this model, or tokens that it does not know.
    ConfigError
        If its clips are of another kind than those of prepared files.
    """
    scope, called = scope or Scope(), name or model.config.name
    config, material = model.config, material_for(model.config, data, learnt)
    train, weights = load_clips(data, material.train, "train", config.steps)
    check_tokens(train, config)
    groups: dict[str, Group] = {}
    main: Tokens | None = None
    nothing: ReadError | None = None
    for name, sources in material.groups.items():
        try:
            loaded = load_tunes(data, sources, scope.split, config.steps)
        except ReadError as error:
            nothing = nothing or error
            continue  # not every collection has clips of this split and length
        check_tokens(loaded.tokens, config)
        chosen = _some(len(loaded.tokens), scope, config.steps)
        clips, tunes = loaded.tokens[chosen], loaded.tunes[chosen]
        main = clips if main is None else main
        decoded = decode_all(model, clips, scope.seed, scope.progress, f"{called}, {name}")
        known = found_in(clips, train, config) if material.learnt else None
        for part, sums in measure_clips(clips, decoded, train, config).items():
            # Models of one part have the group's name, those of several the parts', and of which collections.
            many = config.family == "trio"
            words = (f"{part}, {name}" if name == HELD_OUT else part) if many else name
            groups[words] = Group(sums, tunes, len(loaded.tokens), known)
    if main is None:
        assert nothing is not None
        raise nothing
    samples = scope.samples or min(SAMPLES, MOST_STEPS // config.steps)
    prior = evaluate_prior(
        model, train, weights, samples, scope.temperature, scope.seed, material.learnt, scope.progress
    )
    paths = evaluate_paths(model, main, scope.pairs, scope.seed, scope.progress)
    parameters = sum(p.numel() for n, p in model.named_parameters() if ".bias_hh_" not in n)
    learnt_clips = len(train) if material.learnt else None
    return Report(called, config, scope, groups, prior, paths, parameters, learnt_clips)


def measure_clips(tokens: Tokens, decoded: Decoded, train: Tokens, config: ModelConfig) -> dict[str, dict[str, Sums]]:
    """Measure reconstruction, part by part.

    Parameters
    ----------
    tokens, decoded
        Clips ``[n, steps, ...]``, and what the model makes of them.
    train
        Training clips: what the baselines know.
    config
        Of the model.

    Returns
    -------
    dict
        For each part the measures of `part_sums`, for grooves those of `evaluate_groove.groove_sums`, for
        multitracks also those of `measure_multitrack.rendered_sums` (argmax); and ``kl_bits``, but of a plain
        autoencoder. Drums and events are also compared with what is usual in their place (``usual_beat``,
        ``usual_event``).
    """
    kl = {"kl_bits": Sums.mean(decoded.kl)} if np.isfinite(decoded.kl).all() else {}
    if config.family == "groove":
        return {config.family: groove_sums(tokens, decoded, train, config) | kl}
    ways = {way: parts_of(decoded.way(way), config) for way in WAYS}
    measured = {}
    for name, truth in parts_of(tokens, config).items():
        sums = part_sums(truth, {way: parts[name] for way, parts in ways.items()}, config.family == "multitrack")
        if truth.ndim == 3:
            sums["usual_beat"] = accuracy(truth, usual_steps(train, config)[None])
        if config.family == "multitrack":
            sums["usual_event"] = accuracy(truth, usual_events(train)[None])
            sums |= rendered_sums(truth, ways["argmax"][name], config)
        measured[name] = sums | kl
    return measured


def part_sums(truth: Tokens, found: dict[str, Tokens], events: bool = False) -> dict[str, Sums]:
    """Measure one part: ``[n, steps]`` of a melody or of events, ``[n, steps, 9]`` of drums.

    Returns
    -------
    dict
        Shares of right steps (of drums, all nine) of each of `passes.WAYS`: ``teacher_forced`` (argmax under
        the true history, z = mu), ``teacher_forced_sampled_z``, ``temperature_1`` (decoded freely at
        temperature 1 from a posterior sample, the paper's measure), ``argmax`` (decoded freely from mu); share
        of ``exact`` clips and ``onset_f1`` of the argmax decoding (not of events); and what a melody that
        always holds, or drums that are always silent, would score (``always_hold``, ``always_empty``).
    """
    sums = {way: accuracy(truth, tokens) for way, tokens in found.items()}
    right = right_steps(truth, found["argmax"])
    sums["exact"] = Sums.mean(np.asarray((right | (truth < 0) if events else right).all(1), np.float64))
    if events:
        return sums
    sums["onset_f1"] = onset_sums(truth, found["argmax"])
    baseline = "always_empty" if truth.ndim == 3 else "always_hold"
    return sums | {baseline: accuracy(truth, np.zeros_like(truth))}


def _some(n: int, scope: Scope, steps: int) -> Tokens:
    """Which of n clips are measured, in order."""
    most = scope.clips or max(1, MOST_STEPS // steps)
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(scope.seed).choice(n, most, replace=False))
