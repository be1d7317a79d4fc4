"""The store of runs (MLflow): their settings (`RunConfig`), and their results (`Outcome`).

Pages and workers share nothing else. A run is an MLflow run: its parameters are the flat config, its metrics the
numbers, its artifacts `outcome.json`, `predictions.parquet`, `confusion.csv`, and `head.npz` for a probe or
`model.keras`, `layers.json` and `stage_predictions.parquet` for a trained network; `mlflow ui` on the same store shows
the same runs. Importing MLflow takes 2 s, so it is imported on first use.

    create -> queued -> start -> running -> end -> finished | failed | diverged | stopped | paused | interrupted
                 ^                                                               |         |        |
                 +----------------------------- resume --------------------------+---------+--------+
"""

import functools
import json
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit
from urllib.request import url2pathname
from uuid import uuid4

import numpy as np
import pandas as pd

from core import backbones, heads, limits, people, quoting, scores, settings, storage
from core.backbones.catalog import NORM_FIRST
from core.config import TITLES, TRAINED, ZERO_SHOT, RunConfig
from core.data import dataset
from core.errors import LabError, NoAnswer, RunError, StoreError
from core.progress import Progress
from core.runs import backups, connection, tables
from core.runs.index import Index
from core.runs.outcome import STAGES, Outcome, Result, Run
from core.runs.rows import NUMBERS, RESUMABLE, SEEDS, SWEEP, RunRow, fold, own_name
from core.runs.tables import Stored
from core.training import checkpoints
from core.training.freezing import Block, Frozen, Layer
from core.zero_shot import prompts

BOOT = Path("/proc/sys/kernel/random/boot_id")  # of Linux: another after each start of the machine
STATUSES = ("queued", "running", "finished", "failed", "diverged", "stopped", "paused", "interrupted")
ENDED = STATUSES[2:]
NORM_LAST = 3  # version of the first configs in which "avg" puts ConvNeXt's last LayerNorm after the pooling
INTERRUPTED = "The program ended before the run did. Resume it: finished work is kept."

