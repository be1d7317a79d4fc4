"""At most one server with its own worker for each home folder: two would compete for the device unawares.

The server holds a lock file, which the system frees when its process ends, however it ends; who holds it is written
beside it. Servers that share the scheduler of a cluster need none.
"""

import json
import logging
import os
import socket
from contextlib import suppress

from filelock import FileLock, Timeout

from core import settings, storage
from core.errors import ConfigError, EngineError

LOCK, HOLDER = "server.lock", "server.json"

logger = logging.getLogger(__name__)


def take(place: str = "") -> FileLock | None:
    """Hold the home folder for this process until `release`; None if its disk does not support locks.

    Args:
        place: Where the server is found, such as "port 8501".

    Raises:
        EngineError: Another server holds it.
        ConfigError: The home folder cannot be written.
    """
    folder = settings.folder(".")
    lock = FileLock(folder / LOCK, thread_local=False)  # another thread releases it
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise _taken() from error
    except (OSError, NotImplementedError) as error:
        logger.warning("%s cannot be locked (%s): start no second server on it", folder, error)
        return None
    holder = {"host": socket.gethostname(), "process": os.getpid(), "place": place}
    with suppress(OSError), storage.replaced(folder / HOLDER) as new:
        new.write_text(json.dumps(holder), encoding="utf-8")
    return lock


def release(lock: FileLock | None) -> None:
    """Give the home folder up."""
    if lock:
        lock.release()


def warn() -> None:
    """Warn in the log, at the start of a server, if another one holds the home folder: the engine will not start."""
    if not settings.scheduler():
        try:
            release(take())
        except (EngineError, ConfigError) as error:
            logger.warning("%s", error)


def holder() -> str:
    """Which server has the home folder: "port 8501, process 12 of ada"; empty if none has, or it cannot be locked."""
    with suppress(OSError, ConfigError):
        if storage.is_locked(settings.folder(".") / LOCK):
            return _noted() or "a server"
    return ""


def _noted() -> str:
    try:
        noted = json.loads((settings.home() / HOLDER).read_text(encoding="utf-8"))
        details = [noted["place"], f"process {noted['process']} of {noted['host']}"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return ", ".join(detail for detail in details if detail)


def _taken() -> EngineError:
    who = f" ({known})" if (known := _noted()) else ""
    return EngineError(
        f"Another server{who} has the home folder",
        f"one server for {settings.home()}",
        "Use that server: this one only shows what is stored. Or stop it, and this one takes over; or set "
        "BACKBONE_LAB_HOME to another folder for this one",
    )
