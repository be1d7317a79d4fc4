"""The routes that make a browser a person's: the form for learners, the lecturer's link."""

from collections import deque
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from time import monotonic
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core import people, roster
from core.errors import AccessError, LabError
from dashboard.classroom import cookie, invitation, landing, sign_in

JOIN, LECTURER, SIGN_IN = "/lab/join", "/lab/lecturer", "/lab/sign-in"
POLICY = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
FIRST = "Enter the code that the lecturer shows, and a name by which the class will know you."
SIGN_IN_FIRST = "Sign in, so that the class knows you."
MOST_BYTES = 10_000  # of a form that is sent
WRONG_CODES, WITHIN = 20, 60.0  # of one address, within so many seconds: nobody mistypes that often

wrong: deque[tuple[float, str]] = deque()  # when a wrong code came, and its address; those within `WITHIN`


async def join(request: Request) -> Response:
    """The form, and what it sends; the way to sign in, where one does."""
    if sign_in.required():
        return _ways_to_sign_in(request)
    if request.method == "GET":
        return _form(code=request.query_params.get("code", ""))
    try:
        if not _from_here(request):
            return PlainTextResponse("This form was sent from another site.\n", HTTPStatus.FORBIDDEN)
        if not 0 < int(request.headers.get("content-length", 0)) <= MOST_BYTES:
            return PlainTextResponse("The form is too large.\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        sent = await request.form(max_files=0)
        code, name = (str(sent.get(field, "")) for field in ("code", "name"))
    except ValueError:  # an address or a number that is none
        return PlainTextResponse("This request is malformed. Open the link again.\n", HTTPStatus.BAD_REQUEST)
    try:
        _slow_down(request, code)
        name, seat = roster.join(code, name)
    except LabError as error:
        return _form(code=code, name=name, error=str(error))
    response = RedirectResponse("../", HTTPStatus.SEE_OTHER)  # or the page that was opened, as the middleware remembers
    cookie.give(response, request, name, seat)
    return response


def lecturer(request: Request) -> Response:
    """Make the browser the lecturer's if it has the token."""
    if not invitation.is_token(request.query_params.get("token", "")):
        text = "This link belongs to a server that has ended. The terminal shows the current one.\n"
        return PlainTextResponse(text, HTTPStatus.FORBIDDEN)
    page = "../" if landing.way(request.cookies) else "../classroom"
    response = RedirectResponse(page, HTTPStatus.SEE_OTHER)
    cookie.give(response, request, people.LECTURER)
    return response


ROUTES = [
    Route(JOIN, join, methods=["GET", "POST"]),
    Route(LECTURER, lecturer),
    Route(SIGN_IN, sign_in.begin),
]


def _form(*, code: str = "", name: str = "", error: str = "") -> Response:
    sentence = f"{_known()}, or join under another name." if _known() else escape(FIRST)
    focus = {"focus_code": "", "focus_name": " autofocus"} if code else {"focus_code": " autofocus", "focus_name": ""}
    texts = {"code": code, "name": name, "longest": str(roster.LONGEST)}
    filled = {field: escape(text) for field, text in texts.items()}
    return _page(sentence, _template("join_form.html").substitute(filled, **focus), error)


def _ways_to_sign_in(request: Request) -> Response:
    """A button for each provider, or why somebody who has signed in is not accepted."""
    if _known():
        return _page(f"{_known()}.", "")
    names = {name: "Sign in" if name == "default" else f"Sign in with {name}" for name in sign_in.providers()}
    ways = [f'<a class="button" href="sign-in?with={quote(name)}">{escape(text)}</a>' for name, text in names.items()]
    return _page(SIGN_IN_FIRST, "\n".join(ways), sign_in.refusal(request.headers, request.cookies))


def _known() -> str:
    """The person of this browser, with a link to continue; empty for nobody."""
    person = cookie.requesting.get()
    if person is None:
        return ""
    called = escape(people.called(person))
    return f'This browser belongs to {called}. <a href="../">Continue as {called}</a>'


def _page(sentence: str, ways: str, error: str = "") -> Response:
    alert = f'<p role="alert">{escape(error)}</p>' if error else ""
    page = _template("join.html").substitute(sentence=sentence, error=alert, ways=ways)
    return HTMLResponse(page, HTTPStatus.FORBIDDEN if error else HTTPStatus.OK, POLICY)


@cache
def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _from_here(request: Request) -> bool:
    """Whether a form was sent by our own page; browsers say so."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


def _slow_down(request: Request, code: str) -> None:
    """Refuse to look at the code of somebody who tries many. Raises AccessError."""
    address, now = request.client.host if request.client else "", monotonic()
    while wrong and now - wrong[0][0] >= WITHIN:
        wrong.popleft()
    if sum(address == each for _, each in wrong) >= WRONG_CODES:
        raise AccessError("Too many wrong codes came from this address", remedy="Wait a minute")
    if not roster.is_code(code):
        wrong.append((now, address))
