"""Sources: which vectors of which images a map, a neighbour list or a probe is made of.

    a backbone as it came              features, or what leaves one of its blocks (`layers`)
    a run whose network trained        the same of its network as it is now, and its logits
    a probe                            its backbone as it came, and its logits

`rows` are the images, `values` their vectors from the cache of features, and `digest` tells two sources apart by all
that decides about the vectors; only `values` needs Keras.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core import backbones, features, options, runs, settings
from core.backbones.clip import towers
from core.config import TITLES, RunConfig
from core.data import dataset as stored
from core.data import datasets
from core.data.dataset import Dataset
from core.errors import ConfigError, RunError, WeightsError
from core.features import Features, compiled, layers
from core.options import option
from core.progress import Report, silent
from core.runs import models
from core.training import model as assembly

IMAGES = {  # which images of a dataset, in words that follow a number
    "all": "images",
    "train": "training images",
    "val": "validation images",
    "test": "test images",
    "probe20": "training images of the probe's fifth",
    "finetune80": "training images of the fine-tune's four fifths",
}
WHAT = {"features": "Features, before the head", "logits": "Logits, what the head makes of them"}
POOLED = {"max": "max-pooled", "flatten": "flattened", "projected": "projected"}  # what goes without saying is left out


@dataclass(frozen=True)
class Source:
    """Which vectors of which images, as plain values.

    Raises:
        ConfigError: A value that cannot be; BackboneError: an unknown backbone.
    """

    dataset: str = options.same(RunConfig, "dataset")
    images: str = option("all", "Images", "which images of the dataset", choices=IMAGES)
    n_images: int = option(
        0,
        "How many images",
        "in equal shares of each class; 0: all. A smaller sample is part of a larger one",
        least=0,
        offered=(0, 1_000_000),
        step=1000,
    )
    seed: int = option(0, "Seed", "seed of the sample and of the layout", least=0, offered=(0, 2**31 - 1))
    run: str = option(  # the fields from `backbone` on are then the run's
        "", "Run", "id of a run: its network instead of the backbone's", value="RUN"
    )
    what: str = option("features", "Vectors", "features, or a run's logits", choices=WHAT)
    layer: str = option(  # pooled after it
        "", "Layer", "a block of the network, instead of its end", value="NAME"
    )
    backbone: str = options.same(RunConfig, "backbone")
    weights: str = options.same(RunConfig, "weights")
    input_size: int = options.same(RunConfig, "input_size", least=0, most=None)
    preprocessing: str = options.same(RunConfig, "preprocessing")
    pooling: str = options.same(RunConfig, "pooling")

    def __post_init__(self):
        options.check(self, "a source")
        facts = backbones.get(self.backbone)
        object.__setattr__(self, "pooling", towers.own_pooling(facts, self.pooling))
        object.__setattr__(self, "weights", backbones.own_weights(facts, self.weights))


def rows(source: Source) -> np.ndarray:
    """Row ids (n,) int64 of the images, ascending.

    Raises:
        DatasetError: There is no such dataset, or fewer images than were asked for.
    """
    return _rows(source, _dataset(source.dataset))


def digest(source: Source) -> str:
    """16 hexadecimal digits of all that decides about the vectors, and about which images they are of.

    Nothing is downloaded for it, so that a page may ask; a worker calls `fetch` first.

    Raises:
        WeightsError: The weights are not on this machine yet.
        LabError: Something else that the source names is not there.
    """
    dataset, run = _dataset(source.dataset), _run(source)
    chosen = hashlib.sha256(_rows(source, dataset).tobytes()).hexdigest()
    head = _version(run) if run and source.what == "logits" else ""
    facts = [_key(source, dataset, run).digest, head, source.what, source.layer, chosen]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def title(source: Source) -> str:
    """What the vectors are, in a line: MobileNetV2 at 96 px, features, 1,000 test images of CIFAR-10.

    Raises:
        LabError: What the source names is not there.
    """
    dataset, run = _dataset(source.dataset), _run(source)
    backbone = _backbone(source, run)
    how = ["{} at {} px".format(*network(source))]
    if run and (run.config.trains or source.what == "logits"):
        what = TITLES[run.config.method].lower()
        how.append(f"{what} of {run.created.astimezone():%d %b %H:%M}")
    elif backbone.weights not in backbones.PUBLISHED:
        how.append("untrained" if backbone.weights == "untrained" else f"weights of {Path(backbone.weights).name}")
    if backbone.preprocessing != "own":
        how.append("pixels divided by 255")
    what = source.what
    if not source.layer and what == "features" and backbone.pooling in POOLED:
        what = f"{POOLED[backbone.pooling]} features"
    how.append(f"{what} after {source.layer}" if source.layer else what)
    return f"{', '.join(how)}, {len(_rows(source, dataset)):,} {IMAGES[source.images]} of {dataset.title}"


def network(source: Source) -> tuple[str, int]:
    """The name of the source's backbone and the pixels it sees.

    Raises:
        RunError: There is no such run, or it has not finished.
    """
    backbone = _backbone(source, _run(source))
    return backbone.backbone, backbone.input_size or backbones.get(backbone.backbone).default_size


def frozen(source: Source) -> Source:
    """The same images through the backbone of the source's run as it was before anything of it trained.

    Raises:
        ConfigError: The source is of no run, or of a run that did not start from a backbone.
        RunError: There is no such run.
    """
    run = _run(source)
    if run is None or run.config.method == "scratch" or source.what == "logits":
        raise ConfigError(
            "These vectors have no before", "features of a run that started from a backbone", "Choose a fine-tune"
        )
    return replace(_backbone(source, run), run="")


def missing(source: Source) -> int:
    """How many of the images have no vector in the cache yet; needs no Keras, downloads nothing."""
    dataset = _dataset(source.dataset)
    chosen = _rows(source, dataset)
    try:
        return features.missing_from(_key(source, dataset, _run(source)), chosen)
    except WeightsError:
        return len(chosen)


def fetch(source: Source, report: Report = silent) -> None:
    """Downloads the weights where they are not on this machine; afterwards the source has a `digest`.

    Raises:
        WeightsError: They cannot be had.
    """
    run = _run(source)
    if not (run and run.config.trains):
        backbone = _backbone(source, run)
        backbones.find_weights(backbone.backbone, backbone.weights, report=report)


def values(source: Source, report: Report = silent) -> Features:
    """The vectors (n, d) float32 of the source's rows, ascending; those that are not in the cache are computed.

    Raises:
        LabError: What the source names is not there.
        Stopped: `report` raised it; what is computed stays.
    """
    fetch(source, report)
    dataset, run = _dataset(source.dataset), _run(source)
    key = _key(source, dataset, run)
    parts = {"depths": source.layer, "head": source.what}
    found = features.fill(
        key,
        dataset,
        _rows(source, dataset),
        lambda: _build(source, key, run, dataset.images.shape[1]),
        part=parts.get(key.output, ""),
        report=report,
    )
    if run and not run.config.trains and source.what == "logits":
        return replace(found, values=runs.head(run.id).logits(found.values))
    return found


def of_pictures(source: Source, pictures: np.ndarray) -> np.ndarray:
    """The vectors (m, d) float32 of pictures that no dataset has; nothing of them is kept.

    Args:
        pictures: (m, s, s, 3) uint8, of the size that the source's images have.

    Raises:
        LabError: What the source names is not there.
    """
    dataset, run = _dataset(source.dataset), _run(source)
    key = _key(source, dataset, run)
    network = _kept_network(source, key, pictures.shape[1])
    _, values = zip(*network.stream(pictures, np.arange(len(pictures))), strict=True)
    values = np.concatenate(values)
    first, end = network.parts.get({"depths": source.layer, "head": source.what}.get(key.output, ""), (0, None))
    values = values[:, first:end]
    if run and not run.config.trains and source.what == "logits":
        return runs.head(run.id).logits(values)
    return values


@lru_cache(maxsize=1)
def _kept_network(source: Source, key: features.Key, image_size: int) -> compiled.Forward:
    """The network of a source, for one picture after another; another key is another network."""
    return _build(source, key, _run(source), image_size)


# The network whose outputs they are


def _build(source: Source, key: features.Key, run: runs.Run | None, image_size: int) -> compiled.Forward:
    if key.output:
        if run and run.config.trains:
            model = models.read(run)
            network = next(layer for layer in model.layers if hasattr(layer, "layers"))
        else:
            model = None
            with compiled.building(key.precision):
                network = backbones.load(
                    key.backbone, input_size=key.input_size, weights=_weights(_backbone(source, run))
                )
        network, parts = layers.cut(network) if key.output == "depths" else _with_logits(model, network)
        return compiled.compile(
            network, image_size=image_size, input_size=key.input_size, mode=key.preprocessing, parts=parts
        )
    return compiled.build(
        key.backbone,
        _weights(_backbone(source, run)),
        image_size=image_size,
        input_size=key.input_size,
        preprocessing=key.preprocessing,
        pooling=key.pooling,
        precision=key.precision,
    )


def _with_logits(model: Any, network: Any) -> tuple[Any, dict[str, tuple[int, int]]]:
    """A model from a network's images to its features and, beside them, what its head puts into the softmax."""
    import keras

    with compiled.building("float32"):
        x = pooled = keras.ops.cast(network.outputs[0], "float32")
        *before, last = model.layers[model.layers.index(network) + 1 :]
        for layer in before:
            x = layer(x)
        scores = keras.layers.Dense(last.units, name="logits", dtype="float32")
        logits = scores(x)
        scores.set_weights(last.get_weights())
        dim, classes = pooled.shape[-1], last.units
        both = keras.Model(network.inputs[0], keras.ops.concatenate([pooled, logits], axis=-1))
    return both, {"features": (0, dim), "logits": (dim, dim + classes)}


