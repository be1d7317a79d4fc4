"""Images that were chosen on a map, always by row id: as a table, counted by class, as a file to take away."""

import numpy as np
import pandas as pd

from core.data.datasets import Dataset

AXES = ("x", "y", "z")


def table(
    dataset: Dataset, chosen: np.ndarray, rows: np.ndarray, positions: np.ndarray, predictions: pd.DataFrame | None
) -> pd.DataFrame:
    """One line for each chosen image that is on the map: `row`, `class`, its place, and what a run said of it.

    Args:
        chosen: Row ids (m,), in any order; those that are not on the map are left out.
        rows: Row ids (n,) of the map, ascending.
        positions: (n, 2 or 3), in that order.
        predictions: As `runs.predictions` gives them; images without one have an empty cell.
    """
    chosen = np.intersect1d(chosen, rows).astype(np.int64)
    names = np.array(dataset.class_names, object)
    places = positions[np.searchsorted(rows, chosen)]
    frame = pd.DataFrame({"row": chosen, "class": names[dataset.labels[chosen]]})
    frame = frame.assign(**dict(zip(AXES, places.T, strict=False)))
    if predictions is None:
        return frame
    found = predictions.set_index("row").reindex(chosen)
    said = [names[int(code)] if pd.notna(code) else None for code in found["prediction"]]
    frame["prediction"], frame["confidence"] = said, found["confidence"].to_numpy()
    return frame


def counts(dataset: Dataset, chosen: np.ndarray) -> dict[str, int]:
    """How many of these images are of each class, the most frequent first; classes that do not occur are left out."""
    found = np.bincount(dataset.labels[chosen], minlength=len(dataset.class_names))
    order = sorted(np.flatnonzero(found), key=lambda index: (-found[index], index))
    return {dataset.class_names[index]: int(found[index]) for index in order}


def csv(table: pd.DataFrame) -> bytes:
    """The table as a file that any spreadsheet opens."""
    return table.to_csv(index=False, float_format="%.6g").encode()
