"""Near-duplicates by features: test images whose features are nearly those of a training image.

They may be the same photo with other details, which `near_duplicates` misses, or two photos of the same thing: people
have to judge. `THRESHOLD` was chosen by eye on CIFAR-10.
"""

from dataclasses import asdict

import numpy as np

from core import embeddings, neighbours
from core.data import datasets, near_duplicates
from core.data.near_duplicates import NearDuplicates, Pair
from core.embeddings import Source
from core.features.estimates import Count
from core.progress import Report, silent

VERSION = 1  # increase it when the same source would give other pairs
KIND = "feature-duplicates"  # folder of the results
THRESHOLD = 0.92  # cosine of the features from which two images are shown at first
MIN_THRESHOLD = 0.85  # cosine of pairs that are kept


def find(source: Source) -> NearDuplicates | None:
    """The stored result; None if there is none. Needs no Keras.

    Raises:
        LabError: The dataset of the source no longer exists.
    """
    return embeddings.resolve(source).find(KIND, VERSION, near_duplicates.parse)


def search(source: Source, report: Report = silent) -> NearDuplicates:
    """The most similar training or validation image of each test image; a stored result is returned at once.

    Args:
        source: All images of a dataset.

    Raises:
        LabError: The dataset or the weights of the source are missing.
        Stopped: `report` raised it; features stay.
    """
    resolved = embeddings.resolve(source)
    resolved.fetch(report)
    if stored := resolved.find(KIND, VERSION, near_duplicates.parse):
        return stored
    values, splits = resolved.values(report).values, datasets.splits(resolved.dataset)
    test, training = splits["test"], np.concatenate([splits["train"], splits["val"]])
    nearest, distances = neighbours.nearest(values[training], values[test], 1, "cosine", report)
    pairs = [
        Pair(int(row), int(training[twin]), round(1 - float(distance), 4))
        for row, twin, distance in zip(test, nearest[:, 0], distances[:, 0], strict=True)
        if distance <= 1 - MIN_THRESHOLD
    ]
    result = NearDuplicates(sorted(pairs, key=lambda pair: -pair.agreement), [], len(test))
    resolved.keep(KIND, VERSION, asdict(result))
    return result


def count(source: Source, *, into: Count) -> None:
    """Count what `search` will compute: missing features. Needs no Keras.

    Raises:
        LabError: The dataset of the source no longer exists.
    """
    embeddings.resolve(source).count(into)
