"""Who is next in a line, with works that end when a test says so."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import EngineError
from dashboard.server.line import Line


class Works:
    """What has begun, in order, and the end of each."""

    def __init__(self):
        self.begun: dict[str, Future] = {}

    def start(self, name: str) -> Any:
        return lambda: self.begun.setdefault(name, Future())

    def finish(self, *names: str) -> None:
        for name in names:
            self.begun[name].set_result(name)


@pytest.fixture
def works() -> Works:
    return Works()


def line(places: int = 1) -> Line:
    return Line("long", lambda: SimpleNamespace(places=lambda resource: {"long": places}[resource]))


def test_one_visitor_is_served_in_order(works: Works):
    one = line()
    turns = [one.join("ann", works.start(name)) for name in "abc"]
    assert [*works.begun] == ["a"] and [one.ahead(turn) for turn in turns] == [0, 1, 2]
    works.finish("a")
    works.finish("b")
    works.finish("c")
    assert [*works.begun] == ["a", "b", "c"]
    assert [turn.future.result(0) for turn in turns] == ["a", "b", "c"]


def test_visitors_take_turns_however_much_one_of_them_wants(works: Works):
    one = line()
    ann = [one.join("ann", works.start(f"ann {number}")) for number in range(3)]
    bob = [one.join("bob", works.start(f"bob {number}")) for number in range(2)]
    eve = one.join("eve", works.start("eve 0"))
    assert [one.ahead(turn) for turn in (*ann, *bob, eve)] == [0, 3, 5, 1, 4, 2]
    order = ["ann 0", "bob 0", "eve 0", "ann 1", "bob 1", "ann 2"]
    for name in order:
        works.finish(name)
    assert [*works.begun] == order


def test_who_has_just_been_served_waits_behind_who_has_not(works: Works):
    one = line()
    one.join("ann", works.start("ann 0"))
    one.join("bob", works.start("bob 0"))
    works.finish("ann 0")
    one.join("ann", works.start("ann 1"))
    one.join("eve", works.start("eve 0"))
    works.finish("bob 0")
    assert [*works.begun] == ["ann 0", "bob 0", "eve 0"]


def test_works_of_two_visitors_are_done_at_once_and_those_of_one_are_not(works: Works):
    one = line(places=2)
    turns = [one.join("ann", works.start(name)) for name in "abc"]
    assert [*works.begun] == ["a"]
    one.join("bob", works.start("d"))
    assert [*works.begun] == ["a", "d"]
    works.finish("a")
    assert [*works.begun] == ["a", "d", "b"]
    assert [one.ahead(turn) for turn in turns] == [0, 0, 2]


def test_a_turn_that_is_given_up_is_passed_over_and_one_that_has_begun_stays(works: Works):
    one = line()
    first, second, third = (one.join("ann", works.start(name)) for name in "abc")
    one.leave(second)
    one.leave(first)
    assert second.future.cancelled() and one.ahead(third) == 1
    works.finish("a")
    assert [*works.begun] == ["a", "c"] and first.future.result(0) == "a"


@pytest.mark.slow
def test_what_fails_or_cannot_begin_frees_its_place(works: Works):
    def refused() -> Future:
        raise EngineError("No worker has the resource")

    one = line(places=0)
    first = one.join("ann", works.start("a"))
    others = [one.join("ann", refused) for _ in range(2000)]
    last = one.join("ann", works.start("b"))
    works.begun["a"].set_exception(ValueError("no"))
    assert isinstance(first.future.exception(0), ValueError)
    assert {type(turn.future.exception(0)) for turn in others} == {EngineError}
    works.finish("b")
    assert last.future.result(0) == "b"
