"""Runs: queued, followed and read."""

import shutil
from collections.abc import Hashable, Sequence
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from core import calibration, limits, people, runs, settings, sweeps
from core.calibration import Calibration
from core.config import RunConfig
from core.errors import LabError
from core.evaluation import comparison, leaks
from core.evaluation import measures as core_measures
from core.evaluation.leaks import Leaks
from core.evaluation.measures import Measured
from core.metrics import Change
from core.plan import Plan
from core.plan import begins as when_begin
from core.plan import plan as make_plan
from core.runs import Run, RunRow
from core.training.freezing import Frozen
from dashboard.server import backbones, datasets, engine, explain, stored
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers
from dashboard.state import streamlit_patch

CURVES = 3  # seconds between two readings of growing curves; one, with drawing them, takes 0.06 processor seconds

_STARTED = "runs-started-here"  # in the state of a tab

Stored = TypeVar("Stored", Run, RunRow)


def rows() -> list[RunRow]:
    """`runs.rows`: every run that the visitor may see, newest first, except archived ones."""
    return [row for row in _shown(stored.rows(stored.version())) if not row.archived]


def own() -> list[RunRow]:
    """The visitor's own runs, newest first, archived ones too."""
    person = people.current_person()
    return [row for row in _shown(stored.rows(stored.version())) if row.person == person]


def entries() -> list[RunRow]:
    """`runs.fold` of them: several seeds are one entry, and so is a sweep."""
    return [row for row in _shown(stored.entries(stored.version())) if not row.archived]


def archived() -> list[RunRow]:
    """The entries that are archived."""
    return [row for row in _shown(stored.entries(stored.version())) if row.archived]


def find(run_id: str) -> RunRow | None:
    """The run or entry of this id, archived or not; None if there is neither."""
    version = stored.version()
    row = next((row for row in (*stored.rows(version), *stored.entries(version)) if row.id == run_id), None)
    return row if row and people.may("see", stored.owner(row)) else None


def active() -> list[Run]:
    """The queued and running runs that the visitor may see, with their progress, in their order.

    None while the engine starts or without a store.
    """
    return _shown(_queue())


@seen
def ahead(run_id: str) -> int:
    """How many runs, of everyone, are done or begin before this one."""
    return next((position for position, run in enumerate(_queue()) if run.id == run_id), 0)


@seen
def begins(run_id: str) -> float | None:
    """Seconds until a queued run is likely to begin; None if unknown."""
    return _begins(tuple(run.id for run in _queue())).get(run_id)


def follow(run: Run) -> None:
    """Note that the fragment being drawn follows a run: every second if the run is running and the visitor's own.

    The visitor's own was started in this tab or, in a class, by the same person.
    """
    streamlit_patch.note_watching(not _followed(run) or run.status != "running")


def interval(run: Run, seconds: float) -> float:
    """Seconds between two looks of a fragment that follows a run: more if it is somebody else's and many watch."""
    return seconds if _followed(run) else streamlit_patch.interval(seconds)


def busy() -> bool:
    """Whether any run, of anyone, is queued or running."""
    return bool(_queue())


