"""What the terminal says at the start of a server: where it is, and who else may work there."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from streamlit import config

from core.errors import ConfigError
from dashboard.classroom import invitation
from tests import event_loop

OTHERS = "Others in your network"


@contextmanager
def address(name: str) -> Iterator[None]:
    """A server that listens on this address."""
    before = config.get_option("server.address")
    config.set_option("server.address", name)
    yield
    config.set_option("server.address", before)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed while the server starts."""

    async def start() -> None:
        async with invitation.announced(None):
            pass

    event_loop.run(start())
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_where_only_this_machine_is_served_only_the_address_is_printed(capsys, name):
    with address(name):
        said = printed(capsys)
    assert "Open http://" in said and OTHERS not in said


@pytest.mark.parametrize("name", ["0.0.0.0", "::", "", "192.168.1.20"])
def test_where_others_reach_a_server_for_one_person_a_sentence_says_so(capsys, name):
    with address(name):
        said = printed(capsys)
    assert "Open http://" in said and OTHERS in said and "--server.address localhost" in said


def test_a_class_is_told_how_to_join_and_not_warned_of_itself(capsys, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    with address("0.0.0.0"):
        said = printed(capsys)
    assert "enter the code" in said and OTHERS not in said


def test_without_its_config_file_a_server_does_not_listen_everywhere(monkeypatch):
    invitation.check_address()
    monkeypatch.setattr(config, "is_manually_set", lambda name: False)
    with pytest.raises(ConfigError, match=r"config\.toml.*--server\.address localhost"):
        invitation.check_address()
