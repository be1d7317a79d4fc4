"""The page to return to after joining or signing in, remembered by a cookie."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from starlette.responses import Response

from dashboard.state import prefix

NAME = "backbone-lab-page"
AGE = 15 * 60  # seconds
MOST = 3_000  # characters, of the 4,096 that browsers keep


def remember(response: Response, page: str) -> None:
    """Remember a page, such as "maps?method=umap", in the browser, unless it is the first or its address too long."""
    value = quote(page, safe="")
    if 0 < len(value) <= MOST:
        response.set_cookie(NAME, value, max_age=AGE, path=_path(), httponly=True, samesite="lax")
    else:
        forget(response)  # what it opened before


def way(cookies: Mapping[str, str]) -> str:
    """The address of the remembered page, which is always one of this server; empty if there is none."""
    page = unquote(cookies.get(NAME, "")).lstrip("/\\")
    return f"{prefix.get()}/{page}" if page else ""


def forget(response: Response) -> None:
    """Remove the remembered page from the browser."""
    response.delete_cookie(NAME, path=_path(), httponly=True, samesite="lax")


def _path() -> str:
    return prefix.get() or "/"