_MLFLOW_STATUS = {"queued": "SCHEDULED", "running": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
_MLFLOW_STATUS |= {"diverged": "FAILED", "stopped": "KILLED", "paused": "KILLED", "interrupted": "KILLED"}
_TAG = "backbone_lab."
_CURVE = "curve_"
_MOST_POINTS = 500  # in one write; MLflow accepts 1,000
_LONGEST_WAIT = 60  # seconds until a run is withdrawn again that could not be
_PAGE = 200  # runs in one answer, which a slow server gives within a visitor's patience
_NOTE = "mlflow.note.content"  # what MLflow shows as the description
_MOST_CHARACTERS = {"name": 100, "group": 60, "tag": 60, "tags": 4000, "note": 2000}  # MLflow cuts 8,000
_WORDS = {name: TITLES[name].lower() for name in ("knn", "mlp", "finetune", "scratch")}  # methods, in names of runs
_TAGS = ("hardware", "protocol", "weights_origin", "cached")
_COUNTS = ("n_train", "n_val", "n_test")
_FIELDS = get_type_hints(RunConfig)
Content = TypeVar("Content")
logger = logging.getLogger(__name__)


def create(
    config: RunConfig, *, scheduler: str | None = None, entry: str = "", varied: Sequence[str] = ("seed",)
) -> str:
    """Add a queued run to the store, worked on by this process (or by a scheduler); returns its id.

    Args:
        entry: Of `new_entry`, for one of several runs.
        varied: The settings in which these differ.

    Raises:
        AccessError: The current person may not start it, or has too many runs waiting.
    """
    person = people.require("start")
    people.require("see", dataset.person(config.dataset))
    if config.start:
        people.require("see", get(config.start).person)
    if config.teacher:
        people.require("see", get(config.teacher).person)
    if config.weights not in ("untrained", backbones.get(config.backbone).published):
        people.require("name server files")
    place = _place(config, person, entry)
    name = default_name(config) + (own_name(config, varied) if entry else "")
    tags = {_TAG + "status": "queued", _TAG + "owner": json.dumps(_this_process() | {"scheduler": scheduler})}
    tags |= ({_TAG + "entry": entry} if entry else {}) | place
    run = _client().create_run(_experiment(), run_name=name)
    from mlflow.entities import Param, RunTag

    parameters = [Param(key, str(value)) for key, value in asdict(config).items()]
    try:
        # Tags are written after the parameters, and make it a run of ours: nobody sees half of one.
        ours = [RunTag(key, value) for key, value in tags.items()]
        _client().log_batch(run.info.run_id, params=parameters, tags=ours)
        _client().update_run(run.info.run_id, status=_MLFLOW_STATUS["queued"])
    except StoreError:  # it may be stored all the same, and nobody works on it
        threading.Thread(target=_withdraw, args=[run.info.run_id], daemon=True).start()
        raise
    _back_up(older_than=backups.HOUR)
    return run.info.run_id


def _withdraw(run_id: str) -> None:
    """Delete a run that could not be begun, as soon as the store can be written; not if it forbids that."""
    wait = connection.ASK_AGAIN
    while True:
        try:
            _client().delete_run(run_id)
            return
        except StoreError as error:
            if _is_unknown(error):
                return
            if _code(error) == "PERMISSION_DENIED":
                logger.warning("run %s was not begun, and may not be deleted: %s", run_id, error)
                return
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def new_entry(varied: Sequence[str] = ("seed",)) -> str:
    """The id of a new entry, which its runs share: seeds, or a sweep over these settings."""
    return f"{SEEDS if tuple(varied) == ('seed',) else SWEEP}{uuid4().hex[:12]}"


def start(run_id: str) -> RunConfig:
    """Mark a queued run as running in this process; returns its config.

    Raises:
        RunError: It is not queued.
    """
    run = get(run_id)
    if run.status != "queued":
        raise RunError(f"Run {run_id} is {run.status}", "a queued run", "Start a new one")
    owner = json.loads(_tags(run_id).get("owner", "{}")) | _this_process()
    _client().set_tag(run_id, _TAG + "owner", json.dumps(owner))
    _set_status(run_id, "running")
    return run.config


def finish(run_id: str, result: Result) -> None:
    """Store the results of a run; its status changes last, so that a finished run is always complete."""
    from mlflow.entities import Metric, RunTag

    now, outcome = int(time.time() * 1000), result.outcome
    numbers = (
        asdict(outcome)
        | outcome.chosen
        | outcome.scores
        | {f"seconds_{stage}": value for stage, value in outcome.seconds.items()}
    )
    numbers["frozen_accuracy"] = outcome.frozen_accuracy
    numbers = {name: numbers.get(name) for name in (*NUMBERS, *_COUNTS)}  # some exist only for training
    metrics = [Metric(name, float(value), now, 0) for name, value in numbers.items() if value is not None]
    tags = [RunTag(_TAG + name, str(getattr(outcome, name))) for name in _TAGS]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outcome.json").write_text(json.dumps(asdict(outcome), indent=2))
        result.predictions.to_parquet(Path(folder, "predictions.parquet"), index=False)
        result.confusion.to_csv(Path(folder, "confusion.csv"), lineterminator=quoting.CSV_LINE)
        if result.head:
            result.head.save(Path(folder, "head.npz"))
        if result.frozen:
            Path(folder, "layers.json").write_text(json.dumps(asdict(result.frozen)))
        if result.stage_predictions is not None:
            result.stage_predictions.to_parquet(Path(folder, "stage_predictions.parquet"), index=False)
        _client().log_artifacts(run_id, folder)
    if result.model:
        _client().log_artifact(run_id, result.model)
    _client().log_batch(run_id, metrics=metrics, tags=tags)
    end(run_id, result.ended, error=result.error)


def add_scores(run_id: str) -> None:
    """Store the measures of a run from before they were kept, from its predictions.

    Raises:
        RunError: Its predictions are missing or damaged.
    """
    from mlflow.entities import Metric, RunTag

    tested, now = predictions(run_id), int(time.time() * 1000)
    values = scores.of(tested["label"].to_numpy(), tested.filter(regex=r"^p_\d+$").to_numpy())
    metrics = [Metric(name, value, now, 0) for name, value in values.items()]
    _client().log_batch(run_id, metrics=metrics, tags=[RunTag(_TAG + "scores", "added")])


def end(run_id: str, status: str, *, error: str | None = None) -> None:
    """End a run; does nothing if it has already ended."""
    if _end(run_id, status, error):
        _back_up()


def _end(run_id: str, status: str, error: str | None) -> bool:
    """As `end`, without a backup; whether the run had not ended."""
    if get(run_id).status in ENDED:
        return False
    if error:
        _client().set_tag(run_id, _TAG + "error", error)
    _set_status(run_id, status)
    return True


def _back_up(older_than: float = 0) -> None:
    if connection.is_ours(settings.tracking_uri()):
        backups.make(older_than=older_than)


def end_unbegun(run_id: str, *, error: str) -> None:
    """End a run as interrupted that this process has queued and nobody has begun; does nothing to another."""
    if get(run_id).status != "queued":
        return
    owner = json.loads(_tags(run_id).get("owner", "{}"))
    if owner.get("pid") == os.getpid() and owner.get("host") == socket.gethostname():
        end(run_id, "interrupted", error=error)


def get(run_id: str) -> Run:
    """One run.

    Raises:
        RunError: No such run.
        StoreError: The store cannot be used.
    """
    if run_id.startswith((SEEDS, SWEEP)):
        raise RunError(
            f"{run_id} is an entry of several runs", "the id of one run", f"List them: `python -m core runs {run_id}`"
        )
    try:
        stored = tables.of_mlflow(_client().get_run(run_id))
    except StoreError as error:
        if _is_unknown(error):
            raise _unknown(run_id) from error
        raise
    run = _run(stored)
    if run.status not in ENDED or "accuracy" not in stored.metrics:
        return run
    outcome = _read_file(run_id, "outcome.json", lambda path: Outcome(**json.loads(path.read_text())))
    return replace(run, outcome=outcome)


def active() -> list[Run]:
    """Queued and running runs, in the order in which they begin."""
    oldest_first = [listed.run for listed in reversed(_active()) if listed.run.status not in ENDED]
    return sorted(oldest_first, key=lambda run: (run.status != "running", run.turn))


def rows() -> list[RunRow]:
    """Every run with its settings and numbers, newest first."""
    index = _index()
    return [listed.row for listed in (index.all() if index else _read().values())]


def row(run_id: str) -> RunRow:
    """The run or the entry of this id.

    Raises:
        RunError: There is neither.
    """
    stored = rows()
    row = next((row for row in [*stored, *fold(stored)] if row.id == run_id), None)
    if row is None:
        raise _unknown(run_id)
    return row


def version() -> Hashable | None:
    """A value that changes with every write to the store, cheap to read; None unless the store is an SQLite file."""
    index = _index()
    return index.version() if index else None


def predictions(run_id: str) -> pd.DataFrame:
    """Test predictions of a finished run: `row`, `label`, `prediction`, `confidence`, `p_0` ... `p_{c-1}`."""
    return _read_file(run_id, "predictions.parquet", pd.read_parquet)


def stage_predictions(run_id: str) -> pd.DataFrame | None:
    """Test predictions after each training phase: `stage` (its name), `row`, `prediction`, `confidence`.

    None for a probe, which has no phases, and for runs older than this file.
    """
    if not _has_artifact(run_id, "stage_predictions.parquet"):
        return None
    return _read_file(run_id, "stage_predictions.parquet", pd.read_parquet)


def confusion(run_id: str) -> pd.DataFrame:
    """Counts: true classes as rows, predicted classes as columns."""
    # Read as text: pandas would take the class NA for a missing value and 001 for a number.
    return _read_file(run_id, "confusion.csv", _confusion)


def curves(run_id: str) -> pd.DataFrame:
    """Training curves in long form: `step`, `metric`, `value`; empty for methods without training.

    `step` is the optimiser step for `batch_loss` and `batch_accuracy`, the epoch for all others.
    """
    names = [name for name in _client().get_run(run_id).data.metrics if name.startswith(_CURVE)]
    points = [
        (point.step, name.removeprefix(_CURVE), point.value)
        for name in names
        for point in _client().get_metric_history(run_id, name)
    ]
    frame = pd.DataFrame(points, columns=["step", "metric", "value"])
    return frame.drop_duplicates(["step", "metric"], keep="last", ignore_index=True)  # a resumed run repeats some steps


def head(run_id: str) -> heads.Head:
    """The trained head of a finished run."""
    return _read_file(run_id, "head.npz", heads.load)


def model_path(run_id: str) -> Path:
    """The `model.keras` of a trained network: uint8 images to probabilities, preprocessing included."""
    return _artifact(run_id, "model.keras")


def frozen(run_id: str) -> Frozen | None:
    """Which layers of a network trained and which did not; None for a probe."""
    if not _has_artifact(run_id, "layers.json"):
        return None
    stored = _read_file(run_id, "layers.json", lambda path: json.loads(path.read_text()))
    layers = tuple(Layer(**layer) for layer in stored["layers"])
    blocks = tuple(Block(**block) for block in stored["blocks"])
    return Frozen(**stored | {"layers": layers, "blocks": blocks})


def delete(run_id: str) -> None:
    """Mark an ended run as deleted and delete its checkpoints; `mlflow gc` frees the rest of its space.

    Raises:
        RunError: It has not ended, or there is none.
        AccessError: It is somebody else's; so for `resume`, `describe` and `request_stop`.
    """
    run = get(run_id)
    people.require("change run", run.person)
    if run.status not in ENDED:
        raise RunError(f"Run {run.name} is {run.status}", "a run that has ended", "Stop it first")
    _client().delete_run(run_id)
    checkpoints.delete(run_id)


def resume(run_id: str, *, scheduler: str | None = None) -> None:
    """Queue a stopped, paused or interrupted run again, owned by this process (or by a scheduler).

    Raises:
        RunError: It cannot be resumed.
        AccessError: It is somebody else's, or a learner may start no more for now.
    """
    run = get(run_id)
    people.require("change run", run.person)
    if run.status not in RESUMABLE:
        raise RunError(
            f"Run {run.name} is {run.status}",
            f"a run that is {' or '.join(RESUMABLE)}",
            "Start a new run with the same settings",
        )
    from mlflow.entities import RunTag

    tags = {_TAG + "status": "queued", _TAG + "owner": json.dumps(_this_process() | {"scheduler": scheduler})}
    tags |= _place(run.config, run.person, run.entry or run.id)
    tags |= {_TAG + name: "" for name in ("stop", "error", "progress", "archived")}
    # The tags last, and all or none: a run that is not queued has ended as before, with the reason, and can be resumed.
    _client().update_run(run_id, status=_MLFLOW_STATUS["queued"])
    _client().log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])


