"""The ways in: the address of this server, and in a class the code for learners and a link for the lecturer."""

import hmac
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import segno
from streamlit import config

from core import people, roster, settings
from core import sign_in as rules
from core.errors import ConfigError
from dashboard.classroom import sign_in
from dashboard.state import prefix

CONFIG = Path(__file__).parent.parent / ".streamlit" / "config.toml"
HTTP, HTTPS = 80, 443  # ports that an address leaves out

_TOKEN = secrets.token_urlsafe(24)  # of this server, until it ends


def address() -> str:
    """What visitors type: http://192.168.1.20:8501, or where a proxy is, as `browser.serverPort` says."""
    proxy = config.is_manually_set("browser.serverPort")
    port = config.get_option("browser.serverPort" if proxy else "server.port")
    scheme = "https" if port == HTTPS or config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{_name()}{'' if port in (HTTP, HTTPS) else f':{port}'}{prefix.get()}"


def link() -> str:
    """What a QR code holds: the address, with the code in it."""
    return address() if sign_in.required() else f"{address()}/lab/join?code={roster.read().code}"


def how() -> str:
    """How learners enter, for display beside the address."""
    return "Scan, or open the address and " + ("sign in" if sign_in.required() else "enter the code")


def lecturer_link() -> str:
    """The link that makes a browser the lecturer's."""
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


RENEW = "The old code stops working; those who have joined stay."


def renew() -> None:
    """Give the class another code."""
    people.change(code=roster.new_code())


def qr(text: str) -> segno.QRCode:
    """A QR code that a camera reads from the last row."""
    return segno.make_qr(text, error="m")


def check_address() -> None:
    """Check that an address to listen on was named: by our config file, or by whoever starts the server.

    Raises:
        ConfigError: None was, and Streamlit would listen on every network this machine is in.
    """
    if not config.is_manually_set("server.address"):
        raise ConfigError(
            f"{CONFIG} is missing or cannot be read",
            "the file that says where the server listens",
            "Get it back, or start with --server.address localhost",
        )


@asynccontextmanager
async def announced(app: Any) -> AsyncIterator[None]:
    """Print them to the terminal once the server has its port."""
    if settings.mode() == "class":
        _print_ways_in()
    else:
        print(f"\n  Open {address()}\n{_warning()}", flush=True)
    yield


def _print_ways_in() -> None:
    qr(link()).terminal(compact=True)
    if sign_in.required():
        print(f"  Everyone scans this, or opens {address()}, and signs in")
        print(f"  {settings.home() / rules.FILE} says who is a lecturer\n", flush=True)
        if sign_in.by_header():
            print("  Let only the proxy reach this server: anyone else could sign in as anybody\n", flush=True)
    else:
        code = spaced(roster.read().code)
        print(f"  Learners scan this, or open {address()} and enter the code {code}")
        print(f"  The lecturer opens {lecturer_link()}\n", flush=True)


def _warning() -> str:
    """Who else may work here, where it is for one person; empty if nobody else can."""
    if settings.is_this_machine(config.get_option("server.address")):
        return ""
    return (
        "  Others in your network reach it too, and may do everything, which includes deleting your runs.\n"
        "  To prevent that, start it with --server.address localhost, or for a class with --class.\n"
    )


def _name() -> str:
    """The name under which others reach this machine: as configured, otherwise its address in the local network."""
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
