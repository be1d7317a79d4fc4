"""Agreement: the share of their common test images on which two runs predict the same class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def same_answers(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The share of images on which two runs predict the same class, right or wrong; nan without common images.

    Args:
        predictions: Name -> a table as `runs.predictions` returns it.

    Returns:
        One row and one column per name.
    """
    names = list(predictions)
    shares = np.eye(len(names))
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            both = predictions[first].merge(predictions[second], on=["row", "label"], suffixes=("", "_other"))
            same = both["prediction"].to_numpy() == both["prediction_other"].to_numpy()
            share = float(np.mean(same)) if len(same) else np.nan
            shares[i, j] = shares[j, i] = share
    return pd.DataFrame(shares, names, names)
