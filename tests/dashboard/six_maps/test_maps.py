"""The book's six maps: each after begins where its before ends, and sentences say no more than was measured."""

from dashboard.six_maps import maps

BEFORE = {"knn_full": 0.6, "silhouette_full": -0.05}


def test_classes_that_can_be_told_apart_better_are_said_so_with_both_numbers():
    said = maps.apart(BEFORE, {"knn_full": 0.8, "silhouette_full": 0.1})
    assert "easier to tell apart" in said
    assert "60.0 % of the time before and 80.0 % after" in said
    assert "\u22120.05 to 0.10" in said


def test_a_change_that_is_hardly_one_is_not_called_one():
    assert "as far apart as they were" in maps.apart(BEFORE, {"knn_full": 0.61, "silhouette_full": 0.1})
    assert "more mixed" in maps.apart(BEFORE, {"knn_full": 0.5, "silhouette_full": -0.1})


def test_with_one_class_nothing_is_said_of_classes():
    assert maps.apart({}, {}) == ""
