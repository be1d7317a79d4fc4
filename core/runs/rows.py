"""Runs as rows: each with its settings and numbers, read from the store without opening its files."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from core import metrics, people, sweeps
from core.config import RunConfig
from core.errors import RunError
from core.metrics import Interval, StandardErrors
from core.runs import names

SEEDS, SWEEP = "seeds-", "sweep-"  # what the id of an entry begins with
RESUMABLE = ("stopped", "paused", "interrupted")


@dataclass(frozen=True)
class RunRow:
    """A run as one row of the table. Until it has a result, its numbers are nan and its texts empty."""

    id: str
    name: str
    status: str  # of runs.STATUSES
    created: datetime  # UTC
    config: RunConfig  # of several seeds, that of the first
    error: str = ""
    entry: str = ""  # the entry that it is one seed, or one cell, of
    seeds: tuple["RunRow", ...] = ()  # of an entry, whose numbers are means over those that finished
    cells: tuple["RunRow", ...] = ()  # of a sweep, whose numbers are those of the chosen one
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
        """Whether it is the run or entry of this id, or has that run among its own."""
        return run_id == self.id or any(run.id == run_id for run in self.members)

    @property
    def members(self) -> tuple["RunRow", ...]:
        """The runs of an entry: its seeds, or the cells of a sweep; of a run none."""
        return self.seeds or self.cells

    @property
    def failed(self) -> tuple["RunRow", ...]:
        """The runs of an entry that cannot be resumed, but can be run again."""
        return tuple(run for run in self.members if run.status in ("failed", "diverged"))

    @property
    def resumable(self) -> bool:
        """Whether it can be resumed, or some run of an entry can be resumed or run again."""
        return any(run.status in RESUMABLE for run in self.members or (self,)) or bool(self.failed)

    def queue_again(
        self, resume: Callable[[str], object], create: Callable[..., str]
    ) -> tuple[list[str], list[tuple[str, RunError]]]:
        """Resume it, or what can be resumed of an entry, and run again what failed.

        Args:
            resume: Called with the id of each run to resume; may raise RunError, such as for a damaged checkpoint.
            create: As `runs.create`: returns the id of a new run.

        Returns:
            The ids of the queued runs, and the names of those that could not be resumed, each with the error.
        """
        ids, refused = [], []
        for run in self.members or (self,):
            if self.members and run.status not in RESUMABLE:
                continue
            try:
                resume(run.id)
                ids.append(run.id)
            except RunError as error:
                refused.append((run.name, error))
        ids += [create(run.config, entry=self.id, varied=self.varied) for run in self.failed]
        return ids, refused

    @property
    def chosen(self) -> "RunRow":
        """The run of a sweep that was best on the validation images, the first of equals; otherwise itself."""
        finished = [cell for cell in self.cells if cell.status == "finished"] or list(self.cells[:1])
        return max(finished, key=lambda cell: cell.validation_accuracy) if finished else self

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings in which the runs of an entry differ."""
        return ("seed",) if self.seeds else sweeps.varied([cell.config for cell in self.cells])

    @property
    def runs(self) -> tuple["RunRow", ...]:
        """The runs that its accuracy is from: the finished seeds, all if none is, the chosen run, or itself."""
        return tuple(seed for seed in self.seeds if seed.status == "finished") or self.seeds or (self.chosen,)

    @property
    def n_seeds(self) -> int:
        """How many seeds its accuracy is from, or will be."""
        return len(self.runs) if self.has_result else len(self.seeds) or 1

    @property
    def spread(self) -> float:
        """The standard deviation of the accuracy from seed to seed; nan for a single one."""
        return float(np.std([seed.accuracy for seed in self.runs], ddof=1)) if self.standard_errors else nan

    @property
    def standard_errors(self) -> StandardErrors | None:
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
    """Rows in which the seeds of one entry, or the runs of a sweep, are one row, in the place of the first of them."""
    members: defaultdict[str, list[RunRow]] = defaultdict(list)
    for row in rows:
        members[row.entry or row.id].append(row)
    return [_folded(runs) if runs[0].entry else runs[0] for runs in members.values()]


def _folded(members: Sequence[RunRow]) -> RunRow:
    """The row of an entry; it has numbers once none of its runs is under way and one of them finished.

    Of runs with the same settings, the newest counts: the others were run again.
    """
    latest = tuple({run.config: run for run in sorted(members, key=lambda run: run.created)}.values())
    if latest[0].entry.startswith(SWEEP):
        return _sweep(latest)
    seeds = sorted(latest, key=lambda run: run.config.seed)
    status, finished = _status(seeds), [run for run in seeds if run.status == "finished"]
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
    return _entry(seeds, ("seed",), status=status, config=seeds[0].config, seeds=tuple(seeds), **numbers)


def _sweep(cells: tuple[RunRow, ...]) -> RunRow:
    """The row of a sweep, with the numbers of the chosen run."""
    varied, status = sweeps.varied([cell.config for cell in cells]), _status(cells)
    row = _entry(cells, varied, status=status, config=cells[0].config, cells=cells)
    if status != "finished":
        return row
    numbers = {name: getattr(row.chosen, name) for name in (*NUMBERS, *_TEXTS, *_COUNTS, "seconds", "cached")}
    finished = sum(cell.status == "finished" for cell in cells)
    numbers["protocol"] += f"; the best of {finished} on validation, over {' and '.join(map(sweeps.title, varied))}"
    return replace(row, config=row.chosen.config, **numbers)


def _entry(members: Sequence[RunRow], varied: Sequence[str], *, status: str, **fields: Any) -> RunRow:
    """The row of an entry with what its runs share: name, owner, group, and what is missing."""
    first = members[0]
    return RunRow(
        id=first.entry,
        name=first.name.removesuffix(names.own_name(first.config, varied)),
        status=status,
        created=first.created,
        error=_what_is_missing(members, varied) if status not in ("queued", "running") else "",
        group=first.group,
        tags=first.tags,
        note=first.note,
        archived=all(run.archived for run in members),
        person=first.person,
        **fields,
    )


def _status(members: Sequence[RunRow]) -> str:
    waiting = [run for run in members if run.status == "queued"]
    if waiting or any(run.status == "running" for run in members):
        return "queued" if len(waiting) == len(members) else "running"
    return "finished" if any(run.status == "finished" for run in members) else members[0].status


def _mean(finished: Sequence[RunRow]) -> tuple[Interval, StandardErrors | None]:
    """The accuracy of one seed or the mean of several, with its interval and what that comes from."""
    if len(finished) == 1:
        return Interval(finished[0].accuracy, finished[0].accuracy_low, finished[0].accuracy_high), None
    return metrics.mean_of_seeds([run.accuracy for run in finished], int(finished[0].n_test))


def _what_is_missing(members: Sequence[RunRow], varied: Sequence[str]) -> str:
    """How many runs finished and why the others did not; "" if all did."""
    others = [run for run in members if run.status != "finished"]
    if not others:
        return ""
    what = "seeds" if list(varied) == ["seed"] else "runs"
    ends = [
        f"{sweeps.described(run.config, varied)} {run.status}{f' ({run.error})' if run.error else ''}" for run in others
    ]
    return f"{len(members) - len(others)} of {len(members)} {what} finished: {'; '.join(ends)}."
