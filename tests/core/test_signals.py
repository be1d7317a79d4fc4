"""A server that is ended, by whatever signal and in whatever stage of a run, leaves a run that can be resumed."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from core import download, execute, runs, server_lock
from core.config import RunConfig
from core.training import checkpoints

pytestmark = pytest.mark.slow

PATIENCE = 300  # seconds, on a machine that is busy
ROOT = Path(__file__).parent.parent.parent
SERVER = """
import json, os, signal, sys, time
from dataclasses import replace
from core.backbones import BACKBONES
from core.config import RunConfig
from core.engine import Engine
BACKBONES["MobileNet"] = replace(BACKBONES["MobileNet"], weights_folder=os.environ["WEIGHTS"])  # its worker's too
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    engine = Engine.start()
    print(engine.submit(RunConfig(**json.loads(sys.argv[1]))), flush=True)
    time.sleep(600)
"""
TUNED = RunConfig(backbone="Tiny", n_train=400, n_test=50, method="finetune", head_epochs=1, epochs=1000, batch_size=8)
STAGES = {  # what is done for long enough to be found there
    "download": RunConfig(backbone="MobileNet"),
    "extract": RunConfig(backbone="EfficientNetLite0", input_size=224),
    "train": RunConfig(backbone="Tiny", n_train=100, n_test=50, method="linear-adam", epochs=1_000_000),
    "head": RunConfig(**asdict(TUNED) | {"head_epochs": 1000}),
    "finetune": TUNED,
}
ENDS = {  # to the server alone, or to all that a terminal started, as Ctrl-C and a closed window do
    "TERM": os.kill,
    "KILL": os.kill,
    "INT": os.killpg,
    "HUP": os.killpg,
}
USUAL = {("download", "INT"), ("extract", "TERM"), ("train", "KILL"), ("head", "HUP"), ("finetune", "KILL")}
CASES = [
    pytest.param(stage, end, marks=() if (stage, end) in USUAL else pytest.mark.exhaustive, id=f"{stage}-{end}")
    for stage in STAGES
    for end in ENDS
]


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class Slow(http.server.BaseHTTPRequestHandler):
    """Sends the weights in pieces, for as long as somebody takes them."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()
        while True:
            self.wfile.write(bytes(download.BLOCK))
            time.sleep(0.1)

    def log_message(self, *_) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        """The receiver has ended."""


@pytest.fixture
def weights(monkeypatch) -> Iterator[None]:
    """Weights of the MobileNet come from this machine, slowly."""
    with Server(("127.0.0.1", 0), Slow) as server:
        monkeypatch.setenv("WEIGHTS", f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture
def serve(store, weights, tmp_path) -> Iterator[Callable[[RunConfig], subprocess.Popen]]:
    """Start a server with a run, as a terminal does: all its processes are a group."""
    script, begun = tmp_path / "server.py", []
    script.write_text(SERVER)

    def serve(config: RunConfig) -> subprocess.Popen:
        command = [sys.executable, script, json.dumps(asdict(config))]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        begun.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        )
        return begun[-1]

    yield serve
    for server in begun:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


@pytest.mark.parametrize(("stage", "end"), CASES)
def test_a_run_whose_server_ended_is_interrupted_and_can_be_resumed(serve, home, stage, end):
    server = serve(STAGES[stage])
    run_id = server.stdout.readline().strip()
    until(lambda: (moment := runs.get(run_id).progress) and moment.stage == stage and moment.done)
    if STAGES[stage].trains:
        until(lambda: checkpoints.exists(run_id))  # after an epoch
    family = psutil.Process(server.pid).children(recursive=True)
    ENDS[end](server.pid, signal.Signals[f"SIG{end}"])
    server.communicate(timeout=PATIENCE)
    _, left = psutil.wait_procs(family, timeout=PATIENCE)
    assert left == []
    server_lock.release(server_lock.take())  # nobody holds the home folder
    runs.mark_interrupted()  # as the next server does at its start
    (run,) = runs.rows()
    assert (run.id, run.status, run.error) == (run_id, "interrupted", runs.life_cycle.INTERRUPTED)
    execute.check_resumable(run_id)
    assert checkpoints.exists(run_id) == STAGES[stage].trains
    download.sweep()
    assert not list((home / "weights").glob("*"))
