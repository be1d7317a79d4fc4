"""What a run will take, before it starts: which features are missing, and how long it takes on this machine."""

from dataclasses import dataclass, replace

import numpy as np

from core import anatomy, features, protocol, seeds, training
from core.anatomy import cost
from core.config import RunConfig
from core.data import datasets
from core.features import throughput
from core.features.estimates import Count
from core.features.throughput import Estimate


@dataclass(frozen=True)
class Plan:
    """What a run or several seeds of it will do on this machine."""

    images: int  # training, validation and test, of all seeds
    n_train: int
    n_test: int
    missing: int  # images whose features are not in the cache
    download: bool  # the weights are not on this machine yet
    estimate: Estimate | None  # of the whole run; None: its speed was never measured here


def plan(config: RunConfig, *, count: int = 1) -> Plan:
    """Plan a run from the dataset, the cache and measured throughput; downloads and computes nothing.

    Args:
        count: Seeds, one run each, which share the features in the cache.

    Raises:
        LabError: The run would fail with this error.
    """
    dataset = datasets.load(config.dataset)
    of_seeds = [protocol.choose_rows(dataset, each) for each in seeds.configs(config, count)]
    rows = of_seeds[0]
    if config.trains:
        training.check(config, dataset, rows)
    everything = np.unique(np.concatenate([part for each in of_seeds for part in each.values()]))
    missing = features.missing(dataset, everything, config.encoder)
    images = {name: len(part) for name, part in rows.items()}
    estimate = _estimate(config, images, missing)
    if estimate and count > 1 and (further := _estimate(config, images, 0)):
        seconds, basis = (count - 1) * further.seconds, f"{estimate.basis}; {count - 1} further seeds"
        estimate = replace(estimate, seconds=estimate.seconds + seconds, basis=basis)
    return Plan(
        images=len(everything),
        n_train=images["train"],
        n_test=images["test"],
        missing=missing,
        download=config.encoder.needs_download,
        estimate=estimate,
    )


def _estimate(config: RunConfig, images: dict[str, int], missing: int) -> Estimate | None:
    """How long one run takes, where the features of so many images are missing."""
    counted = Count(config.method)
    if config.trains:
        _count_training(counted, config, images, missing)
    else:
        counted.network(config.backbone, config.input_size, missing)
        counted.work(f"{config.method} head", images["train"])
    return counted.estimate()


def _count_training(counted: Count, config: RunConfig, images: dict[str, int], missing: int) -> None:
    """Epochs of training with validation, and the test after each phase.

    Unless images are augmented, the frozen layers in front of the first that trains see every image once.
    """
    if config.method == "finetune" and config.head_epochs and not config.start:  # the head phase needs features
        counted.network(config.backbone, config.input_size, missing)
    steps, passes = images["train"] * config.epochs, images["val"] * config.epochs + images["test"]
    share = _share_that_trains(config)
    back = 1.0 if share is None else share
    if back < 1:
        counted.network(config.backbone, config.input_size, round((1 - back) * sum(images.values())))
    counted.network(config.backbone, config.input_size, round(back * passes), builds=0 if back < 1 else 1)
    measured = throughput.estimate(throughput.training_name(config), config.input_size, steps)
    if measured:
        counted.seconds += measured.seconds
        counted.parts.append(f"{steps:,} images in training: {measured.basis[0].lower()}{measured.basis[1:]}")
        return
    counted.network(config.backbone, config.input_size, round(cost.PASSES * back * steps), builds=0)
    most = " at most" if share is None else " of the layers that train"
    counted.parts.append(f"a training step counts as {cost.PASSES} forward passes{most}")


def _share_that_trains(config: RunConfig) -> float | None:
    """The fraction of the MACs in or after the first layer that trains; None if all, or if it is not known yet."""
    if config.method != "finetune" or config.augmentations or config.batchnorm != "inference":
        return None
    network = anatomy.find(config.backbone, config.input_size)
    if network is None:
        return None
    frozen = anatomy.freeze(network, config.unfreeze, config.unfreeze_count, batchnorm=config.batchnorm)
    return cost.back(network, frozen).macs / network.macs
