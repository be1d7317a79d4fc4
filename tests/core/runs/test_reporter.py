"""Progress, curves and stop requests pass between a run and those who watch it."""

import pytest

from core import runs
from core.errors import Paused, Stopped
from core.progress import Progress
from tests.core.runs.results import TINY

pytestmark = pytest.mark.usefixtures("store")


def test_progress_and_curves_are_seen_while_a_run_works():
    run_id = runs.create(TINY)
    runs.start(run_id)
    report = runs.Reporter(run_id)
    report(Progress("train", 1, 9, metrics={"loss": 2.0}))
    report.flush(Progress("train", 3, 9, unit="epochs", rate=1.5))
    run = runs.get(run_id)
    assert (run.progress.done, run.progress.unit, run.progress.rate) == (3, "epochs", 1.5)
    assert runs.curves(run_id).to_numpy().tolist() == [[1, "loss", 2.0]]
    assert [run.id for run in runs.active()] == [run_id]


def test_a_report_raises_when_somebody_asked_for_a_stop():
    run_id = runs.create(TINY)
    runs.start(run_id)
    runs.request_stop(run_id)
    with pytest.raises(Stopped):
        runs.Reporter(run_id)(Progress("extract", 1, 2))


def test_a_reporter_pauses_once_and_leaves_a_run_alone_that_is_ending():
    run_id = runs.create(TINY)
    report = runs.Reporter(run_id)
    runs.request_stop(run_id, pause=True)
    with pytest.raises(Paused):
        report(Progress("train", 1, 10))
    assert runs.stop_seen(run_id)
    report.flush(Progress("evaluate", 1, 1))


def test_curves_have_their_own_steps_and_a_repeated_one_counts_once():
    run_id = runs.create(TINY)
    report = runs.Reporter(run_id)
    for loss in (3.0, 2.0):
        report.flush(Progress("train", 320, 1000))
        report(Progress("train", 320, 1000, metrics={"loss": loss}, step=1))
        report.flush(Progress("train", 320, 1000))
    assert runs.curves(run_id).to_dict("records") == [{"step": 1, "metric": "loss", "value": 2.0}]
