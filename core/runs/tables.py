"""Runs as MLflow's tables have them, read by SQL: its own search takes thirty times as long.

MLflow promises nothing of its tables. But `connection` opens only stores that have those of the version installed here,
and a test compares these runs with those of MLflow's search.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stored:
    """A run as MLflow stores it."""

    id: str
    name: str
    started: int  # milliseconds since 1970
    ended: int | None
    params: dict[str, str]
    metrics: dict[str, float]  # the last value of each
    tags: dict[str, str]


def of_mlflow(run: Any) -> Stored:
    """An MLflow run, of a store of any kind."""
    info, data = run.info, run.data
    return Stored(info.run_id, info.run_name, info.start_time, info.end_time, data.params, data.metrics, data.tags)


def states(connection: sqlite3.Connection, experiment: str, tags: Sequence[str]) -> dict[str, tuple]:
    """Status, end, name and some tags of each run of an experiment, by id, newest first."""
    listed = connection.execute(
        "SELECT run_uuid, status, end_time, name, (SELECT group_concat(key || value) FROM "
        f"(SELECT key, value FROM tags WHERE run_uuid = runs.run_uuid AND key IN ({_marks(tags)}) ORDER BY key)) "
        "FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active' ORDER BY start_time DESC, run_uuid",
        (*tags, int(experiment)),
    )
    return {run_id: tuple(state) for run_id, *state in listed}


def read(connection: sqlite3.Connection, ids: Collection[str]) -> list[Stored]:
    """Runs by id."""
    wanted = "run_uuid IN (SELECT value FROM json_each(?))"
    named = (json.dumps(list(ids)),)

    def values(table: str, value: str = "value") -> dict[str, dict[str, Any]]:
        by_run: dict[str, dict[str, Any]] = defaultdict(dict)
        for run_id, key, each in connection.execute(
            f"SELECT run_uuid, key, {value} FROM {table} WHERE {wanted}", named
        ):
            by_run[run_id][key] = each
        return by_run

    params, tags = values("params"), values("tags")
    metrics = values("latest_metrics", "CASE WHEN is_nan THEN 'nan' ELSE value END")
    listed = connection.execute(f"SELECT run_uuid, name, start_time, end_time FROM runs WHERE {wanted}", named)
    return [
        Stored(run_id, name or "", started, ended, params[run_id], _numbers(metrics[run_id]), tags[run_id])
        for run_id, name, started, ended in listed
    ]


def _numbers(values: dict[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in values.items()}


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)
