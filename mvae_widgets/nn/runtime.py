"""How to run on a device: random numbers by seed, threads by size, and what may be kept while parameters stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from mvae_widgets.checks import whole_number

__all__ = ["Stamp", "random_generator", "threads_for"]

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


@dataclass(frozen=True)
class Stamp:
    """Equal to another one of a module if none of its parameters moved or changed in between.

    Changes in place through ``parameter.data`` are not seen: PyTorch does not count them.

    Parameters
    ----------
    steps
        Steps of optimisers so far, of whatever module: PyTorch does not count what fused ones change.
    marks
        Address and version of each parameter.
    held
        The parameters' memory, so that no address is given out again while the stamp lives.
    """

    steps: int
    marks: tuple[tuple[int, object], ...]
    held: tuple[Tensor, ...] = field(compare=False, repr=False)

    @classmethod
    def of(cls, module: nn.Module) -> Stamp:
        """The stamp of the module as it is; of one with parameters made in inference mode, equal to no other."""
        parameters = tuple(module.parameters())
        marks = tuple((p.data_ptr(), object() if p.is_inference() else p._version) for p in parameters)
        return cls(_steps, marks, tuple(p.detach() for p in parameters))


_steps = 0


def _count_step(*_: object) -> None:
    global _steps
    _steps += 1


register_optimizer_step_post_hook(_count_step)
