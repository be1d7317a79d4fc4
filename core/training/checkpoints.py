"""The state of a training on disk: plain arrays and JSON in one file, whole or not at all.

checkpoints/<run>/last.npz          all that a training needs to go on
checkpoints/<run>/best-<stage>.npz  the weights of the best epoch until now
"""

import contextlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core import settings
from core.errors import RunError


def folder(run_id: str) -> Path:
    """Where a run keeps its checkpoints; it need not exist."""
    return settings.folder("checkpoints") / run_id


def exists(run_id: str) -> bool:
    """Whether there is something to go on from."""
    return (folder(run_id) / "last.npz").is_file()


def delete(run_id: str) -> None:
    """Remove the checkpoints of a run, if there are any."""
    shutil.rmtree(folder(run_id), ignore_errors=True)


def save(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping) -> None:
    """Write a checkpoint; the one before it stays until this one is whole and on the disk.

    Args:
        about: Plain values, as JSON has them.

    Raises:
        RunError: The disk is full or cannot be written; the checkpoint before it is still there.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)
            file.flush()
            os.fsync(file.fileno())  # renamed before its content is there, it would be empty after a power cut
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)  # half of it would take the room that is missing
        raise RunError(
            f"The checkpoint {path} cannot be written ({error.strerror or error})",
            "",
            "Make room, or set BACKBONE_LAB_HOME to another disk. What was saved before is kept",
        ) from error


def load(path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """The arrays and the plain values of a checkpoint; None where there is none.

    Raises:
        RunError: It is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        return arrays, json.loads(str(arrays.pop("about")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(
            f"The checkpoint {path} is damaged ({error})", "", "Start a new run with its settings"
        ) from error
