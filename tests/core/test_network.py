"""A worker on a host of its own, whose network is cut: a network namespace of Linux, which only root can make."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import runs
from core.cluster import RESOURCES, THREADS
from core.config import RunConfig
from core.engine import Engine
from core.errors import EngineError
from core.execute import DIED

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300  # seconds for an answer, on a machine that is busy
HERE, THERE, PORT = "10.203.117.1", "10.203.117.2", 8786
LOST_AFTER = "12s"  # without an answer; Dask's default is 30, and 11 the least
LONG = RunConfig(backbone="Tiny", n_train=100, n_test=50, method="linear-adam", epochs=1_000_000)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def host() -> Iterator[tuple[str, str]]:
    """The name of a namespace, and of its network interface."""
    if not shutil.which("ip"):
        pytest.skip("no `ip` here to make a network namespace with")
    name = f"lab{os.getpid() % 100_000}"
    ours, cable = f"{name}a", f"{name}b"
    try:
        ip("netns", "add", name)
        ip("link", "add", ours, "type", "veth", "peer", "name", cable, "netns", name)
    except subprocess.CalledProcessError as error:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
    ip("address", "add", f"{HERE}/30", "dev", ours)
    ip("link", "set", ours, "up")
    for order in (f"address add {THERE}/30 dev {cable}", f"link set {cable} up", "link set lo up"):
        ip("-netns", name, *order.split())
    yield name, cable
    ip("netns", "delete", name)


@pytest.fixture
def begin(store) -> Iterator[Callable[[str], subprocess.Popen]]:
    """Start a line of a shell, with all that it starts."""
    begun: list[subprocess.Popen] = []
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": LOST_AFTER}

    def begin(line: str) -> subprocess.Popen:
        begun.append(
            subprocess.Popen(line, shell=True, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
        )
        return begun[-1]

    yield begin
    for process in reversed(begun):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_host_whose_network_was_cut_comes_back_and_its_run_is_resumed(host, begin, monkeypatch):
    name, cable = host
    address = f"tcp://{HERE}:{PORT}"
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    monkeypatch.setattr("core.tasks.warm_maps", bool)  # which takes each new worker seconds of a processor
    dask, offered = f"{sys.executable} -m dask", " ".join(f"{key}={count}" for key, count in RESOURCES.items())
    begin(f"exec {dask} scheduler --host {HERE} --port {PORT} --no-dashboard")
    worker = f"{dask} worker {address} --host {THERE} --nthreads {THREADS} --resources '{offered}' --no-dashboard"
    begin(f"while sleep 1; do ip netns exec {name} {worker}; done")
    until(lambda: _connects())
    engine = Engine.start()
    until(lambda: not engine.why_unavailable("train"))
    run_id = engine.submit(LONG)
    until(lambda: runs.get(run_id).progress)

    ip("-netns", name, "link", "set", cable, "down")
    until(lambda: engine.why_unavailable("train"))
    with pytest.raises(EngineError, match=f"No worker of {address} is connected"):
        engine.submit(LONG)

    ip("-netns", name, "link", "set", cable, "up")
    until(lambda: not engine.why_unavailable("train"))
    until(lambda: runs.get(run_id).status == "interrupted")
    assert runs.get(run_id).error == DIED
    engine.resume(run_id)
    until(lambda: runs.get(run_id).progress)
    engine.stop(run_id)
    until(lambda: runs.get(run_id).status == "stopped")
    engine.close()


def _connects() -> bool:
    try:
        Engine.start().close()
    except EngineError:
        return False
    return True
