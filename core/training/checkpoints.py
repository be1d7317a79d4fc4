"""The state of a training run on disk: plain arrays and JSON in one file, replaced atomically.

checkpoints/<run>/last.npz          everything needed to resume
checkpoints/<run>/best-<phase>.npz  the weights of the best epoch so far
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core import settings, storage
from core.errors import CheckpointError, RunError

Content = TypeVar("Content")


def folder(run_id: str) -> Path:
    """The folder of a run's checkpoints, which need not exist."""
    return settings.folder("checkpoints") / run_id


def best(folder: Path, phase: str) -> Path:
    """The file with the weights of a phase's best epoch."""
    return folder / f"best-{phase}.npz"


def exists(run_id: str) -> bool:
    """Whether a run has a checkpoint to resume from, or may have: reading it says why that cannot be told."""
    try:
        (folder(run_id) / "last.npz").stat()
    except OSError as error:
        return storage.hindrance(error) is not None
    return True


def delete(run_id: str) -> None:
    """Delete the checkpoints of a run, if any."""
    shutil.rmtree(folder(run_id), ignore_errors=True)


def save(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping) -> None:
    """Write a checkpoint; the previous one is kept until this one is completely on disk.

    Args:
        metadata: JSON values.

    Raises:
        RunError: The disk is full or not writable; the previous checkpoint is kept.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(metadata)), **arrays)  # pyright: ignore[reportArgumentType]
            file.flush()
            os.fsync(file.fileno())  # otherwise a power cut could leave an empty file under the new name
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)  # a partial file would take up scarce space
        raise RunError(
            f"The checkpoint {path} cannot be written ({error.strerror or error})",
            "",
            "Make room, or set BACKBONE_LAB_HOME to another disk. Earlier checkpoints are kept",
        ) from error


def load(path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """The arrays and JSON values of a checkpoint; None if the file does not exist.

    Raises:
        RunError: The file cannot be read now, or by this user.
        CheckpointError: It is damaged.
    """
    return _read(path, lambda file: ({name: file[name] for name in file if name != "about"}, _about(file)))


def check(run_id: str) -> None:
    """Look at what a run would be resumed from, without its arrays, which can take seconds to read.

    Raises:
        RunError: A file cannot be read now, or by this user.
        CheckpointError: One was cut short or is missing.
    """
    about = _read(folder(run_id) / "last.npz", _about) or {}
    trained = dict.fromkeys(point["stage"] for point in about.get("state", {}).get("curves", ()))
    for path in (best(folder(run_id), phase) for phase in trained):
        if _read(path, _about) is None:
            raise unusable(path, "missing")


def unusable(path: Path, fault: str) -> CheckpointError:
    """The error of a checkpoint with this fault."""
    return CheckpointError(f"The checkpoint {path} is {fault}", "", "Start a new run with the same settings")


def _about(file: Mapping[str, np.ndarray]) -> Any:
    return json.loads(str(file["about"]))


def _read(path: Path, parse: Callable[[Any], Content]) -> Content | None:
    """What `parse` makes of a checkpoint; None if the file does not exist; raises as `load`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return parse(file)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever NumPy makes of damaged bytes
        if hindrance := storage.hindrance(error):
            raise RunError(f"The checkpoint {path} {hindrance[0]}", "", hindrance[1]) from error
        raise unusable(path, f"damaged ({error})") from error
