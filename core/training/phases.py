"""The stages of a training: which layers each one trains, and what is computed before so that its steps are short."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from core import features, heads
from core.config import RunConfig
from core.data.datasets import Dataset
from core.progress import Progress, Report
from core.training import freezing, frozen_front, step
from core.training import model as assembly
from core.training.inputs import Activations, Pictures, Source
from core.training.model import Assembly

TELL_EVERY = 0.2  # seconds between two progress reports
EVALUATION_BATCH = 64  # images at least


@dataclass(frozen=True)
class Stage:
    """One part of a training, with an optimiser of its own."""

    name: str  # head, finetune or scratch
    epochs: int
    learning_rate: float
    schedule: str


@dataclass
class Material:
    """What a training works with."""

    config: RunConfig
    dataset: Dataset
    rows: dict[str, np.ndarray]  # row ids of train and val
    head: heads.Head | None  # to start from
    folder: Path  # for what is too large for memory
    front_budget: int | None  # bytes; None: what this machine has to spare
    report: Report
    assembly: Assembly = field(init=False)

    def __post_init__(self):
        self.renew()

    def renew(self) -> None:
        """Makes the network as it is before any training."""
        self.assembly = assembly.assemble(self.config, image_size=self.image_size, classes=self.classes, head=self.head)

    @property
    def classes(self) -> int:
        return len(self.dataset.class_names)

    @property
    def image_size(self) -> int:  # pixels
        return self.dataset.images.shape[1]

    def pictures(self, rows: np.ndarray, kinds: tuple[str, ...] = ()) -> Pictures:
        """Images of the dataset as a source."""
        return Pictures(self.dataset.images, rows, kinds)

    def targets(self, split: str) -> np.ndarray:
        """(n, classes) float32, one 1 in each row."""
        return np.eye(self.classes, dtype=np.float32)[self.dataset.labels[self.rows[split]]]

    def image_weights(self) -> np.ndarray | None:
        """The weight of each training image (n,) in the loss, 1 on average; None where all have the same."""
        if self.config.class_weights == "none":
            return None
        labels = self.dataset.labels[self.rows["train"]]
        counts = np.bincount(labels, minlength=self.classes)
        return (len(labels) / (self.classes * np.maximum(counts, 1))).astype(np.float32)[labels]

    def extract(self, rows: np.ndarray) -> Activations:
        """Features of the frozen backbone, from their cache where they are there."""
        return Activations((features.extract(self.dataset, rows, self.config.encoder, report=self.report).values,))


@dataclass(frozen=True)
class Prepared:
    """The model that a stage trains, and what it is fed with."""

    model: Any  # keras.Model, from what the sources give to probabilities
    sources: dict[str, Source]  # train and val
    front_cached: bool = False  # the frozen front is computed already
    note: str = ""  # what a person should know about it


def plan(config: RunConfig, head: heads.Head | None) -> list[Stage]:
    """The head on the frozen backbone, unless there is one to start from, then what is unfrozen; or all at once."""
    main = Stage(config.method, config.epochs, config.learning_rate, config.schedule)
    if config.method == "scratch" or head or not config.head_epochs:
        return [main]
    return [Stage("head", config.head_epochs, config.head_learning_rate, "constant"), main]


def freeze(stage: Stage, material: Material) -> freezing.Frozen | None:
    """Sets which layers train, and tells what it came to; None for the head, with which nothing else trains."""
    config, network = material.config, material.assembly.network
    mode = "inference" if _inference(stage, config) else "training"
    if stage.name == "head":
        network.trainable = False
        return None
    if stage.name == "scratch":
        network.trainable = True
        return freezing.inspect(network, mode)
    freezing.apply(network, config.unfreeze, config.unfreeze_count)
    return freezing.inspect(network, mode, unfreeze=config.unfreeze, count=config.unfreeze_count)


def prepare(stage: Stage, material: Material) -> Prepared:
    """Computes what stays the same in every epoch, unless images are augmented: features, or the frozen front."""
    config, note = material.config, ""
    if not config.augmentations and stage.name == "head" and _features_fit(material):
        sources = {split: material.extract(rows) for split, rows in material.rows.items()}
        return Prepared(_model(stage, material, None), sources)
    parts = None if config.augmentations else _parts(stage, material)
    if parts:
        front, back = parts
        needed = frozen_front.bytes_per_image(front) * sum(map(len, material.rows.values()))
        where = frozen_front.room(material.folder, needed, material.front_budget)
        if where:
            return Prepared(_model(stage, material, back), _activations(front, material, where), front_cached=True)
        if material.front_budget is None:
            note = f"The frozen layers ran in every step: what they give takes {needed / 1e9:.1f} GB"
    body = assembly.before(config, material.image_size, material.assembly.network)
    kinds = {"train": config.augmentations}
    sources = {split: material.pictures(rows, kinds.get(split, ())) for split, rows in material.rows.items()}
    return Prepared(_model(stage, material, body), sources, note=note)


def predict(stage: Stage, material: Material, rows: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) float32 for rows of the dataset, of the network as it is after a stage."""
    if stage.name == "head" and not material.config.augmentations:
        model, source = _model(stage, material, None), material.extract(rows)  # features that the cache then has
    else:
        model, source = material.assembly.model, material.pictures(rows)
    probabilities = np.empty((len(rows), material.classes), np.float32)
    teller = Teller(material.report, "evaluate", len(rows))

    def put(places: slice, outputs: np.ndarray) -> None:
        probabilities[places] = outputs
        teller.add(len(outputs))

    step.predict(model, source, EVALUATION_BATCH, put)
    return probabilities


