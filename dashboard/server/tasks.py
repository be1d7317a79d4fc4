"""Work of the workers for pages: long tasks with progress, and short questions answered once for all visitors."""

import contextlib
import functools
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from math import inf
from typing import Any

from cachetools import LRUCache
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import people, settings, storage
from core.engine import Engine
from core.errors import EngineError, LabError, Stopped
from core.features import estimates
from core.features.estimates import Count
from core.progress import Progress
from dashboard.server import engine as engines
from dashboard.server import line as lines
from dashboard.server.line import Line
from dashboard.server.once import once

KEPT_TASKS = 512
ERROR_KEPT = 5.0  # seconds for which all parts of a page get the same error; then the function is called again

logger = logging.getLogger(__name__)


def name(kind: str, *question: Hashable) -> str:
    """The name of a task: few-shot-1f0c9a27d1e0b3c4. The parts of the question must have a complete `repr`."""
    return f"{kind}-{hashlib.sha256(repr(question).encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Task:
    """Long work of a worker. Tasks with the same name are the same task, for all visitors.

    Args:
        function: Runs in the worker. If it takes `report`, it has progress and can be cancelled.
        failure: Introduces an unexpected error: "The curve cannot be computed".
        line: Where it waits for its turn.
    """

    name: str
    function: Callable
    arguments: tuple = ()
    failure: str = "The worker failed"
    line: Callable[[], Line] = lines.long
    engine: Callable[[], Engine] = engines.wait

    def begin(self) -> None:
        """Start an attempt, unless one is running. Raises AccessError for nobody."""
        engine = self.engine()
        with _lock:
            if not self.running:
                self.forget()
                _attempts()[self.name] = _Attempt(self, engine)

    def when_done(self, function: Callable[[Any], None]) -> None:
        """Call a function with the future of the attempt when it has ended; nothing without one."""
        if attempt := self._attempt:
            attempt.future.add_done_callback(function)

    @property
    def running(self) -> bool:
        """Whether an attempt is running or waits for its turn."""
        attempt = self._attempt
        return attempt is not None and not attempt.future.done()

    @property
    def progress(self) -> Progress | None:
        """The last report; None before the first."""
        attempt = self._attempt
        return self.engine().progress(self.name) if attempt and attempt.started else None

    @property
    def ahead(self) -> int:
        """How many tasks of its line are running or will begin before this one; 0 when it is running."""
        return len(self.before)

    @property
    def before(self) -> list[str]:
        """The names of these tasks."""
        attempt = self._attempt
        return self.line().before(attempt.turn) if attempt else []

    @property
    def error(self) -> LabError | None:
        """Why the last attempt failed, `Stopped` if it was cancelled; None after success and while it runs."""
        attempt = self._attempt
        if attempt is None or not attempt.future.done():
            return None
        error = CancelledError() if attempt.future.cancelled() else attempt.future.exception()
        return Stopped() if isinstance(error, CancelledError) else error and _in_words(error, self.failure)

    @property
    def finished(self) -> bool:
        """Whether the last attempt succeeded."""
        attempt = self._attempt
        return attempt is not None and attempt.future.done() and self.error is None

    @property
    def result(self) -> Any | None:
        """What the function returned; None unless the last attempt succeeded."""
        attempt = self._attempt
        return attempt.future.result() if attempt and self.finished else None

    @property
    def person(self) -> str:
        """Who began it."""
        attempt = self._attempt
        return attempt.person if attempt else people.LECTURER

    def cancel(self) -> None:
        """Stop a running attempt at its next progress report, a waiting one before it starts.

        Raises:
            AccessError: Somebody else began it.
        """
        attempt = self._attempt
        if attempt and not attempt.future.done():
            people.require("cancel", attempt.person)
            attempt.cancel()

    def forget(self) -> None:
        """Forget the last attempt, with its error."""
        with _lock:
            if not self.running:
                _attempts().pop(self.name, None)

    @property
    def _attempt(self) -> "_Attempt | None":
        with _lock:
            return _attempts().get(self.name)


def begin(tasks: Sequence[Task], counted: Count | None = None) -> None:
    """Start tasks that belong together; when all have succeeded, their estimate is kept beside the time they took.

    Args:
        counted: What all tasks together will compute; None: nothing is kept.
    """
    estimate = counted.estimate() if counted else None
    alone, started = not any(task.running for task in tasks), time.monotonic()
    for task in tasks:
        task.begin()
    if counted is None or estimate is None or not alone:
        return
    left, lock = {task.name for task in tasks}, threading.Lock()

    def ended(task: Task, _future: Any) -> None:
        with lock:
            left.discard(task.name)
            last = not left
        if last and all(each.finished for each in tasks):
            estimates.record(counted.kind, estimate, time.monotonic() - started)

    for task in tasks:
        task.when_done(functools.partial(ended, task))


