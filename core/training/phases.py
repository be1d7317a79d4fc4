"""The phases of training: which layers each one trains, and what is precomputed to keep its steps short."""

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

REPORT_EVERY = 0.2  # seconds between progress reports
EVALUATION_BATCH = 64  # images at least


@dataclass(frozen=True)
class Phase:
    """One phase of training, with its own optimizer."""

    name: str  # head, finetune or scratch
    epochs: int
    learning_rate: float  # of the head, and of the backbone without layer-wise decay
    schedule: str
    layer_decay: float = 1.0
    batchnorm: str = "inference"  # mode of the backbone: inference or training

    @property
    def inference(self) -> bool:
        """Whether the backbone runs in inference mode."""
        return self.batchnorm == "inference"


@dataclass
class Material:
    """Everything that training works with."""

    config: RunConfig
    dataset: Dataset
    rows: dict[str, np.ndarray]  # row ids of train and val
    folder: Path  # for what is too large for memory
    report: Report
    head: heads.Head | None = None  # a trained head to start from
    taught: np.ndarray | None = None  # (n, classes) float32, the teacher's probabilities for the training images
    front_budget: int | None = None  # bytes; None: what this machine can spare
    assembly: Assembly = field(init=False)
    build_seconds: float = 0.0  # of building the network, and of first batches, which compile
    tested_per_second: float | None = None  # images, through the whole network, without the first batch

    def __post_init__(self):
        self.renew()

    def renew(self) -> None:
        """Create the network in its initial state."""
        began = perf_counter()
        self.assembly = assembly.assemble(self.config, image_size=self.image_size, classes=self.classes, head=self.head)
        self.build_seconds += perf_counter() - began

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
        """One-hot labels (n, classes) float32; for training images with the teacher's probabilities beside them."""
        labels = np.eye(self.classes, dtype=np.float32)[self.dataset.labels[self.rows[split]]]
        return labels if self.taught is None or split != "train" else np.concatenate([labels, self.taught], axis=1)

    def image_weights(self) -> np.ndarray | None:
        """The weight of each training image (n,) in the loss, 1 on average; None if all are equal."""
        if self.config.class_weights == "none":
            return None
        labels = self.dataset.labels[self.rows["train"]]
        counts = np.bincount(labels, minlength=self.classes)
        return (len(labels) / (self.classes * np.maximum(counts, 1))).astype(np.float32)[labels]

    def extract(self, rows: np.ndarray) -> Activations:
        """Features of the frozen backbone, cached if possible."""
        return Activations((features.extract(self.dataset, rows, self.config.encoder, report=self.report).values,))


@dataclass(frozen=True)
class Prepared:
    """The model that a phase trains, and its inputs."""

    model: Any  # keras.Model, from the inputs of the sources to probabilities
    sources: dict[str, Source]  # train and val
    front_cached: bool = False  # the frozen front was precomputed
    note: str = ""  # shown to the user


def plan(config: RunConfig, head: heads.Head | None) -> list[Phase]:
    """The head on the frozen backbone (unless one is given), then the unfrozen layers; or all from scratch."""
    batchnorm = "training" if config.method == "scratch" else config.batchnorm
    main = Phase(config.method, config.epochs, config.learning_rate, config.schedule, config.layer_decay, batchnorm)
    if config.method == "scratch" or head or not config.head_epochs:
        return [main]
    return [Phase("head", config.head_epochs, config.head_learning_rate, "constant"), main]


def freeze(phase: Phase, material: Material) -> freezing.Frozen | None:
    """Set which layers of the backbone train and return the result; None for the head phase, where none do."""
    config, network = material.config, material.assembly.network
    if phase.name == "head":
        network.trainable = False
        return None
    if phase.name == "scratch":
        network.trainable = True
        return freezing.inspect(network, phase.batchnorm)
    freezing.apply(network, config.unfreeze, config.unfreeze_count)
    return freezing.inspect(network, phase.batchnorm, unfreeze=config.unfreeze, count=config.unfreeze_count)


