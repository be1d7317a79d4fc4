"""Whether explanations can be trusted: measured on test images of a run, for each method of `attribution`.

    deletion, insertion   the probability of the predicted class while the regions that a map calls most important are
                          deleted one after another, or inserted into an empty image (Petsiuk et al., RISE, BMVC 2018)
    shuffled weights      the map should change when the weights of the network are shuffled
                          (Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018)

All maps are averaged in the same REGIONS x REGIONS regions: single pixels would favour maps that are finer.
"""

from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import numpy as np

from core import metrics, runs, storage
from core.data import datasets
from core.errors import RunError
from core.explain import attribution, gradients
from core.metrics import Interval
from core.progress import Progress, Report, silent
from core.runs import models

VERSION = 5  # increase it when the same run would give a different result
KIND = "faithfulness"  # folder of the results
IMAGES = 16
REGIONS = 8  # along each side
STEPS = 16  # in which they are taken away
UNKNOWN = Interval(nan, nan, nan)
UNCHANGED = 0.5  # rank correlation from which a map of shuffled weights counts as the same


@dataclass(frozen=True)
class Faithfulness:
    """How one method did. Intervals are 95 % t intervals of the mean over images."""

    method: str
    deletion: tuple[float, ...]  # mean probability after 0, 1, ... STEPS steps
    insertion: tuple[float, ...]
    gains: tuple[float, ...]  # area of insertion less that of deletion of each image, -1 to 1; a random order has 0
    gain: Interval  # their mean
    similarity: Interval  # rank correlation with the map of shuffled weights
    error: str = ""  # why it was not measured; the rest is empty then

    @property
    def points_at_evidence(self) -> bool:
        """Whether its order is better than a random one, beyond doubt."""
        return self.gain.low > 0

    def better_than(self, other: "Faithfulness") -> bool:
        """Whether its order is better than that of another method on the same images, beyond doubt."""
        return metrics.mean(np.subtract(self.gains, other.gains)).low > 0

    @property
    def depends_on_weights(self) -> bool:
        """Whether its maps change when the weights are shuffled."""
        return self.similarity.value < UNCHANGED


def find(run: runs.Run) -> tuple[Faithfulness, ...] | None:
    """The stored result for a finished run; None if there is none. Needs no Keras."""
    return storage.find(KIND, _key(run), _parse)


def measure(run_id: str, report: Report = silent) -> tuple[Faithfulness, ...]:
    """Judge every method on IMAGES test images of a finished run, or all if it has fewer; a stored result is returned.

    Raises:
        RunError: The run has no model.
        Stopped: `report` raised it.
    """
    run = models.check(run_id)
    if stored := find(run):
        return stored
    model = models.load(run_id)
    shuffled = gradients.shuffled(model)
    rows = runs.predictions(run_id)["row"].to_numpy()
    images = datasets.load(run.config.dataset).images[some(rows)]
    done, results = 0, []
    for method in attribution.METHODS:
        measured = []
        try:
            for image in images:
                report(Progress("explain", done, len(images) * len(attribution.METHODS), unit="maps"))
                measured.append(_measure(model, shuffled, method, image))
                done += 1
            results.append(_summary(method, measured))
        except RunError as error:  # a method without gradients, or without a feature map
            results.append(Faithfulness(method, (), (), (), UNKNOWN, UNKNOWN, error.received))
            done = len(results) * len(images)
    storage.keep(KIND, _key(run), [asdict(result) for result in results])
    return tuple(results)


def some(rows: np.ndarray) -> np.ndarray:
    """The test images that are explained: IMAGES of the rows (n,) of a run, drawn at random, or all if it has fewer."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:IMAGES])


def by_region(heat: np.ndarray) -> np.ndarray:
    """The mean of a map (h, w) in each region, (REGIONS * REGIONS,)."""
    from PIL import Image

    resample = Image.Resampling.BOX if len(heat) >= REGIONS else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(heat).resize((REGIONS, REGIONS), resample)).ravel()


def _measure(model: Any, shuffled: Any, method: str, image: np.ndarray) -> tuple[np.ndarray, float]:
    """Probabilities (2, STEPS + 1) of deletion and insertion, and the similarity with the map of shuffled weights."""
    from scipy import stats

    predicted = int(np.asarray(model(image[None], training=False))[0].argmax())
    importance = by_region(attribution.of_model(model, method, image, predicted))
    other = by_region(attribution.of_model(shuffled, method, image, predicted))
    constant = np.ptp(importance) == 0 or np.ptp(other) == 0  # no order, and none in common
    similarity = 0.0 if constant else np.corrcoef(stats.rankdata(importance), stats.rankdata(other))[0, 1]
    order = np.argsort(-importance, kind="stable")
    step_of = np.empty(len(order), int)  # in which a region is taken away
    step_of[order] = np.arange(len(order)) * STEPS // len(order)
    of_pixel = _enlarged(step_of.reshape(REGIONS, REGIONS), len(image))
    gone = (of_pixel < np.arange(STEPS + 1)[:, None, None])[..., None]  # (STEPS + 1, s, s, 1)
    without = attribution.empty(image)
    mixed = np.concatenate([np.where(gone, without, image), np.where(gone, image, without)])
    probabilities = np.asarray(model(mixed.round().astype(np.uint8), training=False))[:, predicted]
    return probabilities.reshape(2, -1).astype(float), similarity


def _enlarged(regions: np.ndarray, size: int) -> np.ndarray:
    """Values of regions for every pixel, (size, size)."""
    places = np.arange(size) * REGIONS // size
    return regions[np.ix_(places, places)]


def _summary(method: str, measured: list[tuple[np.ndarray, float]]) -> Faithfulness:
    deletion, insertion = np.stack([curves for curves, _ in measured], axis=1)  # (images, STEPS + 1) each
    gains = np.trapezoid(insertion - deletion, dx=1 / STEPS, axis=1)
    return Faithfulness(
        method,
        tuple(deletion.mean(axis=0).round(4).tolist()),
        tuple(insertion.mean(axis=0).round(4).tolist()),
        tuple(gains.tolist()),
        metrics.mean(gains),
        metrics.mean(np.array([similarity for _, similarity in measured])),
    )


def _key(run: runs.Run) -> str:
    return storage.digest([VERSION, run.id, str(run.finished)])


def _parse(stored: list[dict[str, Any]]) -> tuple[Faithfulness, ...]:
    kinds = {"deletion": tuple, "insertion": tuple, "gains": tuple, "gain": _interval, "similarity": _interval}
    return tuple(Faithfulness(**{name: kinds.get(name, str)(value) for name, value in each.items()}) for each in stored)


def _interval(stored: dict[str, float]) -> Interval:
    return Interval(**stored)
