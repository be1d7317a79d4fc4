"""How a fine-tune changed the separation of the classes: a sentence, a table and a column for the maps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import metrics
from core.maps import METHODS, MapConfig
from dashboard.map_view.columns import Column
from dashboard.maps import columns
from dashboard.ui import charts, formats

NOTICED = 0.01  # smallest change of the silhouette that counts as tightened or loosened
CHANGES = ("still right", "fixed", "broken", "still wrong")
COLOURS = (columns.BOTH, charts.RIGHT, charts.WRONG, columns.NEITHER)


def sentence(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Whether the classes tightened in feature space, from the quality of two maps; Markdown."""
    if "silhouette_full" not in before or "silhouette_full" not in after:
        return "All images are of one class: there is nothing to separate."
    change = after["silhouette_full"] - before["silhouette_full"]
    verb = "hardly moved" if abs(change) < NOTICED else "tightened" if change > 0 else "loosened"
    points = 100 * (after["knn_full"] - before["knn_full"])
    moved = "as many" if abs(points) < 0.05 else f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'}"
    silhouettes = [_signed(quality["silhouette_full"]) for quality in (before, after)]
    votes = [formats.percent(quality["knn_full"]) for quality in (before, after)]
    return (
        f"The classes **{verb}**: their silhouette went from {silhouettes[0]} to **{silhouettes[1]}**, and the "
        f"{after['voters']:.0f} nearest neighbours vote for the right class on {votes[0]} of the images before and "
        f"**{votes[1]}** after ({moved})."
    )


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
    return _signed(quality[name])


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "\u2212")


def _share(share: metrics.Interval) -> str:
    return f"{formats.percent(share.value)} ({formats.interval(share.low, share.high)})"
