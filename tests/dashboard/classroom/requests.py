"""Requests to an application of ours in this process, without a server."""

import asyncio
from urllib.parse import urlencode

from starlette.types import ASGIApp

from tests import event_loop

HERE = "http://localhost:8501"


class Answer:
    """What a browser gets."""

    def __init__(self, sent: list[dict]):
        self.status = sent[0]["status"]
        self._headers = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
        self.headers = dict(self._headers)
        self.content = b"".join(message.get("body", b"") for message in sent[1:])

    @property
    def text(self) -> str:
        """The content, read."""
        return self.content.decode()

    @property
    def cookie(self) -> str:
        """What a browser sends back."""
        return "; ".join(value.partition(";")[0] for name, value in self._headers if name == "set-cookie")


def ask(app: ASGIApp, path: str, *, form: dict | None = None, **headers: str) -> Answer:
    """One request; headers with underscores in their names."""
    sent, body = [], urlencode(form or {}).encode()
    headers = {"host": "localhost:8501", "accept": "text/html"} | headers
    if form is not None:
        form_headers = {"content-type": "application/x-www-form-urlencoded", "content_length": str(len(body))}
        headers = {"origin": HERE} | form_headers | headers

    waiting = [{"type": "http.request", "body": body}]

    async def receive() -> dict:
        if not waiting:  # the browser stays until it has its answer
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message) -> None:
        sent.append(dict(message))

    target, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET" if form is None else "POST",
        "scheme": "http",
        "path": target,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 5),
        "server": ("localhost", 8501),
    }
    event_loop.run(app(scope, receive, send))
    return Answer(sent)
