"""What a finished run answers to images that it was not tested on. For workers: it may need Keras."""

from collections.abc import Callable

import numpy as np

from core import embeddings, features, runs
from core.data.datasets import Dataset
from core.embeddings import Source
from core.progress import Report
from core.runs import Run

BATCH = 256  # images of a dataset that are in memory at once

Classify = Callable[[Dataset, np.ndarray, Report], np.ndarray]


def classifier(run: Run) -> Classify:
    """A function from a dataset and row ids (n,) to the classes (n,) that the run predicts for these images.

    A probe reads their features from the cache; a trained network predicts them anew.

    Raises:
        LabError: The weights, the head or the model of the run are missing; the function raises it too.
    """
    return _network(run) if run.config.trains else _probe(run)


def _probe(run: Run) -> Classify:
    head = runs.head(run.id)

    def classify(dataset: Dataset, rows: np.ndarray, report: Report) -> np.ndarray:
        extracted = features.extract(dataset, rows, run.config.encoder, report=report)
        return head.predict_proba(extracted.values).argmax(axis=1)

    return classify


def _network(run: Run) -> Classify:
    network = embeddings.resolve(Source(dataset=run.config.dataset, images="test", run=run.id, what="logits"))

    def classify(dataset: Dataset, rows: np.ndarray, report: Report) -> np.ndarray:
        batches = np.split(rows, range(BATCH, len(rows), BATCH))
        return np.concatenate([network.of_pictures(dataset.images[batch]).argmax(axis=1) for batch in batches])

    return classify
