"""How a browser gets a person, and what it is refused without one: the middleware and the form, as one application."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg

from core import people, roster
from core.errors import ConfigError
from dashboard import middleware
from dashboard.classroom import cookie, invitation, join, landing
from dashboard.state import prefix
from tests import event_loop
from tests.dashboard.classroom import requests
from tests.dashboard.classroom.requests import HERE, Answer


def who(request: Request) -> PlainTextResponse:
    """The person for whom the server acts."""
    return PlainTextResponse(repr(people.current_person()))


messages_of: list[str | None] = []


async def echo(websocket) -> None:
    """Sends back what arrives, and remembers whose it was."""
    await websocket.accept()
    while True:
        message = await websocket.receive_bytes()
        messages_of.append(people.current_person())
        await websocket.send_bytes(message)


ROUTES = [Route("/", who), Route("/who", who), WebSocketRoute("/_stcore/stream", echo), *join.ROUTES]
APP = Starlette(routes=ROUTES, middleware=middleware.MIDDLEWARE)


ask = partial(requests.ask, APP)


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new class, whose server nobody has entered."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    people.set_identity(cookie.current_person)
    join.wrong.clear()
    messages_of.clear()
    yield
    people.set_identity(lambda: None)


def joined(name: str = "Ada", **form: str) -> Answer:
    """What somebody gets who joins by this name."""
    return ask("/lab/join", form={"code": roster.read().code, "name": name} | form)


def test_nobody_gets_the_form_and_nothing_else():
    page = ask("/maps?method=umap&run=1")
    assert page.status == 303 and page.headers["location"] == "/lab/join"
    assert ask("/lab/maps/0123456789abcdef.bin", accept="*/*").status == 401
    assert ask("/who", accept="*/*").status == 401
    assert ask(page.headers["location"]).status == 200


def opened(path: str, cookie: str) -> str:
    """Where a browser that is somebody's lands on the first page, after it had asked for a path as nobody."""
    answer = ask(path)
    page = "" if "Max-Age=0" in answer.headers["set-cookie"] else answer.cookie
    landed = ask("/", cookie=f"{cookie}; {page}")
    assert landed.status in (200, 303)
    assert not page or (f"{landing.NAME}=" in landed.cookie and "Max-Age=0" in landed.headers["set-cookie"])
    return landed.headers.get("location", "/")


def test_a_learner_joins_and_goes_where_the_link_led():
    answer = joined()
    assert answer.status == 303 and answer.headers["location"] == "../"
    assert opened("/maps?method=umap&run=1", answer.cookie) == "/maps?method=umap&run=1"
    assert opened("/", answer.cookie) == "/"
    assert opened(f"/maps?x={'x' * landing.MOST}", answer.cookie) == "/"
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    assert "Secure" not in answer.headers["set-cookie"]
    assert ask("/who", cookie=answer.cookie).text == "'Ada'"


@pytest.mark.parametrize("path", ["/", f"/maps?x={'x' * landing.MOST}"])
def test_a_page_that_cannot_be_remembered_replaces_the_one_before(path):
    forgotten = ask(path).headers["set-cookie"]
    assert forgotten.startswith(f"{landing.NAME}=") and "Max-Age=0" in forgotten


@pytest.mark.parametrize(
    "page",
    ["//elsewhere.example/x", "https://elsewhere.example", "\\\\elsewhere.example", "\t//x", "/%2f%2fx", "http://["],
)
def test_a_remembered_page_is_one_of_this_server(page):
    forged = f"{joined().cookie}; {landing.NAME}={quote(page, safe='')}"
    location = ask("/", cookie=forged).headers["location"]
    assert urlsplit(urljoin(f"{HERE}/", location)).netloc == urlsplit(HERE).netloc
    assert location.startswith("/") and location[1] not in "/\\"


def test_a_taken_name_and_a_wrong_code_are_refused_in_a_sentence():
    joined("Ada")
    again = joined("ada")
    assert again.status == 403 and "The name ada is taken" in again.text and not again.cookie
    wrong = joined("Ben", code="BBBBBB")
    assert wrong.status == 403 and "This is not the code of the class" in wrong.text
    assert list(roster.read().seats) == ["Ada"]


def test_a_name_is_text_on_every_page():
    name = '<b>Ada</b> "**'
    assert joined(name).status == 303
    taken = joined(name).text
    assert "<b>Ada" not in taken and "&lt;b&gt;Ada&lt;/b&gt; &quot;**" in taken
    assert "<b>Ada" not in ask("/lab/join", cookie=ask_cookie(name)).text


