"""The live camera takes one photo at a time, and nothing that is no photo."""

import base64
from types import SimpleNamespace

import pytest
import streamlit as st

from dashboard.predict import live_camera
from tests.pictures import photo


def data_url(shade: int) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(photo((shade,) * 3)).decode()


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The state of a session."""
    state: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def sent(state: dict, seen: object) -> dict:
    """What is kept after a browser has sent this."""
    state[live_camera.KEY] = SimpleNamespace(seen=seen)
    live_camera.receive()
    return {name: value for name, value in state.items() if name != live_camera.KEY}


def test_a_photo_that_arrives_while_another_waits_is_dropped(state):
    ((name, first),) = sent(state, data_url(40)).items()
    assert first.shape[2] == 3 and abs(int(first.mean()) - 40) < 3
    sent(state, data_url(200))
    assert state[name] is first


@pytest.mark.parametrize(
    "seen", [None, 7, "", "é", {"photo": 1}, "data:image/jpeg;base64,AAAA", "," + "A" * 4 * live_camera.MOST_BYTES]
)
def test_what_is_no_photo_is_not_taken(state, seen):
    assert sent(state, seen) == {}
