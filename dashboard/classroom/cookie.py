"""The cookie that says who a browser belongs to: signed, unreadable for scripts, and not sent by other sites.

It holds a learner's name and seat, and is invalid once the name is freed or has another seat.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache

import streamlit as st
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import people, roster
from dashboard.classroom import sign_in
from dashboard.state import prefix

NAME = "backbone-lab"
AGE = 200 * 24 * 3600  # seconds: a term, and the holidays before it
requesting: ContextVar[str | None] = ContextVar("requesting", default=None)  # the person of a request to a route


def current_person() -> str | None:
    """The person of the page that is drawn, or of the request; None: nobody."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return requesting.get()
    return person(Headers(st.context.headers.to_dict()), st.context.cookies)


def person(headers: Headers, cookies: Mapping[str, str]) -> str | None:
    """The person who has signed in, if the class requires that; otherwise the person in the cookie.

    None if there is neither, or if the cookie is forged, expired, or for a name that has been freed.
    """
    if sign_in.required():
        return sign_in.person(headers, cookies)
    try:
        name, seat = _signer(roster.key()).loads(cookies.get(NAME, ""), max_age=AGE)
    except (BadData, ValueError, TypeError):
        return None
    if name == people.LECTURER:
        return name
    return name if roster.read().seats.get(name) == seat else None


def give(response: Response, request: Request, name: str, seat: str = "") -> None:
    """Set the cookie of a person in the browser."""
    signed = _signer(roster.key()).dumps([name, seat])
    secure, path = request.url.scheme == "https", prefix.get() or "/"  # other servers of this host are other classes
    response.set_cookie(NAME, signed, max_age=AGE, path=path, secure=secure, httponly=True, samesite="lax")


@lru_cache(maxsize=1)
def _signer(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="person")
