"""The middleware of every request: the names this server answers to, who is asking in a class, response headers.

A page of another site can let its own name point at this machine and then read the dashboard through a visitor's
browser (DNS rebinding). An IP address cannot be such a name, so any is accepted; a name must be this machine's own, or
in `server.allowedHosts`.

In a class, a browser without a person gets nothing but the form to join, and after joining the page that it asked for.
"""

import functools
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from core import people, settings
from core.errors import LabError
from dashboard.classroom import cookie, join, landing, sign_in
from dashboard.state import prefix

EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
OURS = {  # of images, maps and modules, which only our own pages fetch
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
FOLDER = "/lab/"
OPEN = (join.JOIN, join.LECTURER, join.SIGN_IN, *sign_in.PROVIDER_ROUTES, "/_stcore/health")  # to everybody
MESSAGES = ("rerun_script", "stop_script", "file_urls_request", "app_heartbeat")  # of a learner's browser
OPERATIONS = ("deferred_file", "dataframe_chunk")  # likewise

Message = MutableMapping[str, Any]


class Guard:
    """ASGI middleware: refuses requests under another server's name or from nobody, and adds the headers."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if not answers_to(host):
            await _refuse(scope, receive, send, _refusal(), HTTPStatus.MISDIRECTED_REQUEST)
            return
        path = prefix.inside(scope["path"])
        send = _with_headers(send, path)
        if settings.mode() == "alone":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            person = cookie.person(connection.headers, connection.cookies)
        except LabError as error:  # the home folder is away
            await _refuse(scope, receive, send, f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if person is None and path not in OPEN:
            await _show_the_way(scope, receive, send)
            return
        if scope["type"] == "http" and path == "/" and person is not None and (way := landing.way(connection.cookies)):
            response = RedirectResponse(way, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
            landing.forget(response)
            await response(scope, receive, send)
            return
        token = cookie.requesting.set(person)
        try:
            await self.app(scope, _offered(receive, connection) if scope["type"] == "websocket" else receive, send)
        finally:
            cookie.requesting.reset(token)


def answers_to(host: str) -> bool:
    """Whether a Host header names this server; its port does not matter."""
    if config.get_option("server.allowedHosts"):
        return is_host_allowed(host)
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    given = config.get_option("browser.serverAddress").lower()  # how visitors call it
    return name in own_names() or (name == given != "") or name.endswith(".localhost") or _is_address(name)


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
        "This server does not answer to the name in this address. "
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


async def _show_the_way(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nobody: lead pages to the form, refuse everything else."""
    if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
        page = prefix.inside(scope["path"]).lstrip("/")
        page += f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        response = RedirectResponse(f"{prefix.get()}{join.JOIN}", HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
        landing.remember(response, page)
        await response(scope, receive, send)
    else:
        await _refuse(scope, receive, send, "Join the class first.\n", HTTPStatus.UNAUTHORIZED)


async def _refuse(scope: Scope, receive: Receive, send: Send, sentence: str, status: HTTPStatus) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(sentence, status)(scope, receive, send)


def _offered(receive: Receive, connection: HTTPConnection) -> Receive:
    """Drop messages of a learner's browser that no page sends for them, such as those that clear caches.

    Each message is from whoever the browser belongs to by then: names are freed meanwhile.
    """

    async def receive_offered() -> Message:
        while True:
            message = await receive()
            try:
                person = cookie.person(connection.headers, connection.cookies)
            except LabError:  # the home folder is away, which the page says
                person = None
            cookie.requesting.set(person)
            if person == people.LECTURER or message["type"] != "websocket.receive" or _is_offered(message):
                return message

    return receive_offered


def _is_offered(message: Message) -> bool:
    try:
        sent = BackMsg.FromString(message.get("bytes") or b"")
    except DecodeError:
        return False
    kind = sent.WhichOneof("type")
    if kind == "backend_operation_request":
        return sent.backend_operation_request.WhichOneof("payload") in OPERATIONS
    return kind in MESSAGES


MIDDLEWARE = [Middleware(Guard)]
