"""Embeddings: the vectors of images from which maps, neighbour lists and probes are computed.

    a pretrained backbone              features, or the output of one of its blocks (`features.layers`)
    a run that trained its network     the same from the trained network, and its logits
    a probe                            the same from its backbone, and its logits

    Source                             which vectors of which images, as plain values
    resolve(source) -> Resolved        its dataset, run and encoder, looked up once

A `Resolved` has `rows` (the images), `values` (their vectors, from the feature cache) and `digest`, which covers
everything that affects the vectors. Only `values` and `of_pictures` need Keras.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import backbones, features, options, runs, storage
from core.backbones.catalog import NORM_FIRST
from core.config import TITLES, RunConfig
from core.data import dataset as stored
from core.data import datasets
from core.data.dataset import Dataset
from core.errors import ConfigError, RunError, WeightsError
from core.features import Encoder, Features, compiled, inference, layers
from core.features.estimates import Count
from core.options import option
from core.progress import Report, silent
from core.runs import Run, models
from core.storage import Result

if TYPE_CHECKING:
    import keras

IMAGES = {  # which images of a dataset, as words that follow a number
    "all": "images",
    "train": "training images",
    "val": "validation images",
    "test": "test images",
    "probe20": "training images of the probe's 20 %",
    "finetune80": "training images of the fine-tune's 80 %",
}
WHAT = {"features": "Features, before the head", "logits": "Logits, the output of the head"}
POOLED = {
    "max": "max-pooled",
    "flatten": "flattened",
    "norm-avg": "LayerNorm-first",
    "norm-max": "LayerNorm-first max-pooled",
    "projected": "projected",
}  # the default, average pooling, goes unsaid
ENCODER = ("backbone", "weights", "input_size", "preprocessing", "pooling")  # fields of sources and configs


@dataclass(frozen=True)
class Source:
    """Which vectors of which images, as plain values.

    Raises:
        ConfigError: A value is not allowed; BackboneError: the backbone is unknown.
    """

    dataset: str = options.same(RunConfig, "dataset")
    images: str = option("all", "Images", "which images of the dataset", choices=IMAGES)
    n_images: int = option(
        0,
        "How many images",
        "the same share of each class; 0: all. A smaller sample is part of a larger one",
        least=0,
        offered=(0, 1_000_000),
        step=1000,
    )
    seed: int = option(0, "Seed", "seed of the sample and of the layout", least=0, offered=(0, 2**31 - 1))
    run: str = option(  # replaces the fields from `backbone` on
        "", "Run", "id of a run: its network instead of the backbone's", value="RUN"
    )
    what: str = option("features", "Vectors", "features, or a run's logits", choices=WHAT)
    layer: str = option(  # its pooled output
        "", "Layer", "a block of the network, instead of its last one", value="NAME"
    )
    backbone: str = options.same(RunConfig, "backbone")
    weights: str = options.same(RunConfig, "weights")
    input_size: int = options.same(RunConfig, "input_size", least=0, most=None)
    preprocessing: str = options.same(RunConfig, "preprocessing")
    pooling: str = options.same(RunConfig, "pooling")

    def __post_init__(self):
        options.check(self, "a source")
        backbone = backbones.get(self.backbone)
        object.__setattr__(self, "backbone", backbone.name)
        object.__setattr__(self, "pooling", backbone.own_pooling(self.pooling))
        object.__setattr__(self, "weights", backbone.own_weights(self.weights))

    @property
    def encoder(self) -> Encoder:
        """The encoder that these fields describe; the encoder of `run` may differ."""
        return Encoder(**{name: getattr(self, name) for name in ENCODER})


@dataclass(frozen=True, eq=False)
class Resolved:
    """A source with its dataset, run and encoder as they are now, so that all answers refer to the same ones."""

    source: Source
    dataset: Dataset
    run: Run | None
    encoder: Encoder  # of the run, if there is one

    @cached_property
    def rows(self) -> np.ndarray:
        """Row ids (n,) int64 of the images, ascending.

        Raises:
            DatasetError: The dataset has fewer images than requested.
        """
        source = self.source
        return _chosen(self.dataset.name, self.dataset.fingerprint, source.images, source.n_images, source.seed)

    @cached_property
    def key(self) -> features.Key:
        """The key of the vectors in the feature cache.

        Raises:
            WeightsError: The weights are not on this machine yet.
        """
        layer = "depths" if self.source.layer else ""
        encoder = _of_depths(self.encoder) if layer else self.encoder
        trained = self._trained
        if trained:
            return features.key_of(self.dataset, encoder, weights=_version(trained), output=layer or "head")
        return features.key_of(self.dataset, encoder, output=layer)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that identify the vectors and the images they belong to.

        Downloads nothing, so a page may use it; a worker calls `fetch` first.

        Raises:
            WeightsError: The weights are not on this machine yet.
        """
        images = hashlib.sha256(self.rows.tobytes()).hexdigest()
        head = _version(self.run) if self.run and self.source.what == "logits" else ""
        return storage.digest([self.key.digest, head, self.source.what, self.source.layer, images])

    def count(self, into: Count) -> None:
        """Count its missing features. Needs no Keras."""
        encoder, missing = self.encoder, self.missing
        into.network(encoder.backbone, encoder.input_size, missing, builds=int(missing > 0))

    @property
    def title(self) -> str:
        """One line, such as: MobileNetV2 at 96 px, features, 1,000 test images of CIFAR-10."""
        source, run, encoder = self.source, self.run, self.encoder
        parts = [f"{encoder.backbone} at {encoder.input_size} px"]
        if run and (run.config.trains or source.what == "logits"):
            parts.append(f"{TITLES[run.config.method].lower()} of {run.created.astimezone():%d %b %H:%M}")
        elif encoder.weights not in backbones.PUBLISHED:
            untrained = encoder.weights == "untrained"
            parts.append("untrained" if untrained else f"weights of {Path(encoder.weights).name}")
        if encoder.preprocessing != backbones.get(encoder.backbone).preprocessing:
            parts.append("pixels divided by 255")
        if source.layer:
            parts.append(f"{source.what} after {source.layer}")
        elif source.what == "features" and encoder.pooling in POOLED:
            parts.append(f"{POOLED[encoder.pooling]} features")
        else:
            parts.append(source.what)
        return f"{', '.join(parts)}, {len(self.rows):,} {IMAGES[source.images]} of {self.dataset.title}"

    @property
    def missing(self) -> int:
        """How many of the vectors are not in the cache yet; needs no Keras and downloads nothing."""
        try:
            return features.missing_from(self.key, self.rows)
        except WeightsError:
            return len(self.rows)

    @property
    def frozen(self) -> Source:
        """The same images through the backbone of the run as it was before training.

        Raises:
            ConfigError: The source has no run, or the run did not start from a pretrained backbone.
        """
        if self.run is None or self.run.config.method == "scratch" or self.source.what == "logits":
            raise ConfigError(
                "This run has no vectors from before its training",
                "features of a run that started from a pretrained backbone",
                "Choose a fine-tune",
            )
        return replace(self.source, run="", **{name: getattr(self.run.config, name) for name in ENCODER})

    def vary(self, **changes: Any) -> "Resolved":
        """The same source with other images, another layer, or logits instead of features."""
        source = replace(self.source, **changes)
        _check(source, self.run)
        return Resolved(source, self.dataset, self.run, self.encoder)

    def fetch(self, report: Report = silent) -> None:
        """Download the weights if they are not on this machine; after that, `digest` is available.

        Raises:
            WeightsError: They cannot be found or downloaded.
        """
        if not self._trained:
            self.encoder.find_weights(report)

    def values(self, report: Report = silent) -> Features:
        """The vectors (n, d) float32 of the rows; missing ones are computed and cached.

        Raises:
            LabError: The weights or the model of the run are missing.
            Stopped: `report` raised it; computed vectors stay in the cache.
        """
        self.fetch(report)
        image_size = self.dataset.images.shape[1]
        vectors = features.fill(
            self.key, self.dataset, self.rows, lambda: _build(self, image_size), part=self._part, report=report
        )
        return replace(vectors, values=self._scored(vectors.values))

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """The vectors (m, d) float32 of pictures outside the dataset; they are not cached.

        Args:
            pictures: (m, s, s, 3) uint8, of the same size as the images of the source.

        Raises:
            LabError: The weights or the model of the run are missing.
        """
        network = _kept_network(self, pictures.shape[1])
        batches = [values for _, values in network.stream(pictures, np.arange(len(pictures)))]
        first, end = network.parts.get(self._part, (0, None))
        return self._scored(np.concatenate(batches)[:, first:end])

    def find(self, kind: str, version: int, parse: Callable[[Any], Result]) -> Result | None:
        """What was found in these vectors, as `keep` wrote it; None if nothing was, or the weights are not here yet.

        Args:
            kind, parse: As for `storage.find`.
            version: Of the method that found it.
        """
        try:
            key = storage.digest([version, self.digest])
        except WeightsError:  # they are downloaded before it is computed
            return None
        return storage.find(kind, key, parse)

    def keep(self, kind: str, version: int, result: Any) -> None:
        """Write a result from these vectors, made of plain values. Raises WeightsError as `digest`."""
        storage.keep(kind, storage.digest([version, self.digest]), result)

    @property
    def _trained(self) -> Run | None:
        """The run, if it trained its network."""
        return self.run if self.run and self.run.config.trains else None

    @property
    def _part(self) -> str:
        """Which output, for a network with several: see `_build`."""
        return {"depths": self.source.layer, "head": self.source.what}.get(self.key.output, "")

    def _scored(self, vectors: np.ndarray) -> np.ndarray:
        """A probe's logits, if the source asks for them; otherwise the vectors unchanged."""
        if self.run and not self._trained and self.source.what == "logits":
            return runs.head(self.run.id).logits(vectors)
        return vectors


