"""A patch of Streamlit 1.67: every press of a button is answered, in order, by the page as the answer before left it.

Streamlit breaks off a script for the next request. A press that the script had not come to is lost, and so is the
second of two that arrive together if the first leads elsewhere. Until a browser has drawn an answer, it sends the
address and the widgets from before it, which undo what the answer has set: Start, pressed while a lesson's next step
was being drawn, started the run of the step before, or none.

Here a press waits until nothing runs, and what follows a press until that is answered; neither for longer than
`PATIENCE`. What the browser has not changed since its last request is then as the server has it, as long as the browser
may not have drawn that. A choice on a page that was left, or an upload that ends there, does not lead back to it. What
a fragment sends that is gone by then, which Streamlit drops, is answered by the whole page.
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

PATIENCE = 3.0  # seconds that a request waits for the answer before it, which may draw a long page
DRAWING = 5.0  # seconds in which a busy browser draws an answer; a choice made in it sends a request, but for a form's

_WAITING = "_backbone_lab_waiting"  # the requests that wait, each with the time at which it no longer does
_ANSWERING = "_backbone_lab_answering"  # the request that is being answered, unless it is a tick; None if there is none
_ANSWERED = "_backbone_lab_answered"  # the time at which the last one was
_SENT = "_backbone_lab_sent"  # each widget as the browser sent it with its last request, or else as it was drawn
_LEFT = "_backbone_lab_left"  # pages shown at a request, each with the time at which it was answered; until then inf
_PLAIN = {
    "bool_value",
    "int_value",
    "double_value",
    "string_value",
    "int_array_value",
    "double_array_value",
    "string_array_value",
}
_CHOICES = _PLAIN | {"file_uploader_state_value", None}  # None: a choice that was taken back

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
        current = sender is session._scriptrunner  # rather than one that was broken off
        _event(session, sender, event, *args, **details)
        if event == ScriptRunnerEvent.SHUTDOWN and current:
            if getattr(session, _ANSWERING, None):
                _note_answered(session)
            _pass_on(session)

    AppSession._handle_rerun_script_request = receive  # pyright: ignore[reportAttributeAccessIssue]
    AppSession._handle_scriptrunner_event_on_event_loop = handle  # pyright: ignore[reportAttributeAccessIssue]


def _note_answered(session: AppSession) -> None:
    setattr(session, _ANSWERING, None)
    setattr(session, _ANSWERED, monotonic())
    setattr(session, _LEFT, {page: min(at, monotonic()) for page, at in _left(session).items()})


def _left(session: AppSession) -> dict[str, float]:
    return getattr(session, _LEFT, {})


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
    idle, sent = session._scriptrunner is None, getattr(session, _SENT, {})
    others = _drawn(session.session_state, request) if idle else sent
    drawing = monotonic() - getattr(session, _ANSWERED, -inf) < DRAWING
    late = _is_late(session, request, sent)
    if late:
        request = _with_page(request, _shown(session))
    else:
        left = {page: at for page, at in _left(session).items() if page != request.page_script_hash}
        setattr(session, _LEFT, left | {_shown(session).page_script_hash: inf})
    if (late or _presses(request)) and not session.has_fragment(request.fragment_id):  # Streamlit would drop it
        request.fragment_id = ""
    setattr(session, _ANSWERING, request)
    setattr(session, _SENT, others | {widget.id: widget for widget in request.widget_states.widgets})
    if drawing and idle and _presses(request):
        request = _updated(session, request, sent)
    _request(session, request)
    if session._scriptrunner is None:  # nothing will answer it
        _note_answered(session)


def _shown(session: AppSession) -> ClientState:
    """The page and the address that the browser shows, or is about to."""
    return getattr(session, _ANSWERING, None) or session._client_state


def _is_late(session: AppSession, request: ClientState, sent: Mapping[str, WidgetState]) -> bool:
    """Whether it is a choice, a press or the end of an upload on a page that was left, and not a link back.

    Until the browser has the answer to a link, it sends these with the page that it left. A link changes no widget.
    """
    page, state = request.page_script_hash, session.session_state
    left = monotonic() - _left(session).get(page, -inf) < DRAWING
    if request.is_history_navigation or not left or page == _shown(session).page_script_hash:
        return False
    choices = [widget for widget in request.widget_states.widgets if widget.WhichOneof("value") in _CHOICES]
    new = [widget for widget in choices if widget != sent.get(widget.id)]
    return bool(_presses(request)) or any(widget != _served(state, WidgetState(id=widget.id)) for widget in new)


def _with_page(request: ClientState, shown: ClientState) -> ClientState:
    moved = ClientState()
    moved.CopyFrom(request)
    if moved.page_script_hash != shown.page_script_hash:
        moved.fragment_id = ""  # it is not on this page
    moved.page_script_hash, moved.query_string = shown.page_script_hash, shown.query_string
    moved.is_history_navigation = shown.is_history_navigation
    return moved


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
    updated = _with_page(request, session._client_state)
    del updated.cached_message_hashes[:]  # it may hold fewer by now
    for widget in updated.widget_states.widgets:
        if sent.get(widget.id) == widget and widget.WhichOneof("value") in _PLAIN:
            widget.CopyFrom(_served(session.session_state, widget))
    return updated


def _drawn(state: SessionState, request: ClientState) -> dict[str, WidgetState]:
    """The widgets of the page that a request lacks, as they were drawn; a browser sends them with another kind."""
    sent = {widget.id for widget in request.widget_states.widgets}
    drawn = state._new_widget_state.widget_metadata.items()
    plain = [name for name, metadata in drawn if metadata.value_type in _PLAIN and name not in sent]
    served = [_served(state, WidgetState(id=name)) for name in plain]
    return {widget.id: widget for widget in served if widget.WhichOneof("value")}


def _served(state: SessionState, widget: WidgetState) -> WidgetState:
    """The widget as the server has it, or unchanged if no page has drawn it."""
    metadata = state._new_widget_state.widget_metadata.get(widget.id)
    if metadata is None:
        return widget
    served = WStates()
    served.set_widget_metadata(metadata)
    try:
        if widget.id not in state:
            return widget
        served.set_from_value(widget.id, state[widget.id])
        return served.get_serialized(widget.id) or widget
    except Exception:  # a value that another page has set under the same key: no press is lost for it
        return widget
