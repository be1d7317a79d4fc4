"""Few-shot curves: those on disk, and the task that computes the missing sizes."""

from core.embeddings import Source
from core.evaluation import few_shot
from core.evaluation.few_shot import Curve
from dashboard.server import tasks
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@seen
def curve(source: Source) -> Curve | None:
    """`few_shot.find`: the sizes computed so far, for any visitor.

    Raises:
        LabError: The dataset, backbone or run of the source does not exist.
    """
    return few_shot.find(source)


@seen
def task(source: Source) -> Task:
    """Computes the missing sizes; finished ones survive a cancellation."""
    return Task(tasks.name("few-shot", source), few_shot.measure, (source,), failure="The curve cannot be computed")
