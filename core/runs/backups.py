"""Backups of the home folder's run store, at each start and at the end of each run, and how to restore one."""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from math import inf
from pathlib import Path
from time import time

from core import settings, storage
from core.errors import StoreError

KEPT = 7  # backups; older ones are deleted
HOUR = 3600  # seconds, at least, between two of them, the newest apart

logger = logging.getLogger(__name__)


def database() -> Path:
    """The run store of the home folder, whether it exists or not."""
    return settings.folder("runs") / "mlflow.db"


def listed() -> list[Path]:
    """The backups, newest first."""
    return sorted((settings.folder("runs") / "backups").glob("mlflow-????-??-??-??????.db"), reverse=True)


def check(store: Path) -> None:
    """Refuse a store of SQLite that is damaged, or missing or empty though there are backups of it.

    Raises:
        StoreError: With the command that restores the last good one.
    """
    check_here(store)
    with suppress(sqlite3.OperationalError):  # it cannot be opened, or is locked: MLflow says why
        if store.is_file() and (fault := _fault(store)):
            remedy = _remedy(backups) if (backups := _of(store)) else "Put back a copy of it"
            raise StoreError(f"The run store {store} is damaged ({fault})", "an SQLite database", remedy)


def check_here(store: Path) -> None:
    """Refuse a store that is missing or empty though there are backups of it; raises as `check`."""
    lack = "" if store.is_file() and store.stat().st_size else "empty" if store.is_file() else "missing"
    if lack and (backups := _of(store)):
        raise StoreError(f"The run store {store} is {lack}", "the file of all runs", _remedy(backups))


def make(*, older_than: float = 0) -> Path | None:
    """Back the store up if it has changed since the newest backup; returns the new backup.

    It replaces the newest one if that came less than an hour after the one before it.

    Args:
        older_than: Seconds; nothing happens while the newest backup is younger.
    """
    store, backups = database(), listed()
    if not store.is_file():
        return None
    newest = backups[0].stat().st_mtime if backups else -inf
    if store.stat().st_mtime <= newest or time() - newest < older_than:
        return None
    backup = store.parent / "backups" / f"mlflow-{datetime.now():%Y-%m-%d-%H%M%S}.db"
    try:
        copy(store, backup)
        if backups[1:] and newest - backups[1].stat().st_mtime < HOUR and backups[0] != backup:
            backups[0].unlink(missing_ok=True)
        for old in listed()[KEPT:]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:  # a full disk, a folder that cannot be written: the store can be read
        logger.warning("The run store was not backed up (%s)", error)
        return None
    return backup


def restore() -> tuple[Path, Path | None]:
    """Replace the store by the newest intact backup; returns the backup, and where the replaced store is now.

    Raises:
        StoreError: There is none, or it cannot be copied.
    """
    store, backup = database(), _newest_intact(listed())
    if not backup:
        raise StoreError(f"There is no intact backup of the run store in {store.parent / 'backups'}", "at least one")
    aside = None
    with storage.locked(store.with_name("mlflow.lock")):
        try:
            with storage.replaced(store) as new:
                copy(backup, new)
                if store.is_file():  # only now: without a copy, a damaged store is better than none
                    aside = set_aside(store, "replaced")
        except (OSError, sqlite3.Error) as error:
            moved = f"; the replaced store is now {aside}" if aside else ""
            raise StoreError(
                f"{backup} cannot be copied ({error}){moved}", "", "Free some space, and restore it again"
            ) from error
    return backup, aside


def set_aside(store: Path, why: str) -> Path:
    """Rename a store, with its journals, which would be applied to another one of its name; returns where it is."""
    aside = store.with_name(f"{store.stem}-{why}-{datetime.now():%Y-%m-%d-%H%M%S}{store.suffix}")
    for kind in ("-journal", "-wal", "-shm", ""):  # the journals first: none may be left behind
        if (part := store.with_name(store.name + kind)).exists():
            part.rename(aside.with_name(aside.name + kind))
    return aside


def copy(source: Path, target: Path) -> None:
    """Copy an SQLite file, complete even while others write to it."""
    storage.check_access(source, os.R_OK)
    with (
        storage.replaced(target) as new,
        closing(sqlite3.connect(source)) as database_,
        closing(sqlite3.connect(new)) as to,
    ):
        database_.backup(to)


def _of(store: Path) -> list[Path]:
    """The backups of this store, newest first."""
    return listed() if store == database() else []


def _fault(store: Path) -> str:
    """What is wrong with an SQLite file, or "". Raises sqlite3.OperationalError if it cannot be opened or is locked."""
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
            state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        state = str(error)
    return "" if state == "ok" else state.splitlines()[-1]


def _newest_intact(backups: list[Path]) -> Path | None:
    """The first that was copied to its end, as into a home folder on a disk that was not full."""
    return next(filter(_is_intact, backups), None)


def _is_intact(backup: Path) -> bool:
    try:
        return backup.stat().st_size > 0 and not _fault(backup)
    except (OSError, sqlite3.OperationalError):  # nor can it be copied
        return False


def _remedy(backups: list[Path]) -> str:
    backup = _newest_intact(backups)
    if not backup:
        return "Put back a copy of it: its backups are damaged too"
    made = datetime.fromtimestamp(backup.stat().st_mtime)
    return (
        f"Stop what uses it, then restore the backup of {made:%d %B, %H:%M}: `python -m core restore`; "
        "later runs will be missing from the list"
    )
