"""What a run will take, before it starts: which features are missing, and how long it takes on this machine."""

from dataclasses import dataclass

import numpy as np

from core import features, protocol, training
from core.config import RunConfig
from core.data import datasets
from core.features import throughput

STEP_IN_PASSES = 3  # the cost of a training step in forward passes: forward, gradients of activations and of weights


@dataclass(frozen=True)
class Plan:
    """What a run will do on this machine."""

    images: int  # training, validation and test
    n_train: int
    n_test: int
    missing: int  # images whose features are not in the cache
    download: bool  # the weights are not on this machine yet
    estimate: throughput.Estimate | None  # of the missing features, or of the training; None: never measured here


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
    extraction = throughput.estimate(config.backbone, config.input_size, missing)
    return Plan(
        images=len(everything),
        n_train=len(rows["train"]),
        n_test=len(rows["test"]),
        missing=missing,
        download=config.encoder.needs_download,
        estimate=_training(config, {name: len(part) for name, part in rows.items()}) if config.trains else extraction,
    )


def _training(config: RunConfig, counts: dict[str, int]) -> throughput.Estimate | None:
    """Epochs of training and validation, and the test after each phase."""
    passes = counts["val"] * config.epochs + counts["test"]
    if config.method == "finetune":
        passes += sum(counts.values())  # the head phase sees every image once
    forward = throughput.estimate(config.backbone, config.input_size, passes)
    measured = throughput.estimate(throughput.training_name(config), config.input_size, counts["train"] * config.epochs)
    if measured:
        return throughput.Estimate(measured.seconds + (forward.seconds if forward else 0), measured.basis)
    steps = STEP_IN_PASSES * counts["train"] * config.epochs
    guess = throughput.estimate(config.backbone, config.input_size, passes + steps)
    if guess is None:
        return None
    return throughput.Estimate(
        guess.seconds, f"A training step counts as {STEP_IN_PASSES} forward passes at most. {guess.basis}"
    )
