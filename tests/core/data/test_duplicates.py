"""Test images that are also training images are counted, pixel by pixel."""

from dataclasses import replace

import numpy as np

from core import runs
from core.data import datasets, duplicates
from tests.pictures import photo, pictures, write_folder


def leaky(root, copies: int) -> datasets.Dataset:
    """Training images, and test images of which some are copies of them."""
    training = pictures(8, above="train/")
    test = {name.replace("train/", "test/"): photo((200 + number, 9, 9)) for number, name in enumerate(training)}
    for name in list(training)[:copies]:
        test[name.replace("train/", "test/")] = training[name]
    return datasets.import_images(write_folder(root / f"leaky{copies}", training | test))


def test_copies_among_the_test_images_are_found_and_counted(tmp_path):
    dataset = leaky(tmp_path, 3)
    rows = datasets.splits(dataset)
    found = duplicates.leaked(dataset, rows["test"], np.concatenate([rows["train"], rows["val"]]))
    assert sorted(dataset.files[found]) == ["test/cats/0.jpg", "test/cats/1.jpg", "test/cats/2.jpg"]
    assert duplicates.warning(dataset, rows).startswith("3 of 16 test images are also training images")
    one, none = rows | {"test": found[:1]}, rows | {"train": rows["train"][:0], "val": rows["val"][:0]}
    assert duplicates.warning(dataset, one).startswith("1 of 1 test image is also a training image")
    assert duplicates.warning(dataset, none) == ""


def test_images_that_differ_in_one_value_are_no_copies():
    sample = datasets.load("cifar10-sample")
    pixels = np.concatenate([sample.images[:3], sample.images[:3]])
    pixels[4, 0, 0, 0] ^= 1
    assert duplicates.groups(replace(sample, images=pixels, fingerprint="planted")).tolist() == [0, 1, 2, 0, 4, 2]


def test_the_shipped_sample_has_no_test_image_among_its_training_images():
    sample = datasets.load("cifar10-sample")
    assert duplicates.warning(sample, datasets.splits(sample)) == ""


def test_the_result_of_a_run_says_it_first(tmp_path):
    dataset = leaky(tmp_path, 16)
    rows = datasets.splits(dataset)
    result = runs.judge(
        dataset,
        rows,
        np.full((16, 2), 0.5, np.float32),
        weights_origin="untrained",
        validation_accuracy=None,
        seconds={},
        images_per_second=None,
        cached=True,
        protocol="",
        notes=["another note"],
    )
    assert result.outcome.notes[0].startswith("16 of 16 test images are also training images")
    assert result.outcome.notes[1] == "another note"
