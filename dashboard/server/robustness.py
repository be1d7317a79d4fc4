"""Robustness of runs: what is on the disk, and the worker that measures what is missing."""

from concurrent.futures import CancelledError, Future

import streamlit as st

from core.errors import EngineError, LabError, Stopped
from core.evaluation import robustness
from core.evaluation.robustness import Robustness
from core.progress import Progress
from dashboard.server.engine import settled, waited


def robust(run_id: str) -> Robustness | None:
    """`robustness.find`: what was measured before, by anybody.

    Raises:
        RunError: The run is not there any more.
    """
    return robustness.find(run_id)


def measure_robust(run_id: str) -> None:
    """Let the worker measure it; what is under way goes on."""
    if not measuring_robust(run_id):
        _begun()[run_id] = waited().call_reporting(f"robust-{run_id}", robustness.measure, run_id)


def measuring_robust(run_id: str) -> bool:
    """Whether that goes on."""
    future = _begun().get(run_id)
    return future is not None and not future.done()


def robust_progress(run_id: str) -> Progress | None:
    """How far it is; None before its first report."""
    return waited().progress(f"robust-{run_id}") if settled() else None


def cancel_robust(run_id: str) -> None:
    """Stop it where it is; features that are computed stay."""
    if measuring_robust(run_id):
        waited().cancel(f"robust-{run_id}")


def robust_failed(run_id: str) -> LabError | None:
    """What kept the last attempt from its end: a `Stopped` where somebody cancelled it; None where nothing did."""
    future = _begun().get(run_id)
    if future is None or not future.done():
        return None
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None or isinstance(error, LabError):
        return error
    if isinstance(error, CancelledError):
        return Stopped()
    return EngineError(f"The run cannot be asked ({type(error).__name__}: {error})", remedy="Try again")


@st.cache_resource(show_spinner=False)
def _begun() -> dict[str, Future]:
    return {}