# What is meant


def _run(source: Source) -> runs.Run | None:
    """The run of a source, if it has what is asked of it."""
    if not source.run:
        if source.what == "logits":
            raise ConfigError("Logits were asked for of a backbone, which has no classes", "a run", "Choose a run")
        return None
    run = runs.get(source.run)
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and left no network", "a finished run")
    if source.what == "logits" and source.layer:
        raise ConfigError("Logits have no depth", "logits, or features after a block", "Choose one of them")
    return run


def _backbone(source: Source, run: runs.Run | None) -> Source:
    """The same with the fields of its run's backbone."""
    own = ("backbone", "weights", "input_size", "preprocessing", "pooling")
    return replace(source, **{name: getattr(run.config, name) for name in own}) if run else source


def _version(run: runs.Run) -> str:
    """A run as it is now: one that was resumed has another network."""
    return f"run {run.id} {run.finished:%Y-%m-%d %H:%M:%S.%f}"


def _dataset(name: str) -> Dataset:
    """The dataset as it is now, opened once: pages ask for the digests of a dozen sources at a time."""
    return _opened(name, stored.about(name)["fingerprint"]) if name in stored.names() else datasets.load(name)


@lru_cache(maxsize=2)
def _opened(name: str, fingerprint: str) -> Dataset:
    return datasets.load(name)


