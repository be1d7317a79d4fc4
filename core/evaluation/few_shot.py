"""Few-shot curves: how good a linear head is that saw 1, 2, 4, ... all labelled training images of a class.

At every size some draws of the training images, each a prefix of the next larger one; one linear head for each. Its L2
strength is chosen among the labelled images alone, never on the test images: by cross-validation up to `FEW` images a
class, on a fifth that is held out above. With one image a class nothing can be held out: the strongest is taken, set
beforehand, with which a head does little more than ask which image is nearest. Features are standardised by all
training images, for which no label is needed.

    measure(source, ...)     computes, keeps every size as soon as it is there, and goes on where it was stopped
    find(source, ...)        what is on the disk, whole or not
    crossing(curve, line)    how many images a class reach an accuracy
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from core import embeddings, hardware, heads, storage
from core.embeddings import Resolved, Source
from core.errors import ConfigError, WeightsError
from core.heads.logistic import LogisticRegression, PrincipalAxes, Solution, choose_strength
from core.metrics import Interval
from core.progress import Progress, Report, silent

VERSION = 1  # raise it when the same question would get another answer
KIND = "few_shot"  # folder of the results
SEEDS = 5
STRENGTHS = (1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4)  # L2, from strong to weak
CORES = os.cpu_count() or 1
FEW, FOLDS = 16, 5  # images a class up to which each labelled image is held out once; into so many parts at most


@dataclass(frozen=True)
class Point:
    """Heads that saw the same number of images."""

    shots: float  # labelled images a class
    images: int  # labelled images in all
    accuracies: tuple[float, ...]  # on the test images, one for each draw
    strengths: tuple[float, ...]  # L2, as chosen for each draw

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))


@dataclass(frozen=True)
class Curve:
    """The points of a backbone, from few images to all."""

    points: tuple[Point, ...]
    classes: int
    n_test: int
    seeds: int
    complete: bool  # no size is missing
    seconds: float  # of computing the heads; features are not in it
    hardware: str


@dataclass(frozen=True)
class Task:
    """Standardised features with their classes, to learn from and to be tested on."""

    x: np.ndarray  # (n, d)
    y: np.ndarray  # (n,)
    x_test: np.ndarray  # (m, d)
    y_test: np.ndarray  # (m,)
    classes: int


@dataclass(frozen=True)
class Crossing:
    """Labelled images a class with which a curve reaches a line; `inf` where all there are do not."""

    shots: float  # of the mean over the draws
    low: float  # the luckiest draw against the lower end of the line's interval
    high: float  # the unluckiest draw against its upper end
    fewest: float  # the sizes that were measured
    most: float


def find(source: Source, *, seeds: int = SEEDS) -> Curve | None:
    """What `measure` found up to now; None where there is nothing, or its file is broken. Needs no Keras.

    Raises:
        LabError: What the source names is not there.
    """
    _check(source, seeds)
    try:
        return _find(embeddings.resolve(source), seeds)
    except WeightsError:  # they are downloaded when it is measured
        return None


def measure(source: Source, *, seeds: int = SEEDS, report: Report = silent) -> Curve:
    """The curve of a source's vectors on its test images; sizes that are on the disk are not computed again.

    Raises:
        ConfigError: The source is not of test images, or there is no draw.
        LabError: What the source names is not there.
        Stopped: `report` raised it; the sizes that are computed stay.
    """
    _check(source, seeds)
    resolved = embeddings.resolve(source)
    resolved.fetch(report)
    curve = _find(resolved, seeds)
    if curve and curve.complete:
        return curve
    task = _read(resolved, report)
    sizes = shots(np.bincount(task.y, minlength=task.classes))
    points = list(curve.points) if curve else []
    seconds = curve.seconds if curve else 0.0
    for number, n in enumerate(sizes):
        if number < len(points):
            continue
        began = perf_counter()
        whole = n == sizes[-1]

        def told(done: int, before: int = number * seeds) -> None:
            report(Progress("train", before + done, len(sizes) * seeds, unit="heads"))

        found = point(task, n, seeds=1 if whole else seeds, told=told)  # all: in one way only
        seconds += perf_counter() - began
        points.append(replace(found, shots=found.images / task.classes) if whole else found)
        complete = len(points) == len(sizes)
        curve = Curve(tuple(points), task.classes, len(task.y_test), seeds, complete, seconds, hardware.name())
        storage.keep(KIND, _key(resolved, seeds), asdict(curve))
    report(Progress("train", len(sizes) * seeds, len(sizes) * seeds, unit="heads"))
    assert curve is not None  # there is at least one size
    return curve


def read(source: Source, report: Report = silent) -> Task:
    """Standardised features of a source's training and test images; extracted where they are not in the cache."""
    return _read(embeddings.resolve(source), report)


def point(task: Task, n: int, *, seeds: int = SEEDS, told: Callable[[int], None] = lambda done: None) -> Point:
    """Heads that saw n labelled images a class, one for each seed; `told` hears how many of them are there."""
    draws = [draw(task.y, n, seed=seed) for seed in range(seeds)]
    found = []
    for head, strength in _fitted(task.x, task.y, draws, task.classes, n):
        told(len(found))
        right = head.logits(task.x_test).argmax(axis=1) == task.y_test
        found.append((float(right.mean()), strength))
    return Point(n, len(draws[0]), *zip(*found, strict=True))


