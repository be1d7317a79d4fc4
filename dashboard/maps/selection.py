"""Images selected on a map, by row id: as a table, as counts per class, as a CSV file."""

import numpy as np
import pandas as pd

from core.data.datasets import Dataset

AXES = ("x", "y", "z")


def table(
    dataset: Dataset, chosen: np.ndarray, rows: np.ndarray, positions: np.ndarray, predictions: pd.DataFrame | None
) -> pd.DataFrame:
    """One row for each selected image on the map: `row`, `class`, its coordinates, and a run's prediction.

    Args:
        chosen: Row ids (m,), in any order; those that are not on the map are left out.
        rows: Row ids (n,) of the map, ascending.
        positions: (n, 2 or 3), in the order of `rows`.
        predictions: What `runs.predictions` returns; images without a prediction have an empty cell.
    """
    chosen = np.intersect1d(chosen, rows).astype(np.int64)
    names = np.array(dataset.class_names, object)
    coordinates = positions[np.searchsorted(rows, chosen)]
    frame = pd.DataFrame({"row": chosen, "class": names[dataset.labels[chosen]]})
    frame = frame.assign(**dict(zip(AXES, coordinates.T, strict=False)))
    if predictions is None:
        return frame
    aligned = predictions.set_index("row").reindex(chosen)
    predicted = [names[int(code)] if pd.notna(code) else None for code in aligned["prediction"]]
    frame["prediction"], frame["confidence"] = predicted, aligned["confidence"].to_numpy()
    return frame


def counts(dataset: Dataset, chosen: np.ndarray) -> dict[str, int]:
    """Number of these images in each class, most frequent first; classes without any are left out."""
    per_class = np.bincount(dataset.labels[chosen], minlength=len(dataset.class_names))
    order = sorted(np.flatnonzero(per_class), key=lambda index: (-per_class[index], index))
    return {dataset.class_names[index]: int(per_class[index]) for index in order}
