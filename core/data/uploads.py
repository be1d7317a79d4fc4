"""Files that visitors upload, in the home folder until they are imported.

Each has a folder of its own beside a file that the receiving process keeps locked. The system frees the locks of a
process that ends, however it ends: what is unlocked belongs to nobody.
"""

import hashlib
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from core import settings, storage
from core.data import dataset
from core.errors import DatasetError

CHUNK = 1 << 20  # bytes in memory while a file is copied
LONGEST = 200  # bytes of a file's name; most file systems take 255


@dataclass(frozen=True)
class Upload:
    """A file that has arrived."""

    path: Path  # named as the visitor's file, as far as every file system allows
    digest: str  # SHA-256 of its content
    lock: FileLock


def keep(stream: BinaryIO, filename: str) -> Upload:
    """Copy a file to the home folder, a piece at a time.

    Raises:
        DatasetError: The disk has too little room. Nothing is kept.
        ConfigError: Its file system has no locks.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    dataset.check_room(size, filename)
    folder = settings.folder("uploads") / uuid.uuid4().hex
    path, lock, digest = folder / safe(filename), _lock(folder), hashlib.sha256()
    try:
        with storage.locks_needed(folder):
            lock.acquire()
        folder.mkdir()
        with path.open("wb") as copy:
            while piece := stream.read(CHUNK):
                copy.write(piece)
                digest.update(piece)
    except OSError as error:
        _remove(folder, lock)
        message = f"{filename} cannot be kept ({error.strerror})"
        raise DatasetError(message, "", "Free some space on the disk") from error
    return Upload(path, digest.hexdigest(), lock)


def remove(upload: Upload) -> None:
    """Remove a file that `keep` has kept."""
    _remove(upload.path.parent, upload.lock)


def sweep() -> None:
    """Remove the files of processes that no longer exist."""
    storage.sweep(settings.home() / "uploads")


def safe(filename: str) -> str:
    """A file's name without what is special on some file system, and not too long."""
    name = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", filename).encode(errors="replace")[-LONGEST:].decode(errors="ignore")
    name = name.strip(" .") or "upload"
    return f"_{name}" if storage.DEVICE.match(name) else name


def _lock(folder: Path) -> FileLock:
    return FileLock(storage.lock_of(folder), thread_local=False)  # another thread releases it


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    storage.lock_of(folder).unlink(missing_ok=True)
