"""A copy of the shipped sample with planted faults, for the lesson on them.

Among its training images are mirrored test images, and some of its labels are swapped. Its test split is that of the
sample, so that runs on either are tested on the same images.
"""

from collections.abc import Iterator

import numpy as np

from core.data.dataset import Dataset, Row

NAME, TITLE = "cifar10-flawed", "CIFAR-10 sample, flawed"
SOURCE = "The CIFAR-10 sample with faults, which were planted for a lesson"
LEAKED = 15  # test images of each class that are also training images, mirrored
SWAPPED = 10  # other training images of each class that are called by the name of the next class


def faults(sample: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of training images that become copies (n,), the test images that they copy (n,), and wrong labels (m,)."""
    rng = np.random.default_rng(0)
    copies, originals, swapped = [], [], []
    for label in range(len(sample.class_names)):
        training, test = (
            rng.permutation(np.flatnonzero((sample.labels == label) & (sample.official == split)))
            for split in ("train", "test")
        )
        copies.append(training[:LEAKED])
        originals.append(test[:LEAKED])
        swapped.append(training[LEAKED : LEAKED + SWAPPED])
    return np.concatenate(copies), np.concatenate(originals), np.concatenate(swapped)


def rows(sample: Dataset) -> Iterator[Row]:
    """The images of the flawed copy, as `dataset.write` takes them."""
    copies, originals, swapped = faults(sample)
    original_of = dict(zip(copies.tolist(), originals.tolist(), strict=True))
    labels = sample.labels.copy()
    labels[swapped] = (labels[swapped] + 1) % len(sample.class_names)
    columns = (labels.tolist(), sample.official.tolist(), sample.files.tolist())
    for row, others in enumerate(zip(*columns, strict=True)):
        original = original_of.get(row)
        yield (sample.images[row] if original is None else sample.images[original][:, ::-1]), *others
