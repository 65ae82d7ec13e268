"""`MusicVAE`: what a user holds. Music in, latent vectors, music out."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mvae_widgets.checkpoints import catalog
from mvae_widgets.checks import number, whole_number
from mvae_widgets.colour import Plane
from mvae_widgets.errors import ConfigError, MusicVAEWarning, NothingToEncodeError
from mvae_widgets.latent import interpolate
from mvae_widgets.music.clips import Clip, Clips, as_clips
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.backend import Vectors, choose_backend, make_backend
from mvae_widgets.operations.core import Core
from mvae_widgets.operations.dataspace import DataSpace
from mvae_widgets.operations.embed import Embedding
from mvae_widgets.operations.groove import GrooveOperations, hits_of
from mvae_widgets.operations.latent import LatentOperations
from mvae_widgets.operations.page import PageDecoding
from mvae_widgets.operations.posterior import Posterior

if TYPE_CHECKING:
    from note_seq import NoteSequence

__all__ = ["MusicVAE", "load"]

Music = Any
"""What `music.clips.as_clips` takes: a NoteSequence, PrettyMIDI, file, Clip or Clips, or a list of those."""

Chords = Sequence[str] | None
Array = np.ndarray[Any, Any]

BATCH = 512


class MusicVAE(LatentOperations, GrooveOperations, Embedding, DataSpace, PageDecoding, Core):
    """A trained MusicVAE on one device. Safe to call from several threads.

    Parameters
    ----------
    bundle
        Configuration, weights, card and plane.
    device, backend
        Where to run, and on what: ``"torch"`` or ``"numpy"``, whose arrays the weights are.
    """

    def __init__(self, bundle: catalog.Bundle, device: Any = "auto", backend: str = "torch") -> None:
        self.bundle = bundle
        self.name, self.config, self.card = bundle.name, bundle.config, bundle.card
        self.plane = Plane.from_dict(bundle.plane) if bundle.plane else None
        self.backend = make_backend(backend, bundle.config, bundle.state, device)
        self.converter = converter_for(bundle.config.family, **bundle.config.converter)
        # A widget's message may arrive on another thread while a cell runs.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        bars = f"{self.config.bars} bar{'s' if self.config.bars > 1 else ''}"
        what = f"{bars} of {self.config.family}, z {self.config.z_size}"
        return f"<MusicVAE {self.name}: {what}, {self.backend.name} on {self.device}>"

    @property
    def device(self) -> Any:
        """Where it runs: a ``torch.device``, or ``"cpu"`` on numpy."""
        return self.backend.device

    @property
    def network(self) -> Any:
        """The network: an `nn.vae.VAE`, or an `nn.numpy_backend.NumpyVAE`."""
        return self.backend.network

    def clips(self, music: Music) -> Clips:
        """Cut music into what the model takes.

        Parameters
        ----------
        music
            A NoteSequence, a file, or a list of them; clips are passed through.

        Returns
        -------
        Clips
            The clips in order of track and bar; ``.refused`` says what was left out, where, why, and what
            to do. Musical content never raises.
        """
        return as_clips(music, self.converter)

    def encode(self, music: Music, chords: Chords = None) -> Posterior:
        """Posterior of each clip: mu and sigma ``[n, z]``.

        Parameters
        ----------
        music
            What `clips` takes.
        chords
            Chord symbols spread evenly over each clip, for a model that hears chords; those of the piece,
            or inferred ones, if not given.

        Raises
        ------
        NothingToEncodeError
            If nothing in the music, or in one piece of a list, is of a kind that the model takes.
        ConfigError
            If the model takes no chords, or not these.
        """
        return self._encode(self.some(music), chords)

    def decode(
        self,
        z: Vectors | Iterable[Any],
        temperature: float | None = None,
        seed: int | None = None,
        qpm: float = 120.0,
        program: int | Sequence[int] = 0,
        chords: Chords = None,
        hits: Music | None = None,
    ) -> list[NoteSequence]:
        """Music at points of latent space.

        Parameters
        ----------
        z
            ``[n, z]``, or ``[z]`` for one.
        temperature
            None for the likeliest event at every step; above 0 draws, 1 as the model believes.
        seed
            Of the draws.
        qpm
            Tempo of the sequences.
        program
            General MIDI sound of the melodies, one for all or one each.
        chords
            Chord symbols such as ``["C", "Am", "F", "G7"]``, spread evenly over the clip, for a model that
            takes chords; none sound if not given.
        hits
            A drum clip whose hits are to be played, for a groove model.

        Returns
        -------
        list of NoteSequence
            One each, all as long as the model's clip.
        """
        return [clip.sequence for clip in self.decode_clips(z, temperature, seed, qpm, program, chords, hits)]

    def decode_clips(
        self,
        z: Vectors | Iterable[Any],
        temperature: float | None = None,
        seed: int | None = None,
        qpm: float = 120.0,
        program: int | Sequence[int] = 0,
        chords: Chords = None,
        hits: Music | None = None,
    ) -> Clips:
        """As `decode`, but clips: the tokens beside the music, ready to be measured or encoded again."""
        qpm = number(qpm, "The tempo", above=0)
        if hits is None or self.config.family != "groove" or self.config.control_depth:
            controls, played = self._decoder_controls(chords, hits), None
        else:
            controls, played = None, hits_of([self.first_clip(hits)])
        outputs = self._decode(self._latents(z), temperature, seed, controls, played)
        programs = [program] * len(outputs) if isinstance(program, int) else program
        return Clips([self._to_clip(row, qpm, chords, sound) for row, sound in zip(outputs, programs, strict=True)])

    def sample(
        self,
        n: int,
        temperature: float = 0.5,
        seed: int | None = None,
        chords: Chords = None,
        hits: Music | None = None,
    ) -> list[NoteSequence]:
        """Draw n new clips from the prior: z from N(0, 1), then `decode`."""
        n = whole_number(n, "The number of samples", 1)
        z = self.backend.normal((n, self.config.z_size), self.backend.random(seed))
        return self.decode(z, temperature, None if seed is None else seed + 1, chords=chords, hits=hits)

    def reconstruct(self, music: Music) -> list[NoteSequence]:
        """Encode, then decode the means: what the model keeps of each clip, at the clip's tempo."""
        return self.reconstruct_clips(self.some(music))

    def reconstruct_clips(self, clips: Clips, hits: Array | None = None) -> list[NoteSequence]:
        """The same for clips; a groove may be given the hits to play, ``[n, steps, drums]``."""
        decoded = self._decode(self._encode(clips).mu, None, None, self._controls_of(clips), hits)
        return [
            self._to_clip(row, clip.qpm, clip.chords, clip.program).sequence
            for row, clip in zip(decoded, clips, strict=True)
        ]

    def interpolate(
        self, a: Music, b: Music, steps: int = 9, chords: Chords = None, hits: Music | None = None
    ) -> list[NoteSequence]:
        """Music along the arc from one clip to another, reconstructions of both ends among them.

        Parameters
        ----------
        a, b
            Of a longer piece the first clip is taken, with a `MusicVAEWarning` that says so.
        steps
            How many, at least 2.
        chords, hits
            Under all of them, as `decode` takes them.
        """
        steps = whole_number(steps, "The number of steps, both ends among them,", 2)
        start, end = self.first_clip(a), self.first_clip(b)
        mu, _ = self._encode(Clips([start, end]), chords).numpy()
        return self.decode(interpolate.path(mu[0], mu[1], steps), qpm=start.qpm, chords=chords, hits=hits)

    @property
    def has_places(self) -> bool:
        """Whether the model has a plane."""
        return self.plane is not None

    def place(self, z: Vectors) -> np.ndarray[Any, Any]:
        """Places ``[n, 2]`` in -1..1 on the model's plane, from which colours come; needs a plane.

        Raises
        ------
        ConfigError
            If the model has no plane.
        """
        if self.plane is None:
            raise ConfigError(f"{self.name} has no plane.", "Models trained with mvae_widgets have one.")
        return self.plane.place(self.backend.array(self._latents(z)))

    def first_clip(self, music: Music) -> Clip:
        """The first clip of some music; a `MusicVAEWarning` says so when there are more."""
        clips = self.some(music)
        if len(clips) > 1:
            warnings.warn(
                f"{self.name} holds {self.config.bars} bars: of {clips[0].title or 'the piece'} only "
                f"{clips[0].where} of {clips[0].track_name or 'the first track'} is used, "
                f"{len(clips)} clips were found. Pick another with model.clips(piece)[i].",
                MusicVAEWarning,
                stacklevel=3,
            )
        return clips[0]

    def some(self, music: Music) -> Clips:
        """The clips of the music; every piece must give at least one."""
        found = [self.clips(piece) for piece in music] if isinstance(music, list | tuple) else [self.clips(music)]
        if not found:
            raise NothingToEncodeError(f"{self.name} was given no music.", "Give at least one NoteSequence.")
        for k, clips in enumerate(found):
            if not clips:
                which = f" in number {k + 1} of {len(found)}" if len(found) > 1 else ""
                reasons = "; ".join(str(refusal) for refusal in clips.refused[:3])
                raise NothingToEncodeError(f"{self.name} finds nothing to encode{which}: {reasons or 'no music'}.")
        return Clips(
            [clip for clips in found for clip in clips],
            [refusal for clips in found for refusal in clips.refused],
        )

    def _encode(self, clips: Clips, chords: Chords = None) -> Posterior:
        inputs = [self.converter.inputs(clip.example) for clip in clips]
        controls = self._controls_of(clips) if chords is None else self._decoder_controls(chords, None)
        mu, sigma = [], []
        with self._lock:
            for start in range(0, len(inputs), BATCH):
                part = inputs[start : start + BATCH]
                x, lengths = np.stack([row for row, _, _ in part]), np.array([length for _, _, length in part])
                m, s = self.backend.encode(x, lengths, _rows(controls, start, len(part)))
                mu.append(m)
                sigma.append(s)
        return Posterior(self.backend.join(mu), self.backend.join(sigma), self.backend)

    def _decode(
        self,
        z: Vectors,
        temperature: float | None,
        seed: int | None,
        controls: Array | None,
        hits: Array | None = None,
    ) -> Array:
        """Decoder outputs ``[n, steps, output_depth]``."""
        if temperature is not None:
            temperature = number(temperature, "The temperature", above=0)
        random = None if temperature is None else self.backend.random(seed)
        outputs = []
        with self._lock:
            for start in range(0, len(z), BATCH):
                part = z[start : start + BATCH]
                told, played = (_rows(given, start, len(part)) for given in (controls, hits))
                outputs.append(self.backend.decode(part, temperature, random, told, played))
        return np.concatenate(outputs)

    def _controls_of(self, clips: Clips) -> Array | None:
        """What the clips themselves say of chords, keys or hits: ``[n, steps, control_depth]``."""
        if not self.config.control_depth:
            return None
        rows = [self.converter.inputs(clip.example)[1] for clip in clips]
        return np.stack([row for row in rows if row is not None])

    def _decoder_controls(self, chords: Chords, hits: Music | None) -> Array | None:
        """Controls that a user gives, for all examples alike: ``[1, steps, control_depth]``."""
        told_hits = bool(self.config.converter.get("hits_as_controls"))
        if hits is not None:
            if not told_hits:
                raise ConfigError(f"{self.name} plays no given hits.", "Leave out hits=, or load a groove model.")
            return self._controls_of(Clips([self.first_clip(hits)]))
        if chords is not None or (self.config.control_depth and not told_hits):
            figures = ["N.C."] if chords is None else chords
            return self.converter.chord_controls(figures)[None]
        if told_hits:
            raise ConfigError(f"{self.name} must be told its hits.", "Give hits=, a drum clip.")
        return None

    def _to_clip(self, outputs: Array, qpm: float, chords: Any = None, program: int = 0) -> Clip:
        """A clip that knows what it was decoded under: no chord and C where nothing is said."""
        tokens = self.converter.tokens_from(outputs)
        rules, keys = self.converter.rules, None
        if rules.chord_encoding is not None and not isinstance(chords, np.ndarray):
            controls = self.converter.chord_controls(["N.C."] if chords is None else chords)
            chords = controls[:, : rules.chord_encoding.classes].argmax(1).astype(np.uint8)
            keys = np.zeros(len(chords), np.uint8) if rules.condition_on_key else None
        return Clip(tokens, self.converter, qpm=qpm, program=program, chords=chords, keys=keys)

    def _latents(self, z: Any) -> Vectors:
        try:
            given = self.backend.vectors(z)
        except (TypeError, ValueError) as error:
            raise ConfigError("These are not latent vectors.", f"Give numbers, [n, {self.config.z_size}].") from error
        values = given[None] if given.ndim == 1 else given
        if values.ndim != 2 or values.shape[1] != self.config.z_size or not len(values):
            raise ConfigError(
                f"Latent vectors of shape {tuple(values.shape)} do not fit {self.name}.",
                f"It takes [n, {self.config.z_size}].",
            )
        if not np.isfinite(self.backend.array(values)).all():
            raise ConfigError("A latent vector holds a number that is not finite.", "Look for a division by zero.")
        return values


