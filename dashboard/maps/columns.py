"""The columns by which a map can be coloured, joined to the map by row id."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import people
from core.data.datasets import Dataset
from dashboard.map_view.columns import Column
from dashboard.ui.colours import RIGHT, WRONG, class_colour

UNTESTED = "not tested"  # images that a run trained on, or never saw
FAINT = "#a9aebb"
BOTH, NEITHER = "#c9ccd6", "#4d5261"  # where two runs agree there is little to see
SPLIT_COLOURS = {"train": "#94a4a2", "val": "#ffa90e", "test": "#3f90da"}
SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}


def of_images(dataset: Dataset, rows: np.ndarray, splits: Mapping[str, np.ndarray]) -> list[Column]:
    """Columns that need no run: class and split of the images (n,), and whose they are if of several people.

    Args:
        rows: Row ids (n,), in the order of the map.
        splits: Row ids of `train`, `val` and `test`: `datasets.splits`.
    """
    of_row = np.zeros(len(dataset.labels), np.uint8)
    for code, name in enumerate(SPLIT_COLOURS):
        of_row[splits[name]] = code
    columns = [
        _classes("class", "Class", dataset.labels[rows], dataset.class_names),
        Column("split", "Split", "class", of_row[rows], tuple(SPLIT_NAMES.values()), tuple(SPLIT_COLOURS.values())),
    ]
    if dataset.people:
        names = tuple(map(people.called, dataset.people))
        columns.append(_classes("person", "Person", dataset.owners()[rows], names))
    return columns


def of_run(dataset: Dataset, rows: np.ndarray, predictions: pd.DataFrame) -> list[Column]:
    """Predictions of a run for its test images: the class, whether it is right, and the confidence.

    Args:
        predictions: What `runs.predictions` returns.
    """
    predicted, confidence, tested = _predictions(rows, predictions)
    right = np.where(tested, predicted != dataset.labels[rows], 2)
    return [
        _classes(
            "prediction", "Prediction", np.where(tested, predicted, len(dataset.class_names)), dataset.class_names
        ),
        _named("right", "Right or wrong", right, ("right", "wrong"), (RIGHT, WRONG)),
        Column("confidence", "Confidence", "number", confidence.astype(np.float32), unit="%"),
    ]


def of_two_runs(
    dataset: Dataset, rows: np.ndarray, first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]
) -> Column:
    """Which of two runs is right on the images that both were tested on."""
    (one, _, in_one), (other, _, in_other) = (_predictions(rows, predictions) for predictions in (first, second))
    labels = dataset.labels[rows]
    codes = np.select(
        [~(in_one & in_other), (one == labels) & (other == labels), one == labels, other == labels],
        [4, 0, 1, 2],
        default=3,
    )
    titles = ("both right", f"only {names[0]}", f"only {names[1]}", "neither")
    return _named("difference", "Which run is right", codes, titles, (BOTH, RIGHT, WRONG, NEITHER))


def _predictions(rows: np.ndarray, predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The predicted class int64, the confidence (nan where none), and whether there is a prediction, all (n,)."""
    aligned = predictions.set_index("row").reindex(rows)
    tested = aligned["prediction"].notna().to_numpy()
    return aligned["prediction"].fillna(-1).to_numpy(np.int64), aligned["confidence"].to_numpy(float), tested


def _classes(name: str, title: str, codes: np.ndarray, class_names: tuple[str, ...]) -> Column:
    return _named(name, title, codes, class_names, tuple(class_colour(index) for index in range(len(class_names))))


def _named(name: str, title: str, codes: np.ndarray, names: tuple[str, ...], colours: tuple[str, ...]) -> Column:
    """A column of names; the code after the last name means `UNTESTED`, which is named only if it occurs."""
    if (codes == len(names)).any():
        names, colours = (*names, UNTESTED), (*colours, FAINT)
    codes = codes.astype(np.uint8 if len(names) <= 256 else np.uint16)
    return Column(name, title, "class", codes, names, colours, unknown=UNTESTED)
