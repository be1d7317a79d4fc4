"""All that the server keeps between script runs: every `st.cache_*` of the dashboard, by what it keeps.

starting, runs, finished, datasets, speeds, training, anatomies, maps_shown: pages know them all as `resources`.
"""

from dashboard.resources.anatomies import anatomy, training_images
from dashboard.resources.datasets import available_datasets, dataset, fetch, fetch_progress, fetching, refresh_datasets
from dashboard.resources.finished import (
    code,
    confusion,
    explanation,
    export,
    export_name,
    exported,
    exporting,
    layers,
    predictions,
    run,
    stage_predictions,
)
from dashboard.resources.maps_shown import parcels
from dashboard.resources.runs import (
    active_runs,
    curves,
    delete,
    pause,
    plan,
    refresh_runs,
    resume,
    runs_table,
    stop,
    submit,
)
from dashboard.resources.speeds import hardware_here, measure, measuring, speeds_here
from dashboard.resources.starting import engine, settled, start, store_open
from dashboard.resources.training import find_rate, finding_rate, frozen, rate_found

__all__ = [
    "active_runs",
    "anatomy",
    "available_datasets",
    "code",
    "confusion",
    "curves",
    "dataset",
    "delete",
    "engine",
    "explanation",
    "export",
    "export_name",
    "exported",
    "exporting",
    "fetch",
    "fetch_progress",
    "fetching",
    "find_rate",
    "finding_rate",
    "frozen",
    "hardware_here",
    "layers",
    "measure",
    "measuring",
    "parcels",
    "pause",
    "plan",
    "predictions",
    "rate_found",
    "refresh_datasets",
    "refresh_runs",
    "resume",
    "run",
    "runs_table",
    "settled",
    "speeds_here",
    "start",
    "stage_predictions",
    "stop",
    "store_open",
    "submit",
    "training_images",
]
