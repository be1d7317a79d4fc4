"""Which names a server answers to, and the headers of its answers."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config

from dashboard import middleware
from dashboard.middleware import MIDDLEWARE, answers_to
from tests import event_loop

APP = Starlette(
    routes=[
        Route("/", lambda request: PlainTextResponse("page")),
        Route("/lab/x", lambda request: PlainTextResponse("map")),
    ],
    middleware=MIDDLEWARE,
)


def ask(host: str, path: str = "/", kind: str = "http") -> list[dict]:
    """The messages that the server sends for one request under a name."""
    sent = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b""}

    async def send(message) -> None:
        sent.append(dict(message))

    scope = {"type": kind, "method": "GET", "path": path, "headers": [(b"host", host.encode())], "query_string": b""}
    event_loop.run(APP(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8501",
        "127.0.0.1:8501",
        "[::1]:8501",
        "192.168.1.20",
        "LOCALHOST",
        "lab.localhost",
        "localhost.",
    ],
)
def test_a_server_answers_to_addresses_and_to_its_own_names(host):
    assert answers_to(host)
    assert ask(host)[0]["status"] == 200


def test_it_answers_to_the_name_of_the_machine():
    assert answers_to(f"{socket.gethostname()}:8501")


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "elsewhere.example:8501", "localhost.elsewhere.example", "", "[", "a b"]
)
def test_any_other_name_is_refused_in_a_sentence_before_anything_is_read(host):
    start, body = ask(host)[:2]
    assert start["status"] == 421
    assert b"--server.allowedHosts" in body["body"] and b"localhost" in body["body"]
    assert ask(host, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_it_answers_to_the_name_by_which_visitors_call_it():
    before = config.get_option("browser.serverAddress")
    config.set_option("browser.serverAddress", "Lab.School.example")
    try:
        assert answers_to("lab.school.example") and not answers_to("elsewhere.example") and not answers_to("")
    finally:
        config.set_option("browser.serverAddress", before)


def test_the_setting_decides_where_there_is_one():
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", ["lab.example", "*.school.example"])
    try:
        assert answers_to("lab.example:443") and answers_to("room.school.example")
        assert not answers_to("elsewhere.example")
    finally:
        config.set_option("server.allowedHosts", before)


def test_answers_keep_to_our_own_pages():
    headers = dict(ask("localhost", "/lab/x")[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]
    page = dict(ask("localhost")[0]["headers"])
    assert page[b"x-content-type-options"] == b"nosniff"
    assert b"content-security-policy" not in page, "a course may show a page in a frame"


def test_what_is_missing_has_the_headers_too():
    start = ask("localhost", "/lab/nothing")[0]
    assert start["status"] == 404
    assert set(middleware.OURS) <= {name.decode() for name, _ in start["headers"]}
