"""Choices hold against an old address for as long as a test takes, however busy the machine is."""

import pytest


@pytest.fixture(autouse=True)
def addresses_are_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser may send its old address for an hour."""
    monkeypatch.setattr("dashboard.state.address.LAG", 3600)
