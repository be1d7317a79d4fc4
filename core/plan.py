"""What a run will take, before it starts: which features are there already, and how long the others take here."""

from dataclasses import dataclass

import numpy as np

from core import backbones, datasets, execute, features, speeds
from core.config import RunConfig


@dataclass(frozen=True)
class Plan:
    """What a run is going to do on this machine."""

    images: int  # training, validation and test
    n_train: int
    n_test: int
    missing: int  # images whose features are not in the cache
    download: bool  # the weights are not on this machine yet
    estimate: speeds.Estimate | None  # for the missing ones; None where this backbone was never measured here


def plan(config: RunConfig) -> Plan:
    """Look at dataset, cache and measured speeds; nothing is downloaded or computed.

    Raises:
        LabError: The run would fail with the same message.
    """
    dataset = datasets.load(config.dataset)
    rows = execute.choose_rows(dataset, config)
    everything = np.concatenate(list(rows.values()))
    backbone, missing = backbones.get(config.backbone), len(everything)
    published = config.weights == "imagenet" and backbone.weights_file
    download = bool(published) and backbones.published_here(backbone) is None
    if not download:
        missing = features.missing(
            dataset,
            everything,
            backbone,
            weights=backbones.find_weights(backbone, config.weights),
            input_size=config.input_size,
            preprocessing=config.preprocessing,
        )
    return Plan(
        images=len(everything),
        n_train=len(rows["train"]),
        n_test=len(rows["test"]),
        missing=missing,
        download=download,
        estimate=speeds.estimate(config.backbone, config.input_size, missing),
    )
