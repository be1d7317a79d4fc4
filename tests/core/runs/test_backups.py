"""Backups of the run store, and the way back from a damaged or missing one: what is lost is what came after them."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core import runs
from core.cli import commands
from core.config import RunConfig
from core.errors import StoreError
from core.runs import backups, connection

TINY = RunConfig(backbone="Tiny", input_size=32, n_train=40, n_test=20)


def start_anew() -> None:
    """Forget the connection, as a new process has none."""
    connection.connect.cache_clear()


def age(path, seconds: float) -> None:
    """Make a file look older."""
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


@pytest.fixture
def kept(store) -> list[str]:
    """Ids of two runs of a store; the first is in a backup, the second came after it."""
    first = runs.create(TINY)
    for backup in backups.listed():
        backup.unlink()
    assert backups.make()
    return [first, runs.create(TINY)]


def damage(store) -> None:
    """Overwrite the middle of a database."""
    content = bytearray(store.read_bytes())
    content[4096 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4096)
    store.write_bytes(content)
    start_anew()


def full(source: Path, target: Path) -> None:
    """In place of `backups.copy`, on a disk without space."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("fault", ["damaged", "missing", "empty"])
def test_a_damaged_or_missing_store_is_said_and_its_backup_is_put_back_by_a_command(store, kept, fault, capsys):
    if fault == "damaged":
        damage(store)
    else:
        store.unlink()
        if fault == "empty":
            store.touch()
        start_anew()
    with pytest.raises(StoreError, match=rf"is {fault}.*`python -m core restore`") as caught:
        runs.rows()
    assert "\n" not in str(caught.value)
    assert commands.main(["restore"]) == 0
    said = capsys.readouterr().out
    with closing(sqlite3.connect(store)) as restored:
        assert restored.execute("SELECT run_uuid FROM runs").fetchall() == [(kept[0],)]
    aside = list(store.parent.glob("mlflow-replaced-*.db"))
    assert len(aside) == (fault != "missing")
    assert all(str(path) in said for path in aside)


def test_of_a_home_with_truncated_files_the_newest_intact_backup_is_offered_and_put_back(store, kept):
    whole = backups.listed()[0]
    (whole.parent / "mlflow-mine.db").write_text("somebody's own copy, which sorts as the newest")
    (whole.parent / "mlflow-2098-01-01-000000.db").write_bytes(whole.read_bytes()[:20_000])
    (whole.parent / "mlflow-2099-01-01-000000.db").write_bytes(b"")
    (whole.parent / "mlflow-2100-01-01-000000.db").mkdir()  # cannot be opened
    store.write_bytes(b"")
    start_anew()
    with pytest.raises(StoreError, match=r"is empty.*`python -m core restore`"):
        runs.rows()
    assert backups.restore()[0] == whole
    whole.unlink()
    store.write_bytes(b"")
    start_anew()
    with pytest.raises(StoreError, match="its backups are damaged too"):
        runs.rows()
    with pytest.raises(StoreError, match="no intact backup"):
        backups.restore()


def test_a_backup_that_cannot_be_copied_leaves_the_store_in_its_place(store, kept, monkeypatch):
    damage(store)
    content = store.read_bytes()
    monkeypatch.setattr(backups, "copy", full)
    with pytest.raises(StoreError, match=r"cannot be copied .*No space left.*Free some space"):
        backups.restore()
    assert store.read_bytes() == content
    assert not list(store.parent.glob("*replaced*"))


def test_a_store_that_was_renamed_without_being_replaced_is_named(store, kept, monkeypatch):
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if target == store:
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreError, match="Permission denied") as caught:
        backups.restore()
    (aside,) = store.parent.glob("mlflow-replaced-*.db")
    assert str(aside) in str(caught.value)


def test_a_start_makes_a_backup_and_a_later_one_only_after_an_hour_and_a_change(store, kept):
    first = backups.listed()
    start_anew()
    runs.rows()
    assert backups.listed() == first
    age(first[0].rename(first[0].with_name("mlflow-2001-01-01-000000.db")), 2 * backups.HOUR)
    start_anew()
    runs.rows()
    assert len(backups.listed()) == 2
    age(store, 3 * backups.HOUR)
    age(backups.listed()[0], 2 * backups.HOUR)
    start_anew()
    runs.rows()
    assert len(backups.listed()) == 2


def test_a_run_that_ends_is_in_a_backup_and_one_is_kept_of_each_hour(store):
    for _ in range(3):
        run_id = runs.create(TINY)
        runs.start(run_id)
        runs.end(run_id, "stopped")
        for place, backup in enumerate(reversed(backups.listed())):  # as if they were made ten minutes apart
            backup.rename(backup.with_name(f"mlflow-2001-01-01-00000{place}.db"))
        for backup in (store, *backups.listed()):
            age(backup, 600)
    assert len(backups.listed()) == 2
    damage(store)
    backups.restore()
    start_anew()
    assert [run.status for run in runs.rows()] == ["stopped"] * 3
    age(backups.listed()[1], backups.HOUR)
    age(store, -backups.HOUR)
    assert backups.make()
    assert len(backups.listed()) == 3


def test_few_are_kept(store):
    folder = store.parent / "backups"
    folder.mkdir()
    for day in range(1, 20):
        (folder / f"mlflow-2001-01-{day:02}-000000.db").write_bytes(b"")
        age(folder / f"mlflow-2001-01-{day:02}-000000.db", (20 - day) * 24 * backups.HOUR)
    assert backups.make()
    assert len(backups.listed()) == backups.KEPT
    assert backups.listed()[-1].name == f"mlflow-2001-01-{21 - backups.KEPT:02}-000000.db"


def test_a_disk_that_is_full_keeps_nobody_from_their_runs(store, monkeypatch, caplog):
    run_id = runs.create(TINY)
    backups.listed()[0].unlink()
    start_anew()
    monkeypatch.setattr(backups, "copy", full)
    assert [run.id for run in runs.rows()] == [run_id]
    assert "No space left" in caplog.text


@pytest.mark.slow
def test_a_new_home_has_no_store_and_no_fault(home):
    assert runs.rows() == []


def test_without_a_backup_there_is_nothing_to_restore(store):
    with pytest.raises(StoreError, match="no intact backup"):
        backups.restore()
