"""Commands about models and their files; none of them needs note_seq."""

from __future__ import annotations

import argparse

from mvae_widgets.errors import ConfigError, UnknownModelError

__all__ = ["configs", "convert", "fetch", "models", "verify"]

TELLING = ("weights.safetensors", "config.json")
SHOWN = ("name", "music", "size", "files", "place", "config", "about", "right", "kl", "licence", "source")


def models(options: argparse.Namespace) -> int:
    """List all models, or show one."""
    from mvae_widgets.checkpoints import catalog

    table = catalog.models()
    if options.name is None:
        print(table.only(family=options.family))
        return 0
    model = table[options.name]
    for name in SHOWN:
        print(f"{name:8}  {getattr(model, name) or '-'}")
    return 0


def configs(options: argparse.Namespace) -> int:
    """List the configurations."""
    from mvae_widgets.nn.config import CONFIGS

    rows = [("name", "music", "z", "encoder", "decoder", "head", "takes", "gives", "controls")]
    for c in CONFIGS.values():
        rows.append(
            (
                c.name,
                f"{c.bars} bar{'s' if c.bars > 1 else ''} of {c.family}",
                str(c.z_size),
                _sizes(c.encoder_sizes, c.encoder_levels),
                _sizes(c.decoder_sizes, c.decoder_levels),
                c.head,
                f"{c.steps} x {c.depth}",
                f"{c.steps} x {c.output_depth}",
                str(c.control_depth or "-"),
            )
        )
    width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, width, strict=True)).rstrip())
    return 0


def fetch(options: argparse.Namespace) -> int:
    """Download published models."""
    from mvae_widgets.checkpoints import cache, catalog

    table = catalog.models()
    entries = []
    for name in options.names:
        entry = catalog.find_published(table[name].name)
        if entry is None:
            raise UnknownModelError(f"{name} ships with the package.", "There is nothing to fetch.")
        entries.append(entry)
    for entry in entries:
        path = cache.fetch(entry, renew=options.renew, progress=not options.quiet)
        print(f"{entry.name}: {path}")
    return 0


def convert(options: argparse.Namespace) -> int:
    """Write any model as one safetensors file."""
    from mvae_widgets.checkpoints import catalog
    from mvae_widgets.checks import needs_torch

    needs_torch("Converting")
    if options.target.suffix != ".safetensors":
        raise ConfigError(f"{options.target} does not end in .safetensors.", "That is the one kind written here.")
    if options.target.exists() and not options.force:
        raise ConfigError(f"{options.target} exists.", "Give another name, or --force.")
    bundle = catalog.read_bundle(catalog.find(options.source), options.config)
    card = bundle.card or {"name": bundle.name, "source": str(options.source)}
    catalog.write_weights(options.target, bundle.config, bundle.state, card=card, half=options.half)
    numbers = sum(t.numel() for n, t in bundle.state.items() if ".bias_hh_" not in n)
    print(f"{options.target}: {bundle.config.name}, {numbers:,} numbers, {options.target.stat().st_size / 1e6:,.1f} MB")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Compare a model with reference outputs."""
    from mvae_widgets import verify as check
    from mvae_widgets.checkpoints import catalog
    from mvae_widgets.checks import needs_torch
    from mvae_widgets.nn.config import CONFIGS

    needs_torch("Verifying")
    path = catalog.find(options.path)
    config = options.config
    if config is None and path.suffix != ".safetensors" and not any((path / name).is_file() for name in TELLING):
        # The files do not say what they are; the reference does.
        said = check.reference_config(options.reference)
        config = said if said in CONFIGS else None
    report = check.verify(catalog.read_bundle(path, config), options.reference)
    print(report)
    return 0 if report.ok else 3


def _sizes(sizes: tuple[int, ...], levels: tuple[int, ...]) -> str:
    layers = "+".join(map(str, sizes))
    return f"{layers} in {levels[0]} x {levels[1]}" if levels else layers
