"""What a fine-tune changed: a table, and a column for the maps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import metrics
from core.maps import METHODS, MapConfig
from dashboard.map_view.columns import Column
from dashboard.maps import columns
from dashboard.ui import colours, formats

CHANGES = ("still right", "fixed", "broken", "still wrong")
COLOURS = (columns.BOTH, colours.RIGHT, colours.WRONG, columns.NEITHER)


def table(both: pd.DataFrame | None, before: Mapping[str, float], after: Mapping[str, float]) -> pd.DataFrame:
    """Each measure before and after, with a 95 % interval where it is a share of images.

    Args:
        both: What `comparison.of_fine_tune` returns.
        before, after: `Map.quality`.
    """
    rows: dict[str, tuple[str, str]] = {}
    if both is not None and len(both):
        was, now = (metrics.wilson(int(both[name].sum()), len(both)) for name in ("right_other", "right"))
        rows["Accuracy of the head"] = _share(was), _share(now)
    titles = {
        "knn_full": "Nearest neighbours right, in feature space",
        "silhouette_full": "Silhouette by class, in feature space",
        "knn_map": "Nearest neighbours right, on the map",
        "silhouette_map": "Silhouette by class, on the map",
        "trustworthiness": "Trustworthiness of the map",
        "continuity": "Continuity of the map",
    }
    for name, title in titles.items():
        if name in before and name in after:
            rows[title] = _number(name, before), _number(name, after)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["Before", "After"])


def changes(rows: np.ndarray, both: pd.DataFrame) -> Column:
    """For each image on the map (n,), whether the fine-tune fixed it, broke it, or changed nothing."""
    predictions = both.set_index("row").reindex(rows)
    after, before = (predictions[name].fillna(False).to_numpy(bool) for name in ("right", "right_other"))
    codes = np.select([before & after, after, before], [0, 1, 2], default=3)
    codes[predictions["right"].isna()] = len(CHANGES)
    names, colours = CHANGES, COLOURS
    if (codes == len(CHANGES)).any():
        names, colours = (*names, columns.UNTESTED), (*colours, columns.FAINT)
    codes = codes.astype(np.uint8)
    return Column("change", "Fixed or broken", "class", codes, names, colours, unknown=columns.UNTESTED)


def how_aligned(before: MapConfig) -> str:
    """How the second map was made comparable with the first, and what still must not be read from it."""
    if before.method == "pca":
        text = "The map after is rotated, mirrored and scaled as a whole to match the one before (Procrustes)."
    else:
        text = "The map after starts from the layout of the one before, then is aligned with it (Procrustes)."
    return f"{text} {METHODS[before.method].caution}"


def _number(name: str, quality: Mapping[str, float]) -> str:
    if name.startswith("knn"):
        judged = int(quality["judged"])
        return _share(metrics.wilson(round(quality[name] * judged), judged))
    return formats.signed(quality[name])


def _share(share: metrics.Interval) -> str:
    return f"{formats.percent(share.value)} ({formats.interval(share.low, share.high)})"
