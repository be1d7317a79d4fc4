"""What a fine-tune did, in words, numbers and colours that follow from the data."""

import numpy as np
import pandas as pd
import pytest

from core.embeddings import Source
from core.evaluation.layer_probes import Probe, Probes
from core.maps import MapConfig
from dashboard.before_after import changes
from dashboard.layers import story

QUALITY = {
    "silhouette_full": -0.02,
    "silhouette_map": 0.1,
    "knn_full": 0.6,
    "knn_map": 0.5,
    "voters": 15,
    "judged": 200,
}
QUALITY |= {"trustworthiness": 0.9, "continuity": 0.95}
BOTH = pd.DataFrame(
    {"row": [3, 5, 8, 9], "right": [True, True, False, False], "right_other": [True, False, True, False]}
)


@pytest.mark.parametrize(
    ("silhouette", "knn", "verb", "moved"),
    [
        (0.2, 0.85, "tightened", "25.0 points more"),
        (-0.3, 0.5, "loosened", "10.0 points fewer"),
        (-0.015, 0.6, "hardly moved", "as many"),
    ],
)
def test_the_sentence_says_which_way_the_classes_moved(silhouette, knn, verb, moved):
    text = changes.sentence(QUALITY, QUALITY | {"silhouette_full": silhouette, "knn_full": knn})
    assert f"classes **{verb}**" in text
    assert moved in text
    assert "\u22120.020" in text


def test_one_class_has_nothing_to_pull_apart():
    alone = {"trustworthiness": 0.9}
    assert "one class" in changes.sentence(alone, alone)
    assert list(changes.table(None, alone, alone).index) == ["Trustworthiness of the map"]


def test_the_table_has_before_left_of_after_and_intervals_around_shares():
    found = changes.table(BOTH, QUALITY, QUALITY | {"knn_full": 0.9})
    assert found.loc["Accuracy of the head"].tolist() == ["50.0 % (15.0 to 85.0 %)"] * 2
    neighbours = found.loc["Nearest neighbours right, in feature space"]
    assert neighbours["Before"].startswith("60.0 % (")
    assert neighbours["After"].startswith("90.0 % (")
    assert found.loc["Silhouette by class, in feature space", "Before"] == "\u22120.020"


def test_images_are_fixed_broken_or_as_they_were_by_row():
    column = changes.changes(np.array([9, 8, 5, 3]), BOTH)
    assert [column.names[code] for code in column.values] == ["still wrong", "broken", "fixed", "still right"]
    assert len(column.names) == len(column.colours) == 4
    with_more = changes.changes(np.array([3, 4]), BOTH)
    assert [with_more.names[code] for code in with_more.values] == ["still right", "not tested"]


def test_the_way_maps_were_aligned_is_said():
    for method, words in {"pca": "rotated, mirrored and scaled", "umap": "starts from the layout"}.items():
        assert words in changes.how_aligned(MapConfig(Source(), method=method))


def test_the_story_of_layers_names_the_largest_step_or_where_it_is_best():
    found = probes(0.3, 0.4, 0.7)
    assert "**30.0 %**" not in story.sentence(found)
    assert "**70.0 %** from **c**" in story.sentence(found)
    assert "30.0 points, is from b to c" in story.sentence(found)
    assert "best at **b**, not at the end (80.0 %; the intervals do not overlap)" in story.sentence(
        probes(0.3, 0.8, 0.4)
    )
    assert "too close to call" in story.sentence(probes(0.3, 0.8, 0.79))


def test_the_chart_of_layers_has_a_point_with_its_interval_for_each_depth():
    (line,) = story.chart(probes(0.3, 0.4, 0.7)).data
    assert list(line.x) == ["a", "b", "c"]
    np.testing.assert_allclose(line.y, [30, 40, 70])
    np.testing.assert_allclose(line.error_y.array, 5)


def probes(*accuracies: float):
    found = [
        Probe(name, place, 8, 16, value, value - 0.05, value + 0.05, 0.01)
        for place, (name, value) in enumerate(zip("abc", accuracies, strict=True), 1)
    ]
    return Probes(tuple(found), 100, 20, 100, "here")
