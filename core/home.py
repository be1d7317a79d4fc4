"""The whole home folder in one file, a gzipped tar: `backup` writes it, `restore` puts it into an empty home folder.

The run store is copied first, so that every run that is finished in the copy has its files; a run that is still
running is interrupted in the copy and can be resumed. What can be computed again is left out unless asked for.
"""

import errno
import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from core import people, roster, runs, server_lock, settings, storage
from core.challenges import package
from core.curriculum import answers
from core.data import class_photos, dataset
from core.errors import RunError, StoreError
from core.progress import Progress, Report, silent
from core.roster import Roster
from core.runs import backups
from core.zero_shot import tried

ABOUT = "backbone-lab.json"  # the first file of a backup
DATABASE = "runs/mlflow.db"
CLASS = ("class.json", "class.key", "limits.toml", "sign_in.toml")
CHOICES, CHOICES_OF_LEARNERS = "choices", "choices/learners"
OF_LEARNERS = ("challenges", CHOICES_OF_LEARNERS, answers.OF_LEARNERS, tried.OF_LEARNERS)  # not in a new class
KEPT = (
    "runs/artifacts",
    "datasets",
    "challenges",
    "weights",
    "checkpoints",
    CHOICES,
    tried.KIND,
    answers.KIND,
    "speeds.json",
    "estimates.json",
    *CLASS,
)
COMPUTED = {  # by folder, how the names of files begin that can be computed again
    "checkpoints": ("prefix-",),  # outputs of frozen layers
    "challenges": (package.FILE,),
}
CLASSES = "classes"  # the folder of those that have ended, each a backup
NEVER = ("runs", "uploads", CLASSES)  # the rest of them
LOST = "lost+found"  # of a file system, where it is mounted; only root may read it
UNPACKED = ".restored-"  # what the name of the folder begins with that is not yet in place


def backup(
    file: Path, *, caches: bool = False, instead: Mapping[str, Path] | None = None, report: Report = silent
) -> int:
    """Write the home folder into a new file; returns its bytes.

    Args:
        caches: Include what can be computed again, such as features and maps.
        instead: Files to take in place of those of these names.

    Raises:
        StoreError: The file exists or cannot be written, or the store cannot be read.
        Stopped: `report` raised it; no file is left.
    """
    if os.path.exists(file):  # noqa: PTH110 - that of `Path` raises for one in a folder that is another user's
        raise StoreError(f"{file} exists", "the name of a new file", "Choose another one, or delete that file first")
    home = settings.home()
    try:
        with storage.replaced(file) as new, TemporaryDirectory(dir=file.parent) as folder:
            new.touch(mode=0o600)  # it holds the key of the class
            with _readable():
                members: dict[str, Path] = {}
                if backups.database().is_file():
                    backups.check(backups.database())
                    members[DATABASE] = Path(folder, "mlflow.db")
                    backups.copy(backups.database(), members[DATABASE])
                others = (path.name for path in home.iterdir() if path.is_dir() and _is_ours(path.name))
                names = dict.fromkeys([*KEPT, *(others if caches else ())])
                members |= dict(_files(home, [name for name in names if name not in NEVER]))
                members |= instead or {}
                with tarfile.open(new, "w:gz", compresslevel=1, dereference=True) as archive:
                    _add_about(archive)
                    _add(archive, members, report)
    except (OSError, sqlite3.Error) as error:
        reason, remedy = getattr(error, "strerror", None) or error, "Free some space, or choose another folder"
        raise StoreError(f"{file} cannot be written ({reason})", "", remedy) from error
    return file.stat().st_size


@contextmanager
def _readable() -> Iterator[None]:
    """A StoreError for a file that this user may not read, when the new one is written already."""
    try:
        yield
    except OSError as error:
        if storage.is_denied(error):
            raise StoreError(f"{error.filename} cannot be read ({error.strerror})", "", storage.ALLOW) from error
        raise


def restore(file: Path, report: Report = silent) -> str:
    """Put a backup into the home folder, which must be empty or new; returns when the backup was made (ISO 8601).

    Raises:
        StoreError: The file is no backup or damaged, the home folder has files, or the disk is full.
        EngineError: A server has the home folder.
        Stopped: `report` raised it. As after the others, nothing has changed.
    """
    home = settings.folder(".")
    lock = server_lock.take("restoring a backup")
    storage.sweep(home, UNPACKED)
    unpacked = home / f"{UNPACKED}{uuid.uuid4().hex[:12]}"
    try:
        with storage.scratch(unpacked):
            created = _unpack(file, unpacked, report)
            backups.check(unpacked / DATABASE)
            parts = list(unpacked.iterdir())
            if used := [part.name for part in parts if _is_used(home / part.name)]:
                raise StoreError(
                    f"The home folder {home} has {', '.join(sorted(used))} already",
                    "an empty or new folder",
                    "Set BACKBONE_LAB_HOME to one, or move these files away",
                )
            for part in parts:
                shutil.rmtree(home / part.name, ignore_errors=True)  # empty, but for locks
                part.rename(home / part.name)
    finally:
        server_lock.release(lock)
    return created


