"""The path under which this server answers, `server.baseUrlPath`: "/lab1", or "" at the root."""

from collections.abc import Iterable

import streamlit as st
from starlette.routing import Route


def get() -> str:
    """The prefix, without a trailing slash."""
    path = st.get_option("server.baseUrlPath").strip("/")
    return f"/{path}" if path else ""


def inside(path: str) -> str:
    """A request path without the prefix: "/lab1/maps" -> "/maps"; unchanged if it has no prefix."""
    prefix = get()
    return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else path


def below(routes: Iterable[Route]) -> list[Route]:
    """Our routes, under the prefix."""
    return [Route(get() + route.path, route.endpoint, methods=route.methods) for route in routes]
