"""Names -> models: those that ship with the package, those that Magenta published, and files of one's own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

from mvae_widgets.checkpoints import bundles
from mvae_widgets.checkpoints.bundles import CARD, WEIGHTS, Bundle, read_json, write_bundle, write_weights
from mvae_widgets.checkpoints.cache import cache_folder, fetch, fetched
from mvae_widgets.checkpoints.published import PREFIX, Published, aliases, published
from mvae_widgets.checkpoints.table import Column, html_table, text_table
from mvae_widgets.checks import as_path
from mvae_widgets.errors import CheckpointError, UnknownModelError
from mvae_widgets.nn.config import OWN

__all__ = [
    "BUILT_IN",
    "Bundle",
    "Model",
    "Models",
    "builtin_models",
    "find",
    "find_published",
    "models",
    "read_bundle",
    "write_bundle",
    "write_weights",
]

BUILT_IN = Path(__file__).parent.parent / "weights"
BUILT_IN_PLACE = "built in"
HELD_OUT = "held-out"


@dataclass(frozen=True)
class Model:
    """One line of `models`.

    Parameters
    ----------
    name
        What `load` takes.
    family, bars
        What it speaks and how long a clip is.
    size_mb
        Size of its files in millions of bytes.
    at_least
        Whether the files may be larger.
    place
        ``"built in"``, ``"fetched"`` or ``"to fetch"``.
    files
        ``"safetensors"``, ``"tar"``, ``"bundle"`` or ``"magenta.js"``.
    config
        The configuration of the paper that it is a checkpoint of, or None.
    about, licence, source
        What it is for, what is known of its licence, and where it comes from.
    accuracy
        Of each kind of music that it was measured on (a melody model's melodies and bass lines, a trio's
        parts): the share of steps, or of grooves the F1 of hits, that it gives back of clips that it has not
        learnt from, decoded at temperature 1 from a posterior sample; empty where that was not measured here.
    kl_bits
        Of the first of those; None where that was not measured, or where there is no KL.
    """

    name: str
    family: str
    bars: int
    size_mb: float
    at_least: bool
    place: str
    files: str
    config: str | None
    about: str
    licence: str
    source: str
    accuracy: Mapping[str, float] = field(default_factory=dict, hash=False)
    kl_bits: float | None = None

    @property
    def music(self) -> str:
        """In words: ``"2 bars of melody"``."""
        return f"{self.bars} bar{'s' if self.bars > 1 else ''} of {self.family}"

    @property
    def size(self) -> str:
        """In words: ``"17.7 MB"``, ``"over 538 MB"``."""
        number = f"{self.size_mb:,.1f}" if self.size_mb < 100 else f"{self.size_mb:,.0f}"
        return f"{'over ' if self.at_least else ''}{number} MB"

    @property
    def right(self) -> str:
        """`accuracy` in words: ``"0.902"``, of a trio's parts ``"0.753, 0.773, 0.863"``; ``"-"`` for none."""
        return ", ".join(f"{share:.3f}" for share in self.accuracy.values()) or "-"

    @property
    def kl(self) -> str:
        """`kl_bits` in words."""
        return "-" if self.kl_bits is None else f"{self.kl_bits:.1f}"

    @property
    def terms(self) -> str:
        """`licence` in a word or two."""
        return self.licence if self.place == BUILT_IN_PLACE else "not stated"


class Models(Sequence[Model]):
    """A readable table of models. ``models()["mel_2bar_small"]`` finds one by name."""

    COLUMNS: Mapping[str, Column] = {
        "name": Column("name", "What mvae_widgets.load takes"),
        "music": Column("music", "What a clip is"),
        "place": Column("place", "Whether it ships with the package, is fetched, or is to be fetched"),
        "size": Column("size", numbers=True),
        "right": Column(
            "right at T = 1",
            "Share of steps (of grooves F1 of hits) given back at temperature 1 of unknown clips",
            True,
        ),
        "kl": Column("KL bits", "What z holds of a clip", True),
        "terms": Column("licence"),
        "about": Column("about", long=True),
    }

    def __init__(self, rows: Sequence[Model]) -> None:
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._rows)

    def __contains__(self, item: object) -> bool:
        return item in self._rows or item in self.names

    @overload
    def __getitem__(self, index: int | str) -> Model: ...
    @overload
    def __getitem__(self, index: slice) -> Models: ...
    def __getitem__(self, index: int | str | slice) -> Model | Models:
        """One row by number or name, or a stretch of rows."""
        if isinstance(index, slice):
            return Models(self._rows[index])
        if isinstance(index, int):
            return self._rows[index]
        entry = find_published(index) or find_published(PREFIX + index)
        for row in self._rows:
            if row.name in (index, entry and entry.name):
                return row
        raise UnknownModelError(f"There is no model {index!r}.", _nearest(index))

    @property
    def names(self) -> list[str]:
        """What `load` takes."""
        return [row.name for row in self._rows]

    def only(self, family: str | None = None, bars: int | None = None, place: str | None = None) -> Models:
        """The rows of one family, length or place."""
        wanted = {"family": family, "bars": bars, "place": place}
        return Models([r for r in self._rows if all(v is None or getattr(r, k) == v for k, v in wanted.items())])

    def _cells(self) -> list[list[str]]:
        return [[str(getattr(row, name)) for name in self.COLUMNS] for row in self._rows]

    def __repr__(self) -> str:
        return text_table([*self.COLUMNS.values()], self._cells())

    def _repr_html_(self) -> str:
        titles = [[str(self._hint(row, name)) for name in self.COLUMNS] for row in self._rows]
        return html_table([*self.COLUMNS.values()], self._cells(), titles)

    @staticmethod
    def _hint(row: Model, column: str) -> str:
        if column == "right":
            return ", ".join(f"{name} {share:.3f}" for name, share in row.accuracy.items())
        return row.licence if column == "terms" else ""


