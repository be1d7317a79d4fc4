"""Exports of runs: model files, written by the worker below `exports/` of the home folder, and code."""

from datetime import datetime
from pathlib import Path

import streamlit as st

from core import export
from core.export.script import script
from core.runs import Run
from dashboard.server import runs, tasks
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@seen
def task(run_id: str, format: str) -> Task:
    """Writes and checks a model file."""
    return Task(
        tasks.name("export", run_id, format),
        export.export,
        (run_id, format, runs.exports_folder(run_id)),
        failure="The file cannot be written",
    )


@seen
def find(run_id: str, format: str) -> Path | None:
    """The file written since the run ended, for any visitor; None if there is none."""
    run = runs.get(run_id)
    path = export.target(run, format, runs.exports_folder(run_id))
    fresh = path.exists() and run.finished and path.stat().st_mtime >= run.finished.timestamp()
    return path if fresh else None


@seen
def file_name(run_id: str, format: str) -> str:
    """The name of an exported file."""
    return export.target(runs.get(run_id), format, Path()).name


@seen
def code(run_id: str) -> tuple[str, str]:
    """A run as a Python script and as a notebook.

    Raises:
        LabError: Its dataset, or the probe it started from, was deleted.
    """
    run = runs.get(run_id)
    return _code(run_id, run.finished, run)


@st.cache_data(max_entries=32, show_spinner=False)
def _code(run_id: str, finished: datetime | None, _run: Run) -> tuple[str, str]:
    return script.python_script(_run), script.notebook(_run)
