"""CIFAR-10 and CIFAR-100: their class names, and their arrays from an .npz file or a download."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import arrays, settings, storage
from core.download import fetch
from core.errors import DatasetError, Stopped
from core.progress import Report

SAMPLE = "cifar10-sample"
NAMES = ("x_train", "y_train", "x_test", "y_test")
SOURCE = (
    "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, University of Toronto 2009 "
    "(https://www.cs.toronto.edu/~kriz/cifar.html); collected from 80 Million Tiny Images"
)
LICENCE = "None stated; the author asks that the technical report be cited"

FINE_LABELS = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard
lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal
shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank
telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


@dataclass(frozen=True)
class Cifar:
    """What is known about CIFAR-10 or CIFAR-100 before it is downloaded."""

    title: str
    images: int
    url: str
    archive: str  # where keras.datasets expects the archive, relative to Keras's home folder
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class Arrays:
    """Images `(n, 32, 32, 3) uint8` and labels `(n,) int64` in their official split."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


CIFAR = {
    "cifar10": Cifar(
        title="CIFAR-10",
        images=60_000,
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        archive="datasets/cifar-10-batches-py-target_archive",
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
    "cifar100": Cifar(
        title="CIFAR-100",
        images=60_000,
        url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        archive="datasets/cifar-100-python-target_archive",
        class_names=tuple(FINE_LABELS.split()),
    ),
}


def read(path: Path, *, classes: int) -> Arrays:
    """Read an .npz with the arrays x_train, y_train, x_test and y_test.

    Raises:
        DatasetError: The file is damaged, or an array is missing or has the wrong shape.
    """
    try:
        loaded = arrays.read_all(path, NAMES)
    except KeyError as error:
        raise DatasetError(
            f"{path} lacks an array ({error.args[0]})", "the arrays x_train, y_train, x_test, y_test"
        ) from error
    except (OSError, ValueError) as error:
        if hindrance := storage.hindrance(error):
            raise DatasetError(f"{path} {hindrance[0]}", "", hindrance[1]) from error
        raise DatasetError(f"{path} cannot be read", "a valid .npz file", "Copy it again") from error
    return _checked(str(path), loaded, classes)


def download(name: str, instead: Path, *, report: Report) -> Arrays:
    """Download through `keras.datasets`.

    Args:
        name: "cifar10" or "cifar100".
        instead: Where a user without network access can put an .npz file; named in errors.

    Raises:
        DatasetError: The download failed, or was not the archive.
    """
    cifar = CIFAR[name]
    # Fetched here, to where Keras expects the archive; Keras then checks its hash, unpacks and reads it.
    archive = settings.keras_home() / cifar.archive
    try:
        if not archive.exists():
            fetch(cifar.url, archive, report=report)
        import keras  # takes seconds, so only after a successful download

        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Stopped:
        raise
    except Exception as error:  # which is what Keras raises when its own download fails
        raise DatasetError(
            f"{cifar.title} could not be downloaded from {cifar.url} ({error})",
            "",
            f"Without network access, put an .npz file with the arrays x_train, y_train, x_test, y_test at {instead}",
        ) from error
    loaded = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return _checked(cifar.url, loaded, len(cifar.class_names))


def _checked(source: str, loaded: dict[str, np.ndarray], classes: int) -> Arrays:
    labels = {}
    for part in ("train", "test"):
        x, y = loaded[f"x_{part}"], loaded[f"y_{part}"]
        if x.shape[1:] != (32, 32, 3) or x.dtype != np.uint8 or not len(x):
            raise DatasetError(f"x_{part} in {source} is {x.shape} {x.dtype}", "(n, 32, 32, 3) uint8")
        if y.size != len(x) or not np.issubdtype(y.dtype, np.integer):
            raise DatasetError(f"y_{part} in {source} is {y.shape} {y.dtype}", f"{len(x):,} integers")
        labels[part] = y.reshape(-1).astype(np.int64)
        if labels[part].min() < 0 or labels[part].max() >= classes:
            raise DatasetError(
                f"y_{part} in {source} ranges from {y.min()} to {y.max()}", f"labels from 0 to {classes - 1}"
            )
    return Arrays(loaded["x_train"], labels["train"], loaded["x_test"], labels["test"])
