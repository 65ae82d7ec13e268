"""Much music at once, and what is made from it: a `Corpus` of where its clips lie, and maps of it."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from mvae_widgets.checks import as_path, needs_torch, whole_number
from mvae_widgets.colour import Plane
from mvae_widgets.columns import as_columns, spread
from mvae_widgets.corpus import Corpus
from mvae_widgets.errors import ConfigError, MusicVAEWarning, NothingToEncodeError
from mvae_widgets.latent.project import Projection, fit_pca, plane_projection
from mvae_widgets.latent.umap_projection import fit_umap
from mvae_widgets.operations.core import Core
from mvae_widgets.operations.embedder import Embedder, Mapper

if TYPE_CHECKING:
    from mvae_widgets.latent.constraints import Constraints, Range
    from mvae_widgets.latent.midime import MidiMe

__all__ = ["Embedding"]

Kind = Literal["plane", "pca", "pca3", "umap"]

BATCH = 512


class Embedding(Core):
    """Corpora, and what is made from them."""

    plane: Plane | None

    def embed(
        self,
        music: Any,
        path: str | Path | None = None,
        columns: Any = None,
        batch: int = BATCH,
        mapper: Mapper = map,
    ) -> Corpus:
        """Encode much music, and keep what is known of each clip beside where it lies.

        Parameters
        ----------
        music
            What `clips` takes; folders (all music files in them, sorted, also in folders within); lists of
            those, in which a file that cannot be read is left out and listed; or tokens ``[n, ...]``, a row
            a clip (for melodies ``[n, steps]``: 0 hold, 1 note-off, 2 + pitch - lowest pitch).
        path
            Where the corpus is kept (``.npz``). It is written from time to time and when interrupted
            (Ctrl-C, the stop button); a second call with the same music and path goes on from there and
            gives the same numbers as if it had never stopped. A finished one is read and returned.
        columns
            What else is known: a dict of arrays, a pandas or polars DataFrame, a numpy record array or a list;
            a row a clip, or a row a piece (a file, or an element of a list).
        batch
            Clips encoded at once.
        mapper
            How the music is read and cut into clips: one piece after another, or, with `training.workers.spread`,
            on all cores or a cluster. The result is the same.

        Returns
        -------
        Corpus
            With ``.attributes`` where the model's music can be measured; ``.left_out`` says which pieces gave no
            clip and why, and a `MusicVAEWarning` how many.

        Raises
        ------
        NothingToEncodeError
            If no piece gives a clip.
        ConfigError
            If the file at `path` is of other music or of another model, or a column has the wrong length.
        ReadError
            If there is a file at `path` that is no corpus.
        """
        batch = whole_number(batch, "The batch", 1)
        file = None if path is None else as_path(path, "The file of the corpus")
        embedder = Embedder(self, self.fingerprint, file, batch, mapper)
        extra, pieces = as_columns(columns), embedder.pieces(music)
        if not pieces:
            raise NothingToEncodeError(f"{self.name} was given no music.", "Give files, sequences or clips.")
        if isinstance(pieces[0], np.ndarray):
            spread(extra, len(pieces), None, 0)
        corpus, new = embedder.run(pieces)
        if file is not None and new:
            corpus.save(file)
        if extra:
            corpus = corpus.with_columns(extra)
            if file is not None:
                corpus.save(file)
        if corpus.left_out:
            warnings.warn(
                f"{len(corpus.left_out)} of {len(pieces)} pieces were left out; .left_out says which and why. "
                f"The first: {corpus.left_out[0]}",
                MusicVAEWarning,
                stacklevel=2,
            )
        return corpus

    def map(self, corpus: Corpus, kind: Kind = "plane", seed: int = 0) -> Projection:
        """Make a map of a corpus, on which any place can be decoded: ``model.decode(projection.inverse(xy))``.

        Parameters
        ----------
        corpus
            What `embed` gave.
        kind
            ``"plane"``, the model's own, on which up is higher and right is busier; ``"pca"`` or ``"pca3"``,
            principal components in two or three dimensions; ``"umap"`` (needs umap-learn).
        seed
            For UMAP.

        Returns
        -------
        Projection
            ``.coordinates [n, d]`` of the clips, ``.project(z)`` and ``.inverse(xy)``.

        Raises
        ------
        ConfigError
            If there is no such kind, the corpus is of another model or too small, or the model has no plane.
        """
        self._of_this_model(corpus)
        if kind == "plane":
            if self.plane is None:
                raise ConfigError(
                    f"{self.name} has no plane.", 'Models trained with mvae_widgets have one; take "pca".'
                )
            return plane_projection(self.plane, corpus.mu)
        if kind == "pca":
            return fit_pca(corpus.mu, 2)
        if kind == "pca3":
            return fit_pca(corpus.mu, 3)
        if kind == "umap":
            return fit_umap(corpus.mu, seed=seed)
        raise ConfigError(f"There is no map of kind {kind!r}.", f"Use one of: {', '.join(get_args(Kind))}.")

    def constrain(self, corpus: Corpus, wanted: Mapping[str, Range], seed: int = 0) -> Constraints:
        """Train latent constraints (Engel et al. 2017): then ``model.decode(constraints.sample(8))``.

        Parameters
        ----------
        corpus
            What `embed` gave, some thousand clips.
        wanted
            Attribute -> (least, most), None for no bound: ``{"note_density": (0.4, 0.6)}``. Any of
            ``corpus.attributes``, or a column of numbers.
        seed
            The same seed, the same constraints.

        Raises
        ------
        ConfigError
            If there is no such attribute, or too few clips have or have not what is asked.
        """
        needs_torch("Training latent constraints")
        from mvae_widgets.latent.constraints import fit_constraints

        self._of_this_model(corpus)
        numbers = {name: values for name, values in corpus.columns.items() if values.dtype.kind in "biuf"}
        return fit_constraints(corpus.mu, corpus.sigma, {**numbers, **corpus.attributes}, wanted, seed)

    def midime(self, clips: Any, dimensions: int = 4, epochs: int | None = None, seed: int = 0) -> MidiMe:
        """Train a personal palette on one's own clips (MidiMe): then ``model.decode(palette.sample(8))``.

        Parameters
        ----------
        clips
            Music, as `encode` takes it, or a `Corpus`.
        dimensions
            Of the palette.
        epochs
            Updates; some hundred by default.
        seed
            The same seed, the same palette.
        """
        needs_torch("Training a MidiMe palette")
        from mvae_widgets.latent.midime import EPOCHS, fit_midime

        if isinstance(clips, Corpus):
            self._of_this_model(clips)
            mu: Any = clips.mu
        else:
            mu, _ = self.encode(clips).numpy()
        return fit_midime(mu, dimensions, EPOCHS if epochs is None else epochs, seed)

    def _of_this_model(self, corpus: Corpus) -> None:
        if not isinstance(corpus, Corpus):
            raise ConfigError(f"{type(corpus).__name__} is no corpus.", "Give what model.embed returns.")
        of_another = corpus.origin.weights not in ("", self.fingerprint)
        if of_another or corpus.mu.shape[1] != self.config.z_size:
            raise ConfigError(
                f"This corpus is of {corpus.origin.model} with z {corpus.mu.shape[1]}, not of this {self.name}.",
                "Embed its clips with this model.",
            )

    @cached_property
    def fingerprint(self) -> str:
        """A number of the model's configuration and weights: what a corpus belongs to."""
        digest = hashlib.sha256(json.dumps(self.config.to_dict(), sort_keys=True).encode())
        for name, tensor in sorted(self.bundle.state.items()):
            digest.update(name.encode())
            digest.update(np.asarray(tensor).tobytes())
        return digest.hexdigest()
