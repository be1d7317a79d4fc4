"""The whole line in one screen: dataset -> backbone -> features -> head -> result."""

import functools
import logging
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from core import features, hardware, heads, metrics, protocol, recipes, runs, storage, training
from core import plan as plans
from core.backbones import Weights
from core.config import ZERO_SHOT, RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import CheckpointError, ConfigError, Diverged, LabError, Paused, RunError, Stopped
from core.features import Features, estimates, throughput
from core.features.throughput import Estimate
from core.progress import Progress, Report, silent, timed
from core.runs import models
from core.training import checkpoints, lr_finder, step
from core.training.inputs import Pictures
from core.training.phases import EVALUATION_BATCH
from core.zero_shot import classifier, prompts, queries
from core.zero_shot.encoder import TextEncoder

DIED = (
    "The worker died (out of memory?) or was cut off. "
    "Resume it on a new one, or try a smaller input size, batch or fewer images."
)
FULL = "The disk of the home folder is full. Make room on it, and resume the run."
UNUSABLE = "A file could not be read or written ({error}). Resume the run when its disk or share can be used."

logger = logging.getLogger(__name__)


def execute(config: RunConfig, report: Report = silent, *, folder: Path | None = None) -> runs.Result:
    """Fit a head, train a network or build a zero-shot classifier, and evaluate it on the test images.

    Args:
        folder: Where training keeps its checkpoints; existing ones are resumed. None: a temporary folder.

    Raises:
        LabError: The run is impossible; the message is for the user.
        Stopped: `report` raised it; finished features and checkpoints stay.
    """
    execution = _Execution(config, report)
    if config.method == ZERO_SHOT:
        return execution.zero_shot()
    if not config.trains:
        return execution.probe()
    with tempfile.TemporaryDirectory() as temporary:
        return execution.train(folder or Path(temporary))


def find_learning_rate(config: RunConfig, report: Report = silent) -> tuple[pd.DataFrame, float | None]:
    """`lr_finder.rise` on the images that a run would train on, with its teacher.

    Raises:
        LabError: The run would fail with the same message.
    """
    if not config.trains:
        raise ConfigError(f"The method is {config.method}", "a fine-tune or a training from scratch")
    dataset, rows, _ = _load(config, report)
    teach = functools.partial(_taught, config.teacher, dataset, report=report) if config.teacher else None
    return lr_finder.rise(config, dataset, rows, report, teach=teach)


def perform(run_id: str, echo: Report | None = None) -> str:
    """Execute a queued run of the store and record how it ended, whatever happens; returns its final status.

    If the run is already running, its worker died and Dask has submitted it again. It then ends as interrupted,
    because what killed one worker would kill the next.
    """
    status = runs.get(run_id).status
    if status == "running":
        runs.end(run_id, "interrupted", error=DIED)
    if status != "queued":
        return runs.get(run_id).status
    report = runs.Reporter(run_id, echo)
    config = runs.start(run_id)
    try:
        estimate, began = _estimate(run_id, config), perf_counter()
        result = execute(config, report, folder=checkpoints.folder(run_id))
        if result.ended == "finished":
            estimates.record(config.method, estimate, perf_counter() - began)
        report.flush(Progress("evaluate", 1, 1, unit="runs"))
        runs.finish(run_id, result)
        if result.ended == "finished":
            checkpoints.delete(run_id)
    except (Exception, KeyboardInterrupt) as error:
        status, reason = _ending(run_id, error)
        runs.end(run_id, status, error=reason)
    return runs.get(run_id).status


def _ending(run_id: str, error: BaseException) -> tuple[str, str | None]:
    """The status of a run that this error ended, and the reason for the user."""
    if isinstance(error, Paused):
        return "paused", None
    if isinstance(error, Stopped | KeyboardInterrupt):
        return "stopped", None
    if isinstance(error, Diverged):
        return "diverged", str(error)
    if isinstance(error, CheckpointError):  # it could only be resumed to the same end
        return "failed", str(error)
    if isinstance(error, RunError) and checkpoints.exists(run_id):  # such as one that could not be written
        return "paused", str(error)
    if storage.is_full(error):
        return "interrupted", FULL
    if isinstance(error, LabError):
        return "failed", str(error)
    logger.exception("run %s ended in an error", run_id)
    if storage.is_away(error):
        return "interrupted", UNUSABLE.format(error=error)
    return "failed", f"{type(error).__name__}: {error}"


