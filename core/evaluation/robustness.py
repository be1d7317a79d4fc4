"""Robustness: the accuracy of a finished run on corrupted copies of its test images.

Probes read the features of the corrupted images from the cache; trained networks predict them anew.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core import features, hardware, metrics, runs, storage
from core.config import TITLES
from core.data import corruptions, datasets
from core.errors import ConfigError, RunError
from core.evaluation import new_images
from core.features import estimates
from core.features.estimates import Count
from core.metrics import NORMAL_95, Change, Interval
from core.progress import Progress, Report, silent, timed

VERSION = 1  # increase it when the same run would give a different result
KIND = "robustness"  # folder of the results


@dataclass(frozen=True)
class Robustness:
    """The accuracies of a run on clean and on corrupted images, or their means over several seeds."""

    clean: float  # accuracy on the test images, as stored with the run
    accuracies: dict[str, list[float]]  # corruption -> at severity 1 to 5
    drop: Interval  # clean minus the mean over all corruptions, with its 95 % interval over the images
    n_test: int
    hardware: str
    seeds: tuple["Robustness", ...] = ()  # of a mean

    def interval(self, corruption: str, severity: int) -> Interval:
        """The interval of one accuracy: Wilson's over images, of a mean over seeds and images."""
        if self.seeds:
            accuracies = [seed.accuracies[corruption][severity - 1] for seed in self.seeds]
            return metrics.mean_of_seeds(accuracies, self.n_test)[0]
        return metrics.wilson(round(self.accuracies[corruption][severity - 1] * self.n_test), self.n_test)

    @property
    def corrupted_interval(self) -> Interval:
        """The interval of `corrupted`, likewise."""
        if self.seeds:
            return metrics.mean_of_seeds([seed.corrupted for seed in self.seeds], self.n_test)[0]
        return metrics.wilson(round(self.corrupted * self.n_test), self.n_test)

    @property
    def corrupted(self) -> float:
        """The mean accuracy over all corruptions and severities."""
        return float(np.mean([self.mean(corruption) for corruption in self.accuracies]))

    def mean(self, corruption: str) -> float:
        """The mean accuracy over the severities of a corruption."""
        return float(np.mean(self.accuracies[corruption]))

    def costliest(self) -> tuple[str, ...]:
        """The corruption that costs the most accuracy, and after it those that cost too little less to tell."""
        ranked = sorted(self.accuracies, key=self.mean)
        worst = round(self.mean(ranked[0]) * self.n_test)
        return tuple(
            corruption
            for corruption in ranked
            if not metrics.change_of_counts(
                worst, self.n_test, round(self.mean(corruption) * self.n_test), self.n_test
            ).clear
        )


def change(first: Robustness, second: Robustness) -> Change:
    """The change of the mean accuracy on corrupted images from one run to another."""
    images = min(first.n_test, second.n_test)
    return metrics.change_of_intervals(first.corrupted_interval, second.corrupted_interval, images)


def mean(seeds: Sequence[Robustness]) -> Robustness:
    """The mean over two or more seeds on the same images; the interval of its drop is over seeds and images."""
    drops = [seed.drop for seed in seeds]
    drop = float(np.mean([drop.value for drop in drops]))
    of_images = float(np.mean([((drop.high - drop.low) / 2 / NORMAL_95) ** 2 for drop in drops]))
    of_seeds = float(np.var([drop.value for drop in drops], ddof=1)) / len(seeds)
    t = metrics.student_95((of_images, seeds[0].n_test - 1), (of_seeds, len(seeds) - 1))
    margin = t * float(np.sqrt(of_images + of_seeds))
    return Robustness(
        clean=float(np.mean([seed.clean for seed in seeds])),
        accuracies={
            name: np.mean([seed.accuracies[name] for seed in seeds], axis=0).tolist() for name in seeds[0].accuracies
        },
        drop=Interval(drop, drop - margin, drop + margin),
        n_test=seeds[0].n_test,
        hardware=seeds[0].hardware,
        seeds=tuple(seeds),
    )


def find(run_id: str) -> Robustness | None:
    """The stored result; None if there is none, or its file is damaged.

    Raises:
        RunError: There is no such run.
    """
    return storage.find(KIND, _key(runs.get(run_id)), _parse)