def resolve(source: Source) -> Resolved:
    """Look up the dataset, the run and the encoder of a source.

    Raises:
        LabError: The dataset or the run no longer exists.
    """
    dataset = _dataset(source.dataset)
    run = runs.get(source.run) if source.run else None
    _check(source, run)
    return Resolved(source, dataset, run, run.config.encoder if run else source.encoder)


# Shortcuts for a single question about a source


def rows(source: Source) -> np.ndarray:
    """`Resolved.rows` of a source, without looking up its run."""
    dataset = _dataset(source.dataset)
    return _chosen(dataset.name, dataset.fingerprint, source.images, source.n_images, source.seed)


def digest(source: Source) -> str:
    """`Resolved.digest` of a source."""
    return resolve(source).digest


def title(source: Source) -> str:
    """`Resolved.title` of a source."""
    return resolve(source).title


def missing(source: Source) -> int:
    """`Resolved.missing` of a source."""
    return resolve(source).missing


def values(source: Source, report: Report = silent) -> Features:
    """`Resolved.values` of a source."""
    return resolve(source).values(report)


def network(source: Source) -> tuple[str, int]:
    """The name of the source's backbone and its input size in pixels."""
    encoder = resolve(source).encoder
    return encoder.backbone, encoder.input_size


def _check(source: Source, run: Run | None) -> None:
    if run is None:
        if source.what == "logits":
            raise ConfigError("A backbone has no logits", "a run, whose head gives logits", "Choose a run")
        return
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and left no network", "a finished run")
    if source.what == "logits" and source.layer:
        raise ConfigError("Logits do not belong to a block", "logits, or features after a block", "Choose one of them")


