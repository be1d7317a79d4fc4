"""Runs are compared image by image where both answers are known, by their counts otherwise."""

import numpy as np
import pandas as pd
import pytest

from core import metrics, runs
from core.evaluation import comparison
from tests.run_rows import row

FIRST = pd.DataFrame(
    {
        "row": [10, 11, 12, 13, 14],
        "label": [0, 0, 1, 1, 1],
        "prediction": [0, 1, 1, 0, 1],
        "confidence": [0.9, 0.6, 0.5, 0.8, 0.7],
    }
)
SECOND = FIRST.assign(prediction=[1, 0, 1, 1, 0], confidence=[0.6, 0.9, 0.5, 0.7, 0.95]).iloc[::-1]


def test_images_are_joined_by_row_whatever_their_order():
    both = comparison.together(FIRST, SECOND).set_index("row")
    assert both.index[both["right"] & ~both["right_other"]].tolist() == [10, 14]
    assert both.index[~both["right"] & both["right_other"]].tolist() == [11, 13]


def test_images_that_only_one_run_was_tested_on_are_left_out():
    both = comparison.together(FIRST, SECOND[SECOND["row"] > 11])
    assert set(both["row"]) == {12, 13, 14}
    assert comparison.together(FIRST, SECOND.assign(label=1 - SECOND["label"])).empty  # another dataset of this name


def test_a_fine_tune_is_compared_with_its_own_head_on_the_frozen_backbone():
    frozen = SECOND.drop(columns="label").assign(stage="head")
    stages = pd.concat([frozen, FIRST.drop(columns="label").assign(stage="finetune")])
    both = comparison.before_and_after(FIRST, stages).set_index("row")
    assert both.loc[[10, 14], "right"].all()
    assert not both.loc[[10, 14], "right_other"].any()


def test_runs_without_both_stages_have_no_before_and_after():
    assert comparison.before_and_after(FIRST, None) is None
    assert comparison.before_and_after(FIRST, FIRST.assign(stage="finetune")) is None
    assert comparison.before_and_after(FIRST, FIRST.assign(stage="head")) is None  # stopped before its second stage


def test_without_stored_answers_the_counts_decide():
    tuned = row(backbone="Tiny", method="finetune", accuracy=0.832, frozen_accuracy=0.8, n_test=1000)
    change = comparison.unfreezing_by_counts(tuned)
    assert change.difference == pytest.approx(0.032)
    assert (change.images, change.clear, change.paired) == (1000, False, None)
    assert comparison.unfreezing_by_counts(row(backbone="Tiny", accuracy=0.8, n_test=1000)) is None


def test_entries_are_compared_over_seeds_and_images_and_a_single_seed_as_the_run_that_it_is(monkeypatch):
    random = np.random.default_rng(0)
    tested = {}
    for name, share in (("a", 0.6), ("b", 0.9)):
        for number in range(3):
            right = random.random(200) < share
            rows = {"row": np.arange(200), "label": 0, "prediction": np.where(right, 0, 1)}
            tested[f"{name}{number}"] = pd.DataFrame(rows)
    monkeypatch.setattr(runs, "predictions", tested.__getitem__)
    worse, better = (
        row(id=name, n_test=200.0, seeds=tuple(row(id=f"{name}{number}", accuracy=0.5) for number in range(3)))
        for name in "ab"
    )
    right = {run: np.array([tested[seed.id]["prediction"] == 0 for seed in run.seeds]) for run in (worse, better)}
    change = comparison.of_runs(worse, better)
    assert change == metrics.change_of_seeds(right[worse], right[better])
    assert change.clear and change.standard_errors is not None and change.standard_errors.counts == (3, 3)
    mixed = comparison.of_runs(better, worse.seeds[0])
    assert mixed.standard_errors is not None and mixed.standard_errors.counts == (3, 1)
    alone = comparison.of_runs(worse.seeds[0], better.seeds[0])
    assert alone == metrics.change(right[worse][0], right[better][0])


def test_entries_whose_answers_are_lost_are_compared_by_their_intervals():
    first, second = (row(accuracy=a, accuracy_low=a - 0.1, accuracy_high=a + 0.1, n_test=100.0) for a in (0.6, 0.7))
    change = comparison.by_counts(first, second)
    assert change.interval is not None and not change.clear
    assert change.interval.high - change.difference == pytest.approx(np.hypot(0.1, 0.1))
