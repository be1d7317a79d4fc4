"""The store of runs (MLflow): what was asked (`RunConfig`), and what came out (`Outcome`).

The store is the only thing that pages and workers share. A run is an MLflow run: its parameters are the flat
config, its metrics the numbers, its artifacts `outcome.json`, `predictions.parquet`, `confusion.csv` and `head.npz` of
a probe or `model.keras`, `layers.json` and `stage_predictions.parquet` of a network that trained; `mlflow ui` on the
same store shows the same runs.
MLflow costs 2 s to import, so it is imported on first use.

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
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd

from core import heads, settings, storage
from core.config import ZERO_SHOT, RunConfig
from core.errors import LabError, RunError
from core.progress import Progress
from core.runs.outcome import STAGES, Outcome, Result, Run
from core.runs.rows import NUMBERS, RunRow
from core.training import checkpoints
from core.training.freezing import Block, Frozen, Layer
from core.zero_shot import prompts

EXPERIMENT = "Backbone Lab"
STATUSES = ("queued", "running", "finished", "failed", "diverged", "stopped", "paused", "interrupted")
ENDED = STATUSES[2:]
RESUMABLE = ("stopped", "paused", "interrupted")
INTERRUPTED = "The program that ran it ended before the run did. Resume it: what is finished is kept."

_MLFLOW_STATUS = {"queued": "SCHEDULED", "running": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
_MLFLOW_STATUS |= {"diverged": "FAILED", "stopped": "KILLED", "paused": "KILLED", "interrupted": "KILLED"}
_TAG = "backbone_lab."
_CURVE = "curve_"
_MOST_POINTS = 500  # in one write; MLflow takes 1,000
_TAGS = ("hardware", "protocol", "weights_origin", "cached")
_COUNTS = ("n_train", "n_val", "n_test")
logger = logging.getLogger(__name__)


def create(config: RunConfig, *, scheduler: str | None = None) -> str:
    """Enter a queued run into the store, owned by this process (or by a scheduler); returns its id."""
    name = _named(config)
    tags = {_TAG + "status": "queued", _TAG + "owner": json.dumps(_this_process() | {"scheduler": scheduler})}
    run = _client().create_run(_experiment(), run_name=name, tags=tags)
    from mlflow.entities import Param

    parameters = [Param(key, str(value)) for key, value in asdict(config).items()]
    _client().log_batch(run.info.run_id, params=parameters)
    _client().update_run(run.info.run_id, status=_MLFLOW_STATUS["queued"])
    return run.info.run_id


def start(run_id: str) -> RunConfig:
    """Mark a queued run as running in this process; returns what to do.

    Raises:
        RunError: It is not waiting any more.
    """
    run = get(run_id)
    if run.status != "queued":
        raise RunError(f"Run {run_id} is {run.status}", "a queued run", "Start a new one")
    owner = json.loads(_tags(run_id).get("owner", "{}")) | _this_process()
    _client().set_tag(run_id, _TAG + "owner", json.dumps(owner))
    _set_status(run_id, "running")
    return run.config


def finish(run_id: str, result: Result) -> None:
    """Keep everything a run gave; its status changes last, so that a finished run is a whole one."""
    from mlflow.entities import Metric, RunTag

    now, outcome = int(time.time() * 1000), result.outcome
    numbers = asdict(outcome) | outcome.chosen | {f"seconds_{stage}": value for stage, value in outcome.seconds.items()}
    numbers["frozen_accuracy"] = outcome.frozen_accuracy
    numbers = {name: numbers.get(name) for name in (*NUMBERS, *_COUNTS)}  # some only where there are epochs
    metrics = [Metric(name, float(value), now, 0) for name, value in numbers.items() if value is not None]
    tags = [RunTag(_TAG + name, str(getattr(outcome, name))) for name in _TAGS]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outcome.json").write_text(json.dumps(asdict(outcome), indent=2))
        result.predictions.to_parquet(Path(folder, "predictions.parquet"), index=False)
        result.confusion.to_csv(Path(folder, "confusion.csv"))
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


def end(run_id: str, status: str, *, error: str | None = None) -> None:
    """End a run that has not ended yet; a run ends once."""
    if get(run_id).status in ENDED:
        return
    if error:
        _client().set_tag(run_id, _TAG + "error", error)
    _set_status(run_id, status)


def get(run_id: str) -> Run:
    """One run.

    Raises:
        RunError: No such run.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = _client().get_run(run_id)
    except MlflowException as error:
        raise RunError(
            f"There is no run {run_id!r}", "the id of a run in this store", "See `python -m core runs`"
        ) from error
    run = _run(found)
    if run.status not in ENDED or "accuracy" not in found.data.metrics:
        return run
    outcome = Outcome(**json.loads(_artifact(run_id, "outcome.json").read_text()))
    return replace(run, outcome=outcome)


def active() -> list[Run]:
    """Queued and running runs, oldest first."""
    return [run for _, run in reversed(_search()) if run.status not in ENDED]


