"""The whole line in one screen: dataset -> backbone -> features -> head -> outcome."""

import logging
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from core import backbones, features, hardware, heads, metrics, protocol, runs, training
from core.config import ZERO_SHOT, RunConfig
from core.data import datasets
from core.errors import ConfigError, Diverged, LabError, Paused, RunError, Stopped
from core.features import throughput
from core.progress import Progress, Report, silent
from core.training import checkpoints, model, step
from core.zero_shot import classifier, encoder, prompts, queries

DIED = "The worker died (out of memory?). Resume it on a new one, or try a smaller input size, batch or fewer images."

logger = logging.getLogger(__name__)


def execute(config: RunConfig, report: Report = silent, *, folder: Path | None = None) -> runs.Result:
    """Probe a backbone, train a network or tell a CLIP the names of classes, and test it once on the test images.

    Args:
        folder: Where a training keeps its checkpoints; one that is there is gone on with. None: a temporary one.

    Raises:
        LabError: What is asked for cannot be done, in words for the user.
        Stopped: `report` raised it; finished features and checkpoints stay.
    """
    if config.method == ZERO_SHOT:
        return _zero_shot(config, report)
    if not config.trains:
        return _probe(config, report)
    with tempfile.TemporaryDirectory() as temporary:
        return _train(config, report, folder or Path(temporary))


