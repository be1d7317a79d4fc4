"""Outliers of a class: the images whose features are least like those of the other images with their label.

Images are ordered by their mean cosine distance to their `NEIGHBOURS` nearest images of the class. That is an order in
which to look, and no verdict: in every class something comes first.

    search(source)    the least typical images of each class
    find(source)      the stored result
"""

import numpy as np

from core import embeddings, neighbours
from core.embeddings import Source
from core.progress import Progress, Report, silent

VERSION = 1  # increase it when the same source would give a different result
KIND = "outliers"  # folder of the results
NEIGHBOURS = 10
KEPT = 10  # of each class

Outliers = list[list[int]]  # for each class row ids, the least typical first


def find(source: Source) -> Outliers | None:
    """The stored result; None if there is none. Needs no Keras.

    Raises:
        LabError: The dataset of the source no longer exists.
    """
    return embeddings.resolve(source).find(KIND, VERSION, _parse)


def search(source: Source, report: Report = silent) -> Outliers:
    """The least typical images of each class of a source; a stored result is returned at once.

    Raises:
        LabError: The dataset or the weights of the source are missing.
        Stopped: `report` raised it; features stay.
    """
    resolved = embeddings.resolve(source)
    resolved.fetch(report)
    if stored := resolved.find(KIND, VERSION, _parse):
        return stored
    vectors = resolved.values(report)
    labels, classes = resolved.dataset.labels[vectors.rows], len(resolved.dataset.class_names)
    outliers = []
    for label in range(classes):
        report(Progress("neighbours", label, classes, unit="classes"))
        of_label = np.flatnonzero(labels == label)
        order = least_typical(vectors.values[of_label])[:KEPT]
        outliers.append(vectors.rows[of_label[order]].tolist())
    resolved.keep(KIND, VERSION, {"rows": outliers})
    return outliers


def least_typical(values: np.ndarray) -> np.ndarray:
    """Positions (n,) of the features (n, d) of one class, the least typical first; none if it has one image."""
    if len(values) < 2:
        return np.empty(0, np.int64)
    distances = neighbours.of_each(values, min(NEIGHBOURS, len(values) - 1), "cosine")[1]
    return np.argsort(-distances.mean(axis=1), kind="stable")


def _parse(value: dict[str, list[list[int]]]) -> Outliers:
    return [list(rows) for rows in value["rows"]]
