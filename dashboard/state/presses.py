"""A patch of Streamlit 1.67: every press of a button is answered, in order, by the page as the answer before left it.

Streamlit breaks off a script for the next request. A press that the script had not come to is lost, and so is the
second of two that arrive together if the first leads elsewhere. Until a browser has drawn an answer, it sends the
page, the address and the widgets from before it, which undo what the answer has set: Start, pressed while a lesson's
next step was being drawn, started the run of the step before, or none; a choice right after a link led back.

Here a press waits until nothing runs, and what follows a press until that is answered; so does a choice on a page that
was left. None waits longer than `PATIENCE`. What the browser has not changed since its last request is then as the
server has it, as long as the browser may not have drawn that, and page and address are the server's. A timer's tick
brings neither: each change of a widget or of the address has sent a request of its own.

Streamlit also lets the script that it breaks off end beside the next one, with the same page, address and widgets, and
drops what that has drawn, and the address that it has set: a link clicked while its page drew itself again was lost in
one of twelve. Here the next one begins once that has stopped.

What changes within a moment, a browser sends together, in the name of the fragment that changed last: a switch turned
off while the camera sent its next photo was off in the browser, and on for the page. Such a request is answered by the
whole page. And Streamlit drops the fragments that a page has not drawn again, unless `st.stop` ends that page: a photo
on its way opened the camera again (`findings/streamlit_stop_keeps_fragments.sh`). Here it drops them then, too.
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
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_requests import _has_active_trigger_value as pressed
from streamlit.runtime.state.session_state import SessionState, WStates

PATIENCE = 3.0  # seconds that a request waits for the answer before it, which may draw a long page
STOPPING = 1.0  # seconds that a link or a choice waits until what it breaks off has stopped
DRAWING = 5.0  # seconds in which a busy browser draws an answer

_WAITING = "_backbone_lab_waiting"  # the requests that wait, each with the time from which it does
_STOPPING = "_backbone_lab_stopping"  # the script that is to stop for a request that waits
_ANSWERING = "_backbone_lab_answering"  # the request that is being answered, unless it is a tick; None if there is none
_ANSWERED = "_backbone_lab_answered"  # the time at which the last one was
_SENT = "_backbone_lab_sent"  # each widget as the browser sent it with its last request, or else as it was drawn
_LEFT = "_backbone_lab_left"  # the page that was shown when the last request came
_DRAWN = "_backbone_lab_drawn"  # how many fragments had been drawn when the last request for a whole page was passed on
_PLAIN = {
    "bool_value",
    "int_value",
    "double_value",
    "string_value",
    "int_array_value",
    "double_array_value",
    "string_array_value",
}

_COMPLETE = {ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS, ScriptRunnerEvent.FRAGMENT_STOPPED_WITH_SUCCESS}

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
        elif not _waiting(session) and not _answering(session) and not _has_ended(session):
            _request(session, _bare(session, client_state))

    @functools.wraps(_event)
    def handle(session: AppSession, sender: Any, event: ScriptRunnerEvent, *args: Any, **details: Any) -> None:
        current = sender is session._scriptrunner  # rather than one that Streamlit replaced
        if event in _COMPLETE and sender is getattr(session, _STOPPING, None):
            event = ScriptRunnerEvent.SCRIPT_STOPPED_FOR_RERUN  # or what it has not drawn would vanish
        if event == ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS and current:
            _drop_fragments(session)
        _event(session, sender, event, *args, **details)
        if event == ScriptRunnerEvent.SHUTDOWN and current:
            if _answering(session):
                setattr(session, _ANSWERING, None)
                setattr(session, _ANSWERED, monotonic())
            _pass_on(session)

    AppSession._handle_rerun_script_request = receive  # pyright: ignore[reportAttributeAccessIssue]
    AppSession._handle_scriptrunner_event_on_event_loop = handle  # pyright: ignore[reportAttributeAccessIssue]


def _answering(session: AppSession) -> ClientState | None:
    return getattr(session, _ANSWERING, None)


def _has_ended(session: AppSession) -> bool:
    """Whether a script has ended, but not for the browser: Streamlit would begin another one and never tell it."""
    runner = session._scriptrunner
    return runner is not None and runner._requests._state == ScriptRequestType.STOP


def _waiting(session: AppSession) -> deque[tuple[float, ClientState]]:
    if not hasattr(session, _WAITING):
        setattr(session, _WAITING, deque())
    return getattr(session, _WAITING)


def _wait(session: AppSession, request: ClientState) -> None:
    _waiting(session).extend((monotonic(), each) for each in _one_press_each(request))
    _pass_on(session)
    _look_again(session)


def _look_again(session: AppSession) -> None:
    """Pass on in time what still waits then."""
    if _waiting(session):
        session._event_loop.call_later(STOPPING, _pass_on, session)
        session._event_loop.call_later(PATIENCE, _pass_on, session)


def _pass_on(session: AppSession) -> None:
    """Pass on the requests that need not wait, or no longer; after one of the latter the next has time of its own."""
    waiting = _waiting(session)
    while waiting and session._state != AppSessionState.SHUTDOWN_REQUESTED:
        since, request = waiting[0]
        if request.fragment_id and _is_of_page(session, request):
            request.fragment_id = ""
        answering = _answering(session)
        involved = _presses(request) or (answering and _presses(answering)) or _is_late(session, request)
        beside = request.fragment_id and not involved and not _has_ended(session)  # answered after what runs
        if not involved and not beside:
            _break_off(session)
        runs = session._scriptrunner is not None and not beside
        if runs and monotonic() < since + (PATIENCE if involved else STOPPING):
            return
        waiting.popleft()
        _pass(session, request)
        if runs and waiting:
            waiting[0] = (monotonic(), waiting[0][1])
            _look_again(session)


def _break_off(session: AppSession) -> None:
    """Have what runs stop, before the next script begins: two of one session would share its page and its address."""
    if session._scriptrunner:
        session._scriptrunner.request_stop()
        setattr(session, _STOPPING, session._scriptrunner)


def _pass(session: AppSession, request: ClientState) -> None:
    idle, sent = session._scriptrunner is None, _sent(session)
    others = _drawn(session.session_state, request) if idle else sent
    late, drawing = _is_late(session, request), monotonic() - getattr(session, _ANSWERED, -inf) < DRAWING
    if not late:
        setattr(session, _LEFT, session._client_state.page_script_hash)
    setattr(session, _SENT, others | {widget.id: widget for widget in request.widget_states.widgets})
    if idle and (late or (drawing and _presses(request))):
        request = _updated(session, request, sent)
    elif late:  # a page takes long to be drawn: better back than lost
        request.fragment_id = ""
    if not request.fragment_id:
        setattr(session, _DRAWN, session._fragment_storage.registration_sequence())
    setattr(session, _ANSWERING, request)
    try:
        _request(session, request)
    finally:
        if session._scriptrunner is None:  # nothing will answer it
            setattr(session, _ANSWERING, None)


def _sent(session: AppSession) -> dict[str, WidgetState]:
    return getattr(session, _SENT, {})


def _bare(session: AppSession, tick: ClientState) -> ClientState:
    """A timer's tick with the server's address, and no widgets."""
    bare = ClientState()
    bare.CopyFrom(tick)
    del bare.widget_states.widgets[:]
    bare.query_string = session._client_state.query_string
    return bare


def _is_of_page(session: AppSession, request: ClientState) -> bool:
    """Whether a request in the name of a fragment brings a press or a choice from outside of it."""
    state, sent = session.session_state, _sent(session)

    def is_new(widget: WidgetState) -> bool:
        drawn = state._new_widget_state.widget_metadata.get(widget.id)
        if drawn is None or drawn.fragment_id == request.fragment_id or widget == sent.get(widget.id):
            return False
        return pressed(widget) or (widget.WhichOneof("value") in _PLAIN and widget != _served(state, widget))

    return any(map(is_new, request.widget_states.widgets))


def _drop_fragments(session: AppSession) -> None:
    """Drop the fragments that a page has not drawn again."""
    fragments = session._fragment_storage
    fragments.clear(new_fragment_ids=fragments.ids_registered_after(getattr(session, _DRAWN, 0)))


def _is_late(session: AppSession, request: ClientState) -> bool:
    """Whether a browser sent it before it had the last answer: in a fragment that is gone, or on a page that was left.

    A link back to that page changes no widget. What a fragment that is gone sends without a press, Streamlit drops.
    """
    page, presses, answering = request.page_script_hash, _presses(request), _answering(session)
    if presses and request.fragment_id and not session.has_fragment(request.fragment_id):
        return True
    shown = {(answering or session._client_state).page_script_hash, session._client_state.page_script_hash}
    if request.is_history_navigation or page != getattr(session, _LEFT, None) or shown == {page}:
        return False
    new = [widget for widget in request.widget_states.widgets if widget != _sent(session).get(widget.id)]
    return bool(presses) or any(widget != _served(session.session_state, WidgetState(id=widget.id)) for widget in new)


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
    """The request with the server's page and address, and its widgets where the browser still has what it sent last.

    What changes the address in the browser, such as a link or a widget, sends a request of its own. Of a page that was
    left only presses count, and the widgets that are on both.
    """
    updated, served, state = ClientState(), session._client_state, session.session_state
    updated.CopyFrom(request)
    del updated.cached_message_hashes[:]  # it may hold fewer by now
    updated.query_string = served.query_string
    if updated.page_script_hash != served.page_script_hash:
        updated.page_script_hash = served.page_script_hash
        updated.fragment_id = ""  # which the new page still has if it was broken off
        widgets = request.widget_states.widgets
        _keep(updated, [widget for widget in widgets if pressed(widget) or _is_drawn(state, widget)])
    if not session.has_fragment(updated.fragment_id):
        updated.fragment_id = ""
    for widget in updated.widget_states.widgets:
        if sent.get(widget.id) == widget and widget.WhichOneof("value") in _PLAIN:
            widget.CopyFrom(_served(state, widget))
    return updated


def _is_drawn(state: SessionState, widget: WidgetState) -> bool:
    """Whether the page has this widget; Streamlit keeps the callbacks of all others, and would call them."""
    return widget.id in state._new_widget_state.states or widget.id in state._old_state


def _drawn(state: SessionState, request: ClientState) -> dict[str, WidgetState]:
    """The widgets that a request lacks, as they were drawn; a browser sends them with its next one of another kind."""
    sent = {widget.id for widget in request.widget_states.widgets}
    drawn = list(state._new_widget_state.widget_metadata.items())
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
