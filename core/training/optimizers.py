"""Optimizers and learning-rate schedules, as Keras objects."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from core.config import RunConfig

WARM_UP = 0.3  # of the steps of a one-cycle schedule
FIRST = 1 / 25  # of the learning rate: where a one-cycle schedule starts


def build(config: RunConfig, rate: Any) -> Any:
    """The optimizer of a config.

    Args:
        rate: A learning rate or a Keras schedule.
    """
    from keras import optimizers

    decay = config.weight_decay or None
    if config.optimizer == "sgd":
        return optimizers.SGD(rate, momentum=config.momentum, weight_decay=decay)
    if config.optimizer == "adamw":
        return optimizers.AdamW(rate, weight_decay=config.weight_decay)
    return optimizers.Adam(rate, weight_decay=decay)


def build_layerwise(config: RunConfig, rate: Callable[[float], Any], shares: Mapping[int, float]) -> Any:
    """The optimizer of weights that learn at different shares of a rate: one for each share, in a `MultiOptimizer`.

    Args:
        rate: From a share to a learning rate or a Keras schedule.
        shares: The share by the id of a weight; all others, such as the head's, have the whole rate.
    """
    from keras import optimizers

    if not shares:
        return build(config, rate(1.0))
    of_share = functools.cache(lambda share: build(config, rate(share)))
    return optimizers.MultiOptimizer(lambda weight: of_share(shares.get(id(weight), 1.0)))


def parts(optimizer: Any) -> list:
    """The optimizer of each share, or the only one."""
    return getattr(optimizer, "optimizers", [optimizer])


def learning_rate(optimizer: Any) -> float:
    """The current learning rate; of several the head's, which is the highest."""
    return max(float(each.learning_rate) for each in parts(optimizer))


def schedule(name: str, rate: float, steps: int) -> Any:
    """The learning rate over this many steps: constant; cosine, down to 0; one-cycle, up to `rate`, then down to 0.

    Loshchilov & Hutter, SGDR (arXiv:1608.03983); Smith & Topin, Super-convergence (arXiv:1708.07120); momentum is
    not cycled here.
    """
    from keras.optimizers import schedules

    if name == "cosine":
        return schedules.CosineDecay(rate, max(steps, 1))
    if name == "one-cycle":
        warm = max(1, round(WARM_UP * steps))
        return schedules.CosineDecay(rate * FIRST, max(steps - warm, 1), warmup_target=rate, warmup_steps=warm)
    return rate


def rising(first: float, last: float, steps: int) -> Any:
    """A learning rate that rises from `first` to `last` by the same factor in every step."""
    from keras.optimizers import schedules

    return schedules.ExponentialDecay(first, decay_steps=1, decay_rate=(last / first) ** (1 / max(steps - 1, 1)))
