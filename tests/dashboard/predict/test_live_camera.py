"""The live camera takes one photo at a time, and nothing that is no photo."""

import base64
from collections.abc import Callable
from dataclasses import replace
from inspect import unwrap
from types import SimpleNamespace

import pytest
import streamlit as st

from core.errors import LabError, WeightsError
from core.explain.predict import Answer
from dashboard import server
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


def test_a_photo_that_arrives_once_the_camera_is_gone_is_not_taken(state):
    live_camera.receive()
    assert state == {}


CLASSIFIERS = ("imagenet:A", "imagenet:B", "imagenet:C")
ANSWER = Answer(CLASSIFIERS[0], ("cat",), (1.0,), seen=224, input_size=224, seconds=9.0)


@pytest.fixture
def look(state, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """look(answers) draws the live camera for a photo that the worker answers so; returns what the browser gets."""
    drawn: dict = {}
    monkeypatch.setattr(live_camera.camera, "mount", lambda *_: lambda data, **_given: drawn.update(data))

    def look(answers: list[Answer | LabError] | None, *, looking: bool = False) -> dict:
        monkeypatch.setattr(server.explain, "live", lambda *_: answers)
        monkeypatch.setattr(server.explain, "looking", lambda *_: looking)
        sent(state, data_url(40))
        state.pop(live_camera.KEY)
        unwrap(live_camera.show)({model: model for model in CLASSIFIERS})  # fragments need a browser
        return dict(drawn)

    return look


@pytest.mark.slow
def test_the_time_shown_is_not_that_of_the_first_photo(look):
    other = replace(ANSWER, model=CLASSIFIERS[1])
    assert [model["time"] for model in look([ANSWER, other])["models"]] == ["", ""]
    warm = [replace(answer, seconds=0.02) for answer in (ANSWER, other)]
    assert [model["time"] for model in look(warm)["models"]] == ["20 ms a photo"] * 2


@pytest.mark.slow
def test_a_photo_waits_for_its_answer_but_not_behind_those_of_others(look, state):
    assert look(None, looking=True)["note"] == live_camera.WAITING
    assert look(None)["photo"] == 0
    assert state == {}


def test_a_model_that_cannot_answer_leaves_the_camera_and_the_other_model(look):
    shown = look([WeightsError("No weights"), replace(ANSWER, model=CLASSIFIERS[1])])
    assert [model["title"] for model in shown["models"]] == [CLASSIFIERS[1]] and shown["photo"] == 1


def test_what_the_camera_saw_is_forgotten_when_it_is_switched_off(look, state, monkeypatch):
    look([ANSWER, replace(ANSWER, model=CLASSIFIERS[1])])
    sent(state, data_url(200))
    monkeypatch.setattr(live_camera.components, "has_camera", lambda: False)
    state[live_camera.KEY] = None
    live_camera.switch()
    assert not any(isinstance(kept, dict) or hasattr(kept, "shape") for kept in state.values())


def test_what_the_camera_saw_is_forgotten_when_the_page_was_left(look, state, monkeypatch):
    look([ANSWER, replace(ANSWER, model=CLASSIFIERS[1])])
    monkeypatch.setattr(live_camera.components, "has_camera", lambda: True)
    monkeypatch.setattr(st, "toggle", lambda *_args, **_given: True)
    state[live_camera.KEY] = SimpleNamespace(seen=None)
    kept = dict(state)
    assert live_camera.switch() and state == kept
    del state[live_camera.KEY]  # as Streamlit does when another page is shown
    assert live_camera.switch() and not any(isinstance(value, dict) for value in state.values())
