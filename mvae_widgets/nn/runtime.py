"""How to run on a device: random numbers by seed, threads by size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mvae_widgets.checks import whole_number

__all__ = ["random_generator", "threads_for"]

SMALL_BATCH = 16


def random_generator(device: torch.device, seed: int | None) -> torch.Generator:
    """A generator of random numbers; the same seed gives the same ones, None gives fresh ones."""
    generator = torch.Generator(device)
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(whole_number(seed, "A seed", -(2**63), 2**63 - 1))
    return generator


@contextmanager
def threads_for(device: torch.device, batch: int) -> Iterator[None]:
    """One thread for small CPU batches: on busy cores a second one costs more than it brings."""
    before = torch.get_num_threads()
    if device.type != "cpu" or batch > SMALL_BATCH or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
