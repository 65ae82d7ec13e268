"""The commands that turn a collection of music into arrays: to train on, or of where its clips lie."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from mvae_widgets.errors import ConfigError

__all__ = ["embed", "prepare"]


def prepare(options: argparse.Namespace) -> int:
    """Prepare a folder of music for training."""
    from mvae_widgets.training.prepare import prepare as run

    summary = run(
        options.folder,
        options.out,
        options.kinds,
        kit=options.kit,
        index=options.index,
        seed=options.seed,
        processes=options.processes,
        scheduler=options.scheduler,
    )
    print(summary)
    print(f"Written to {options.out}: train on it with mvae-widgets train MODEL --data {options.out}.")
    return 0


def embed(options: argparse.Namespace) -> int:
    """Encode a folder of music, or prepared arrays, into a corpus."""
    from mvae_widgets.musicvae import load
    from mvae_widgets.training.embed import file_for, prepared_clips
    from mvae_widgets.training.workers import spread

    out: Path = options.out
    if out.suffix != ".npz":
        raise ConfigError(f"{out} does not end in .npz.", "That is the one kind written here.")
    model = load(options.model, device=options.device, config=options.config)
    prepared = file_for(options.data, model.config)
    if prepared is None:
        over = partial(spread, processes=options.processes, scheduler=options.scheduler)
        corpus = model.embed(options.data, out, mapper=over)
    else:
        tokens, columns = prepared_clips(prepared, model.config, options.splits)
        corpus = model.embed(tokens, out, columns)
    print(corpus)
    print(f"Written to {out}: read it with mvae_widgets.Corpus.load({str(out)!r}).")
    return 0
