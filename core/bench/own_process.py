"""Work in a process of its own: how long it takes, and how much memory."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

EVERY = 0.05  # seconds between two looks at its memory


@dataclass(frozen=True)
class Spent:
    """What some work took, imports included."""

    seconds: float
    processor_seconds: float
    peak: int  # bytes, with pages of files, which the system can reclaim
    own_peak: int  # bytes, without them


def spend(work: Callable[..., Any], *arguments: Any) -> Spent:
    """Do work in a new process.

    Raises:
        RuntimeError: It failed.
    """
    import psutil

    context = multiprocessing.get_context("spawn")
    results, sender = context.Pipe(duplex=False)
    child = context.Process(target=_timed, args=(sender, work, arguments))
    child.start()
    sender.close()  # so that `recv` fails if the child dies
    process, peak, own_peak = psutil.Process(child.pid), 0, 0
    while not results.poll(EVERY):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            usage = process.memory_info()
            peak = max(peak, usage.rss)
            own_peak = max(own_peak, usage.rss - getattr(usage, "shared", 0))
    try:
        seconds, processor_seconds = results.recv()
    except EOFError as error:
        raise RuntimeError(f"The process that was to {work.__name__} failed") from error
    finally:
        child.join()
    return Spent(seconds, processor_seconds, peak, own_peak)


def _timed(results: Connection, work: Callable[..., Any], arguments: tuple) -> None:
    began, processor = perf_counter(), process_time()
    work(*arguments)
    results.send((perf_counter() - began, process_time() - processor))
