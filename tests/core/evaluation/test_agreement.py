"""How often two runs say the same: planted answers."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation import agreement
from dashboard.compare import agreement as agreement_matrix


def said(rows: list[int], answers: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"row": rows, "label": 0, "prediction": answers})


def test_runs_are_held_against_each_other_on_the_images_that_both_saw():
    found = agreement.same_answers(
        {"a": said([1, 2, 3, 4], [0, 0, 1, 1]), "b": said([4, 3, 2], [1, 1, 2]), "c": said([9], [0])}
    )
    assert found.loc["a", "b"] == found.loc["b", "a"] == pytest.approx(2 / 3)
    assert np.isnan(found.loc["a", "c"]) and found.loc["c", "c"] == 1


def test_the_sentence_names_the_pair_that_agrees_least():
    names = ["a", "b", "c"]
    found = pd.DataFrame([[1, 0.9, 0.6], [0.9, 1, 0.7], [0.6, 0.7, 1]], names, names)
    assert agreement_matrix.sentence(found) == "**c** and **a** agree least: on 60.0 % of the images."
    alone = pd.DataFrame([[1, np.nan], [np.nan, 1]], ["a", "b"], ["a", "b"])
    assert "No two" in agreement_matrix.sentence(alone)


def test_the_matrix_has_a_cell_for_each_pair_in_percent():
    names = ["x · 1", "y · 2"]
    figure = agreement_matrix.matrix(pd.DataFrame([[1, 0.5], [0.5, 1]], names, names), names)
    assert figure.data[0].z.tolist() == [[100, 50], [50, 100]]
    assert list(figure.layout.yaxis.ticktext) == ["1  x", "2  y"]


def test_the_best_recognised_image_of_a_class_is_best_on_average():
    first = pd.DataFrame({"row": [1, 2, 3], "label": [0, 0, 1], "p_0": [0.9, 0.7, 0.8], "p_1": [0.1, 0.3, 0.2]})
    second = pd.DataFrame({"row": [1, 2, 3], "label": [0, 0, 1], "p_0": [0.2, 0.6, 0.9], "p_1": [0.8, 0.4, 0.1]})
    assert agreement.best_recognised([first]) == {0: 1, 1: 3}
    assert agreement.best_recognised([first, second]) == {0: 2, 1: 3}
    assert agreement.best_recognised([]) == {}
