"""Wrong labels: how many planted ones are found, and how many labels are suspected wrongly."""

from time import perf_counter

import numpy as np

from core import features
from core.data import datasets
from core.evaluation import label_errors

SHARE = 0.05  # of the labels, that become another class


def labels(
    *,
    images: int = 0,
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 96,
) -> dict:
    """Precision and recall of the suspects, and the precision of as many of the surest as were planted.

    Args:
        images: How many to use, the same share of each class; 0: all.
    """
    source = datasets.load(dataset)
    rows = np.arange(len(source.labels))
    if images:
        rows = datasets.subsample(rows, source.labels, min(images, len(rows)), seed=0)
    values = features.extract(source, rows, features.Encoder(backbone, weights, input_size)).values
    classes = len(source.class_names)
    random = np.random.default_rng(0)
    wrong = random.permutation(len(rows))[: round(SHARE * len(rows))]
    given = source.labels[rows].copy()
    given[wrong] = (given[wrong] + random.integers(1, classes, len(wrong))) % classes
    began = perf_counter()
    suspects = label_errors.suspects(label_errors.out_of_sample(values, given, classes), given)
    seconds = perf_counter() - began
    hits = np.isin(suspects, wrong)
    return {
        "dataset": dataset,
        "backbone": backbone,
        "input_size": input_size,
        "images": len(rows),
        "planted": len(wrong),
        "suspects": len(suspects),
        "precision": float(hits.mean()) if len(hits) else 0.0,
        "recall": float(hits.sum() / len(wrong)) if len(wrong) else 0.0,
        "precision_of_surest": float(hits[: len(wrong)].mean()) if len(hits) else 0.0,
        "seconds_without_features": seconds,
    }
