"""Copies that were mirrored, rotated, shifted, recompressed or resized are found, and other images are not."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.data import dataset as stored
from core.data import datasets, near_duplicates
from core.data.datasets import Dataset
from core.errors import DatasetError, Stopped
from core.progress import Progress

COPIES = 10  # of each kind


def recompressed(image: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream))


def resized(image: np.ndarray) -> np.ndarray:
    small = Image.fromarray(image).resize((24, 24), Image.Resampling.BILINEAR)
    return np.asarray(small.resize(image.shape[:2], Image.Resampling.BILINEAR))


CHANGES = {
    "identical": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "rotated": np.rot90,
    "upside down": lambda image: image[::-1],
    "shifted": lambda image: np.pad(image, ((4, 0), (0, 3), (0, 0)), mode="edge")[:-4, 3:],
    "recompressed": recompressed,
    "resized": resized,
    "brighter": lambda image: (image * 0.8 + 40).astype(np.uint8),
}
SAID = {  # of these changes
    "identical": "",
    "mirrored": "mirrored",
    "rotated": "rotated by 90°",
    "upside down": "mirrored and rotated by 180°",
}


def planted() -> Dataset:
    """The sample, with copies of training images of each kind among its test images, stored under the name planted."""
    sample = datasets.load("cifar10-sample")
    pixels, splits = sample.images.copy(), datasets.splits(sample)
    for number, change in enumerate(CHANGES.values()):
        for place in range(number * COPIES, (number + 1) * COPIES):
            pixels[splits["test"][place]] = change(sample.images[splits["train"][place * 7]])
    rows = zip(pixels, sample.labels.tolist(), sample.official.tolist(), sample.files.tolist(), strict=True)
    about = {"class_names": sample.class_names, "source": "", "licence": "", "skipped": ()}
    return stored.write([("planted", "Planted")], rows, metadata=about)


@pytest.mark.slow
def test_planted_copies_are_found_and_left_out():
    dataset = planted()
    splits = datasets.splits(dataset)
    assert near_duplicates.find(dataset) is None
    with pytest.raises(DatasetError, match="No near-duplicates are known"):
        near_duplicates.clean("planted", [])
    result = near_duplicates.search("planted")
    twins = {pair.row: pair for pair in result.leaks if pair.agreement >= near_duplicates.THRESHOLD}
    for number, kind in enumerate(CHANGES):
        places = np.arange(number * COPIES, (number + 1) * COPIES)
        known = [twins.get(row) for row in splits["test"][places].tolist()]
        right = [
            pair is not None and pair.twin == twin
            for pair, twin in zip(known, splits["train"][places * 7].tolist(), strict=True)
        ]
        assert sum(right) >= 0.9 * COPIES, kind
        if kind in SAID:
            assert {pair.change for pair in known if pair} == {SAID[kind]}
    others = set(twins) - set(splits["test"][: COPIES * len(CHANGES)].tolist())
    assert not others
    assert near_duplicates.find(dataset) == result

    leaked = result.leaked().tolist()
    with pytest.raises(Stopped):
        near_duplicates.clean("planted", leaked, report=stop)
    assert {summary.name for summary in datasets.available()}.isdisjoint({"planted-clean"})
    clean = near_duplicates.clean("planted", leaked)
    assert clean.notes[-1].startswith(f"Left out of Planted: {len(result.leaked())} of the 500 test images are nearly")
    assert (clean.name, clean.title) == ("planted-clean", "Planted clean")
    assert clean.fingerprint != dataset.fingerprint
    left = datasets.splits(clean)
    assert len(left["test"]) == len(splits["test"]) - len(result.leaked())
    for split in ("train", "val"):
        np.testing.assert_array_equal(clean.files[left[split]], dataset.files[splits[split]])
    assert not len(near_duplicates.search(clean.name).leaked())
    assert datasets.load("planted").fingerprint == dataset.fingerprint


@pytest.mark.slow
@pytest.mark.usefixtures("shared_results")
def test_the_shipped_sample_is_clean():
    result = near_duplicates.search("cifar10-sample")
    assert not len(result.leaked())
    assert result.n_test == 500


@pytest.mark.slow
def test_plain_images_have_no_pairs():
    sample = datasets.load("cifar10-sample")
    pixels = sample.images.copy()
    test, train = (datasets.splits(sample)[split] for split in ("test", "train"))
    pixels[test[:2]] = pixels[train[5]] = 200
    result = near_duplicates.of(replace(sample, images=pixels, fingerprint="plain"))
    assert not set(test[:2].tolist()) & {pair.row for pair in result.leaks}


def test_comparing_with_other_images_says_how_far_it_is_from_the_start():
    images, told = datasets.load("cifar10-sample").images, []
    assert not len(near_duplicates.shared(images[:520], images[520:540], told.append))
    assert [(progress.done, progress.total) for progress in told] == [
        (0, 540),
        (512, 540),
        (520, 540),
        (512, 520),
        (520, 520),
    ]


def stop(progress: Progress) -> None:
    raise Stopped


def test_a_search_that_is_stopped_keeps_nothing():
    with pytest.raises(Stopped):
        near_duplicates.search("cifar10-sample", stop)
    assert near_duplicates.find(datasets.load("cifar10-sample")) is None
