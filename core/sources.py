"""Sources: which vectors of which images a map, a neighbour list or a probe is made of.

    Source(backbone, weights, ...)    a backbone as it came        Source(run, what)    a network as a run left it
                                     rows -> row ids        values -> vectors, from the cache of features

`digest` tells two sources apart by everything that decides about their vectors, and needs no Keras.
"""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from core import backbones, datasets, features, settings
from core.config import POOLINGS, PREPROCESSINGS
from core.errors import ConfigError, WeightsError
from core.features import Features
from core.progress import Report, silent

IMAGES = {  # which images of a dataset, in words that follow a number
    "all": "images",
    "train": "training images",
    "val": "validation images",
    "test": "test images",
    "probe20": "training images of the probe's fifth",
    "finetune80": "training images of the fine-tune's four fifths",
}
WHAT = ("features", "logits")


@dataclass(frozen=True)
class Source:
    """Which vectors of which images, as plain values.

    Raises:
        ConfigError: A value that cannot be; BackboneError: an unknown backbone.
    """

    dataset: str = "cifar10-sample"
    images: str = "all"  # of IMAGES
    n_images: int = 0  # stratified; 0: all of them
    seed: int = 0  # which, where they are not all
    run: str = ""  # id of a run, whose network it then is: the fields from `backbone` on are the run's
    what: str = "features"  # of WHAT; the logits are a run's
    layer: str = ""  # a block of the network, pooled after it; "": the last
    backbone: str = "EfficientNetLite0"
    weights: str = "imagenet"
    input_size: int = 0  # pixels; 0: the backbone's default
    preprocessing: str = "own"
    pooling: str = "avg"

    def __post_init__(self):
        for name, known in (
            *(("images", IMAGES), ("what", WHAT)),
            *(("preprocessing", PREPROCESSINGS), ("pooling", POOLINGS)),
        ):
            if getattr(self, name) not in known:
                expected = f"one of {', '.join(known)}"
                raise ConfigError(f"The {name} of a source is {getattr(self, name)!r}", expected, "Choose one of these")
        for name in ("n_images", "seed", "input_size"):
            if getattr(self, name) < 0:
                raise ConfigError(f"The {name} of a source is {getattr(self, name)}", "0 or more", "Change it")
        backbones.get(self.backbone)


def rows(source: Source) -> np.ndarray:
    """Row ids (n,) int64 of the images, ascending.

    Raises:
        DatasetError: There is no such dataset, or fewer images than were asked for.
    """
    return _rows(source, datasets.load(source.dataset))


def digest(source: Source) -> str:
    """16 hexadecimal digits of all that decides about the vectors, and about which images they are of.

    Nothing is downloaded for it, so that a page may ask; a worker calls `fetch` first.

    Raises:
        WeightsError: The weights are not on this machine yet.
        LabError: Something else that the source names is not there.
    """
    dataset = datasets.load(source.dataset)
    chosen = hashlib.sha256(_rows(source, dataset).tobytes()).hexdigest()
    facts = [_key(source, dataset).digest, source.what, source.layer, chosen]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def missing(source: Source) -> int:
    """How many of the images have no vector in the cache yet; needs no Keras, downloads nothing."""
    dataset = datasets.load(source.dataset)
    chosen = _rows(source, dataset)
    try:
        return features.missing_from(_key(source, dataset), chosen)
    except WeightsError:
        return len(chosen)


def fetch(source: Source, report: Report = silent) -> None:
    """Downloads the weights where they are not on this machine; afterwards the source has a `digest`.

    Raises:
        WeightsError: They cannot be had.
    """
    backbones.find_weights(source.backbone, source.weights, report=report)


def values(source: Source, report: Report = silent) -> Features:
    """The vectors (n, d) float32 of the source's rows, ascending; those that are not in the cache are computed.

    Raises:
        LabError: What the source names is not there.
        Stopped: `report` raised it; what is computed stays.
    """
    fetch(source, report)
    dataset = datasets.load(source.dataset)
    return features.extract(
        dataset,
        _rows(source, dataset),
        backbones.get(source.backbone),
        weights=_weights(source),
        input_size=source.input_size,
        preprocessing=source.preprocessing,
        pooling=source.pooling,
        report=report,
    )


def _rows(source: Source, dataset: datasets.Dataset) -> np.ndarray:
    chosen = datasets.splits(dataset)[source.images] if source.images != "all" else np.arange(len(dataset.images))
    if source.n_images:
        chosen = datasets.subsample(chosen, dataset.labels[chosen], source.n_images, seed=source.seed)
    return np.sort(chosen).astype(np.int64)


def _key(source: Source, dataset: datasets.Dataset) -> features.Key:
    return features.key_of(
        dataset,
        backbones.get(source.backbone),
        weights=_weights(source),
        input_size=source.input_size,
        preprocessing=source.preprocessing,
        pooling=source.pooling,
    )


def _weights(source: Source) -> backbones.Weights:
    """Those on this machine, without a download."""
    facts = backbones.get(source.backbone)
    if source.weights == "imagenet" and facts.weights_file and backbones.published_here(facts) is None:
        raise WeightsError(
            f"The weights of {facts.name} are not on this machine yet",
            f"{facts.weights_file} in {settings.home() / 'weights'}",
            "They are downloaded when something is computed with them",
        )
    return backbones.find_weights(facts, source.weights)
