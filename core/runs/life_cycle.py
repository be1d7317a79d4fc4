"""The life of a run: it is created, started, finished or ended otherwise, resumed and deleted.

Its statuses, and the functions from one to the next:

    create -> queued -> start -> running -> end -> finished | failed | diverged | stopped | paused | interrupted
                 ^                                                               |         |        |
                 +----------------------------- resume --------------------------+---------+--------+
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from uuid import uuid4

from core import backbones, people, scores, settings
from core.config import RunConfig
from core.data import dataset
from core.errors import RunError, StoreError
from core.runs import artifacts, backups, connection, names, owners, queue, records, store
from core.runs.outcome import Result
from core.runs.records import ENDED, MLFLOW_STATUS, TAG
from core.runs.rows import RESUMABLE, SEEDS, SWEEP
from core.training import checkpoints

INTERRUPTED = "The program ended before the run did. Resume it: finished work is kept."

_LONGEST_WAIT = 60  # seconds until a run is withdrawn again that could not be
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
    _check_access(config)
    tags = {TAG + "status": "queued", TAG + "owner": json.dumps(owners.this_process() | {"scheduler": scheduler})}
    tags |= ({TAG + "entry": entry} if entry else {}) | queue.place(config, person, entry)
    name = names.default_name(config) + (names.own_name(config, varied) if entry else "")
    run = connection.client().create_run(connection.experiment(), run_name=name)
    from mlflow.entities import Param, RunTag

    parameters = [Param(key, str(value)) for key, value in asdict(config).items()]
    try:
        # Tags are written after the parameters, and make it a run of ours: nobody sees half of one.
        ours = [RunTag(key, value) for key, value in tags.items()]
        connection.client().log_batch(run.info.run_id, params=parameters, tags=ours)
        connection.client().update_run(run.info.run_id, status=MLFLOW_STATUS["queued"])
    except StoreError:  # it may be stored all the same, and nobody works on it
        threading.Thread(target=_withdraw, args=[run.info.run_id], daemon=True).start()
        raise
    _back_up(older_than=backups.HOUR)
    return run.info.run_id


def _check_access(config: RunConfig) -> None:
    """Whether the current person may use what a run needs. Raises AccessError."""
    people.require("see", dataset.person(config.dataset))
    for needed in filter(None, (config.start, config.teacher)):
        people.require("see", store.get(needed).person)
    if config.weights not in ("untrained", backbones.get(config.backbone).published):
        people.require("name server files")


def _withdraw(run_id: str) -> None:
    """Delete a run that could not be begun, as soon as the store can be written; not if it forbids that."""
    wait = connection.ASK_AGAIN
    while True:
        try:
            connection.client().delete_run(run_id)
            return
        except StoreError as error:
            if store.is_unknown(error):
                return
            if store.code(error) == "PERMISSION_DENIED":
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
    run = store.get(run_id)
    if run.status != "queued":
        raise RunError(f"Run {run_id} is {run.status}", "a queued run", "Start a new one")
    owner = json.loads(store.tags(run_id).get("owner", "{}")) | owners.this_process()
    connection.client().set_tag(run_id, TAG + "owner", json.dumps(owner))
    _set_status(run_id, "running")
    return run.config


def finish(run_id: str, result: Result) -> None:
    """Store the results of a run; its status changes last, so that a finished run is always complete."""
    from mlflow.entities import Metric, RunTag

    artifacts.write(run_id, result)
    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in records.numbers(result.outcome).items()]
    tags = [RunTag(TAG + name, text) for name, text in records.words(result.outcome).items()]
    connection.client().log_batch(run_id, metrics=metrics, tags=tags)
    end(run_id, result.ended, error=result.error)


def add_scores(run_id: str) -> None:
    """Store the measures of a run from before they were kept, from its predictions.

    Raises:
        RunError: Its predictions are missing or damaged.
    """
    from mlflow.entities import Metric, RunTag

    tested, now = artifacts.predictions(run_id), int(time.time() * 1000)
    values = scores.of(tested["label"].to_numpy(), tested.filter(regex=r"^p_\d+$").to_numpy())
    metrics = [Metric(name, value, now, 0) for name, value in values.items()]
    connection.client().log_batch(run_id, metrics=metrics, tags=[RunTag(TAG + "scores", "added")])


def end(run_id: str, status: str, *, error: str | None = None) -> None:
    """End a run; does nothing if it has already ended."""
    if _end(run_id, status, error):
        _back_up()


def _end(run_id: str, status: str, error: str | None) -> bool:
    """As `end`, without a backup; whether the run had not ended."""
    if store.get(run_id).status in ENDED:
        return False
    if error:
        connection.client().set_tag(run_id, TAG + "error", error)
    _set_status(run_id, status)
    return True


def end_unbegun(run_id: str, *, error: str) -> None:
    """End a run as interrupted that this process has queued and nobody has begun; does nothing to another."""
    if store.get(run_id).status != "queued":
        return
    owner = json.loads(store.tags(run_id).get("owner", "{}"))
    if owner.get("pid") == os.getpid() and owner.get("host") == socket.gethostname():
        end(run_id, "interrupted", error=error)


def mark_interrupted(alive: Callable[[str, dict], bool] | None = None) -> list[str]:
    """End the runs whose process no longer exists; returns their ids.

    Args:
        alive: Whether a run is being worked on, given its id and owner (`host`, `pid`, `started`, `scheduler`).
    """
    interrupted = []
    for listed in store.listed_active():
        run = listed.run
        if run.status not in ENDED and not (alive or owners.process_alive)(run.id, json.loads(listed.owner)):
            _end(run.id, "interrupted", INTERRUPTED)
            interrupted.append(run.id)
    if interrupted:
        _back_up()
    return interrupted


def resume(run_id: str, *, scheduler: str | None = None) -> None:
    """Queue a stopped, paused or interrupted run again, owned by this process (or by a scheduler).

    Raises:
        RunError: It cannot be resumed.
        AccessError: It is somebody else's, or a learner may start no more for now.
    """
    run = store.get(run_id)
    people.require("change run", run.person)
    if run.status not in RESUMABLE:
        raise RunError(
            f"Run {run.name} is {run.status}",
            f"a run that is {' or '.join(RESUMABLE)}",
            "Start a new run with the same settings",
        )
    from mlflow.entities import RunTag

    tags = {TAG + "status": "queued", TAG + "owner": json.dumps(owners.this_process() | {"scheduler": scheduler})}
    tags |= queue.place(run.config, run.person, run.entry or run.id)
    tags |= {TAG + name: "" for name in ("stop", "error", "progress", "archived")}
    # The tags last, and all or none: a run that is not queued has ended as before, with the reason, and can be resumed.
    connection.client().update_run(run_id, status=MLFLOW_STATUS["queued"])
    connection.client().log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])


def delete(run_id: str) -> None:
    """Mark an ended run as deleted and delete its checkpoints; `mlflow gc` frees the rest of its space.

    Raises:
        RunError: It has not ended, or there is none.
        AccessError: It is somebody else's; so for `resume`, `describe` and `request_stop`.
    """
    store.require_ended(run_id)
    connection.client().delete_run(run_id)
    checkpoints.delete(run_id)


def _set_status(run_id: str, status: str) -> None:
    connection.client().set_tag(run_id, TAG + "status", status)
    if status in ENDED:
        connection.client().set_terminated(run_id, status=MLFLOW_STATUS[status])
    else:
        connection.client().update_run(run_id, status=MLFLOW_STATUS[status])


def _back_up(older_than: float = 0) -> None:
    if connection.is_ours(settings.tracking_uri()):
        backups.make(older_than=older_than)
