"""What training a part of a backbone takes, before anything has run: memory and time, counted from its anatomy.

    images -> front: frozen, computed once -> back: from the first layer that trains -> head

Both are estimates: what the libraries need beside it is not in the memory, and time is taken as proportional to MACs.
"""

from dataclasses import dataclass

from core.anatomy.summary import Anatomy, head_params
from core.config import RunConfig
from core.features import throughput
from core.features.throughput import Estimate
from core.training.freezing import Frozen

MOMENTS = {"adam": 2, "adamw": 2, "sgd": 1}  # what the optimizer remembers of each parameter that trains
BYTES = 4  # of a float32
PASSES = 3  # forward, gradients of activations, gradients of weights: about as much arithmetic each


@dataclass(frozen=True)
class Back:
    """What every training step runs: the layers that train and all behind the first of them; for one image."""

    macs: int
    kept: int  # numbers that wait for the way back: the outputs of these layers, and what goes into them


def back(anatomy: Anatomy, frozen: Frozen) -> Back:
    """The part of a backbone that a plan moves; nothing but the features where only the head trains."""
    trains = {row.name for row in frozen.layers if row.trainable_params}
    moved, before = set(), set()
    for layer in anatomy.layers:
        if layer.name in trains or not moved.isdisjoint(layer.sources):
            moved.add(layer.name)
            before |= set(layer.sources) - moved
    if not moved:
        return Back(macs=0, kept=anatomy.layers[-1].gives)
    inside = [layer for layer in anatomy.layers if layer.name in moved]
    return Back(
        macs=sum(layer.macs for layer in inside),
        kept=sum(layer.activations for layer in inside)
        + sum(layer.gives for layer in anatomy.layers if layer.name in before),
    )


def memory(anatomy: Anatomy, frozen: Frozen, config: RunConfig, classes: int) -> int:
    """Bytes while a batch trains: weights, gradients, the optimizer's moments, and the outputs kept of each image."""
    head = head_params(anatomy, classes, config.head_units)
    moments = MOMENTS[config.optimizer] if config.optimizer != "sgd" or config.momentum else 0
    weights = frozen.params + head + (1 + moments) * (frozen.trainable_params + head)
    return BYTES * (weights + config.batch_size * back(anatomy, frozen).kept)


def epoch(anatomy: Anatomy, frozen: Frozen, config: RunConfig, n_train: int) -> Estimate | None:
    """Seconds of an epoch over so many images, without augmentation; None where this machine's speed is not known."""
    measured = throughput.estimate(throughput.training_name(config), config.input_size, n_train)
    if measured and frozen.trainable_params:
        return measured
    forward = throughput.estimate(config.backbone, config.input_size, n_train)
    if forward is None:
        return None
    share = back(anatomy, frozen).macs / anatomy.macs
    basis = (
        f"{100 * share:.0f} % of the MACs lie behind the first layer that trains, and count {PASSES} times: forward, "
        f"and twice on the way back. What is before it runs once, not in every epoch. {forward.basis}"
    )
    return Estimate(PASSES * share * forward.seconds, basis)
