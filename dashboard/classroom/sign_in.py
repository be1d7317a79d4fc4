"""Signing in with a provider named in `[auth]` of Streamlit's secrets, or through a proxy that names the visitor.

Streamlit itself talks to the provider (OIDC) and keeps its answer in a signed cookie. A proxy puts it into headers,
which `server.trustedUserHeaders` names, with each request.
"""

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from streamlit import auth_util, config, user_info
from streamlit.web.server.starlette import starlette_websocket

from core import sign_in
from core.errors import ConfigError, LabError
from dashboard.state import streamlit_private

logger = logging.getLogger(__name__)
PROVIDER_ROUTES = ("/auth/login", "/auth/logout", "/oauth2callback")  # Streamlit's own


@cache
def providers() -> list[str]:
    """The names of the providers, as they were at the start; the only one has the name "default"."""
    auth = auth_util.get_secrets_auth_section().to_dict()
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return named or (["default"] if "client_id" in auth else [])


def by_header() -> bool:
    """Whether a proxy names the visitor."""
    return bool(config.get_option("server.trustedUserHeaders"))


def required() -> bool:
    """Whether one enters the class by signing in instead of by its code."""
    return by_header() or bool(providers())


def person(headers: Headers, cookies: Mapping[str, str]) -> str | None:
    """The person who has signed in; None if nobody has, or if `refusal` says why not."""
    try:
        return sign_in.person(claims(headers, cookies))
    except LabError:
        return None


def refusal(headers: Headers, cookies: Mapping[str, str]) -> str:
    """Why somebody who has signed in is not accepted; empty if nobody has signed in."""
    given = claims(headers, cookies)
    try:
        sign_in.person(given)
    except ConfigError as error:  # which concerns nobody but the lecturer
        logger.error("%s", error)
        return "Nobody can sign in at present. Ask the lecturer."
    except LabError as error:
        return str(error) if given or by_header() else ""
    return ""


def claims(headers: Headers, cookies: Mapping[str, str]) -> dict[str, Any]:
    """The claims of the visitor; {} if nobody has signed in."""
    if by_header():
        if any(len(headers.getlist(name)) > 1 for name in config.get_option("server.trustedUserHeaders")):
            return {}  # one of them may be the browser's
        return {name: value for name, value in starlette_websocket.gather_user_info(headers).items() if value}
    content = streamlit_private.signed_in(cookies)
    return json.loads(content) if content else {}


def begin(request: Request) -> Response:
    """Send a browser to a provider."""
    provider = request.query_params.get("with", "")
    if provider not in providers():
        return PlainTextResponse("There is no such provider. Open the address of the class.\n", 404)
    return RedirectResponse(user_info.generate_login_redirect_url(provider), 303)
