"""What the commands take.

Where Magenta's ``music_vae_generate`` has a flag, it is understood here under its name, with underscores or
hyphens; and a command line that is wholly Magenta's (``--mode=sample --config=... --checkpoint_file=...``, no
command before it) works as it stands.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["parse"]


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse a command line; ``run`` of the result runs it."""
    if arguments and arguments[0].startswith("--") and arguments[0] not in ("--help", "--version"):
        arguments = ["generate", *arguments]
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    from mvae_widgets import __version__

    parser = argparse.ArgumentParser(
        prog="mvae-widgets",
        description="MusicVAE in PyTorch: list, fetch, convert and check models, and make music with them.",
        epilog="Flags of Magenta's music_vae_generate are understood: mvae-widgets --mode=sample --config=... works.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, home: str, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        made.set_defaults(run=_later(home, name))
        return made

    listed = command("models", "files", "list the models that ship with the package and those that Magenta published")
    listed.add_argument("name", nargs="?", help="show all that is known of this one")
    listed.add_argument("--family", choices=("melody", "drums", "trio", "groove", "multitrack"))
    command("configs", "files", "list the configurations")

    fetch = command("fetch", "files", "download published models into the cache")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="for example magenta/cat-mel_2bar_big")
    fetch.add_argument("--renew", action="store_true", help="fetch again and trust what comes, whatever came before")
    fetch.add_argument("--quiet", action="store_true", help="no progress bar")

    convert = command("convert", "files", "write any model as one .safetensors file")
    convert.add_argument("source", metavar="SOURCE", help="a name, a tar, the prefix of a TensorFlow bundle, a folder")
    convert.add_argument("target", type=Path, metavar="TARGET.safetensors")
    _flag(convert, "--config", help="the configuration, where the files do not say it")
    convert.add_argument("--half", action="store_true", help="half precision: half the size, not the same numbers")
    convert.add_argument("--force", action="store_true", help="replace an existing file")

    verify = command("verify", "files", "compare a model with reference outputs; exit code 3 past the tolerances")
    verify.add_argument("path", metavar="PATH", help="as SOURCE of convert")
    _flag(verify, "--config", help="the configuration, where the files do not say it")
    verify.add_argument("--reference", type=Path, required=True, metavar="FILE", help="reference.json")

    sample = command("sample", "music", "draw new clips and write them as MIDI files")
    sample.add_argument("inputs", nargs="*", metavar="MODEL", help="a name or a path")
    _making(sample, "how many clips", "0.5")

    between = command("interpolate", "music", "write the way from one clip to another as MIDI files")
    between.add_argument("inputs", nargs="*", metavar="MODEL START END", help="a model and two files of music")
    _making(between, "how many steps, both ends among them", "none")
    _ends(between)

    generate = command("generate", "music", "sample or interpolate, as Magenta's music_vae_generate does")
    generate.set_defaults(inputs=[])
    _flag(generate, "--mode", default="sample", choices=("sample", "interpolate"))
    _making(generate, "how many clips, or steps with both ends among them", "0.5")
    _ends(generate)

    encode = command("encode", "music", "write mu and sigma of every clip of some music as .npz")
    encode.add_argument("inputs", nargs="*", metavar="MODEL FILE", help="a model and files of music")
    _model(encode)
    encode.add_argument("-o", "--output", type=Path, default=Path("encoded.npz"), metavar="FILE.npz")
    _flag(encode, "--chords", help="chords of the music, for models that take them, for example 'C Am F G'")

    _evaluate(command("evaluate", "evaluate", "measure models on prepared clips; two beside each other are compared"))
    _prepare(command("prepare", "prepare", "turn a folder of MIDI, MusicXML and ABC into arrays to train on"))
    _embed(command("embed", "prepare", "encode a folder of music, or prepared arrays, into a corpus"))
    _train(command("train", "train", "train a built-in model: weights, plane and card from one command"))
    return parser


def _model(parser: argparse.ArgumentParser) -> None:
    _flag(parser, "--checkpoint_file", metavar="MODEL", help="the model, instead of the first argument")
    _flag(parser, "--run_dir", type=Path, metavar="DIR", help="folder of a training run of Magenta's: its latest model")
    _flag(parser, "--config", help="the configuration, where the model's files do not say it")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    # Magenta's own, without a meaning here: batches are as large as they should be, and there is no log.
    _flag(parser, "--max_batch_size", help=argparse.SUPPRESS)
    _flag(parser, "--log", help=argparse.SUPPRESS)


def _making(parser: argparse.ArgumentParser, number: str, temperature: str) -> None:
    _model(parser)
    _flag(parser, "-n", "--num_outputs", type=int, default=5, metavar="N", help=f"{number} (5)")
    _flag(
        parser,
        "-t",
        "--temperature",
        type=_temperature,
        default=argparse.SUPPRESS,
        help=f"how freely to draw ({temperature}); 0 or none: the likeliest event at every step",
    )
    _flag(parser, "-o", "--output_dir", type=Path, default=Path("generated"), metavar="DIR", help="(generated)")
    _flag(parser, "--seed", type=int, help="the same seed makes the same music")
    _flag(parser, "--qpm", type=float, help="tempo (that of the music, or 120)")
    _flag(parser, "--chords", help="for models that take them, for example 'C Am F G'")