def describe(run_id: str, *, name: str, group: str = "", tags: Sequence[str] = (), note: str = "") -> None:
    """Give a run a name, a group, tags and a note, in place of those it had.

    Raises:
        RunError: The name is empty, or a text is too long; or there is no such run.
    """
    people.require("change run", get(run_id).person)
    name, group = quoting.line(name).strip(), quoting.line(group).strip()
    tags = tuple(dict.fromkeys(tag for tag in (quoting.line(tag).strip() for tag in tags) if tag))
    if not name:
        raise RunError("The name is empty", "a name for the run", "Enter one")
    together = json.dumps(tags, ensure_ascii=False) if tags else ""
    texts = [("name", name), ("group", group), ("note", note), *(("tag", tag) for tag in tags), ("tags", together)]
    for kind, text in texts:
        if len(text) > _MOST_CHARACTERS[kind]:
            most = _MOST_CHARACTERS[kind]
            verb, which = ("have", "Remove some") if kind == "tags" else ("has", "Shorten it")
            raise RunError(f"The {kind} {verb} {len(text)} characters", f"at most {most}", which)
    _client().update_run(run_id, name=name)
    for key, text in ((_TAG + "group", group), (_TAG + "tags", together), (_NOTE, note)):
        _client().set_tag(run_id, key, text)