def load(name_or_path: str | Path, device: str = "auto", config: str | None = None, backend: str = "auto") -> MusicVAE:
    """Load a model.

    Parameters
    ----------
    name_or_path
        A built-in name such as ``"melody-2bar"``; the name of a published model such as
        ``"magenta/cat-mel_2bar_big"``, which is downloaded the first time (`models` lists all names); or a
        path: a folder or ``.safetensors`` file written by this package, a TensorFlow checkpoint (tar, or the
        prefix of a bundle) or a folder of a magenta.js model.
    device
        ``"auto"`` takes a CUDA GPU where there is one; else ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
    config
        Name of the configuration (`configs` lists them), where a checkpoint does not say it.
    backend
        ``"torch"``; ``"numpy"``, which needs no PyTorch, computes the same and draws other samples; ``"auto"``
        takes PyTorch where it is installed. Magenta's own files are read by PyTorch alone.

    Raises
    ------
    UnknownModelError
        If there is no such model; names the nearest.
    DownloadError
        If it cannot be downloaded.
    CheckpointError
        If its files are damaged, or of another model or configuration.
    ConfigError
        If there is no such device, backend or configuration.
    """
    chosen = choose_backend(backend)
    return MusicVAE(catalog.read_bundle(catalog.find(name_or_path), config, chosen), device, chosen)


def _rows(controls: Array | None, start: int, n: int) -> Array | None:
    """Controls of a part of the batch; one row stands for all."""
    if controls is None:
        return None
    return np.repeat(controls, n, axis=0) if len(controls) == 1 else controls[start : start + n]
