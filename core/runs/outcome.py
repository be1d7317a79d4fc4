"""What a run leaves: its numbers (`Outcome`), all of it (`Result`), and the run as the store knows it (`Run`).

judge(dataset, rows, probabilities, ...)    the result of a run from what it says of its test images
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import hardware, heads, metrics
from core.config import RunConfig
from core.data.datasets import Dataset
from core.progress import Progress
from core.training.freezing import Frozen

STAGES: tuple[str, ...] = ("load", "extract", "train", "evaluate")  # of a run, whose seconds are kept


@dataclass(frozen=True)
class Outcome:
    """What a finished run measured, with everything that is needed to judge it."""

    accuracy: float  # on the test images, 0 to 1
    accuracy_low: float  # 95 % Wilson interval
    accuracy_high: float
    top5: float | None  # None up to ten classes
    validation_accuracy: float | None  # of the head that was kept; None of zero-shot, which looks at no such image
    calibration_error: float  # expected, 15 bins
    per_class: dict[str, float]  # class name -> accuracy on its test images
    seconds: dict[str, float]  # load, extract, train, evaluate
    images_per_second: float | None  # of the extraction; None when all features were cached
    cached: bool  # every feature came from the cache: the extraction seconds are reading time
    hardware: str
    versions: dict[str, str]
    protocol: str  # one sentence
    weights_origin: str  # imagenet, file, untrained
    n_train: int
    n_val: int
    n_test: int
    chosen: dict[str, float] = field(default_factory=dict)  # what validation decided
    # Of networks that trained:
    stages: list[dict] = field(default_factory=list)  # name, epochs, seconds, validation and test accuracy
    notes: list[str] = field(default_factory=list)  # what happened on the way: a batch halved, an early stop
    trainable_params: int | None = None
    total_params: int | None = None
    trainable_weight_layers: int | None = None
    weight_layers: int | None = None
    batch_size: int | None = None  # that fitted into memory
    train_images_per_second: float | None = None
    peak_memory: int | None = None  # bytes of the working process

    @property
    def frozen_accuracy(self) -> float | None:
        """Accuracy on the test images before anything was unfrozen; None where there was no such stage."""
        return next((stage["accuracy"] for stage in self.stages if stage["name"] == "head"), None)


@dataclass(frozen=True)
class Result:
    """All that a run leaves."""

    outcome: Outcome
    predictions: pd.DataFrame  # row, label, prediction, confidence, p_0 ... p_{c-1}
    confusion: pd.DataFrame  # counts, true class by predicted class
    head: heads.Head | None = None  # of a probe
    model: Path | None = None  # file of a network that trained, uint8 images to probabilities
    frozen: Frozen | None = None  # which of its layers trained
    stage_predictions: pd.DataFrame | None = None  # stage, row, prediction, confidence: after each stage of a training
    ended: str = "finished"  # or stopped, diverged: with the best until then
    error: str | None = None


@dataclass(frozen=True)
class Run:
    """A run as the store knows it now; times are UTC."""

    id: str
    name: str
    status: str
    config: RunConfig
    created: datetime
    finished: datetime | None
    progress: Progress | None
    outcome: Outcome | None
    error: str | None


def judge(dataset: Dataset, rows: Mapping[str, np.ndarray], probabilities: np.ndarray, **measured: Any) -> Result:
    """Compare what a run says of its test images with their labels.

    Args:
        rows: Row ids of "train", "val" and "test".
        probabilities: (n, classes), of the test images.
        measured: The fields of `Outcome` that are known already.
    """
    labels, predicted, names = dataset.labels[rows["test"]], probabilities.argmax(1), dataset.class_names
    accuracy = metrics.accuracy(labels, predicted)
    per_class = metrics.per_class(labels, predicted, len(names))
    outcome = Outcome(
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        top5=metrics.top_k(labels, probabilities, 5).value if len(names) > 10 else None,
        calibration_error=metrics.calibration_error(labels, probabilities),
        per_class={name: share.value for name, share in zip(names, per_class, strict=True)},
        hardware=hardware.name(),
        versions=hardware.versions(),
        n_train=len(rows["train"]),
        n_val=len(rows["val"]),
        n_test=len(rows["test"]),
        **measured,
    )
    confusion = pd.DataFrame(metrics.confusion(labels, predicted, len(names)), index=names, columns=names)
    return Result(outcome, _predictions(rows["test"], labels, probabilities), confusion)


def predictions_after(stage: str, rows: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """What a network says of the test images after a stage of its training: stage, row, prediction, confidence."""
    return pd.DataFrame(
        {"stage": stage, "row": rows, "prediction": probabilities.argmax(1), "confidence": probabilities.max(1)}
    )


def _predictions(rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """row, label, prediction, confidence, p_0 ... p_{c-1}."""
    frame = pd.DataFrame(probabilities.astype(np.float32), columns=[f"p_{i}" for i in range(probabilities.shape[1])])
    frame.insert(0, "row", rows)
    frame.insert(1, "label", labels)
    frame.insert(2, "prediction", probabilities.argmax(1))
    frame.insert(3, "confidence", probabilities.max(1))
    return frame
