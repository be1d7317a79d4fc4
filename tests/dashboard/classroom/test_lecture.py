"""What the lecturer shows: only the lecturer can change it, and whoever waits for a change is told at once."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from starlette.requests import Request

from core import people
from core.errors import AccessError
from dashboard.classroom import lecture
from dashboard.classroom.lecture import Place
from dashboard.server import once
from tests import event_loop

TRAIN = Place("train", {"method": ["knn"]})
SHOWS: dict[str, Callable[[], None]] = {
    "lead": lambda: lecture.lead(True),
    "move": lambda: lecture.move(TRAIN),
    "hand out": lambda: lecture.hand_out("Try it", TRAIN),
    "withdraw": lecture.withdraw,
}


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A class to which nothing has been shown."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    yield
    once.close_all()


@pytest.mark.parametrize("deed", SHOWS)
def test_only_the_lecturer_shows_something(deed):
    before = lecture.now()
    for intruder in (people.acting_as("Ada"), nullcontext()):
        with intruder, pytest.raises(AccessError):
            SHOWS[deed]()
    assert lecture.now() == before
    with people.acting_as(people.LECTURER):
        SHOWS[deed]()
    assert lecture.now() != before


def test_followers_are_told_of_every_move_and_the_others_of_news_alone():
    marks = {following: lecture.now().mark(following) for following in (True, False)}
    with people.acting_as(people.LECTURER):
        lecture.move(TRAIN)
        assert lecture.now().mark(True) != marks[True] and lecture.now().mark(False) == marks[False]
        moved = lecture.now()
        lecture.move(Place("train", {"method": ["knn"]}))
        assert lecture.now() == moved
        lecture.hand_out("Try it", TRAIN)
        assert lecture.now().mark(False) != marks[False]


def asked(seen: str) -> Request:
    """A browser's question."""
    return Request({"type": "http", "query_string": f"seen={seen}".encode(), "headers": []})


@pytest.mark.slow
def test_a_browser_that_waits_is_answered_when_the_lecturer_moves_and_otherwise_asked_to_come_again(monkeypatch):
    monkeypatch.setattr(lecture, "PAUSE", 0.01)

    async def answers() -> tuple[bytes, bytes, bytes]:
        same = (await lecture.watch(asked("0-0"))).body
        late = (await lecture.watch(asked("0"))).body
        waiting = asyncio.create_task(lecture.watch(asked("0-0")))
        await asyncio.sleep(0.02)
        with people.acting_as(people.LECTURER):
            lecture.move(TRAIN)
        return same, late, (await waiting).body

    assert event_loop.run(answers()) == (b"0-0", b"0", b"0-1")