class _Attempt:
    """One attempt at a task, which first waits for its turn."""

    def __init__(self, task: Task, engine: Engine):
        self.task, self.started, self.person = task, False, people.require("start")
        self._engine, self._cancelled, self._lock = engine, False, threading.Lock()
        self.turn = task.line().join(_visitor(), self._start, task.name)

    @property
    def future(self) -> Future:
        return self.turn.future

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self.started:
                self._engine.cancel(self.task.name)
        self.task.line().leave(self.turn)

    def _start(self) -> Any:
        with self._lock:
            if self._cancelled:
                raise Stopped()
            self.started = True
            resource = self.task.line().resource
            return self._engine.call_reporting(
                self.task.name, self.task.function, *self.task.arguments, resource=resource
            )


def _visitor() -> str | None:
    """The visitor: in a class a person; otherwise a browser tab, or None for the server itself."""
    if settings.mode() == "class":
        return people.current_person()
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else None


class Answers:
    """Short questions to the workers, each asked once for all visitors, and their answers.

    Errors are kept for a moment only: what was missing, such as weights, may be there at the next try.

    Args:
        keep: Number of answers; the least recently used are dropped first.
        most: Questions under way at once; further ones are not asked, and have no answer.
        patience: Seconds that a page waits for an answer before it is drawn without.
        failure: Introduces an unexpected error.
    """

    def __init__(
        self,
        *,
        keep: int = 64,
        most: float = inf,
        patience: float = 0.0,
        failure: str = "No answer",
        error_kept: float = ERROR_KEPT,
        engine: Callable[[], Engine | None] = engines.get,
    ):
        self._most, self._patience, self._failure = most, patience, failure
        self._error_kept, self._engine = error_kept, engine
        self._futures: LRUCache[Hashable, Future] = LRUCache(keep)
        self._under_way: list[Future] = []
        self._lock = threading.Lock()

    def get(self, question: Hashable, function: Callable, *args, **kwargs) -> Any | None:
        """The answer to a question, computed by `function` in the worker; None until it is there.

        Raises:
            LabError: The function failed.
        """
        with self._lock:
            self._under_way = [each for each in self._under_way if not each.done()]
            future = self._futures.get(question)
            if future is None or self._expired(future):
                engine = self._engine()
                if engine is None or len(self._under_way) >= self._most:
                    return None
                future = self._futures[question] = engine.call(function, *args, **kwargs)
                self._under_way.append(future)
        if not self._done(future):
            return None
        return self._outcome(question, future).result()

    def pending(self, question: Hashable) -> bool:
        """Whether a question that was asked has no answer yet, or the engine is starting."""
        with self._lock:
            return self._unanswered([self._futures.get(question)])

    @property
    def busy(self) -> bool:
        """Whether any question has no answer yet, or the engine is starting."""
        with self._lock:
            return self._unanswered(self._under_way)

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._futures.clear()
            self._under_way.clear()

    def _unanswered(self, futures: Sequence[Future | None]) -> bool:
        try:
            if self._engine() is None:
                return True
        except EngineError:  # shown by `get`
            return False
        return any(future is not None and not future.done() for future in futures)

    def _done(self, future: Future) -> bool:
        if self._patience and not future.done():
            with contextlib.suppress(TimeoutError, CancelledError):
                future.exception(timeout=self._patience)
        return future.done()

    def _outcome(self, question: Hashable, future: Future) -> Future:
        """The outcome of a question, from now on kept in this process: the worker may end."""
        if isinstance(future, _Outcome):
            return future
        outcome = _Outcome()
        try:
            outcome.set_result(future.result())
        except Exception as error:  # whatever the worker raised
            outcome.set_exception(_in_words(error, self._failure))
        with self._lock:
            if self._futures.get(question) is future:
                self._futures[question] = outcome
        return outcome

    def _expired(self, future: Future) -> bool:
        return (
            isinstance(future, _Outcome)
            and future.exception() is not None
            and time.monotonic() - future.at >= self._error_kept
        )


class _Outcome(Future):
    """The answer to a question or its error, in this process."""

    def __init__(self):
        super().__init__()
        self.at = time.monotonic()


def _in_words(error: BaseException, failure: str) -> LabError:
    """An error in the form that visitors read."""
    if isinstance(error, LabError):
        return error
    if isinstance(error, CancelledError):  # by Dask: nobody else cancels what was asked
        return EngineError("The worker, or the connection to it, was lost during this work", remedy="Try again")
    if storage.is_full(error):
        return EngineError(f"{failure}: the disk of the home folder is full", remedy="Make room on it, and try again")
    logger.warning("%s", failure, exc_info=error)
    return EngineError(f"{failure} ({type(error).__name__}: {error})", remedy="Try again")


_lock = threading.RLock()  # guards the attempts


@once
def _attempts() -> LRUCache[str, _Attempt]:
    return LRUCache(KEPT_TASKS)
