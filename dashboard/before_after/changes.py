"""What a fine-tune did to its classes, in a sentence, a table and a column of colours; all of it computed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import metrics
from core.maps import METHODS, MapConfig
from dashboard.map_view.columns import Column
from dashboard.maps import columns
from dashboard.ui import formats

NOTICED = 0.01  # a change of silhouette that is worth a verb
CHANGES = ("still right", "fixed", "broken", "still wrong")
COLOURS = (columns.BOTH, columns.RIGHT, columns.WRONG, columns.NEITHER)


def sentence(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Whether the classes tightened in the space of features, from the quality of two maps; Markdown."""
    if "silhouette_full" not in before or "silhouette_full" not in after:
        return "All images are of one class: there is nothing to pull apart."
    change = after["silhouette_full"] - before["silhouette_full"]
    verb = "hardly moved" if abs(change) < NOTICED else "tightened" if change > 0 else "loosened"
    points = 100 * (after["knn_full"] - before["knn_full"])
    moved = "as many" if abs(points) < 0.05 else f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'}"
    was, now = (_signed(quality["silhouette_full"]) for quality in (before, after))
    right, right_now = (formats.percent(quality["knn_full"]) for quality in (before, after))
    return (
        f"The classes **{verb}**: their silhouette went from {was} to **{now}**, and the {after['voters']:.0f} nearest "
        f"neighbours vote for the right class on {right} of the images before and **{right_now}** after ({moved})."
    )


def table(both: pd.DataFrame | None, before: Mapping[str, float], after: Mapping[str, float]) -> pd.DataFrame:
    """Before and after, a row a number, with 95 % intervals where it is a share of images.

    Args:
        both: As `comparison.of_fine_tune` gives it.
        before, after: `Map.quality`.
    """
    rows: dict[str, tuple[str, str]] = {}
    if both is not None and len(both):
        right, right_now = (metrics.wilson(int(both[name].sum()), len(both)) for name in ("right_other", "right"))
        rows["Accuracy of the head"] = _share(right), _share(right_now)
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
    """Of each image on the map (n,), whether the fine-tune fixed it, broke it, or changed nothing."""
    found = both.set_index("row").reindex(rows)
    after, before = (found[name].fillna(False).to_numpy(bool) for name in ("right", "right_other"))
    codes = np.select([before & after, after, before], [0, 1, 2], default=3)
    codes[found["right"].isna()] = len(CHANGES)
    names, colours = CHANGES, COLOURS
    if (codes == len(CHANGES)).any():
        names, colours = (*names, columns.UNTESTED), (*colours, columns.FAINT)
    codes = codes.astype(np.uint8)
    return Column("change", "Fixed or broken", "class", codes, names, colours, unknown=columns.UNTESTED)


def how_aligned(before: MapConfig) -> str:
    """How the second map was made to be comparable with the first, and what may not be read off all the same."""
    if before.method == "pca":
        text = "The map after is turned, mirrored and scaled as a whole so that it lies on the one before (Procrustes)."
    else:
        text = "The map after starts from the layout of the one before, and is laid on it as a whole (Procrustes)."
    return f"{text} {METHODS[before.method].caution}"


def _number(name: str, quality: Mapping[str, float]) -> str:
    if name.startswith("knn"):
        judged = int(quality["judged"])
        return _share(metrics.wilson(round(quality[name] * judged), judged))
    return _signed(quality[name])


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "\u2212")


def _share(found: metrics.Interval) -> str:
    return f"{formats.percent(found.value)} ({formats.interval(found.low, found.high)})"
