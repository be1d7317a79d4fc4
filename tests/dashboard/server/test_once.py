"""What a server makes once, whatever visitors do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from dashboard.server import once


@pytest.fixture(autouse=True)
def new_server():
    once.close_all()
    yield
    once.close_all()


def test_all_callers_get_the_same_thing():
    made = []

    @once.once
    def thing() -> object:
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(8) as callers:
        things = list(callers.map(lambda _: thing(), range(32)))
    assert len(made) == 1
    assert set(things) == {made[0]}


def test_a_browser_that_clears_the_caches_of_streamlit_ends_nothing():
    closed = []

    @once.once(close=closed.append)
    def thing() -> object:
        return object()

    @st.cache_resource(on_release=closed.append)
    def cached() -> str:
        return "cached"

    first = thing(), cached()
    st.cache_data.clear()
    st.cache_resource.clear()
    assert closed == ["cached"]
    assert thing() is first[0]


def test_what_could_not_be_made_is_tried_again():
    answers = iter([OSError("the disk is full"), "made"])

    @once.once
    def thing() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(OSError, match="disk is full"):
        thing()
    assert thing() == "made"


def test_the_latest_is_closed_first_and_then_made_anew():
    closed = []
    first = once.once(close=closed.append)(lambda: "first")
    second = once.once(close=closed.append)(lambda: first() + " and second")
    assert second() == "first and second"
    once.close_all()
    assert closed == ["first and second", "first"]
    assert second() == "first and second"