def perform(run_id: str, echo: Report | None = None) -> str:
    """Do a queued run of the store and end it there, whatever happens; returns its last status.

    A run that runs already was another worker's, which died: Dask gives it out again. It ends as interrupted here,
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
        result = execute(config, report, folder=checkpoints.folder(run_id))
        report.flush(Progress("evaluate", 1, 1, unit="runs"))
        runs.finish(run_id, result)
        if result.ended == "finished":
            checkpoints.delete(run_id)
    except Paused:
        runs.end(run_id, "paused")
    except (Stopped, KeyboardInterrupt):
        runs.end(run_id, "stopped")
    except Diverged as error:
        runs.end(run_id, "diverged", error=str(error))
    except LabError as error:
        kept = isinstance(error, RunError) and checkpoints.exists(run_id)  # such as a disk that was full a moment ago
        runs.end(run_id, "paused" if kept else "failed", error=str(error))
    except Exception as error:
        logger.exception("run %s failed", run_id)
        runs.end(run_id, "failed", error=f"{type(error).__name__}: {error}")
    return runs.get(run_id).status


def check_resumable(run_id: str) -> None:
    """Say before a run is queued again why it could not go on.

    Raises:
        RunError: There is no such run, or its checkpoint was deleted.
    """
    run = runs.get(run_id)
    if run.config.trains and not checkpoints.exists(run_id) and not runs.curves(run_id).empty:
        raise RunError(
            f"The checkpoint of run {run.name} is gone",
            f"files in {checkpoints.folder(run_id)}",
            "Start a new run with its settings",
        )


def _probe(config: RunConfig, report: Report) -> runs.Result:
    seconds = dict.fromkeys(runs.STAGES, 0.0)

    with _timed(seconds, "load", report):
        dataset, backbone, weights, rows = _load(config, report)

    with _timed(seconds, "extract", report):
        found = features.extract(
            dataset,
            np.concatenate(list(rows.values())),
            backbone,
            weights=weights,
            input_size=config.input_size,
            preprocessing=config.preprocessing,
            pooling=config.pooling,
            report=report,
        )
        ends = np.cumsum([len(part) for part in rows.values()])
        x = dict(zip(rows, np.split(found.values, ends[:-1]), strict=True))  # split -> (n, d) float32
        y = {split: dataset.labels[part] for split, part in rows.items()}

    seconds["load"] += found.load_seconds
    seconds["extract"] -= found.load_seconds

    with _timed(seconds, "train", report):
        head = heads.fit(
            config.method, x["train"], y["train"], x["val"], y["val"],
            classes=len(dataset.class_names), options=config.head_options, report=report,
        )  # fmt: skip

    with _timed(seconds, "evaluate", report):
        probabilities = head.predict_proba(x["test"])  # (n, classes)
        validation_accuracy = metrics.accuracy(y["val"], head.predict_proba(x["val"]).argmax(1)).value

    outcome = _outcome(
        config, dataset, rows, weights, probabilities,
        validation_accuracy=validation_accuracy,
        seconds=seconds,
        images_per_second=found.images_per_second,
        cached=found.cached,
        protocol=protocol.describe(config, rows, found.precision),
        chosen=head.chosen,
    )  # fmt: skip
    return _result(outcome, dataset, rows, probabilities, head=head)


def _zero_shot(config: RunConfig, report: Report) -> runs.Result:
    """No image has a label here: the prompts of each class are its head."""
    seconds = dict.fromkeys(runs.STAGES, 0.0)

    with _timed(seconds, "load", report):
        dataset, backbone, weights, rows = _load(config, report)
        names = prompts.class_names(config.classes) if config.classes else dataset.class_names
        if len(names) != len(dataset.class_names):
            raise ConfigError(
                f"There are {len(names)} class names",
                f"{len(dataset.class_names)}, one for each class of {config.dataset} in its order",
                "Write as many lines as there are classes",
            )
        templates = prompts.templates(config.templates)

    with _timed(seconds, "extract", report):
        found = features.extract(
            dataset,
            rows["test"],
            backbone,
            weights=weights,
            input_size=config.input_size,
            preprocessing=config.preprocessing,
            pooling=config.pooling,
            report=report,
        )
    seconds["load"] += found.load_seconds
    seconds["extract"] -= found.load_seconds

    with _timed(seconds, "evaluate", report):
        texts, cut = queries.text_head(config.backbone, names, templates, weights)
        head = classifier.as_head(texts, encoder.logit_scale(config.backbone, weights))
        probabilities = head.predict_proba(found.values)  # (n, classes)

    outcome = _outcome(
        config, dataset, rows, weights, probabilities,
        validation_accuracy=None,
        seconds=seconds,
        images_per_second=found.images_per_second,
        cached=found.cached,
        protocol=protocol.describe(config, rows, found.precision),
        notes=[f"Prompts longer than the text tower reads, and cut: {len(cut)}"] * bool(cut),
    )  # fmt: skip
    return _result(outcome, dataset, rows, probabilities, head=head)


def _train(config: RunConfig, report: Report, folder: Path) -> runs.Result:
    seconds, stages, said = dict.fromkeys(runs.STAGES, 0.0), [], []

    with _timed(seconds, "load", report):
        dataset, _, weights, rows = _load(config, report)
        head = _head_to_start_from(config, dataset) if config.start else None

    def test(name: str, predict: Callable[[np.ndarray], np.ndarray]) -> None:
        """After a stage, nothing is chosen by it: tell how good the network is now."""
        nonlocal probabilities
        with _timed(seconds, "evaluate", report):
            probabilities = predict(rows["test"])  # (n, classes)
            found = metrics.accuracy(dataset.labels[rows["test"]], probabilities.argmax(1))
            stages.append(
                {"name": name, "accuracy": found.value, "accuracy_low": found.low, "accuracy_high": found.high}
            )
            said.append(_stage_predictions(name, rows["test"], probabilities))

    probabilities = None
    with _timed(seconds, "train", report):
        trained = training.fit(
            config, dataset, rows, weights=weights, folder=folder, head=head, on_stage=test, report=report
        )
        trained.assembly.model.save(folder / "model.keras")
        step.release(trained.assembly.model.variables)
    seconds["train"] -= seconds["evaluate"]

    if trained.images_per_second:
        throughput.record(
            throughput.training_name(config), config.input_size, trained.images_per_second, hardware.name()
        )
    frozen, precision = trained.frozen, model.precision(config)
    outcome = _outcome(
        config, dataset, rows, weights, probabilities,
        validation_accuracy=trained.chosen["validation_accuracy"],
        seconds=seconds,
        images_per_second=None,
        cached=False,
        protocol=protocol.describe(config, rows, precision),
        chosen=trained.chosen,
        stages=[{**tested, **about} for tested, about in zip(stages, trained.stages, strict=True)],
        notes=list(trained.notes),
        trainable_params=frozen.trainable_params if frozen else None,
        total_params=frozen.params if frozen else None,
        trainable_weight_layers=frozen.trainable_weight_layers if frozen else None,
        weight_layers=frozen.weight_layers if frozen else None,
        batch_size=trained.batch_size,
        train_images_per_second=trained.images_per_second,
        peak_memory=trained.peak_memory,
    )  # fmt: skip
    return _result(
        outcome, dataset, rows, probabilities,
        model=folder / "model.keras", layers=asdict(frozen) if frozen else None, stage_predictions=pd.concat(said),
        ended=trained.ended, error=trained.error,
    )  # fmt: skip


def _load(config: RunConfig, report: Report) -> tuple:
    """The dataset, the backbone's facts, its weights, and the rows of each split."""
    dataset = datasets.load(config.dataset)
    backbone = backbones.get(config.backbone)
    weights = backbones.find_weights(backbone, config.weights, report=report)
    return dataset, backbone, weights, protocol.choose_rows(dataset, config)


