"""The state of a training run on disk: plain arrays and JSON in one file, replaced atomically.

checkpoints/<run>/last.npz          everything needed to resume
checkpoints/<run>/best-<phase>.npz  the weights of the best epoch so far
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
    """The folder of a run's checkpoints, which need not exist."""
    return settings.folder("checkpoints") / run_id


def exists(run_id: str) -> bool:
    """Whether a run has a checkpoint to resume from."""
    return (folder(run_id) / "last.npz").is_file()


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
        RunError: The file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        return arrays, json.loads(str(arrays.pop("about")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(
            f"The checkpoint {path} is damaged ({error})", "", "Start a new run with the same settings"
        ) from error