class Teller:
    """Counts images and reports them, not too often."""

    def __init__(self, report: Report, stage: str, total: int):
        self.report, self.stage, self.total = report, stage, total
        self.done, self.began, self.told = 0, perf_counter(), 0.0

    def add(self, images: int) -> None:
        self.done += images
        now = perf_counter()
        if now - self.told > TELL_EVERY or self.done == self.total:
            rate = self.done / max(now - self.began, 1e-6)
            left = (self.total - self.done) / rate
            self.report(Progress(self.stage, self.done, self.total, rate=rate, seconds_left=left))
            self.told = now


def _inference(stage: Stage, config: RunConfig) -> bool:
    """Whether the backbone runs in inference mode while it trains."""
    return stage.name == "head" or (stage.name == "finetune" and config.batchnorm == "inference")


def _model(stage: Stage, material: Material, body: Any | None) -> Any:
    return step.build(material.assembly, body, inference=_inference(stage, material.config))


def _features_fit(material: Material) -> bool:
    count = sum(map(len, material.rows.values()))
    return frozen_front.room(material.folder, 4 * count * material.assembly.network.output_shape[-1]) == "memory"


def _parts(stage: Stage, material: Material) -> tuple[Any, Any] | None:
    return frozen_front.split(material.assembly.network, inference=_inference(stage, material.config))


def _activations(front: Any, material: Material, where: str) -> dict[str, Source]:
    """What the frozen front gives for every image."""
    model = assembly.before(material.config, material.image_size, front)
    teller = Teller(material.report, "extract", sum(map(len, material.rows.values())))
    sources: dict[str, Source] = {}
    for split, rows in material.rows.items():
        arrays = frozen_front.empty(material.folder, split, front, len(rows), where)
        step.predict(model, material.pictures(rows), EVALUATION_BATCH, _filling(arrays, teller))
        sources[split] = Activations(arrays)
    return sources


def _filling(arrays: tuple[np.ndarray, ...], teller: Teller) -> Callable[[slice, Any], None]:
    def put(places: slice, outputs: Any) -> None:
        for array, output in zip(arrays, outputs if isinstance(outputs, list) else [outputs], strict=True):
            array[places] = output
        teller.add(places.stop - places.start)

    return put
