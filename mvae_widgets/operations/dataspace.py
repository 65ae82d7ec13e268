"""Data space beside latent space: the paper's baseline and its two measures (MUSICVAE.md 5.4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mvae_widgets.checkpoints.language_models import shipped_card, shipped_judge
from mvae_widgets.checks import whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.music import dataspace
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.operations.core import Core

__all__ = ["DataSpace"]

# Family, steps a quarter, lowest and highest pitch of what the shipped language model has learnt.
KNOWN = ("melody", 4, 21, 108)


class DataSpace(Core):
    """What can be done with clips without encoding them."""

    def data_sample(self, n: int, seed: int | None = 0) -> Clips:
        """Random clips of data space: each step an independent token, all tokens equally likely.

        Parameters
        ----------
        n
            How many.
        seed
            The same seed gives the same clips; None gives fresh ones.

        Returns
        -------
        Clips
            Noise, nearly always; to be shown and played beside `sample`, as in the article's first figure.
        """
        n = whole_number(n, "The number of samples", 1)
        drawn = dataspace.random_tokens(self.converter, n, _seed(seed))
        rules = self.converter.rules
        # No chord, and the key of C, for a model that hears them.
        none = np.zeros(drawn.shape[1], np.uint8)
        chords = None if rules.chord_encoding is None else none
        keys = none if rules.condition_on_key else None
        return Clips([Clip(tokens, self.converter, chords=chords, keys=keys) for tokens in drawn])

    def data_interpolate(self, a: Any, b: Any, steps: int = 9, seed: int | None = 0) -> Clips:
        """Clips between two, mixed in data space: each step taken from `b` with probability alpha, else from `a`.

        Parameters
        ----------
        a, b
            What `clips` takes; of a longer piece the first clip, with a `MusicVAEWarning` that says so.
        steps
            How many, at least 2. Alpha runs evenly from 0 to 1, as the latent path of `interpolate` does.
        seed
            Of the draws. Each step of the music draws one number for the whole path: at every alpha the steps
            are independent, and what has come from `b` once stays so (`music.dataspace.mix`).

        Returns
        -------
        Clips
            The ends are the clips themselves. Those between have the tempo of `a`, and the sound and chords of
            the nearer end.

        Raises
        ------
        NothingToEncodeError
            If there is no clip in `a` or `b`.
        ConfigError
            If `steps` is no whole number from 2.
        """
        steps = whole_number(steps, "The number of steps, both ends among them,", 2)
        start, end = self.first_clip(a), self.first_clip(b)
        alphas = np.linspace(0.0, 1.0, steps)[1:-1]
        mixed = dataspace.mix(start.tokens, end.tokens, alphas, _seed(seed))
        if self.config.family == "multitrack":
            mixed = dataspace.ended(mixed, self.converter)
        between = [
            Clip(tokens, self.converter, program=near.program, qpm=start.qpm, chords=near.chords, keys=near.keys)
            for tokens, near in zip(mixed, (start if alpha <= 0.5 else end for alpha in alphas), strict=True)
        ]
        return Clips([start, *between, end])

    def distance(self, a: Any, b: Any) -> float:
        """Hamming distance: the share of steps in which two clips differ, 0 to 1.

        Parameters
        ----------
        a, b
            As for `data_interpolate`. Steps of drums and trios differ if any of their parts does, steps of
            grooves if other drums are hit; rows of multitracks are events.

        Raises
        ------
        NothingToEncodeError
            If there is no clip in `a` or `b`.
        """
        return dataspace.hamming(self.first_clip(a).tokens, self.first_clip(b).tokens, self.config.family)

    def bar_likeness(self, music: Any) -> np.ndarray[Any, Any]:
        """How alike the bars of a clip are: ``[bars, bars]``, the share of steps in which two bars are the same.

        What comes back in a tune (AABA, a refrain) shows as bright squares beside the diagonal. Two clips of one
        structure have matrices alike, whatever their notes are.

        Parameters
        ----------
        music
            What `clips` takes; of a longer piece the first clip, with a `MusicVAEWarning` that says so.

        Raises
        ------
        NothingToEncodeError
            If there is no clip.
        ConfigError
            If a clip of this model has one bar, or no steps.
        """
        bars = self.config.bars
        if bars < 2 or self.config.family == "multitrack":
            raise ConfigError(f"A clip of {self.name} has no bars to be compared.", "Load a model of several bars.")
        return dataspace.bar_likeness(self.first_clip(music).tokens, bars, self.config.family)

    @property
    def has_cost(self) -> bool:
        """Whether `cost` can be asked: of melodies in 16ths of MIDI pitches 21 to 108, of any number of bars."""
        spec = self.converter.clip_spec
        return (spec.family, spec.steps_per_quarter, spec.min_pitch, spec.max_pitch) == KNOWN

    @property
    def cost_quantiles(self) -> dict[str, float]:
        """What clips that the language model has learnt from cost: share of them that cost less -> bits a step."""
        return dict(shipped_card()["cost_quantiles"]) if self.has_cost else {}

    def cost(self, music: Any) -> np.ndarray[Any, Any]:
        """How surprising each clip is to the shipped language model: ``[n]``, mean bits a step.

        The model (`nn.language_model`, its card in ``weights/melody-lm``) reads a clip from its first bar line
        on and knows nothing of latent space. A model that knew nothing at all would ask log2(90) = 6.49 bits of
        every step. Note-offs that end no note count as holds: what sounds alike costs the same.

        Parameters
        ----------
        music
            What `clips` takes.

        Raises
        ------
        ConfigError
            If there is no language model for this kind of music.
        NothingToEncodeError
            If there is no clip in the music.
        """
        if not self.has_cost:
            raise ConfigError(
                f"There is no language model for the clips of {self.name}.",
                "It knows melodies in 16ths, MIDI pitches 21 to 108.",
            )
        tokens = dataspace.audible(np.stack([clip.tokens for clip in self.some(music)]))
        return shipped_judge(self.backend.name, str(self.backend.device))(tokens)


def _seed(seed: int | None) -> int | None:
    return None if seed is None else whole_number(seed, "A seed", 0)
