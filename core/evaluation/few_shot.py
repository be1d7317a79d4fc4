"""Few-shot curves: the accuracy of a linear head trained on 1, 2, 4, ... all labelled images per class.

For every size, several random draws of training images, each contained in the draw of the next size, train one linear
head each. Its L2 strength is chosen on the labelled images alone, never on the test images: by cross-validation for up
to `FEW` images per class, on a held-out fifth for more. One image per class leaves nothing to hold out: then the
strongest is used, with which a head does little more than find the nearest image. Features are standardised over all
training images, which needs no labels.

    measure(source, ...)     computes the curve, stores every finished size, and resumes where it was stopped
    find(source, ...)        the stored curve, complete or not
    crossing(curve, line)    how many images per class reach an accuracy
    change(first, second)    whether one backbone is better than another with the same few images
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from math import nan
from time import perf_counter
from typing import Any

import numpy as np

from core import embeddings, hardware, heads, metrics, storage, threads
from core.embeddings import Resolved, Source
from core.errors import ConfigError, WeightsError
from core.features import estimates
from core.features.estimates import Count
from core.heads.logistic import LogisticRegression, PrincipalAxes, Solution, choose_strength, folds
from core.metrics import Change, Interval
from core.progress import Progress, Report, silent

VERSION = 1  # increase it when the same source would give a different result
KIND = "few_shot"  # folder of the results
SEEDS = 5
STRENGTHS = (1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4)  # L2, from strong to weak
CORES = os.cpu_count() or 1
FEW, FOLDS = 16, 5  # up to FEW images per class, cross-validation in at most FOLDS parts


@dataclass(frozen=True)
class Point:
    """Heads trained on the same number of images."""

    shots: float  # labelled images per class
    images: int  # labelled images in total
    accuracies: tuple[float, ...]  # on the test images, one per draw
    strengths: tuple[float, ...]  # L2, one per draw

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))


@dataclass(frozen=True)
class Curve:
    """The points of a backbone, from one image per class to all."""

    points: tuple[Point, ...]
    classes: int
    n_test: int
    seeds: int
    complete: bool  # every size has its point
    seconds: float  # of training the heads, without extracting features
    hardware: str


@dataclass(frozen=True)
class Task:
    """Standardised features with their classes, for training and for testing."""

    x: np.ndarray  # (n, d)
    y: np.ndarray  # (n,)
    x_test: np.ndarray  # (m, d)
    y_test: np.ndarray  # (m,)
    classes: int


@dataclass(frozen=True)
class Crossing:
    """Labelled images per class at which a curve reaches a line; `inf` if it never does."""

    shots: float  # of the mean over the draws
    low: float  # the luckiest draw against the lower end of the line's interval
    high: float  # the unluckiest draw against its upper end
    fewest: float  # the smallest measured size
    most: float  # the largest


def find(source: Source, *, seeds: int = SEEDS) -> Curve | None:
    """The stored curve, complete or not; None if there is none, or its file is damaged. Needs no Keras.

    Raises:
        LabError: The dataset or the run of the source no longer exists.
    """
    _check(source, seeds)
    try:
        return _find(embeddings.resolve(source), seeds)
    except WeightsError:  # `measure` downloads them
        return None


def measure(source: Source, *, seeds: int = SEEDS, report: Report = silent) -> Curve:
    """The curve of a source's vectors, tested on its test images; stored sizes are not computed again.

    Raises:
        ConfigError: The source is not of test images, or `seeds` is less than 1.
        LabError: The dataset, the run or the weights of the source are missing.
        Stopped: `report` raised it; finished sizes stay.
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
    seconds = before = curve.seconds if curve else 0.0
    images = _to_fit(sizes[len(points) :], sizes[-1], task.classes, seeds)
    for number, n in enumerate(sizes):
        if number < len(points):
            continue
        began = perf_counter()
        all_images = n == sizes[-1]

        def report_fitted(fitted: int, before: int = number * seeds) -> None:
            report(Progress("train", before + fitted, len(sizes) * seeds, unit="heads"))

        measured = point(task, n, seeds=1 if all_images else seeds, on_fit=report_fitted)  # all: a single draw
        seconds += perf_counter() - began
        points.append(replace(measured, shots=measured.images / task.classes) if all_images else measured)
        complete = len(points) == len(sizes)
        curve = Curve(tuple(points), task.classes, len(task.y_test), seeds, complete, seconds, hardware.name())
        storage.keep(KIND, _key(resolved, seeds), asdict(curve))
    report(Progress("train", len(sizes) * seeds, len(sizes) * seeds, unit="heads"))
    estimates.time_work("few-shot head", images, seconds - before)
    assert curve is not None  # there is at least one size
    return curve


def count(source: Source, *, seeds: int = SEEDS, into: Count) -> None:
    """Count what `measure` will compute: missing features, and heads of the missing sizes. Needs no Keras.

    Raises:
        LabError: The dataset or the run of the source no longer exists.
    """
    resolved, curve = embeddings.resolve(source), find(source, seeds=seeds)
    train = _train(resolved)
    classes = len(resolved.dataset.class_names)
    sizes = shots(np.bincount(resolved.dataset.labels[train.rows], minlength=classes))
    todo = sizes[len(curve.points) if curve else 0 :]
    encoder, missing = resolved.encoder, [train.missing, resolved.missing]
    into.network(encoder.backbone, encoder.input_size, sum(missing), builds=sum(map(bool, missing)))
    label = f"heads of {len(todo)} sizes" if len(todo) != 1 else "heads of 1 size"
    into.work("few-shot head", _to_fit(todo, sizes[-1], classes, seeds), label=label)


