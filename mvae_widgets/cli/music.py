"""Commands that make music, or read it."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvae_widgets.errors import ConfigError, NothingToEncodeError, UnknownModelError

if TYPE_CHECKING:
    from mvae_widgets.music.clips import Clip
    from mvae_widgets.musicvae import MusicVAE

__all__ = ["encode", "generate", "interpolate", "sample"]


def generate(options: argparse.Namespace) -> int:
    """Sample or interpolate, as the mode says."""
    options.temperature = getattr(options, "temperature", 0.5)
    return sample(options) if options.mode == "sample" else interpolate(options)


def sample(options: argparse.Namespace) -> int:
    """Draw new clips."""
    model, rest = _model(options)
    if rest:
        raise ConfigError(f"sample takes one model, and was given {' '.join(rest)} too.", "For music: interpolate.")
    temperature = getattr(options, "temperature", 0.5)
    made = model.sample(options.num_outputs, temperature=temperature, seed=options.seed, **_chords(model, options))
    for sequence in made:
        _set_tempo(sequence, options.qpm)
    return _write(made, model, "sample", options)


def interpolate(options: argparse.Namespace) -> int:
    """Write the way from one clip to another."""
    model, rest = _model(options)
    given = rest or [name for name in (options.input_midi_1, options.input_midi_2) if name]
    if len(given) != 2:
        raise ConfigError(
            f"interpolate needs two files of music, and was given {len(given)}.",
            "MODEL START END, or --input_midi_1, _2.",
        )
    if options.num_outputs < 2:
        raise ConfigError(f"Cannot interpolate in {options.num_outputs} steps.", "At least 2: both ends count.")
    from mvae_widgets.latent.interpolate import path
    from mvae_widgets.music.io import read

    pieces = [read(Path(name)) for name in given]
    ends = [_pick(model, piece, given[i], i + 1, getattr(options, f"clip_{i + 1}")) for i, piece in enumerate(pieces)]

    mu, _ = model.encode(ends, **_chords(model, options)).numpy()
    made = model.decode(
        path(mu[0], mu[1], options.num_outputs),
        temperature=getattr(options, "temperature", None),
        seed=options.seed,
        qpm=options.qpm or ends[0].qpm,
        **_chords(model, options),
    )
    return _write(made, model, "interpolate", options)


def encode(options: argparse.Namespace) -> int:
    """Write mu and sigma of every clip, with a table of the clips."""
    import numpy as np

    from mvae_widgets.music.clips import Clips
    from mvae_widgets.music.io import read

    model, names = _model(options)
    if not names:
        raise ConfigError("encode needs music.", "MODEL FILE [FILE ...]")
    if options.output.suffix != ".npz":
        raise ConfigError(f"{options.output} does not end in .npz.", "That is the one kind written here.")
    files: list[str] = []
    clips: list[Clip] = []
    refused: list[str] = []
    for name in names:
        found = model.clips(read(Path(name)))
        files += [name] * len(found)
        clips += found
        refused += [f"{name}: {refusal}" for refusal in found.refused]
    for line in refused:
        print(line)
    if not clips:
        raise NothingToEncodeError(f"{model.name} finds nothing to encode in {', '.join(names)}.")
    mu, sigma = (a.astype(np.float32) for a in model.encode(Clips(clips), **_chords(model, options)).numpy())
    table: dict[str, Any] = {
        "path": files,
        "title": [clip.title for clip in clips],
        "track": np.array([clip.track for clip in clips], np.int32),
        "track_name": [clip.track_name for clip in clips],
        "program": np.array([clip.program for clip in clips], np.int32),
        "bar": np.array([clip.bar for clip in clips], np.int32),
        "bars": np.array([clip.bars for clip in clips], np.int32),
        "qpm": np.array([clip.qpm for clip in clips], np.float64),
        "onsets": np.array([clip.onsets for clip in clips], np.int32),
    }
    arrays: dict[str, Any] = {name: np.array(column) for name, column in table.items()}
    try:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        np.savez(options.output, model=np.array(model.name), mu=mu, sigma=sigma, **arrays)
    except OSError as error:
        raise ConfigError(f"Cannot write {options.output}: {error.strerror or error}.") from error
    print(Clips(clips))
    print(f"{options.output}: mu and sigma of {len(clips)} clip{'s' if len(clips) > 1 else ''}, z {mu.shape[1]}")
    return 0


def _model(options: argparse.Namespace) -> tuple[MusicVAE, list[str]]:
    """The model, and the arguments that are not its name."""
    rest = list(options.inputs)
    if options.run_dir:
        name: str | Path = _latest(options.run_dir.expanduser())
    elif options.checkpoint_file:
        name = options.checkpoint_file
    elif rest:
        name = rest.pop(0)
    else:
        raise UnknownModelError("Say which model.", "Give its name or path first; mvae-widgets models lists the names.")
    from mvae_widgets.musicvae import load

    return load(name, device=options.device, config=options.config), rest


def _latest(run: Path) -> Path:
    """The newest checkpoint of a training run of Magenta's: what ``train/checkpoint`` names, else the highest step."""
    folder = run / "train" if (run / "train").is_dir() else run
    state = folder / "checkpoint"
    if state.is_file():
        named = re.search(r'^model_checkpoint_path: "(.+)"', state.read_text(encoding="utf-8", errors="replace"), re.M)
        if named and (prefix := folder / Path(named[1]).name).with_name(f"{prefix.name}.index").is_file():
            return prefix
    found = {int(m[1]): p for p in folder.glob("*.index") if (m := re.search(r"-(\d+)\.index$", p.name))}
    if not found:
        raise UnknownModelError(f"There is no checkpoint in {folder}.", "It should hold model.ckpt-STEP.index.")
    newest = found[max(found)]
    return newest.with_name(newest.name.removesuffix(".index"))


