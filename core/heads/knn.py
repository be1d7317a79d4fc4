"""Nearest neighbours: the most similar training images vote."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from core import neighbours
from core.errors import ConfigError
from core.heads.head import Head, Labelled, Options, in_parts
from core.progress import Progress, Report

NEIGHBOURS = (1, 3, 5, 10, 20, 50)  # candidates
ROWS = 256  # compared with all training images at once


@dataclass(frozen=True, eq=False, kw_only=True)
class KnnHead(Head):
    """The features of all training images at length 1, with their labels."""

    directions: np.ndarray  # (n, d) float32, each of length 1
    labels: np.ndarray  # (n,) int64
    neighbours: int  # that vote

    ROWS = ROWS

    def arrays(self) -> dict[str, np.ndarray]:
        return {"directions": self.directions, "labels": self.labels, "neighbours": np.array(self.neighbours)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], **common: Any) -> Self:
        return cls(
            directions=arrays["directions"], labels=arrays["labels"], neighbours=int(arrays["neighbours"]), **common
        )

    def logits(self, x: np.ndarray) -> np.ndarray:
        raise ConfigError("Nearest neighbours have no logits", "a head with layers", "Use the features instead")

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """The share of the votes (n, classes) that each class gets."""
        return self._in_parts(x, lambda part: shares(self.nearest_labels(part, self.neighbours), self.classes))

    def nearest_labels(self, x: np.ndarray, k: int) -> np.ndarray:
        """Labels (n, k) of the most similar training images, by cosine, the most similar first."""
        distance = -_directions(x) @ self.directions.T  # (n, n_train)
        return self.labels[neighbours.smallest(distance, k)]


def fit(train: Labelled, val: Labelled, classes: int, options: Options, report: Report) -> KnnHead:
    """Store the training images; the number of neighbours is chosen by validation accuracy."""
    candidates = [options.neighbours] if options.neighbours else NEIGHBOURS
    candidates = sorted({min(k, len(train.y)) for k in candidates})
    head = KnnHead(
        method="knn",
        classes=classes,
        directions=_directions(train.x),
        labels=np.asarray(train.y, np.int64),
        neighbours=candidates[-1],
    )
    correct, done = dict.fromkeys(candidates, 0), 0
    for x, y in zip(in_parts(val.x, ROWS), in_parts(val.y, ROWS), strict=True):
        labels = head.nearest_labels(x, candidates[-1])
        for k in candidates:
            correct[k] += int(np.sum(shares(labels[:, :k], classes).argmax(axis=1) == y))
        done += len(y)
        report(Progress("train", done, len(val.y)))
    curves = [{"step": k, "validation_accuracy": correct[k] / len(val.y)} for k in candidates]
    best = max(curves, key=lambda point: point["validation_accuracy"])  # the first of equals
    k = int(best["step"])
    return replace(
        head, neighbours=k, chosen={"neighbours": k, "validation_accuracy": best["validation_accuracy"]}, curves=curves
    )


def shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """Share of the votes (n, k) for each class, (n, classes) float32."""
    votes = np.arange(classes) == labels[:, :, None]  # (n, k, classes)
    return votes.mean(axis=1, dtype=np.float32)


def _directions(x: np.ndarray) -> np.ndarray:
    return neighbours.unit(np.asarray(x, np.float32))
