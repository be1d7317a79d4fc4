"""What is said of the quality of maps claims no more than was measured."""

from dashboard.maps import quality

BEFORE = {"knn_full": 0.6, "silhouette_full": -0.05, "voters": 15}


def test_separation_before_and_after_is_said_in_both_numbers_and_without_a_verdict():
    said = quality.separation(BEFORE, BEFORE | {"knn_full": 0.8, "silhouette_full": 0.1})
    assert (
        "the 15 nearest images vote for the right class on 60.0 % of the images before and on **80.0 %** after" in said
    )
    assert "from \u22120.05 to **0.10**" in said


def test_of_one_class_there_is_nothing_to_separate():
    assert "one class" in quality.separation({"trustworthiness": 0.9}, {"trustworthiness": 0.9})
