"""Who may enter paths on the server: in a class the lecturer; otherwise whoever opened the page on the server itself.

A setting may say otherwise.

That Streamlit knows no IP address of a visitor is not enough: behind a proxy on the same machine that adds no headers,
nobody has one. So the page must also have been opened at localhost, which a browser says on connecting.
"""

from urllib.parse import urlsplit

import streamlit as st

from core import people, settings
from core.errors import ConfigError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")  # headers in which proxies name the client
_WHY_NOT = (
    "Paths on the server can be entered only in a browser on the server itself (at localhost), in a terminal, or by "
    "everyone if it was started with `BACKBONE_LAB_SERVER_PATHS=everyone`."
)


def allowed() -> bool:
    """Whether this visitor may enter paths; `why_not` says why not."""
    try:
        who = settings.server_paths()
    except ConfigError:
        return False
    if settings.mode() == "class":
        return who != "nobody" and people.may("name server files")
    return who == "everyone" or (who == "localhost" and _is_here())


def why_not() -> str:
    """Who may enter paths instead, in a sentence."""
    if settings.mode() == "class":
        return "Only the lecturer can enter paths on the server."
    return _WHY_NOT


def _is_here() -> bool:
    headers = st.context.headers
    try:
        opened_at = urlsplit(headers.get("Origin") or "").hostname
    except ValueError:
        return False
    forwarded = any(headers.get(name) for name in FORWARDED)
    return st.context.ip_address is None and opened_at in LOOPBACK and not forwarded
