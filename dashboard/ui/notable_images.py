"""The images that reveal most about a run: row ids, from its predictions (columns of `runs.predictions`)."""

import numpy as np
import pandas as pd


def surest_mistakes(predictions: pd.DataFrame) -> np.ndarray:
    """Rows that are wrong, the most confident first."""
    wrong = predictions[predictions["prediction"] != predictions["label"]]
    return _rows(wrong.sort_values(by="confidence", ascending=False, kind="stable"))


def least_certain_right(predictions: pd.DataFrame) -> np.ndarray:
    """Rows that are right, the least confident first."""
    right = predictions[predictions["prediction"] == predictions["label"]]
    return _rows(right.sort_values(by="confidence", kind="stable"))


def only_first_right(both: pd.DataFrame) -> np.ndarray:
    """Rows of `comparison.together` that only the first run gets right, the second's most confident mistakes first."""
    rows = both[both["right"] & ~both["right_other"]]
    return _rows(rows.sort_values(by="confidence_other", ascending=False, kind="stable"))


def only_second_right(both: pd.DataFrame) -> np.ndarray:
    """Rows of `comparison.together` that only the second run gets right, the first's most confident mistakes first."""
    rows = both[~both["right"] & both["right_other"]]
    return _rows(rows.sort_values(by="confidence", ascending=False, kind="stable"))


def _rows(predictions: pd.DataFrame) -> np.ndarray:
    return predictions["row"].to_numpy(np.int64)
