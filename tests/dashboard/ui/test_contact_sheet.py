"""Contact sheets show the images of a class, crisp and aligned."""

import io

import numpy as np
from PIL import Image

from core.data import datasets
from dashboard.ui import contact_sheet


def test_samples_are_of_the_class_and_the_same_for_a_seed():
    dataset = datasets.load("cifar10-sample")
    rows = contact_sheet.rows_of_class(dataset, 3, 10, seed=0)
    assert len(set(rows)) == 10
    assert set(dataset.labels[rows]) == {3}
    assert rows.tolist() == contact_sheet.rows_of_class(dataset, 3, 10, seed=0).tolist()
    assert rows.tolist() != contact_sheet.rows_of_class(dataset, 3, 10, seed=1).tolist()


def test_small_images_are_enlarged_without_new_colours():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet.strip(images, columns=2))))
    assert (sheet[: contact_sheet.TILE : 3, : contact_sheet.TILE : 3, :3] == images[0]).all()
    assert (sheet[: contact_sheet.TILE : 3, contact_sheet.TILE + contact_sheet.GAP :: 3, :3] == images[1]).all()


def test_a_class_with_few_images_leaves_its_places_transparent():
    images = np.zeros((1, 300, 300, 3), np.uint8)
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet.strip(images, columns=3))))
    assert sheet.shape == (contact_sheet.TILE, 3 * contact_sheet.TILE + 2 * contact_sheet.GAP, 4)
    assert sheet[0, 0, 3] == 255
    assert sheet[0, contact_sheet.TILE :, 3].max() == 0
