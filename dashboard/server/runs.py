"""The runs of the store; their table changes in other processes too and is read again after a second."""

import shutil

import pandas as pd
import streamlit as st

from core import runs
from core.config import RunConfig
from core.plan import Plan
from core.plan import plan as make_plan
from core.runs import Run
from dashboard.server import finished
from dashboard.server.engine import settled, waited


def active_runs() -> list[Run]:
    """Queued and running runs with their progress, oldest first; none while the engine starts."""
    return _active() if settled() else []


def submit(config: RunConfig) -> str:
    """Queue a run and return its id; waits for the engine, and the table of runs shows it at once."""
    run_id = waited().submit(config)
    refresh_runs()
    return run_id


def stop(run_id: str) -> None:
    """Ask a queued or running run to stop."""
    waited().stop(run_id)
    refresh_runs()


def pause(run_id: str) -> None:
    """Let a run give way until it is resumed."""
    waited().pause(run_id)
    refresh_runs()


def resume(run_id: str) -> None:
    """Queue a stopped, paused or interrupted run again.

    Raises:
        RunError: It cannot go on.
    """
    waited().resume(run_id)
    finished.forget(run_id)  # it will give others
    refresh_runs()


def delete(run_id: str) -> None:
    """Delete a run for good."""
    runs.delete(run_id)
    shutil.rmtree(finished.export_folder(run_id), ignore_errors=True)
    refresh_runs()


def refresh_runs() -> None:
    """Read runs anew: something was queued, stopped, deleted or has ended."""
    runs_table.clear()
    _active.clear()
    plan.clear()


@st.cache_data(ttl=1, show_spinner=False)
def runs_table() -> pd.DataFrame:
    """A row a run, newest first, as `runs.table` gives them."""
    return runs.table().sort_values("created", ascending=False, ignore_index=True)


@st.cache_data(ttl=0.5, max_entries=32, show_spinner=False)
def curves(run_id: str) -> pd.DataFrame:
    """`runs.curves`, which grow while a run trains."""
    return runs.curves(run_id)


@st.cache_data(ttl=3, max_entries=64, show_spinner=False)
def plan(config: RunConfig) -> Plan:
    """`plan.plan`: what a run would take now."""
    return make_plan(config)


@st.cache_data(ttl=0.4, show_spinner=False)
def _active() -> list[Run]:
    return runs.active()