def _version(run: Run) -> str:
    """The current version of a run: resuming it changes its network."""
    return f"run {run.id} {run.finished:%Y-%m-%d %H:%M:%S.%f}"


# Datasets and samples of their rows, cached: a page needs the digests of a dozen sources at a time


def _dataset(name: str) -> Dataset:
    """The dataset in its current version."""
    if name == datasets.SAMPLE:  # it never changes, and unpacking it takes 50 ms
        return _opened(name, "")
    return _opened(name, stored.about(name)["fingerprint"]) if name in stored.names() else datasets.load(name)


@lru_cache(maxsize=2)
def _opened(name: str, fingerprint: str) -> Dataset:
    return datasets.load(name)


@lru_cache(maxsize=32)
def _chosen(name: str, fingerprint: str, images: str, n_images: int, seed: int) -> np.ndarray:
    """Row ids (n,) int64, ascending, as a read-only array."""
    dataset = _dataset(name)
    chosen = datasets.splits(dataset)[images] if images != "all" else np.arange(len(dataset.images))
    if n_images:
        chosen = datasets.subsample(chosen, dataset.labels[chosen], n_images, seed=seed)
    rows = np.sort(chosen).astype(np.int64)
    rows.flags.writeable = False
    return rows


# The network that computes the vectors

