"""Networks of runs in fewer bits: what is on disk, and the task that measures it."""

from core.export import quantization
from core.export.quantization import Quantization
from dashboard.server import tasks
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@seen
def result(run_id: str) -> Quantization | None:
    """`quantization.find`: what has been measured, for any visitor.

    Raises:
        RunError: The run no longer exists.
    """
    return quantization.find(run_id)


@seen
def task(run_id: str) -> Task:
    """Writes and tests the network of a run in each kind."""
    name = tasks.name("quantization", run_id)
    return Task(name, quantization.measure, (run_id,), failure="The network cannot be measured in fewer bits")
