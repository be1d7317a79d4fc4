"""The run store and the engine, opened and started once per server in the background.

They take seconds to import and start; pages first show what needs neither. What fails is tried again when a page needs
it later; meanwhile its error is shown.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Generic, TypeVar

import streamlit as st

from core import hardware, runs
from core.engine import Engine
from core.runs import RunRow
from dashboard.server.once import once

FIRST_PAINT = 1.5  # seconds; the browser loads the page from this process, and importing MLflow meanwhile delays both
AGAIN_AFTER = 5.0  # seconds between two attempts
PATIENCE = 2.0  # seconds to wait for another attempt; a first one is waited for to its end

T = TypeVar("T")

logger = logging.getLogger(__name__)


def start() -> None:
    """Open the run store and start the engine in the background, once per server."""
    _starting()


def store_open() -> bool:
    """Whether runs can be read without waiting.

    Raises:
        StoreError: The store could not be opened.
    """
    return _starting().store.get() is not None


def get() -> Engine | None:
    """The engine, or None while it starts.

    Raises:
        EngineError: It could not start.
    """
    return _starting().engine.get()


def state() -> tuple[str, str]:
    """How far the run store and the engine are: each is starting, ready or failed."""
    return _starting().store.state, _starting().engine.state


def settled() -> bool:
    """Whether the engine has started or has failed to."""
    return _starting().engine.state != "starting"


def failed() -> bool:
    """Whether the engine could not start; it is tried again when somebody asks for it."""
    return _starting().engine.state == "failed"


def wait() -> Engine:
    """Wait for the engine.

    Raises:
        EngineError: It could not start.
    """
    return _starting().engine.wait()


class Attempted(Generic[T]):
    """Something made in the background, attempted until that succeeds."""

    def __init__(self, make: Callable[[], T], background: ThreadPoolExecutor):
        self._make, self._background = make, background
        self._error: Exception | None = None  # of the last attempt that has ended
        self._ended, self._lock = 0.0, RLock()
        self._future: Future[T] = background.submit(self._attempt)

    def get(self) -> T | None:
        """The result; None during the first attempt. Raises the error of the last attempt, and may start another."""
        with self._lock:
            if self._error is None:
                return self._future.result() if self._future.done() else None
            if self._future.done() and time.monotonic() - self._ended >= AGAIN_AFTER:
                self._future = self._background.submit(self._attempt)
            raise self._error

    def wait(self) -> T:
        """The result. After a failed attempt, begins another and waits briefly for it before raising the error."""
        with self._lock:
            known = self._error
            if known and self._future.done():
                self._future = self._background.submit(self._attempt)
            future = self._future
        try:
            return future.result(PATIENCE if known else None)
        except TimeoutError:
            raise known or TimeoutError() from None

    @property
    def state(self) -> str:
        """How far it is: starting until an attempt has ended, then ready, or failed if the last one did."""
        with self._lock:
            if self._error is not None:
                return "failed"
            return "ready" if self._future.done() else "starting"

    def close(self) -> T | None:
        """The result, for the caller to close; None if there is none."""
        with self._lock:
            future = self._future
        return None if future.cancel() or future.exception() else future.result()

    def _attempt(self) -> T:
        try:
            made = self._make()
        except Exception as error:
            with self._lock:
                if str(error) != str(self._error):
                    logger.warning("%s", error)
                self._error, self._ended = error, time.monotonic()
            raise
        with self._lock:
            self._error = None
        return made


class _Starting:
    """The engine being started and the run store being read, one after the other in a background thread.

    The engine comes first: it opens the store while its worker starts.
    """

    def __init__(self):
        self._tried = False
        hardware.raise_open_files()
        runs.answer_soon()
        background = ThreadPoolExecutor(1, thread_name_prefix="starting")
        background.submit(time.sleep, FIRST_PAINT)
        self.engine: Attempted[Engine] = Attempted(self._start, background)
        self.store: Attempted[list[RunRow]] = Attempted(runs.rows, background)

    def close(self) -> None:
        """End the engine."""
        if engine := self.engine.close():
            engine.close()
        self.store.close()

    def _start(self) -> Engine:
        if self._tried:
            runs.active()  # raises, before there is a worker to close, if that was why
        self._tried = True
        return Engine.start(f"port {st.get_option('server.port')}")


@once(close=_Starting.close)
def _starting() -> _Starting:
    return _Starting()
