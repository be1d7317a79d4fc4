"""The images that tell most are found by their row ids, in the order in which they tell it."""

import pandas as pd

from core.evaluation import comparison
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


def test_of_images_that_only_one_run_gets_right_the_others_surest_error_comes_first():
    both = comparison.together(FIRST, SECOND)
    assert notable_images.only_first_right(both).tolist() == [14, 10]
    assert notable_images.only_second_right(both).tolist() == [13, 11]
