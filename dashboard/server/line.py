"""Lines of long work: visitors take turns, and what one visitor asks for is done in order, one after the other.

In a class a visitor is a learner, or the lecturer, who is first in each round.
"""

import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from core import people
from core.engine import Engine
from core.errors import EngineError
from dashboard.server import engine as engines
from dashboard.server.once import once


class Line:
    """Starts tasks as places become free. The next belongs to the visitor whose last turn is longest ago.

    Args:
        resource: What each task takes of a worker, see `core.cluster.RESOURCES`.
        engine: Whose workers have these resources.
    """

    def __init__(self, resource: str, engine: Callable[[], Engine] = engines.wait):
        self.resource, self._engine = resource, engine
        self._lock = threading.Lock()
        self._working: set[Turn] = set()
        self._waiting: dict[Hashable, list[Turn]] = {}  # visitor -> own turns; new visitors come last
        self._last: dict[Hashable, int] = {}  # visitor -> when the last turn began
        self._count = itertools.count(1)

    def join(self, visitor: Hashable, start: Callable[[], Any], name: str = "") -> "Turn":
        """Wait for a place, then call `start`, which returns a future of the work."""
        turn = Turn(self, visitor, start, name)
        with self._lock:
            self._waiting.setdefault(visitor, []).append(turn)
        self.advance()
        return turn

    def ahead(self, turn: "Turn") -> int:
        """How many tasks are running or will begin before this one; 0 when it has begun."""
        return len(self.before(turn))

    def before(self, turn: "Turn") -> list[str]:
        """The names of these tasks."""
        with self._lock:
            order = self._order()
            return [each.name for each in (*self._working, *order[: order.index(turn)])] if turn in order else []

    def leave(self, turn: "Turn") -> None:
        """Give up a turn that waits; nothing if it has begun."""
        with self._lock:
            if turn not in self._waiting.get(turn.visitor, []):
                return
            self._remove(turn)
        turn.future.cancel()

    def advance(self) -> None:
        """Start what there are places for."""
        while turn := self._next():
            turn.begin()

    def end(self, turn: "Turn") -> None:
        """Free the place of a turn."""
        with self._lock:
            self._working.discard(turn)
            if not self._waiting and not self._working:
                self._last.clear()

    def _order(self) -> list["Turn"]:
        """Who waits, the next first."""
        visitors = sorted(self._waiting, key=lambda name: (name != people.LECTURER, self._last.get(name, 0)))
        rounds = itertools.zip_longest(*(self._waiting[visitor] for visitor in visitors))
        return [turn for turns in rounds for turn in turns if turn]

    def _next(self) -> "Turn | None":
        if not self._waiting:
            return None
        places = max(self._engine().places(self.resource), 1)  # without a worker it begins and fails, with the reason
        with self._lock:
            busy = {turn.visitor for turn in self._working}  # a task may need the result of the one before it
            turn = next((turn for turn in self._order() if turn.visitor not in busy), None)
            if turn is None or len(self._working) >= places:
                return None
            self._remove(turn)
            self._last[turn.visitor] = next(self._count)
            self._working.add(turn)
            return turn

    def _remove(self, turn: "Turn") -> None:
        self._waiting[turn.visitor].remove(turn)
        if not self._waiting[turn.visitor]:
            del self._waiting[turn.visitor]


@once
def long() -> Line:
    """Work that computes for a while."""
    return Line("long")


@once
def files() -> Line:
    """Work that waits for a network or a disk, apart from work that computes."""
    return Line("files")


class Turn:
    """One task in a line; `future` is its outcome, kept in this process: the worker may end."""

    def __init__(self, line: Line, visitor: Hashable, start: Callable[[], Any], name: str):
        self.visitor, self.name, self.future = visitor, name, Future()
        self._line, self._start = line, start

    def begin(self) -> None:
        """Start the work; called by the line."""
        self.future.set_running_or_notify_cancel()
        try:
            work = self._start()
        except Exception as error:  # such as an engine without workers
            self._line.end(self)
            self.future.set_exception(error)
        else:
            work.add_done_callback(self._finish)

    def _finish(self, work: Any) -> None:
        self._line.end(self)
        try:
            if work.cancelled():
                raise EngineError("The worker, or the connection to it, was lost during this work", remedy="Try again")
            result = work.result()
        except Exception as error:  # whatever the worker raised
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
        self._line.advance()
