"""Whether there are enough images: of each class, and to tell two models apart."""

from collections.abc import Mapping, Sequence

import numpy as np

from core import metrics
from core.data.dataset import Dataset

NEARLY = 1.05  # a ratio of sizes below it is 1.0 in one decimal place
WIDE = 0.2  # half of a class's 95 % interval; a wider one says little
DIFFERENCE, DISAGREEMENT = 0.02, 0.1  # of two models: in accuracy, and images that only one of them gets right
NAMED = 5  # classes


def sentences(dataset: Dataset, splits: Mapping[str, np.ndarray]) -> list[str]:
    """What the numbers of images imply for the balance, small classes, and the test split as a whole."""
    names = dataset.class_names
    images, tested = (
        np.bincount(labels, minlength=len(names)).tolist()
        for labels in (dataset.labels, dataset.labels[splits["test"]])
    )
    lines = (balance(min(images), max(images)), small_classes(names, tested), test_split(sum(tested)))
    return [line for line in lines if line]


def balance(least: int, most: int) -> str:
    """How far the numbers of images of the smallest and the largest class are apart, and what follows."""
    if least == most:
        return f"Every class has {_images(most)}."
    if (ratio := most / max(least, 1)) < NEARLY:
        return f"The classes are of nearly the same size: {least:,} to {most:,} images."
    return (
        f"The largest class has {ratio:.1f} times the images of the smallest: {most:,} to {least:,}. Accuracy mostly "
        "reflects the large ones; check each class."
    )


def small_classes(names: Sequence[str], tested: Sequence[int]) -> str:
    """The classes whose accuracy has a wide interval at worst, given the test images of each; "" if there is none."""
    small = [index for index in sorted(range(len(names)), key=tested.__getitem__) if _margin(tested[index]) > WIDE]
    if not small:
        return ""
    margin = f"± {100 * _margin(tested[small[0]]):.0f} points"
    shown = ", ".join(names[index] for index in small[:NAMED]) + (", ..." if len(small) > NAMED else "")
    if len(small) == 1:
        return f"{shown} has only {_images(tested[small[0]], 'test ')}: its accuracy may be off by {margin}."
    few = f"few test images, the smallest {tested[small[0]]:,}"
    if len(small) == len(names):
        return f"Every class has {few}: accuracies of classes may be off by up to {margin}."
    some = f"{len(small):,} of {len(names):,} classes have {few}"
    return f"{some}: their accuracies may be off by up to {margin} ({shown})."


def test_split(images: int) -> str:
    """The smallest difference of two models that so many test images detect, and how many would detect 2 points."""
    least = metrics.detectable_difference(images, DISAGREEMENT)
    needed = metrics.sample_size(DIFFERENCE, DISAGREEMENT)
    how = "McNemar's test at 5 %, power 80 %, if only one of the two is right on one image in ten"
    if images >= needed:
        return f"{_images(images, 'test ')} tell two models {100 * least:.1f} points apart ({how})."
    apart = f"two models must differ by {100 * least:.1f} points to be told apart"
    if least >= DISAGREEMENT:
        apart = f"two models that differ by {100 * DISAGREEMENT:.0f} points may not be told apart"
    points = f"{100 * DIFFERENCE:.0f} points"
    return f"With {_images(images, 'test ')}, {apart}; {points} would take about {needed:,} ({how})."


def _margin(images: int) -> float:
    """Half the width of the interval of an accuracy of 50 %, the widest there is."""
    share = metrics.wilson(images / 2, images)
    return (share.high - share.low) / 2


def _images(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}{'image' if count == 1 else 'images'}"
