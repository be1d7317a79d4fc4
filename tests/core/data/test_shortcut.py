"""The images of the lesson on shortcuts: the photos of the sample, on backgrounds that give their class away."""

import numpy as np

from core.data import datasets, shortcut

INSIDE = (slice(None), *shortcut.PHOTO)


def test_each_photo_lies_on_the_colour_of_its_class_with_the_labels_and_splits_of_the_sample(home):
    sample, framed = datasets.load(datasets.SAMPLE), datasets.load(datasets.SHORTCUT)
    outside = framed.images[:, shortcut.BACKGROUND == 1]  # (n, pixels, 3)
    assert (outside == shortcut.COLOURS[framed.labels][:, None]).all()
    assert len(np.unique(shortcut.COLOURS, axis=0)) == len(framed.class_names)
    np.testing.assert_array_equal(framed.labels, sample.labels)
    np.testing.assert_array_equal(datasets.splits(framed)["test"], datasets.splits(sample)["test"])
    small = sample.images[:, 2:30, 2:30].reshape(-1, 28 * 28, 3).mean(axis=1)
    photos = framed.images[INSIDE].reshape(-1, 24 * 24, 3).mean(axis=1)
    assert np.corrcoef(small.ravel(), photos.ravel())[0, 1] > 0.98


def test_the_versions_differ_in_the_background_alone(home):
    framed = datasets.load(datasets.SHORTCUT)
    images, labels = framed.images[:20], framed.labels[:20]
    np.testing.assert_array_equal(shortcut.recoloured(images, labels, "own"), images)
    swapped = shortcut.recoloured(images, labels, "swapped")
    assert (swapped[:, 0, 0] == shortcut.COLOURS[shortcut.other_class(labels)]).all()
    assert (shortcut.other_class(labels) != labels).all()
    for version in shortcut.VERSIONS:
        np.testing.assert_array_equal(shortcut.recoloured(images, labels, version)[INSIDE], images[INSIDE])
