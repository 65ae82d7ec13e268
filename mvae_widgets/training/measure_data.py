"""Which clips of a folder of prepared files a model is measured on: what it learnt from, and collections held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.dataset import VOICES, Source
from mvae_widgets.training.feeds import FEEDS
from mvae_widgets.whole_files import DAMAGED

__all__ = ["Material", "material_for"]

HELD_OUT = "held-out collections"
NAMES = {"steps": "melodies", "melody": "melodies", "bass": "bass lines", "groove": "grooves"}
# Of which voices the clips of a family are made; others have one of the family's name. The melodies of trios are
# tunes of the other file: held-out collections are those of the first voice.
FAMILY_VOICES = {"melody": ("steps", "bass")}
ONLY = "*"
LAYOUT = ("offsets", "split")


@dataclass(frozen=True)
class Material:
    """What to measure a model on.

    Parameters
    ----------
    groups
        Sources that are measured together, by name.
    train
        Sources whose train split the samples of the prior should sound like.
    learnt
        Whether the model has learnt from just these: then it can be said which clips are new to it.
    """

    groups: dict[str, Sequence[Source]] = field(default_factory=dict)
    train: Sequence[Source] = ()
    learnt: bool = True


def material_for(config: ModelConfig, data: Path, learnt: Sequence[Source] | None) -> Material:
    """Find what a folder holds for a model.

    Parameters
    ----------
    config
        Of the model.
    data
        Folder of prepared files (`dataset`).
    learnt
        What the model has learnt from; None if that is not known. Other collections of the folder are its
        held-out collections.

    Raises
    ------
    ReadError
        If there is nothing for this family in the folder.
    ConfigError
        If the model's clips are not of the kind that the prepared files hold.
    """
    _check(config)
    there = _sources_in(data, FAMILY_VOICES.get(config.family, (config.family,)))
    if not there:
        raise ReadError(
            f"{data} holds no prepared {config.family} clips.",
            "Give the folder of prepared npz files, as mvae-widgets train takes it, with --data.",
        )
    single = {source.file for source in there if source.name == ONLY}

    def key(source: Source) -> tuple[str, str, str]:
        return source.file, source.voice, ONLY if source.file in single else source.name

    names, known = {key(source) for source in there}, {key(source) for source in learnt or ()}
    mine = [source for source in learnt or () if key(source) in names]
    rest = [source for source in there if key(source) not in known]
    groups: dict[str, list[Source]] = {}
    for source in mine or rest:
        groups.setdefault(NAMES.get(source.voice, config.family), []).append(source)
    if mine:
        first = mine[0].voice
        groups[HELD_OUT] = [s for s in rest if s.voice == first]
    whole = bool(mine) and len(mine) == len(learnt or ())
    return Material({name: some for name, some in groups.items() if some}, mine or rest, whole)


def _sources_in(data: Path, voices: Sequence[str]) -> list[Source]:
    """All collections of a folder that have one of the voices; of the name `ONLY` in files of a single one."""
    found = []
    for path in sorted(data.glob("*.npz")) if data.is_dir() else []:
        try:
            # Opened here, for numpy leaves files open that it cannot read.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                held = set(arrays.files)
                names = [str(n) for n in np.atleast_1d(arrays["source_names"])] if "source_names" in held else [ONLY]
        except DAMAGED as error:
            raise ReadError(f"Cannot read {path}: {error}.", "Prepare it again.") from error
        for voice in voices:
            if voice in VOICES and {*LAYOUT, *VOICES[voice][0]} <= held:
                found += [Source(path.name, voice, name) for name in names]
    return sorted(found, key=lambda s: voices.index(s.voice))


def _check(config: ModelConfig) -> None:
    """Refuse what the prepared files have no clips for."""
    hits = config.converter.get("hits_as_controls")
    plain = {
        "melody": config.depth == 90 and config.steps_per_quarter == 4,
        "drums": config.depth in (10, 512) and config.steps_per_quarter == 4,
        "groove": config.depth == 27,
        "trio": config.parts == (90, 90, 512),
    }
    if config.family not in FEEDS or not plain.get(config.family, True) or (config.control_depth and not hits):
        raise ConfigError(
            f"The clips of {config.name} are not of the kind that prepared files hold.",
            "Melodies and trios of pitches 21 to 108 in 16ths, drums and grooves of nine drums, without chords.",
        )
