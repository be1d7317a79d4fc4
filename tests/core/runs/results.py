"""A run of the tests, and a result of one."""

import pandas as pd

from core import heads, runs
from core.config import RunConfig
from core.training.freezing import Block, Frozen, Layer

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50, learning_rate=0.01)
FROZEN = Frozen(
    layers=(Layer("dense", "Dense", "block", params=7, trainable_params=7, weight_layer=True, batchnorm=""),),
    blocks=(Block("block", layers=1, params=7, trainable_params=7, batchnorm=""),),
    params=7,
    trainable_params=7,
    weight_layers=1,
    trainable_weight_layers=1,
    asked=1,
    slice_length=1,
)
OUTCOME = runs.Outcome(
    accuracy=0.5,
    accuracy_low=0.4,
    accuracy_high=0.6,
    top5=None,
    validation_accuracy=0.55,
    calibration_error=0.1,
    per_class={"cat": 0.25, "dog": 0.75},
    seconds={"load": 1.0, "extract": 2.0, "train": 3.0, "evaluate": 4.0},
    images_per_second=100.0,
    cached=False,
    hardware="a machine",
    versions={"keras": "3"},
    protocol="a protocol",
    weights_origin="untrained",
    n_train=100,
    n_val=20,
    n_test=50,
    chosen={"strength": 0.1},
    scores={"macro_f1": 0.45, "log_loss": 1.2},
)


def finish(run_id: str, head: heads.Head) -> None:
    predictions = pd.DataFrame({"row": [7, 3], "label": [0, 1], "prediction": [0, 0], "confidence": [0.9, 0.6]})
    confusion = pd.DataFrame([[1, 0], [1, 0]], index=["cat", "dog"], columns=["cat", "dog"])
    runs.finish(run_id, runs.Result(OUTCOME, predictions, confusion, head))
