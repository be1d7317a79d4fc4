"""Robustness: how good a finished run still is on shifted copies of its test images, which it never saw.

Probes take the features of the shifted images from the cache; a network that trained looks at them anew.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core import embeddings, features, hardware, metrics, runs, storage
from core.config import TITLES
from core.data import corruptions, datasets
from core.data.datasets import Dataset
from core.embeddings import Resolved, Source
from core.errors import ConfigError, RunError
from core.metrics import NORMAL_95, Interval
from core.progress import Progress, Report, silent

VERSION = 1  # raise it when the same question would get another answer
KIND = "robustness"  # folder of the results


@dataclass(frozen=True)
class Robustness:
    """What a run gets right of the images as they are, and of shifted ones."""

    clean: float  # share of the test images, as stored with the run
    accuracies: dict[str, list[float]]  # shift -> at severity 1 to 5
    drop: Interval  # clean less the mean over all shifts, with its 95 % interval over the images
    n_test: int
    hardware: str

    def interval(self, shift: str, severity: int) -> Interval:
        """Wilson's interval of one accuracy."""
        return metrics.wilson(round(self.accuracies[shift][severity - 1] * self.n_test), self.n_test)


def find(run_id: str) -> Robustness | None:
    """What `measure` found before; None where there is nothing, or its file is broken.

    Raises:
        RunError: There is no such run.
    """
    return storage.find(KIND, _key(runs.get(run_id)), _parse)


def takes(method: str) -> bool:
    """Whether this can be asked of a run of a method."""
    return method in TITLES


def measure(run_id: str, report: Report = silent) -> Robustness:
    """Shows a finished run every shift of its test images.

    Raises:
        RunError: There is no such run, or it left nothing to ask.
        ConfigError: A run that is neither a probe nor a network that trained.
        LabError: Its dataset or weights are not here.
        Stopped: `report` raised it; features that are extracted stay.
    """
    if found := find(run_id):
        return found
    run = runs.get(run_id)
    if not takes(run.config.method):
        raise ConfigError(
            f"Shifted images cannot be shown to a {run.config.method} run", "a probe or a network that trained"
        )
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and left nothing to ask", "a finished run")
    dataset, told = datasets.load(run.config.dataset), runs.predictions(run_id)
    rows, labels = told["row"].to_numpy(), told["label"].to_numpy()
    network = _network(run)
    clean = (told["prediction"] == told["label"]).to_numpy()
    right = np.empty((len(corruptions.CORRUPTIONS), len(corruptions.SEVERITIES), len(rows)), bool)
    for i, corruption in enumerate(corruptions.CORRUPTIONS):
        report(Progress("evaluate", i, len(right), unit="shifts"))
        answers = _answers(run, network, corruptions.corrupted(dataset, rows, corruption), report)
        right[i] = answers.reshape(len(corruptions.SEVERITIES), -1) == labels
    found = Robustness(
        clean=float(clean.mean()),
        accuracies={corruption: right[i].mean(axis=1).tolist() for i, corruption in enumerate(corruptions.CORRUPTIONS)},
        drop=mean_drop(clean, right),
        n_test=len(rows),
        hardware=hardware.name(),
    )
    storage.keep(KIND, _key(run), asdict(found))
    return found


def mean_drop(clean: np.ndarray, right: np.ndarray) -> Interval:
    """Clean accuracy less the mean over the shifts, with a normal 95 % interval over images, each beside itself.

    Args:
        clean: (n,) bool.
        right: (..., n) bool, the same images after each shift.
    """
    lost = clean - right.reshape(-1, right.shape[-1]).mean(axis=0)  # (n,)
    mean, margin = float(lost.mean()), NORMAL_95 * float(lost.std(ddof=1) / np.sqrt(len(lost)))
    return Interval(mean, mean - margin, mean + margin)


def _network(run: runs.Run) -> Resolved | None:
    """The logits of a network that trained; None for a probe."""
    if not run.config.trains:
        return None
    return embeddings.resolve(Source(dataset=run.config.dataset, images="test", run=run.id, what="logits"))


def _answers(run: runs.Run, network: Resolved | None, corrupted: Dataset, report: Report) -> np.ndarray:
    """The classes (n,) that a run says of all images of a dataset."""
    if network:
        return network.of_pictures(corrupted.images).argmax(axis=1)
    extracted = features.extract(corrupted, np.arange(len(corrupted.images)), run.config.encoder, report=report)
    return runs.head(run.id).predict_proba(extracted.values).argmax(axis=1)


def _key(run: runs.Run) -> str:
    if run.finished is None:
        raise RunError(f"Run {run.name} is {run.status}", "a finished run")
    return storage.digest([VERSION, corruptions.VERSION, run.id, run.finished.isoformat()])


def _parse(value: dict[str, Any]) -> Robustness:
    value["drop"] = Interval(**value["drop"])
    return Robustness(**value)
