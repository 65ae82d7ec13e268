"""Work spread over the cores of this machine, or over a cluster with Dask."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from mvae_widgets.errors import ConfigError, MusicVAEError

__all__ = ["spread"]

Job = TypeVar("Job")
Result = TypeVar("Result")
# Jobs handed out for each worker: one that runs and one that waits, so that none is ever idle.
AHEAD = 2
# Seconds to wait for a scheduler.
PATIENCE = 20


class _Future(Protocol):
    def result(self) -> Any: ...


Submit = Callable[[Callable[[Any], Any], Any], _Future]


def spread(
    work: Callable[[Job], Result], jobs: Iterable[Job], processes: int | None = None, scheduler: str | None = None
) -> Iterator[Result]:
    """Do some work on many jobs at once.

    Parameters
    ----------
    work
        A function of a module, so that other processes find it. What it raises ends everything.
    jobs
        What it is given; taken from the iterator only as fast as they are done.
    processes
        How many at once on this machine: by default one a core; 1 works in this process.
    scheduler
        Address of a Dask scheduler (``tcp://host:8786``), whose workers do it instead.

    Yields
    ------
    Result
        In the order of the jobs.

    Raises
    ------
    ConfigError
        Dask is not installed, or there is no scheduler at the address.
    MusicVAEError
        A process was killed from outside, mostly for want of memory.
    """
    if scheduler is None and processes == 1:
        yield from map(work, jobs)
        return
    with _cluster(scheduler) if scheduler is not None else _cores(processes) as (submit, workers):
        waiting: deque[_Future] = deque()
        for job in jobs:
            waiting.append(submit(work, job))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _cores(processes: int | None) -> Iterator[tuple[Submit, int]]:
    count = processes or _usable_cores()
    # Not forked: torch and the pool's own threads do not survive that.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, _leave_interrupts_to_the_parent)
    try:
        yield pool.submit, count
    except BrokenProcessPool as error:
        raise MusicVAEError(
            "A working process was killed, mostly for want of memory.",
            "The same command goes on with what is done; give it fewer --processes.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _cluster(scheduler: str) -> Iterator[tuple[Submit, int]]:
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise ConfigError("Dask is not installed.", 'pip install "mvae_widgets[cluster]"') from None
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"There is no Dask scheduler at {scheduler}: {error}.", "Start one: dask scheduler."
        ) from None
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise ConfigError(f"The scheduler at {scheduler} has no workers.", f"Start some: dask worker {scheduler}.")
        try:
            yield lambda work, job: client.submit(work, job, pure=False), workers
        except KilledWorker as error:
            raise MusicVAEError(
                "A worker of the cluster was killed, mostly for want of memory.",
                "The same command goes on with what is done; give the workers more memory.",
            ) from error


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches all processes of a terminal; the parent ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