def read(source: Source, report: Report = silent) -> Task:
    """Standardised features of a source's training and test images; missing ones are extracted."""
    return _read(embeddings.resolve(source), report)


def point(task: Task, n: int, *, seeds: int = SEEDS, on_fit: Callable[[int], None] = lambda fitted: None) -> Point:
    """Heads trained on n labelled images per class, one per seed; `on_fit` is called with their number so far."""
    draws = [draw(task.y, n, seed=seed) for seed in range(seeds)]
    results = []
    for head, strength in _fitted(task.x, task.y, draws, task.classes, n):
        on_fit(len(results))
        right = head.logits(task.x_test).argmax(axis=1) == task.y_test
        results.append((float(right.mean()), strength))
    return Point(n, len(draws[0]), *zip(*results, strict=True))


def shots(counts: np.ndarray) -> tuple[int, ...]:
    """The sizes: 1, 2, 4, ... up to two thirds of the smallest of the class counts (c,), then the largest count."""
    doubled = [2**power for power in range(int(counts.min()).bit_length()) if 2**power <= counts.min() / 1.5]
    return *doubled, int(counts.max())


def draw(labels: np.ndarray, n: int, *, seed: int) -> np.ndarray:
    """Positions (m,) of n images per class, or all if it has fewer; a smaller draw is part of a larger one."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.sort(np.concatenate([order[labels[order] == label][:n] for label in np.unique(labels)]))


def fit(x: np.ndarray, y: np.ndarray, *, classes: int, shots: int) -> tuple[Solution, float]:
    """A linear head on standardised features (n, d) and labels (n,), and its strength, chosen on these alone."""
    problem = LogisticRegression(x, y, classes, coordinates=PrincipalAxes)
    strength = STRENGTHS[0] if shots == 1 else _choose(problem, y, shots)
    return problem.on_features(problem.solve(strength)), strength


def crossing(curve: Curve, line: Interval) -> Crossing:
    """Where the curve reaches an accuracy with its interval, interpolated between sizes on a log scale.

    The first size that reaches it counts, even if a larger one falls below it by chance.
    """
    points = curve.points
    sizes = np.log2([point.shots for point in points])
    means = [point.mean for point in points]
    luckiest, unluckiest = ([pick(point.accuracies) for point in points] for pick in (max, min))
    return Crossing(
        shots=_reached(sizes, means, line.value),
        low=_reached(sizes, luckiest, line.low),
        high=_reached(sizes, unluckiest, line.high),
        fewest=points[0].shots,
        most=points[-1].shots,
    )


def at(curve: Curve, shots: float) -> Point | None:
    """The point of a size; None if it is not measured."""
    return next((point for point in curve.points if point.shots == shots), None)


def shared_size(curves: Sequence[Curve], most: int = 5) -> float:
    """The largest size that all curves have, of at most `most` images per class."""
    sizes = set.intersection(*({point.shots for point in curve.points} for curve in curves))
    return max((size for size in sizes if size <= most), default=min(sizes, default=nan))


def change(first: Curve, second: Curve, shots: float) -> Change:
    """The change from one backbone to another with the same labelled images, between the means of the draws.

    Clear only if neither the choice of test images nor that of labelled images, which are the same in each draw, would
    explain it.
    """
    one, other = at(first, shots), at(second, shots)
    assert one is not None and other is not None
    measured = metrics.change_of_counts(
        round(one.mean * first.n_test), first.n_test, round(other.mean * second.n_test), second.n_test
    )
    gains = [after - before for before, after in zip(one.accuracies, other.accuracies, strict=False)]
    return replace(measured, clear=measured.clear and (min(gains) > 0 or max(gains) < 0))


def _fitted(
    x: np.ndarray, y: np.ndarray, draws: list[np.ndarray], classes: int, n: int
) -> Iterator[tuple[Solution, float]]:
    """A head and its strength for each draw, several draws in parallel."""
    with threads.one(), ThreadPoolExecutor(min(CORES, len(draws))) as pool:
        yield from pool.map(lambda chosen: fit(x[chosen], y[chosen], classes=classes, shots=n), draws)


def _to_fit(sizes: Sequence[int], largest: int, classes: int, seeds: int) -> int:
    """Training images of all heads of these sizes together; of the largest size there is a single draw."""
    return sum(size * classes * (1 if size == largest else seeds) for size in sizes)


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
    """The strength with the most correctly classified held-out images; the strongest of a tie."""
    part = folds(y, min(shots, FOLDS))
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


def _check(source: Source, seeds: int) -> None:
    if source.images != "test":
        raise ConfigError(
            f"A few-shot curve cannot be tested on {embeddings.IMAGES[source.images]}", "test images", "Choose them"
        )
    if seeds < 1:
        raise ConfigError(f"{seeds} draws are too few", "1 or more", "Choose 5")


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
