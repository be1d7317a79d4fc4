"""A patch of Streamlit 1.67: every press of a button is answered, in order, by the page as the answer before left it.

Streamlit breaks off a script for the next request. A press that the script had not come to is lost, and so is the
second of two that arrive together if the first leads elsewhere. Until a browser has drawn an answer, it sends the
address and the widgets from before it, which undo what the answer has set: Start, pressed while a lesson's next step
was being drawn, started the run of the step before, or none.

Here a press waits until nothing runs, and what follows a press until that is answered; neither for longer than
`PATIENCE`. What the browser has not changed since its last request is then as the server has it, as long as the browser
may not have drawn that.
"""

import functools
from collections import deque
from collections.abc import Iterator, Mapping
from math import inf
from time import monotonic
from typing import Any

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import _has_active_trigger_value as pressed
from streamlit.runtime.state.session_state import SessionState, WStates

from dashboard.state.streamlit_patch import SETTLING

PATIENCE = 3.0  # seconds that a request waits for the answer before it, which may draw a long page

_WAITING = "_backbone_lab_waiting"  # the requests that wait, each with the time at which it no longer does
_ANSWERING = "_backbone_lab_answering"  # the request that is being answered, unless it is a tick; None if there is none
_ANSWERED = "_backbone_lab_answered"  # the time at which the last one was
_SENT = "_backbone_lab_sent"  # each widget as the browser sent it last; before it sends one, as it was drawn
_PLAIN = {
    "bool_value",
    "int_value",
    "double_value",
    "string_value",
    "int_array_value",
    "double_array_value",
    "string_array_value",
}

_unpatched_request = getattr(AppSession._handle_rerun_script_request, "__wrapped__", None)
_request = _unpatched_request or AppSession._handle_rerun_script_request
_unpatched_event = getattr(AppSession._handle_scriptrunner_event_on_event_loop, "__wrapped__", None)
_event = _unpatched_event or AppSession._handle_scriptrunner_event_on_event_loop


def answer_all() -> None:
    """Have presses wait for the answer before them; ticks of timers that arrive meanwhile are dropped."""

    @functools.wraps(_request)
    def receive(session: AppSession, client_state: ClientState) -> None:
        if not client_state.is_auto_rerun:
            _wait(session, client_state)
        elif not _waiting(session):
            _request(session, client_state)

    @functools.wraps(_event)
    def handle(session: AppSession, sender: Any, event: ScriptRunnerEvent, *args: Any, **details: Any) -> None:
        _event(session, sender, event, *args, **details)
        if event == ScriptRunnerEvent.SHUTDOWN:
            if getattr(session, _ANSWERING, None):
                setattr(session, _ANSWERING, None)
                setattr(session, _ANSWERED, monotonic())
            _pass_on(session)

    AppSession._handle_rerun_script_request = receive  # pyright: ignore[reportAttributeAccessIssue]
    AppSession._handle_scriptrunner_event_on_event_loop = handle  # pyright: ignore[reportAttributeAccessIssue]


def _waiting(session: AppSession) -> deque[tuple[float, ClientState]]:
    if not hasattr(session, _WAITING):
        setattr(session, _WAITING, deque())
    return getattr(session, _WAITING)


def _wait(session: AppSession, request: ClientState) -> None:
    _waiting(session).extend((monotonic() + PATIENCE, each) for each in _one_press_each(request))
    _pass_on(session)
    if _waiting(session):
        session._event_loop.call_later(PATIENCE, _pass_on, session)


def _pass_on(session: AppSession) -> None:
    """Pass on the requests that need not wait, or no longer; after one of the latter the next has time of its own."""
    waiting = _waiting(session)
    while waiting and session._state != AppSessionState.SHUTDOWN_REQUESTED:
        until, request = waiting[0]
        answering = getattr(session, _ANSWERING, None)
        involved = _presses(request) or (answering and _presses(answering))
        busy = session._scriptrunner is not None
        if involved and busy and monotonic() < until:
            return
        waiting.popleft()
        _pass(session, request)
        if involved and busy and waiting:
            waiting[0] = (monotonic() + PATIENCE, waiting[0][1])
            session._event_loop.call_later(PATIENCE, _pass_on, session)


def _pass(session: AppSession, request: ClientState) -> None:
    setattr(session, _ANSWERING, request)
    sent = getattr(session, _SENT, {})
    drawn = _drawn(session.session_state) if session._scriptrunner is None else {}
    setattr(session, _SENT, sent | drawn | {widget.id: widget for widget in request.widget_states.widgets})
    settling = monotonic() - getattr(session, _ANSWERED, -inf) < SETTLING
    if settling and _presses(request) and session._scriptrunner is None:
        request = _updated(session, request, sent)
    _request(session, request)


def _presses(request: ClientState) -> list[str]:
    """The buttons that a request presses, in the order in which they were pressed."""
    return [widget.id for widget in request.widget_states.widgets if pressed(widget)]


def _one_press_each(request: ClientState) -> Iterator[ClientState]:
    """The same request for each of its presses; a browser sends those of one moment together."""
    for button in _presses(request)[:-1]:
        first = ClientState()
        first.CopyFrom(request)
        _keep(first, [widget for widget in request.widget_states.widgets if widget.id == button or not pressed(widget)])
        _keep(request, [widget for widget in request.widget_states.widgets if widget.id != button])
        yield first
    yield request


def _keep(request: ClientState, widgets: list[WidgetState]) -> None:
    kept = [WidgetState.FromString(widget.SerializeToString()) for widget in widgets]
    del request.widget_states.widgets[:]
    request.widget_states.widgets.extend(kept)


def _updated(session: AppSession, request: ClientState, sent: Mapping[str, WidgetState]) -> ClientState:
    """A press with the server's page and address, and its widgets where the browser still has what it sent last.

    What changes the address in the browser, such as a link or a widget, sends a request of its own.
    """
    updated, served = ClientState(), session._client_state
    updated.CopyFrom(request)
    del updated.cached_message_hashes[:]  # it may hold fewer by now
    updated.page_script_hash, updated.query_string = served.page_script_hash, served.query_string
    for widget in updated.widget_states.widgets:
        if sent.get(widget.id) == widget and widget.WhichOneof("value") in _PLAIN:
            widget.CopyFrom(_served(session.session_state, widget))
    return updated


def _drawn(state: SessionState) -> dict[str, WidgetState]:
    """The widgets of the page as they were drawn; a browser sends them with its first request of another kind."""
    drawn = state._new_widget_state.widget_metadata.items()
    return {name: _served(state, WidgetState(id=name)) for name, metadata in drawn if metadata.value_type in _PLAIN}


def _served(state: SessionState, widget: WidgetState) -> WidgetState:
    """The widget as the server has it, or unchanged if no page has drawn it."""
    metadata = state._new_widget_state.widget_metadata.get(widget.id)
    if metadata is None or widget.id not in state:
        return widget
    served = WStates()
    served.set_widget_metadata(metadata)
    try:
        served.set_from_value(widget.id, state[widget.id])
        return served.get_serialized(widget.id) or widget
    except Exception:  # a value that another page has set under the same key: no press is lost for it
        return widget
