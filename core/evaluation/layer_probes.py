"""Linear probes of a network's layers: the accuracy of a linear head at each of its depths.

Alain and Bengio, Understanding intermediate layers using linear classifier probes (2016), arXiv:1610.01644.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core import embeddings, hardware, heads, metrics, storage
from core.data import datasets
from core.embeddings import Resolved, Source
from core.errors import ConfigError, WeightsError
from core.features import estimates, layers
from core.features.estimates import Count
from core.features.layers import Depth
from core.metrics import Change
from core.progress import Progress, Report, silent, timed

VERSION = 1  # increase it when the same source would give a different result
KIND = "layer_probes"  # folder of the results


@dataclass(frozen=True)
class Probe:
    """The accuracy of a linear head on the output of one block."""

    block: str
    place: int  # position among the blocks of the network, from 1
    size: int  # pixels of the feature map, square
    channels: int
    accuracy: float  # on the test images, 0 to 1
    accuracy_low: float  # 95 % Wilson interval
    accuracy_high: float
    strength: float  # L2, chosen on validation


@dataclass(frozen=True)
class Probes:
    """The probes of a network, first depth to last, and how they were measured."""

    probes: tuple[Probe, ...]
    n_train: int
    n_val: int
    n_test: int
    hardware: str

    def change(self, first: Probe, second: Probe) -> Change:
        """The change of the accuracy from one depth to another."""
        right = [round(probe.accuracy * self.n_test) for probe in (first, second)]
        return metrics.change_of_counts(right[0], self.n_test, right[1], self.n_test)

    def best(self) -> tuple[Probe, ...]:
        """The most accurate probe, and after it, first depth to last, those too close to it to tell."""
        best = max(self.probes, key=lambda probe: probe.accuracy)
        close = [probe for probe in self.probes if probe is not best and not self.change(probe, best).clear]
        return best, *close


def find(source: Source, *, n_train: int) -> Probes | None:
    """The stored result; None if there is none, or its file is damaged. Needs no Keras.

    Raises:
        LabError: The dataset or the run of the source no longer exists.
    """
    try:
        return storage.find(KIND, _key(_parts(embeddings.resolve(source), n_train)), _parse)
    except WeightsError:  # `measure` downloads them
        return None


def measure(source: Source, *, n_train: int, report: Report = silent) -> Probes:
    """Train a linear head at each depth, with its strength chosen on validation, and test it once.

    Args:
        source: Test images of a backbone or a run; its layer is ignored.
        n_train: Number of training images, stratified; 0: all. Validation shrinks in proportion, as in a run.

    Raises:
        ConfigError: The source is not of test images.
        LabError: The dataset, the run or the weights of the source are missing.
        Stopped: `report` raised it; extracted features stay.
    """
    if source.images != "test":
        raise ConfigError(
            f"Layers cannot be tested on {embeddings.IMAGES[source.images]}", "test images", "Choose the test images"
        )
    resolved = embeddings.resolve(source)
    resolved.fetch(report)
    parts = _parts(resolved, n_train)
    if result := storage.find(KIND, _key(parts), _parse):
        return result
    labels, classes = resolved.dataset.labels, len(resolved.dataset.class_names)
    probes, fitting = [], {"train": 0.0}
    for depth in layers.of(resolved.encoder.backbone, resolved.encoder.input_size):
        vectors = {name: part.vary(layer=depth.block).values(report) for name, part in parts.items()}
        known = {name: heads.Labelled(part.values, labels[part.rows]) for name, part in vectors.items()}
        with timed(fitting, "train"):
            head = heads.fit("linear", known["train"], known["val"], classes=classes, report=report)
        accuracy = metrics.accuracy(known["test"].y, head.predict_proba(known["test"].x).argmax(1))
        probes.append(
            Probe(
                **asdict(depth),
                accuracy=accuracy.value,
                accuracy_low=accuracy.low,
                accuracy_high=accuracy.high,
                strength=head.chosen["strength"],
            )
        )
    result = Probes(tuple(probes), *(len(known[name].y) for name in ("train", "val", "test")), hardware=hardware.name())
    storage.keep(KIND, _key(parts), asdict(result))
    estimates.time_work("layer head", len(probes) * result.n_train, fitting["train"])
    report(Progress("train", len(probes), len(probes), unit="depths"))
    return result


def count(source: Source, depths: Sequence[Depth], *, n_train: int, into: Count) -> None:
    """Count what `measure` will compute: missing features of each part, and a head for each depth. Needs no Keras."""
    parts = {
        name: part.vary(layer=depths[0].block) for name, part in _parts(embeddings.resolve(source), n_train).items()
    }
    missing = [part.missing for part in parts.values()]
    encoder = parts["test"].encoder
    into.network(encoder.backbone, encoder.input_size, sum(missing), builds=sum(map(bool, missing)))
    into.work("layer head", len(depths) * len(parts["train"].rows), label=f"{len(depths)} heads")


def _parts(source: Resolved, n_train: int) -> dict[str, Resolved]:
    """The sources of the images that a head trains, validates and tests on."""
    n_val = 0
    if n_train:
        splits = datasets.splits(source.dataset)
        share = n_train / len(splits["train"])
        n_val = max(round(share * len(splits["val"])), 2 * len(source.dataset.class_names))
        n_val = min(n_val, len(splits["val"]))
    source = source.vary(what="features", layer="")
    train, val = (source.vary(images=split, n_images=n) for split, n in (("train", n_train), ("val", n_val)))
    return {"train": train, "val": val, "test": source}


def _key(parts: dict[str, Resolved]) -> str:
    return storage.digest([VERSION, *(part.digest for part in parts.values())])


def _parse(value: dict[str, Any]) -> Probes:
    value["probes"] = tuple(Probe(**probe) for probe in value["probes"])
    return Probes(**value)
