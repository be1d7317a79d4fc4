"""As many images as a benchmark needs: those of a dataset, again and again."""

from dataclasses import replace

import numpy as np

from core.data.datasets import Dataset


def repeated(dataset: Dataset, images: int) -> Dataset:
    """A dataset of this many images; its fingerprint stays that of the original, so use it in an empty home folder."""
    many = {name: np.resize(getattr(dataset, name), images) for name in ("labels", "official", "files")}
    return replace(dataset, images=np.resize(dataset.images, (images, *dataset.images.shape[1:])), **many)
