"""Charts of planted tables, and the tables."""

import numpy as np
import pandas as pd

from dashboard.backbones import accuracy_chart
from dashboard.compare import charts as compare_charts
from dashboard.ui import class_charts

RUNS = pd.DataFrame(
    {
        "run_id": ["a", "b", "c"],
        "name": ["MobileNetV2 linear 160 px", "VGG16 linear 160 px", "MobileNetV2 linear 160 px"],
        "backbone": ["MobileNetV2", "VGG16", "MobileNetV2"],
        "method": ["linear"] * 3,
        "accuracy": [0.8, 0.7, 0.5],
        "accuracy_low": [0.78, 0.6, 0.4],
        "accuracy_high": [0.83, 0.75, 0.6],
        "seconds": [10.0, 90.0, 1.0],
        "seconds_train": [2.0, 1.0, 0.5],
        "cached": [False, False, True],
        "weights_origin": ["imagenet", "imagenet", "untrained"],
        "hardware": ["Machine A"] * 3,
        "preprocessing": ["own"] * 3,
        "n_train_used": [500.0] * 3,
        "seeds": [1, 1, 1],
    }
)
COUNTS = pd.DataFrame([[8, 2, 0], [1, 9, 0], [0, 0, 0]], index=["cat", "dog", "eel"], columns=["cat", "dog", "eel"])
FACTS = pd.DataFrame(
    {
        "name": ["small", "large", "poor", "silent"],
        "family": ["MobileNet", "ResNet", "VGG", "VGG"],
        "top1": [70.0, 80.0, 60.0, np.nan],
        "params": [1e6, 1e7, 1e8, 1e6],
        "images_per_second": [50.0, 100.0, 80.0, 10.0],
    }
)
BALANCE = pd.DataFrame({"class_name": ["cat", "dog"], "images": [5, 7]})
EVERY_CHART = {
    "class_balance": class_charts.class_balance(BALANCE),
    "published": accuracy_chart.published(FACTS),
    "accuracy_bars": compare_charts.accuracy_bars(RUNS),
    "accuracy_time": compare_charts.accuracy_time(RUNS),
    "confusion": class_charts.confusion(COUNTS),
    "per_class": class_charts.per_class(COUNTS),
}


def traces(figure) -> dict:
    """The traces of a chart by name."""
    return {trace.name: trace for trace in figure.data}
