"""Which process works on a run, and whether it still exists."""

import os
import socket
from pathlib import Path
from typing import Any

BOOT = Path("/proc/sys/kernel/random/boot_id")  # of Linux: another after each start of the machine


def process_alive(run_id: str, owner: dict) -> bool:
    """Whether the owning process still exists; one on another machine counts as alive."""
    import psutil

    if owner.get("host") != socket.gethostname():
        return bool(owner)
    try:
        process = _process(psutil.Process(owner["pid"]))
    except psutil.NoSuchProcess:
        return False
    if "boot" not in owner:  # written before a clock that steps was thought of
        return abs(process["started"] + psutil.boot_time() - owner["started"]) < 1
    return process["boot"] == owner["boot"] and abs(process["started"] - owner["started"]) < 1


def this_process() -> dict:
    """This process as the owner of a run: `host`, `pid`, `started`, `boot`."""
    import psutil

    return {"host": socket.gethostname(), "pid": os.getpid()} | _process(psutil.Process())


def _process(process: Any) -> dict:
    """When a process was started, in seconds since the start of the machine: the clock may be set meanwhile."""
    import psutil

    boot = BOOT.read_text().strip() if BOOT.exists() else ""
    return {"started": process.create_time() - psutil.boot_time(), "boot": boot}
