"""Decode times on a GPU, as CUDA graphs and as a plain loop, beside what reading the weights must take.

``python benchmarks/gpu.py``. Every step reads all weights of the loop once, however large the batch; that many
bytes at the speed of a large copy is the time to hold against. Small networks fit the GPU's cache and may beat
it. Random weights: times do not depend on them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import torch
from decode import median_ms

from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.decoder import FlatDecoder
from mvae_widgets.nn.graphs import SWITCH
from mvae_widgets.nn.vae import VAE

NAMES = ("cat-mel_2bar_small", "hierdec-mel_16bar", "hierdec-trio_16bar", "hier-trio_16bar")
BATCHES = (1, 64, 512)
COPY = 1 << 30
"""Bytes of the copy that tells the speed of the memory."""


def bandwidth(device: torch.device) -> float:
    """Bytes a millisecond of a copy, what is read and what is written together."""
    source = torch.empty(COPY, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPY / median_ms(lambda: target.copy_(source), device, 20)


def bytes_a_step(network: VAE) -> int:
    """Of the weights that every step of the decode loop reads; of the fed-back table it reads a row only."""
    total = 0
    for decoder in network.modules():
        if isinstance(decoder, FlatDecoder):
            first, *others = decoder.cells
            read = [first.weight_hh_l0, decoder.output.weight, *decoder.head.parameters()]
            read += [weight for cell in others for weight in (cell.weight_ih_l0, cell.weight_hh_l0)]
            total += sum(weight.nbytes for weight in read)
    return total


def measure(name: str, batches: Sequence[int], speed: float, device: torch.device, repeats: int) -> None:
    """Print one line a batch size."""
    torch.manual_seed(0)
    network = VAE(CONFIGS[name]).eval().to(device)
    floor = network.config.steps * bytes_a_step(network) / speed
    for batch in batches:
        z = torch.randn(batch, network.config.z_size, device=device)
        times = []
        for switch in ("1", "0"):
            os.environ[SWITCH] = switch
            times.append(median_ms(lambda z=z: network.decode(z), device, repeats))
        graph, plain = times
        print(f"| {name} | {batch} | {graph:.2f} | {plain:.2f} | {floor:.2f} | {graph / floor:.1f} |", flush=True)


def main() -> None:
    """Print a table in Markdown, or say that there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", choices=CONFIGS, default=NAMES, metavar="NAME")
    parser.add_argument("--batch", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("There is no GPU here that PyTorch can use by CUDA: nothing was measured.")
    device = torch.device("cuda")
    speed = bandwidth(device)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}; a copy moves {speed / 1e6:.0f} GB/s\n")
    print("| greedy decode, median ms | batch | graph | plain loop | reading the weights | graph / reading |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in options.config:
        if CONFIGS[name].control_depth:
            parser.error(f"{name} takes controls; only models without are measured.")
        measure(name, options.batch, speed, device, options.repeats)


if __name__ == "__main__":
    main()
