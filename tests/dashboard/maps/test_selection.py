"""What was chosen on a map is a set of row ids, and never a set of places in an array."""

import io

import numpy as np
import pandas as pd
import pytest

from core import quoting
from core.data import datasets
from dashboard.maps import selection


@pytest.fixture(scope="module")
def sample():
    return datasets.load("cifar10-sample")


ROWS = np.array([5, 70, 900, 2400])
POSITIONS = np.array([[0.5, 1.0], [7.0, 1.5], [9.0, 2.0], [2.0, 2.5]], np.float32)


def test_a_chosen_image_has_its_own_class_and_its_own_place(sample):
    table = selection.table(sample, np.array([2400, 70]), ROWS, POSITIONS, None)
    assert table["row"].tolist() == [70, 2400]
    assert table["class"].tolist() == [sample.class_names[sample.labels[row]] for row in (70, 2400)]
    assert table[["x", "y"]].to_numpy().tolist() == [[7.0, 1.5], [2.0, 2.5]]


def test_rows_that_are_not_on_the_map_are_left_out(sample):
    assert selection.table(sample, np.array([6, 900]), ROWS, POSITIONS, None)["row"].tolist() == [900]


def test_a_map_in_space_has_a_third_column_of_places(sample):
    table = selection.table(sample, ROWS, ROWS, np.hstack([POSITIONS, POSITIONS[:, :1]]), None)
    assert table["z"].tolist() == table["x"].tolist()


def test_predictions_stand_beside_and_are_empty_where_there_is_none(sample):
    said = pd.DataFrame({"row": [900], "label": [0], "prediction": [3], "confidence": [0.5]})
    table = selection.table(sample, ROWS, ROWS, POSITIONS, said)
    assert table["prediction"].notna().tolist() == [False, False, True, False]
    assert table["prediction"][2] == sample.class_names[3]
    assert table["confidence"].notna().tolist() == [False, False, True, False]


def test_classes_are_counted_the_most_frequent_first(sample):
    of_two = np.flatnonzero(sample.labels == 2)[:3]
    of_seven = np.flatnonzero(sample.labels == 7)[:4]
    found = selection.counts(sample, np.concatenate([of_two, of_seven]))
    assert list(found.items()) == [(sample.class_names[7], 4), (sample.class_names[2], 3)]


def test_the_file_gives_the_same_table_back(sample):
    table = selection.table(sample, ROWS, ROWS, POSITIONS, None)
    assert pd.read_csv(io.BytesIO(quoting.csv(table, floats="%.6g"))).equals(table.astype({"x": float, "y": float}))
