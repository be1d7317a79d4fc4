"""The files of a run (MLflow's artifacts): its predictions, and its head or network."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pandas as pd

from core import heads, quoting, settings, storage
from core.errors import NoAnswer, RunError
from core.runs import connection
from core.runs.outcome import Outcome, Result
from core.training.freezing import Block, Frozen, Layer

Content = TypeVar("Content")


def write(run_id: str, result: Result) -> None:
    """Store the files of a result, of which a trained network is large."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outcome.json").write_text(json.dumps(asdict(result.outcome), indent=2))
        result.predictions.to_parquet(Path(folder, "predictions.parquet"), index=False)
        result.confusion.to_csv(Path(folder, "confusion.csv"), lineterminator=quoting.CSV_LINE)
        if result.head:
            result.head.save(Path(folder, "head.npz"))
        if result.frozen:
            Path(folder, "layers.json").write_text(json.dumps(asdict(result.frozen)))
        if result.stage_predictions is not None:
            result.stage_predictions.to_parquet(Path(folder, "stage_predictions.parquet"), index=False)
        connection.client().log_artifacts(run_id, folder)
    if result.model:
        connection.client().log_artifact(run_id, result.model)


def outcome(run_id: str) -> Outcome:
    """The measurements of a run that has a result."""
    return _read_file(run_id, "outcome.json", lambda path: Outcome(**json.loads(path.read_text())))


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


def _has_artifact(run_id: str, name: str) -> bool:
    """Whether a run has a file of this name."""
    return any(file.path == name for file in connection.client().list_artifacts(run_id))


def _artifact(run_id: str, name: str) -> Path:
    """A file of a run: the store's own if it is on this machine, otherwise a copy in the home folder."""
    path = Path(name)
    try:
        location = urlsplit(connection.client().get_run(run_id).info.artifact_uri)
        if location.scheme == "file":  # MLflow would copy it in every call
            path = Path(url2pathname(location.path), name)
            path.stat()
            return path
        return Path(connection.client().download_artifacts(run_id, name, str(settings.folder(f"artifacts/{run_id}"))))
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
