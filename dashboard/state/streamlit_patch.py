"""The one patch of Streamlit: a fragment's timer must not take a visitor back to a page they left.

A timer's tick names the page it belongs to. If it arrives after a click on another page, Streamlit 1.67 takes it as a
request to go back: on a busy server, one click in twenty did nothing.
"""

import functools

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

_LAST_REQUEST = "_backbone_lab_last_request"  # the page a visitor last requested, and the page shown at that time


def drop_ticks_of_left_pages() -> None:
    """Drop ticks of any page other than the one last requested or switched to."""
    original = AppSession.request_rerun
    if hasattr(original, "__wrapped__"):  # patched by this module before it was reloaded
        original = original.__wrapped__

    @functools.wraps(original)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or not _is_late_tick(session, client_state):
            original(session, client_state)

    AppSession.request_rerun = request_rerun  # pyright: ignore[reportAttributeAccessIssue]


def _is_late_tick(session: AppSession, client_state: ClientState) -> bool:
    page, shown = client_state.page_script_hash, session.page_script_hash
    if not client_state.is_auto_rerun:
        setattr(session, _LAST_REQUEST, (page, shown))
        return False
    requested, shown_then = getattr(session, _LAST_REQUEST, ("", ""))
    switched = page == shown != shown_then  # by `st.switch_page`, which sends no request
    return requested not in ("", page) and not switched
