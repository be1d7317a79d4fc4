"""The preview of augmented images."""

import io

import numpy as np
from PIL import Image

from dashboard.train import augmentation, cost


def test_the_preview_has_the_images_as_they_are_and_changed():
    pictures = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    sheet = Image.open(io.BytesIO(augmentation.sheet(pictures, ("flip", "colour"), seed=0)))
    assert sheet.width > sheet.height and sheet.height >= 3 * 96
    assert augmentation.sheet(pictures, ("flip",), seed=0) == augmentation.sheet(pictures, ("flip",), seed=0)


def test_each_kind_of_augmentation_has_its_share_of_the_cost():
    assert cost.KINDS.keys() == {"flip", "crop", "colour"}
