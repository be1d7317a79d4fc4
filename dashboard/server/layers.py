"""Layers of a network that heads can read from, and the task that probes them."""

from functools import partial

from core.embeddings import Source
from core.evaluation import layer_probes
from core.evaluation.layer_probes import Probes
from core.features import layers
from core.features.layers import Depth
from dashboard.server import tasks
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers, Task

FAILURE = "The layers cannot be read"


def depths(backbone: str, input_size: int) -> tuple[Depth, ...] | None:
    """`layers.of`; None while the worker builds the outline of the network.

    Raises:
        LabError: The network is unknown.
    """
    return _depths().get((backbone, input_size), layers.of, backbone, input_size)


def reading(backbone: str, input_size: int) -> bool:
    """Whether `depths` are still being read."""
    return _depths().pending((backbone, input_size))


@seen
def probes(source: Source, n_train: int) -> Probes | None:
    """`layer_probes.find`: what has been measured, for any visitor.

    Raises:
        LabError: The dataset, backbone or run of the source no longer exists.
    """
    return layer_probes.find(source, n_train=n_train)


@seen
def task(source: Source, n_train: int) -> Task:
    """Probes the layers; finished features survive a cancellation."""
    return Task(
        tasks.name("layers", source, n_train),
        partial(layer_probes.measure, n_train=n_train),
        (source,),
        failure=FAILURE,
    )


@once
def _depths() -> Answers:
    return Answers(keep=64, patience=0.5, failure=FAILURE)
