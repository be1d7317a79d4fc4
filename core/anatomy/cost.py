"""Memory and time needed to train part of a backbone, estimated from its anatomy before anything runs.

    images -> frozen front, computed once -> back, from the first trainable layer on -> head

Memory excludes the libraries' own overhead; time is assumed to be proportional to MACs.
"""

from dataclasses import dataclass

from core.anatomy.summary import Anatomy, head_params
from core.config import RunConfig
from core.features import throughput
from core.features.throughput import Estimate
from core.training.freezing import Frozen

MOMENTS = {"adam": 2, "adamw": 2, "sgd": 1}  # values the optimizer keeps per trainable parameter
BYTES = 4  # of a float32
PASSES = 3  # forward, gradients of activations, gradients of weights: about equal arithmetic each


@dataclass(frozen=True)
class Back:
    """The part that runs in every training step, from the first trainable layer on; for one image."""

    macs: int
    kept: int  # activations kept for the backward pass: the outputs of these layers, and their inputs


def back(anatomy: Anatomy, frozen: Frozen) -> Back:
    """The part of a backbone that runs in every step; only the features are kept if only the head trains."""
    trainable = {row.name for row in frozen.layers if row.trainable_params}
    names, inputs = set(), set()
    for layer in anatomy.layers:
        if layer.name in trainable or not names.isdisjoint(layer.sources):
            names.add(layer.name)
            inputs |= set(layer.sources) - names
    if not names:
        return Back(macs=0, kept=anatomy.layers[-1].outputs)
    layers = [layer for layer in anatomy.layers if layer.name in names]
    return Back(
        macs=sum(layer.macs for layer in layers),
        kept=sum(layer.activations for layer in layers)
        + sum(layer.outputs for layer in anatomy.layers if layer.name in inputs),
    )


def memory(anatomy: Anatomy, frozen: Frozen, config: RunConfig, classes: int) -> int:
    """Bytes during a training step: weights, gradients, the optimizer's moments, and each image's kept activations."""
    head = head_params(anatomy, classes, config.head_units)
    moments = MOMENTS[config.optimizer] if config.optimizer != "sgd" or config.momentum else 0
    weights = frozen.params + head + (1 + moments) * (frozen.trainable_params + head)
    return BYTES * (weights + config.batch_size * back(anatomy, frozen).kept)


def epoch(anatomy: Anatomy, frozen: Frozen, config: RunConfig, n_train: int) -> Estimate | None:
    """Seconds per epoch over `n_train` images, without augmentation; None if this machine's speed is unknown."""
    measured = throughput.estimate(config.training_name, config.input_size, n_train)
    if measured and frozen.trainable_params:
        return measured
    forward = throughput.estimate_in_keras(config.backbone, config.input_size, n_train)
    if forward is None:
        return None
    share = back(anatomy, frozen).macs / anatomy.macs
    basis = (
        f"{100 * share:.0f} % of the MACs are in or after the first layer that trains and count {PASSES} times: once "
        f"forward and twice backward. Layers before it run once, not in every epoch. {forward.basis}"
    )
    return Estimate(PASSES * share * forward.seconds, basis)