@st.cache_data(ttl=2, show_spinner=False)
def why_unavailable() -> str:
    """Why no worker takes runs at present; empty if one does, or if the engine failed, which every page shows."""
    return "" if engine.failed() else str(engine.wait().why_unavailable("train") or "")


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def get(run_id: str) -> Run:
    """`runs.get` of a run that has ended."""
    return runs.get(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def predictions(run_id: str) -> pd.DataFrame:
    """`runs.predictions` of a finished run."""
    return runs.predictions(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def judged_calibration(run_id: str) -> Calibration:
    """`calibration.judge` of a finished run's test predictions."""
    tested = predictions(run_id)
    return calibration.judge(tested["label"].to_numpy(), tested.filter(regex=r"^p_\d+$").to_numpy())


@seen
def measures(run_id: str) -> Measured | None:
    """`measures.of_run` of a finished run; None while the worker computes it.

    Raises:
        RunError: Its predictions are missing or damaged.
    """
    return _measures().get(run_id, core_measures.of_run, run_id)


@seen
def measuring(run_id: str) -> bool:
    """Whether `measures` are still being computed."""
    return _measures().pending(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def stage_predictions(run_id: str) -> pd.DataFrame | None:
    """`runs.stage_predictions` of a finished run."""
    return runs.stage_predictions(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def confusion(run_id: str) -> pd.DataFrame:
    """`runs.confusion` of a finished run."""
    return runs.confusion(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def frozen(run_id: str) -> Frozen | None:
    """`runs.frozen` of an ended run."""
    return runs.frozen(run_id)


@seen
@st.cache_data(max_entries=32, show_spinner=False)
def before_and_after(run: RunRow) -> pd.DataFrame | None:
    """`comparison.of_fine_tune` of an ended run."""
    return comparison.of_fine_tune(run)


@seen
@st.cache_data(max_entries=256, show_spinner=False)
def unfreezing(run: RunRow) -> Change | None:
    """`comparison.unfreezing` of an ended run."""
    return comparison.unfreezing(run)


@seen
@st.cache_data(max_entries=256, show_spinner=False)
def change(first: RunRow, second: RunRow) -> Change:
    """`comparison.of_runs` of two ended runs."""
    return comparison.of_runs(first, second)


@seen
def leaks_of(run: RunRow) -> Leaks | None:
    """`leaks.of_run` of an ended run."""
    learned = leaks.trained(run)
    try:
        dataset = datasets.get(run.config.dataset)
        if not len(datasets.leaked(dataset)):
            return None
        leaked = datasets.leaked(dataset, tuple(run.config for run in learned))
        return _leaks(tuple(run.id for run in learned), tuple(leaked.tolist()))
    except LabError:
        return None


@seen
def curves(run_id: str) -> pd.DataFrame:
    """`runs.curves`, which grow while a run trains: then they are read every `CURVES` seconds, for everyone at once."""
    grow = any(run.id == run_id for run in _queue())
    return _curves(run_id, int(monotonic() / CURVES) if grow else None)


@seen
@st.cache_data(ttl=3, max_entries=64, show_spinner=False)
def plan(*configs: RunConfig) -> Plan:
    """`plan.plan`: what a run, or several one after the other, would cost now."""
    return make_plan(*configs)


@seen
def submit(*configs: RunConfig) -> str:
    """Queue a run, or several as one entry, and return its id; waits for the engine.

    Raises:
        AccessError: Who asks may not start them, or not so many.
    """
    varied = sweeps.varied(configs)
    limits.check("together", len(configs), f"{len(configs)} runs would start together", "Choose fewer seeds or values")
    entry = runs.new_entry(varied) if len(configs) > 1 else ""
    ids = [engine.wait().submit(config, entry=entry, varied=varied) for config in configs]
    _started().update(ids)
    refresh()
    return entry or ids[0]


def stop(run_id: str) -> None:
    """Ask a queued or running run to stop, or all of an entry."""
    for run in _members(run_id):  # the newest first: those that wait would begin otherwise
        engine.wait().stop(run.id)
    refresh()


def pause(run_id: str) -> None:
    """Pause a run, so that another can use the device."""
    engine.wait().pause(run_id)
    refresh()


def resume(run_id: str) -> None:
    """Queue a stopped, paused or interrupted run again, or all of an entry that did not finish.

    Raises:
        RunError: It cannot be resumed, or one of an entry; the others are.
    """

    def resume_one(stopped: str) -> None:
        engine.wait().resume(stopped)
        for result in (get, predictions, stage_predictions, confusion, frozen, judged_calibration):
            result.clear(stopped)
        _curves.clear(stopped, None)
        _started().add(stopped)

    queued, refused = runs.row(run_id).queue_again(resume_one, engine.wait().submit)
    _started().update(queued)
    _leaks.clear()
    explain.forget_heats()
    _measures().clear()
    refresh()
    if refused:
        raise refused[0][1]


def delete(run_id: str) -> None:
    """Delete a run permanently, or all of an entry."""
    for run in _members(run_id):
        runs.delete(run.id)
        shutil.rmtree(exports_folder(run.id), ignore_errors=True)
    refresh()


def describe(run_id: str, *, name: str, group: str, tags: Sequence[str], note: str) -> None:
    """`runs.describe`, of an entry each of its runs.

    Raises:
        RunError: The name is empty, or a text is too long.
    """
    varied = runs.row(run_id).varied
    for run in _members(run_id):
        own = f"{name.strip()}{runs.own_name(run.config, varied)}" if name.strip() and run.id != run_id else name
        runs.describe(run.id, name=own, group=group, tags=tags, note=note)
        get.clear(run.id)
    refresh()


def set_archived(run_id: str, archived: bool) -> None:
    """`runs.set_archived`, of an entry each of its runs."""
    for run in _members(run_id):
        runs.set_archived(run.id, archived)
    refresh()


def exports_folder(run_id: str) -> Path:
    """The folder for exported files of a run."""
    return settings.home() / "exports" / run_id


def refresh() -> None:
    """Read runs again: one was queued, stopped or deleted, or has ended."""
    stored.refresh()
    _active.clear()
    plan.clear()
    backbones.cached_size.clear()  # which the end of a run changes


def _shown(runs: Sequence[Stored]) -> list[Stored]:
    """The runs that the visitor may see."""
    owners = [stored.owner(run) for run in runs]
    visible = people.seen(owners)
    return [run for run, owner in zip(runs, owners, strict=True) if owner in visible]


def _queue() -> list[Run]:
    try:
        return list(_active(stored.version(0.4))) if engine.settled() and engine.store_open() else []
    except LabError:  # which pages show where they read runs
        return []


def _started() -> set[str]:
    """The runs that were started or resumed in this tab."""
    return st.session_state.setdefault(_STARTED, set())


def _followed(run: Run) -> bool:
    """Whether a run is the visitor's own: started in this tab or, in a class, by the same person."""
    return run.id in _started() or (settings.mode() == "class" and run.person == people.current_person())


def _members(run_id: str) -> list[RunRow]:
    """The runs of an entry, the newest first, or a run alone, whoever asks."""
    return [row for row in stored.rows(stored.version()) if run_id in (row.id, row.entry)] or [runs.row(run_id)]


@st.cache_resource(max_entries=1, show_spinner=False)
def _active(version: Hashable) -> tuple[Run, ...]:
    active = tuple(runs.active())
    streamlit_patch.note_queue([(run.id, run.status) for run in active])
    return active


@st.cache_data(ttl=5, max_entries=1, show_spinner=False)
def _begins(ids: tuple[str, ...]) -> dict[str, float | None]:
    try:
        return when_begin(_queue(), engine.wait().places("train"))
    except LabError:  # the cluster is away, which pages say
        return {}


@st.cache_data(max_entries=32, show_spinner=False)
def _curves(run_id: str, moment: int | None) -> pd.DataFrame:
    return runs.curves(run_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _leaks(ids: tuple[str, ...], leaked: tuple[int, ...]) -> Leaks | None:
    return leaks.among(ids, np.array(leaked, np.int64))


@once
def _measures() -> Answers:
    return Answers(keep=32, patience=0.5, failure="The measures cannot be computed")
