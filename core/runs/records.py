"""Runs as MLflow keeps them: parameters, metrics and tags, from which a run and its row are read."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import nan
from typing import Any, get_type_hints

from core import backbones, people
from core.backbones.catalog import NORM_FIRST
from core.config import RunConfig
from core.errors import LabError, RunError
from core.progress import Progress
from core.runs import names
from core.runs.outcome import STAGES, Outcome, Run
from core.runs.rows import NUMBERS, RunRow
from core.runs.tables import Stored

STATUSES = ("queued", "running", "finished", "failed", "diverged", "stopped", "paused", "interrupted")
ENDED = STATUSES[2:]
MLFLOW_STATUS = {"queued": "SCHEDULED", "running": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
MLFLOW_STATUS |= {"diverged": "FAILED", "stopped": "KILLED", "paused": "KILLED", "interrupted": "KILLED"}
TAG = "backbone_lab."
NOTE = "mlflow.note.content"  # what MLflow shows as the description
NORM_LAST = 3  # version of the first configs in which "avg" puts ConvNeXt's last LayerNorm after the pooling

_TAGS = ("hardware", "protocol", "weights_origin", "cached")
_COUNTS = ("n_train", "n_val", "n_test")
_FIELDS = get_type_hints(RunConfig)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """What is kept of a run to list it."""

    run: Run
    row: RunRow
    owner: str  # JSON


def read(stored: Iterable[Stored]) -> dict[str, Record]:
    """What is kept of runs, by id; those of other programs are left out."""
    listed = {}
    for record in stored:
        if not ours(record.tags):  # another program's, or not whole yet
            continue
        try:
            run, tags = run_of(record), ours(record.tags)
            row = _row(run, record.metrics, tags | {"note": record.tags.get(NOTE, "")})
        except (LabError, ValueError) as error:  # written by another program or version
            logger.warning("run %s is ignored: %s", record.id, error)
            continue
        listed[run.id] = Record(run, row, tags.get("owner", "{}"))
    return listed


def run_of(stored: Stored) -> Run:
    """A run without its outcome, which is in a file. Raises RunError: another program wrote it."""
    tags, values = ours(stored.tags), stored.params
    if "version" not in values:
        raise RunError(f"Run {stored.id} was not written by this program", "a run with the parameters of a RunConfig")
    fields = {name: kind(values[name]) for name, kind in _FIELDS.items() if name in values}
    if fields["version"] < NORM_LAST and backbones.get(fields["backbone"]).norm_follows(fields["pooling"]):
        fields["pooling"] = NORM_FIRST[fields["pooling"]]  # its head, or its network, has the features of that time
    config = RunConfig(**fields)
    status = tags.get("status", "interrupted")
    if status in ENDED and stored.ended is None:
        status = "running"  # its end is being written, of which the status is the first part
    progress = Progress(**json.loads(tags["progress"])) if tags.get("progress") and status == "running" else None
    ended = stored.ended
    return Run(
        id=stored.id,
        name=names.of_today(stored.name, config),
        status=status,
        config=config,
        created=datetime.fromtimestamp(stored.started / 1000, UTC),
        finished=datetime.fromtimestamp(ended / 1000, UTC) if ended and status in ENDED else None,
        progress=progress,
        outcome=None,
        error=tags.get("error") or None,
        person=tags.get("person", people.LECTURER),
        entry=tags.get("entry", ""),
        turn=int(tags.get("turn", 0)),
    )


def numbers(outcome: Outcome) -> dict[str, float]:
    """The metrics of a run with this outcome; some exist only for training."""
    values = asdict(outcome) | outcome.chosen | outcome.scores
    values |= {f"seconds_{stage}": value for stage, value in outcome.seconds.items()}
    values["frozen_accuracy"] = outcome.frozen_accuracy
    return {name: float(values[name]) for name in (*NUMBERS, *_COUNTS) if values.get(name) is not None}


def words(outcome: Outcome) -> dict[str, str]:
    """The tags of a run with this outcome."""
    return {name: str(getattr(outcome, name)) for name in _TAGS}


def ours(tags: dict[str, str]) -> dict[str, str]:
    """The tags that this program wrote, by their names in it."""
    return {key.removeprefix(TAG): value for key, value in tags.items() if key.startswith(TAG)}


def _row(run: Run, metrics: dict[str, float], tags: dict[str, str]) -> RunRow:
    seconds = sum(metrics.get(f"seconds_{stage}", 0) for stage in STAGES)
    measured: dict[str, Any] = {name: metrics.get(name, nan) for name in (*NUMBERS, *_COUNTS)}
    measured |= {name: tags.get(name, "") for name in ("hardware", "protocol", "weights_origin")}
    return RunRow(
        id=run.id,
        name=run.name,
        status=run.status,
        created=run.created,
        config=run.config,
        error=run.error or "",
        entry=tags.get("entry", ""),
        group=tags.get("group", ""),
        tags=_words_of(tags.get("tags") or "[]"),
        note=tags.get("note", ""),
        archived=tags.get("archived") == "True",
        person=run.person,
        seconds=seconds or nan,
        cached=tags.get("cached") == "True",
        **measured,
    )


def _words_of(tags: str) -> tuple[str, ...]:
    """The tags that a person gave; none, if MLflow has cut them."""
    try:
        return tuple(json.loads(tags))
    except ValueError:
        return ()
