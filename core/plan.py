"""What a run will take, before it starts: which features are missing, how long it takes here, and when it begins."""

import heapq
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf

import numpy as np

from core import anatomy, features, protocol, recipes, training
from core.anatomy import cost
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import LabError
from core.features import Encoder, throughput
from core.features.estimates import Count
from core.features.throughput import Estimate
from core.runs import Run, models


@dataclass(frozen=True)
class Plan:
    """What a run or several will do on this machine."""

    images: int  # training, validation and test, of all runs
    n_train: int  # of the first
    n_test: int
    missing: int  # images whose features are not in the cache
    download: bool  # the weights are not on this machine yet
    estimate: Estimate | None  # of the whole run; None: its speed was never measured here


def plan(config: RunConfig, *further: RunConfig) -> Plan:
    """Plan a run from the dataset, the cache and measured throughput; downloads and computes nothing.

    Args:
        further: Runs on the same dataset after it, such as other seeds; they share the features in the cache.

    Raises:
        LabError: A run would fail with this error.
    """
    recipes.check(config)
    if config.teacher:
        models.teacher(config.teacher, config.dataset)
    dataset = datasets.load(config.dataset)
    runs = [(run, protocol.choose_rows(dataset, run)) for run in (config, *further)]
    for run, rows in runs:
        if run.trains:
            training.check(dataset, rows, run.batch_size)
    missing = _missing(dataset, runs)
    estimates = _estimates(runs, missing)
    return Plan(
        images=len(np.unique(np.concatenate([part for _, rows in runs for part in rows.values()]))),
        n_train=len(runs[0][1]["train"]),
        n_test=len(runs[0][1]["test"]),
        missing=sum(missing.values()),
        download=config.encoder.needs_download,
        estimate=_together([estimate for estimate in estimates if estimate], len(runs)),
    )


def begins(active: Sequence[Run], places: int) -> dict[str, float | None]:
    """Seconds until each queued run is likely to begin, by its id; None: a run before it was never timed here.

    Args:
        active: The running and queued runs, in the order in which they begin.
        places: How many the workers do at once.
    """
    free, starts = [0.0] * max(places, 1), {}  # seconds until each place is free
    for run, seconds in zip(active, _seconds(active), strict=True):
        if run.status == "queued":
            starts[run.id] = free[0] if free[0] < inf else None
        heapq.heapreplace(free, free[0] + (inf if seconds is None else seconds))
    return starts


def _seconds(active: Sequence[Run]) -> list[float | None]:
    """How long each run will take from now on or from its start, if those before it have filled the cache."""
    estimates: dict[str, Estimate | None] = {}
    before: dict[tuple[str, Encoder], np.ndarray] = {}  # rows whose features earlier runs compute
    for run in active:
        config, key = run.config, (run.config.dataset, run.config.encoder)
        with suppress(LabError):  # this one is going to fail: its dataset was deleted, for example
            dataset = datasets.load(config.dataset)
            rows = protocol.choose_rows(dataset, config)
            wanted, seen = np.concatenate([*rows.values()]), before.get(key, np.empty(0, np.int64))
            missing = features.missing(dataset, np.setdiff1d(wanted, seen), config.encoder)
            estimates[run.id] = _estimate(config, {name: len(part) for name, part in rows.items()}, missing)
            before[key] = np.union1d(seen, wanted)
    return [_left(run, estimates.get(run.id)) for run in active]


def _left(run: Run, estimate: Estimate | None) -> float | None:
    """What a run says itself counts, once nothing comes after it."""
    own = run.progress and run.progress.seconds_left
    if own is not None and (estimate is None or (run.progress and run.progress.stage == run.config.method)):
        return own
    return estimate and estimate.seconds


def _missing(dataset: Dataset, runs: Sequence[tuple[RunConfig, dict[str, np.ndarray]]]) -> dict[Encoder, int]:
    """How many images each encoder has to process for all runs together."""
    images: dict[Encoder, np.ndarray] = {}
    for config, rows in runs:
        seen = images.get(config.encoder, np.empty(0, np.int64))
        images[config.encoder] = np.unique(np.concatenate([seen, *rows.values()]))
    return {encoder: features.missing(dataset, rows, encoder) for encoder, rows in images.items()}


def _estimates(
    runs: Sequence[tuple[RunConfig, dict[str, np.ndarray]]], missing: Mapping[Encoder, int]
) -> list[Estimate | None]:
    """How long runs take one after the other: the first of an encoder computes the features of all."""
    left = dict(missing)
    return [
        _estimate(config, {name: len(part) for name, part in rows.items()}, left.pop(config.encoder, 0))
        for config, rows in runs
    ]


def _together(estimates: Sequence[Estimate], runs: int) -> Estimate | None:
    """The estimate of all runs, one after the other; None if one is unknown."""
    if len(estimates) < runs:
        return None
    first = estimates[0]
    basis = f"{first.basis}; {runs - 1} further runs" if runs > 1 else first.basis
    return replace(first, seconds=sum(estimate.seconds for estimate in estimates), basis=basis)


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
    speed = throughput.estimate_in_keras
    count_passes = partial(counted.network, config.backbone, config.input_size, builds=0, speed=speed)
    share = _share_that_trains(config)
    back = 1.0 if share is None else share
    if back < 1:
        count_passes(round((1 - back) * sum(images.values())))
    count_passes(round(back * passes))
    name = config.training_name
    counted.work(f"build {name}", 1, size=config.input_size)
    measured = throughput.estimate(name, config.input_size, steps)
    if config.teacher:
        teacher = models.teacher(config.teacher, config.dataset).config
        counted.network(teacher.backbone, teacher.input_size, images["train"])
    if measured:
        counted.seconds += measured.seconds
        counted.parts.append(f"{steps:,} images in training: {measured.basis[0].lower()}{measured.basis[1:]}")
        return
    count_passes(round(cost.PASSES * back * steps))
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
