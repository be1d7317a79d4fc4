"""SQL on MLflow's tables reads what MLflow itself reads; this fails if they change."""

import sqlite3
from contextlib import closing
from math import inf, isnan, nan
from pathlib import Path

import pytest
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from core import runs, settings
from core.config import RunConfig
from core.progress import Progress
from core.runs import tables

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50)


@pytest.mark.slow
def test_runs_are_those_of_mlflow(store: Path):
    for status in ("finished", "failed", "stopped"):
        run_id = runs.create(TINY)
        runs.start(run_id)
        runs.reporter.write_progress(
            run_id, Progress("train", 3, 10, unit="epochs"), [("loss", 0.1, 1), ("loss", 1 / 3, 2)]
        )
        runs.describe(run_id, name="it's \N{BLACK STAR}", group="g", tags=["a", "b"], note="two\nlines")
        runs.end(run_id, status, error="no reason")
    runs.create(TINY)
    client = MlflowClient(settings.tracking_uri())
    numbers = {"accuracy": 0.1 + 0.2, "top5": nan, "peak_memory": 1e18, "seconds_load": inf}
    client.log_batch(run_id, [Metric(name, value, 0, 0) for name, value in numbers.items()])
    ours, theirs = read(store), [tables.of_mlflow(run) for run in client.search_runs(["1"])]
    assert isnan(ours[run_id].metrics.pop("top5"))
    assert isnan(next(run for run in theirs if run.id == run_id).metrics.pop("top5"))
    assert ours == {run.id: run for run in theirs}


def test_states_are_in_mlflows_order_and_change_with_what_is_written(store: Path):
    run_ids = [runs.create(TINY) for _ in range(3)]
    runs.end(run_ids[0], "failed")
    runs.delete(run_ids[0])
    before = states(store)
    assert list(before) == [run.info.run_id for run in MlflowClient(settings.tracking_uri()).search_runs(["1"])]
    runs.describe(run_ids[1], name="another")
    runs.end(run_ids[2], "stopped")
    ended = states(store)
    assert {run_id for run_id, state in ended.items() if state != before[run_id]} == set(run_ids[1:])
    runs.describe(run_ids[2], name=runs.get(run_ids[2]).name, tags=["a"])
    assert {run_id for run_id, state in states(store).items() if state != ended[run_id]} == {run_ids[2]}


def read(store: Path) -> dict[str, tables.Stored]:
    with closing(sqlite3.connect(store)) as connection:
        listed = tables.states(connection, "1", ())
        return {run.id: run for run in tables.read(connection, listed)}


def states(store: Path) -> dict[str, tuple]:
    with closing(sqlite3.connect(store)) as connection:
        return tables.states(connection, "1", ("backbone_lab.tags",))
