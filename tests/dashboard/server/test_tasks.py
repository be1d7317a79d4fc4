"""Tasks and answers on an engine whose worker does what a test says, when it says so."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import pytest

from core.errors import EngineError, Stopped, WeightsError
from core.features import estimates
from core.features.estimates import Count
from core.progress import Progress, Report, silent
from dashboard.server import tasks
from dashboard.server.line import Line
from dashboard.server.tasks import Answers, Task
from dashboard.ui import task_progress

_numbers = itertools.count()


class FakeEngine:
    """Keeps what it was asked to do; `finish` and `fail` end it, in order."""

    def __init__(self):
        self.calls: list[tuple] = []
        self.cancelled: list[str] = []
        self.reports: dict[str, Progress] = {}
        self._futures: list[Future] = []

    def call(self, function: Callable, *args, **kwargs) -> Future:
        self.calls.append((function, *args, *kwargs.values()))
        self._futures.append(Future())
        return self._futures[-1]

    def call_reporting(self, name: str, function: Callable, *args, resource: str) -> Future:
        return self.call(function, *args)

    def places(self, resource: str) -> int:
        return 1

    def progress(self, name: str) -> Progress | None:
        return self.reports.get(name)

    def cancel(self, name: str) -> None:
        self.cancelled.append(name)

    def finish(self, result: object) -> None:
        self._futures.pop(0).set_result(result)

    def fail(self, error: Exception) -> None:
        self._futures.pop(0).set_exception(error)


class KilledWorker(Exception):  # noqa: N818 - as Dask calls it
    """What Dask raises when a worker died over a task."""


def square(number: int) -> int:
    return number**2


def long_square(number: int, report: Report = silent) -> int:
    return number**2


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def line(engine: FakeEngine) -> Line:
    return Line("long", lambda: engine)


@pytest.fixture
def make(engine: FakeEngine, line: Line) -> Callable[..., Task]:
    def make(number: int, function: Callable = long_square) -> Task:
        name = f"square-{next(_numbers)}"
        return Task(name, function, (number,), failure="No square", line=lambda: line, engine=lambda: engine)

    return make


@pytest.fixture
def task(make: Callable[..., Task]) -> Task:
    return make(3)


def answers(engine: FakeEngine | None, **options) -> Answers:
    return Answers(engine=lambda: engine, failure="No square", error_kept=0.0, **options)


# Tasks


def test_a_task_runs_once_and_has_a_result(task: Task, engine: FakeEngine):
    assert (task.running, task.finished, task.error, task.result) == (False, False, None, None)
    task.begin()
    task.begin()
    assert task.running and task.result is None
    engine.finish(9)
    assert (task.running, task.finished, task.error, task.result) == (False, True, None, 9)
    assert engine.calls == [(long_square, 3)]


def test_tasks_of_one_name_are_the_same_task(task: Task, engine: FakeEngine):
    task.begin()
    other = replace(task, failure="Another page's words")
    assert other.running
    engine.finish(9)
    assert other.result == 9


def test_the_name_of_a_task_depends_on_the_whole_question():
    assert tasks.name("map", "a", 1) == tasks.name("map", "a", 1)
    assert len({tasks.name("map", "a", 1), tasks.name("map", "a", 2), tasks.name("layers", "a", 1)}) == 3


def test_the_progress_of_a_task_is_its_last_report(task: Task, engine: FakeEngine):
    engine.reports[task.name] = Progress("extract", 1, 10)
    assert task.progress is None
    task.begin()
    assert task.progress == Progress("extract", 1, 10)


def test_a_cancelled_task_says_that_it_was_stopped_until_it_begins_again(task: Task, engine: FakeEngine):
    task.begin()
    task.cancel()
    assert engine.cancelled == [task.name]
    engine.fail(Stopped())
    assert isinstance(task.error, Stopped)
    task.begin()
    assert task.running and task.error is None


def test_an_error_is_kept_until_it_is_forgotten_or_the_task_begins_again(task: Task, engine: FakeEngine):
    error = WeightsError("No weights")
    task.begin()
    engine.fail(error)
    assert task.error is error and task.error is error and task.result is None
    task.forget()
    assert task.error is None
    task.begin()
    engine.finish(9)
    assert task.error is None and task.result == 9


@pytest.fixture
def pair(make: Callable[..., Task]) -> list[Task]:
    return [make(1), make(2)]


@pytest.fixture
def counted(home, monkeypatch: pytest.MonkeyPatch) -> Count:
    monkeypatch.setattr(estimates, "SHORTEST", 0.0)
    count = Count("squares")
    count.work("layer head", 1000)
    return count


def test_the_estimate_of_tasks_is_kept_once_when_the_last_has_succeeded(pair, counted, engine: FakeEngine):
    tasks.begin(pair, counted)
    engine.finish(1)
    assert estimates.tasks().empty
    engine.finish(4)
    kept = estimates.tasks().iloc[0]
    assert (kept["kind"], len(estimates.tasks())) == ("squares", 1)
    assert kept["said"] == pytest.approx(counted.estimate().seconds, abs=0.01)


def test_nothing_is_kept_if_a_task_fails_or_was_running_before(pair, counted, engine: FakeEngine):
    tasks.begin(pair, counted)
    engine.fail(Stopped())
    engine.finish(4)
    pair[0].begin()
    tasks.begin(pair, counted)
    engine.finish(1)
    engine.finish(4)
    tasks.begin(pair)
    engine.finish(1)
    engine.finish(4)
    assert estimates.tasks().empty


def test_a_worker_that_died_over_a_task_is_an_error_in_words(task: Task, engine: FakeEngine):
    task.begin()
    engine.fail(KilledWorker("out of memory"))
    assert isinstance(task.error, EngineError)
    assert task.error.received == "No square (KilledWorker: out of memory)"


def test_a_task_waits_for_its_turn_and_is_cancelled_before_it_begins(make: Callable[..., Task], engine: FakeEngine):
    first, second, third = each = [make(number) for number in range(3)]
    for task in each:
        task.begin()
    assert [task.running for task in each] == [True] * 3
    assert [task.ahead for task in each] == [0, 1, 2]
    assert [call[1] for call in engine.calls] == [0]
    second.cancel()
    assert isinstance(second.error, Stopped)
    assert third.ahead == 1
    engine.finish(0)
    assert [call[1] for call in engine.calls] == [0, 2] and engine.cancelled == []
    engine.finish(4)
    assert (first.result, third.result) == (0, 4)


def test_what_waits_says_what_is_before_it(make: Callable[..., Task], engine: FakeEngine):
    kinds = ("fetch", "import", "fetch", "import")
    each = [replace(make(number), name=f"{kind}-{next(_numbers)}") for number, kind in enumerate(kinds)]
    for task in each:
        task.begin()
    assert [task_progress.place(task) for task in each] == [
        "",
        "Waiting: 1 download before it",
        "Waiting: 1 download and 1 import before it",
        "Waiting: 2 downloads and 1 import before it",
    ]
    engine.finish(0)
    assert task_progress.place(each[1]) == ""


# Answers


def test_two_visitors_ask_once(engine: FakeEngine):
    kept = answers(engine)
    assert kept.get(3, square, 3) is None
    assert kept.get(3, square, 3) is None
    assert kept.pending(3) and kept.busy
    engine.finish(9)
    assert not kept.pending(3) and not kept.busy
    assert [kept.get(3, square, 3), kept.get(3, square, 3)] == [9, 9]
    assert engine.calls == [(square, 3)]


def test_nothing_is_asked_while_the_engine_starts():
    kept = answers(None)
    assert kept.get(3, square, 3) is None
    assert kept.pending(3) and kept.busy


def test_a_page_waits_a_moment_for_an_answer(engine: FakeEngine):
    kept = answers(engine, patience=10)
    threading.Timer(0.05, engine.finish, [9]).start()
    assert kept.get(3, square, 3) == 9


def test_an_error_is_raised_and_forgotten_so_that_the_next_look_asks_again(engine: FakeEngine):
    kept = answers(engine)
    kept.get(3, square, 3)
    engine.fail(WeightsError("No weights"))
    with pytest.raises(WeightsError, match="No weights"):
        kept.get(3, square, 3)
    assert kept.get(3, square, 3) is None
    engine.finish(9)
    assert kept.get(3, square, 3) == 9
    assert len(engine.calls) == 2


def test_all_parts_of_a_page_are_told_the_same_error(engine: FakeEngine):
    kept = Answers(engine=lambda: engine, error_kept=60.0)
    kept.get(3, square, 3)
    engine.fail(WeightsError("No weights"))
    for _ in range(2):
        with pytest.raises(WeightsError):
            kept.get(3, square, 3)
        assert not kept.pending(3)
    assert len(engine.calls) == 1


def test_a_worker_that_died_over_a_question_is_an_error_in_words(engine: FakeEngine):
    kept = answers(engine)
    kept.get(3, square, 3)
    engine.fail(KilledWorker("out of memory"))
    with pytest.raises(EngineError) as raised:
        kept.get(3, square, 3)
    assert raised.value.received == "No square (KilledWorker: out of memory)"


def test_a_full_disk_is_an_error_in_words(engine: FakeEngine):
    kept = answers(engine)
    kept.get(3, square, 3)
    engine.fail(OSError(28, "No space left on device"))
    with pytest.raises(EngineError, match="the disk of the home folder is full"):
        kept.get(3, square, 3)


def test_an_engine_that_cannot_start_leaves_nothing_pending():
    def broken() -> None:
        raise EngineError("No scheduler answers")

    kept = Answers(engine=broken)
    assert not kept.pending(3) and not kept.busy
    with pytest.raises(EngineError):
        kept.get(3, square, 3)


def test_no_more_questions_are_under_way_than_allowed(engine: FakeEngine):
    kept = answers(engine, most=1)
    kept.get(1, square, 1)
    assert kept.get(2, square, 2) is None and not kept.pending(2)
    assert engine.calls == [(square, 1)]
    engine.finish(1)
    kept.get(2, square, 2)
    assert kept.pending(2)


def test_answers_looked_at_longest_ago_are_dropped_first(engine: FakeEngine):
    kept = answers(engine, keep=2)
    for number in (1, 2):
        kept.get(number, square, number)
        engine.finish(number**2)
        assert kept.get(number, square, number) == number**2
    kept.get(1, square, 1)
    kept.get(3, square, 3)  # drops the second
    engine.finish(9)
    assert kept.get(1, square, 1) == 1
    assert kept.get(2, square, 2) is None
    assert [call[1] for call in engine.calls] == [1, 2, 3, 2]


def test_cleared_answers_are_asked_again(engine: FakeEngine):
    kept = answers(engine)
    kept.get(3, square, 3)
    engine.finish(9)
    kept.clear()
    assert kept.get(3, square, 3) is None
    assert len(engine.calls) == 2
