"""Runs: their results, and the store that keeps them.

outcome     the numbers of a run, and its other results
rows        every run with its settings and numbers, typed, or as a table
connection  the store of the settings, checked before it is opened
tables      runs read from MLflow's tables
index       every run of an SQLite store, read again only where it changed
store       every run with its settings, progress and result (MLflow)
backups     its copies, at each start and each day
reporter    writes a worker's progress into the store
models      the trained model of a run
"""

from core.runs.connection import answer_soon, copy_before_upgrade, patience
from core.runs.outcome import STAGES, Outcome, Result, Run, judge, predictions_after
from core.runs.reporter import REPORT_EVERY, Reporter
from core.runs.rows import COLUMNS, RESUMABLE, SEEDS, SWEEP, RunRow, fold, own_name, table
from core.runs.store import (
    ENDED,
    STATUSES,
    active,
    add_scores,
    confusion,
    create,
    curves,
    default_name,
    delete,
    describe,
    end,
    end_unbegun,
    finish,
    frozen,
    get,
    head,
    mark_interrupted,
    model_path,
    new_entry,
    predictions,
    process_alive,
    request_stop,
    resume,
    row,
    rows,
    set_archived,
    stage_predictions,
    start,
    stop_seen,
    version,
)

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
