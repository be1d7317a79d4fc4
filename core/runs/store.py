"""The store of runs (MLflow), read: one run, every run, those that wait.

Pages and workers share nothing else. A run is an MLflow run: its parameters are the flat config, its metrics the
numbers, its artifacts `outcome.json`, `predictions.parquet`, `confusion.csv`, and `head.npz` for a probe or
`model.keras`, `layers.json` and `stage_predictions.parquet` for a trained network; `mlflow ui` on the same store shows
the same runs. Importing MLflow takes 2 s, so it is imported on first use.
"""

import functools
from collections.abc import Hashable
from dataclasses import replace

from core import people, settings
from core.errors import RunError, StoreError
from core.runs import artifacts, connection, records, tables
from core.runs.index import Index
from core.runs.outcome import Run
from core.runs.records import ENDED, Record
from core.runs.rows import SEEDS, SWEEP, RunRow, fold

_PAGE = 200  # runs in one answer, which a slow server gives within a visitor's patience


def get(run_id: str) -> Run:
    """One run.

    Raises:
        RunError: No such run.
        StoreError: The store cannot be used.
    """
    if run_id.startswith((SEEDS, SWEEP)):
        raise RunError(
            f"{run_id} is an entry of several runs", "the id of one run", f"List them: `python -m core runs {run_id}`"
        )
    try:
        stored = tables.of_mlflow(connection.client().get_run(run_id))
    except StoreError as error:
        if is_unknown(error):
            raise _unknown(run_id) from error
        raise
    run = records.run_of(stored)
    if run.status not in ENDED or "accuracy" not in stored.metrics:
        return run
    return replace(run, outcome=artifacts.outcome(run_id))


def require_ended(run_id: str) -> None:
    """Refuse a run that has not ended, or that the current person may not change.

    Raises:
        RunError: It has not ended, or there is none.
        AccessError: It is somebody else's.
    """
    run = get(run_id)
    people.require("change run", run.person)
    if run.status not in ENDED:
        raise RunError(f"Run {run.name} is {run.status}", "a run that has ended", "Stop it first")


def active() -> list[Run]:
    """Queued and running runs, in the order in which they begin."""
    oldest_first = [listed.run for listed in reversed(listed_active()) if listed.run.status not in ENDED]
    return sorted(oldest_first, key=lambda run: (run.status != "running", run.turn))


def rows() -> list[RunRow]:
    """Every run with its settings and numbers, newest first."""
    index = _index()
    return [listed.row for listed in (index.all() if index else _read().values())]


def row(run_id: str) -> RunRow:
    """The run or the entry of this id.

    Raises:
        RunError: There is neither.
    """
    stored = rows()
    row = next((row for row in [*stored, *fold(stored)] if row.id == run_id), None)
    if row is None:
        raise _unknown(run_id)
    return row


def version() -> Hashable | None:
    """A value that changes with every write to the store, cheap to read; None unless the store is an SQLite file."""
    index = _index()
    return index.version() if index else None


def tags(run_id: str) -> dict[str, str]:
    """The tags of a run that are ours, by their names here."""
    return records.ours(connection.client().get_run(run_id).data.tags)


def is_unknown(error: StoreError) -> bool:
    """Whether the store answered that there is no such run, or that it was deleted."""
    return code(error) in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def code(error: StoreError) -> str:
    """MLflow's word for what went wrong; empty if it has none."""
    return getattr(error.__cause__, "error_code", "")


def _unknown(run_id: str) -> RunError:
    return RunError(
        f"There is no run {run_id!r}", "the id of a run in this store", "List them with `python -m core runs`"
    )


def listed_active() -> list[Record]:
    """The runs that may be active, newest first."""
    index = _index()
    return index.active() if index else list(_read().values())


def _read() -> dict[str, Record]:
    """Every run of the experiment by id, newest first, read by MLflow."""
    stored, page = [], None
    while page is None or page.token:
        token = page and page.token
        page = connection.client().search_runs([connection.experiment()], max_results=_PAGE, page_token=token)
        stored += page
    return records.read(map(tables.of_mlflow, stored))


def _index() -> Index[Record] | None:
    """What is kept of the store, if it is an SQLite file."""
    return _index_of(settings.tracking_uri(), connection.experiment())


@functools.cache
def _index_of(uri: str, experiment: str) -> Index[Record] | None:
    file = connection.file_of(uri)
    return Index(uri, file, experiment, records.read) if file else None
