"""Whether a written model predicts what its run predicted, on image files, by the script that goes with it."""

import functools
import runpy
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core import runs
from core.data import datasets, images
from core.errors import DatasetError, RunError
from core.export.writers import SCRIPT

CHECKED = 200  # test images, at most
PHOTOS = 20  # of them also as larger JPEG files that are not square
LARGEST_GAP = 0.01  # mean total variation distance between two predictions of an image

Classify = Callable[[Sequence[Path]], np.ndarray]
"""Image files to probabilities (n, classes)."""
Predict = Callable[[np.ndarray], np.ndarray]
"""Images (n, s, s, 3) uint8 to probabilities (n, classes)."""


def classifier(folder: Path) -> Classify:
    """The function of the script in a model's folder."""
    return runpy.run_path(str(folder / SCRIPT))["classify"]  # an import would leave its bytecode in the folder


def check(run: runs.Run, model: Any, classify: Classify, rounding: float = 0.0) -> int:
    """Compare the answers to files with predictions; returns the number of test images compared.

    Test images are written as PNG, whose pixels are those that the run was tested on. Some are also written as larger
    JPEG files, and compared with the model's predictions for them as this program decodes and crops them.

    Args:
        model: The `keras.Model` that was written.
        rounding: The distance between predictions of the same weights in float32 and in the run's precision. Another
            device may have rounded otherwise, so twice as much is allowed.

    Raises:
        RunError: They differ by more than rounding explains.
        DatasetError: The images have changed or are gone.
    """
    pictures, expected = _probabilities(run)
    predict = functools.partial(model.predict, batch_size=32, verbose=0)
    _check_files(run, pictures, expected, predict, classify, LARGEST_GAP + 2 * rounding)
    return len(pictures)


def check_in_fewer_bits(run: runs.Run, predict: Predict, classify: Classify, measured: Mapping[int, int]) -> None:
    """The same for a network in fewer bits, whose answers differ from those of the run: it must give the measured ones.

    Args:
        predict: What the network that was written says to pixels.
        measured: Row id -> class, for test images.

    Raises:
        RunError, DatasetError: As `check`.
    """
    pictures, stored = tested(run, len(measured))
    some = np.unique(np.linspace(0, len(pictures) - 1, min(CHECKED, len(pictures))).astype(int))
    pictures, expected = pictures[some], predict(pictures[some])
    same = float(np.mean(expected.argmax(axis=1) == [measured[row] for row in stored["row"].iloc[some]]))
    if same < 1 - 2 * LARGEST_GAP:
        raise RunError(
            f"The written model does not answer as was measured: the same class for {same:.1%} of {len(some)} images",
            f"at least {1 - 2 * LARGEST_GAP:.0%}",
            "Nothing was kept. Please report this with the run's settings",
        )
    _check_files(run, pictures, expected, predict, classify, LARGEST_GAP)


def rounding(run: runs.Run, model: Any, exact: Any) -> float:
    """The distance between the predictions of a run's model and of one with the same weights in float32."""
    pictures, _ = _probabilities(run)
    return distance(*(each.predict(pictures, batch_size=32, verbose=0) for each in (model, exact)))


def tested(run: runs.Run, most: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Test images (n, s, s, 3) uint8 of a run, evenly chosen, and its predictions for them.

    Raises:
        DatasetError: The images have changed or are gone.
    """
    stored, dataset = runs.predictions(run.id), datasets.load(run.config.dataset)
    positions = np.unique(np.linspace(0, len(stored) - 1, min(most, len(stored))).astype(int))
    stored = stored.iloc[positions]
    rows = stored["row"].to_numpy()
    if rows.max() >= len(dataset.labels) or (dataset.labels[rows] != stored["label"]).any():
        raise DatasetError(
            f"The dataset {dataset.name} has changed since run {run.name}",
            "the images it was tested on",
            "Repeat the run, or restore the old images",
        )
    return np.asarray(dataset.images[rows]), stored


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The mean total variation distance, 0 to 1, between two predictions (n, classes) of each image."""
    return float(np.abs(first - second).sum(axis=1).mean() / 2)


def _check_files(
    run: runs.Run, pictures: np.ndarray, expected: np.ndarray, predict: Predict, classify: Classify, largest: float
) -> None:
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        files = [Path(folder) / f"{index}.png" for index in range(len(pictures))]
        for file, pixels in zip(files, pictures, strict=True):
            Image.fromarray(pixels).save(file)
        _compare(run, classify(files), expected, largest)
        photos = [_photo(pixels, Path(folder) / f"{index}.jpg") for index, pixels in enumerate(pictures[:PHOTOS])]
        squares = np.stack([images.square(images.decode(photo), pictures.shape[1]) for photo in photos])
        _compare(run, classify(photos), predict(squares), largest)


def _probabilities(run: runs.Run) -> tuple[np.ndarray, np.ndarray]:
    pictures, stored = tested(run, CHECKED)
    return pictures, stored.filter(regex=r"^p_\d+$").to_numpy(np.float32)


def _photo(pixels: np.ndarray, file: Path) -> Path:
    """Write an image as a camera would: larger than it is used, wider than high, as JPEG."""
    size = len(pixels)
    Image.fromarray(pixels).resize((3 * size, 2 * size), Image.Resampling.BICUBIC).save(file, quality=95)
    return file


def _compare(run: runs.Run, answers: np.ndarray, expected: np.ndarray, largest: float) -> None:
    gap, same = distance(answers, expected), float(np.mean(answers.argmax(axis=1) == expected.argmax(axis=1)))
    if not (gap <= largest and same >= 1 - 2 * largest):
        raise RunError(
            f"The written model does not predict what run {run.name} predicted: the same class for {same:.1%} of "
            f"{len(expected)} image files, probabilities {gap:.3f} apart",
            f"at least {1 - 2 * largest:.0%} and at most {largest:.2g}",
            "Nothing was kept. Please report this with the run's settings",
        )