def _ends(parser: argparse.ArgumentParser) -> None:
    for number, name in ((1, "start"), (2, "end")):
        _flag(parser, f"--input_midi_{number}", metavar="FILE", help=f"music of the {name}, instead of {name.upper()}")
        _flag(parser, f"--clip_{number}", type=int, metavar="K", help="which clip of it, counted from 1 (the first)")


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="names, paths, or folders of training runs")
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared npz files")
    parser.add_argument("--split", default="test", choices=("train", "valid", "test"), help="(test)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="also write evaluation.md and evaluation.json")
    parser.add_argument("--clips", type=_count, metavar="N", help="of each group at most (170,000 steps' worth)")
    parser.add_argument("--samples", type=_count, metavar="N", help="samples of the prior (2000, fewer of long clips)")
    parser.add_argument("--pairs", type=_count, default=100, metavar="N", help="pairs of clips to walk between (100)")
    parser.add_argument("-t", "--temperature", type=_temperature, default=0.5, help="of the samples (0.5)")
    parser.add_argument("--seed", type=_seed, default=0, help="of all draws (0)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def _prepare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="music, in folders, a .zip or a .tar(.gz, .xz)")
    parser.add_argument("--out", type=Path, required=True, metavar="DATA", help="folder for the arrays")
    kinds = ("melodies", "drums", "trio", "multitrack")
    parser.add_argument("--kinds", nargs="+", choices=kinds, help="what to prepare (all that the music yields)")
    parser.add_argument(
        "--kit", choices=("reduced", "roland"), default="reduced", help="drums: General MIDI, or an electronic kit"
    )
    parser.add_argument("--index", type=Path, metavar="CSV", help="table with the columns file, split, source")
    parser.add_argument("--seed", type=_seed, default=0, help="another one, other splits (0)")
    _workers(parser)


def _embed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a name or a path")
    parser.add_argument("data", type=Path, help="a folder or file of music, or what prepare made")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help="where the corpus is kept")
    parser.add_argument(
        "--splits",
        nargs="+",
        choices=("train", "valid", "test"),
        default=["train", "valid", "test"],
        help="of prepared arrays (all)",
    )
    parser.add_argument("--config", help="the configuration, where the model's files do not say it")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    _workers(parser)


def _workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--processes", type=_whole, metavar="N", help="how many at once (one a core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786")


def _train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", nargs="?", help="the model's name: melody-2bar, or melody-lm for the language model; or only --start"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared npz files")
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/MODEL-RECIPE)")
    parser.add_argument("--recipe", default=None, help="cpu or gpu (default: by the device)")
    # The second name is for the launchers, which take the first for a short form of their own --start-method.
    _flag(
        parser,
        "--start",
        "--start_from",
        metavar="MODEL",
        help="weights to begin with, a name or a path, Magenta's too: with a model's name what fits of them, without "
        "it the very network, with the recipe of its family",
    )
    _flag(parser, "--config", help="configuration of --start, where its files do not say it")
    parser.add_argument(
        "--collections",
        choices=("recipe", "all"),
        default="recipe",
        help="learn from the recipe's collections, or from all that the data folder holds (recipe)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--precision", choices=("bf16", "float32"), help="instead of the recipe's")
    parser.add_argument("--threads", type=_whole, help="CPU threads (default: PyTorch's own)")
    parser.add_argument("--steps", type=_whole, help="updates, instead of the recipe's")
    _flag(parser, "--learning_rate", type=_positive, help="highest rate, instead of the recipe's")
    # Not --log: the launchers' own --log-dir and --logs-specs would take it for theirs.
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard's files as well as metrics.csv")
    parser.add_argument("--note", default="undisturbed", help="how the machine was used meanwhile, for the card")
    parser.add_argument("--seed", type=_seed, default=0, help="of all draws (0)")


def _flag(parser: argparse.ArgumentParser, *names: str, **options: Any) -> None:
    """A flag with underscores, as Magenta writes it, and with hyphens, as one expects."""
    spellings = dict.fromkeys(spelling for name in names for spelling in (name.replace("_", "-"), name))
    parser.add_argument(*spellings, **options)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _temperature(text: str) -> float | None:
    try:
        return (None if text.lower() == "none" else float(text)) or None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor none") from None


def _positive(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return float(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _whole(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not at least 1")
    return int(text)


def _later(home: str, name: str) -> Callable[[argparse.Namespace], int]:
    """A command's function, its module loaded when it runs: most need nothing of what the others need."""

    def run(options: argparse.Namespace) -> int:
        status: int = getattr(importlib.import_module(f"mvae_widgets.cli.{home}"), name)(options)
        return status

    return run
