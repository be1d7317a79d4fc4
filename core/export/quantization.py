"""The network of a run in fewer bits, for small devices: how large, how fast and how good each kind is.

LiteRT's quantization after training (Jacob et al., Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, CVPR 2018). Runs in the worker, apart from `KINDS` and `find`.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from core import hardware, keras_defaults, metrics, protocol, runs, storage
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import DatasetError, RunError
from core.export import agreement, writers
from core.metrics import Change
from core.progress import Progress, Report, silent
from core.runs import models

KINDS = {
    "float32": "float32",
    "float16": "float16 weights",
    "dynamic": "int8 weights (dynamic range)",
    "calibrated": "int8 weights and activations (calibrated)",
}
TESTED = 2000  # test images, at most
CALIBRATED_ON = 200  # training images, at most
VERSION = 1  # increase it when the same run would give a different result
KIND = "quantization"  # folder of the results


@dataclass(frozen=True)
class Quantized:
    """One kind of network."""

    bytes: int  # of its file
    milliseconds: float  # for one image at a time, the median
    predictions: list[int]  # the class of each image


@dataclass(frozen=True)
class Quantization:
    """All kinds on the same test images."""

    rows: list[int]  # ids of the images
    labels: list[int]
    kinds: dict[str, Quantized]
    calibrated_on: int  # training images
    hardware: str

    def right(self, kind: str) -> np.ndarray:
        """Whether each image (n,) is recognised."""
        return np.equal(self.kinds[kind].predictions, self.labels)

    def change(self, kind: str) -> Change:
        """The change of the accuracy from float32 to a kind."""
        return metrics.change(self.right("float32"), self.right(kind))

    def p_value(self, kind: str) -> float:
        """The p-value of McNemar's exact test against float32."""
        return metrics.mcnemar(self.right("float32"), self.right(kind)).p_value

    def changed(self, kind: str) -> np.ndarray:
        """The positions of images that a kind answers otherwise than float32."""
        return np.flatnonzero(np.not_equal(self.kinds[kind].predictions, self.kinds["float32"].predictions))


def table(measured: Quantization) -> pd.DataFrame:
    """A row for each kind; `p_value` is that of McNemar's exact test against float32."""
    return pd.DataFrame(
        {
            "kind": KINDS[kind],
            "megabytes": each.bytes / 1e6,
            "milliseconds": each.milliseconds,
            "accuracy": float(measured.right(kind).mean()),
            "changed": len(measured.changed(kind)),
            "p_value": measured.p_value(kind),
        }
        for kind, each in measured.kinds.items()
    )


def find(run_id: str) -> Quantization | None:
    """The stored result; None if there is none, or its file is damaged.

    Raises:
        RunError: There is no such run, or it has not ended.
    """
    return storage.find(KIND, _key(runs.get(run_id)), _parse)


def measure(run_id: str, report: Report = silent) -> Quantization:
    """Write the network of a run in each kind, and test all on its test images, image by image in turns.

    Raises:
        RunError: There is no such run, or it has no result or no network.
        ConfigError: Keras does not run on TensorFlow here.
        LabError: Its dataset or weights are missing.
        Stopped: `report` raised it; nothing is kept.
    """
    run = models.check(run_id)
    if stored := find(run_id):
        return stored
    keras_defaults.need_tensorflow("export to LiteRT")
    images, stored = agreement.tested(run, TESTED)
    with tempfile.TemporaryDirectory(prefix="quantization-") as folder:
        files = write(run, KINDS, Path(folder), report)
        networks = [Network(file) for file in files.values()]
        answers, seconds = np.empty((len(networks), len(images)), int), np.empty((len(networks), len(images)))
        for position, image in enumerate(images):
            report(Progress("evaluate", position, len(images)))
            for index, network in enumerate(networks):
                answers[index, position], seconds[index, position] = network.classify(image)
        milliseconds = 1000 * np.median(seconds, axis=1)
        kinds = {
            kind: Quantized(file.stat().st_size, float(median), predicted.tolist())
            for (kind, file), median, predicted in zip(files.items(), milliseconds, answers, strict=True)
        }
    result = Quantization(
        stored["row"].tolist(), stored["label"].tolist(), kinds, len(_calibration(run)[1]), hardware=hardware.name()
    )
    storage.keep(KIND, _key(run), asdict(result))
    return result


def write(run: runs.Run, kinds: Iterable[str], folder: Path, report: Report = silent) -> dict[str, Path]:
    """Write the network of a run in some kinds; returns the file of each."""
    import tensorflow as tf

    dataset, rows = _calibration(run)
    examples = np.asarray(dataset.images[rows])

    def representative() -> Iterator[list[np.ndarray]]:
        for image in examples:
            yield [image[None]]

    fewer = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    options: dict[str, dict[str, Any]] = {
        "float32": {},
        "float16": fewer | {"target_spec": {"supported_types": [tf.float16]}},
        "dynamic": fewer,
        "calibrated": fewer | {"representative_dataset": representative},
    }
    report(Progress("load", 0, 0))
    model = models.load(run.id)
    if run.config.encoder.precision == "bfloat16":
        model = writers.in_float32(model, folder / "mixed.keras")
    model = writers.convertible(model, run.config.encoder)
    files = {kind: folder / f"{kind}.tflite" for kind in kinds}
    for index, (kind, file) in enumerate(files.items()):
        report(Progress("export", index, len(files), unit="files"))
        writers.to_litert(model, file, **options[kind])
    return files


def _calibration(run: runs.Run) -> tuple[Dataset, np.ndarray]:
    """The dataset of a run, and row ids (n,) of some of the images that it was trained on."""
    dataset = datasets.load(run.config.dataset)
    rows = protocol.choose_rows(dataset, run.config)["train"]
    if not len(rows):
        raise DatasetError(f"The dataset {dataset.name} has no training images", "some, to calibrate int8 with")
    positions = np.linspace(0, len(rows) - 1, min(CALIBRATED_ON, len(rows))).astype(int)
    return dataset, rows[positions]


class Network:
    """A LiteRT network on all cores."""

    def __init__(self, file: Path):
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(file), num_threads=hardware.describe()["cores"])
        self._interpreter.allocate_tensors()
        (images,), (probabilities,) = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._input, self._output = images["index"], probabilities["index"]

    def classify(self, image: np.ndarray) -> tuple[int, float]:
        """The class of one image, and the seconds that it took."""
        started = perf_counter()
        answer = int(self._probabilities(image).argmax())
        return answer, perf_counter() - started

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The probabilities (n, classes) of images (n, s, s, 3) uint8."""
        return np.stack([self._probabilities(image) for image in images])

    def _probabilities(self, image: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0]


def _key(run: runs.Run) -> str:
    if run.finished is None:
        raise RunError(f"Run {run.name} is {run.status}", "a finished run")
    return storage.digest([VERSION, run.id, run.finished.isoformat()])


def _parse(value: dict[str, Any]) -> Quantization:
    value["kinds"] = {kind: Quantized(**value["kinds"][kind]) for kind in KINDS}
    return Quantization(**value)
