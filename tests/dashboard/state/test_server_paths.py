"""Files of the server are named at the server only, whatever a proxy leaves out, unless a setting says otherwise."""

from types import SimpleNamespace

import pytest

from core import settings
from core.errors import ConfigError
from dashboard.state import server_paths

HERE = {"Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [
        (None, HERE, True),
        (None, {"Origin": "http://127.0.0.1:8501"}, True),
        (None, {"Origin": "http://[::1]:8501"}, True),
        ("192.0.2.7", HERE, False),
        (None, {"Origin": "https://lab.example.org"}, False),  # a proxy on this machine
        (None, {"Origin": "https://localhost.example.org"}, False),
        (None, HERE | {"X-Forwarded-For": "192.0.2.7"}, False),
        (None, {"Origin": "http://[::1"}, False),
        (None, {}, False),  # no browser
    ],
)
def test_who_is_at_the_server_may_name_its_files(address, headers, allowed, monkeypatch):
    monkeypatch.setattr(server_paths.st, "context", SimpleNamespace(ip_address=address, headers=headers))
    assert server_paths.allowed() is allowed
    monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", "everyone")
    assert server_paths.allowed()
    for value in ("nobody", "elsewhere"):
        monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", value)
        assert not server_paths.allowed()


def test_a_setting_that_is_unknown_names_those_that_are(monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", "elsewhere")
    with pytest.raises(ConfigError, match=r"'elsewhere'.*localhost, everyone, nobody"):
        settings.server_paths()
