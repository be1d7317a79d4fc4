"""Runs: what comes out of them, and where that is kept.

outcome    the numbers of a run, and all that it leaves
rows       every run with its settings and numbers, typed, or as a table
store      every run with its settings, progress and result (MLflow)
reporter   the report that a worker gives its run
models     the trained model of a run
"""

from core.runs.outcome import STAGES, Outcome, Result, Run, judge, predictions_after
from core.runs.reporter import REPORT_EVERY, Reporter
from core.runs.rows import COLUMNS, RunRow, table
from core.runs.store import (
    ENDED,
    RESUMABLE,
    STATUSES,
    active,
    confusion,
    create,
    curves,
    delete,
    end,
    finish,
    frozen,
    get,
    head,
    mark_interrupted,
    model_path,
    predictions,
    process_alive,
    request_stop,
    resume,
    rows,
    stage_predictions,
    start,
    stop_seen,
)

__all__ = [
    "COLUMNS",
    "ENDED",
    "REPORT_EVERY",
    "RESUMABLE",
    "STAGES",
    "STATUSES",
    "Outcome",
    "Reporter",
    "Result",
    "Run",
    "RunRow",
    "active",
    "confusion",
    "create",
    "curves",
    "delete",
    "end",
    "finish",
    "frozen",
    "get",
    "head",
    "judge",
    "mark_interrupted",
    "model_path",
    "predictions",
    "predictions_after",
    "process_alive",
    "request_stop",
    "resume",
    "rows",
    "stage_predictions",
    "start",
    "stop_seen",
    "table",
]