def _estimate(run_id: str, config: RunConfig) -> Estimate | None:
    """How long a run from its beginning will take; None for one that is resumed."""
    try:
        return None if checkpoints.exists(run_id) else plans.plan(config).estimate
    except LabError:  # which ends the run
        return None


class _Execution:
    """A run from its images to its result, and the seconds of its stages."""

    def __init__(self, config: RunConfig, report: Report):
        self.config, self.report = config, report
        self.seconds = dict.fromkeys(runs.STAGES, 0.0)
        with self._timed("load"):
            self.dataset, self.rows, self.weights = _load(config, report)

    def probe(self) -> runs.Result:
        """A head on the features of a frozen backbone."""
        config, n_train = self.config, len(self.rows["train"])
        known = self._extract(np.concatenate([self.rows["train"], self.rows["val"]]))
        x_train, x_val = np.split(known.values, [n_train])  # (n, d) float32
        train, val = heads.Labelled(x_train, self._labels("train")), heads.Labelled(x_val, self._labels("val"))

        with self._timed("train"):
            head = heads.fit(
                config.method,
                train,
                val,
                classes=len(self.dataset.class_names),
                options=config.head_options,
                report=self.report,
            )

        estimates.time_work(f"{config.method} head", n_train, self.seconds["train"])
        tested = self._extract(self.rows["test"], head)

        with self._timed("evaluate"):
            probabilities = head.predict_proba(tested.values)  # (n, classes)
            validation_accuracy = metrics.accuracy(val.y, head.predict_proba(val.x).argmax(1)).value

        all_vote = f"{config.neighbours:,} neighbours were asked for: all {n_train:,} training images vote."
        result = self._judge(
            probabilities,
            known.precision,
            validation_accuracy=validation_accuracy,
            images_per_second=known.images_per_second or tested.images_per_second,
            cached=known.cached and tested.cached,
            chosen=head.chosen,
            notes=[all_vote] if config.method == "knn" and config.neighbours > n_train else [],
        )
        return replace(result, head=head)

    def zero_shot(self) -> runs.Result:
        """The text embeddings of the class prompts are the head; no labelled image is used."""
        config, names = self.config, _class_names(self.config.classes, self.dataset)

        with self._timed("evaluate"):
            text = TextEncoder(config.backbone, self.weights)
            directions, cut = queries.text_head(text, names, prompts.templates(config.templates))
            head = classifier.as_head(directions, text.scaling)

        tested = self._extract(self.rows["test"], head)

        with self._timed("evaluate"):
            probabilities = head.predict_proba(tested.values)  # (n, classes)

        result = self._judge(
            probabilities,
            tested.precision,
            validation_accuracy=None,
            images_per_second=tested.images_per_second,
            cached=tested.cached,
            notes=[f"Prompts truncated to the length of the text tower: {len(cut)}"] if cut else [],
        )
        return replace(result, head=head)

    def train(self, folder: Path) -> runs.Result:
        """Train the network itself and test it after each phase; these tests decide nothing."""
        config, dataset, rows, report = self.config, self.dataset, self.rows, self.report
        tested: dict[str, np.ndarray] = {}  # by phase: probabilities (n, classes)

        with self._timed("load"):
            head = _head_to_start_from(config) if config.start else None
            taught = _taught(config.teacher, dataset, rows["train"], report=report) if config.teacher else None

        def test(phase: str, predict: Callable[[np.ndarray], np.ndarray]) -> None:
            with self._timed("evaluate"):
                tested[phase] = predict(rows["test"])

        with self._timed("train"):
            trained = training.fit(
                config, dataset, rows, folder=folder, head=head, taught=taught, on_phase=test, report=report
            )
            trained.assembly.model.save(folder / "model.keras")
            step.release(trained.assembly.model.variables)
        self.seconds["train"] -= self.seconds["evaluate"]
        _record_speeds(config, trained)

        result = self._judge(
            tested[trained.phases[-1]["name"]],
            config.encoder.precision,
            images_per_second=None,
            cached=False,
            stages=[self._accuracy(tested[phase["name"]]) | phase for phase in trained.phases],
            **trained.measured,
        )
        predictions = [runs.predictions_after(phase, rows["test"], tested[phase]) for phase in tested]
        return replace(
            result,
            model=folder / "model.keras",
            frozen=trained.frozen,
            stage_predictions=pd.concat(predictions),
            ended=trained.ended,
            error=trained.error,
        )

    def _timed(self, stage: str) -> AbstractContextManager[None]:
        return timed(self.seconds, stage, self.report)

    def _labels(self, split: str) -> np.ndarray:
        return self.dataset.labels[self.rows[split]]

    def _accuracy(self, probabilities: np.ndarray) -> dict[str, float]:
        """The accuracy on the test images, with its interval."""
        accuracy = metrics.accuracy(self._labels("test"), probabilities.argmax(1))
        return {"accuracy": accuracy.value, "accuracy_low": accuracy.low, "accuracy_high": accuracy.high}

    def _extract(self, rows: np.ndarray, head: heads.Head | None = None) -> Features:
        """Features of these rows; building the network counts as loading. A head classifies the images as they come."""

        def recognise(values: np.ndarray) -> np.ndarray:
            assert head is not None
            return head.predict_proba(values).argmax(1)

        with self._timed("extract"):
            extracted = features.extract(
                self.dataset, rows, self.config.encoder, recognise=recognise if head else None, report=self.report
            )
        self.seconds["load"] += extracted.load_seconds
        self.seconds["extract"] -= extracted.load_seconds
        return extracted

    def _judge(self, probabilities: np.ndarray, precision: str, **measured: Any) -> runs.Result:
        return runs.judge(
            self.dataset,
            self.rows,
            probabilities,
            protocol=protocol.describe(self.config, self.rows, precision),
            weights_origin=self.weights.origin,
            seconds=self.seconds,
            **measured,
        )


