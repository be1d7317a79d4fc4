"""Runs are read again only where they changed, whoever changed them."""

import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from core import runs, settings
from core.config import RunConfig
from core.errors import StoreError
from core.progress import Progress
from core.runs import tables

pytestmark = pytest.mark.usefixtures("store")

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The runs that were read, in order."""
    asked: list[list[str]] = []
    original = tables.read

    def counted(connection: sqlite3.Connection, ids: Collection[str]) -> list[tables.Stored]:
        asked.append(list(ids))
        return original(connection, ids)

    monkeypatch.setattr(tables, "read", counted)
    return asked


def ended(status: str = "stopped") -> str:
    run_id = runs.create(TINY)
    runs.end(run_id, status)
    return run_id


def test_nothing_is_read_when_nothing_changed(read):
    run_ids = {ended(), runs.create(TINY)}
    assert {row.id for row in runs.rows()} == run_ids
    before, version = len(read), runs.version()
    for _ in range(3):
        assert {row.id for row in runs.rows()} == run_ids
        assert len(runs.active()) == 1
    assert (len(read), runs.version()) == (before, version)


def test_a_run_that_goes_on_is_read_again_and_those_that_have_ended_are_not(read):
    ended()
    running = runs.create(TINY)
    runs.start(running)
    runs.rows()
    runs.reporter.write_progress(running, Progress("train", 3, 10, unit="epochs"), [])
    assert [run.progress and run.progress.done for run in runs.active()] == [3]
    assert read[-1] == [running]
    assert len(runs.rows()) == 2
    assert read[-1] == [running]


def test_active_runs_are_found_without_reading_all_that_have_ended(read):
    for _ in range(3):
        ended()
    queued = runs.create(TINY)
    assert [run.id for run in runs.active()] == [queued]
    assert read == [[queued]]


def test_the_end_of_a_run_its_resumption_and_its_deletion_are_seen():
    run_id = ended()
    assert [row.status for row in runs.rows()] == ["stopped"]
    runs.resume(run_id)
    assert [row.status for row in runs.rows()] == ["queued"]
    runs.end(run_id, "failed", error="no reason")
    assert [(row.status, row.error) for row in runs.rows()] == [("failed", "no reason")]
    runs.delete(run_id)
    assert (runs.rows(), runs.active()) == ([], [])


def test_what_another_program_changes_is_seen(read):
    run_id, version = ended(), runs.version()
    assert runs.rows()[0].name != "renamed"
    MlflowClient(settings.tracking_uri()).update_run(run_id, name="renamed")
    assert runs.version() != version
    assert runs.rows()[0].name == "renamed"


def test_a_copy_of_the_store_that_is_put_back_is_read_anew(store: Path, tmp_path: Path):
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        source.backup(copy)
    ended()
    version = runs.version()
    assert len(runs.rows()) == 1
    shutil.copy(tmp_path / "copy.db", tmp_path / "copy-2.db")
    (tmp_path / "copy-2.db").replace(store)
    assert runs.version() != version
    assert runs.rows() == []


def test_what_a_killed_process_was_writing_is_taken_back(store: Path, tmp_path: Path):
    run_id = ended()
    with closing(sqlite3.connect(store)) as writing:
        writing.execute("PRAGMA cache_size = 1")  # changed pages go to the file before the end of the transaction
        writing.execute("BEGIN")
        writing.execute("CREATE TABLE unfinished AS SELECT randomblob(100000)")
        for name in (store.name, f"{store.name}-journal"):
            shutil.copy(store.with_name(name), tmp_path / name)
        writing.rollback()
    for name in (f"{store.name}-journal", store.name):
        (tmp_path / name).replace(store.with_name(name))
    assert [row.id for row in runs.rows()] == [run_id]


def test_runs_made_while_the_store_could_not_be_read_are_seen(store: Path):
    for count in (0, 1):  # the second time, both connections have counted no change
        assert len(runs.rows()) == count
        runs.create(TINY)
        intact = store.read_bytes()
        store.write_bytes(b"x" * len(intact))
        with pytest.raises(StoreError, match="cannot be used"):
            runs.rows()
        store.write_bytes(intact)
        assert len(runs.rows()) == count + 1


def test_a_store_that_has_gone_is_said(store: Path):
    runs.rows()
    store.unlink()
    with pytest.raises(StoreError, match="cannot be used"):
        runs.rows()
