"""Agreements: of how many of the same test images any two runs say the same, and are right or wrong together."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def same_answers(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of images of which two runs say the same class, whether it is right or not; nan where they share none.

    Args:
        predictions: Name -> as `runs.predictions` gives them.

    Returns:
        A row and a column for each name.
    """
    names = list(predictions)
    shares = np.eye(len(names))
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            both = predictions[first].merge(predictions[second], on=["row", "label"], suffixes=("", "_other"))
            share = float((both["prediction"] == both["prediction_other"]).mean()) if len(both) else np.nan
            shares[i, j] = shares[j, i] = share
    return pd.DataFrame(shares, names, names)
