"""CUDA graphs: on a GPU the decode loop is recorded once and replayed.

A loop of hundreds of steps launches thousands of small kernels, which takes longer than they do. A recorded loop
is launched as a whole. It works on memory that stays where it is, and so is of one set of shapes; what is given is
copied in, and what comes out is copied off. Draws are no part of it: noise is given, times the temperature.
"""

from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from mvae_widgets.errors import MusicVAEWarning
from mvae_widgets.nn.runtime import Stamp

__all__ = ["LIMIT", "SWITCH", "CudaRecording", "Graphs", "Recording", "replay"]

LIMIT = 8
"""Graphs kept of one module."""
SWITCH = "MVAE_WIDGETS_GRAPHS"
"""Environment variable that turns this off: 0."""
WARM_UPS = 3

Work = Callable[..., Tensor]
Inputs = tuple[Tensor | None, ...]


class Recording(Protocol):
    """Some work, recorded.

    Attributes
    ----------
    output
        Where each replay leaves its result.
    """

    output: Tensor

    def replay(self) -> None:
        """Do the work again, on what its inputs hold now."""


class CudaRecording:
    """Work recorded as a CUDA graph on the current device.

    Parameters
    ----------
    work
        Makes a tensor out of others that stay where they are; must not wait for the device.

    Raises
    ------
    RuntimeError
        If the work cannot be recorded.
    """

    def __init__(self, work: Callable[[], Tensor]) -> None:
        # PyTorch asks for this: libraries set themselves up on the first calls, beside the stream of the user.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                work()
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads of the notebook may go on using the device.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self.output = work()

    def replay(self) -> None:
        """See `Recording`."""
        self._graph.replay()


class Graphs:
    """The recordings of one module's work, by the shapes of what it is given.

    Shapes seen for the first time are worked on as ever; those that come again are recorded. When parameters of
    the module move or change, all is forgotten; beyond the limit, what was used longest ago.

    Parameters
    ----------
    record
        Makes a recording of work without arguments.
    limit
        How many shapes to remember.
    """

    def __init__(self, record: Callable[[Callable[[], Tensor]], Recording] = CudaRecording, limit: int = LIMIT) -> None:
        self._record, self._limit = record, limit
        self._kept: OrderedDict[Hashable, tuple[Recording, Inputs] | None] = OrderedDict()
        self._stamp: Stamp | None = None
        self._fails = False

    def run(self, module: nn.Module, work: Work, *inputs: Tensor | None) -> Tensor:
        """What ``work(*inputs)`` is, which depends on the module's parameters and on nothing else."""
        if self._fails:
            return work(*inputs)
        stamp = Stamp.of(module)
        if stamp != self._stamp:
            self._kept.clear()
            self._stamp = stamp
        shapes = (None if x is None else (x.shape, x.dtype, x.device) for x in inputs)
        key = (torch.is_autocast_enabled("cuda"), *shapes)
        if key not in self._kept:
            self._kept[key] = None
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
            return work(*inputs)
        self._kept.move_to_end(key)
        kept = self._kept[key]
        if kept is None:
            try:
                kept = self._kept[key] = self._keep(work, inputs)
            except RuntimeError as error:
                self._give_up(error)
                return work(*inputs)
        recording, own = kept
        for mine, given in zip(own, inputs, strict=True):
            if mine is not None and given is not None:
                mine.copy_(given)
        recording.replay()
        return recording.output.clone()

    def _keep(self, work: Work, inputs: Inputs) -> tuple[Recording, Inputs]:
        with torch.inference_mode(False):
            own = tuple(None if x is None else x.clone() for x in inputs)
        return self._record(lambda: work(*own)), own

    def _give_up(self, error: RuntimeError) -> None:
        self._kept.clear()
        self._fails = True
        reason = str(error).strip().partition("\n")[0]
        warnings.warn(
            f"The decode loop could not be recorded as a CUDA graph and goes on without, more slowly: {reason} "
            f"{SWITCH}=0 keeps from trying.",
            MusicVAEWarning,
            stacklevel=2,
        )


_GRAPHS: WeakKeyDictionary[nn.Module, Graphs] = WeakKeyDictionary()


def replay(module: nn.Module, work: Work, *inputs: Tensor | None) -> Tensor:
    """``work(*inputs)``, on a GPU by a graph of it.

    Parameters
    ----------
    module
        Whose parameters the work depends on. All work for a module must be the same but for its inputs.
    work
        Must launch the same kernels whatever numbers the inputs hold.
    inputs
        Tensors, or none; the first decides about the device.
    """
    device = inputs[0].device if inputs and inputs[0] is not None else None
    off = os.environ.get(SWITCH, "1").strip() == "0"
    if device is None or device.type != "cuda" or off or torch.cuda.is_current_stream_capturing():
        return work(*inputs)
    graphs = _GRAPHS.get(module)
    if graphs is None:
        graphs = _GRAPHS[module] = Graphs()
    with torch.cuda.device(device):
        return graphs.run(module, work, *inputs)
