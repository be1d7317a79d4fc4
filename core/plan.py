"""What a run will take, before it starts: which features are missing, and how long it takes on this machine."""

from dataclasses import dataclass

import numpy as np

from core import anatomy, features, protocol, training
from core.anatomy import cost
from core.config import RunConfig
from core.data import datasets
from core.features import throughput
from core.features.estimates import Count


@dataclass(frozen=True)
class Plan:
    """What a run will do on this machine."""

    images: int  # training, validation and test
    n_train: int
    n_test: int
    missing: int  # images whose features are not in the cache
    download: bool  # the weights are not on this machine yet
    estimate: throughput.Estimate | None  # of the whole run; None: its speed was never measured here


def plan(config: RunConfig) -> Plan:
    """Plan a run from the dataset, the cache and measured throughput; downloads and computes nothing.

    Raises:
        LabError: The run would fail with this error.
    """
    dataset = datasets.load(config.dataset)
    rows = protocol.choose_rows(dataset, config)
    if config.trains:
        training.check(config, dataset, rows)
    everything = np.concatenate(list(rows.values()))
    missing = features.missing(dataset, everything, config.encoder)
    counted = Count(config.method)
    if config.trains:
        _count_training(counted, config, {name: len(part) for name, part in rows.items()}, missing)
    else:
        counted.network(config.backbone, config.input_size, missing)
        counted.work(f"{config.method} head", len(rows.get("train", ())))
    return Plan(
        images=len(everything),
        n_train=len(rows["train"]),
        n_test=len(rows["test"]),
        missing=missing,
        download=config.encoder.needs_download,
        estimate=counted.estimate(),
    )


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
