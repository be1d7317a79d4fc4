"""How a class is entered: the address and the code for learners, a link for the lecturer."""

import hmac
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import segno
from streamlit import config

from core import people, roster
from dashboard.state import prefix

_TOKEN = secrets.token_urlsafe(24)  # of this server, until it ends


def address() -> str:
    """What learners type: http://192.168.1.20:8501."""
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{_name()}:{config.get_option('server.port')}{prefix.get()}"


def link() -> str:
    """The address with the code in it, for a QR code."""
    return f"{address()}/lab/join?code={roster.read().code}"


def lecturer_link() -> str:
    """What makes a browser the lecturer's."""
    return f"{address()}/lab/lecturer?token={_TOKEN}"


def is_token(text: str) -> bool:
    """Whether this is the token in the lecturer's link."""
    return hmac.compare_digest(text.encode(), _TOKEN.encode())


def spaced(code: str) -> str:
    """A code as it is read aloud: K7M 4QX."""
    return f"{code[:3]} {code[3:]}"


def picture() -> str:
    """The QR code of the link as SVG, dark on light for any theme."""
    return qr(link()).svg_inline(scale=8, border=3, light="white")


RENEW = "The old one no longer works; who has joined stays."


def renew() -> None:
    """Give the class another code."""
    people.change(code=roster.new_code())


def qr(text: str) -> segno.QRCode:
    """A QR code that a camera reads from the last row."""
    return segno.make_qr(text, error="m")


@asynccontextmanager
async def announced(app: Any) -> AsyncIterator[None]:
    """Print them to the terminal when the server has its port."""
    qr(link()).terminal(compact=True)
    code = spaced(roster.read().code)
    print(f"  Learners scan this, or open {address()} and enter the code {code}")
    print(f"  The lecturer opens {lecturer_link()}\n", flush=True)
    yield


def _name() -> str:
    """How this machine is called by others; its address in the local network where nobody has said so."""
    if config.is_manually_set("browser.serverAddress"):
        return config.get_option("browser.serverAddress")
    given = config.get_option("server.address")
    if given not in ("0.0.0.0", "::", ""):
        return given
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))  # nothing is sent: the system only says which way it would go
            return probe.getsockname()[0]
        except OSError:  # not in a network
            return socket.gethostname()