def ask_cookie(name: str, seat: str | None = None, key: bytes | None = None) -> str:
    """A cookie of this name; by default a good one."""
    signer = URLSafeTimedSerializer(key or roster.key(), salt="person")
    return f"{cookie.NAME}={signer.dumps([name, roster.read().seats.get(name, '') if seat is None else seat])}"


def test_a_cookie_that_is_forged_or_old_or_of_a_freed_name_is_nobodys(monkeypatch):
    joined("Ada")
    good = ask_cookie("Ada")
    assert ask("/who", cookie=good).text == "'Ada'"
    name, payload, *rest = re.split(r"[=.]", good)
    bad = [
        ask_cookie("Ada", key=b"x" * 32),
        ask_cookie(people.LECTURER, key=b"x" * 32),
        ask_cookie("Ada", seat="0" * 16),
        ask_cookie("Ben"),
        ".".join([f"{name}={payload[:-2]}", *rest]),
        f"{cookie.NAME}=Ada",
        f"{cookie.NAME}=",
    ]
    assert [ask("/who", accept="*/*", cookie=each).status for each in bad] == [401] * len(bad)
    monkeypatch.setattr(cookie, "AGE", -1)
    assert ask("/who", accept="*/*", cookie=good).status == 401


def test_who_is_removed_from_the_class_is_nobody_at_once():
    good = joined("Ada").cookie
    with people.acting_as(people.LECTURER):
        people.free("Ada")
    assert ask("/who", accept="*/*", cookie=good).status == 401
    joined("Ada")
    assert ask("/who", accept="*/*", cookie=good).status == 401, "the name has another seat now"


def test_the_lecturers_link_works_with_its_token_alone_and_leaves_the_address():
    link = invitation.lecturer_link()
    answer = ask(link[link.index("/lab/") :])
    assert answer.status == 303 and answer.headers["location"] == "../classroom"
    assert ask("/who", cookie=answer.cookie).text == repr(people.LECTURER)
    page = ask("/train?method=knn").cookie
    assert ask(link[link.index("/lab/") :], cookie=page).headers["location"] == "../"
    assert opened("/train?method=knn", answer.cookie) == "/train?method=knn"
    for path in ("/lab/lecturer", "/lab/lecturer?token=", "/lab/lecturer?token=x", "/lab/lecturer?token=%C3%A4"):
        refused = ask(path)
        assert refused.status == 403 and not refused.cookie


@pytest.fixture
def behind_a_prefix() -> Iterator[None]:
    """A server that a proxy shows under a path."""
    config.set_option("server.baseUrlPath", "/lab1/")
    yield
    config.set_option("server.baseUrlPath", "")


def test_behind_a_prefix_every_way_keeps_it(behind_a_prefix, monkeypatch):
    for path in ("/lab1", "/lab1/", "/lab1/maps?run=1", "/lab1x/maps"):
        assert ask(path).headers["location"] == "/lab1/lab/join"
    for link in (invitation.link(), invitation.lecturer_link()):
        assert urlsplit(link).path.startswith("/lab1/lab/")
    monkeypatch.setattr(APP.router, "routes", [*prefix.below(join.ROUTES), Route("/lab1/who", who)])
    page = ask("/lab1/maps?run=1")
    assert "; Path=/lab1;" in page.headers["set-cookie"]
    answer = ask("/lab1/lab/join", form={"code": roster.read().code, "name": "Ada"})
    assert answer.headers["location"] == "../" and "; Path=/lab1;" in answer.headers["set-cookie"]
    assert ask("/lab1/", cookie=f"{answer.cookie}; {page.cookie}").headers["location"] == "/lab1/maps?run=1"
    assert ask("/lab1/who", cookie=answer.cookie).text == "'Ada'"
    missing = ask("/lab1/lab/nothing", cookie=answer.cookie)
    assert missing.status == 404 and missing.headers["content-security-policy"]


@pytest.mark.parametrize(("origin", "length"), [("http://[", ""), (HERE, "ten")])
def test_what_is_malformed_is_refused_in_a_sentence(origin, length):
    headers = {"content_length": length} if length else {}
    form = {"code": roster.read().code, "name": "Ada"}
    answer = ask("/lab/join", form=form, origin=origin, **headers)
    assert answer.status == 400 and "malformed" in answer.text
    assert not roster.read().seats


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "", "http://localhost:8502"])
def test_a_form_of_another_site_joins_nobody(origin):
    form = {"code": roster.read().code, "name": "Ada"}
    assert ask("/lab/join", form=form, origin=origin).status == 403
    assert not roster.read().seats


