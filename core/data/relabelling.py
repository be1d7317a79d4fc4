"""Changed labels: a copy of a dataset in which some images have another class, or are left out."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core import quoting, spreadsheets
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import DatasetError
from core.progress import Report, silent

LEFT_OUT = -1  # instead of a label
COLUMNS = ("file", "label")  # that `read` needs; an empty label leaves the image out


def relabel(name: str, changes: Mapping[int, int], report: Report = silent) -> Dataset:
    """Store a copy of a dataset with other labels; the dataset stays as it is.

    Args:
        changes: Row id -> label, or LEFT_OUT.

    Raises:
        DatasetError: It cannot be opened, nothing changes, a row or a label does not exist, some class would have no
            image in a split, or the disk is full.
        Stopped: `report` raised it; nothing is kept.
    """
    dataset = datasets.load(name)
    n, classes = len(dataset.labels), len(dataset.class_names)
    for row, label in changes.items():
        if not 0 <= row < n or not (0 <= label < classes or label == LEFT_OUT):
            raise DatasetError(f"Image {row} cannot become class {label}", f"0 to {n - 1}, and 0 to {classes - 1}")
    changes = {row: label for row, label in changes.items() if label != dataset.labels[row]}
    if not changes:
        raise DatasetError("No label changes", "at least one image with another label")
    labels = dataset.labels.copy()
    labels[list(changes)] = list(changes.values())
    kept = np.flatnonzero(labels != LEFT_OUT)
    note = f"A copy of {dataset.title}: {summary(changes)}."
    return datasets.copy(dataset, f"{dataset.title} relabelled", kept=kept, labels=labels, note=note, report=report)


def summary(changes: Mapping[int, int]) -> str:
    """ "3 labels changed, 1 image left out": without a full stop."""
    out = sum(label == LEFT_OUT for label in changes.values())
    changed = len(changes) - out
    parts = []
    if changed:
        parts.append(f"{changed:,} {'label' if changed == 1 else 'labels'} changed")
    if out:
        parts.append(f"{out:,} {'image' if out == 1 else 'images'} left out")
    return ", ".join(parts)


def read(path: Path, dataset: Dataset) -> dict[int, int]:
    """Changes from a CSV file with the columns `file` and `label`: the name of a class, or nothing to leave it out.

    Returns:
        Row id -> label, or LEFT_OUT, for the files whose label is another one.

    Raises:
        ConfigError: It cannot be read, or lacks a column.
        DatasetError: It names a file or class that the dataset does not have, or gives a file two labels.
    """
    lines = spreadsheets.read(spreadsheets.content(path), str(path), COLUMNS)
    rows = {file: row for row, file in enumerate(dataset.files.tolist())}
    labels = {name: label for label, name in enumerate(dataset.class_names)} | {"": LEFT_OUT}
    changes = {}
    for number, (file, label) in lines:
        row, new = quoting.of_cell(file, rows), quoting.of_cell(label, labels)
        if row is None:
            raise DatasetError(f"Line {number} of {path}: {dataset.title} has no file {file!r}", "one of its files")
        if new is None:
            expected = ", ".join(dataset.class_names[:10]) + (", ..." if len(dataset.class_names) > 10 else "")
            raise DatasetError(
                f"Line {number} of {path}: there is no class {label!r}", f"one of {expected}, or nothing"
            )
        if changes.setdefault(row, new) != new:
            raise DatasetError(
                f"Line {number} of {path}: {file!r} has another label in an earlier line", "one label for each file"
            )
    return {row: label for row, label in changes.items() if label != dataset.labels[row]}
