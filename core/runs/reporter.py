"""The report of a run: writes progress and curves into the store, and reads stop requests from it."""

import time

from core.errors import Paused, Stopped
from core.progress import Progress, Report
from core.runs import store

REPORT_EVERY = 0.5  # seconds between two accesses to the store


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
        store.write_progress(self.run_id, progress, self._points)
        self._points = []
        if self._stopping:  # it is already ending: testing the best epoch so far
            return
        if request := store.take_stop_request(self.run_id):
            self._stopping = True
            raise Paused if request == "pause" else Stopped
