"""The work of `MusicVAE.embed`: batch by batch, kept in a file, taken up again where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from mvae_widgets.checks import as_path
from mvae_widgets.columns import as_columns
from mvae_widgets.corpus import Corpus, Origin, join
from mvae_widgets.errors import ConfigError, NothingToEncodeError, ReadError
from mvae_widgets.music.clips import Clip, Clips, as_clips
from mvae_widgets.music.converter import Converter
from mvae_widgets.music.io import MUSIC_SUFFIXES
from mvae_widgets.music.library import note_seq
from mvae_widgets.operations.core import Core

__all__ = ["Embedder", "Mapper"]

Array = np.ndarray[Any, Any]

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or what does the same on several cores or machines, in order."""

#: Seconds between two writings of an unfinished corpus.
SAVE_EVERY = 30.0


@dataclass(frozen=True)
class _Piece:
    """Some music to cut, its number, and what cuts it."""

    music: Any
    number: int
    converter: Converter
    steps: int


@dataclass(frozen=True)
class _Batch:
    """Clips to encode together, the piece of each, and where in the music the batch ends."""

    clips: list[Clip]
    pieces: list[int]
    done: tuple[int, int]


class Embedder:
    """Encodes much music with one model.

    Parameters
    ----------
    model
        The model.
    fingerprint
        Of its weights.
    file
        Where the corpus is kept, if anywhere.
    batch
        Clips encoded at once.
    mapper
        How the music is read and cut.
    """

    def __init__(self, model: Core, fingerprint: str, file: Path | None, batch: int, mapper: Mapper = map) -> None:
        self.model, self.fingerprint, self.file, self.batch = model, fingerprint, file, batch
        self.mapper = mapper

    def run(self, pieces: list[Any]) -> tuple[Corpus, bool]:
        """The corpus of some pieces, and whether anything was encoded for it that the file does not hold."""
        origin = self._origin(pieces)
        before = self._begun(origin)
        if before is not None and before.origin.done is None:
            return before, False
        return self._encode(pieces, origin, before), True

    def _encode(self, pieces: list[Any], origin: Origin, before: Corpus | None) -> Corpus:
        parts = [] if before is None else [before]
        start = (0, 0) if before is None else before.origin.done or (0, 0)
        left_out = {} if before is None else dict(enumerate(before.left_out, -len(before.left_out)))
        saved = time.monotonic()

        def kept() -> Corpus:
            done = parts[-1].origin.done
            gone = tuple(line for k, line in left_out.items() if done is None or k < done[0])
            parts[:] = [replace(join(parts), origin=replace(origin, done=done), left_out=gone)]
            return parts[0]

        try:
            with tqdm(total=len(pieces), initial=start[0], desc="embed", unit=_unit(pieces)) as progress:
                for part in self._batches(pieces, start, left_out):
                    parts.append(self._encoded(part, pieces, origin))
                    progress.update(part.done[0] - progress.n)
                    if self.file is not None and time.monotonic() - saved > SAVE_EVERY:
                        kept().save(self.file)
                        saved = time.monotonic()
                progress.update(len(pieces) - progress.n)
        except KeyboardInterrupt:
            if self.file is not None and parts:
                kept().save(self.file)
            raise
        if not parts:
            raise NothingToEncodeError(
                f"{self.model.name} finds nothing to encode in {len(pieces)} pieces: "
                f"{'; '.join(list(left_out.values())[:3])}."
            )
        whole = join(parts)
        return replace(whole, origin=origin, left_out=tuple(left_out.values()))

    def _encoded(self, part: _Batch, pieces: list[Any], origin: Origin) -> Corpus:
        clips = Clips(part.clips)
        mu, sigma = self.model.encode(clips).numpy()
        measure = getattr(self.model, "measure", None)
        sources = [
            str(pieces[k]) if isinstance(pieces[k], Path) else getattr(pieces[k], "filename", "") for k in part.pieces
        ]
        columns = {
            "title": [c.title for c in clips],
            "track": [c.track_name for c in clips],
            "program": np.array([c.program for c in clips], np.int64),
            "bar": np.array([c.bar for c in clips], np.int64),
            "qpm": np.array([c.qpm for c in clips], np.float64),
            "source": sources,
            "piece": np.array(part.pieces, np.int64),
        }
        return Corpus(
            np.stack([c.tokens for c in clips]),
            mu,
            sigma,
            replace(origin, done=part.done),
            as_columns(columns),
            {} if measure is None else measure(clips),
            _stacked([c.chords for c in clips]),
            _stacked([c.keys for c in clips]),
        )

    def _batches(self, pieces: list[Any], start: tuple[int, int], left_out: dict[int, str]) -> Iterator[_Batch]:
        waiting: list[tuple[Clip, int]] = []
        jobs = (
            _Piece(pieces[k], k, self.model.converter, self.model.config.steps) for k in range(start[0], len(pieces))
        )
        for k, (clips, why) in enumerate(self.mapper(_clips_of, jobs), start[0]):
            if why:
                left_out[k] = why
            for i, clip in enumerate(clips):
                if (k, i) < start:
                    continue
                waiting.append((clip, k))
                if len(waiting) == self.batch:
                    yield _Batch([c for c, _ in waiting], [n for _, n in waiting], (k, i + 1))
                    waiting = []
        if waiting:
            yield _Batch([c for c, _ in waiting], [n for _, n in waiting], (len(pieces), 0))

    def pieces(self, music: Any) -> list[Any]:
        """Music as a list of files, sequences, clips or rows of tokens."""
        if hasattr(music, "dtype") and hasattr(music, "shape"):
            array = np.asarray(music)
            if array.dtype.kind not in "OUS":
                return self._tokens(array)
            music = array.tolist()
        if isinstance(music, str) and "\n" in music:
            return [music.encode()]
        if isinstance(music, str | Path):
            path = as_path(music, "The music")
            if not path.is_dir():
                return [path]
            return sorted(p for p in path.rglob("*") if p.suffix.lower() in MUSIC_SUFFIXES and p.is_file())
        if hasattr(music, "instruments") and hasattr(music, "get_tempo_changes"):
            return [note_seq().midi_to_note_sequence(music)]
        if isinstance(music, Clip | bytes) or (hasattr(music, "notes") and hasattr(music, "time_signatures")):
            return [music]
        if isinstance(music, Iterable):
            return [piece for part in music for piece in self.pieces(part)]
        raise ConfigError(
            f"{type(music).__name__} is not music.",
            "Give files, folders, NoteSequences, clips, tokens, or a list of those.",
        )

    def _tokens(self, tokens: Array) -> list[Array]:
        if tokens.ndim < 2:
            raise ConfigError(
                f"An array of shape {tokens.shape} and type {tokens.dtype} holds no clips.",
                f"Give tokens, a row of {self.model.config.steps} steps a clip.",
            )
        if tokens.shape[1] != self.model.config.steps:
            raise ConfigError(
                f"Clips of {tokens.shape[1]} steps do not fit {self.model.name}.",
                f"It takes {self.model.config.steps} steps.",
            )
        return [self.model.converter.tokens_from(row) for row in tokens]

    def _origin(self, pieces: list[Any]) -> Origin:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(hashlib.sha256(_content(piece)).digest())
        return Origin(
            self.model.name,
            self.model.config.family,
            self.model.config.converter,
            self.fingerprint,
            digest.hexdigest(),
            len(pieces),
        )

    def _begun(self, origin: Origin) -> Corpus | None:
        """What an earlier call left at the path, if it is of this model and this music."""
        file = self.file
        if file is None or not file.exists():
            return None
        before = Corpus.read(file)
        remedy = "Give another path, or delete the file."
        if before.origin.weights != origin.weights:
            raise ConfigError(f"'{file}' was made by another model, {before.origin.model}.", remedy)
        if before.origin.music != origin.music:
            raise ConfigError(f"'{file}' holds other music.", remedy)
        return before


