"""What a fine-tune did, in words, numbers and colours that follow from the data."""

import numpy as np
import pandas as pd

from core.embeddings import Source
from core.maps import MapConfig
from dashboard.before_after import changes

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


def test_of_one_class_only_the_maps_are_judged():
    alone = {"trustworthiness": 0.9}
    assert list(changes.table(None, alone, alone).index) == ["Trustworthiness of the map"]


def test_the_table_has_before_left_of_after_and_intervals_around_shares():
    found = changes.table(BOTH, QUALITY, QUALITY | {"knn_full": 0.9})
    assert found.loc["Accuracy of the head"].tolist() == ["50.0 % (15.0 to 85.0 %)"] * 2
    neighbours = found.loc["Nearest neighbours right, in feature space"]
    assert neighbours["Before"].startswith("60.0 % (")
    assert neighbours["After"].startswith("90.0 % (")
    assert found.loc["Silhouette by class, in feature space", "Before"] == "\u22120.02"


def test_images_are_fixed_broken_or_as_they_were_by_row():
    column = changes.changes(np.array([9, 8, 5, 3]), BOTH)
    assert [column.names[code] for code in column.values] == ["still wrong", "broken", "fixed", "still right"]
    assert len(column.names) == len(column.colours) == 4
    with_more = changes.changes(np.array([3, 4]), BOTH)
    assert [with_more.names[code] for code in with_more.values] == ["still right", "not tested"]


def test_the_way_maps_were_aligned_is_said():
    for method, words in {"pca": "rotated, mirrored and scaled", "umap": "starts from the layout"}.items():
        assert words in changes.how_aligned(MapConfig(Source(), method=method))
