"""Runs are compared image by image where both answers are known, by their counts otherwise."""

import pandas as pd
import pytest

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
