"""Whether a run has learned the background: measured on the images of `data.shortcut`, whose backgrounds are known.

accuracy    on the same photos with other backgrounds
evidence    the share of each method's maps that lies on the background
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core import hardware, metrics, runs, storage
from core.data import datasets, shortcut
from core.errors import ConfigError, RunError
from core.explain import attribution, faithfulness
from core.metrics import Change, Interval
from core.progress import Progress, Report, silent
from core.runs import models

VERSION = 2  # increase it when the same run would give a different result
KIND = "shortcut"  # folder of the results
AREA = float(shortcut.BACKGROUND.mean())  # share of an image that is background


@dataclass(frozen=True)
class Shortcut:
    """How a run did on each version of the backgrounds, and where its evidence lies."""

    rows: list[int]  # ids of the test images
    labels: list[int]
    predictions: dict[str, list[int]]  # version -> the class of each image
    evidence: dict[str, Interval]  # method -> mean share on the background, with its 95 % t interval
    hardware: str

    def right(self, version: str) -> np.ndarray:
        """Whether each image (n,) is recognised."""
        return np.equal(self.predictions[version], self.labels)

    def accuracy(self, version: str) -> Interval:
        """The share of images that are recognised."""
        return metrics.accuracy(np.array(self.labels), np.array(self.predictions[version]))

    def change(self, version: str) -> Change:
        """The change of the accuracy from the original backgrounds to those of a version."""
        return metrics.change(self.right("own"), self.right(version))

    @property
    def follows(self) -> Interval:
        """The share of images on swapped backgrounds that are taken for the class of their background."""
        return metrics.accuracy(shortcut.other_class(np.array(self.labels)), np.array(self.predictions["swapped"]))


def find(run_id: str) -> Shortcut | None:
    """The stored result; None if there is none, or its file is damaged.

    Raises:
        RunError: There is no such run, or it has not ended.
    """
    return storage.find(KIND, _key(runs.get(run_id)), _parse)


def measure(run_id: str, report: Report = silent) -> Shortcut:
    """Test a finished run on other backgrounds, and locate its evidence on some of its test images.

    Raises:
        RunError: There is no such run, or it has no model.
        ConfigError: It is on images whose backgrounds are not known.
        LabError: Its dataset or weights are missing.
        Stopped: `report` raised it; nothing is kept.
    """
    run = models.check(run_id)
    if run.config.dataset != shortcut.NAME:
        raise ConfigError(
            f"Run {run.name} is on {run.config.dataset}, whose backgrounds are not known", f"a run on {shortcut.NAME}"
        )
    if stored := find(run_id):
        return stored
    report(Progress("load", 0, 0))
    model, tested = models.load(run_id), runs.predictions(run_id)
    rows, labels = tested["row"].to_numpy(), tested["label"].to_numpy()
    images, predictions = datasets.load(shortcut.NAME).images, {}
    for done, version in enumerate(shortcut.VERSIONS):
        report(Progress("evaluate", done, len(shortcut.VERSIONS), unit="backgrounds"))
        pictures = shortcut.recoloured(images[rows], labels, version)
        predictions[version] = model.predict(pictures, batch_size=32, verbose=0).argmax(axis=1).tolist()
    evidence = _evidence(model, images[faithfulness.some(rows)], report)
    result = Shortcut(rows.tolist(), labels.tolist(), predictions, evidence, hardware.name())
    storage.keep(KIND, _key(run), asdict(result))
    return result


def _evidence(model: Any, images: np.ndarray, report: Report) -> dict[str, Interval]:
    """The mean share of each method's maps on the background; without methods for networks of another kind."""
    evidence = {}
    for done, method in enumerate(attribution.METHODS):
        report(Progress("explain", done, len(attribution.METHODS), unit="methods"))
        try:
            share = metrics.mean(np.array([_share(model, method, image) for image in images]))
        except RunError:
            continue
        evidence[method] = Interval(share.value, max(share.low, 0.0), min(share.high, 1.0))
    return evidence


def _share(model: Any, method: str, image: np.ndarray) -> float:
    predicted = int(np.asarray(model(image[None], training=False))[0].argmax())
    heat = faithfulness.by_region(attribution.of_model(model, method, image, predicted))
    on_background = heat @ faithfulness.by_region(shortcut.BACKGROUND)
    return float(on_background / heat.sum()) if heat.any() else AREA  # no evidence is as much here as there


def _key(run: runs.Run) -> str:
    if run.finished is None:
        raise RunError(f"Run {run.name} is {run.status}", "a finished run")
    return storage.digest([VERSION, run.id, run.finished.isoformat()])


def _parse(value: dict[str, Any]) -> Shortcut:
    value["evidence"] = {method: Interval(**share) for method, share in value["evidence"].items()}
    return Shortcut(**value)
