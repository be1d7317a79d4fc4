"""The results of a run: its numbers (`Outcome`), everything (`Result`), and the run as stored (`Run`).

judge(dataset, rows, probabilities, ...)    the result of a run from its test probabilities
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import hardware, heads, metrics, people, scores
from core.config import RunConfig
from core.data import duplicates
from core.data.datasets import Dataset
from core.errors import RunError
from core.progress import Progress
from core.training.freezing import Frozen

STAGES: tuple[str, ...] = ("load", "extract", "train", "evaluate")  # of a run, each with its seconds


@dataclass(frozen=True)
class Outcome:
    """The measurements of a finished run, with everything needed to interpret them."""

    accuracy: float  # on the test images, 0 to 1
    accuracy_low: float  # 95 % Wilson interval
    accuracy_high: float
    top5: float | None  # None for ten classes or fewer
    validation_accuracy: float | None  # of the selected head or epoch; None for zero-shot, which has no validation
    calibration_error: float  # expected, 15 bins
    per_class: dict[str, float]  # class name -> accuracy on its test images
    seconds: dict[str, float]  # load, extract, train, evaluate
    images_per_second: float | None  # of the extraction; None when all features were cached
    cached: bool  # every feature came from the cache: the extraction seconds are those of reading it
    hardware: str
    versions: dict[str, str]
    protocol: str  # one sentence
    weights_origin: str  # imagenet, file, untrained
    n_train: int
    n_val: int
    n_test: int
    chosen: dict[str, float] = field(default_factory=dict)  # what was selected on validation
    scores: dict[str, float] = field(default_factory=dict)  # as `scores.of` has them; empty for older runs
    # Only for trained networks:
    stages: list[dict] = field(default_factory=list)  # its phases: name, epochs, seconds, validation and test accuracy
    notes: list[str] = field(default_factory=list)  # events of the run: a halved batch size, an early stop
    trainable_params: int | None = None
    total_params: int | None = None
    trainable_weight_layers: int | None = None
    weight_layers: int | None = None
    batch_size: int | None = None  # that fit into memory
    train_images_per_second: float | None = None
    peak_memory: int | None = None  # bytes of the working process

    @property
    def frozen_accuracy(self) -> float | None:
        """Accuracy on the test images before anything was unfrozen; None without such a phase."""
        return next((stage["accuracy"] for stage in self.stages if stage["name"] == "head"), None)


@dataclass(frozen=True)
class Result:
    """Everything that a run produces."""

    outcome: Outcome
    predictions: pd.DataFrame  # row, label, prediction, confidence, p_0 ... p_{c-1}
    confusion: pd.DataFrame  # counts, true class by predicted class
    head: heads.Head | None = None  # of a probe or a zero-shot run
    model: Path | None = None  # file of a trained network, uint8 images to probabilities
    frozen: Frozen | None = None  # which of its layers trained
    stage_predictions: pd.DataFrame | None = None  # stage, row, prediction, confidence: after each phase of training
    ended: str = "finished"  # or stopped, diverged: then the result is of the best epoch so far
    error: str | None = None


@dataclass(frozen=True)
class Run:
    """A run as currently stored; times are UTC."""

    id: str
    name: str
    status: str
    config: RunConfig
    created: datetime
    finished: datetime | None
    progress: Progress | None
    outcome: Outcome | None
    error: str | None
    person: str = people.LECTURER  # whose it is
    entry: str = ""  # the entry that it is one seed of
    turn: int = 0  # of those that wait, the lowest begins first; equal ones in the order in which they were queued

    def tested(self) -> Outcome:
        """Its outcome.

        Raises:
            RunError: It has none.
        """
        if self.outcome is None:
            raise RunError(f"Run {self.name} is {self.status} and has no result", "a run that was tested")
        return self.outcome


def judge(dataset: Dataset, rows: Mapping[str, np.ndarray], probabilities: np.ndarray, **measured: Any) -> Result:
    """Compare the test predictions of a run with the labels.

    Args:
        rows: Row ids of "train", "val" and "test".
        probabilities: (n, classes), of the test images.
        measured: The remaining fields of `Outcome`.
    """
    labels, predicted, names = dataset.labels[rows["test"]], probabilities.argmax(1), dataset.class_names
    accuracy = metrics.accuracy(labels, predicted)
    leak = duplicates.warning(dataset, rows)
    measured["notes"] = [*([leak] if leak else []), *measured.get("notes", [])]
    per_class = metrics.per_class(labels, predicted, len(names))
    outcome = Outcome(
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        top5=metrics.top_k(labels, probabilities, 5).value if len(names) > 10 else None,
        calibration_error=metrics.calibration_error(labels, probabilities),
        scores=scores.of(labels, probabilities.astype(np.float32)),  # as they are stored
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


def predictions_after(phase: str, rows: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Predictions for the test images after a training phase: stage (its name), row, prediction, confidence."""
    return pd.DataFrame(
        {"stage": phase, "row": rows, "prediction": probabilities.argmax(1), "confidence": probabilities.max(1)}
    )


def _predictions(rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """row, label, prediction, confidence, p_0 ... p_{c-1}."""
    frame = pd.DataFrame(probabilities.astype(np.float32), columns=[f"p_{i}" for i in range(probabilities.shape[1])])
    frame.insert(0, "row", rows)
    frame.insert(1, "label", labels)
    frame.insert(2, "prediction", probabilities.argmax(1))
    frame.insert(3, "confidence", probabilities.max(1))
    return frame
