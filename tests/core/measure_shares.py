"""Measures an extraction by one host and by two that share it: `python -m tests.core.measure_shares`.

Each host is a network namespace of Linux, which only root can make, with a core of its own. They need CIFAR-10 in the
home folder. One and two hosts take turns; at the end one of two is cut off. The processor seconds of the busier host
are the seconds that both would take on a machine without other work.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import psutil

from core import features, settings
from core.cluster import RESOURCES, THREADS
from core.data import datasets
from core.engine import Engine
from core.errors import EngineError
from core.features import Encoder, shares
from core.progress import Report

ROOT = Path(__file__).parents[2]
ROUNDS = 2
BRIDGE, NETWORK, PORT = "lab-bridge", "10.203.118", 8786
LOST_AFTER = "12s"  # without an answer; Dask's default is 30
OFFERS = ("--nthreads", str(THREADS), "--resources", " ".join(f"{name}={count}" for name, count in RESOURCES.items()))


def main() -> None:
    """Print seconds, and processor seconds of each host, for one and for two, and the seconds when one is lost."""
    options = _options()
    work = Encoder(options.backbone, input_size=options.input_size), options.images
    with tempfile.TemporaryDirectory(prefix="backbone-lab-shares-") as folder, _hosts() as hosts:
        Path(folder, "datasets").symlink_to(settings.folder("datasets"), target_is_directory=True)
        os.environ |= {"BACKBONE_LAB_HOME": folder, "BACKBONE_LAB_SCHEDULER": f"tcp://{NETWORK}.1:{PORT}"}
        with _cluster(hosts) as (engine, workers):
            engine.call_reporting("extract", extract, *work, 2).result()  # builds the network
            for hosts_used in (1, 2) * ROUNDS:
                before = [_processor_seconds(worker) for worker in workers]
                seconds = engine.call_reporting("extract", extract, *work, hosts_used).result()
                spent = [_processor_seconds(worker) - begun for worker, begun in zip(workers, before, strict=True)]
                each, load = " and ".join(f"{one:.1f}" for one in spent), psutil.getloadavg()[0]
                print(f"{hosts_used}: {seconds:.1f} s, {each} processor seconds, load {load:.1f}", flush=True)
            call = engine.call_reporting("extract", extract, *work, 2)
            while not ((progress := engine.progress("extract")) and progress.done > options.images // 3):
                time.sleep(0.2)
            (owner,) = (worker for worker, keys in call.client.processing().items() if call.key in keys)
            (other,) = (host for host, address in hosts.items() if address not in owner)
            print(f"{other} is cut off after {progress.done:,} images", flush=True)
            _ip("-netns", other, "link", "set", "cable", "down")
            print(f"{call.result():.1f} s", flush=True)


def extract(encoder: Encoder, images: int, hosts: int, *, report: Report) -> float:
    """Seconds of an extraction in a worker, by that host or by all."""
    source, rows = datasets.load("cifar10"), np.arange(images)
    features.evict(0)
    with shares.given_to(None) if hosts == 1 else nullcontext():
        began = time.perf_counter()
        values = features.extract(source, rows, encoder, report=report).values
        seconds = time.perf_counter() - began
    if np.isnan(values).any() or features.missing(source, rows, encoder):
        raise RuntimeError("Rows were lost")
    return seconds


@contextmanager
def _hosts() -> Iterator[dict[str, str]]:
    """Name -> address of two hosts on one network with this machine."""
    hosts = {f"lab-host-{number}": f"{NETWORK}.{number + 1}" for number in (1, 2)}
    with ExitStack() as stack:
        _ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(_ip, "link", "delete", BRIDGE)
        _ip("address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for host, address in hosts.items():
            _ip("netns", "add", host)
            stack.callback(_ip, "netns", "delete", host)
            _ip("link", "add", f"{host}-0", "type", "veth", "peer", "name", "cable", "netns", host)
            _ip("link", "set", f"{host}-0", "master", BRIDGE, "up")
            for order in (f"address add {address}/24 dev cable", "link set cable up", "link set lo up"):
                _ip("-netns", host, *order.split())
        yield hosts


@contextmanager
def _cluster(hosts: dict[str, str]) -> Iterator[tuple[Engine, list[psutil.Process]]]:
    """A scheduler on this machine and a worker on each host, which has one core; the processes of these."""
    scheduler = os.environ["BACKBONE_LAB_SCHEDULER"]
    with ExitStack() as stack:
        stack.enter_context(_dask("scheduler", "--host", f"{NETWORK}.1", "--port", str(PORT)))
        workers = []
        for core, (host, address) in enumerate(hosts.items()):
            inside = ("ip", "netns", "exec", host, "taskset", "-c", str(core))
            started = stack.enter_context(_dask("worker", scheduler, "--host", address, *OFFERS, inside=inside))
            workers.append(psutil.Process(started.pid))
        engine = _connect()
        stack.callback(engine.close)
        while engine.places("long") < len(hosts):
            time.sleep(0.5)
        yield engine, workers


@contextmanager
def _dask(*arguments: str, inside: Sequence[str] = ()) -> Iterator[subprocess.Popen]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": LOST_AFTER}
    line = [*inside, sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    process = subprocess.Popen(line, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _connect() -> Engine:
    while True:
        try:
            return Engine.start()
        except EngineError:
            time.sleep(0.5)


def _processor_seconds(process: psutil.Process) -> float:
    """Of a process with all that it has started."""
    spent = [each.cpu_times() for each in [process, *process.children(recursive=True)]]
    return sum(times.user + times.system for times in spent)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.core.measure_shares", description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--backbone", default="EfficientNetLite0")
    parser.add_argument("--input-size", type=int, default=64)
    return parser.parse_args()


if __name__ == "__main__":
    main()