def set_archived(run_id: str, archived: bool) -> None:
    """Hide an ended run from the lists, with all that it has, or bring it back.

    Raises:
        RunError: There is no such run, or it has not ended.
    """
    run = get(run_id)
    people.require("change run", run.person)
    if run.status not in ENDED:
        raise RunError(f"Run {run.name} is {run.status}", "a run that has ended", "Stop it first")
    _client().set_tag(run_id, _TAG + "archived", str(archived))


def request_stop(run_id: str, *, pause: bool = False) -> None:
    """Request that a run stop, or pause; its worker sees it within half a second, on any machine."""
    people.require("change run", get(run_id).person)
    _client().set_tag(run_id, _TAG + "stop", "pause" if pause else "requested")


def stop_seen(run_id: str) -> bool:
    """Whether the worker of a run has seen the stop request."""
    return _tags(run_id).get("stop") == "seen"


def mark_interrupted(alive: Callable[[str, dict], bool] | None = None) -> list[str]:
    """End the runs whose process no longer exists; returns their ids.

    Args:
        alive: Whether a run is being worked on, given its id and owner (`host`, `pid`, `started`, `scheduler`).
    """
    interrupted = []
    for listed in _active():
        run = listed.run
        if run.status not in ENDED and not (alive or process_alive)(run.id, json.loads(listed.owner)):
            _end(run.id, "interrupted", INTERRUPTED)
            interrupted.append(run.id)
    if interrupted:
        _back_up()
    return interrupted