def rows() -> list[RunRow]:
    """Every run with its settings and numbers, newest first."""
    return [_row(run, found.data.metrics, _ours(found.data.tags)) for found, run in _search()]


def predictions(run_id: str) -> pd.DataFrame:
    """What a finished run said of every test image: `row`, `label`, `prediction`, `confidence`, `p_0` ... `p_{c-1}`."""
    return pd.read_parquet(_artifact(run_id, "predictions.parquet"))


def stage_predictions(run_id: str) -> pd.DataFrame | None:
    """What a network said of every test image after each stage: `stage`, `row`, `prediction`, `confidence`

    None for a probe, which has no stages, and for runs from before this was kept.
    """
    if not _left(run_id, "stage_predictions.parquet"):
        return None
    return pd.read_parquet(_artifact(run_id, "stage_predictions.parquet"))


def confusion(run_id: str) -> pd.DataFrame:
    """Counts, true class by predicted class."""
    return pd.read_csv(_artifact(run_id, "confusion.csv"), index_col=0)


def curves(run_id: str) -> pd.DataFrame:
    """Training curves, long: `step`, `metric`, `value`; empty for methods that have none.

    `batch_loss` and `batch_accuracy` are by optimiser step, all others by epoch.
    """
    names = [name for name in _client().get_run(run_id).data.metrics if name.startswith(_CURVE)]
    points = [
        (point.step, name.removeprefix(_CURVE), point.value)
        for name in names
        for point in _client().get_metric_history(run_id, name)
    ]
    frame = pd.DataFrame(points, columns=["step", "metric", "value"])
    return frame.drop_duplicates(["step", "metric"], keep="last", ignore_index=True)  # a resumed run repeats some


def head(run_id: str) -> heads.Head:
    """The trained head of a finished run."""
    return heads.load(_artifact(run_id, "head.npz"))


def model_path(run_id: str) -> Path:
    """The `model.keras` of a run whose network trained: uint8 images to probabilities, preprocessing inside."""
    return _artifact(run_id, "model.keras")


def frozen(run_id: str) -> Frozen | None:
    """Which layers of a network trained and which did not; None for a probe."""
    if not _left(run_id, "layers.json"):
        return None
    stored = json.loads(_artifact(run_id, "layers.json").read_text())
    layers = tuple(Layer(**layer) for layer in stored["layers"])
    blocks = tuple(Block(**block) for block in stored["blocks"])
    return Frozen(**stored | {"layers": layers, "blocks": blocks})


def delete(run_id: str) -> None:
    """Take an ended run out of the list, and its checkpoints off the disk; `mlflow gc` frees the rest of its space."""
    run = get(run_id)
    if run.status not in ENDED:
        raise RunError(f"Run {run.name} is {run.status}", "a run that has ended", "Stop it first")
    _client().delete_run(run_id)
    checkpoints.delete(run_id)


def resume(run_id: str, *, scheduler: str | None = None) -> None:
    """Queue a run again that was stopped, paused or interrupted; owned by this process (or by a scheduler).

    Raises:
        RunError: It cannot be resumed.
    """
    run = get(run_id)
    if run.status not in RESUMABLE:
        raise RunError(
            f"Run {run.name} is {run.status}",
            f"one that is {' or '.join(RESUMABLE)}",
            "Start a new run with its settings",
        )
    for name in ("stop", "error", "progress"):
        if name in _tags(run_id):
            _client().delete_tag(run_id, _TAG + name)
    owner = json.dumps(_this_process() | {"scheduler": scheduler})
    _client().set_tag(run_id, _TAG + "owner", owner)
    _set_status(run_id, "queued")


def request_stop(run_id: str, *, pause: bool = False) -> None:
    """Ask whoever works on a run to stop, or to pause; seen within half a second, wherever that is."""
    _client().set_tag(run_id, _TAG + "stop", "pause" if pause else "requested")


def stop_seen(run_id: str) -> bool:
    """Whether whoever works on a run knows that it is to stop, and is about to."""
    return _tags(run_id).get("stop") == "seen"


def mark_interrupted(alive: Callable[[str, dict], bool] | None = None) -> list[str]:
    """End the runs whose process is gone; returns their ids.

    Args:
        alive: Tells from a run's id and owner (`host`, `pid`, `started`, `scheduler`) whether somebody works on it.
    """
    gone = []
    for found, run in _search():
        owner = json.loads(_ours(found.data.tags).get("owner", "{}"))
        if run.status not in ENDED and not (alive or process_alive)(run.id, owner):
            end(run.id, "interrupted", error=INTERRUPTED)
            gone.append(run.id)
    return gone


def process_alive(run_id: str, owner: dict) -> bool:
    """Whether the owning process still lives; one on another machine counts as alive."""
    import psutil

    if owner.get("host") != socket.gethostname():
        return bool(owner)
    try:
        return abs(psutil.Process(owner["pid"]).create_time() - owner["started"]) < 1
    except psutil.NoSuchProcess:
        return False