def _pick(model: MusicVAE, piece: Any, name: str, end: int, which: int | None) -> Clip:
    clips = model.clips(piece)
    if not clips:
        return model.first_clip(piece)  # which says what is wrong with it
    if which is None and len(clips) > 1:
        first = f"{clips[0].where} of {clips[0].track_name or 'the first track'}"
        print(f"{name} gives {len(clips)} clips: {first} is taken, --clip-{end} picks another.", file=sys.stderr)
    which = 1 if which is None else which
    if not 1 <= which <= len(clips):
        raise ConfigError(f"{name} gives {len(clips)} clips for {model.name}, and no number {which}.", "Count from 1.")
    return clips[which - 1]


def _chords(model: MusicVAE, options: argparse.Namespace) -> dict[str, Any]:
    if not options.chords:
        return {}
    if not model.config.control_depth:
        raise ConfigError(f"{model.name} takes no chords.", "Leave them out.")
    return {"chords": options.chords.replace(",", " ").split()}


def _set_tempo(sequence: Any, qpm: float | None) -> None:
    """Play a sequence of one tempo at another."""
    if qpm is None:
        return
    if not 0 < qpm < float("inf"):
        raise ConfigError(f"A tempo of {qpm} means nothing.", "Give a number above 0.")
    scale = (sequence.tempos[0].qpm if sequence.tempos else 120.0) / qpm
    for tempo in sequence.tempos:
        tempo.qpm = qpm
    for note in sequence.notes:
        note.start_time *= scale
        note.end_time *= scale
    for event in (*sequence.text_annotations, *sequence.control_changes, *sequence.pitch_bends):
        event.time *= scale
    sequence.total_time *= scale


def _write(sequences: list[Any], model: MusicVAE, mode: str, options: argparse.Namespace) -> int:
    """Write ``MODEL_MODE_DATE_TIME-001-of-005.mid`` and so on, never over an older file."""
    from mvae_widgets.music.io import write

    try:
        options.output_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"Cannot make the folder {options.output_dir}: {error.strerror or error}.") from error
    name = re.sub(r"[^\w.-]+", "_", model.name.removeprefix("magenta/"))
    stem = base = f"{name}_{mode}_{datetime.now():%Y-%m-%d_%H%M%S}"
    again = 1
    while any(options.output_dir.glob(f"{stem}-*.mid")):
        again += 1
        stem = f"{base}_{again}"
    for number, sequence in enumerate(sequences, 1):
        print(write(sequence, options.output_dir / f"{stem}-{number:03}-of-{len(sequences):03}.mid"))
    return 0
