"""Selections lead to ids, whatever is shown and however it is sorted."""

import pandas as pd

from dashboard.ui import selections

PREDICTIONS = pd.DataFrame(
    {"row": [70, 50, 90, 10], "label": [0, 1, 1, 1], "prediction": [0, 0, 0, 1], "confidence": [0.9, 0.4, 0.8, 0.7]}
)


def points(*customdata) -> dict:
    return {"selection": {"points": [{"customdata": data} for data in customdata]}}


def test_selected_points_give_their_ids_once():
    assert selections.ids(points(["b", "label"], ["a", "label"], ["b", "label"])) == ["b", "a"]


def test_a_lone_id_is_understood_like_a_list():
    assert selections.ids(points("a")) == ["a"]


def test_points_without_an_id_are_passed_over():
    assert selections.ids({"selection": {"points": [{"x": 1}]}}) == []


def test_nothing_selected_gives_nothing():
    for event in ({}, None, {"selection": {}}, {"selection": {"points": [], "rows": []}}):
        assert selections.ids(event) == []
        assert selections.cell(event) is None
        assert selections.table_ids(event, PREDICTIONS) == []


def test_a_cell_leads_to_the_rows_of_its_images_the_surest_first():
    cell = selections.cell(points(["dog", "cat", 2, 66.7]))
    assert cell == ("dog", "cat")
    assert selections.cell_rows(PREDICTIONS, ["cat", "dog"], cell).tolist() == [90, 50]


def test_a_cell_of_classes_that_are_gone_is_empty():
    assert selections.cell_rows(PREDICTIONS, ["cat", "dog"], ("dog", "horse")).tolist() == []
    assert selections.cell_rows(PREDICTIONS, ["cat", "dog"], None).tolist() == []


def test_rows_of_a_table_lead_to_the_ids_it_showed():
    shown = pd.DataFrame({"run_id": ["b", "a", "c"]}, index=[7, 3, 5])
    assert selections.table_ids({"selection": {"rows": [2, 0]}}, shown) == ["c", "b"]


def test_rows_that_a_shorter_table_no_longer_has_are_left_out():
    assert selections.table_ids({"selection": {"rows": [0, 9]}}, pd.DataFrame({"run_id": ["a"]})) == ["a"]