def begin_class(report: Report = silent) -> Path:
    """Archive the class and begin a new one; returns the backup of the home folder with the old one.

    Learners are shut out first. When all is in the backup, their runs, datasets, answers, choices and prompts are
    deleted, and so are challenges; what is the lecturer's stays, and what challenges held back is shown again.

    Raises:
        AccessError: A learner asks.
        RunError: A run of a learner is under way; as after the others below, nothing has changed.
        StoreError: As by `backup`.
        Stopped: `report` raised it.
    """
    people.require("run the class")
    file = settings.folder(CLASSES) / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}.tar.gz"
    with _without_learners() as old_class:
        if busy := [run for run in runs.active() if run.person != people.LECTURER]:
            received = f"{busy[0].person}'s run {busy[0].name} is under way"
            raise RunError(received, "none of learners", "Stop it, or wait for its end")
        old_runs = {run.id for run in runs.rows() if run.person != people.LECTURER}
        old_datasets = {name for name in dataset.names() if dataset.person(name) not in people.LECTURERS}
        backup(file, instead={roster.FILE: old_class}, report=report)
    for folder in OF_LEARNERS:
        shutil.rmtree(settings.home() / folder, ignore_errors=True)
    for run_id in old_runs.intersection(run.id for run in runs.rows()):
        runs.delete(run_id)
    dataset.release()
    for name in old_datasets.intersection(dataset.names()):  # by now
        if dataset.person(name) != people.LECTURER:
            dataset.delete(name)
    class_photos.sweep()  # photos that were being gathered
    return file


@contextmanager
def _without_learners() -> Iterator[Path]:
    """Shut learners out by a new code and no names; yields a file of the class as it was, restored after an error."""
    before = roster.read()
    with TemporaryDirectory() as folder:
        file = Path(shutil.copy2(settings.home() / roster.FILE, folder))
        roster.edit(lambda now: Roster(roster.new_code(), now.shown))
        try:
            yield file
        except BaseException:
            roster.edit(lambda _new: before)
            raise


def _is_ours(name: str) -> bool:
    """Whether a folder is complete, and not one that systems create at the root of a disk, such as .Trash-1000."""
    return name != LOST and not name.startswith(".")


def _goes_round(folder: str, name: str) -> bool:
    """Whether a folder is a link to one that it is in."""
    path = Path(folder, name)
    return path.is_symlink() and Path(folder).resolve().is_relative_to(path.resolve())


def _files(home: Path, names: list[str]) -> Iterator[tuple[str, Path]]:
    """Files of the home folder by their names in the backup; links are followed. Raises OSError for a folder that
    cannot be read.
    """
    for name in names:
        if (home / name).is_file():
            yield name, home / name
        for folder, below, files in os.walk(home / name, onerror=_not_silently, followlinks=True):
            below[:] = [part for part in below if _is_ours(part) and not _goes_round(folder, part)]
            for file in files:
                path = Path(folder, file)
                computed = file.startswith(COMPUTED.get(name, ()))
                if not file.startswith(".") and path.suffix != ".lock" and not computed:
                    yield path.relative_to(home).as_posix(), path


def _not_silently(error: OSError) -> None:
    """Raise what keeps a folder from being listed, unless there is none or links go round: `os.walk` leaves it out."""
    if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        raise error


def _add_about(archive: tarfile.TarFile) -> None:
    content = json.dumps({"created": datetime.now(UTC).isoformat(timespec="minutes")}).encode()
    member = tarfile.TarInfo(ABOUT)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _add(archive: tarfile.TarFile, members: dict[str, Path], report: Report) -> None:
    sizes = {name: path.stat().st_size for name, path in members.items() if path.exists()}
    done, total = 0, sum(sizes.values())
    for name, size in sizes.items():
        report(Progress("backup", done, total, "bytes"))
        try:
            archive.add(members[name], name)
        except FileNotFoundError:  # deleted meanwhile
            continue
        done += size
    report(Progress("backup", total, total, "bytes"))


def _unpack(file: Path, folder: Path, report: Report) -> str:
    """Extract a backup; returns when it was made."""
    try:
        total = file.stat().st_size
        with (
            file.open("rb") as stream,
            gzip.open(stream) as content,
            tarfile.open(fileobj=content, mode="r|") as archive,
        ):
            first = archive.next()
            if first is None or first.name != ABOUT:
                raise StoreError(f"{file} is not a home folder's backup", "a file that `python -m core backup` wrote")
            created = json.load(archive.extractfile(first) or io.BytesIO())["created"]
            for member in iter(archive.next, None):
                archive.extract(member, folder, filter="data")
                report(Progress("restore", stream.tell(), total, "bytes"))
            while content.read(1 << 20):  # to its end, where the checksum is
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, LookupError) as error:
        raise StoreError(f"The backup {file} is damaged ({error})", "the file as it was written") from error
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{file} cannot be restored ({reason})", "", "Check the file and the disk") from error
    return created


def _is_used(path: Path) -> bool:
    """Whether there is anything but empty folders and locks."""
    return any(item.is_symlink() or item.is_file() for item in (path, *path.rglob("*")) if item.suffix != ".lock")
