"""Runs as rows: each with its settings and numbers, read from the store without opening its files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from core import metrics, people
from core.config import RunConfig
from core.metrics import Doubt, Interval


@dataclass(frozen=True)
class RunRow:
    """A run as one row of the table. Until it has a result, its numbers are nan and its texts empty."""

    id: str
    name: str
    status: str  # of runs.STATUSES
    created: datetime  # UTC
    config: RunConfig  # of several seeds, that of the first
    error: str = ""
    entry: str = ""  # the entry that it is one seed of
    seeds: tuple["RunRow", ...] = ()  # of an entry, whose numbers are means over those that finished
    group: str = ""  # this and the following two are a person's own words
    tags: tuple[str, ...] = ()
    note: str = ""
    archived: bool = False  # hidden until somebody asks for it
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

    def covers(self, run_id: str) -> bool:
        """Whether it is the run or entry of this id, or has that run among its seeds."""
        return run_id == self.id or any(seed.id == run_id for seed in self.seeds)

    @property
    def runs(self) -> tuple["RunRow", ...]:
        """The runs that its accuracy is from: the finished seeds, all of them if none is, or itself."""
        return tuple(seed for seed in self.seeds if seed.status == "finished") or self.seeds or (self,)

    @property
    def n_seeds(self) -> int:
        """How many seeds its accuracy is from, or will be."""
        return len(self.runs) if self.has_result else len(self.seeds) or 1

    @property
    def spread(self) -> float:
        """The standard deviation of the accuracy from seed to seed; nan for a single one."""
        return float(np.std([seed.accuracy for seed in self.runs], ddof=1)) if self.doubt else nan

    @property
    def doubt(self) -> Doubt | None:
        """What the interval of a mean over seeds comes from; None for a single one."""
        return _mean(self.runs)[1] if len(self.runs) > 1 and self.has_result else None


_TEXTS = ("hardware", "protocol", "weights_origin")
_COUNTS = ("n_train", "n_val", "n_test")
NUMBERS = tuple(f.name for f in fields(RunRow) if f.default is nan and f.name not in ("seconds", *_COUNTS))
COLUMNS = [
    "run_id",
    "name",
    "group",
    "tags",
    "note",
    "archived",
    "status",
    "created",
    *(f.name for f in fields(RunConfig)),
    "seeds",
    *NUMBERS,
    "spread",
    "seconds",
    "cached",
    *_TEXTS,
    *(f"{name}_used" for name in _COUNTS),
    "error",
]


def table(rows: Sequence[RunRow]) -> pd.DataFrame:
    """Rows as a DataFrame, see `COLUMNS`; numbers of unfinished runs are NaN."""
    numbers = [*NUMBERS, "spread", "seconds"]
    records = []
    for row in rows:
        record = {"run_id": row.id, "name": row.name, "status": row.status, "created": row.created}
        record["seeds"] = row.n_seeds
        record |= vars(row.config)
        record |= {name: getattr(row, name) for name in (*numbers, "cached", "archived")}
        record |= {name: getattr(row, name) or None for name in (*_TEXTS, "error", "group", "note")}
        record["tags"] = ", ".join(row.tags) or None
        record |= {f"{name}_used": getattr(row, name) for name in _COUNTS}
        records.append(record)
    frame = pd.DataFrame(records, columns=COLUMNS)
    types = dict.fromkeys([*numbers, *(f"{name}_used" for name in _COUNTS)], "float64")
    return frame.astype(types | {"created": "datetime64[ns, UTC]"})


def fold(rows: Sequence[RunRow]) -> list[RunRow]:
    """Rows in which the seeds of one entry are one row, in the place of the first of them."""
    members: defaultdict[str, list[RunRow]] = defaultdict(list)
    for row in rows:
        members[row.entry or row.id].append(row)
    return [_folded(runs) if runs[0].entry else runs[0] for runs in members.values()]


def _folded(seeds: Sequence[RunRow]) -> RunRow:
    """The row of an entry; it has numbers once none of its seeds is under way and one of them finished."""
    seeds = sorted(seeds, key=lambda run: run.config.seed)
    first, finished = seeds[0], [run for run in seeds if run.status == "finished"]
    waiting = [run for run in seeds if run.status == "queued"]
    if waiting or any(run.status == "running" for run in seeds):
        status = "queued" if len(waiting) == len(seeds) else "running"
    else:
        status = "finished" if finished else first.status
    numbers: dict[str, Any] = {}
    if status == "finished":
        model, accuracy = finished[0], _mean(finished)[0]
        names = (*NUMBERS, "seconds", *_COUNTS)
        numbers = {name: float(np.mean([getattr(run, name) for run in finished])) for name in names}
        numbers |= {name: getattr(model, name) for name in _TEXTS}
        numbers |= {"accuracy": accuracy.value, "accuracy_low": accuracy.low, "accuracy_high": accuracy.high}
        numbers["cached"] = any(run.cached for run in finished)
        own, all_of_them = f", seed {model.config.seed}", ", ".join(str(run.config.seed) for run in finished)
        numbers["protocol"] = f"{model.protocol.removesuffix(own)}; mean of the seeds {all_of_them}"
    return RunRow(
        id=first.entry,
        name=first.name.removesuffix(seed_name(first.config)),
        status=status,
        created=first.created,
        config=first.config,
        error=_what_is_missing(seeds, finished) if status not in ("queued", "running") else "",
        seeds=tuple(seeds),
        group=first.group,
        tags=first.tags,
        note=first.note,
        archived=all(seed.archived for seed in seeds),
        person=first.person,
        **numbers,
    )


def seed_name(config: RunConfig) -> str:
    """What the name of one seed of an entry ends with."""
    return f", seed {config.seed}"


def _mean(finished: Sequence[RunRow]) -> tuple[Interval, Doubt | None]:
    """The accuracy of one seed or the mean of several, with its interval and what that comes from."""
    if len(finished) == 1:
        return Interval(finished[0].accuracy, finished[0].accuracy_low, finished[0].accuracy_high), None
    return metrics.mean_of_seeds([run.accuracy for run in finished], int(finished[0].n_test))


def _what_is_missing(seeds: Sequence[RunRow], finished: Sequence[RunRow]) -> str:
    """How many seeds finished and why the others did not; "" if all did."""
    others = [run for run in seeds if run.status != "finished"]
    if not others:
        return ""
    ends = [f"seed {run.config.seed} {run.status}{f' ({run.error})' if run.error else ''}" for run in others]
    return f"{len(finished)} of {len(seeds)} seeds finished: {'; '.join(ends)}."
