"""Who trains: one process alone, or a team of them, one a GPU, on one machine or on several.

A process alone needs torch only. A team is started by a launcher (``fabric run`` or ``torchrun``), and its
processes find each other by Lightning Fabric, which is imported only then. All draw the same batch and the same
noise from the same seed, and each learns from its share; so a team makes the updates that one process would
make with the whole batch. Only what layers draw inside (dropout, scheduled sampling) each draws for itself.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.torch_backend import device_for

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["PRECISIONS", "Team", "join"]

PRECISIONS = {"bf16": "bf16-mixed", "float32": "32-true"}
"""Ours, and Fabric's names for them."""


class Team:
    """One process alone.

    Parameters
    ----------
    device
        Where this process computes: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
    precision
        One of `PRECISIONS`; weights are float32 with either.

    Attributes
    ----------
    rank, size
        Which process of how many this is. Only rank 0 writes and shows anything.
    """

    rank, size = 0, 1

    def __init__(self, device: str, precision: str) -> None:
        self.device, self.precision = device, precision

    @property
    def kind(self) -> str:
        """The device without its number: ``"cpu"`` or ``"cuda"``."""
        return torch.device(self.device).type

    def autocast(self) -> AbstractContextManager[Any]:
        """A context in which layers compute in the team's precision."""
        return torch.autocast(self.kind, torch.bfloat16, enabled=self.precision == "bf16")

    def share(self, batch: Tensor) -> Tensor:
        """Of a batch that all have this process's share, one clip more or less: ``[n / size, ...]`` of ``[n, ...]``."""
        return batch.tensor_split(self.size)[self.rank]

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Add up over the team, in place: tensors of one dtype."""

    def same(self, tensors: Sequence[Tensor]) -> None:
        """Let all have what rank 0 has, in place: tensors of one dtype."""
        with torch.no_grad():
            for tensor in tensors:
                tensor.mul_(self.rank == 0)
            self.sum(tensors)

    def total(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """Add up over the team."""
        if self.size == 1:
            return dict(numbers)
        # Processes that have GPUs talk through these only.
        values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=self.device)
        self.sum([values])
        return dict(zip(numbers, values.tolist(), strict=True))


class FabricTeam(Team):
    """One process of several, after they have found each other.

    Parameters
    ----------
    fabric
        Launched.
    precision
        As for `Team`.
    """

    def __init__(self, fabric: Fabric, precision: str) -> None:
        super().__init__(str(fabric.device), precision)
        self.fabric, self.rank, self.size = fabric, fabric.global_rank, fabric.world_size

    def autocast(self) -> AbstractContextManager[Any]:
        """See `Team`."""
        return self.fabric.autocast()

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """See `Team`; all of them in one message."""
        message = torch.cat([tensor.flatten() for tensor in tensors])
        added = cast("Tensor", self.fabric.all_reduce(message, reduce_op="sum"))
        for tensor, part in zip(tensors, added.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))


def join(device: str, precision: str) -> Team:
    """The team that a launcher has started this process for; a process alone where there was no launcher.

    Parameters
    ----------
    device, precision
        As for `Team`; each process of a team on CUDA gets a GPU of its own.

    Raises
    ------
    ConfigError
        If the device is not available, Lightning Fabric not installed, or its launcher was told something else.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team(str(device_for(device)), precision)
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise ConfigError(
            "Several processes train together by Lightning Fabric, which is not installed.",
            'Install it: pip install "mvae_widgets[train]"',
        ) from error
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    told: dict[str, Any] = {"precision": PRECISIONS[precision]}
    # Fabric's own launcher has told it already, and a Fabric is launched then from the beginning.
    by_fabric = bool(os.environ.get("LT_CLI_USED"))
    if not by_fabric:
        accelerator = torch.device(device).type
        told |= {"accelerator": accelerator, "devices": here, "num_nodes": size // here, "strategy": "ddp"}
    try:
        fabric = Fabric(**told)
    except ValueError as error:
        raise ConfigError(f"The launcher and the recipe disagree: {error}", "Say it to mvae-widgets only.") from error
    if not by_fabric:
        fabric.launch()
    atexit.register(_part)
    return FabricTeam(fabric, precision)


def _part() -> None:
    """End the threads that talk to the others: a process that ends before them may abort."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