def _clips_of(piece: _Piece) -> tuple[Clips, str]:
    """The clips of a piece, and why there are none."""
    music, converter = piece.music, piece.converter
    if isinstance(music, Clip):
        clips = as_clips(music, converter)
    elif isinstance(music, np.ndarray):
        # A row of tokens says nothing of chords and keys: none sound, in C.
        rules, nothing = converter.rules, np.zeros(piece.steps, np.uint8)
        chords = None if rules.chord_encoding is None else nothing
        clips = Clips([Clip(music, converter, chords=chords, keys=nothing if rules.condition_on_key else None)])
    else:
        try:
            clips = as_clips(music, converter)
        except ReadError as error:
            return Clips(), str(error)
    if clips:
        return clips, ""
    reasons = "; ".join(str(refusal) for refusal in clips.refused[:2]) or "no music"
    return clips, f"{_called(music, piece.number)}: {reasons}"


def _content(piece: Any) -> bytes:
    """What tells a piece from others."""
    if isinstance(piece, Path):
        try:
            return piece.name.encode() + b"\0" + piece.read_bytes()
        except OSError:
            return piece.name.encode()
    if isinstance(piece, Clip):
        arrays = [a for a in (piece.tokens, piece.chords, piece.keys) if a is not None]
        said = (piece.title, piece.track_name, piece.program, piece.bar, piece.qpm, piece.spec)
        return repr(said).encode() + b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)
    if isinstance(piece, np.ndarray):
        return np.ascontiguousarray(piece).tobytes()
    if isinstance(piece, bytes):
        return piece
    content: bytes = piece.SerializeToString(deterministic=True)
    return content


def _called(piece: Any, number: int) -> str:
    if isinstance(piece, Path):
        return piece.name
    metadata = getattr(piece, "sequence_metadata", None)
    return getattr(metadata, "title", "") or getattr(piece, "filename", "") or f"number {number + 1}"


def _unit(pieces: list[Any]) -> str:
    return "clip" if isinstance(pieces[0], np.ndarray | Clip) else "piece"


def _stacked(rows: list[Any]) -> Array | None:
    return np.stack(rows) if rows[0] is not None else None
