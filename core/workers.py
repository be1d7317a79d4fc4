"""Whether workers have what they need: those of a cluster its code, the same packages and home folder; the local one
a start folder that hides no module of Python from it."""

import socket
import sys
from importlib.machinery import FrozenImporter
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from core import settings, storage
from core.errors import EngineError

PACKAGES = ("keras", "mlflow", "sklearn", "tensorflow", "zarr")
_BEFORE = ("encodings",)  # what Python loads before it looks into the start folder
REMEDY = (
    "Stop it, or give it this repository on PYTHONPATH, the packages of requirements.txt and the same BACKBONE_LAB_HOME"
)


def check(client, addresses: list[str]) -> None:
    """Look at workers before they are given work.

    Raises:
        EngineError: One of them could not do it.
    """
    for address, lack in client.run(_lacks, _mark(), workers=addresses, on_error="return").items():
        if isinstance(lack, Exception) and cannot_import(lack):
            lack = "cannot import this program"
        if isinstance(lack, str):
            raise EngineError(f"The worker {address} {lack}", remedy=REMEDY)


def check_start_folder() -> None:
    """Look for files that the local worker would import in place of modules of Python: it starts in the same folder.

    Raises:
        EngineError: There is one, such as `socket.py`.
    """
    if sys.flags.safe_path:
        return
    needed = (sys.stdlib_module_names & sys.modules.keys()) - {*sys.builtin_module_names, *_BEFORE}
    for name in sorted(name for name in needed if not FrozenImporter.find_spec(name)):  # these come first, as `os`
        for path in (Path(f"{name}.py"), Path(name, "__init__.py")):
            if storage.is_file(path):
                raise EngineError(
                    f"{path.absolute()} has the name of Python's module {name}, and would be imported in its place",
                    remedy="Rename it, or start in another folder",
                )


def cannot_import(error: Exception) -> bool:
    """Whether a process of the cluster lacks a module; Dask passes the error on as the text of another one."""
    return "ModuleNotFoundError" in repr(error)


def _mark() -> str:
    """Write a random text to the home folder, which workers can read only if they share it; returns the text."""
    path = settings.folder("runs") / "shared-by"
    if not path.exists():
        with storage.replaced(path) as new:
            new.write_text(uuid4().hex)
    return path.read_text()


def _lacks(mark: str) -> str | None:
    """What the worker that calls this lacks, in words; None if nothing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        return f"lacks the packages {', '.join(missing)}"
    path = settings.home() / "runs" / "shared-by"
    if not path.is_file() or path.read_text() != mark:
        return (
            f"does not share the home folder of the dashboard: its own is {settings.home()} on {socket.gethostname()}"
        )
    return None