def takes(method: str) -> bool:
    """Whether runs of this method can be measured."""
    return method in TITLES


def measure(run_id: str, report: Report = silent) -> Robustness:
    """Test a finished run on every corruption of its test images.

    Raises:
        RunError: There is no such run, or it has no result.
        ConfigError: The run is neither a probe nor a trained network.
        LabError: Its dataset or weights are missing.
        Stopped: `report` raised it; extracted features stay.
    """
    if stored := find(run_id):
        return stored
    run = runs.get(run_id)
    if not takes(run.config.method):
        raise ConfigError(
            f"Robustness cannot be measured for a {run.config.method} run", "a probe or a trained network"
        )
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and has no result", "a finished run")
    dataset, predictions = datasets.load(run.config.dataset), runs.predictions(run_id)
    rows, labels = predictions["row"].to_numpy(), predictions["label"].to_numpy()
    classify = new_images.classifier(run)
    clean = (predictions["prediction"] == predictions["label"]).to_numpy()
    corrupting = {"corrupt": 0.0}
    right = np.empty((len(corruptions.CORRUPTIONS), len(corruptions.SEVERITIES), len(rows)), bool)
    for i, corruption in enumerate(corruptions.CORRUPTIONS):
        report(Progress("evaluate", i, len(right), unit="corruptions"))
        with timed(corrupting, "corrupt"):
            corrupted = corruptions.corrupted(dataset, rows, corruption)
        predicted = classify(corrupted, np.arange(len(corrupted.images)), report)
        right[i] = predicted.reshape(len(corruptions.SEVERITIES), -1) == labels
    result = Robustness(
        clean=float(clean.mean()),
        accuracies={corruption: right[i].mean(axis=1).tolist() for i, corruption in enumerate(corruptions.CORRUPTIONS)},
        drop=mean_drop(clean, right),
        n_test=len(rows),
        hardware=hardware.name(),
    )
    storage.keep(KIND, _key(run), asdict(result))
    estimates.time_work("corruption", right.size, corrupting["corrupt"], size=dataset.images.shape[1])
    return result


def count(run_id: str, rows: np.ndarray, *, into: Count) -> None:
    """Count what `measure` will compute: corrupted images, and those the network has not processed. Needs no Keras.

    Args:
        rows: Row ids (n,) of the run's test images, in the order of its predictions.

    Raises:
        LabError: There is no such run, or its dataset is missing.
    """
    run = runs.get(run_id)
    config, dataset = run.config, datasets.load(run.config.dataset)
    positions = np.arange(len(rows) * len(corruptions.SEVERITIES))
    missing = [len(positions)] * len(corruptions.CORRUPTIONS)
    if not config.trains:  # features are cached
        of = [corruptions.fingerprint(dataset, rows, name) for name in corruptions.CORRUPTIONS]
        missing = [features.missing(replace(dataset, fingerprint=own), positions, config.encoder) for own in of]
    builds = 1 if config.trains else sum(map(bool, missing))
    into.network(config.backbone, config.input_size, sum(missing), builds=builds)
    into.work("corruption", len(missing) * len(positions), size=dataset.images.shape[1])


def mean_drop(clean: np.ndarray, right: np.ndarray) -> Interval:
    """Clean accuracy minus the mean over the corruptions, with a normal 95 % interval over images, paired.

    Args:
        clean: (n,) bool.
        right: (..., n) bool, the same images after each corruption.
    """
    lost = clean - right.reshape(-1, right.shape[-1]).mean(axis=0)  # (n,)
    mean, margin = float(lost.mean()), NORMAL_95 * float(lost.std(ddof=1) / np.sqrt(len(lost)))
    return Interval(mean, mean - margin, mean + margin)


def _key(run: runs.Run) -> str:
    if run.finished is None:
        raise RunError(f"Run {run.name} is {run.status}", "a finished run")
    return storage.digest([VERSION, corruptions.VERSION, run.id, run.finished.isoformat()])


def _parse(value: dict[str, Any]) -> Robustness:
    return Robustness(**value | {"drop": Interval(**value["drop"]), "seeds": ()})
