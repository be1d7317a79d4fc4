"""Selection events of Streamlit, read as the ids of what was selected: runs, backbones, images.

An event may come from a chart that has changed since, so everything is found by id; missing ids are ignored.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd


def ids(event: Mapping) -> list[str]:
    """The ids of the points selected on a chart: the first entry of their `customdata`, each once, in their order."""
    points = [_customdata(point)[0] for point in _selection(event).get("points", []) if _customdata(point)]
    return list(dict.fromkeys(points))


def cell(event: Mapping) -> tuple[str, str] | None:
    """(true class, predicted class) of the cell selected in a confusion matrix, or None."""
    for point in _selection(event).get("points", []):
        if len(_customdata(point)) >= 2:
            true, predicted = _customdata(point)[:2]
            return true, predicted
    return None


def cell_rows(predictions: pd.DataFrame, class_names: Sequence[str], selected: tuple[str, str] | None) -> np.ndarray:
    """Row ids int64 of the images of a cell, those predicted with most confidence first.

    Args:
        predictions: Columns `row`, `label`, `prediction`, `confidence`.
        class_names: Names in the order of the labels.
        selected: What `cell` returned.
    """
    names = [str(name) for name in class_names]
    if selected is None or not set(selected) <= set(names):
        return np.empty(0, np.int64)
    true, predicted = (names.index(name) for name in selected)
    inside = predictions[(predictions["label"] == true) & (predictions["prediction"] == predicted)]
    return inside.sort_values(by="confidence", ascending=False, kind="stable")["row"].to_numpy(np.int64)


def table_ids(event: Mapping, shown: pd.DataFrame, column: str = "run_id") -> list[str]:
    """The ids of the rows selected in a table.

    Args:
        event: Its positions refer to the table as passed, even if the visitor sorted it.
        shown: The table as passed.
        column: Its column of ids.
    """
    rows = _selection(event).get("rows", [])
    return [shown[column].iloc[row] for row in rows if 0 <= row < len(shown)]


def _selection(event: Mapping) -> Mapping:
    return (event or {}).get("selection") or {}


def _customdata(point: Mapping) -> list:
    """Streamlit passes a lone value on as it is, a list as a list, or as a mapping of its positions."""
    data = point.get("customdata")
    if isinstance(data, Mapping):
        return list(data.values())
    return list(data) if isinstance(data, list | tuple) else [] if data is None else [data]
