"""The path under which this server answers, `server.baseUrlPath`: "/lab1", or "" at the root."""

from collections.abc import Iterable

import streamlit as st
from starlette.routing import Route


def get() -> str:
    """It, without a slash at its end."""
    path = st.get_option("server.baseUrlPath").strip("/")
    return f"/{path}" if path else ""


def inside(path: str) -> str:
    """A path of a request without it: "/lab1/maps" -> "/maps"; one outside of it as it is."""
    prefix = get()
    return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else path


def below(routes: Iterable[Route]) -> list[Route]:
    """Routes of ours, under it."""
    return [Route(get() + route.path, route.endpoint, methods=route.methods) for route in routes]
