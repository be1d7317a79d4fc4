"""Keeps clicks on pages from being undone by the timers of fragments that redraw themselves.

A tick of a timer names the page it belongs to. On a busy server Streamlit 1.67 may take one that was under way when
its visitor clicked on another page for a wish to go back: a click in twenty did nothing there.
"""

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

_request_rerun = AppSession.request_rerun
_ASKED = "_backbone_lab_asked"  # the page that the visitor last asked for or used, and the one that was shown then


def stay_on_their_page() -> None:
    """From now on a tick of another page than the visitor asked for, or was led to since, is dropped."""
    AppSession.request_rerun = _request_rerun_of_wanted_page


def _request_rerun_of_wanted_page(session: AppSession, client_state: ClientState | None) -> None:
    if client_state is not None:
        page, shown = client_state.page_script_hash, session.page_script_hash
        if not client_state.is_auto_rerun:
            setattr(session, _ASKED, (page, shown))
        else:
            asked, shown_then = getattr(session, _ASKED, ("", ""))
            led_on = page == shown != shown_then  # by `st.switch_page`, of which the session alone knows
            if asked not in ("", page) and not led_on:
                return
    _request_rerun(session, client_state)
