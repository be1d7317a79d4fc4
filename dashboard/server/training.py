"""Before training starts: which layers would train, and a suitable learning rate."""

from dataclasses import replace

from core import anatomy, execute
from core.config import RunConfig
from core.training import freezing
from core.training.freezing import Frozen
from dashboard.server import anatomy as anatomies
from dashboard.server import tasks
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers, Task

_POOLINGS_OF_ANATOMIES = ("avg", "class")
_DECIDE_FREEZING = ("backbone", "method", "input_size", "pooling", "unfreeze", "unfreeze_count", "batchnorm")


@seen
def frozen(config: RunConfig) -> Frozen | None:
    """`freezing.describe`; None while the worker reads the network, once for each.

    From then on the plan is applied to the anatomy on disk, without a worker.

    Raises:
        LabError: The plan cannot be applied.
    """
    if config.pooling in _POOLINGS_OF_ANATOMIES:
        network = anatomies.describe(config.backbone, config.input_size)
        return network and _plan(network, config)
    return _frozen().get(_freezing_question(config), freezing.describe, config)


@seen
def reading(config: RunConfig) -> bool:
    """Whether the worker is still reading the network for `frozen`."""
    if config.pooling in _POOLINGS_OF_ANATOMIES:
        return anatomies.reading(config.backbone, config.input_size)
    return _frozen().pending(_freezing_question(config))


@seen
def rate_search(config: RunConfig) -> Task:
    """Finds a learning rate by `execute.find_learning_rate`; configs that differ only in the rate share the task."""
    shared_config = replace(config, learning_rate=1e-3, epochs=1, schedule="constant", recipe="", n_test=0)
    name = tasks.name("learning-rate", shared_config)
    return Task(name, execute.find_learning_rate, (config,), failure="No learning rate was found")


def _plan(network: anatomy.Anatomy, config: RunConfig) -> Frozen:
    if config.method == "scratch":
        return anatomy.freeze(network, "all", batchnorm="training")
    return anatomy.freeze(network, config.unfreeze, config.unfreeze_count, batchnorm=config.batchnorm)


def _freezing_question(config: RunConfig) -> tuple:
    return tuple(getattr(config, name) for name in _DECIDE_FREEZING)


@once
def _frozen() -> Answers:
    return Answers(keep=128, patience=0.5, failure="The layers cannot be read")
