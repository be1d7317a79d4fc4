"""Runs are read for all visitors together: when the store has changed, or once a second where it cannot tell."""

import pytest

from core import runs
from core.config import RunConfig
from dashboard import server

pytestmark = pytest.mark.usefixtures("store")

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs each reading of the store found."""
    found: list[int] = []
    original = runs.rows

    def rows() -> list[runs.RunRow]:
        result = original()
        found.append(len(result))
        return result

    monkeypatch.setattr(runs, "rows", rows)
    server.runs.refresh()
    return found


def test_a_store_that_has_not_changed_is_not_read(read):
    runs.create(TINY)
    for _ in range(5):
        assert len(server.runs.rows()) == 1
    assert read == [1]
    runs.create(TINY)
    assert len(server.runs.rows()) == 2
    assert read == [1, 2]


def test_a_store_that_cannot_tell_is_read_once_a_second_at_most(read, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(runs, "version", lambda: None)
    monkeypatch.setattr(server.stored, "monotonic", lambda: now[0])
    for at in (1000.0, 1000.4, 1000.9, 1001.1):
        now[0] = at
        server.runs.rows()
    assert read == [0, 0]


def test_what_a_page_does_to_the_list_stays_with_it():
    runs.create(TINY)
    server.runs.rows().clear()
    assert len(server.runs.rows()) == 1