def _record_speeds(config: RunConfig, trained: training.Trained) -> None:
    """Record for later estimates how long building took, and the images per second of steps and tests."""
    name = config.training_name
    estimates.time_work(f"build {name}", 1, trained.build_seconds, size=config.input_size)
    rates = {name: trained.images_per_second, throughput.in_keras(config.backbone): trained.tested_per_second}
    for measured, rate in rates.items():
        if rate:
            throughput.record(measured, config.input_size, rate, hardware.name())


def _load(config: RunConfig, report: Report) -> tuple[Dataset, dict[str, np.ndarray], Weights]:
    """The dataset, the row ids of each split, and the weights, downloaded if they are not on this machine."""
    recipes.check(config)
    dataset = datasets.load(config.dataset)
    weights = config.encoder.find_weights(report)
    return dataset, protocol.choose_rows(dataset, config), weights


def _class_names(written: str, dataset: Dataset) -> tuple[str, ...]:
    names = prompts.class_names(written) if written else dataset.class_names
    if len(names) != len(dataset.class_names):
        raise ConfigError(
            f"There are {len(names)} class names",
            f"{len(dataset.class_names)}, one for each class of {dataset.name}, in order",
            "Write one line per class",
        )
    return names


def check_resumable(run_id: str) -> None:
    """Check that a run can be resumed before it is queued again.

    Raises:
        RunError: There is no such run, or its checkpoint was deleted or is damaged.
    """
    run = runs.get(run_id)
    if run.config.trains and not checkpoints.exists(run_id) and not runs.curves(run_id).empty:
        raise RunError(
            f"The checkpoint of run {run.name} is missing",
            f"files in {checkpoints.folder(run_id)}",
            "Start a new run with the same settings",
        )
    checkpoints.check(run_id)


def _taught(teacher: str, dataset: Dataset, rows: np.ndarray, *, report: Report) -> np.ndarray:
    """The probabilities (n, classes) float32 that a teacher gives these images, as they are."""
    models.teacher(teacher, dataset.name)
    probabilities = np.empty((len(rows), len(dataset.class_names)), np.float32)

    def put(positions: slice, outputs: np.ndarray) -> None:
        probabilities[positions] = outputs
        report(Progress("teach", positions.stop, len(rows)))

    step.predict(models.load(teacher), Pictures(dataset.images, rows), EVALUATION_BATCH, put)
    return probabilities


def _head_to_start_from(config: RunConfig) -> heads.Head:
    probe = runs.get(config.start)
    same = ("dataset", "backbone", "input_size", "preprocessing", "pooling")
    different = [name for name in same if getattr(probe.config, name) != getattr(config, name)]
    if probe.status != "finished" or probe.config.method not in heads.WITH_LAYERS or different:
        why = f"differs in {', '.join(different)}" if different else f"is a {probe.status} run of {probe.config.method}"
        raise ConfigError(
            f"The run to start from, {probe.name}, {why}",
            "a finished linear or hidden-layer probe of the same backbone, dataset, input size and preprocessing",
            "Choose another run, or none, so that the head trains first",
        )
    return runs.head(config.start)
