"""What could not be started is tried again when it is asked for later, and its error is said meanwhile."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from core.errors import EngineError
from dashboard.server import engine as engines
from dashboard.server.engine import Attempted

WITHIN = 60  # seconds


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Maker:
    """Fails as often as it is told to; each attempt ends when it may."""

    def __init__(self, failures: int):
        self.failures, self.attempts, self.may_end = failures, 0, Event()
        self.may_end.set()

    def __call__(self) -> str:
        self.attempts += 1
        assert self.may_end.wait(WITHIN)
        if self.attempts <= self.failures:
            raise EngineError(f"Attempt {self.attempts} failed")
        return "made"


def made(thing: Attempted) -> bool:
    try:
        return thing.get() is not None
    except EngineError:
        return False


def test_nothing_is_said_while_the_first_attempt_runs(background):
    make = Maker(0)
    make.may_end.clear()
    thing = Attempted(make, background)
    assert thing.get() is None
    assert thing.state == "starting"
    make.may_end.set()
    assert thing.wait() == "made"
    assert (thing.get(), thing.state, make.attempts) == ("made", "ready", 1)


def test_a_failed_attempt_is_followed_by_another_when_it_is_asked_for_again(background, monkeypatch):
    monkeypatch.setattr(engines, "AGAIN_AFTER", 0.0)
    make = Maker(1)
    thing = Attempted(make, background)
    until(lambda: thing.state == "failed")
    make.may_end.clear()
    for _ in range(3):  # begins the second attempt, and says the error of the first meanwhile
        with pytest.raises(EngineError, match="Attempt 1 failed"):
            thing.get()
        assert thing.state == "failed"
    make.may_end.set()
    until(lambda: made(thing))
    assert (thing.wait(), thing.state, make.attempts) == ("made", "ready", 2)


def test_pages_that_ask_often_do_not_begin_attempts_as_often(background, monkeypatch):
    monkeypatch.setattr(engines, "AGAIN_AFTER", WITHIN)
    make = Maker(1)
    thing = Attempted(make, background)
    until(lambda: thing.state == "failed")
    for _ in range(5):
        with pytest.raises(EngineError):
            thing.get()
    assert make.attempts == 1


def test_who_presses_a_button_gets_another_attempt_at_once(background):
    make = Maker(1)
    thing = Attempted(make, background)
    until(lambda: thing.state == "failed")
    assert thing.wait() == "made"


def test_who_presses_a_button_does_not_wait_long_for_what_has_failed_before(background, monkeypatch):
    monkeypatch.setattr(engines, "PATIENCE", 0.01)
    make = Maker(1)
    thing = Attempted(make, background)
    until(lambda: thing.state == "failed")
    make.may_end.clear()
    with pytest.raises(EngineError, match="Attempt 1 failed"):
        thing.wait()
    make.may_end.set()
    until(lambda: made(thing))


def test_the_same_error_is_logged_once(background, caplog):
    def refuse() -> str:
        raise EngineError("No scheduler answers")

    thing = Attempted(refuse, background)
    for _ in range(3):
        with pytest.raises(EngineError):
            thing.wait()
    assert caplog.text.count("No scheduler answers") == 1


def test_closing_gives_back_what_was_made(background):
    first, second = Attempted(Maker(0), background), Attempted(Maker(9), background)
    assert (first.close(), second.close()) == ("made", None)
