"""The page that somebody opened who has to join or sign in first: a cookie remembers it until they have."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from starlette.responses import Response

from dashboard.state import prefix

NAME = "backbone-lab-page"
AGE = 15 * 60  # seconds
MOST = 3_000  # characters, of the 4,096 that browsers keep


def remember(response: Response, page: str) -> None:
    """Have the browser come back to a page, such as "maps?method=umap"; to the first if it is that, or too long."""
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
    """Have the browser forget it."""
    response.delete_cookie(NAME, path=_path(), httponly=True, samesite="lax")


def _path() -> str:
    return prefix.get() or "/"