def _rows(source: Source, dataset: Dataset) -> np.ndarray:
    return _chosen(dataset.name, dataset.fingerprint, source.images, source.n_images, source.seed)


@lru_cache(maxsize=32)
def _chosen(name: str, fingerprint: str, images: str, n_images: int, seed: int) -> np.ndarray:
    """Row ids (n,) int64, ascending; for reading only."""
    dataset = _dataset(name)
    chosen = datasets.splits(dataset)[images] if images != "all" else np.arange(len(dataset.images))
    if n_images:
        chosen = datasets.subsample(chosen, dataset.labels[chosen], n_images, seed=seed)
    rows = np.sort(chosen).astype(np.int64)
    rows.flags.writeable = False
    return rows


def _key(source: Source, dataset: Dataset, run: runs.Run | None) -> features.Key:
    """The entry of the cache that has these vectors."""
    backbone, output = _backbone(source, run), "depths" if source.layer else ""
    facts = backbones.get(backbone.backbone)
    how = {"input_size": backbone.input_size, "preprocessing": backbone.preprocessing}
    how["pooling"] = "avg" if source.layer else backbone.pooling
    if not (run and run.config.trains):
        return replace(features.key_of(dataset, facts, weights=_weights(backbone), **how), output=output)
    network = backbones.Weights(run.config.weights, None, _version(run))
    key = features.key_of(dataset, facts, weights=network, precision=assembly.precision(run.config), **how)
    return replace(key, output=output or "head")


def _weights(source: Source) -> backbones.Weights:
    """Those on this machine, without a download."""
    facts = backbones.get(source.backbone)
    if source.weights in backbones.PUBLISHED and facts.weights_file and backbones.published_here(facts) is None:
        raise WeightsError(
            f"The weights of {facts.name} are not on this machine yet",
            f"{facts.weights_file} in {settings.home() / 'weights'}",
            "They are downloaded when something is computed with them",
        )
    return backbones.find_weights(facts, source.weights)
