"""All that the server keeps between script runs: every `st.cache_*` of the dashboard.

The run store and the engine take seconds to import and start, so they start once per server in a background thread,
and pages first show what needs neither. What a run produced never changes and is kept by run id; the table of runs
changes in other processes and is read again after a second.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core import datasets, freezing, gradcam, hardware, rates, runs, script, settings, speeds
from core import export as exports
from core.config import RunConfig
from core.datasets import Dataset, Summary
from core.engine import Engine
from core.errors import EngineError, LabError
from core.freezing import Frozen
from core.plan import Plan
from core.plan import plan as make_plan
from core.progress import Progress
from core.runs import Run

KEPT_EXPLANATIONS = 128  # the oldest goes first
_DECIDE_FREEZING = ("backbone", "method", "input_size", "pooling", "unfreeze", "unfreeze_count", "batchnorm")
FIRST_PAINT = 1.5  # seconds; the browser loads the page from this process, and importing MLflow beside that delays both


def start() -> None:
    """Open the run store and start the engine in the background, once per server."""
    _starting()


def store_open() -> bool:
    """Whether runs can be read without a wait.

    Raises:
        Exception: What kept the store from opening.
    """
    store, _ = _starting()
    return store.done() and store.result() is not None


def engine() -> Engine | None:
    """The engine, or None while it starts.

    Raises:
        EngineError: It could not start.
    """
    _, engine = _starting()
    return engine.result() if engine.done() else None


def settled() -> bool:
    """Whether the engine has started or has failed to."""
    _, engine = _starting()
    return engine.done()


def active_runs() -> list[Run]:
    """Queued and running runs with their progress, oldest first; none while the engine starts."""
    return _active() if settled() else []


def submit(config: RunConfig) -> str:
    """Queue a run and return its id; waits for the engine, and the table of runs shows it at once."""
    run_id = _engine().submit(config)
    refresh_runs()
    return run_id


def stop(run_id: str) -> None:
    """Ask a queued or running run to stop."""
    _engine().stop(run_id)
    refresh_runs()


def pause(run_id: str) -> None:
    """Let a run give way until it is resumed."""
    _engine().pause(run_id)
    refresh_runs()


def resume(run_id: str) -> None:
    """Queue a stopped, paused or interrupted run again.

    Raises:
        RunError: It cannot go on.
    """
    _engine().resume(run_id)
    for kept in (predictions, confusion, run, layers, code):  # it will give others
        kept.clear(run_id)
    _explanations().clear()
    refresh_runs()


def delete(run_id: str) -> None:
    """Delete a run for good."""
    runs.delete(run_id)
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


@st.cache_data(max_entries=32, show_spinner=False)
def predictions(run_id: str) -> pd.DataFrame:
    """`runs.predictions` of a finished run."""
    return runs.predictions(run_id)


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
        asked[question] = _engine().call(gradcam.explain, run_id, image, class_index)
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


@st.cache_data(ttl=3, max_entries=64, show_spinner=False)
def plan(config: RunConfig) -> Plan:
    """`plan.plan`: what a run would take now."""
    return make_plan(config)


def frozen(config: RunConfig) -> Frozen | None:
    """`freezing.describe` from the worker; None while it works on it, a moment at most once it is warm.

    Raises:
        LabError: The plan cannot be applied.
    """
    if not settled():
        return None
    key = tuple(getattr(config, name) for name in _DECIDE_FREEZING)
    future = _describing().get(key)
    if future is None:
        future = _describing()[key] = _engine().call(freezing.describe, config)
    try:
        return future.result(timeout=0.5)
    except TimeoutError:
        return None
    except LabError:
        raise
    except Exception as error:  # of the worker's, whatever it was
        _describing().pop(key, None)
        raise EngineError(f"The layers cannot be read ({type(error).__name__}: {error})", remedy="Try again") from error


def find_rate(config: RunConfig) -> None:
    """Look for a learning rate in the worker; `rate_found` has what came out."""
    _rates_found().pop(_rate_key(config), None)
    _rates()[_rate_key(config)] = _engine().call_reporting("find-rate", rates.find, config)


def finding_rate(config: RunConfig) -> bool:
    """Whether that goes on."""
    future = _rates().get(_rate_key(config))
    return future is not None and not future.done()


def rate_found(config: RunConfig) -> tuple[pd.DataFrame, float] | LabError | None:
    """What the last search for a config like this gave, whatever its own rate is; None where there was none."""
    future = _rates().get(_rate_key(config))
    if future is None or not future.done():
        return None
    if error := future.exception():
        return error if isinstance(error, LabError) else EngineError(f"{type(error).__name__}: {error}")
    key = _rate_key(config)
    if key not in _rates_found():
        _rates_found()[key] = future.result()
    return _rates_found()[key]


def measure(backbone: str, input_size: int) -> None:
    """Measure the speed of a backbone in the worker; `measuring` tells when it is done."""
    _measurements()[backbone, input_size] = _engine().call(speeds.measure, backbone, input_size)


def measuring(backbone: str, input_size: int) -> bool:
    """Whether a measurement goes on."""
    future = _measurements().get((backbone, input_size))
    if future is None or not future.done():
        return future is not None
    del _measurements()[backbone, input_size]
    plan.clear()
    speeds_here.clear()
    return False


@st.cache_data(ttl=2, show_spinner=False)
def speeds_here() -> pd.DataFrame:
    """`speeds.table` of this machine: `backbone`, `input_size`, `images_per_second`, `measurements`."""
    table = speeds.table()
    return table[table["hardware"] == hardware.name()]


def fetch(name: str) -> None:
    """Download a dataset in the worker; `fetching` tells when it is done."""
    _downloads()[name] = _engine().call_reporting(f"fetch-{name}", datasets.fetch, name)


def fetch_progress(name: str) -> Progress | None:
    """How far a download is; None before its first byte."""
    return _engine().progress(f"fetch-{name}")


def fetching(name: str) -> bool:
    """Whether a download goes on.

    Raises:
        DatasetError: The last one failed.
    """
    future = _downloads().get(name)
    if future is None or not future.done():
        return future is not None
    if error := future.exception():
        raise error
    del _downloads()[name]
    refresh_datasets()
    return False


def refresh_datasets() -> None:
    """Read datasets anew: one was downloaded, imported or deleted."""
    available_datasets.clear()
    dataset.clear()


@st.cache_data(ttl=0.5, max_entries=32, show_spinner=False)
def curves(run_id: str) -> pd.DataFrame:
    """`runs.curves`, which grow while a run trains."""
    return runs.curves(run_id)


@st.cache_data(ttl=2, show_spinner=False)
def available_datasets() -> list[Summary]:
    """`datasets.available`: those that are here and those that can be downloaded."""
    return datasets.available()


@st.cache_resource(ttl=60, max_entries=4, show_spinner=False)
def dataset(name: str) -> Dataset:
    """`datasets.load`: images stay on disk where they are large."""
    return datasets.load(name)


@st.cache_data(show_spinner=False)
def hardware_here() -> dict:
    """`hardware.describe` of the server, which is the worker too unless a scheduler is named."""
    return hardware.describe()


@st.cache_data(ttl=0.4, show_spinner=False)
def _active() -> list[Run]:
    return runs.active()


def export(run_id: str, format: str) -> None:
    """Make a file of a run in the worker, below `exports/` of the home folder; `exported` has it when it is checked."""
    _exports()[run_id, format] = _engine().call(exports.export, run_id, format, _export_folder(run_id))


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
    path = exports.target(ended, format, _export_folder(run_id))
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


def _export_folder(run_id: str) -> Path:
    return settings.home() / "exports" / run_id


@st.cache_resource(show_spinner=False)
def _exports() -> dict[tuple[str, str], Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _explanations() -> dict[tuple[str, int, int | None], Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _describing() -> dict[tuple, Future]:
    return {}


def _rate_key(config: RunConfig) -> RunConfig:
    return replace(config, learning_rate=1e-3, epochs=1, schedule="constant", recipe="", n_test=0)


@st.cache_resource(show_spinner=False)
def _rates() -> dict[RunConfig, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _rates_found() -> dict[RunConfig, tuple[pd.DataFrame, float]]:
    return {}


@st.cache_resource(show_spinner=False)
def _downloads() -> dict[str, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _measurements() -> dict[tuple[str, int], Future]:
    return {}


def _engine() -> Engine:
    """The engine, waited for."""
    _, engine = _starting()
    return engine.result()


def _close(starting: tuple[Future, Future]) -> None:
    _, engine = starting
    if not engine.cancel() and not engine.exception():
        engine.result().close()


@st.cache_resource(show_spinner=False, on_release=_close)
def _starting() -> tuple[Future, Future]:
    """The run store being opened and the engine being started, one after the other in a thread of their own."""
    background = ThreadPoolExecutor(1, thread_name_prefix="starting")
    background.submit(time.sleep, FIRST_PAINT)
    return background.submit(runs.table), background.submit(Engine.start)
