"""Prepared arrays as clips that say where they come from, for `MusicVAE.embed`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.checks import as_path
from mvae_widgets.errors import NothingToEncodeError, ReadError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.dataset import BAR_END, SPLITS, STEPS_PER_BAR, VOICES
from mvae_widgets.whole_files import DAMAGED

__all__ = ["file_for", "prepared_clips"]

FILES = {
    "melody": ("melodies.npz", "steps"),
    "drums": ("drums.npz", "drums"),
    "groove": ("drums.npz", "groove"),
    "trio": ("trio.npz", "trio"),
    "multitrack": ("multitrack.npz", "multitrack"),
}
"""Where the music of a family lies, and as which voice of `dataset.VOICES`."""

Rows = np.ndarray[Any, Any]
# Column of a corpus -> array of a prepared file, with a value for each passage.
SAID = {"title": "title", "source": "tune", "segment": "segment", "cluster": "cluster", "style": "style", "id": "id"}


def file_for(data: Path, config: ModelConfig) -> Path | None:
    """The prepared file of a model's music: the path itself, or in the folder; None if there is none."""
    path = data / FILES[config.family][0] if data.is_dir() else data
    return path if path.suffix == ".npz" and path.is_file() else None


def prepared_clips(
    path: str | Path, config: ModelConfig, splits: Sequence[str] = tuple(SPLITS)
) -> tuple[Rows, dict[str, Rows]]:
    """The distinct clips of a prepared file, and what is known of each.

    Parameters
    ----------
    path
        A prepared file of the model's music.
    config
        The model's.
    splits
        Which splits to take.

    Returns
    -------
    tokens, columns
        ``[n, steps, ...]``, as `dataset.load_clips` cuts them; columns ``[n]``: split, passage (its number), bar (of
        the passage, counted from 1), and title, source (the file), collection where the file says so.

    Raises
    ------
    ReadError
        It is no prepared file of this music.
    NothingToEncodeError
        Nothing in it is long enough.
    """
    path = as_path(path, "The prepared file")
    voice = FILES[config.family][1]
    names, cut = VOICES[voice]
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            arrays = dict(data)
    except DAMAGED as error:
        raise ReadError(f"Could not read '{path}': {error}.", "Prepare it again.") from error
    if missing := [name for name in (*names, "offsets", "split") if name not in arrays]:
        raise ReadError(f"{path} has no {', '.join(missing)}.", f"It holds: {', '.join(arrays)}.")
    codes, offsets = [arrays[name] for name in names], arrays["offsets"].tolist()
    found: dict[bytes, tuple[Rows, int, int]] = {}
    for k in np.flatnonzero(np.isin(arrays["split"], [SPLITS[split] for split in splits])).tolist():
        for bar, rows in _stretches([c[offsets[k] : offsets[k + 1]] for c in codes], voice, config.steps):
            for clip in cut(*rows, config.steps):
                found.setdefault(clip.tobytes(), (clip, k, bar))
    if not found:
        raise NothingToEncodeError(f"There is no clip of {config.bars} bars in {path}.", "Prepare longer pieces.")
    passage = np.array([k for _, k, _ in found.values()])
    columns = {
        "passage": passage,
        "bar": np.array([bar for _, _, bar in found.values()]),
        "split": np.array(list(SPLITS))[arrays["split"][passage]],
        **{column: arrays[name][passage] for column, name in SAID.items() if name in arrays},
    }
    if "source_names" in arrays and "source" in arrays:
        columns["collection"] = arrays["source_names"][arrays["source"]][passage]
    return np.stack([clip for clip, _, _ in found.values()]), columns


def _stretches(rows: list[Rows], voice: str, steps: int) -> Iterator[tuple[int, list[Rows]]]:
    """What of a passage one clip may be cut from, and the bar where it begins."""
    if voice == "multitrack":
        for bar, events in enumerate(np.split(rows[0], np.flatnonzero(rows[0] == BAR_END) + 1)[:-1], 1):
            yield bar, [events]
        return
    for start in range(0, len(rows[0]) - steps + 1, STEPS_PER_BAR):
        yield start // STEPS_PER_BAR + 1, [row[start : start + steps] for row in rows]
