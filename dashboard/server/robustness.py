"""Robustness of runs: what is on disk, and the task that measures what is missing."""

from core.evaluation import robustness
from core.evaluation.robustness import Robustness
from dashboard.server import tasks
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@seen
def result(run_id: str) -> Robustness | None:
    """`robustness.find`: what has been measured, for any visitor.

    Raises:
        RunError: The run no longer exists.
    """
    return robustness.find(run_id)


@seen
def task(run_id: str) -> Task:
    """Measures a run; finished features survive a cancellation."""
    return Task(tasks.name("robustness", run_id), robustness.measure, (run_id,), failure="The run cannot be measured")
