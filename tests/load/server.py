"""The dashboard in a process of its own, with what can be measured of it from outside."""

import asyncio
import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
LOGGED_PLAINLY = "--logger.enableRich=false"  # in words that UNCAUGHT finds
UNCAUGHT = re.compile(r"Uncaught app execution\n(.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", re.DOTALL)  # up to the next entry
STARTS_WITHIN = 180  # seconds
COLLECTS_WITHIN = 60  # seconds
COLLECTED = "Garbage collected: "  # in the log, before what is still there


@dataclass(frozen=True)
class Held:
    """What the web server holds."""

    memory: int  # bytes that no other process shares
    files: int  # open files and connections
    threads: int
    processes: int  # that it has started
    sessions: int  # of open tabs, and of closed ones that may come back
    tasks: int  # of its event loops, that are not done
    objects: int  # that its garbage collector looks at, without weak references


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    url: str
    log: Path
    process: psutil.Process

    def processor_seconds(self) -> float:
        """What the web server has used so far, without its workers."""
        times = self.process.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Bytes of the web server that no other process shares."""
        return self.process.memory_full_info().uss

    def collect(self) -> Held:
        """Have the web server collect its garbage; what it holds after that."""
        before = self._collections()
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + COLLECTS_WITHIN
        while len(counts := self._collections()) == len(before):
            if time.monotonic() > deadline:
                raise TimeoutError("The server did not collect its garbage")
            time.sleep(0.1)
        files, threads = self.process.num_fds(), self.process.num_threads()
        started = len(self.process.children(recursive=True))
        return Held(self.memory(), files, threads, started, **json.loads(counts[-1]))

    def _collections(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        return [line.removeprefix(COLLECTED) for line in lines if line.startswith(COLLECTED) and line.endswith("\n")]

    def uncaught(self) -> str:
        """How many errors reached the log, with the traceback of the first; empty if none did."""
        errors = UNCAUGHT.findall(self.log.read_text(errors="replace"))
        return f"{len(errors)} uncaught errors in the server's log; the first:\n{errors[0]}" if errors else ""


@contextmanager
def started(home: Path, log: Path, *options: str) -> Iterator[Server]:
    """`streamlit run dashboard/app.py` on a free port of this machine alone; ended with its workers."""
    url = f"http://127.0.0.1:{_free_port()}"
    usual = ["--server.address=127.0.0.1", f"--server.port={url.rpartition(':')[2]}", "--server.headless=true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.server", "dashboard/app.py", *usual, LOGGED_PLAINLY, *options],
            cwd=ROOT,
            env=os.environ | {"BACKBONE_LAB_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(url, process, log)
        yield Server(url, log, psutil.Process(process.pid))
    finally:
        for member in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            member.kill()
        process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"The server does not answer:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _run() -> None:
    """`streamlit run`, which collects its garbage at a signal, and says what is left."""
    from streamlit.runtime.app_session import AppSession
    from streamlit.web.cli import main

    def collect(*_: object) -> None:
        gc.collect()
        left = gc.get_objects()
        sessions = sum(type(each) is AppSession for each in left)
        tasks = sum(type(each) is asyncio.Task and not each.done() for each in left)
        objects = sum(type(each) is not weakref.ref for each in left)
        print(COLLECTED + json.dumps({"sessions": sessions, "tasks": tasks, "objects": objects}), flush=True)

    signal.signal(signal.SIGUSR1, collect)
    sys.argv = ["streamlit", "run", *sys.argv[1:]]
    main()


if __name__ == "__main__":
    _run()