def write_progress(run_id: str, progress: Progress, points: Sequence[tuple[str, float, int]]) -> None:
    """Write how far a run is, and points (metric, value, step) of its curves."""
    from mlflow.entities import Metric, RunTag

    now = int(time.time() * 1000)
    metrics = [Metric(_CURVE + name, float(value), now, step) for name, value, step in points]
    shown = json.dumps({f.name: getattr(progress, f.name) for f in fields(Progress) if f.name != "metrics"})
    for start in range(0, max(len(metrics), 1), _MOST_POINTS):
        part = metrics[start : start + _MOST_POINTS]
        _client().log_batch(run_id, metrics=part, tags=[RunTag(_TAG + "progress", shown)])


def take_stop_request(run_id: str) -> str | None:
    """What somebody asked of whoever works on a run, who calls this and obeys: pause or requested; None: nothing."""
    request = _tags(run_id).get("stop")
    if request:
        _client().set_tag(run_id, _TAG + "stop", "seen")
    return request


def _run(found) -> Run:
    tags, values = _ours(found.data.tags), found.data.params
    if "version" not in values:
        raise RunError(f"Run {found.info.run_id} is not one of ours", "a run with the parameters of a RunConfig")
    config = RunConfig(**{f.name: f.type(values[f.name]) for f in fields(RunConfig) if f.name in values})
    status = tags.get("status", "interrupted")
    progress = Progress(**json.loads(tags["progress"])) if "progress" in tags and status == "running" else None
    ended = found.info.end_time
    return Run(
        id=found.info.run_id,
        name=found.info.run_name,
        status=status,
        config=config,
        created=datetime.fromtimestamp(found.info.start_time / 1000, UTC),
        finished=datetime.fromtimestamp(ended / 1000, UTC) if ended and status in ENDED else None,
        progress=progress,
        outcome=None,
        error=tags.get("error"),
    )


def _row(run: Run, metrics: dict[str, float], tags: dict[str, str]) -> RunRow:
    seconds = sum(metrics.get(f"seconds_{stage}", 0) for stage in STAGES)
    return RunRow(
        id=run.id,
        name=run.name,
        status=run.status,
        created=run.created,
        config=run.config,
        error=run.error or "",
        seconds=seconds or nan,
        cached=tags.get("cached") == "True",
        **{name: metrics.get(name, nan) for name in (*NUMBERS, *_COUNTS)},
        **{name: tags.get(name, "") for name in ("hardware", "protocol", "weights_origin")},
    )


def _search() -> list[tuple]:
    """Every run of the experiment, newest first: as MLflow has it and as we read it."""
    found, page = [], None
    while page is None or page.token:
        page = _client().search_runs([_experiment()], max_results=1000, page_token=page and page.token)
        found += page
    runs = []
    for each in found:
        try:
            runs.append((each, _run(each)))
        except (LabError, ValueError) as error:  # written by another program or version
            logger.warning("run %s is passed over: %s", each.info.run_id, error)
    return runs


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


def _left(run_id: str, name: str) -> bool:
    """Whether a run left a file of this name."""
    return any(file.path == name for file in _client().list_artifacts(run_id))


def _artifact(run_id: str, name: str) -> Path:
    """A file of a run: the store's own where that is on this machine, else a copy in the home folder."""
    try:
        place = urlsplit(_client().get_run(run_id).info.artifact_uri)
        if place.scheme == "file":  # MLflow would make another copy in every call
            path = Path(url2pathname(place.path), name)
            path.stat()
            return path
        return Path(_client().download_artifacts(run_id, name, str(settings.folder(f"artifacts/{run_id}"))))
    except Exception as error:  # of whichever store it is
        raise RunError(
            f"The file {name} of run {run_id} cannot be read",
            "what a finished run left",
            "Delete the run and start it again",
        ) from error


def _named(config: RunConfig) -> str:
    """What tells a run from most others, in a line."""
    name = f"{config.backbone} {config.recipe or config.method} {config.input_size} px"
    if config.method != ZERO_SHOT:
        return f"{name}, projected" if config.pooling == "projected" else name
    count = len(prompts.templates(config.templates))
    return name + (f", {count} templates" if count > 1 else "") + (", own names" if config.classes else "")


def _this_process() -> dict:
    import psutil

    return {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def _client():
    return _connect(settings.tracking_uri())[0]


def _experiment() -> str:
    return _connect(settings.tracking_uri())[1]


@functools.cache
def _connect(uri: str) -> tuple:
    """The MLflow client of a store and the id of our experiment in it, both made on first use."""
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"} | os.environ
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    with storage.locked(settings.folder("runs") / "mlflow.lock"):  # two processes must not create the same tables
        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            local = uri.startswith("sqlite:")
            artifacts = (settings.folder("runs") / "artifacts").as_uri() if local else None
            return client, client.create_experiment(EXPERIMENT, artifact_location=artifacts)
    return client, experiment.experiment_id
