"""Sentences about a run say what the figures hold, and no more."""

import numpy as np
import pandas as pd
import pytest

from core import calibration, metrics
from dashboard.ui import findings

COUNTS = pd.DataFrame([[8, 2, 0], [3, 6, 1], [0, 0, 0]], index=["cat", "dog", "eel"], columns=["cat", "dog", "eel"])


def test_best_and_worst_class_are_named_and_an_absent_one_is_neither():
    text = findings.classes(COUNTS)
    assert "Best at **cat** (80.0 %), worst at **dog** (60.0 %)" in text
    assert "mistaken for **cat** in 3 of 10 images" in text
    assert "eel" not in text


def test_a_perfect_run_has_no_worst_class():
    perfect = pd.DataFrame(np.diag([5, 5]), index=["cat", "dog"], columns=["cat", "dog"])
    assert findings.classes(perfect) == "Every test image of every class is right."


@pytest.mark.parametrize(
    ("confidence", "right", "said"),
    [(0.95, 60, "it is overconfident"), (0.6, 90, "it is underconfident"), (0.8, 80, "it is well calibrated")],
)
def test_calibration_says_in_which_direction_a_run_errs(confidence, right, said):
    labels = np.array([0] * right + [1] * (100 - right))
    probabilities = np.tile([confidence, 1 - confidence], (100, 1))
    text = findings.calibration(calibration.judge(labels, probabilities))
    assert said in text
    assert f"its accuracy {right:.1f} %" in text


def test_errors_in_both_directions_do_not_pass_for_calibration():
    labels = np.array([0] * 50 + [1] * 50)
    probabilities = np.array([[0.6, 0.4]] * 50 + [[0.9, 0.1]] * 50)
    assert "well calibrated" not in findings.calibration(calibration.judge(labels, probabilities))


@pytest.mark.slow
def test_of_perfectly_calibrated_runs_few_are_told_that_they_misjudge():
    random = np.random.default_rng(1)
    told = 0
    for _ in range(200):
        logits = random.normal(0, 2, (500, 10))
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        labels = (random.random((500, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
        told += "well calibrated" not in findings.calibration(calibration.judge(labels, probabilities))
    assert told <= 16  # 5 %, within what 200 runs can show


def test_an_overconfident_run_is_told_the_temperature_that_mends_it():
    measured = calibration.Calibration(500, 0.9, 0.7, 0.2, 0.03, 0.05, temperature=2.04, corrected=0.031)
    text = findings.calibration(measured)
    assert "overconfident" in text and "temperature of 2.04" in text and "3.1 points" in text
    assert "cross-validation" in text


def change(only_first: int, only_second: int, both: int = 50) -> metrics.Change:
    first = np.array([True] * only_first + [False] * only_second + [True] * both)
    second = np.array([False] * only_first + [True] * only_second + [True] * both)
    return metrics.change(first, second)


@pytest.mark.parametrize(
    ("only_first", "only_second", "facts"),
    [
        (40, 10, ["Old is 30.0 points better than new", "new is right on 10", "old on 40", "p < 0.001"]),
        (10, 40, ["New is 30.0 points better than old", "new is right on 40", "old on 10", "p < 0.001"]),
        (12, 10, ["2.8 points apart", "too close to call", "of 72 test images", "p = 0.832"]),
        (10, 10, ["equally accurate (85.7 %): of 70 test images", "new is right on 10", "old on 10", "p = 1.000"]),
        (0, 0, ["right and wrong on the same 50 test images"]),
    ],
)
def test_the_better_run_is_named_only_where_chance_is_unlikely(only_first, only_second, facts):
    sentence = findings.change(change(only_first, only_second), "old", "new")
    assert all(fact in sentence for fact in facts), sentence
    assert ("better" in sentence) == (abs(only_first - only_second) == 30)


def test_means_that_differ_by_rounding_alone_are_equally_accurate():
    said = findings.change(metrics.Change(0.1 + 0.2, 0.3, 100, clear=False), "old", "new")
    assert "equally accurate (30.0 %): on 100 test images" in said


def test_a_difference_of_counts_is_told_with_its_interval_from_the_better_run():
    clear = findings.change(metrics.change_of_counts(800, 1000, 870, 1000), "old", "new")
    assert "New is 7.0 points better than old" in clear
    turned = findings.change(metrics.change_of_counts(870, 1000, 800, 1000), "old", "new")
    interval = clear.split("difference ")[1]
    assert "Old is 7.0 points better than new" in turned and turned.endswith(interval)
    assert "too close to call" in findings.change(metrics.change_of_counts(800, 1000, 810, 1000), "old", "new")
