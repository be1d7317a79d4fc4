"""Sentences about a run say what the figures hold, and no more."""

import numpy as np
import pandas as pd
import pytest

from core import metrics
from dashboard.ui import findings

HEAD = {"name": "head", "accuracy": 0.80, "accuracy_low": 0.78, "accuracy_high": 0.82}
COUNTS = pd.DataFrame([[8, 2, 0], [3, 6, 1], [0, 0, 0]], index=["cat", "dog", "eel"], columns=["cat", "dog", "eel"])


def tuned(accuracy: float) -> dict:
    return {
        "name": "finetune", "accuracy": accuracy, "accuracy_low": accuracy - 0.02, "accuracy_high": accuracy + 0.02
    }  # fmt: skip


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.87, "brought 7.0 points over the frozen backbone: the intervals do not overlap"),
        (0.81, "brought 1.0 points over the frozen backbone: too close to call on 2,000 images"),
        (0.70, "cost 10.0 points over the frozen backbone: the intervals do not overlap"),
        (0.80, "changed nothing"),
    ],
)
def test_what_unfreezing_brought_is_called_better_only_where_the_intervals_allow(accuracy, said):
    assert said in findings.stages([HEAD, tuned(accuracy)], 2000)


def test_one_stage_has_nothing_to_be_held_against():
    assert findings.stages([HEAD], 2000) == ""


def test_best_and_worst_class_are_named_and_an_absent_one_is_neither():
    text = findings.classes(COUNTS)
    assert "Best at **cat** (80.0 %), worst at **dog** (60.0 %)" in text
    assert "takes for **cat** in 3 of 10 images" in text
    assert "eel" not in text


def test_a_perfect_run_has_no_worst_class():
    perfect = pd.DataFrame(np.diag([5, 5]), index=["cat", "dog"], columns=["cat", "dog"])
    assert findings.classes(perfect) == "Every test image of every class is right."


@pytest.mark.parametrize(
    ("confidence", "right", "said"),
    [(0.95, 60, "it is too sure"), (0.6, 90, "more careful than it need be"), (0.8, 80, "knows how sure to be")],
)
def test_calibration_says_in_which_direction_a_run_errs(confidence, right, said):
    labels = np.array([0] * right + [1] * (100 - right))
    probabilities = np.tile([confidence, 1 - confidence], (100, 1))
    bins = metrics.calibration_bins(labels, probabilities, 10)
    text = findings.calibration(bins, metrics.calibration_error(labels, probabilities))
    assert said in text
    assert f"right in {right:.1f} %" in text


def test_errors_in_both_directions_do_not_pass_for_calibration():
    labels = np.array([0] * 50 + [1] * 50)
    probabilities = np.array([[0.6, 0.4]] * 50 + [[0.6, 0.4]] * 0 + [[0.9, 0.1]] * 50)
    bins = metrics.calibration_bins(labels, probabilities, 10)
    assert "knows" not in findings.calibration(bins, metrics.calibration_error(labels, probabilities))


@pytest.mark.parametrize(
    ("only_first", "only_second", "said"),
    [
        (40, 10, "**Old** is right on 40, only **New** on 10"),
        (40, 10, "fewer than 1 of 1,000 cases: **Old** is better."),
        (10, 40, "**New** is better."),
        (12, 10, "nobody can tell which is better"),
        (0, 0, "right and wrong on the same"),
    ],
)
def test_mcnemar_in_words_names_the_better_run_only_where_chance_is_unlikely(only_first, only_second, said):
    first = np.array([True] * only_first + [False] * only_second + [True] * 50)
    second = np.array([False] * only_first + [True] * only_second + [True] * 50)
    assert said in findings.paired(metrics.mcnemar(first, second), "Old", "New")
