"""The tasks of a worker: a run, or a call that may report, each in a process that is warm.

Dask hands out again what a worker had when it died, so each task notes that it has begun (`once`).
"""

import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from typing import Any

from core import execute, hardware, runs, settings
from core.errors import EngineError, Stopped
from core.features import shares
from core.maps import umap_layout
from core.progress import Progress

REPORT_EVERY = 0.3  # seconds between two reports of a call
WARM_MAPS_AFTER = 5  # seconds, so that a run started on opening the dashboard goes first
AFTER_RUNS = -1_000_000  # the priority of shares: below that of any run

_warming = threading.Lock()


def perform(run_id: str) -> str:
    """`execute.perform` in a warm worker; until it begins, the run is only queued."""
    once(bool)
    with shares.given_to(_others()):
        return execute.perform(run_id)


def reporting(name: str, call: str, function: Callable, *args):
    """Do a call; its last report is in the variable `name`, and it ends with `Stopped` when the event `call` is set."""
    from distributed import Event, Variable, get_client

    variable, cancelled = Variable(name, client=get_client()), Event(call, client=get_client())
    reported = 0.0

    def report(progress: Progress) -> None:
        nonlocal reported
        if time.monotonic() - reported > REPORT_EVERY:
            if cancelled.is_set():
                raise Stopped()
            variable.set(asdict(progress))
            reported = time.monotonic()

    if cancelled.is_set():  # while it was waiting
        raise Stopped()
    takes_report = "report" in inspect.signature(function).parameters
    try:
        with shares.given_to(_others()):
            return function(*args, **({"report": report} if takes_report else {}))
    finally:
        cancelled.clear()


def once(function: Callable, *args):
    """Do work in a warm worker, unless one died while doing it: what killed one would kill the next.

    Dask hands out again what a worker had when it died, begun or not. What has begun is therefore marked in the
    scheduler, which outlives workers. (A run is marked by its status in the store, see `execute.perform`.)
    """
    from distributed import Event, get_client, get_worker

    begun = Event(f"{get_worker().get_current_task()}-begun", client=get_client())
    if begun.is_set():
        begun.clear()
        raise EngineError(
            "The worker was restarted or died during this work (out of memory?)",
            remedy="Try again, with fewer images if it happens again",
        )
    begun.set()
    try:
        with _warming:  # Keras must not be imported by two threads at once
            _warm()
        return function(*args)
    finally:
        begun.clear()


def _others() -> shares.Submit | None:
    """A function that gives work to the workers that no run needs; None if there is no other worker."""
    from distributed import get_client, get_worker

    client: Any = get_client()
    others = sorted(client.nthreads().keys() - {get_worker().address})
    if not others:
        return None
    return partial(client.submit, once, pure=False, workers=others, resources={"train": 1}, priority=AFTER_RUNS)


@cache
def _warm() -> None:
    """Import what every run needs before the first one, in a process that gives pages priority."""
    if not settings.scheduler():  # that of a cluster may be a process with other duties
        hardware.yield_to_others()
    import keras  # noqa: F401
    import mlflow.tracking  # noqa: F401
    import scipy.linalg
    import scipy.optimize  # noqa: F401


def warm_maps() -> bool:
    """Import and compile what maps need (seconds) while no run is active, in a thread outside the pool."""
    from distributed import secede

    secede()
    runs.active()  # opens the store for the first run; a silent one lets nobody else wait
    time.sleep(WARM_MAPS_AFTER)
    while runs.active():
        time.sleep(1)
    umap_layout.warm()
    return True