def process_alive(run_id: str, owner: dict) -> bool:
    """Whether the owning process still exists; one on another machine counts as alive."""
    import psutil

    if owner.get("host") != socket.gethostname():
        return bool(owner)
    try:
        process = _process(psutil.Process(owner["pid"]))
    except psutil.NoSuchProcess:
        return False
    if "boot" not in owner:  # written before a clock that steps was thought of
        return abs(process["started"] + psutil.boot_time() - owner["started"]) < 1
    return process["boot"] == owner["boot"] and abs(process["started"] - owner["started"]) < 1


def default_name(config: RunConfig) -> str:
    """A short name that distinguishes a run from most others."""
    name = f"{config.backbone} {config.recipe or _WORDS.get(config.method, config.method)} {config.input_size} px"
    if config.teacher:
        return f"{name}, taught"
    if config.method != ZERO_SHOT:
        return f"{name}, projected" if config.pooling == "projected" else name
    count = len(prompts.templates(config.templates))
    return name + (f", {count} templates" if count > 1 else "") + (", own names" if config.classes else "")


def write_progress(run_id: str, progress: Progress, points: Sequence[tuple[str, float, int]]) -> None:
    """Write the progress of a run, and points (metric, value, step) of its curves."""
    from mlflow.entities import Metric, RunTag

    now = int(time.time() * 1000)
    metrics = [Metric(_CURVE + name, float(value), now, step) for name, value, step in points]
    snapshot = json.dumps({f.name: getattr(progress, f.name) for f in fields(Progress) if f.name != "metrics"})
    for start in range(0, max(len(metrics), 1), _MOST_POINTS):
        part = metrics[start : start + _MOST_POINTS]
        _client().log_batch(run_id, metrics=part, tags=[RunTag(_TAG + "progress", snapshot)])