def prepare(phase: Phase, material: Material) -> Prepared:
    """Precompute what is the same in every epoch, unless images are augmented: features, or the frozen front."""
    config, note = material.config, ""
    if not config.augmentations and phase.name == "head" and _features_fit(material):
        sources: dict[str, Source] = {split: material.extract(rows) for split, rows in material.rows.items()}
        return Prepared(_model(phase, material, None), sources)
    network = material.assembly.network
    parts = None if config.augmentations else frozen_front.split(network, inference=phase.inference)
    if parts:
        front, back = parts
        needed = frozen_front.bytes_per_image(front) * sum(map(len, material.rows.values()))
        where = frozen_front.room(material.folder, needed, material.front_budget)
        if where:
            return Prepared(_model(phase, material, back), _activations(front, material, where), front_cached=True)
        if material.front_budget is None:
            note = f"The frozen layers ran in every step: caching their output would take {needed / 1e9:.1f} GB"
    body = assembly.before(config.encoder, material.image_size, network)
    kinds = {"train": config.augmentations}
    pictures: dict[str, Source] = {
        split: material.pictures(rows, kinds.get(split, ())) for split, rows in material.rows.items()
    }
    return Prepared(_model(phase, material, body), pictures, note=note)


def predict(phase: Phase, material: Material, rows: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) float32 for rows of the dataset, by the network at the end of a phase."""
    if phase.name == "head" and not material.config.augmentations:
        model, source = _model(phase, material, None), material.extract(rows)  # features are cached
    else:
        model, source = material.assembly.model, material.pictures(rows)
    probabilities = np.empty((len(rows), material.classes), np.float32)
    counter = ImageCounter(material.report, "evaluate", len(rows))

    def put(positions: slice, outputs: np.ndarray) -> None:
        probabilities[positions] = outputs
        counter.add(len(outputs))

    began = perf_counter()
    building = step.predict(model, source, EVALUATION_BATCH, put)
    material.build_seconds += building
    batch = min(EVALUATION_BATCH, len(rows))
    images = batch * (-(-len(rows) // batch) - bool(building))  # the last batch is filled up
    if isinstance(source, Pictures) and images:
        material.tested_per_second = images / (perf_counter() - began - building)
    return probabilities


class ImageCounter:
    """Counts images and reports progress at most every `REPORT_EVERY` seconds."""

    def __init__(self, report: Report, stage: str, total: int):
        self.report, self.stage, self.total = report, stage, total
        self.done, self.began, self.reported = 0, perf_counter(), 0.0

    def add(self, images: int) -> None:
        self.done += images
        now = perf_counter()
        if now - self.reported > REPORT_EVERY or self.done == self.total:
            rate = self.done / max(now - self.began, 1e-6)
            left = (self.total - self.done) / rate
            self.report(Progress(self.stage, self.done, self.total, rate=rate, seconds_left=left))
            self.reported = now


def _model(phase: Phase, material: Material, body: Any | None) -> Any:
    return step.build(material.assembly, body, inference=phase.inference)


def _features_fit(material: Material) -> bool:
    count = sum(map(len, material.rows.values()))
    return frozen_front.room(material.folder, 4 * count * material.assembly.network.output_shape[-1]) == "memory"


def _activations(front: Any, material: Material, where: str) -> dict[str, Source]:
    """The output of the frozen front for every image."""
    model = assembly.before(material.config.encoder, material.image_size, front)
    counter = ImageCounter(material.report, "extract", sum(map(len, material.rows.values())))
    sources: dict[str, Source] = {}
    for split, rows in material.rows.items():
        arrays = frozen_front.empty(material.folder, split, front, len(rows), where)
        filling = _filling(arrays, counter)
        material.build_seconds += step.predict(model, material.pictures(rows), EVALUATION_BATCH, filling)
        sources[split] = Activations(arrays)
    return sources


def _filling(arrays: tuple[np.ndarray, ...], counter: ImageCounter) -> Callable[[slice, Any], None]:
    def put(positions: slice, outputs: Any) -> None:
        for array, output in zip(arrays, outputs if isinstance(outputs, list) else [outputs], strict=True):
            array[positions] = output
        counter.add(positions.stop - positions.start)

    return put
