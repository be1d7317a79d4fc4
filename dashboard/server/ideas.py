"""Demonstrations of ideas: our networks compared with Keras's, gradients with and without shortcuts."""

from core.curriculum import parity, vanishing_gradients
from core.curriculum.parity import Comparison
from dashboard.server import tasks
from dashboard.server.once import once
from dashboard.server.tasks import Answers, Task


def comparison(network: str) -> Comparison | None:
    """`parity.compare`; None while the worker counts parameters.

    Raises:
        LabError: They cannot be counted.
    """
    return _comparisons().get(network, parity.compare, network)


def comparing(network: str) -> bool:
    """Whether `comparison` is still being computed."""
    return _comparisons().pending(network)


def parity_check(network: str) -> Task:
    """Computes both networks; its result is a `parity.ParityCheck`."""
    return Task(tasks.name("parity", network), parity.check, (network,), failure="The networks cannot be compared")


def gradients(blocks: int, normalisation: str) -> Task:
    """Measures gradients; its result is a `vanishing_gradients.GradientNorms`."""
    return Task(
        tasks.name("gradients", blocks, normalisation),
        vanishing_gradients.measure,
        (blocks, normalisation),
        failure="The gradients cannot be measured",
    )


@once
def _comparisons() -> Answers:
    return Answers()