def take_stop_request(run_id: str) -> str | None:
    """Read and acknowledge a stop request, as the worker of a run: "pause", "requested" (to stop) or None."""
    request = _tags(run_id).get("stop")
    if request:
        _client().set_tag(run_id, _TAG + "stop", "seen")
    return request


def _is_unknown(error: StoreError) -> bool:
    """Whether the store answered that there is no such run, or that it was deleted."""
    return _code(error) in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def _code(error: StoreError) -> str:
    """MLflow's word for what went wrong; empty if it has none."""
    return getattr(error.__cause__, "error_code", "")


def _unknown(run_id: str) -> RunError:
    return RunError(
        f"There is no run {run_id!r}", "the id of a run in this store", "List them with `python -m core runs`"
    )


def _run(stored: Stored) -> Run:
    tags, values = _ours(stored.tags), stored.params
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
        name=_renamed(stored.name, config),
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


def _place(config: RunConfig, person: str, own: str) -> dict[str, str]:
    """Tags that give a learner's run its place in the queue; none for the lecturer's.

    Args:
        own: Id of the run or entry, which does not count as another one.

    Raises:
        AccessError: It takes too much, or is one too many for now.
    """
    if person == people.LECTURER:
        return {}
    waiting = active()
    _check_limits(config, len({run.entry or run.id for run in waiting if run.person == person} - {own}))
    return {_TAG + "person": person, _TAG + "turn": str(_turn(person, waiting))}


def _turn(person: str, waiting: Sequence[Run]) -> int:
    """The turn of a learner's next run: the one of now, but after their own.

    So nobody waits for more than one run of each other, however many these have queued. A lecturer's turn is 0.
    """
    now = min((run.turn for run in waiting if run.person != people.LECTURER), default=1)
    return max(now, *(run.turn + 1 for run in waiting if run.person == person), 1)


def _check_limits(config: RunConfig, waiting: int) -> None:
    """Refuse a learner's run that takes too much, or is one too many. Raises AccessError."""
    runs = f"{waiting} of your runs {'is' if waiting == 1 else 'are'} waiting or running"
    limits.check("runs", waiting + 1, runs, "Wait until one has ended, or stop one")
    if config.method in TRAINED:
        epochs = config.epochs + (config.head_epochs if config.method == "finetune" and not config.start else 0)
        limits.check("epochs", epochs, f"The run has {epochs} epochs", "Choose fewer")
    limits.check("input_size", config.input_size, f"The input size is {config.input_size} px", "Choose a smaller one")


def _renamed(name: str, config: RunConfig) -> str:
    """The name of a run: a default one in today's words, and one that a person gave as it is."""
    backbone, _, rest = name.partition(" ")
    how = config.recipe or config.method
    usual = f"{how} {config.input_size} px"
    if backbones.RENAMED.get(backbone, backbone) != config.backbone or rest.split(",")[0] != usual:
        return name
    return f"{config.backbone} {_WORDS.get(how, how)}{rest.removeprefix(how)}"


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


@dataclass(frozen=True)
class _Listed:
    """What is kept of a run to list it."""

    run: Run
    row: RunRow
    owner: str  # JSON


def _active() -> list[_Listed]:
    """The runs that may be active, newest first."""
    index = _index()
    return index.active() if index else list(_read().values())


def _read() -> dict[str, _Listed]:
    """Every run of the experiment by id, newest first, read by MLflow."""
    stored, page = [], None
    while page is None or page.token:
        page = _client().search_runs([_experiment()], max_results=_PAGE, page_token=page and page.token)
        stored += page
    return _listed(map(tables.of_mlflow, stored))


