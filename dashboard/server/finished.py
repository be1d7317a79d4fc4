"""What an ended run left: it never changes and is kept by run id; and what the worker makes of it."""

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core import export as exports
from core import runs, settings
from core.errors import EngineError, LabError
from core.explain import gradcam
from core.export.script import script
from core.runs import Run
from dashboard.server.engine import engine, waited

KEPT_EXPLANATIONS = 128  # the oldest goes first


@st.cache_data(max_entries=32, show_spinner=False)
def predictions(run_id: str) -> pd.DataFrame:
    """`runs.predictions` of a finished run."""
    return runs.predictions(run_id)


@st.cache_data(max_entries=32, show_spinner=False)
def stage_predictions(run_id: str) -> pd.DataFrame | None:
    """`runs.stage_predictions` of a finished run."""
    return runs.stage_predictions(run_id)


@st.cache_data(max_entries=32, show_spinner=False)
def confusion(run_id: str) -> pd.DataFrame:
    """`runs.confusion` of a finished run."""
    return runs.confusion(run_id)


@st.cache_data(max_entries=32, show_spinner=False)
def run(run_id: str) -> Run:
    """`runs.get` of a run that has ended."""
    return runs.get(run_id)


@st.cache_data(max_entries=32, show_spinner=False)
def layers(run_id: str) -> dict | None:
    """`runs.layers` of an ended run."""
    return runs.layers(run_id)


def explanation(
    run_id: str, row: int, image: np.ndarray, class_index: int | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """`gradcam.explain` for an image of the run's dataset; None while a worker is at it.

    Raises:
        LabError: It cannot be explained, or the worker died over it; asked again, another tries.
    """
    if engine() is None:
        return None
    asked, question = _explanations(), (run_id, row, class_index)
    if question not in asked:
        while len(asked) >= KEPT_EXPLANATIONS:
            asked.pop(next(iter(asked)), None)
        asked[question] = waited().call(gradcam.explain, run_id, image, class_index)
    future = asked[question]
    if not future.done():
        return None
    try:
        return future.result()
    except LabError:
        raise
    except Exception as error:  # of the worker's, whatever it was
        asked.pop(question, None)
        raise EngineError(f"Grad-CAM failed ({type(error).__name__}: {error})", remedy="Try again") from error


def export(run_id: str, format: str) -> None:
    """Make a file of a run in the worker, below `exports/` of the home folder; `exported` has it when it is checked."""
    _exports()[run_id, format] = waited().call(exports.export, run_id, format, export_folder(run_id))


def exporting(run_id: str, format: str) -> bool:
    """Whether a file is being made."""
    future = _exports().get((run_id, format))
    return future is not None and not future.done()


def exported(run_id: str, format: str) -> Path | None:
    """The file that was made and checked since the run ended, by whichever visitor; None where there is none.

    Raises:
        LabError: The last attempt failed.
    """
    future = _exports().get((run_id, format))
    if future is not None and (error := future.exception()):
        raise error if isinstance(error, LabError) else EngineError(f"{type(error).__name__}: {error}")
    ended = run(run_id)
    path = exports.target(ended, format, export_folder(run_id))
    fresh = path.exists() and ended.finished and path.stat().st_mtime >= ended.finished.timestamp()
    return path if fresh else None


def export_name(run_id: str, format: str) -> str:
    """What a file of a run is called."""
    return exports.target(run(run_id), format, Path()).name


@st.cache_data(max_entries=32, show_spinner=False)
def code(run_id: str) -> tuple[str, str]:
    """A run as a Python script and as a notebook.

    Raises:
        LabError: Its dataset, or the probe it started from, is gone.
    """
    ended = runs.get(run_id)
    return script.python_script(ended), script.notebook(ended)


def export_folder(run_id: str) -> Path:
    return settings.home() / "exports" / run_id


@st.cache_resource(show_spinner=False)
def _exports() -> dict[tuple[str, str], Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _explanations() -> dict[tuple[str, int, int | None], Future]:
    return {}


def forget(run_id: str) -> None:
    """Read anew what a run left: it goes on."""
    for kept in (predictions, stage_predictions, confusion, run, layers, code):
        kept.clear(run_id)
    _explanations().clear()
