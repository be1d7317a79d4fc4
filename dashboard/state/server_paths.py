"""Whether a visitor may name files of the server: in a class the lecturer; alone, whoever is at the server itself.

A setting may say otherwise.

That Streamlit knows no IP address of a visitor is not enough: behind a proxy on the same machine that does not say for
whom it asks, nobody has one. So the page must have been opened at localhost, too, which a browser says on connecting.
"""

from urllib.parse import urlsplit

import streamlit as st

from core import people, settings
from core.errors import ConfigError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")  # headers by which proxies say for whom they ask
_WHY_NOT = (
    "Files of the server can be named only in a browser at the server itself (at localhost), in a terminal, or by "
    "everyone if it was started with `BACKBONE_LAB_SERVER_PATHS=everyone`."
)


def allowed() -> bool:
    """Whether this visitor may name them; `why_not` says why not."""
    try:
        who = settings.server_paths()
    except ConfigError:
        return False
    if settings.mode() == "class":
        return who != "nobody" and people.may("name server files")
    return who == "everyone" or (who == "localhost" and _is_here())


def why_not() -> str:
    """Who may name them instead, in a sentence."""
    if settings.mode() == "class":
        return "Only the lecturer can name files of the server."
    return _WHY_NOT


def _is_here() -> bool:
    headers = st.context.headers
    try:
        opened_at = urlsplit(headers.get("Origin") or "").hostname
    except ValueError:
        return False
    forwarded = any(headers.get(name) for name in FORWARDED)
    return st.context.ip_address is None and opened_at in LOOPBACK and not forwarded
