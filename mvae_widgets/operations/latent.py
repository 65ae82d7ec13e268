"""What is done with latent vectors: mixing, moving by attributes, neighbours, and how much z is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from tqdm.auto import tqdm

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.latent import interpolate
from mvae_widgets.latent.attribute_fit import fit_attributes
from mvae_widgets.latent.attributes import AttributeVectors, Kind, checked_latents
from mvae_widgets.latent.effects import Effects, evaluate_attributes, step_effects
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.music.edits import edits_for
from mvae_widgets.music.features import attributes_for
from mvae_widgets.operations.core import Core

if TYPE_CHECKING:
    from note_seq import NoteSequence

__all__ = ["LatentOperations"]

Array = np.ndarray[Any, Any]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Chords = Sequence[str] | None

BATCH = 512
EDITED = 20_000
"""Clips of a corpus that are edited, and ..."""
DECODED = 256
"""... that are decoded to measure what a step does."""
KL_ACTIVE = 0.05
VARIANCE_ACTIVE = 0.01


class LatentOperations(Core):
    """Operations on latent vectors, for models of every family."""

    _fitted: AttributeVectors | None = None

    def mean(self, music: Any, chords: Chords = None, hits: Any = None) -> NoteSequence:
        """What lies in the middle of some clips: the decoded mean of their mu, at the first one's tempo.

        Parameters
        ----------
        music
            Clips or whole pieces. The mean of many lies near the middle of latent space, where the model's
            most usual clips are.
        chords, hits
            As `MusicVAE.decode` takes them; so for the other operations here.
        """
        clips = self.some(music)
        middle = self._mu(clips).mean(0)
        return self._play(middle, clips[0].qpm, chords, hits, clips[0].program)[0]

    def path(
        self, music: Sequence[Any], steps: int, straight: bool = False, chords: Chords = None, hits: Any = None
    ) -> list[NoteSequence]:
        """Music along the arcs through many clips; with as many steps as clips, each clip is among them.

        Parameters
        ----------
        music
            Two waypoints at least; of a longer piece the first clip.
        steps
            How many, at least 2.
        straight
            Lines in place of arcs.
        chords, hits
            As `MusicVAE.decode` takes them.
        """
        steps = whole_number(steps, "The number of steps, both ends among them,", 2)
        ways = self._corners(music, "A path", 2)
        return self._play(interpolate.through(self._mu(ways), steps, straight), ways[0].qpm, chords, hits)

    def grid(
        self, corners: Sequence[Any], n: int = 7, straight: bool = False, chords: Chords = None, hits: Any = None
    ) -> list[list[NoteSequence]]:
        """Music between four clips, row by row from the top.

        Parameters
        ----------
        corners
            Top left, top right, bottom left, bottom right; of a longer piece the first clip.
        n
            Cells along an edge, at least 2.
        straight
            Lines in place of arcs.
        chords, hits
            As `MusicVAE.decode` takes them.
        """
        n = whole_number(n, "The number of cells along an edge", 2, 64)
        clips = self._corners(corners, "A grid", 4, 4)
        cells = interpolate.grid(self._mu(clips), n, straight)
        row = self._play(cells.reshape(n * n, -1), clips[0].qpm, chords, hits)
        return [row[k * n : (k + 1) * n] for k in range(n)]

    def similar(
        self,
        clip: Any,
        amount: float = 0.8,
        n: int = 4,
        seed: int | None = None,
        chords: Chords = None,
        hits: Any = None,
    ) -> list[NoteSequence]:
        """Variations of a clip: from its mu so far towards draws of the prior.

        magenta.js goes there in a straight line (MUSICVAE.md 5.2), half way on which every vector is
        shorter than both ends, and so duller: half the prior's variance. Here the way is an arc, which keeps
        the variance. The ends are the same.

        Parameters
        ----------
        clip
            Of a longer piece the first clip.
        amount
            1 gives the reconstruction, 0 draws that have nothing to do with the clip.
        n
            How many.
        seed
            Of the draws.
        chords, hits
            As `MusicVAE.decode` takes them.
        """
        amount = number(amount, "The amount", 0, 1)
        n = whole_number(n, "The number of variations", 1)
        first = self.first_clip(clip)
        mu = self._mu(Clips([first]))[0]
        noise = np.random.default_rng(seed).normal(size=(n, len(mu)))
        z = np.stack([interpolate.slerp(mu, draw, 1.0 - amount) for draw in noise])
        return self._play(z, first.qpm, chords, hits, first.program)

    def measure(self, music: Any) -> dict[str, FloatArray]:
        """Every attribute of every clip, ``[n]`` each; NaN where a clip has too few notes for it.

        Which there are depends on the model's family: `music.features.attributes_for`.
        """
        tokens = np.stack([clip.tokens for clip in self.some(music)])
        return {name: measure(tokens) for name, measure in self._measures.items()}

    @property
    def has_attributes(self) -> bool:
        """Whether there are attribute vectors, shipped or fitted."""
        return self._fitted is not None or self.bundle.attributes is not None

    @property
    def attributes(self) -> AttributeVectors:
        """The attribute vectors: those of `fit_attributes`, else those beside the weights.

        Raises
        ------
        ConfigError
            If there are none.
        """
        if self._fitted is None:
            if self.bundle.attributes is None:
                raise ConfigError(
                    f"{self.name} has no attribute vectors.", "Make them from your clips: model.fit_attributes(clips)."
                )
            self._fitted = AttributeVectors.from_dict(self.bundle.attributes)
        return self._fitted

    def fit_attributes(self, corpus: Any, seed: int = 0, progress: bool = True) -> AttributeVectors:
        """Find the attribute vectors of this model from a corpus, and keep them on the model.

        Parameters
        ----------
        corpus
            A `Corpus`, clips, or any music; thousands of clips for vectors worth having.
        seed
            Of the clips that are edited, and of those that are decoded to measure what a step does.
        progress
            Whether to show bars.

        Raises
        ------
        ConfigError
            If there are fewer than eight clips, or no attribute differs between them.
        """
        mu, clips = self._located(corpus, progress)
        if not len(clips):
            raise ConfigError("There are no clips to find attribute vectors from.", "Give a Corpus, clips or music.")
        tokens = corpus.tokens if hasattr(corpus, "mu") else np.stack([clip.tokens for clip in clips])
        values = {name: measure(tokens) for name, measure in self._measures.items()}
        chosen = np.random.default_rng(seed).permutation(len(mu))
        vectors = fit_attributes(mu, values, self._edited(clips, tokens, chosen[:EDITED], seed, progress))
        self._fitted = vectors.with_effect(self._step_effects(vectors, mu[chosen[:DECODED]], progress))
        return self._fitted

    def shift(
        self,
        music: Any,
        amounts: Mapping[str, float],
        keep: Sequence[str] = (),
        search: bool = True,
        kind: Kind | None = None,
        chords: Chords = None,
        hits: Any = None,
    ) -> list[NoteSequence]:
        """Clips with more or less of some attributes.

        Parameters
        ----------
        music
            Clips or a piece, of which every clip is moved.
        amounts
            Standard steps by attribute: ``{"note_density": +1}`` asks for half a standard deviation more.
        keep
            Attributes to leave as they are, as well as the vectors can.
        search
            Whether to walk along the vector, listening, to the first place that has what was asked; one
            vector is too long for some clips and too short for others. Else plain arithmetic, ``z + steps``.
        kind
            ``"quartiles"`` for the vectors of the paper where there are better ones.
        chords, hits
            As `MusicVAE.decode` takes them.

        Returns
        -------
        list of NoteSequence
            One a clip, at its tempo.

        Raises
        ------
        ConfigError
            If there are no attribute vectors, or not these.
        """
        clips, vectors = self.some(music), self.attributes
        z = self._mu(clips)
        if search:
            places = vectors.walk(z, amounts, keep, kind)
            heard = self._heard(places.reshape(-1, z.shape[1]), chords, hits)
            best = vectors.choose({k: v.reshape(places.shape[:2]) for k, v in heard.items()}, amounts, keep)
            z = places[np.arange(len(z)), best]
        else:
            z = vectors.move(z, amounts, keep, kind)
        moved = self.decode_clips(z, chords=chords, hits=hits)
        return [
            replace(new, qpm=clip.qpm, program=clip.program).sequence for new, clip in zip(moved, clips, strict=True)
        ]

    def evaluate_attributes(
        self,
        n: int = 500,
        amount: float | None = 1.0,
        lock: bool = False,
        kind: Kind | None = None,
        seed: int = 0,
        progress: bool = True,
    ) -> Effects:
        """The paper's matrix: what each vector does to every attribute of n samples of the prior.

        Parameters
        ----------
        n, seed
            How many samples, drawn how.
        amount, lock, kind, progress
            As `latent.effects.evaluate_attributes` takes them.
        """
        n = whole_number(n, "The number of samples", 2)
        z = np.random.default_rng(seed).normal(size=(n, self.config.z_size))
        return evaluate_attributes(self.attributes, z, self._heard, amount, lock=lock, kind=kind, progress=progress)

    def nearest(self, clip: Any, corpus: Any, n: int = 8) -> tuple[np.ndarray[Any, np.dtype[np.int64]], FloatArray]:
        """The clips of a corpus that lie nearest to a clip.

        Parameters
        ----------
        clip
            Of a longer piece the first clip.
        corpus
            A `Corpus`, clips, any music, or latent vectors ``[m, z]``.
        n
            How many; all of a smaller corpus.

        Returns
        -------
        indices, distances
            Into the corpus, nearest first; Euclidean, between posterior means.
        """
        n = whole_number(n, "The number of neighbours", 1)
        mu = self._located(corpus)[0]
        if not len(mu):
            raise ConfigError("The corpus is empty.", "Give at least one clip.")
        away = np.linalg.norm(mu - self._mu(Clips([self.first_clip(clip)]))[0], axis=1)
        order = np.argsort(away, kind="stable")[:n]
        return order, away[order]

    def kl_per_dimension(self, corpus: Any) -> FloatArray:
        """Mean KL divergence of the posteriors from the prior in each dimension, ``[z]``, in nats."""
        mu, sigma = self._posteriors(corpus)
        kl: FloatArray = 0.5 * (mu**2 + sigma**2 - 1 - 2 * np.log(sigma)).mean(0)
        return kl

    def active_dimensions(
        self, corpus: Any, rule: Literal["kl", "variance"] = "kl", threshold: float | None = None
    ) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The dimensions that say something of the music, those that say most first.

        Parameters
        ----------
        corpus
            A `Corpus`, clips, or any music.
        rule
            ``"kl"``: mean KL above 0.05 nats. ``"variance"``: variance of mu over the corpus above 0.01
            (Burda et al. 2016, section 5).
        threshold
            Another bound.
        """
        if rule == "kl":
            told = self.kl_per_dimension(corpus)
        elif rule == "variance":
            told = self._posteriors(corpus)[0].var(0)
        else:
            raise ConfigError(f"There is no rule {rule!r}.", 'Use "kl" or "variance".')
        bound = {"kl": KL_ACTIVE, "variance": VARIANCE_ACTIVE}[rule] if threshold is None else threshold
        order = np.argsort(-told, kind="stable")
        return order[told[order] > number(bound, "The threshold", 0)]

    @cached_property
    def _measures(self) -> Any:
        return attributes_for(self.converter)

    def _mu(self, clips: Any) -> FloatArray:
        return self.encode(clips).numpy()[0]

    def _play(
        self, z: FloatArray, qpm: float, chords: Chords, hits: Any, program: int | Sequence[int] = 0
    ) -> list[NoteSequence]:
        return [c.sequence for c in self.decode_clips(z, qpm=qpm, program=program, chords=chords, hits=hits)]

    def _heard(self, z: FloatArray, chords: Chords = None, hits: Any = None) -> dict[str, FloatArray]:
        """Attributes of the music at places of latent space."""
        return self.measure(self.decode_clips(z, chords=chords, hits=hits))

    def _corners(self, music: Any, what: str, least: int, most: int | None = None) -> Clips:
        pieces = list(music) if isinstance(music, list | tuple | Clips) else [music]
        if len(pieces) < least or (most is not None and len(pieces) > most):
            bound = f"{least}" if most == least else f"{least} or more"
            raise ConfigError(f"{what} needs {bound} clips, not {len(pieces)}.", "Give them as a list.")
        return Clips([self.first_clip(piece) for piece in pieces])

    def _step_effects(self, vectors: AttributeVectors, z: FloatArray, progress: bool) -> FloatArray:
        told = self.config.converter.get("hits_as_controls")
        silence = Clip(self.converter.rules.silence(), self.converter) if told else None
        return step_effects(vectors, z, lambda points: self._heard(points, hits=silence), progress)

    def _edited(
        self, clips: Sequence[Clip], tokens: Array, chosen: Array, seed: int, progress: bool
    ) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Posterior means of edited clips, by attribute: less, more."""
        edited = {}
        for name, edit in edits_for(self.converter).items():
            less, more = edit(tokens[chosen], seed)
            differ = (less != more).reshape(len(less), -1).any(1)
            if differ.any():
                sides = [
                    [Clip(row, self.converter, chords=clips[i].chords, keys=clips[i].keys) for row, i in pairs]
                    for pairs in (zip(side[differ], chosen[differ], strict=True) for side in (less, more))
                ]
                edited[name] = (self._encoded(sides[0], progress)[0], self._encoded(sides[1], progress)[0])
        return edited

    def _encoded(self, clips: Sequence[Clip], progress: bool) -> tuple[FloatArray, FloatArray]:
        quiet = not progress or len(clips) <= BATCH
        starts = tqdm(range(0, len(clips), BATCH), desc="encode", unit="batch", disable=quiet)
        parts = [self.encode(Clips(clips[start : start + BATCH])).numpy() for start in starts]
        return np.concatenate([mu for mu, _ in parts]), np.concatenate([sigma for _, sigma in parts])

    def _located(self, corpus: Any, progress: bool = True) -> tuple[FloatArray, Sequence[Clip]]:
        """Posterior means ``[n, z]`` and clips of a corpus, of music, or of latent vectors (no clips)."""
        if hasattr(corpus, "mu") and hasattr(corpus, "clips"):
            return np.asarray(corpus.mu, np.float64), corpus.clips
        if isinstance(corpus, np.ndarray):
            return np.atleast_2d(checked_latents(corpus, self.config.z_size)), ()
        if isinstance(corpus, list | tuple | Clips) and not len(corpus):
            return np.empty((0, self.config.z_size)), ()
        clips = self.some(corpus)
        return self._encoded(clips, progress)[0], clips

    def _posteriors(self, corpus: Any) -> tuple[FloatArray, FloatArray]:
        if hasattr(corpus, "mu") and hasattr(corpus, "sigma"):
            mu, sigma = np.asarray(corpus.mu, np.float64), np.asarray(corpus.sigma, np.float64)
        elif isinstance(corpus, list | tuple | Clips) and not len(corpus):
            mu = sigma = np.empty((0, self.config.z_size))
        else:
            mu, sigma = self._encoded(self.some(corpus), True)
        if not len(mu):
            raise ConfigError("The corpus is empty.", "Give at least one clip.")
        return mu, sigma
