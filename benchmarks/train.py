"""Examples a second of each recipe, beside the arithmetic limit: what a large matrix product does on the same machine.

``python -m benchmarks.train --data DIR [--model NAME ...]`` with the prepared files of `mvae-widgets train`. Updates
are whole ones: drawing clips, forward, backward, clipping, Adam; no validation. The arithmetic of an example is
counted on the network as it runs, the multiply-adds of its LSTM and linear layers as two each, and three times that
for an update (the backward pass takes twice the forward). The limit is the speed of the product over that.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from benchmarks.decode import processor
from mvae_widgets.errors import ReadError
from mvae_widgets.nn.lstm import LSTMLayer
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.parallel import Team
from mvae_widgets.training.recipes import RECIPES, Recipe

FORWARD_AND_BACKWARD = 3
SIZES = {"cpu": 2048, "cuda": 8192}
"""Of the matrices whose product is taken for the limit."""


def seconds_of(work: Callable[[], object], team: Team, least: float) -> float:
    """Mean wall time of some work, repeated for at least so many seconds, after two rounds of warming up."""
    for _ in range(2):
        work()
    _wait(team)
    started, rounds = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < least or not rounds:
        work()
        _wait(team)
        rounds += 1
    return passed / rounds


def peak(team: Team, least: float) -> float:
    """Operations a second of a product of two large matrices in the team's precision."""
    n = SIZES[team.kind]
    dtype = torch.bfloat16 if team.precision == "bf16" else torch.float32
    a, b = torch.randn(2, n, n, device=team.device).to(dtype).unbind()
    return 2 * n**3 / seconds_of(lambda: a @ b, team, least)


@contextmanager
def counted(model: nn.Module) -> Iterator[list[float]]:
    """Operations of the forward passes inside: two a weight of an LSTM or linear layer and row that it sees."""
    total = [0.0]

    def count(layer: nn.Module, given: tuple[Any, ...], _: object) -> None:
        x = given[0].data if isinstance(given[0], PackedSequence) else given[0]
        rows = x.numel() // x.shape[-1]
        total[0] += 2 * rows * sum(w.numel() for name, w in layer.named_parameters() if name.startswith("weight"))

    layers = [layer for layer in model.modules() if isinstance(layer, LSTMLayer | nn.Linear)]
    handles = [layer.register_forward_hook(count) for layer in layers]
    yield total
    for handle in handles:
        handle.remove()


def measure(recipe: Recipe, team: Team, data: Path, limit: float, least: float) -> str:
    """One row of the table."""
    # Of a run, only updates: no look at the validation clips.
    recipe = replace(recipe, validate_every=0)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(recipe, data, Path(folder), team=team)
    with counted(trainer.model) as operations:
        trainer.update()
    each = FORWARD_AND_BACKWARD * operations[0] / recipe.batch_size
    speed = recipe.batch_size / seconds_of(trainer.update, team, least)
    size = sum(parameter.numel() for parameter in trainer.parameters)
    most = limit / each
    return (
        f"{size / 1e6:.1f} M | {recipe.batch_size} | {each / 1e9:.2f} | {speed:,.0f} | {most:,.0f} | {speed / most:.0%}"
    )


def _wait(team: Team) -> None:
    if team.kind == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    """Print a table a device and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared npz files")
    parser.add_argument("--model", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="NAME")
    parser.add_argument("--device", nargs="+", default=["cpu"] + ["cuda"] * torch.cuda.is_available())
    parser.add_argument("--precision", nargs="+", choices=("bf16", "float32"), default=["bf16", "float32"])
    parser.add_argument("--seconds", type=float, default=20, help="how long each is measured (20)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (1)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for device in options.device:
        cuda = torch.device(device).type == "cuda"
        where = torch.cuda.get_device_name() if cuda else f"{processor()}, {options.threads} thread(s)"
        for precision in options.precision:
            team = Team(device, precision)
            limit = peak(team, options.seconds / 4)
            print(f"\n{where}, PyTorch {torch.__version__}, {precision}; a product does {limit / 1e9:,.0f} GFLOP/s\n")
            print("| recipe | parameters | batch | GFLOP an example | examples a second | limit | share |")
            print("|---|--:|--:|--:|--:|--:|--:|")
            for name in options.model:
                recipe = RECIPES[name]["gpu" if cuda else "cpu"]
                try:
                    row = measure(recipe, team, options.data, limit, options.seconds)
                except ReadError as error:
                    row = f"{error} | | | | | "
                print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
