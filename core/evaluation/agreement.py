"""Agreement: the share of their common test images on which two runs predict the same class, and the images on which
several are surest.
"""

from collections.abc import Mapping, Sequence

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


def best_recognised(predictions: Sequence[pd.DataFrame]) -> dict[int, int]:
    """The test image of each class for which runs give the highest probability to the right class, on average.

    Args:
        predictions: Tables as `runs.predictions` returns them, of one dataset; images need not be the same.

    Returns:
        Class -> row id of the image.
    """
    if not predictions:
        return {}
    images = pd.concat(
        table[["row", "label"]].assign(
            right=table.filter(regex=r"^p_\d+$").to_numpy()[range(len(table)), table["label"]]
        )
        for table in predictions
    )
    means = images.groupby(["label", "row"])["right"].mean()
    return {int(label): int(row) for label, row in means.groupby("label").idxmax()}
