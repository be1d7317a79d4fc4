"""Files of the home folder: atomic writes, JSON results by key, digests, locks.

with replaced(path) as new: ...        readers see the old file or the whole new one
keep(kind, key, value)                 write a result to <home>/<kind>/<key>.json
find(kind, key, parse)                 read it back; None if there is none
find_to_change(kind, key, parse)       the same before it is written again: what cannot be read is not lost
digest(value)                          16 hexadecimal digits of plain values
passed(note, files)                    note that files are as they should be: `unchanged` until somebody touches them
with locked(path, report): ...         one process at a time
is_locked(path)                        whether one has it
with locks_needed(path): ...           a ConfigError where the file system has none
used(folder)                           note the time of its last use
evict(sizes, excess, keep)             remove folders that nobody has locked
is_full(error)                         whether it says that a disk is full
is_away(error)                         whether it says that a disk or share went away
is_file(path), is_folder(path)         False, without an error, where this user may not look
check_access(path, mode)               a PermissionError for a file of another user
is_denied(error)                       whether it says that this user may not read or write a file
hindrance(error)                       why a file that need not be damaged cannot be read
with scratch(folder): ...              a folder that is gone afterwards
sweep(parent, prefix)                  remove those of processes that were killed
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core import settings
from core.errors import ConfigError
from core.progress import Progress, Report, silent

if TYPE_CHECKING:
    from filelock import FileLock

POLL = 0.05  # seconds between two attempts to take a lock
WAIT_REPORT = 0.3  # seconds between two reports of waiting for it
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # names that Windows gives no file

ALLOW = "Give this user the right to read and write it, or start as the user whose home folder it is"
WAIT = "Try again when its disk or share can be used"

Result = TypeVar("Result")

log = logging.getLogger(__name__)
_PASSED: dict[Path, list[list[int]]] = {}
_FULL = (
    "no space left",  # the system, TensorFlow, safetensors
    "disk quota",
    "file too large",
    "disk is full",  # SQLite
    "write failed",  # HDF5
    "can't write",
    "requested and",  # NumPy: "1048576 requested and 262128 written"
    "iostream error",  # OpenVINO
)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)  # without ENOSYS, for which FileLock has another way
_AWAY = (errno.ENOTCONN, errno.ECONNABORTED, errno.ESTALE, errno.EIO, errno.EROFS)  # the first two: of FUSE, as sshfs


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path to write to; the file replaces `path` if the block ends without an error.

    Unlike a file of `tempfile`, it has the default permissions of the process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{uuid.uuid4().hex[:12]}.new")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def digest(value: Any) -> str:
    """16 hexadecimal digits: the hash of a plain value as JSON; the order of keys matters."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def keep(kind: str, key: str, value: Any) -> None:
    """Write a result, made of plain values, under a key.

    Args:
        kind: The name of its folder in the home folder.
    """
    with replaced(_path(kind, key)) as new:
        new.write_text(json.dumps(value), encoding="utf-8")


def find(kind: str, key: str, parse: Callable[[Any], Result]) -> Result | None:
    """Read a kept result through `parse`; None if there is none, or a damaged one, which is logged.

    Args:
        parse: Raises ValueError, KeyError or TypeError for values that do not fit.
    """
    path = _path(kind, key)
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read (%s): computing it again", path, error)
        return None


def find_to_change(kind: str, key: str, parse: Callable[[Any], Result]) -> Result | None:
    """`find` what is going to be written again; a damaged file gets another name, so that nothing is lost.

    Raises:
        OSError: There is a file, and it cannot be read.
    """
    path = _path(kind, key)
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        aside = path.rename(path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:12]}"))
        log.warning("%s is damaged (%s): renamed to %s", path, error, aside.name)
        return None


def passed(note: Path, files: Sequence[Path]) -> None:
    """Note that files have passed a check; this process remembers it even if the note cannot be written."""
    state = _PASSED[note] = _state(files)
    with suppress(OSError), replaced(note) as new:
        new.write_text(json.dumps(state), encoding="utf-8")


def unchanged(note: Path, files: Sequence[Path]) -> bool:
    """Whether files have kept their sizes, times and inodes since they `passed`.

    Any write changes these; bits lost by the disk itself do not.
    """
    state = _state(files)
    if _PASSED.get(note) == state:
        return True
    try:
        return json.loads(note.read_text(encoding="utf-8")) == state
    except (OSError, ValueError):
        return False