_KEPT: dict[tuple[features.Key, int], compiled.Forward] = {}  # the last one, for a series of pictures


def _kept_network(resolved: Resolved, image_size: int) -> compiled.Forward:
    key = resolved.key, image_size
    network = _KEPT.get(key)
    if network is None:
        network = _build(resolved, image_size)
        _KEPT.clear()
        _KEPT[key] = network
    return network


def _build(resolved: Resolved, image_size: int) -> compiled.Forward:
    """The network with the outputs in the key: pooled features, all depths, or features and logits."""
    key, encoder = resolved.key, resolved.encoder
    if not key.output:
        return compiled.build(encoder, image_size=image_size)
    return compiled.compile(
        lambda: _with_outputs(resolved),
        image_size=image_size,
        input_size=key.input_size,
        mode=key.preprocessing,
        precision=key.precision,
        identity={
            "backbone": key.backbone,
            "weights": key.weights,
            "output": f"{key.pooling} {key.output} {key.version}",
        },
    )


def _with_outputs(resolved: Resolved) -> tuple[Any, inference.Parts]:
    """The network of which an output is wanted, and the columns of each."""
    key, run, model = resolved.key, resolved.run, None
    if run and run.config.trains:
        model = models.read(run)
        network = next(layer for layer in model.layers if hasattr(layer, "layers"))
    else:
        network = compiled.network(_of_depths(resolved.encoder))
    return layers.cut(network) if key.output == "depths" else _with_logits(model, network)


def _of_depths(encoder: Encoder) -> Encoder:
    """The encoder with the same blocks, for all poolings that share them: in ConvNeXt a LayerNorm may end the last."""
    spec = backbones.get(encoder.backbone)
    norm_first = NORM_FIRST["avg"] in spec.poolings and not spec.norm_follows(encoder.pooling)
    return replace(encoder, pooling=NORM_FIRST["avg"] if norm_first else "avg")


def _with_logits(model: Any, network: Any) -> "tuple[keras.Model, dict[str, tuple[int, int]]]":
    """A model from images to the features of the network, concatenated with the logits of its head."""
    import keras

    with compiled.building("float32"):
        x = pooled = keras.ops.cast(network.outputs[0], "float32")
        *before, last = model.layers[model.layers.index(network) + 1 :]
        for layer in before:
            x = layer(x)
        output = keras.layers.Dense(last.units, name="logits", dtype="float32")
        logits = output(x)
        output.set_weights(last.get_weights())
        dim, classes = int(network.output_shape[-1]), int(last.units)
        both = keras.Model(network.inputs[0], keras.ops.concatenate([pooled, logits], axis=-1))
    return both, {"features": (0, dim), "logits": (dim, dim + classes)}
