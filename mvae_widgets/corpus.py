"""`Corpus`: many clips of one model with where they lie in latent space and what is known of each.

Held as arrays, so that 100,000 clips take little more than their latent vectors; a `Clip` is made when
it is asked for. A corpus is what `MusicVAE.embed` gives and what maps, attribute vectors, constraints and
palettes are made from.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
import numpy.typing as npt

from mvae_widgets.checks import as_path
from mvae_widgets.columns import as_columns, spread
from mvae_widgets.errors import ConfigError, MusicVAEWarning, ReadError
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.converter import Converter
from mvae_widgets.music.families import converter_for
from mvae_widgets.whole_files import DAMAGED, write_whole

__all__ = ["Corpus", "Origin", "join"]

Array = npt.NDArray[Any]

FORMAT = 1
#: What a clip itself says, and the type that it must have for a clip to be made of it again.
CLIP_COLUMNS: dict[str, type] = {"title": str, "track": str, "program": int, "bar": int, "qpm": float}


@dataclass(frozen=True)
class Origin:
    """Which model made a corpus, of which music, and how far it got.

    Parameters
    ----------
    model
        Name of the model.
    family, converter
        The music it speaks and the settings of its converter.
    weights
        Fingerprint of its weights.
    music
        Fingerprint of the music; empty for a part of a corpus and for one made by hand.
    pieces
        How many pieces the music had: files, sequences, or clips given one by one.
    done
        Of an unfinished corpus the pieces done and the clips done of the one that follows; else None.
    """

    model: str
    family: str
    converter: dict[str, Any] = field(default_factory=dict)
    weights: str = ""
    music: str = ""
    pieces: int = 0
    done: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Clips of one model, their posteriors, and columns of what is known of each.

    Parameters
    ----------
    tokens
        What the model reads, ``[n, ...]``: `Clip.tokens` of each.
    mu, sigma
        Posterior means and standard deviations, ``[n, z]`` float32.
    origin
        The model, and the music.
    columns
        Arrays ``[n]``: title, track, program, bar, qpm, source (the file), piece (number of the piece
        among those given), and the user's own. Words are arrays of `str` objects, times datetime64.
    attributes
        Arrays ``[n]``: what was measured on the clips; NaN where it cannot be.
    chords, keys
        Classes ``[n, steps]`` for a model that is conditioned on them.
    left_out
        A line for each piece that gave no clip: which, and why.

    Raises
    ------
    ConfigError
        If the arrays are not of one length, or a latent vector is not finite.
    """

    tokens: Array
    mu: Array
    sigma: Array
    origin: Origin
    columns: dict[str, Array] = field(default_factory=dict)
    attributes: dict[str, Array] = field(default_factory=dict)
    chords: Array | None = None
    keys: Array | None = None
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("mu", "sigma"):
            values = np.asarray(getattr(self, name), np.float32)
            if values.ndim != 2 or len(values) != len(self.tokens):
                raise ConfigError(f"{name} of shape {values.shape} does not fit {len(self.tokens)} clips.")
            if not np.isfinite(values).all():
                raise ConfigError(f"{name} holds numbers that are not finite.", "Leave those clips out.")
            object.__setattr__(self, name, values)
        if self.mu.shape != self.sigma.shape:
            raise ConfigError(f"mu {self.mu.shape} and sigma {self.sigma.shape} are not of one shape.")
        object.__setattr__(self, "columns", _checked(as_columns(self.columns), len(self)))
        object.__setattr__(self, "attributes", as_columns(self.attributes))
        for name, values in {**self._controls, **self.columns, **self.attributes}.items():
            if len(values) != len(self):
                raise ConfigError(f"The column {name!r} has {len(values)} values for {len(self)} clips.")

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Clip]:
        return (self._clip(i) for i in range(len(self)))

    @overload
    def __getitem__(self, which: int | np.integer[Any]) -> Clip: ...
    @overload
    def __getitem__(self, which: slice | Array | Sequence[int] | Sequence[bool]) -> Corpus: ...
    def __getitem__(self, which: Any) -> Clip | Corpus:
        """One clip for a number; the corpus of some for a slice, a mask ``[n]`` or an array of numbers.

        Raises
        ------
        IndexError
            If there is no clip of that number.
        ConfigError
            If a mask is of another length, or this is none of these.
        """
        if isinstance(which, slice):
            return self._rows(np.arange(len(self))[which])
        index = np.asarray(which)
        if index.ndim == 0 and np.issubdtype(index.dtype, np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f"There is no clip {index} among {len(self)}.")
            return self._clip(int(index) % len(self))
        if index.ndim == 1 and index.size == 0:
            return self._rows(np.empty(0, np.int64))
        if index.ndim == 1 and index.dtype == object and all(isinstance(x, bool | np.bool_) for x in index):
            index = index.astype(bool)
        if index.ndim == 1 and index.dtype == bool:
            if len(index) != len(self):
                raise ConfigError(f"A mask of {len(index)} does not fit {len(self)} clips.", "Give one value a clip.")
            return self._rows(np.flatnonzero(index))
        if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
            raise ConfigError(
                f"{type(which).__name__} does not choose clips.",
                "Give a number, a slice, a mask or an array of numbers.",
            )
        if ((index < -len(self)) | (index >= len(self))).any():
            raise IndexError(f"There are {len(self)} clips; the numbers go from {index.min()} to {index.max()}.")
        return self._rows(index % max(len(self), 1))

    def __repr__(self) -> str:
        unfinished = "" if self.origin.done is None else ", unfinished"
        clips = f"{len(self):,} clip{'' if len(self) == 1 else 's'}"
        lines = [f"<Corpus: {clips} of {self.origin.model}, z {self.mu.shape[1]}{unfinished}>"]
        lines += [f"  {what}: {', '.join(names)}" for what, names in self._names.items() if names]
        if self.left_out:
            lines.append(f"  left out: {len(self.left_out):,} of {self.origin.pieces:,} pieces, see .left_out")
        return "\n".join(lines)

    @property
    def clips(self) -> Sequence[Clip]:
        """The clips as a sequence; each is made when it is asked for."""
        return _LazyClips(self)

    @cached_property
    def converter(self) -> Converter:
        """The converter of the model."""
        return converter_for(self.origin.family, **self.origin.converter)

    def with_columns(self, columns: Any) -> Corpus:
        """The corpus with more columns; those of the same name are replaced.

        Parameters
        ----------
        columns
            A dict of arrays, a pandas or polars DataFrame or Series, a numpy record array, a list of dicts
            or of values (which is then called ``label``). One row a clip, or one a piece.

        Raises
        ------
        ConfigError
            If a column has neither length, or a clip's own (`title`, `track`, `program`, `bar`, `qpm`) gets
            what it cannot be.
        """
        new = spread(as_columns(columns), len(self), self.columns.get("piece"), self.origin.pieces)
        return replace(self, columns={**self.columns, **new})

    def save(self, path: str | Path) -> Path:
        """Write the corpus to one ``.npz`` file; there whole, or not at all.

        Raises
        ------
        MusicVAEError
            If the file cannot be written.
        """
        path = as_path(path, "The file of the corpus")
        arrays: dict[str, Array] = {"tokens": self.tokens, "mu": self.mu, "sigma": self.sigma, **self._controls}
        for kind, group in (("column", self.columns), ("attribute", self.attributes)):
            for k, values in enumerate(group.values()):
                arrays |= _packed(f"{kind}{k}", values)
        header = {"format": FORMAT, "origin": asdict(self.origin), "left_out": self.left_out, **self._names}
        arrays["header"] = _json(header)
        return write_whole(path, lambda file: np.savez(file, **cast("dict[str, Any]", arrays)))

    @classmethod
    def load(cls, path: str | Path) -> Corpus:
        """Read what `save` wrote; of an unfinished corpus what is done, with a `MusicVAEWarning`.

        Raises
        ------
        ReadError
            If there is no such file, or it is damaged, or no corpus.
        """
        path = as_path(path, "The file of the corpus")
        corpus = cls.read(path)
        if corpus.origin.done is not None:
            warnings.warn(
                f"'{path}' is unfinished: {len(corpus):,} clips of {corpus.origin.done[0]:,} of "
                f"{corpus.origin.pieces:,} pieces. model.embed with the same music and path goes on.",
                MusicVAEWarning,
                stacklevel=2,
            )
        return corpus

    @classmethod
    def read(cls, path: Path) -> Corpus:
        """As `load`, without the warning."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                header = json.loads(data["header"].tobytes())
                if header["format"] != FORMAT:
                    raise ReadError(f"'{path}' is of a later version.", "Update mvae_widgets.")
                done = header["origin"].pop("done")
                columns, attributes = (
                    {name: _unpacked(f"{kind}{k}", data) for k, name in enumerate(header[kind + "s"])}
                    for kind in ("column", "attribute")
                )
                return cls(
                    data["tokens"],
                    data["mu"],
                    data["sigma"],
                    Origin(**header["origin"], done=None if done is None else (int(done[0]), int(done[1]))),
                    columns,
                    attributes,
                    **{name: data[name] for name in ("chords", "keys") if name in data},
                    left_out=tuple(header["left_out"]),
                )
        except FileNotFoundError:
            raise ReadError(f"There is no file '{path}'.", "model.embed(music, path) writes one.") from None
        except (*DAMAGED, AttributeError, ConfigError) as error:
            raise ReadError(f"'{path}' is no corpus, or damaged: {error}.", "Embed the music again.") from error

    @property
    def _controls(self) -> dict[str, Array]:
        return {k: v for k, v in (("chords", self.chords), ("keys", self.keys)) if v is not None}

    @property
    def _names(self) -> dict[str, list[str]]:
        return {"columns": list(self.columns), "attributes": list(self.attributes)}

    def _clip(self, i: int) -> Clip:
        said = {name: kind(self.columns[name][i]) for name, kind in CLIP_COLUMNS.items() if name in self.columns}
        if "track" in said:
            said["track_name"] = said.pop("track")
        controls = {name: values[i] for name, values in self._controls.items()}
        return Clip(self.tokens[i], self.converter, **said, **controls)

    def _rows(self, index: npt.NDArray[np.integer[Any]]) -> Corpus:
        return Corpus(
            self.tokens[index],
            self.mu[index],
            self.sigma[index],
            replace(self.origin, music="", done=None),
            {name: values[index] for name, values in self.columns.items()},
            {name: values[index] for name, values in self.attributes.items()},
            **{name: values[index] for name, values in self._controls.items()},
            left_out=self.left_out,
        )


class _LazyClips(Sequence[Clip]):
    """The clips of a corpus."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __len__(self) -> int:
        return len(self._corpus)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        chosen = self._corpus[index]
        return chosen.clips if isinstance(chosen, Corpus) else chosen

    def __repr__(self) -> str:
        return f"<{len(self):,} clips>"


