"""Runs are read for all visitors together: when the store has changed, or once a second where it cannot tell."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core import runs
from core.config import RunConfig
from core.errors import CheckpointError
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


def test_a_run_that_cannot_be_resumed_is_said_when_the_rest_of_its_entry_is(monkeypatch):
    entry, queued = runs.new_entry(), []
    damaged, other, failed = (runs.create(replace(TINY, seed=seed), entry=entry) for seed in range(3))
    for run_id, status in ((damaged, "interrupted"), (other, "stopped"), (failed, "failed")):
        runs.end(run_id, status)

    def resume(run_id):
        if run_id == damaged:
            raise CheckpointError("The checkpoint is damaged")
        queued.append(run_id)

    def submit(config, **_):
        queued.append(config.seed)
        return "new"

    monkeypatch.setattr(server.engine, "wait", lambda: SimpleNamespace(resume=resume, submit=submit))
    with pytest.raises(CheckpointError, match="is damaged"):
        server.runs.resume(entry)
    assert queued == [other, 2]
