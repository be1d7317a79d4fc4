"""A copy of the shipped sample in which the background gives the class away, for the lesson on shortcuts.

Each photo is somewhat smaller and lies on a plain background in the colour of its class. A network can learn the colour
instead of what the photo shows, as networks have learned grass for cows (Beery et al., Recognition in Terra Incognita,
ECCV 2018) or snow for wolves (Ribeiro et al., "Why should I trust you?", KDD 2016).
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from core.data.dataset import Dataset, Row

NAME, TITLE = "cifar10-shortcut", "CIFAR-10 sample, on coloured backgrounds"
SOURCE = "The CIFAR-10 sample, each photo on a background in the colour of its class, made for a lesson"
SIZE, MARGIN = 32, 4  # pixels, of an image and of the background on each side of the photo
PHOTO = (slice(MARGIN, SIZE - MARGIN), slice(MARGIN, SIZE - MARGIN))
BACKGROUND = np.ones((SIZE, SIZE), np.float32)  # 1 where the background is
BACKGROUND[PHOTO] = 0
COLOURS = np.array(  # of the ten classes
    [
        (214, 39, 40),  # red
        (31, 119, 180),  # blue
        (255, 221, 51),  # yellow
        (44, 160, 44),  # green
        (148, 103, 189),  # purple
        (255, 127, 14),  # orange
        (23, 190, 207),  # cyan
        (227, 119, 194),  # pink
        (110, 70, 40),  # brown
        (20, 60, 30),  # dark green
    ],
    np.uint8,
)
VERSIONS = {"own": "In the colour of their class", "grey": "Grey", "swapped": "In the colour of another class"}
GREY = np.full(3, 128, np.uint8)


def rows(sample: Dataset) -> Iterator[Row]:
    """The images on their backgrounds, as `dataset.write` takes them."""
    side = SIZE - 2 * MARGIN
    columns = (sample.labels.tolist(), sample.official.tolist(), sample.files.tolist())
    for photo, label, *others in zip(sample.images, *columns, strict=True):
        image = np.broadcast_to(COLOURS[label], photo.shape).copy()
        image[PHOTO] = np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC))
        yield image, label, *others


def other_class(labels: np.ndarray) -> np.ndarray:
    """The class (n,) whose colour a photo of each class has in the version "swapped": the next one."""
    return (labels + 1) % len(COLOURS)


def recoloured(images: np.ndarray, labels: np.ndarray, version: str) -> np.ndarray:
    """Images (n, 32, 32, 3) uint8 of this dataset on the backgrounds of a version."""
    colours = {"own": COLOURS[labels], "grey": GREY[None], "swapped": COLOURS[other_class(labels)]}[version]
    on_background = BACKGROUND.astype(bool)[..., None]
    return np.where(on_background, colours[:, None, None], images)
