"""Runs: their results, and the store that keeps them.

outcome      the numbers of a run, and its other results
names        what a run is called until a person renames it
rows         every run with its settings and numbers, typed, or as a table
connection   the store of the settings, checked before it is opened
tables       runs read from MLflow's tables
index        every run of an SQLite store, read again only where it changed
records      runs as MLflow keeps them: parameters, metrics, tags
artifacts    the files of a run
store        one run, every run, those that wait
owners       which process works on a run
queue        the place of a learner's run, and how much a learner may ask for
life_cycle   runs created, started, finished, resumed, deleted
description  what a person says of a run
backups      copies of the store, at each start and each day
reporter     the progress of a run and its curves; requests to stop it
models       the trained model of a run
"""

from core.runs.artifacts import confusion, frozen, head, model_path, predictions, stage_predictions
from core.runs.connection import answer_soon, copy_before_upgrade, patience
from core.runs.description import describe, set_archived
from core.runs.life_cycle import (
    add_scores,
    create,
    delete,
    end,
    end_unbegun,
    finish,
    mark_interrupted,
    new_entry,
    resume,
    start,
)
from core.runs.names import default_name, own_name
from core.runs.outcome import STAGES, Outcome, Result, Run, judge, predictions_after
from core.runs.owners import process_alive
from core.runs.records import ENDED, STATUSES
from core.runs.reporter import REPORT_EVERY, Reporter, curves, request_stop, stop_seen
from core.runs.rows import COLUMNS, RESUMABLE, SEEDS, SWEEP, RunRow, fold, table
from core.runs.store import active, get, row, rows, version

__all__ = [
    "COLUMNS",
    "ENDED",
    "REPORT_EVERY",
    "RESUMABLE",
    "SEEDS",
    "STAGES",
    "STATUSES",
    "SWEEP",
    "Outcome",
    "Reporter",
    "Result",
    "Run",
    "RunRow",
    "active",
    "add_scores",
    "answer_soon",
    "confusion",
    "copy_before_upgrade",
    "create",
    "curves",
    "default_name",
    "delete",
    "describe",
    "end",
    "end_unbegun",
    "finish",
    "fold",
    "frozen",
    "get",
    "head",
    "judge",
    "mark_interrupted",
    "model_path",
    "new_entry",
    "own_name",
    "patience",
    "predictions",
    "predictions_after",
    "process_alive",
    "request_stop",
    "resume",
    "row",
    "rows",
    "set_archived",
    "stage_predictions",
    "start",
    "stop_seen",
    "table",
    "version",
]