def models() -> Models:
    """Every model with a name: those that ship with the package first, then those that Magenta published.

    Nothing is downloaded; `load` with a name does that.
    """
    return Models([*map(_built_in, builtin_models()), *map(_published, published().values())])


def builtin_models() -> list[str]:
    """Names of the models that ship with the package; not those of `language_models`, which have no latent space."""
    return [name for name in OWN if (BUILT_IN / name / WEIGHTS).is_file()]


def find_published(name: str) -> Published | None:
    """The published checkpoint of that name or alias."""
    return published().get(name) or aliases().get(name)


def find(name_or_path: str | Path, *, progress: bool = True) -> Path:
    """The folder or file of a model; a published one is fetched if the cache does not hold it.

    Parameters
    ----------
    name_or_path
        A built-in or published name, or a path. The prefix of a TensorFlow checkpoint is one, too.
    progress
        Show a progress bar while fetching.

    Raises
    ------
    UnknownModelError
        If it is neither a name nor a path that exists; names the nearest.
    DownloadError
        If it cannot be fetched.
    """
    name = str(as_path(name_or_path, "A model")) if not isinstance(name_or_path, str) else name_or_path
    if entry := find_published(name):
        return fetch(entry, progress=progress)
    if (found := _find_here(name)) is not None:
        return found
    if name.endswith(".index") or "://" in name:
        raise UnknownModelError(f"There is no file {name}.", "Fetch it and give the path of the copy.")
    raise UnknownModelError(
        f"There is no model {name!r}, neither built in nor published nor as a file or folder.", _nearest(name)
    )


def _find_here(name: str) -> Path | None:
    """A built-in model, or a path that exists."""
    try:
        if name in builtin_models():
            return BUILT_IN / name
        path = Path(name).expanduser()
        # The other files of a TensorFlow checkpoint name it as well as its index does.
        prefix = re.sub(r"\.(meta|data-\d{5}-of-\d{5})$", "", str(path))
        if Path(f"{prefix}.index").is_file():
            return Path(prefix)
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # no name a file can have, or of a user that is not there
        return None


def read_bundle(path: Path, config: str | None = None, backend: str = "torch") -> Bundle:
    """`bundles.read_bundle`, which also knows what the files of the cache are.

    Raises
    ------
    CheckpointError
        If the files are damaged, incomplete, or not those of a MusicVAE.
    """
    entry = _entry_at(path)
    if entry is None:
        return bundles.read_bundle(path, config, backend)
    # Where the files say themselves what they are, they know best.
    hint = None if (path / "config.json").is_file() else entry.config
    try:
        bundle = bundles.read_bundle(path, config or hint, backend)
    except CheckpointError as error:
        again = f"If it was damaged on its way here, run: mvae-widgets fetch {entry.name} --renew"
        raise CheckpointError(f"{entry.name}: {error.message}", f"{error.hint} {again}".strip()) from error
    card = {"name": entry.name, "about": entry.about, "licence": entry.licence, "source": entry.url}
    return replace(bundle, name=entry.name, card=card)


def _entry_at(path: Path) -> Published | None:
    home = cache_folder() / "models"
    return next((e for e in published().values() if home / e.key / e.path == path), None)


def _built_in(name: str) -> Model:
    card = read_json(BUILT_IN / name / CARD) or {}
    return Model(
        name=name,
        family=card["family"],
        bars=card["bars"],
        size_mb=(BUILT_IN / name / WEIGHTS).stat().st_size / 1e6,
        at_least=False,
        place=BUILT_IN_PLACE,
        files="safetensors",
        config=name,
        about=card.get("about") or f"Trained for this package; {card['parameters']:,} parameters",
        licence=card["licence"],
        source="mvae_widgets",
        **_measured(card.get("measured", {})),
    )


def _measured(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a card says was measured on music of the kind that the model has learnt."""
    own = {name: group for name, group in groups.items() if HELD_OUT not in name}
    ways = ("temperature_1", "hit_f1_temperature_1")
    accuracy = {name: float(group[way]) for name, group in own.items() for way in ways if way in group}
    return {"accuracy": accuracy, "kl_bits": next((g["kl_bits"] for g in own.values() if "kl_bits" in g), None)}


def _published(entry: Published) -> Model:
    return Model(
        name=entry.name,
        family=entry.family,
        bars=entry.bars,
        size_mb=entry.size_mb,
        at_least=entry.at_least,
        place="fetched" if fetched(entry) else "to fetch",
        files=entry.files,
        config=entry.config,
        about=entry.about,
        licence=entry.licence,
        source=entry.url,
    )


def _nearest(name: str) -> str:
    """A hint: names that look like this one."""

    def plain(text: str) -> str:
        return text.lower().removeprefix(PREFIX).replace("_", "-")

    shapes: dict[str, str] = {}
    for known in [*builtin_models(), *published(), *aliases()]:
        entry = find_published(known)
        shapes.setdefault(plain(known), entry.name if entry else known)
    for entry in published().values():
        if entry.config:
            shapes.setdefault(plain(entry.config), entry.name)
    near = list(dict.fromkeys(shapes[s] for s in difflib.get_close_matches(plain(name), shapes, n=4, cutoff=0.5)))
    if near:
        return f"Did you mean {' or '.join(map(repr, near[:3]))}?"
    return f"Built in: {', '.join(builtin_models())}; mvae_widgets.models() lists the published ones."