def _listed(stored: Iterable[Stored]) -> dict[str, _Listed]:
    """What is kept of runs, by id; those of other programs are left out."""
    listed = {}
    for record in stored:
        if not _ours(record.tags):  # another program's, or not whole yet
            continue
        try:
            run, tags = _run(record), _ours(record.tags)
            row = _row(run, record.metrics, tags | {"note": record.tags.get(_NOTE, "")})
        except (LabError, ValueError) as error:  # written by another program or version
            logger.warning("run %s is ignored: %s", record.id, error)
            continue
        listed[run.id] = _Listed(run, row, tags.get("owner", "{}"))
    return listed


def _ours(tags: dict[str, str]) -> dict[str, str]:
    return {key.removeprefix(_TAG): value for key, value in tags.items() if key.startswith(_TAG)}


def _tags(run_id: str) -> dict[str, str]:
    return _ours(_client().get_run(run_id).data.tags)


def _set_status(run_id: str, status: str) -> None:
    _client().set_tag(run_id, _TAG + "status", status)
    if status in ENDED:
        _client().set_terminated(run_id, status=_MLFLOW_STATUS[status])
    else:
        _client().update_run(run_id, status=_MLFLOW_STATUS[status])


def _has_artifact(run_id: str, name: str) -> bool:
    """Whether a run has a file of this name."""
    return any(file.path == name for file in _client().list_artifacts(run_id))


def _artifact(run_id: str, name: str) -> Path:
    """A file of a run: the store's own if it is on this machine, otherwise a copy in the home folder."""
    path = Path(name)
    try:
        location = urlsplit(_client().get_run(run_id).info.artifact_uri)
        if location.scheme == "file":  # MLflow would copy it in every call
            path = Path(url2pathname(location.path), name)
            path.stat()
            return path
        return Path(_client().download_artifacts(run_id, name, str(settings.folder(f"artifacts/{run_id}"))))
    except NoAnswer:
        raise
    except Exception as error:  # each kind of store has its own
        raise _unreadable(run_id, path, error, "cannot be read", "a file of a finished run") from error


def _read_file(run_id: str, name: str, parse: Callable[[Path], Content]) -> Content:
    """The content of a file of a run. Raises RunError if it is missing or damaged."""
    path = _artifact(run_id, name)
    try:
        return parse(path)
    except Exception as error:  # whatever a parser makes of damaged bytes
        raise _unreadable(run_id, path, error, "is damaged", "the file that was written") from error


def _unreadable(run_id: str, path: Path, error: Exception, fault: str, expected: str) -> RunError:
    """The error of a file: with this fault, unless something else keeps it from being read."""
    if hindrance := storage.hindrance(error):
        return RunError(f"The file {path} of run {run_id} {hindrance[0]}", "", hindrance[1])
    return RunError(f"The file {path.name} of run {run_id} {fault}", expected, "Delete the run and start it again")


def _confusion(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, header=None, dtype=str, keep_default_na=False).to_numpy()
    if table.shape[0] != table.shape[1] or len(table) < 2:
        raise ValueError(f"a table of {table.shape}")
    return pd.DataFrame(table[1:, 1:].astype(np.int64), index=table[1:, 0], columns=table[0, 1:])


def _this_process() -> dict:
    import psutil

    return {"host": socket.gethostname(), "pid": os.getpid()} | _process(psutil.Process())


def _process(process: Any) -> dict:
    """When a process was started, in seconds since the start of the machine: the clock may be set meanwhile."""
    import psutil

    boot = BOOT.read_text().strip() if BOOT.exists() else ""
    return {"started": process.create_time() - psutil.boot_time(), "boot": boot}


def _index() -> Index[_Listed] | None:
    """What is kept of the store, if it is an SQLite file."""
    return _index_of(settings.tracking_uri(), _experiment())


@functools.cache
def _index_of(uri: str, experiment: str) -> Index[_Listed] | None:
    file = connection.file_of(uri)
    return Index(uri, file, experiment, _listed) if file else None


def _client() -> connection.Client:
    return connection.connect(settings.tracking_uri())[0]


def _experiment() -> str:
    return connection.connect(settings.tracking_uri())[1]
