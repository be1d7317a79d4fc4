"""What stands before every request: which names this server answers to, and headers that keep its answers to its pages.

A page of another site can let its own name point at this machine and then read the dashboard through a visitor's
browser (DNS rebinding). An IP address cannot be such a name, so any is accepted; a name must be this machine's own, or
in `server.allowedHosts`.
"""

import functools
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
OURS = {  # of images, maps and modules, which only our own pages fetch
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
FOLDER = "/lab/"

Message = MutableMapping[str, Any]


class Doors:
    """ASGI middleware: refuses requests under a name that is not this server's, and adds the headers."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if not answers_to(host):
            refusal = PlainTextResponse(_refusal(), HTTPStatus.MISDIRECTED_REQUEST)
            if scope["type"] == "http":
                await refusal(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, _with_headers(send, scope["path"]))


def answers_to(host: str) -> bool:
    """Whether a Host header names this server; its port does not matter."""
    if config.get_option("server.allowedHosts"):
        return is_host_allowed(host)
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in own_names() or name.endswith(".localhost") or _is_address(name)


@functools.cache
def own_names() -> frozenset[str]:
    """The names of this machine, in lower case."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name.partition('.')[0]}.local", socket.getfqdn().lower()})


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _refusal() -> str:
    return (
        "This server does not go by the name in this address. "
        f"Open it by its IP address, or as one of {', '.join(sorted(own_names()))}; "
        "or start it with --server.allowedHosts and the name.\n"
    )


def _with_headers(send: Send, path: str) -> Callable[[Message], Awaitable[None]]:
    added = EVERYWHERE | OURS if path.startswith(FOLDER) else EVERYWHERE

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


MIDDLEWARE = [Middleware(Doors)]
