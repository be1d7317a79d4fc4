"""The run store and the engine, started once per server in the background.

They take seconds to import and start; pages first show what needs neither.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from core import hardware, runs
from core.engine import Engine
from dashboard.server.once import once

FIRST_PAINT = 1.5  # seconds; the browser loads the page from this process, and importing MLflow meanwhile delays both


def start() -> None:
    """Open the run store and start the engine in the background, once per server."""
    _starting()


def store_open() -> bool:
    """Whether runs can be read without waiting.

    Raises:
        StoreError: The store could not be opened.
    """
    store, _ = _starting()
    return store.done() and store.result() is not None


def get() -> Engine | None:
    """The engine, or None while it starts.

    Raises:
        EngineError: It could not start.
    """
    _, engine = _starting()
    return engine.result() if engine.done() else None


def settled() -> bool:
    """Whether the engine has started or has failed to."""
    _, engine = _starting()
    return engine.done()


def wait() -> Engine:
    """Wait for the engine.

    Raises:
        EngineError: It could not start.
    """
    _, engine = _starting()
    return engine.result()


def _close(starting: tuple[Future, Future]) -> None:
    _, engine = starting
    if not engine.cancel() and not engine.exception():
        engine.result().close()


@once(close=_close)
def _starting() -> tuple[Future, Future]:
    """The run store being opened and the engine being started, one after the other in a background thread."""
    hardware.raise_open_files()
    background = ThreadPoolExecutor(1, thread_name_prefix="starting")
    background.submit(time.sleep, FIRST_PAINT)
    return background.submit(runs.rows), background.submit(Engine.start)
