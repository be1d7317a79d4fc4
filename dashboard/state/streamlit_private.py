"""What Streamlit 1.67 has no public call for, and no patch is needed for: one message for several changes, its cookie.

Its private names are used here, in `streamlit_patch` and in `presses` alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from streamlit.runtime.state import get_session_state
from streamlit.runtime.state.query_params import QueryParams
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

_SEND = "_send_query_param_msg"


@contextmanager
def one_message() -> Iterator[None]:
    """Send what changes in the address inside to the browser at once."""
    with get_session_state().query_params() as params:
        parameters = params
    if _SEND in vars(parameters):  # inside another one
        yield
        return
    before = _all_of(parameters)
    vars(parameters)[_SEND] = lambda: None
    try:
        yield
    finally:
        del vars(parameters)[_SEND]
        if _all_of(parameters) != before:
            parameters._send_query_param_msg()


def signed_in(cookies: Mapping[str, str]) -> bytes | None:
    """What a sign-in provider said of the visitor with these cookies, as JSON; None if Streamlit did not sign them."""
    return starlette_websocket._get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)


def _all_of(parameters: QueryParams) -> dict[str, list[str]]:
    return {name: parameters.get_all(name) for name in parameters}
