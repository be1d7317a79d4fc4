"""Wrong labels: images that a head, trained without them, is confident belong to another class.

A linear head is trained on the features of four fifths of the images and asked about the last fifth, five times. Its
probabilities are judged by confident learning (Northcutt, Jiang and Chuang, 2021, https://arxiv.org/abs/1911.00068),
pruned by class: the head is confident of a class if it gives it at least the probability that images with this label
get on average; the share of a label's images of which it is confident of another class says how many of its labels are
wrong; that many are suspect, those with the least probable label.

    search(source)         the suspects among the images of a source, surest first
    find(source)           the stored result
    usual(dataset)         a source that is good enough for most datasets, and always here
    suspects(p, labels)    which labels are suspect, given out-of-sample probabilities
"""

from collections import Counter
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from core import embeddings, neighbours, threads
from core.config import DEMO
from core.data.dataset import Dataset
from core.embeddings import Resolved, Source
from core.errors import DatasetError
from core.features import estimates
from core.features.estimates import Count
from core.heads.head import accuracy, moments, softmax, standardised
from core.heads.logistic import LogisticRegression, PrincipalAxes, Solution, choose_strength, folds
from core.progress import Progress, Report, silent

VERSION = 1  # increase it when the same source would give a different result
KIND = "label-errors"  # folder of the results
FOLDS = 5
NEIGHBOURS = 5
STRENGTHS = (1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3)  # L2, from strong to weak: a weak one memorises wrong labels


@dataclass(frozen=True)
class Suspect:
    """An image whose label is probably wrong."""

    row: int
    label: int
    suggested: int  # the class that the head finds most probable
    confidence: float  # the probability of its label
    probability: float  # that of the suggested class
    neighbours: tuple[int, ...]  # row ids of the most similar images, nearest first


@dataclass(frozen=True)
class LabelErrors:
    """The suspects among a number of images, those whose label is least probable first."""

    suspects: tuple[Suspect, ...]
    images: int
    accuracy: float  # share of the labels that the head predicts


def usual(dataset: str) -> Source:
    """All images of a dataset, seen by the shipped backbone."""
    return Source(dataset=dataset, backbone=DEMO.backbone, input_size=DEMO.input_size)


def find(source: Source) -> LabelErrors | None:
    """The stored result; None if there is none. Needs no Keras.

    Raises:
        LabError: The dataset of the source no longer exists.
    """
    return embeddings.resolve(source).find(KIND, VERSION, _parse)


def search(source: Source, report: Report = silent) -> LabelErrors:
    """The suspects among a source's images; a stored result is returned at once.

    Raises:
        DatasetError: A class has a single image, so that nothing can be learned about it without that image.
        LabError: The dataset or the weights of the source are missing.
        Stopped: `report` raised it; features stay.
    """
    resolved = embeddings.resolve(source)
    check(resolved)
    resolved.fetch(report)
    if stored := resolved.find(KIND, VERSION, _parse):
        return stored
    vectors = resolved.values(report)
    rows, labels = vectors.rows, resolved.dataset.labels[vectors.rows]
    began = perf_counter()
    p = out_of_sample(vectors.values, labels, len(resolved.dataset.class_names), report)
    estimates.time_work("label-error heads", len(rows), perf_counter() - began)
    positions = suspects(p, labels)
    nearest = neighbours.nearest(vectors.values, vectors.values[positions], NEIGHBOURS + 1, "cosine", report)[0]
    result = LabelErrors(
        tuple(
            Suspect(
                row=int(rows[i]),
                label=int(labels[i]),
                suggested=int(p[i].argmax()),
                confidence=round(float(p[i, labels[i]]), 6),
                probability=round(float(p[i].max()), 6),
                neighbours=tuple(rows[[near for near in others if near != i][:NEIGHBOURS]].tolist()),
            )
            for i, others in zip(positions, nearest, strict=True)
        ),
        images=len(rows),
        accuracy=accuracy(p, labels),
    )
    resolved.keep(KIND, VERSION, asdict(result))
    return result


