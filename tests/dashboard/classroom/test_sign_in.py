"""Signing in to a class: at a real provider on this machine, and by the headers of a proxy."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette import starlette_app, starlette_auth_routes

from core import people, roster, settings, sign_in
from dashboard import middleware
from dashboard.classroom import cookie, invitation, join
from dashboard.classroom import sign_in as way_in
from tests.dashboard.classroom import requests
from tests.dashboard.classroom.requests import HERE

ADA, GRACE = "ada@school.example", "grace@school.example"
SECRETS = """[auth]
redirect_uri = "{here}/oauth2callback"
cookie_secret = "of this test, and long enough for it"
client_id = "lab"
client_secret = "known to both"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider, at which Ada and Grace have accounts."""
    from oidc_provider_mock import User, run_server_in_thread

    users = [User(sub=name, claims={"email": name, "email_verified": True}) for name in (ADA, GRACE)]
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A class in which Grace is a lecturer."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    (home / sign_in.FILE).write_text(f'lecturers = ["{GRACE}"]')
    people.set_identity(cookie.current_person)
    yield
    people.set_identity(lambda: None)


@pytest.fixture
def by_provider(a_class: None, provider: str, tmp_path: Path) -> Iterator[None]:
    """It is entered by signing in at the provider."""
    (tmp_path / "secrets.toml").write_text(SECRETS.format(here=HERE, provider=provider))
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(tmp_path / "secrets.toml")])
    secrets_singleton._reset()
    way_in.providers.cache_clear()
    yield
    config.set_option("secrets.files", before)
    secrets_singleton._reset()
    way_in.providers.cache_clear()


@pytest.fixture
def by_header(a_class: None) -> Iterator[None]:
    """It is entered through a proxy."""
    config.set_option("server.trustedUserHeaders", {"X-Email": "email", "X-Groups": "groups"})
    yield
    config.set_option("server.trustedUserHeaders", {})


def who(request: Request) -> PlainTextResponse:
    """The person for whom the server acts."""
    return PlainTextResponse(repr(people.current_person()))


def application() -> Starlette:
    """Our middleware and routes, and Streamlit's that sign in."""
    routes = [Route("/who", who), *join.ROUTES, *starlette_auth_routes.create_auth_routes("")]
    return Starlette(routes=routes, middleware=[*middleware.MIDDLEWARE, *starlette_app.create_streamlit_middleware()])


def signed_in(ask: partial, name: str) -> str:
    """The cookies of a browser in which somebody has signed in."""
    way = re.search(r'href="(sign-in[^"]*)"', ask("/lab/join").text)[1]
    begun = ask(ask(f"/lab/{way}").headers["location"])
    answer = httpx.post(begun.headers["location"], data={"sub": name})
    back = answer.headers["location"]
    assert back.startswith(f"{HERE}/oauth2callback?")
    done = ask(back.removeprefix(HERE), cookie=begun.cookie)
    assert done.status == 302 and done.headers["location"] == "/"
    return done.cookie


@pytest.mark.slow
def test_who_signs_in_at_a_provider_is_a_person_of_the_class(by_provider):
    ask = partial(requests.ask, application())
    page = ask("/who?run=1")
    assert page.headers["location"] == "/lab/join"
    ada = signed_in(ask, ADA)
    assert ask("/", cookie=f"{ada}; {page.cookie}").headers["location"] == "/who?run=1"
    assert ask("/who", cookie=ada).text == repr(ADA)
    assert list(roster.read().seats) == [ADA]
    assert ask("/who", cookie=signed_in(ask, GRACE)).text == repr(people.LECTURER)
    assert f"Continue as {ADA}" in ask("/lab/join", cookie=ada).text
    out = ask("/auth/logout", cookie=ada)
    assert out.status == 302 and 'streamlit_user=""' in out.cookie


def test_nothing_else_enters_a_class_that_signs_in(by_provider):
    ask = partial(requests.ask, application())
    name, seat = roster.join(roster.read().code, "Ben")
    classic = f"{cookie.NAME}={URLSafeTimedSerializer(roster.key(), salt='person').dumps([name, seat])}"
    forged = signed_in(ask, ADA).replace("streamlit_user=", "streamlit_user=x")
    for bad in ("", classic, forged):
        assert ask("/who", accept="*/*", cookie=bad).status == 401
    answer = ask("/lab/join", form={"code": roster.read().code, "name": "Cy"})
    assert "Sign in" in answer.text and not answer.cookie
    assert ask("/lab/sign-in?with=elsewhere").status == 404
    assert ask(f"/oauth2callback?{urlencode({'code': 'x', 'state': 'y'})}").status == 302
    assert invitation.link() == invitation.address()


def test_a_proxy_says_who_asks_with_each_request(by_header):
    (settings.home() / sign_in.FILE).write_text('lecturer_claim = "groups"\nlecturer_value = "staff"')
    ask = partial(requests.ask, application())
    assert ask("/who", x_email=ADA).text == repr(ADA)
    assert ask("/who", x_email=GRACE, x_groups="staff").text == repr(people.LECTURER)
    assert ask("/who", accept="*/*").status == 401
    refused = ask("/lab/join")
    assert refused.status == 403 and "Signing in gave no email" in refused.text and "href" not in refused.text


def test_a_header_that_arrives_twice_is_nobodys(by_header):
    sent = [(b"x-email", ADA.encode()), (b"x-groups", b"staff")]
    assert way_in.person(Headers(raw=sent), {}) == ADA
    for name, _ in sent:
        assert way_in.person(Headers(raw=[*sent, (name, GRACE.encode())]), {}) is None


def test_rules_that_cannot_be_read_let_nobody_in_and_only_the_log_says_why(by_header, caplog):
    (settings.home() / sign_in.FILE).write_text("lecturers =")
    ask = partial(requests.ask, application())
    assert ask("/who", accept="*/*", x_email=GRACE).status == 401
    told = ask("/lab/join", x_email=GRACE).text
    assert "Ask the lecturer" in told and str(settings.home()) not in told
    assert f"{settings.home() / sign_in.FILE} cannot be read" in caplog.text


def test_the_address_on_the_projector_is_that_of_the_proxy(by_header, monkeypatch):
    options = {"browser.serverAddress": "lab.school.example", "browser.serverPort": 443, "server.baseUrlPath": "lab1"}
    before = {name: config.get_option(name) for name in options}
    try:
        for name, value in options.items():
            config.set_option(name, value)
        assert invitation.address() == "https://lab.school.example/lab1"
    finally:
        for name, value in before.items():
            config.set_option(name, value)
