"""What a run at work tells those who watch it, its progress and curves, and what they tell it: to stop or to pause."""

import json
import time
from collections.abc import Sequence
from dataclasses import fields

import pandas as pd

from core import people
from core.errors import Paused, Stopped
from core.progress import Progress, Report
from core.runs import connection, store
from core.runs.records import TAG

REPORT_EVERY = 0.5  # seconds between two accesses to the store
_CURVE = "curve_"
_MOST_POINTS = 500  # in one write; MLflow accepts 1,000


class Reporter:
    """A report that writes into the store, and raises `Stopped` or `Paused` when requested there.

    Args:
        echo: Also called with every progress, immediately (a bar in a terminal).
    """

    def __init__(self, run_id: str, echo: Report | None = None):
        self.run_id, self.echo = run_id, echo
        self._next, self._stopping = 0.0, False
        self._points: list[tuple[str, float, int]] = []  # metric, value, step

    def __call__(self, progress: Progress) -> None:
        if self.echo:
            self.echo(progress)
        step = progress.done if progress.step is None else progress.step
        self._points += [(name, value, step) for name, value in progress.metrics.items()]
        if time.monotonic() >= self._next:
            self.flush(progress)
            self._next = time.monotonic() + REPORT_EVERY

    def flush(self, progress: Progress) -> None:
        """Write now, and obey a stop request."""
        write_progress(self.run_id, progress, self._points)
        self._points = []
        if self._stopping:  # it is already ending: testing the best epoch so far
            return
        if request := take_stop_request(self.run_id):
            self._stopping = True
            raise Paused if request == "pause" else Stopped


def write_progress(run_id: str, progress: Progress, points: Sequence[tuple[str, float, int]]) -> None:
    """Write the progress of a run, and points (metric, value, step) of its curves."""
    from mlflow.entities import Metric, RunTag

    now = int(time.time() * 1000)
    metrics = [Metric(_CURVE + name, float(value), now, step) for name, value, step in points]
    snapshot = json.dumps({f.name: getattr(progress, f.name) for f in fields(Progress) if f.name != "metrics"})
    for start in range(0, max(len(metrics), 1), _MOST_POINTS):
        part = metrics[start : start + _MOST_POINTS]
        connection.client().log_batch(run_id, metrics=part, tags=[RunTag(TAG + "progress", snapshot)])


def curves(run_id: str) -> pd.DataFrame:
    """Training curves in long form: `step`, `metric`, `value`; empty for methods without training.

    `step` is the optimiser step for `batch_loss` and `batch_accuracy`, the epoch for all others.
    """
    names = [name for name in connection.client().get_run(run_id).data.metrics if name.startswith(_CURVE)]
    points = [
        (point.step, name.removeprefix(_CURVE), point.value)
        for name in names
        for point in connection.client().get_metric_history(run_id, name)
    ]
    frame = pd.DataFrame(points, columns=["step", "metric", "value"])
    return frame.drop_duplicates(["step", "metric"], keep="last", ignore_index=True)  # a resumed run repeats some steps


def request_stop(run_id: str, *, pause: bool = False) -> None:
    """Request that a run stop, or pause; its worker sees it within half a second, on any machine."""
    people.require("change run", store.get(run_id).person)
    connection.client().set_tag(run_id, TAG + "stop", "pause" if pause else "requested")


def stop_seen(run_id: str) -> bool:
    """Whether the worker of a run has seen the stop request."""
    return store.tags(run_id).get("stop") == "seen"


def take_stop_request(run_id: str) -> str | None:
    """Read and acknowledge a stop request, as the worker of a run: "pause", "requested" (to stop) or None."""
    request = store.tags(run_id).get("stop")
    if request:
        connection.client().set_tag(run_id, TAG + "stop", "seen")
    return request
