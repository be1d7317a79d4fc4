"""The home folder in the terminal: backed up, restored, cleared for a new class."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from core import home, settings
from core.cli import options
from core.cli.bar import Bar
from core.runs import backups, connection


def add(commands: Any) -> None:
    """Add the commands `backup`, `restore` and `new-class`."""
    save = options.command(commands, "backup", _backup, "write the home folder to one file, even while runs continue")
    save.add_argument("file", type=Path, metavar="FILE", help="a new file, such as lab.tar.gz")
    save.add_argument("--caches", action="store_true", help="include what can be computed again: features, maps, ...")

    back = options.command(
        commands, "restore", _restore, "restore a backup into an empty home folder, or a lost run store"
    )
    back.add_argument("file", nargs="?", type=Path, metavar="FILE", help="of `backup` [newest backup of the store]")

    options.command(commands, "new-class", _new_class, "archive the work and names of learners, and begin a new class")


def _backup(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        size = home.backup(parsed.file, caches=parsed.caches, report=bar)
    elsewhere = "" if connection.is_ours(settings.tracking_uri()) else ". Runs are in another store: not included"
    return {"file": str(parsed.file), "bytes": size}, f"{parsed.file} has {size / 1e6:,.1f} MB{elsewhere}"


def _restore(parsed: Namespace) -> tuple[dict, str]:
    if parsed.file:
        with Bar() as bar:
            created = home.restore(parsed.file, bar)
        return {"home": str(settings.home()), "created": created}, f"{settings.home()} is as it was on {created}"
    backup, aside = backups.restore()
    kept = f" The replaced file is now {aside}." if aside else ""
    return {"backup": str(backup), "replaced": aside and str(aside)}, f"The run store was restored from {backup}.{kept}"


def _new_class(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        file = home.begin_class(bar)
    return {"file": str(file)}, f"The class is in {file}. `restore` opens it in an empty home folder"