def test_codes_cannot_be_tried_one_after_the_other():
    for _ in range(join.WRONG_CODES):
        assert "not the code" in joined(code="BBBBBB").text
    assert "Too many wrong codes" in joined().text
    assert not roster.read().seats


def test_right_codes_and_those_of_a_minute_ago_are_forgotten(monkeypatch):
    joined()
    assert not join.wrong
    joined("Ben", code="BBBBBB")
    assert len(join.wrong) == 1
    monkeypatch.setattr(join, "WITHIN", 0.0)
    assert joined("Ben").status == 303
    assert not join.wrong


def test_a_form_larger_than_the_form_is_refused_unread():
    assert joined("Ada" * join.MOST_BYTES).status == 413


def stream(cookies: str, *messages: bytes, before: Callable[[int], None] = lambda sent: None) -> list[dict]:
    """What a websocket gets back for messages; `before` is called before each, with how many are left."""
    sent, waiting = [], [{"type": "websocket.connect"}, *({"type": "websocket.receive", "bytes": m} for m in messages)]

    async def receive() -> dict:
        before(len(waiting))
        return waiting.pop(0) if waiting else {"type": "websocket.disconnect", "code": 1000}

    async def send(message) -> None:
        sent.append(dict(message))

    headers = [(b"host", b"localhost"), (b"cookie", cookies.encode())]
    scope = {"type": "websocket", "scheme": "ws", "path": "/_stcore/stream", "query_string": b"", "headers": headers}
    with suppress(WebSocketDisconnect):
        event_loop.run(APP(scope, receive, send))
    return sent


def test_nobody_gets_a_websocket():
    assert stream("") == [{"type": "websocket.close", "code": 1008}]


def test_a_learners_browser_sends_what_pages_send_and_nothing_else():
    rerun, clear, skills = BackMsg(), BackMsg(clear_cache=True), BackMsg()
    rerun.rerun_script.query_string = "x"
    skills.backend_operation_request.install_skills.SetInParent()
    messages = [each.SerializeToString() for each in (rerun, clear, skills)]
    learner = stream(joined("Ada").cookie, *messages, b"\xff")
    assert [message.get("bytes") for message in learner[1:]] == messages[:1]
    lecturer = stream(ask_cookie(people.LECTURER), *messages)
    assert [message.get("bytes") for message in lecturer[1:]] == messages


def test_messages_of_a_browser_whose_name_is_freed_meanwhile_are_nobodys():
    def free(left: int) -> None:
        if left == 1:
            with people.acting_as(people.LECTURER):
                people.free("Ada")

    rerun = BackMsg()
    rerun.rerun_script.query_string = "x"
    stream(joined("Ada").cookie, *[rerun.SerializeToString()] * 2, before=free)
    assert messages_of == ["Ada", None]


def away(monkeypatch: pytest.MonkeyPatch) -> str:
    """Take the home folder away; what is said of that."""
    monkeypatch.setenv("BACKBONE_LAB_HOME", "/proc/version/away")
    return "The home folder /proc/version/away cannot be written"


def test_while_the_home_folder_is_away_every_answer_says_so(monkeypatch):
    good = joined("Ada").cookie
    sentence = away(monkeypatch)
    for path in ("/", "/who", "/lab/join"):
        answer = ask(path, cookie=good)
        assert answer.status == 503 and sentence in answer.text
    assert stream(good) == [{"type": "websocket.close", "code": 1008}]
    with pytest.raises(ConfigError, match="cannot be written"):
        roster.read()


def test_a_page_that_is_open_while_the_home_folder_is_away_stays_open(home, monkeypatch):
    def move(left: int) -> None:
        if left < 3:
            away(monkeypatch) if left == 2 else monkeypatch.setenv("BACKBONE_LAB_HOME", str(home))

    rerun = BackMsg()
    rerun.rerun_script.query_string = "x"
    stream(joined("Ada").cookie, *[rerun.SerializeToString()] * 3, before=move)
    assert messages_of == ["Ada", None, "Ada"]


def test_alone_there_is_no_form_and_no_cookie(monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "alone")
    answer = ask("/who")
    assert answer.text == repr(people.LECTURER) and not answer.cookie
