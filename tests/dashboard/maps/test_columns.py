"""Colours of a map are joined to its points by row id, whatever order and part of the images a run was tested on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.data import datasets
from dashboard.maps import columns as map_columns
from dashboard.maps.columns import UNTESTED


@pytest.fixture(scope="module")
def sample():
    return datasets.load("cifar10-sample")


def predictions(sample, rows, said, confidence=0.5) -> pd.DataFrame:
    return pd.DataFrame({"row": rows, "label": sample.labels[rows], "prediction": said, "confidence": confidence})


def named(column) -> list[str]:
    return [column.names[code] for code in column.values]


def test_classes_and_splits_are_those_of_the_rows(sample):
    splits = datasets.splits(sample)
    rows = np.array([splits["train"][5], splits["val"][3], splits["test"][7]])
    of_class, split = map_columns.of_images(sample, rows, splits)
    assert named(of_class) == [sample.class_names[label] for label in sample.labels[rows]]
    assert named(split) == ["training", "validation", "test"]
    assert len(of_class.colours) == len(sample.class_names)


def test_images_of_several_people_are_coloured_by_person(sample):
    rows = np.array([0, 1, 7])
    shared = replace(sample, people={"Ada": (0, 7), "": tuple({*range(len(sample.labels))} - {0, 7})})
    person = map_columns.of_images(shared, rows, datasets.splits(sample))[-1]
    assert named(person) == ["Ada", "the lecturer", "Ada"]


def test_predictions_find_their_points_by_row_id_in_any_order(sample):
    rows = np.array([3, 8, 20, 2100])
    said = predictions(sample, [2100, 8], [4, sample.labels[8]], [0.25, 0.75])
    prediction, right, confidence = map_columns.of_run(sample, rows, said)
    assert named(prediction) == [UNTESTED, sample.class_names[sample.labels[8]], UNTESTED, sample.class_names[4]]
    assert named(right) == [UNTESTED, "right", UNTESTED, "right" if sample.labels[2100] == 4 else "wrong"]
    assert np.array_equal(confidence.values, np.array([np.nan, 0.75, np.nan, 0.25], np.float32), equal_nan=True)


def test_a_run_that_was_tested_on_every_point_leaves_nothing_untested(sample):
    rows = np.arange(6)
    wrong = (sample.labels[rows] + 1) % 10
    prediction, right, _ = map_columns.of_run(sample, rows, predictions(sample, rows, wrong))
    assert UNTESTED not in (*prediction.names, *right.names)
    assert set(named(right)) == {"wrong"}


def test_two_runs_agree_or_one_of_them_is_right(sample):
    rows = np.arange(5)
    truth, other = sample.labels[rows], (sample.labels[rows] + 1) % 10
    first = predictions(sample, rows[:4], np.where([1, 1, 0, 0], truth[:4], other[:4]))
    second = predictions(sample, rows, np.where([1, 0, 1, 0, 1], truth, other))
    column = map_columns.of_two_runs(sample, rows, first, second, ("A", "B"))
    assert named(column) == ["both right", "only A", "only B", "neither", UNTESTED]


def test_the_values_of_a_column_are_as_small_as_they_can_be(sample):
    rows = np.arange(100)
    columns = map_columns.of_images(sample, rows, datasets.splits(sample))
    assert {column.values.dtype for column in columns} == {np.dtype(np.uint8)}
