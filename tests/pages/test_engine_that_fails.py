"""A server that cannot work because another one has its home folder: pages say so, show the rest, and recover."""

import pytest
import streamlit as st
from itsdangerous import URLSafeTimedSerializer
from starlette.datastructures import Headers

from core import people, roster, runs, server_lock
from core.errors import NoAnswer
from dashboard.classroom import cookie
from dashboard.server import engine as engines
from dashboard.server import stored
from dashboard.shell import PAGES
from dashboard.ui import components
from tests.pages.conftest import said, wait

NAMES = [name for pages in PAGES.values() for name, *_ in pages]


def captions(page) -> str:
    return " ".join(caption.value for caption in page.sidebar.caption)


@pytest.fixture
def refused(visit, scheduler, monkeypatch):
    monkeypatch.delenv("BACKBONE_LAB_SCHEDULER")
    lock = server_lock.take("port 1234")
    yield lambda: (server_lock.release(lock), monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", scheduler))
    server_lock.release(lock)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_says_so_and_has_no_traceback(visit, used, refused, name):
    page = wait(visit(name, run=used[0]), engines.failed)
    page.run()
    assert not page.exception
    assert "port 1234" in captions(page)


def test_the_run_is_shown_and_nothing_is_begun(visit, used, refused):
    page = wait(visit("run", run=used[0]), engines.failed)
    assert "Choose a cell to see its images" in said(page)  # of its confusion matrix
    page = visit("home")
    next(button for button in page.main.button if button.label == "Run the demo").click().run()
    assert "port 1234" in page.error[0].proto.title


@pytest.fixture(params=["alone", "class"])
def mode(request, monkeypatch):
    """Who opens pages is alone, or the lecturer of a class, by a cookie."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", request.param)
    signed = URLSafeTimedSerializer(roster.key(), salt="person").dumps([people.LECTURER, ""])
    people.set_identity(lambda: cookie.person(Headers(), {cookie.NAME: signed}))
    yield request.param
    people.set_identity(lambda: None)


def test_every_page_says_that_the_home_folder_is_away_and_is_back_with_it(visit, mode, home, monkeypatch):
    page = visit("home")
    monkeypatch.setenv("BACKBONE_LAB_HOME", "/proc/away")
    st.cache_data.clear()  # else pages have their datasets for some seconds
    for name in NAMES:
        page.switch_page(components.page(name)).run()
        assert not page.exception
        assert "The home folder /proc/away cannot be written" in page.error[0].proto.title
        assert bool(page.toggle) == (mode == "alone")  # of the sidebar; in a class nobody knows whose
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(home))
    page.run()
    assert page.toggle and not page.exception
    assert not any("/proc/away" in error.proto.title for error in page.error)


def test_that_the_run_store_ceased_to_answer_is_said_once_on_every_page_that_shows_runs(visit, used, monkeypatch):
    page = visit("home")

    def unanswered(*_):
        raise NoAnswer("The run store does not answer")

    for name in ("rows", "active", "version", "get"):
        monkeypatch.setattr(runs, name, unanswered)
    monkeypatch.setattr(stored, "version", unanswered)
    said = {}
    for name in NAMES:
        page.switch_page(components.page(name)).run()
        assert not page.exception
        said[name] = [error.proto.title for error in page.error].count("The run store does not answer")
    without_runs = {"data", "backbones", "anatomy", "challenge"}
    assert {name: count for name, count in said.items() if count != 1} == dict.fromkeys(without_runs, 0)


def test_it_works_as_soon_as_the_other_one_has_ended(visit, refused, monkeypatch):
    monkeypatch.setattr(engines, "AGAIN_AFTER", 0.0)
    page = wait(visit("home"), engines.failed)
    assert "port 1234" in captions(page.run())
    refused()
    page = wait(page, lambda: "cores" in captions(page))
    assert not page.exception
