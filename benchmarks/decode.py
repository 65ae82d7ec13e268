"""Median times of decoding 1 and 64 latents and of encoding 64 clips.

Run on a quiet machine: ``python benchmarks/decode.py [--model NAME] [--threads N]``.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import one_hot

import mvae_widgets as mv


def median_ms(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median wall time of some work in ms, after three rounds of warming up."""
    for _ in range(3):
        work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def measure(name: str, device: torch.device, repeats: int) -> dict[str, float]:
    """Medians of one model on one device."""
    network = mv.load(name, device=str(device)).network
    config = network.config
    generator = torch.Generator(device).manual_seed(0)
    z = torch.randn(64, config.z_size, device=device, generator=generator)
    tokens = torch.randint(config.depth, (64, config.steps), device=device, generator=generator)
    x = one_hot(tokens, config.depth).float()
    with torch.no_grad():
        return {
            "decode 1": median_ms(lambda: network.decode(z[:1]), device, repeats),
            "decode 64": median_ms(lambda: network.decode(z), device, repeats),
            "encode 64": median_ms(lambda: network.encode(x), device, repeats),
        }


def processor() -> str:
    """The processor that the numbers belong to."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main() -> None:
    """Print one line a device."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="melody-2bar")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    devices = [torch.device("cpu")] + [torch.device("cuda")] * torch.cuda.is_available()
    print(f"{options.model}, medians of {options.repeats} in ms")
    for device in devices:
        where = f"{processor()}, {options.threads} thread(s), PyTorch {torch.__version__}"
        if device.type == "cuda":
            where = torch.cuda.get_device_name()
        times = measure(options.model, device, options.repeats)
        print(f"  {where}: " + ", ".join(f"{what} {ms:.1f}" for what, ms in times.items()))


if __name__ == "__main__":
    main()
