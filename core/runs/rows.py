"""Runs as rows: each with its settings and numbers, read from the store without opening its files."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from math import isnan, nan

import pandas as pd

from core import people
from core.config import RunConfig


@dataclass(frozen=True)
class RunRow:
    """A run as one row of the table. Until it has a result, its numbers are nan and its texts empty."""

    id: str
    name: str
    status: str  # of runs.STATUSES
    created: datetime  # UTC
    config: RunConfig
    error: str = ""
    group: str = ""  # this and the following two are a person's own words
    tags: tuple[str, ...] = ()
    note: str = ""
    person: str = people.LECTURER  # whose it is
    accuracy: float = nan  # this and the following, up to peak_memory, as in Outcome
    accuracy_low: float = nan
    accuracy_high: float = nan
    top5: float = nan  # also nan up to ten classes
    validation_accuracy: float = nan
    last_validation_accuracy: float = nan
    calibration_error: float = nan
    balanced_accuracy: float = nan  # this and the following, up to log_loss, as in `scores`; nan for older runs
    macro_precision: float = nan
    macro_f1: float = nan
    weighted_f1: float = nan
    roc_auc: float = nan
    average_precision: float = nan
    log_loss: float = nan
    images_per_second: float = nan  # also nan when all features were cached
    train_images_per_second: float = nan
    frozen_accuracy: float = nan  # before unfreezing; also nan without such a phase
    trainable_params: float = nan
    total_params: float = nan
    peak_memory: float = nan  # bytes
    seconds_load: float = nan
    seconds_extract: float = nan
    seconds_train: float = nan
    seconds_evaluate: float = nan
    seconds: float = nan  # all of them
    cached: bool = False  # every feature came from the cache
    hardware: str = ""
    protocol: str = ""
    weights_origin: str = ""
    n_train: float = nan  # images used; `config` has the requested numbers
    n_val: float = nan
    n_test: float = nan

    @property
    def has_result(self) -> bool:
        """Whether its accuracy is known: stopped and diverged runs may have one too."""
        return not isnan(self.accuracy)


_TEXTS = ("hardware", "protocol", "weights_origin")
_COUNTS = ("n_train", "n_val", "n_test")
NUMBERS = tuple(f.name for f in fields(RunRow) if f.default is nan and f.name not in ("seconds", *_COUNTS))
COLUMNS = [
    "run_id",
    "name",
    "group",
    "tags",
    "note",
    "status",
    "created",
    *(f.name for f in fields(RunConfig)),
    *NUMBERS,
    "seconds",
    "cached",
    *_TEXTS,
    *(f"{name}_used" for name in _COUNTS),
    "error",
]


def table(rows: Sequence[RunRow]) -> pd.DataFrame:
    """Rows as a DataFrame, see `COLUMNS`; numbers of unfinished runs are NaN."""
    numbers = [*NUMBERS, "seconds"]
    records = []
    for row in rows:
        record = {"run_id": row.id, "name": row.name, "status": row.status, "created": row.created}
        record |= vars(row.config)
        record |= {name: getattr(row, name) for name in (*numbers, "cached")}
        record |= {name: getattr(row, name) or None for name in (*_TEXTS, "error", "group", "note")}
        record["tags"] = ", ".join(row.tags) or None
        record |= {f"{name}_used": getattr(row, name) for name in _COUNTS}
        records.append(record)
    frame = pd.DataFrame(records, columns=COLUMNS)
    types = dict.fromkeys([*numbers, *(f"{name}_used" for name in _COUNTS)], "float64")
    return frame.astype(types | {"created": "datetime64[ns, UTC]"})
