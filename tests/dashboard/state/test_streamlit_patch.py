"""A tick of a page that was left does not bring its visitor back to it."""

import pytest
from streamlit.proto.ClientState_pb2 import ClientState

from dashboard.state import streamlit_patch


class Session:
    """A visitor's session, of which only the requests that reach Streamlit are kept."""

    def __init__(self):
        self.reached, self.page_script_hash = [], ""

    def request(self, page: str, *, tick: bool = False) -> None:
        streamlit_patch._request_rerun_of_wanted_page(self, ClientState(page_script_hash=page, is_auto_rerun=tick))


@pytest.fixture
def session(monkeypatch) -> Session:
    monkeypatch.setattr(
        streamlit_patch, "_request_rerun", lambda session, state: session.reached.append(state.page_script_hash)
    )
    return Session()


def test_a_tick_under_way_when_another_page_was_asked_for_is_dropped(session):
    session.request("train")
    session.request("train", tick=True)
    session.request("compare")
    session.request("train", tick=True)
    session.request("compare", tick=True)
    assert session.reached == ["train", "train", "compare", "compare"]


def test_the_ticks_of_a_page_that_its_visitor_was_led_to_count(session):
    session.page_script_hash = "data"
    session.request("data")  # a button, whose script switches the page
    session.page_script_hash = "train"
    session.request("train", tick=True)
    session.request("compare")
    session.request("train", tick=True)
    assert session.reached == ["data", "train", "compare"]


def test_ticks_count_while_the_page_has_no_name_yet(session):
    session.request("")
    session.request("home", tick=True)
    assert session.reached == ["", "home"]


def test_streamlit_still_asks_in_this_way():
    from streamlit.runtime.app_session import AppSession

    assert isinstance(AppSession.page_script_hash, property)
    streamlit_patch.stay_on_their_page()
    assert AppSession.request_rerun is streamlit_patch._request_rerun_of_wanted_page
