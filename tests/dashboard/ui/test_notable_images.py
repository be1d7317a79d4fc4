"""The images that tell most are found by their row ids, in the order in which they tell it."""

import pandas as pd

from dashboard.ui import notable_images

FIRST = pd.DataFrame(
    {
        "row": [10, 11, 12, 13, 14],
        "label": [0, 0, 1, 1, 1],
        "prediction": [0, 1, 1, 0, 1],
        "confidence": [0.9, 0.6, 0.5, 0.8, 0.7],
    }
)
SECOND = FIRST.assign(prediction=[1, 0, 1, 1, 0], confidence=[0.6, 0.9, 0.5, 0.7, 0.95]).iloc[::-1]


def test_the_surest_mistake_comes_first():
    assert notable_images.surest_mistakes(FIRST).tolist() == [13, 11]


def test_the_least_certain_right_answer_comes_first():
    assert notable_images.least_certain_right(FIRST).tolist() == [12, 14, 10]


def test_images_that_only_one_run_gets_right_are_joined_by_row_and_the_others_surest_error_comes_first():
    both = notable_images.together(FIRST, SECOND)
    assert notable_images.only_first_right(both).tolist() == [14, 10]
    assert notable_images.only_second_right(both).tolist() == [13, 11]


def test_images_that_only_one_run_was_tested_on_are_left_out():
    both = notable_images.together(FIRST, SECOND[SECOND["row"] > 11])
    assert set(both["row"]) == {12, 13, 14}
    assert notable_images.together(
        FIRST, SECOND.assign(label=1 - SECOND["label"])
    ).empty  # another dataset of the same name


def test_a_fine_tune_is_held_against_its_own_head_on_the_frozen_backbone():
    frozen = SECOND.drop(columns="label").assign(stage="head")
    stages = pd.concat([frozen, FIRST.drop(columns="label").assign(stage="finetune")])
    both = notable_images.before_and_after(FIRST, stages)
    assert notable_images.only_first_right(both).tolist() == [14, 10]  # fixed
    assert notable_images.only_second_right(both).tolist() == [13, 11]  # broken


def test_runs_without_a_stage_before_or_from_before_stages_were_kept_have_nothing_to_be_held_against():
    assert notable_images.before_and_after(FIRST, None) is None
    assert notable_images.before_and_after(FIRST, FIRST.assign(stage="finetune")) is None
    assert notable_images.before_and_after(FIRST, FIRST.assign(stage="head")) is None  # stopped before its second stage
