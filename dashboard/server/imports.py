"""Imports of images: tasks of the worker that every visitor finds again."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core import download, people
from core.data import importing, uploads
from dashboard.server import line as lines
from dashboard.server import tasks
from dashboard.server.once import once
from dashboard.server.tasks import Task

KEPT = 64  # of those that have ended


@dataclass(frozen=True)
class Import:
    """An import that runs or has ended; its task's result is an `importing.Imported`."""

    source: str  # the name of the file or folder
    person: str  # whose it is
    task: Task


def begin_path(path: str) -> str:
    """Start to import a folder or zip of the server; returns the name by which `get` finds it.

    Raises:
        AccessError: The visitor may not enter paths on the server.
    """
    people.require("name server files")
    return _begin(_task(path, path), Path(path).name)


def begin_upload(stream: BinaryIO, filename: str, perform: Callable = importing.perform) -> str:
    """Start to import an uploaded zip, which is copied first; returns the name by which `get` finds it.

    Args:
        perform: Imports it, from its path, in the worker.

    Raises:
        DatasetError: The disk is full.
        LabError: The engine could not start.
        AccessError: Nobody asks.
    """
    people.require("import")
    upload = uploads.keep(stream, filename)
    task = _task(upload.digest, str(upload.path), perform)
    if task.running:  # the same content, for another visitor or in another tab
        uploads.remove(upload)
        return task.name
    try:
        name = _begin(task, upload.path.name)
    except BaseException:
        uploads.remove(upload)
        raise
    task.when_done(functools.partial(_remove, upload))
    return name


def get(name: str) -> Import | None:
    """A running import, or one of the last that have ended; None also if the visitor may not see it."""
    imported = _imports().get(name)
    return imported if imported and people.may("see", imported.person) else None


def running() -> list[str]:
    """The names of the running and waiting imports that the visitor may see, in their order."""
    return [name for name in list(_imports()) if (each := get(name)) and each.task.running]


def start() -> None:
    """Remove the uploads of servers that were ended in the middle; once per server."""
    _imports()


def _task(question: str, path: str, perform: Callable = importing.perform) -> Task:
    person = people.require("import")
    return Task(
        tasks.name("import", question, person),
        people.on_behalf,
        (person, perform, path),
        failure="The images cannot be imported",
        line=lines.files,
    )


def _begin(task: Task, source: str) -> str:
    task.begin()
    imports = _imports()
    imports.pop(task.name, None)  # the newest last
    imports[task.name] = Import(source, people.require("import"), task)
    for name in list(imports)[:-KEPT]:
        if (old := imports.get(name)) and not old.task.running:  # another visitor's import may have dropped it
            imports.pop(name, None)
    return task.name


def _remove(upload: uploads.Upload, _future: Any) -> None:
    uploads.remove(upload)


@once
def _imports() -> dict[str, Import]:
    uploads.sweep()
    download.sweep()
    return {}