def _head_to_start_from(config: RunConfig, dataset: datasets.Dataset) -> heads.Head:
    probe = runs.get(config.start)
    same = ("dataset", "backbone", "input_size", "preprocessing", "pooling")
    different = [name for name in same if getattr(probe.config, name) != getattr(config, name)]
    if probe.status != "finished" or probe.config.method not in ("linear", "linear-adam", "mlp") or different:
        why = f"differs in {', '.join(different)}" if different else f"is a {probe.status} run of {probe.config.method}"
        raise ConfigError(
            f"The run to start from, {probe.name}, {why}",
            "a finished linear or hidden-layer probe of the same backbone, dataset, input size and preprocessing",
            "Choose another run, or none: then the head trains first",
        )
    return runs.head(config.start)


def _outcome(
    config: RunConfig, dataset: datasets.Dataset, rows: dict, weights: backbones.Weights, probabilities, **known
) -> runs.Outcome:
    """What the test images say (probabilities (n, classes)), beside what is known already."""
    labels, predicted = dataset.labels[rows["test"]], probabilities.argmax(1)
    accuracy = metrics.accuracy(labels, predicted)
    per_class = metrics.per_class(labels, predicted, len(dataset.class_names))
    return runs.Outcome(
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        top5=metrics.top_k(labels, probabilities, 5).value if len(dataset.class_names) > 10 else None,
        calibration_error=metrics.calibration_error(labels, probabilities),
        per_class={name: share.value for name, share in zip(dataset.class_names, per_class, strict=True)},
        hardware=hardware.name(),
        versions=hardware.versions(),
        weights_origin=weights.origin,
        n_train=len(rows["train"]),
        n_val=len(rows["val"]),
        n_test=len(rows["test"]),
        **known,
    )


def _result(outcome: runs.Outcome, dataset: datasets.Dataset, rows: dict, probabilities, **left) -> runs.Result:
    labels = dataset.labels[rows["test"]]
    confusion = metrics.confusion(labels, probabilities.argmax(1), len(dataset.class_names))  # (true, predicted)
    return runs.Result(
        outcome, _predictions(rows["test"], labels, probabilities), _named(confusion, dataset.class_names), **left
    )


def _predictions(rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(probabilities.astype(np.float32), columns=[f"p_{i}" for i in range(probabilities.shape[1])])
    frame.insert(0, "row", rows)
    frame.insert(1, "label", labels)
    frame.insert(2, "prediction", probabilities.argmax(1))
    frame.insert(3, "confidence", probabilities.max(1))
    return frame


def _stage_predictions(stage: str, rows: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"stage": stage, "row": rows, "prediction": probabilities.argmax(1), "confidence": probabilities.max(1)}
    )


def _named(confusion: np.ndarray, class_names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(confusion, index=class_names, columns=class_names)


@contextmanager
def _timed(seconds: dict[str, float], stage: str, report: Report):
    report(Progress(stage, 0, 0))
    began = time.perf_counter()
    yield
    seconds[stage] += time.perf_counter() - began