@contextmanager
def locked(path: Path, report: Report = silent, *, total: int = 0) -> Iterator[None]:
    """Hold a lock file; report while waiting for another process that holds it, so that a stop takes effect.

    Args:
        total: Number of waiting images, for the report.

    Raises:
        ConfigError: The file system has no locks, or this user may not open the file.
    """
    from filelock import FileLock, Timeout

    with locks_needed(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while not lock.is_locked:
        try:
            with locks_needed(path):
                lock.acquire(timeout=WAIT_REPORT, poll_interval=POLL)
        except Timeout:
            report(Progress("wait", 0, total))
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locks_needed(path: Path) -> Iterator[None]:
    """A ConfigError in place of the OSError of a file system without locks, or of a lock that is another user's."""
    try:
        yield
    except PermissionError as error:
        raise ConfigError(f"{error.filename or path} cannot be opened ({error.strerror})", "", ALLOW) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise ConfigError(
            f"The file system of {path.parent} does not lock files ({error.strerror})",
            "one with locks, without which two programs would write to the same file",
            "Mount it with locks (on NFS, start its lock service), or set BACKBONE_LAB_HOME to a folder on a disk of "
            "this machine",
        ) from error


def is_locked(path: Path) -> bool:
    """Whether somebody holds a lock file. Raises ConfigError as `locked` does."""
    from filelock import FileLock, Timeout

    try:
        with locks_needed(path), FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True


def used(folder: Path) -> None:
    """Note that a folder is used now, for the order of `evict`.

    To the nanosecond: left to itself, Linux takes the time of its last tick, and two uses within 4 ms would be equal.
    """
    now = time.time_ns()
    os.utime(folder, ns=(now, now))


def evict(sizes: dict[Path, int], excess: int, keep: Path | None = None) -> int:
    """Remove folders, in this order, until `excess` bytes are freed; returns the bytes freed.

    A folder that is in use (its `lock_of` is held) stays, and so do `keep` and what is another user's.
    """
    from filelock import FileLock, Timeout

    freed = 0
    for folder, size in sizes.items():
        if freed >= excess:
            break
        if folder == keep:
            continue
        try:
            with FileLock(lock_of(folder)).acquire(timeout=0):
                shutil.rmtree(folder)
        except (Timeout, PermissionError):
            continue
        freed += size
        log.info("Removed %s to make room (%.0f MB)", folder, size / 1e6)
    return freed


@contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Make a folder that is removed when the block ends; `sweep` removes it if the process ends before that.

    Its lock tells whether its owner lives: the system frees the locks of a process that ends, however it ends.
    """
    from filelock import FileLock

    lock = FileLock(lock_of(folder))
    with suppress(OSError, NotImplementedError):  # a disk without locks, on which nothing is swept
        lock.acquire()
    try:
        folder.mkdir()
        yield
    finally:
        _remove(folder, lock)


def sweep(parent: Path, prefix: str = "") -> None:
    """Remove the folders with a lock that no living process holds.

    Args:
        prefix: What the names of these folders begin with.
    """
    from filelock import FileLock, Timeout

    for path in parent.glob(f"{prefix}*.lock"):
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError, NotImplementedError):  # its process lives, or the disk is read-only or has no locks
            continue
        _remove(path.with_suffix(""), lock)


def lock_of(folder: Path) -> Path:
    """The lock of a folder: one process at a time computes, reads or removes it."""
    return folder.with_suffix(".lock")


def _remove(folder: Path, lock: "FileLock") -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    lock_of(folder).unlink(missing_ok=True)


def _state(files: Sequence[Path]) -> list[list[int]]:
    states = [path.stat() for path in files]
    return [[state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino] for state in states]


def _path(kind: str, key: str) -> Path:
    return settings.home() / kind / f"{key}.json"


def is_full(error: BaseException | None) -> bool:
    """Whether this error, or one that caused it, says that a disk is full."""
    while error:
        text = str(error).lower()
        if any(words in text for words in _FULL):
            return True
        error = error.__cause__
    return False


def is_away(error: BaseException) -> bool:
    """Whether this error says that a disk or share went away, also one that left the home folder without its files."""
    if isinstance(error, FileNotFoundError):
        return Path(str(error.filename)).is_relative_to(settings.home())
    return isinstance(error, OSError) and error.errno in _AWAY


def check_access(path: Path, mode: int) -> None:
    """Raise the OSError of a file that a library would call unreadable without a reason.

    It is not opened: closing it would free the locks that SQLite has on it in this process.

    Args:
        mode: As of `os.access`.
    """
    if path.exists() and not os.access(path, mode, effective_ids=os.access in os.supports_effective_ids):
        code = errno.EROFS if mode & os.W_OK and _is_read_only(path) else errno.EACCES
        raise OSError(code, os.strerror(code), str(path))


def _is_read_only(path: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def is_file(path: Path) -> bool:
    """Whether there is a file; `Path.is_file` raises in a folder that is another user's, and for a name too long."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether there is a folder, likewise."""
    return os.path.isdir(path)  # noqa: PTH112


def is_denied(error: BaseException | None) -> bool:
    """Whether this error, or one that caused it, says that this user may not read or write a file.

    Without the name of a file it may be a firewall's answer to a connection.
    """
    while error and not (isinstance(error, PermissionError) and error.filename is not None):
        error = error.__cause__
    return error is not None


def hindrance(error: BaseException) -> tuple[str, str] | None:
    """Why a file cannot be read that need not be damaged, as words to follow its name, and the remedy; else None."""
    if is_denied(error):
        return "is not readable by this user", ALLOW
    away: BaseException | None = error
    while away and not (isinstance(away, OSError) and away.errno in _AWAY):
        away = away.__cause__ or away.__context__  # zipfile raises its own error while it handles this one
    return (f"cannot be read ({away.strerror or away})", WAIT) if isinstance(away, OSError) else None
