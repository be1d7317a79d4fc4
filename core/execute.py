"""The whole line in one screen: dataset -> backbone -> features -> head -> outcome."""

import logging
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd

from core import backbones, datasets, features, hardware, heads, metrics, runs
from core.config import RunConfig
from core.errors import DatasetError, LabError, Stopped
from core.progress import Progress, Report, silent

TEST_SEED = 0  # the test images are the same for every seed, so that runs can be compared image by image
DIED = "the worker died (out of memory?). The next run gets a new one; try a smaller input size or fewer images"

logger = logging.getLogger(__name__)


def execute(config: RunConfig, report: Report = silent) -> tuple[runs.Outcome, pd.DataFrame, pd.DataFrame, heads.Head]:
    """Probe a backbone: returns the outcome, the test predictions by row id, the confusion counts and the head.

    Raises:
        LabError: What is asked for cannot be done, in words for the user.
        Stopped: `report` raised it; finished features stay in the cache.
    """
    seconds = dict.fromkeys(runs.STAGES, 0.0)

    with _timed(seconds, "load", report):
        dataset = datasets.load(config.dataset)
        backbone = backbones.get(config.backbone)
        weights = backbones.find_weights(backbone, config.weights, report=report)
        rows = choose_rows(dataset, config)

    with _timed(seconds, "extract", report):
        found = features.extract(
            dataset,
            np.concatenate(list(rows.values())),
            backbone,
            weights=weights,
            input_size=config.input_size,
            preprocessing=config.preprocessing,
            report=report,
        )
        ends = np.cumsum([len(part) for part in rows.values()])
        x = dict(zip(rows, np.split(found.values, ends[:-1]), strict=True))  # split -> (n, d) float32
        y = {split: dataset.labels[part] for split, part in rows.items()}

    seconds["load"] += found.load_seconds
    seconds["extract"] -= found.load_seconds

    with _timed(seconds, "train", report):
        classes = len(dataset.class_names)
        head = heads.fit(
            config.method, x["train"], y["train"], x["val"], y["val"],
            classes=classes, options=config.head_options, report=report,
        )  # fmt: skip

    with _timed(seconds, "evaluate", report):
        probabilities = head.predict_proba(x["test"])  # (n, classes)
        predicted = probabilities.argmax(1)
        accuracy = metrics.accuracy(y["test"], predicted)
        confusion = metrics.confusion(y["test"], predicted, classes)  # (true, predicted)
        per_class = metrics.per_class(y["test"], predicted, classes)
        validation_accuracy = metrics.accuracy(y["val"], head.predict_proba(x["val"]).argmax(1)).value
        calibration_error = metrics.calibration_error(y["test"], probabilities)
        top5 = metrics.top_k(y["test"], probabilities, 5).value if classes > 10 else None

    outcome = runs.Outcome(
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        top5=top5,
        validation_accuracy=validation_accuracy,
        calibration_error=calibration_error,
        per_class={name: share.value for name, share in zip(dataset.class_names, per_class, strict=True)},
        seconds=seconds,
        images_per_second=found.images_per_second,
        cached=found.cached,
        hardware=hardware.name(),
        versions=hardware.versions(),
        protocol=describe_protocol(config, rows, found.precision),
        weights_origin=weights.origin,
        n_train=len(rows["train"]),
        n_val=len(rows["val"]),
        n_test=len(rows["test"]),
        chosen=head.chosen,
    )
    return outcome, _predictions(rows["test"], y["test"], probabilities), _named(confusion, dataset.class_names), head


def perform(run_id: str, echo: Report | None = None) -> str:
    """Do a queued run of the store and end it there, whatever happens; returns its last status.

    A run that runs already was another worker's, which died: Dask gives it out again. It ends as failed here, because
    what killed one worker would kill the next.
    """
    status = runs.get(run_id).status
    if status == "running":
        runs.end(run_id, "failed", error=DIED)
    if status != "queued":
        return runs.get(run_id).status
    report = runs.Reporter(run_id, echo)
    config = runs.start(run_id)
    try:
        outcome, predictions, confusion, head = execute(config, report)
        report.flush(Progress("evaluate", 1, 1, unit="runs"))
        runs.finish(run_id, outcome, predictions=predictions, confusion=confusion, head=head)
    except (Stopped, KeyboardInterrupt):
        runs.end(run_id, "stopped")
    except LabError as error:
        runs.end(run_id, "failed", error=str(error))
    except Exception as error:
        logger.exception("run %s failed", run_id)
        runs.end(run_id, "failed", error=f"{type(error).__name__}: {error}")
    return runs.get(run_id).status


def choose_rows(dataset: datasets.Dataset, config: RunConfig) -> dict[str, np.ndarray]:
    """The row ids that a run trains, validates and tests on.

    With `n_train` set, validation shrinks in proportion, but not under two images a class: its images are
    labelled too, and a few-shot run that chose its strength on thousands of them would not be one.
    """
    splits = datasets.splits(dataset)
    rows = {"train": splits[config.train_split], "val": splits["val"], "test": splits["test"]}
    if config.n_train:
        share = config.n_train / len(rows["train"])
        n_val = max(round(share * len(rows["val"])), 2 * len(dataset.class_names))
        rows["train"] = _part(dataset, rows["train"], config.n_train, "training", config.seed)
        rows["val"] = _part(dataset, rows["val"], min(n_val, len(rows["val"])), "validation", config.seed)
    if config.n_test:
        rows["test"] = _part(dataset, rows["test"], config.n_test, "test", TEST_SEED)
    return rows


def describe_protocol(config: RunConfig, rows: dict[str, np.ndarray], precision: str) -> str:
    """How the accuracy came about, in one sentence that two runs can be compared by."""
    pixels = "the backbone's own preprocessing" if config.preprocessing == "own" else "pixels divided by 255"
    return (
        f"{heads.METHODS[config.method].title} on {len(rows['train']):,} training images of {config.dataset}, "
        f"{len(rows['val']):,} for validation, tested once on {len(rows['test']):,}; "
        f"{config.input_size} px, {pixels}, {precision}, seed {config.seed}"
    )


def _part(dataset: datasets.Dataset, rows: np.ndarray, n: int, what: str, seed: int) -> np.ndarray:
    if n > len(rows):
        raise DatasetError(
            f"{n:,} {what} images were asked for",
            f"at most {len(rows):,}, which is what {dataset.name} has",
            "Ask for fewer, or for 0: all of them",
        )
    return datasets.subsample(rows, dataset.labels[rows], n, seed=seed)


def _predictions(rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(probabilities.astype(np.float32), columns=[f"p_{i}" for i in range(probabilities.shape[1])])
    frame.insert(0, "row", rows)
    frame.insert(1, "label", labels)
    frame.insert(2, "prediction", probabilities.argmax(1))
    frame.insert(3, "confidence", probabilities.max(1))
    return frame


def _named(confusion: np.ndarray, class_names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(confusion, index=class_names, columns=class_names)


@contextmanager
def _timed(seconds: dict[str, float], stage: str, report: Report):
    report(Progress(stage, 0, 0))
    began = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - began