def join(parts: Sequence[Corpus]) -> Corpus:
    """Put corpora of one model together; columns and attributes that not all have are left out.

    Raises
    ------
    ConfigError
        If there is none, or they are of different models.
    """
    if not parts:
        raise ConfigError("There is no corpus to join.")
    first = parts[0]
    models = {(p.origin.model, p.origin.weights) for p in parts}
    if len(models) > 1:
        raise ConfigError(f"These corpora are of different models: {', '.join(sorted(m for m, _ in models))}.")

    def common(groups: list[dict[str, Array]]) -> dict[str, Array]:
        names = [name for name in groups[0] if all(name in group for group in groups)]
        return {name: np.concatenate([group[name] for group in groups]) for name in names}

    return Corpus(
        np.concatenate([p.tokens for p in parts]),
        np.concatenate([p.mu for p in parts]),
        np.concatenate([p.sigma for p in parts]),
        replace(first.origin, music="", done=None, pieces=sum(p.origin.pieces for p in parts)),
        common([p.columns for p in parts]),
        common([p.attributes for p in parts]),
        **common([p._controls for p in parts]),
        left_out=tuple(line for p in parts for line in p.left_out),
    )


def _checked(columns: Mapping[str, Array], n: int) -> dict[str, Array]:
    """Columns of which clips can be made: words where clips have words, numbers where numbers."""
    checked = dict(columns)
    for name, kind in CLIP_COLUMNS.items():
        values = checked.get(name)
        if values is None:
            continue
        if kind is str:
            checked[name] = np.array([str(value) for value in values], object)
        elif values.dtype.kind not in "iuf" or not np.isfinite(values).all() or (name == "qpm" and (values <= 0).any()):
            raise ConfigError(
                f"The column {name!r} does not hold what a clip needs.", f"Give numbers ({kind.__name__})."
            )
    return checked


def _packed(name: str, values: Array) -> dict[str, Array]:
    """Words as numbers and a list of the different ones: no pickle, and a title of many clips once."""
    if values.dtype != object:
        return {name: values}
    words: dict[str, int] = {}
    codes = np.array([words.setdefault(word, len(words)) for word in values], np.int32)
    return {name: codes, f"{name}.words": _json(list(words))}


def _unpacked(name: str, data: Mapping[str, Array]) -> Array:
    if f"{name}.words" not in data:
        return data[name]
    words = np.array([*json.loads(data[f"{name}.words"].tobytes()), ""], object)
    return words[data[name]]


def _json(value: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)