def shots(counts: np.ndarray) -> tuple[int, ...]:
    """The sizes: 1, 2, 4, ... up to two thirds of the smallest class (of counts (c,)), then all of the largest."""
    doubled = [2**power for power in range(int(counts.min()).bit_length()) if 2**power <= counts.min() / 1.5]
    return *doubled, int(counts.max())


def draw(labels: np.ndarray, n: int, *, seed: int) -> np.ndarray:
    """Positions (m,) of n images of each class, or all of a class that has fewer; fewer are a part of more."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.sort(np.concatenate([order[labels[order] == label][:n] for label in np.unique(labels)]))


def fit(x: np.ndarray, y: np.ndarray, *, classes: int, shots: int) -> tuple[Solution, float]:
    """A linear head on standardised features (n, d) and labels (n,), and its strength, chosen among these alone."""
    problem = LogisticRegression(x, y, classes, coordinates=PrincipalAxes)
    strength = STRENGTHS[0] if shots == 1 else _choose(problem, y, shots)
    return problem.on_features(problem.solve(strength)), strength


def crossing(curve: Curve, line: Interval) -> Crossing:
    """Where the curve reaches an accuracy that has an interval, read between the measured sizes on a log scale.

    The first size that reaches it counts, though a larger one may fall below by chance.
    """
    points = curve.points
    sizes = np.log2([point.shots for point in points])
    means = [point.mean for point in points]
    luckiest, unluckiest = ([one(point.accuracies) for point in points] for one in (max, min))
    return Crossing(
        shots=_reached(sizes, means, line.value),
        low=_reached(sizes, luckiest, line.low),
        high=_reached(sizes, unluckiest, line.high),
        fewest=points[0].shots,
        most=points[-1].shots,
    )


def _fitted(
    x: np.ndarray, y: np.ndarray, draws: list[np.ndarray], classes: int, n: int
) -> Iterator[tuple[Solution, float]]:
    """A head and its strength for each draw, some draws at a time."""
    import scipy.linalg  # noqa: F401 - SciPy's own OpenBLAS is limited only if it is loaded before
    from threadpoolctl import threadpool_limits

    # One core for each draw: the products are small, and two pools of threads would wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(min(CORES, len(draws))) as pool:
        yield from pool.map(lambda chosen: fit(x[chosen], y[chosen], classes=classes, shots=n), draws)


def _reached(sizes: np.ndarray, accuracies: list[float], line: float) -> float:
    best = np.maximum.accumulate(accuracies)
    if best[-1] < line:
        return float("inf")
    first = int(np.argmax(best >= line))
    if first == 0:
        return float(2 ** sizes[0])
    share = (line - best[first - 1]) / (best[first] - best[first - 1])
    return float(2 ** (sizes[first - 1] + share * (sizes[first] - sizes[first - 1])))


def _choose(problem: LogisticRegression, y: np.ndarray, shots: int) -> float:
    """The strength with which most held-out images are classified correctly; of equals, the strongest."""
    part = _parts(y, min(shots, FOLDS))
    held_out = [part == fold for fold in range(part.max() + 1)] if shots <= FEW else [part == 0]
    solutions: list[Solution | None] = [None] * len(held_out)

    def correct(strength: float) -> int:
        total = 0
        for fold, out in enumerate(held_out):
            solution = problem.solve(strength, part=~out, start=solutions[fold])
            total += int((solution.logits(problem.rows[out]).argmax(axis=1) == y[out]).sum())
            solutions[fold] = solution
        return total

    return choose_strength(correct, STRENGTHS)


def _parts(y: np.ndarray, parts: int) -> np.ndarray:
    """Which part (n,) each image is of; every class is dealt out in turn."""
    by_class = np.argsort(y, kind="stable")
    _, counts = np.unique(y, return_counts=True)
    part = np.empty(len(y), int)
    part[by_class] = np.concatenate([np.arange(count) for count in counts]) % parts
    return part


def _check(source: Source, seeds: int) -> None:
    if source.images != "test":
        raise ConfigError(
            f"A few-shot curve was to be tested on {embeddings.IMAGES[source.images]}", "test images", "Choose them"
        )
    if seeds < 1:
        raise ConfigError(f"{seeds} draws were asked for", "1 or more", "Ask for 5")


def _train(source: Resolved) -> Resolved:
    return source.vary(images="train", n_images=0)


def _read(source: Resolved, report: Report) -> Task:
    train, test = _train(source).values(report), source.values(report)
    mean, scale = heads.moments(train.values)
    x, x_test = ((vectors.values - mean) / scale for vectors in (train, test))
    labels, classes = source.dataset.labels, len(source.dataset.class_names)
    return Task(x, labels[train.rows], x_test, labels[test.rows], classes)


def _find(source: Resolved, seeds: int) -> Curve | None:
    return storage.find(KIND, _key(source, seeds), _parse)


def _key(source: Resolved, seeds: int) -> str:
    return storage.digest([VERSION, seeds, _train(source).digest, source.digest])


def _parse(value: dict[str, Any]) -> Curve:
    points = tuple(
        Point(**point | {name: tuple(point[name]) for name in ("accuracies", "strengths")}) for point in value["points"]
    )
    value["points"] = points
    return Curve(**value)
