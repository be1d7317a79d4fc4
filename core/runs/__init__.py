"""Runs: what comes out of them, and where that is kept.

outcome    the numbers of a run, and all that it leaves
store      every run with its settings, progress and result (MLflow)
reporter   the report that a worker gives its run
models     the trained model of a run
"""

from core.runs.outcome import STAGES, Outcome, Result, Run, judge, predictions_after
from core.runs.reporter import REPORT_EVERY, Reporter
from core.runs.store import (
    COLUMNS,
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
    get,
    head,
    layers,
    mark_interrupted,
    model_path,
    predictions,
    process_alive,
    request_stop,
    resume,
    stage_predictions,
    start,
    stop_seen,
    table,
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
    "active",
    "confusion",
    "create",
    "curves",
    "delete",
    "end",
    "finish",
    "get",
    "head",
    "judge",
    "layers",
    "mark_interrupted",
    "model_path",
    "predictions",
    "predictions_after",
    "process_alive",
    "request_stop",
    "resume",
    "stage_predictions",
    "start",
    "stop_seen",
    "table",
]
