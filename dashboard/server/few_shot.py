"""Few-shot curves: what is on the disk, and the worker that computes what is missing."""

import hashlib
import json
from concurrent.futures import CancelledError, Future
from dataclasses import asdict

import streamlit as st

from core.embeddings import Source
from core.errors import EngineError, LabError, Stopped
from core.evaluation import few_shot
from core.evaluation.few_shot import Curve
from core.progress import Progress
from dashboard.server.engine import settled, waited


def few_shot_curve(source: Source) -> Curve | None:
    """`few_shot.find`: the sizes that are there already, computed by anybody.

    Raises:
        LabError: What the source names is not there.
    """
    return few_shot.find(source)


def measure_few_shot(source: Source) -> None:
    """Let the worker compute the sizes that are missing; what is under way goes on."""
    if not measuring_few_shot(source):
        _begun()[source] = waited().call_reporting(_name(source), few_shot.measure, source)


def measuring_few_shot(source: Source) -> bool:
    """Whether that goes on."""
    future = _begun().get(source)
    return future is not None and not future.done()


def few_shot_progress(source: Source) -> Progress | None:
    """How far it is; None before its first report."""
    return waited().progress(_name(source)) if settled() else None


def cancel_few_shot(source: Source) -> None:
    """Stop it where it is; sizes that are computed stay."""
    if measuring_few_shot(source):
        waited().cancel(_name(source))


def few_shot_failed(source: Source) -> LabError | None:
    """What kept the last attempt from its end: a `Stopped` where somebody cancelled it; None where nothing did."""
    future = _begun().get(source)
    if future is None or not future.done():
        return None
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None or isinstance(error, LabError):
        return error
    if isinstance(error, CancelledError):
        return Stopped()
    return EngineError(f"The curve cannot be computed ({type(error).__name__}: {error})", remedy="Try again")


def _name(source: Source) -> str:
    return f"few-shot-{hashlib.sha256(json.dumps(asdict(source)).encode()).hexdigest()[:16]}"


@st.cache_resource(show_spinner=False)
def _begun() -> dict[Source, Future]:
    return {}
