"""What the lecturer shows the class: the page that learners may follow, and the page that was handed out.

The server keeps it in memory. Learners' browsers poll for a mark that changes with it; the answer comes as soon as it
does.
"""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import people
from dashboard.server.once import once

PATH = "/lab/lecture"
LOOKS, PAUSE = 20, 0.2  # at the mark before a browser has to ask again, and seconds between them
OWN = ("projector", "importing")  # names in an address that concern one browser


@dataclass(frozen=True)
class Place:
    """A page with its settings."""

    page: str  # its script's name
    choices: Mapping[str, list[str]]  # in its address


@dataclass(frozen=True)
class Lecture:
    """What is shown now."""

    led: bool = False  # whether learners can follow
    place: Place | None = None  # where the lecturer was last
    sentence: str = ""  # handed out with `handout`
    handout: Place | None = None
    moves: int = 0  # of the lecturer
    news: int = 0  # changes of what learners are offered

    def mark(self, following: bool) -> str:
        """What changes when a learner's page has to."""
        return f"{self.news}-{self.moves}" if following else f"{self.news}"


def here(page: str) -> Place:
    """Where the visitor of this page is."""
    return Place(page, {name: st.query_params.get_all(name) for name in st.query_params if name not in OWN})


def now() -> Lecture:
    """What is shown now."""
    return _shown().lecture


def lead(led: bool) -> None:
    """Let learners follow, or no longer. Raises AccessError for a learner."""
    _change(led=led, news=now().news + 1)


def move(place: Place) -> None:
    """Bring followers here. Raises AccessError for a learner."""
    if place != now().place:
        _change(place=place, moves=now().moves + 1)


def hand_out(sentence: str, place: Place) -> None:
    """Offer a page to all learners, with a sentence. Raises AccessError for a learner."""
    _change(sentence=sentence, handout=place, news=now().news + 1)


def withdraw() -> None:
    """Offer it no longer. Raises AccessError for a learner."""
    _change(sentence="", handout=None, news=now().news + 1)


async def watch(request: Request) -> Response:
    """Answer with the mark, as soon as it is not the one that the browser has."""
    seen = request.query_params.get("seen", "")
    for _ in range(LOOKS):
        if (mark := now().mark("-" in seen)) != seen:
            break
        await asyncio.sleep(PAUSE)
    return PlainTextResponse(mark, headers={"cache-control": "no-store"})


ROUTES = [Route(PATH, watch, methods=["GET"])]


def _change(**changes: Any) -> None:
    people.require("run the class")
    shown = _shown()
    with shown.lock:
        shown.lecture = replace(shown.lecture, **changes)


class _Shown:
    def __init__(self):
        self.lecture, self.lock = Lecture(), threading.Lock()


@once
def _shown() -> _Shown:
    return _Shown()