def count(source: Source, *, into: Count) -> None:
    """Count what `search` will compute: missing features, and the heads. Needs no Keras.

    Raises:
        LabError: The dataset of the source no longer exists.
    """
    resolved = embeddings.resolve(source)
    resolved.count(into)
    into.work("label-error heads", len(resolved.rows), label=f"{FOLDS} heads")


@threads.one()
def out_of_sample(values: np.ndarray, labels: np.ndarray, classes: int, report: Report = silent) -> np.ndarray:
    """Probabilities (n, classes) float32 for features (n, d), each from a head trained without that image.

    The strength of the head is the one that predicts most labels of the first fold.
    """
    fold = folds(labels, FOLDS)
    solved = 0

    def after_pass(passes: int) -> None:
        report(Progress("train", solved, FOLDS, unit="heads"))

    problem = LogisticRegression(
        standardised(values, *moments(values)),
        labels,
        classes,
        coordinates=PrincipalAxes,
        after_pass=after_pass,
    )
    first: dict[float, Solution] = {}

    def predicted(strength: float) -> float:
        solution = first[strength] = problem.solve(strength, part=fold != 0, start=first.get(STRENGTHS[0]))
        return accuracy(solution.logits(problem.rows[fold == 0]), labels[fold == 0])

    strength = choose_strength(predicted, STRENGTHS)
    p = np.empty((len(labels), classes), np.float32)
    for solved in range(FOLDS):
        solution = problem.solve(strength, part=fold != solved, start=first[strength])
        p[fold == solved] = softmax(solution.logits(problem.rows[fold == solved]))
    return p


def suspects(p: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Positions (m,) of the images whose label is suspect, the least probable label first.

    Args:
        p: (n, classes), out of sample; each row sums to 1.
        labels: (n,); every class has an image.
    """
    classes = p.shape[1]
    own = p[np.arange(len(labels)), labels]
    usual = np.array([own[labels == label].mean(dtype=np.float64) for label in range(classes)])
    confident = np.where(p >= usual - 1e-6, p, -1)  # cleanlab's tolerance for rounding
    is_confident, best = confident.max(axis=1) >= 0, confident.argmax(axis=1)
    chosen = []
    for label in range(classes):
        of_label = np.flatnonzero(labels == label)
        judged = best[of_label][is_confident[of_label]]
        wrong = round(len(of_label) * float(np.mean(judged != label))) if len(judged) else 0
        chosen.append(of_label[np.argsort(own[of_label], kind="stable")[:wrong]])
    positions = np.concatenate(chosen)
    positions = positions[p[positions].argmax(axis=1) != labels[positions]]
    return positions[np.argsort(own[positions], kind="stable")]


def check(source: Resolved) -> None:
    """Raises DatasetError if a class has a single image among those of a source."""
    names = source.dataset.class_names
    counts = np.bincount(source.dataset.labels[source.rows], minlength=len(names))
    if counts.min() < 2:
        name = names[int(counts.argmin())]
        raise DatasetError(
            f"The class {name!r} has {'one image' if counts.min() else 'no image'}",
            "at least two in every class, so that a head learns it without the image in question",
            "Add images to the class or leave it out",
        )


def agreeing(suspect: Suspect, labels: np.ndarray) -> tuple[int, int]:
    """How many of its neighbours have its label, and how many the suggested one."""
    votes = Counter(labels[list(suspect.neighbours)].tolist())
    return votes[suspect.label], votes[suspect.suggested]


def table(errors: LabelErrors, dataset: Dataset) -> pd.DataFrame:
    """A row for each suspect; `relabelling.read` reads its columns `file` and `label`."""
    names = dataset.class_names
    rows = [
        (str(dataset.files[each.row]), names[each.label], names[each.suggested], each.confidence, each.probability)
        for each in errors.suspects
    ]
    return pd.DataFrame(rows, columns=["file", "label", "suggested", "confidence", "probability"])


def _parse(value: dict[str, Any]) -> LabelErrors:
    parsed = (Suspect(**suspect | {"neighbours": tuple(suspect["neighbours"])}) for suspect in value["suspects"])
    return LabelErrors(tuple(parsed), value["images"], value["accuracy"])
