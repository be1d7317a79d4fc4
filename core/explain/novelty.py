"""Does a photo resemble what a probe was trained on? A softmax cannot tell; distances between features can.

The method is that of Sun et al., Out-of-distribution detection with deep nearest neighbors, ICML 2022
(https://arxiv.org/abs/2204.06507): the distance to the k-th nearest training image, of features scaled to unit length,
judged by the same distance of held-out images. Ours are validation images: test images decide nothing.
"""

from functools import lru_cache

import numpy as np

from core import features, neighbours, protocol
from core.config import RunConfig
from core.data import datasets

NEIGHBOUR = 10  # which of the nearest; with thousands of training images the choice matters little
MOST_IMAGES = 10_000  # training images to compare with
FEWEST_IMAGES = 40  # validation images, of which 5 % are two
UNUSUAL = 0.95  # the paper's, which flags 5 % of the images that do belong


def share_nearer(config: RunConfig, vector: np.ndarray) -> float:
    """The share of validation images that lie nearer to the training images than a photo does.

    Args:
        config: Of a probe.
        vector: (1, d) float32, the photo's features from the probe's encoder.

    Returns:
        0 to 1; nan if the features of its images are no longer cached, or it had too few of them.
    """
    dataset = datasets.load(config.dataset)
    rows = protocol.choose_rows(dataset, config)
    if len(rows["val"]) < FEWEST_IMAGES or len(rows["train"]) < NEIGHBOUR:
        return np.nan
    if features.missing(dataset, np.concatenate([rows["train"], rows["val"]]), config.encoder):
        return np.nan
    training, distances = _images(config, dataset.fingerprint)
    return float(np.mean(distances < _distances(training, vector)[0]))


@lru_cache(maxsize=4)
def _images(config: RunConfig, fingerprint: str) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) of training images, and the distance (m,) of each validation image from them."""
    dataset = datasets.load(config.dataset)
    rows = protocol.choose_rows(dataset, config)
    chosen = rows["train"]
    if len(chosen) > MOST_IMAGES:
        chosen = datasets.subsample(chosen, dataset.labels[chosen], MOST_IMAGES, seed=config.seed)
    training = features.extract(dataset, chosen, config.encoder).values
    return training, _distances(training, features.extract(dataset, rows["val"], config.encoder).values)


def _distances(training: np.ndarray, images: np.ndarray) -> np.ndarray:
    return neighbours.nearest(training, images, NEIGHBOUR, "cosine")[1][:, -1]
