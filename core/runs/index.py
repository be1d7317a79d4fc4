"""All runs of an SQLite store, read again only where they changed.

A server lists the runs for every page. SQLite counts its changes: while that number stays the same, a check takes
microseconds. When it has changed, one query finds the runs that changed, and these are read.
"""

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from core.runs import backups, connection, tables
from core.runs.records import NOTE, TAG
from core.runs.tables import Stored

ENDED = ("FINISHED", "FAILED", "KILLED")  # MLflow's words; the last that is written of a run
# Tags that change after the end:
WRITTEN_LATER = (*(TAG + name for name in ("archived", "group", "tags", "scores")), NOTE)
PATIENCE = 20  # seconds for another process to finish writing

Entry = TypeVar("Entry")


class Index(Generic[Entry]):
    """The runs of an experiment, newest first.

    Args:
        file: The database, which the store has made.
        parse: From runs as stored to what is kept of each by id. It may lack some.

    Raises:
        StoreError: Any method: the file cannot be read.
    """

    def __init__(self, uri: str, file: Path, experiment: str, parse: Callable[[Iterable[Stored]], dict[str, Entry]]):
        self._uri, self._file, self._experiment, self._parse = uri, file, experiment, parse
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened, self._inode = 0, 0
        self._version: Hashable = None
        self._states: dict[str, tuple] = {}  # of all runs, as of this version
        self._kept: dict[str, tuple[tuple, Entry | None]] = {}  # as of these states

    def version(self) -> Hashable:
        """What changes whenever anybody writes into the store."""
        with self._reading():
            return self._now()

    def all(self) -> list[Entry]:
        """Every run."""
        return self._entries(lambda state: True)

    def active(self) -> list[Entry]:
        """The runs that have not ended, without reading the others."""
        return self._entries(lambda state: state[0] not in ENDED)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One thread at a time. A connection that fails is made anew: its disk was away, and may be back."""
        with self._lock, connection.in_words(self._uri):
            try:
                yield
            except sqlite3.Error:
                self._close()
                raise

    def _entries(self, wanted: Callable[[tuple], bool]) -> list[Entry]:
        with self._reading():
            self._look()
            ids = [run_id for run_id, state in self._states.items() if wanted(state)]
            changed = [run_id for run_id in ids if self._kept.get(run_id, ((), None))[0] != self._states[run_id]]
            if changed and self._connection:
                read = self._parse(tables.read(self._connection, changed))
                self._kept |= {run_id: (self._states[run_id], read.get(run_id)) for run_id in changed}
            entries = [self._kept[run_id][1] for run_id in ids]
            return [entry for entry in entries if entry is not None]

    def _look(self) -> None:
        """Find which runs exist. Writes to a run that has not ended change only the version."""
        version = self._now()
        if version == self._version or self._connection is None:
            return
        listed = tables.states(self._connection, self._experiment, WRITTEN_LATER)
        self._states = {run_id: state if state[0] in ENDED else (state[0], version) for run_id, state in listed.items()}
        self._kept = {run_id: kept for run_id, kept in self._kept.items() if run_id in self._states}
        self._version = version

    def _now(self) -> Hashable:
        """The version. SQLite counts changes for each connection alone, so its openings are part of it."""
        backups.check_here(self._file)
        inode = self._file.stat().st_ino
        if self._connection is None or inode != self._inode:  # a copy was put back
            self._close()
            self._connection = sqlite3.connect(  # for writing, as what a killed process left half written is taken back
                f"{self._file.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, check_same_thread=False
            )
            self._opened, self._inode, self._kept = self._opened + 1, inode, {}
        return self._opened, inode, self._connection.execute("PRAGMA data_version").fetchone()[0]

    def _close(self) -> None:
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
