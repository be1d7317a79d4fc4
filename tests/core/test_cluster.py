"""Workers by address: what is refused with a sentence, and who may connect."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import dask
import numpy as np
import psutil
import pytest
from distributed import LocalCluster, comm, get_worker
from distributed.security import Security

from core import features, runs, settings
from core.cluster import RESOURCES, THREADS
from core.config import RunConfig
from core.data import datasets
from core.engine import LOST, Engine
from core.errors import EngineError
from core.execute import DIED
from core.progress import Progress, Report, silent
from tests import event_loop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300  # seconds for an answer, on a machine that is busy
OFFERS = ("--nthreads", str(THREADS), "--resources", " ".join(f"{name}={count}" for name, count in RESOURCES.items()))
LONG = RunConfig(backbone="Tiny", n_train=100, n_test=50, method="linear-adam", epochs=1_000_000)


@pytest.fixture(autouse=True)
def maps_not_warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparing UMAP takes each new worker seconds of a processor."""
    monkeypatch.setattr("core.tasks.warm_maps", bool)


@pytest.fixture(scope="module")
def security() -> Security:
    return Security.temporary()


@pytest.fixture
def begun() -> list:
    """The clusters and engines of a test, in order."""
    return []


@pytest.fixture
def connect(
    store, forked_workers: None, monkeypatch: pytest.MonkeyPatch, security: Security, begun
) -> Iterator[Callable[..., Engine]]:
    """Start a cluster and connect to it as somebody does who has its certificates."""

    def connect(workers: int, **options) -> Engine:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=THREADS,
            dashboard_address="127.0.0.1:0",
            silence_logs=False,
            security=security,
            **options,
        )
        begun.append(cluster)
        monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", cluster.scheduler_address)
        begun.append(Engine.start())
        return begun[-1]

    keys = {"ca-file": security.tls_ca_file}
    keys |= {"client.cert": security.tls_client_cert, "client.key": security.tls_client_key}
    with dask.config.set({f"distributed.comm.tls.{name}": value for name, value in keys.items()}):
        yield connect
        for each in reversed(begun):
            each.close()


def test_work_for_which_no_worker_has_the_resource_is_refused_with_the_command(connect):
    engine = connect(1, processes=False, resources={"train": 1}, protocol="tls://")
    command = f'--nthreads {THREADS} --resources "train=1 long=1 files=1"'
    with pytest.raises(EngineError, match="has the resource `long`") as raised:
        engine.call_reporting("sum", sum, [1, 2])
    assert command in str(raised.value)
    assert (engine.places("train"), engine.places("files")) == (1, 0)
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3


def test_without_a_worker_a_run_is_refused_and_not_stored(connect):
    engine = connect(0)
    for refused in (lambda: engine.submit(LONG), lambda: engine.call(sum, [1, 2])):
        with pytest.raises(EngineError, match=r"No worker of tls://.* is connected"):
            refused()
    assert runs.rows() == []


def test_workers_that_went_away_are_said_and_so_is_that_there_are_some(connect, begun):
    engine = connect(1, processes=False, resources={"train": 1}, protocol="tls://")
    assert (engine.why_unavailable("train"), engine.why_unavailable()) == (None, None)
    begun[0].scale(0)
    until(lambda: engine.why_unavailable("train"))
    assert "--resources" in str(engine.why_unavailable("train"))


def test_a_scheduler_with_other_certificates_is_named_and_so_is_one_for_which_there_are_none(connect, monkeypatch):
    connect(0)
    other = Security.temporary()
    for keys in ({"ca-file": other.tls_ca_file}, {"ca-file": None}):
        with (
            dask.config.set({f"distributed.comm.tls.{name}": value for name, value in keys.items()}),
            pytest.raises(EngineError, match="certificates"),
        ):
            Engine.start()


def test_work_begins_on_the_first_worker_that_is_free_or_joins(connect, begun, tmp_path):
    engine = connect(2, processes=False, resources=RESOURCES, protocol="tls://")
    diary = tmp_path / "diary"
    diary.mkdir()

    def where() -> dict[str, str]:
        texts = {path.name: path.read_text() for path in sorted(diary.iterdir())}
        return {name: text for name, text in texts.items() if text}  # a file is there before its text

    asked = {name: engine.call_reporting(name, _hold, str(diary / name)) for name in "abcd"}
    until(lambda: len(where()) == 2)
    assert len(set(where().values())) == len(set(where()) & set("ab")) == 2
    engine.cancel("b")
    until(lambda: "c" in where())
    assert where()["c"] == where()["b"]
    assert engine.call_reporting("other", sum, [1, 2], resource="files").result(timeout=PATIENCE) == 3

    begun[0].scale(3)
    until(lambda: "d" in where())
    assert len({where()[name] for name in "acd"}) == 3
    for name in asked:
        engine.cancel(name)


def _hold(path: str, *, report: Report) -> None:
    Path(path).write_text(get_worker().address)
    _count_for_ever(report=report)


def test_two_workers_share_an_extraction(connect, store, monkeypatch):
    """A worker begins with its last images, so the first chunk is there only if another worker stored it."""
    alone, encoders = features.extract, []

    def patient(dataset, rows, encoder, *, report, **more):
        def wait(progress: Progress) -> None:
            if progress.stage == "extract" and progress.done:
                until(lambda: not features.missing(dataset, rows[rows < features.CHUNK], encoder))
            report(progress)

        encoders.append(encoder)
        return alone(dataset, rows, encoder, report=wait, **more)

    monkeypatch.setattr(features, "extract", patient)
    engine = connect(2, processes=False, resources=RESOURCES, protocol="tls://")
    run_id = engine.submit(RunConfig(backbone="Tiny", method="knn", n_train=1500, n_test=500))
    until(lambda: runs.get(run_id).status in runs.ENDED)
    assert runs.get(run_id).status == "finished"
    shared = engine.call_reporting("vectors", _vectors).result(timeout=PATIENCE)
    assert len(encoders) == 3
    features.clear()
    monkeypatch.setattr(features, "extract", alone)
    np.testing.assert_allclose(_vectors(), shared, atol=1e-5)


def _vectors(*, report: Report = silent) -> np.ndarray:
    sample = datasets.load(datasets.SAMPLE)
    rows, encoder = np.arange(len(sample.images)), features.Encoder("Tiny", "untrained", 16)
    return features.extract(sample, rows, encoder, report=report).values


def test_a_queued_run_that_is_stopped_leaves_the_scheduler_too(connect):
    engine = connect(1, processes=False, resources=RESOURCES, protocol="tls://")
    engine.call_reporting("busy", _count_for_ever, resource="train")
    until(lambda: engine.progress("busy"))
    run_id = engine.submit(LONG)
    until(lambda: engine._has(run_id))
    engine.stop(run_id)
    assert runs.get(run_id).status == "stopped"
    until(lambda: not engine._has(run_id))
    engine.cancel("busy")


def test_two_runs_are_done_by_two_workers_at_once_and_a_third_after_the_death_of_one(connect):
    engine = connect(2, resources=RESOURCES)
    first, second, third = (engine.submit(LONG) for _ in range(3))
    until(lambda: all(runs.get(run_id).progress for run_id in (first, second)))
    assert [runs.get(run_id).status for run_id in (first, second, third)] == ["running", "running", "queued"]
    pids, works = engine._client.run(os.getpid), engine._client.processing()
    (killed,) = (pids[worker] for worker, keys in works.items() if any(key.startswith(first) for key in keys))
    os.kill(killed, signal.SIGKILL)
    until(lambda: runs.get(third).status == "running")
    assert (runs.get(first).status, runs.get(first).error) == ("interrupted", DIED)
    for run_id in (second, third):
        engine.stop(run_id)
    until(lambda: {runs.get(run_id).status for run_id in (second, third)} == {"stopped"})


@pytest.fixture
def command(store, tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a process of a cluster as its README says, with changes of its environment."""
    begun: list[subprocess.Popen] = []

    def command(*arguments: str, **changes: str) -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | changes
        line = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
        begun.append(subprocess.Popen(line, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL))
        return begun[-1]

    yield command
    for process in reversed(begun):
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_run_whose_scheduler_restarts_is_interrupted_with_the_reason_and_resumed_on_the_new_one(command, monkeypatch):
    address = f"tcp://127.0.0.1:{(port := free_port())}"
    worker = ("worker", address, *OFFERS)
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)

    scheduler = command("scheduler", "--port", str(port))
    command(*worker)
    until(lambda: _connects())
    engine = Engine.start()
    until(lambda: engine.places("train"))
    engine.call(sum, [1, 2]).result(timeout=PATIENCE)  # once it has imported what it needs
    run_id = engine.submit(LONG)
    question = engine.call(time.sleep, PATIENCE)
    engine.call_reporting("counting", _count_for_ever)
    until(lambda: engine.progress("counting"))
    until(lambda: runs.get(run_id).progress)
    scheduler.kill()
    scheduler.wait(PATIENCE)
    until(lambda: question.cancelled())
    with pytest.raises(EngineError, match=r"No scheduler answers|The connection to tcp://.* was lost"):
        engine.call(sum, [1, 2])
    assert engine.progress("counting") is None

    command("scheduler", "--port", str(port))
    command(*worker)
    until(lambda: runs.get(run_id).status == "interrupted")
    assert runs.get(run_id).error == LOST
    until(lambda: _places(engine))
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3
    engine.resume(run_id)
    until(lambda: runs.get(run_id).progress)
    engine.stop(run_id)
    until(lambda: runs.get(run_id).status == "stopped")
    engine.close()


def test_what_a_lost_worker_had_begun_ends_at_once_and_what_waits_says_that_there_is_none(command, monkeypatch):
    address = f"tcp://127.0.0.1:{(port := free_port())}"
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    command("scheduler", "--port", str(port))
    worker = command("worker", address, *OFFERS, "--no-nanny")
    until(lambda: _connects())
    engine = Engine.start()
    until(lambda: engine.places("train"))
    begun = engine.submit(LONG)
    counting = engine.call_reporting("counting", _count_for_ever)
    until(lambda: runs.get(begun).progress and engine.progress("counting"))
    terminal = subprocess.Popen(
        [sys.executable, "-m", "core", "run", "--backbone", "Tiny", "--n-train", "100", "--n-test", "50"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )
    until(lambda: len(runs.rows()) == 2)
    worker.kill()
    until(lambda: runs.get(begun).status == "interrupted")
    assert runs.get(begun).error == DIED
    until(lambda: counting.cancelled())
    assert any(line.startswith(f"waiting: No worker of {address} is connected") for line in terminal.stderr)
    terminal.send_signal(signal.SIGINT)
    assert terminal.communicate(timeout=PATIENCE)[1] == "stopped\n"
    assert sorted(run.status for run in runs.rows()) == ["interrupted", "stopped"]
    engine.close()


def test_a_scheduler_without_this_program_is_said(command, monkeypatch):
    address = f"tcp://127.0.0.1:{(port := free_port())}"
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    command("scheduler", "--port", str(port), PYTHONPATH="")
    until(lambda: _connects())
    engine = Engine.start()
    with pytest.raises(EngineError, match=f"The scheduler {address} cannot import this program"):
        engine.submit(LONG)
    engine.close()


def test_a_worker_without_this_program_its_packages_or_the_home_folder_is_named_before_it_is_given_a_run(
    command, monkeypatch, tmp_path
):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['mlflow'] = None")  # as if not installed
    changes = {
        "cannot import this program": {"PYTHONPATH": ""},
        "lacks the packages mlflow": {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        "does not share the home folder": {"BACKBONE_LAB_HOME": str(tmp_path / "another")},
    }
    address = f"tcp://127.0.0.1:{(port := free_port())}"
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    command("scheduler", "--port", str(port))
    command("worker", address, *OFFERS)  # which has all of it
    until(lambda: _connects())
    engine = Engine.start()
    until(lambda: _places(engine))
    engine.call(sum, [1, 2]).result(timeout=PATIENCE)  # once it has warmed up
    for lack, changed in changes.items():
        worker = command("worker", address, *OFFERS, "--no-nanny", **changed)
        until(lambda: _places(engine) == 2)
        with pytest.raises(EngineError, match=f"The worker {address.rpartition(':')[0]}.* {lack}"):
            engine.submit(LONG)
        worker.terminate()
        until(lambda: _places(engine) == 1)
    assert runs.rows() == []
    engine.close()


def _count_for_ever(*, report: Report) -> None:
    for done in itertools.count():
        report(Progress("count", done, 0, "steps"))
        time.sleep(0.01)


def _connects() -> bool:
    try:
        engine = Engine.start()
    except EngineError:
        return False
    engine.close()
    return True


def _places(engine: Engine) -> int:
    try:
        return engine.places("train")
    except EngineError:
        return 0


def test_the_local_scheduler_refuses_who_has_not_its_keys(engine: Engine):
    address = engine._cluster.scheduler_address
    assert address.startswith("tls://127.0.0.1:")

    async def knock(url: str, security: Security) -> None:
        opened = await comm.connect(url, timeout=5, **security.get_connection_args("client"))
        await opened.close()

    event_loop.run(knock(address, engine._client.security))
    for url, security in (
        (address.replace("tls://", "tcp://"), Security()),
        (address, Security()),
        (address, Security.temporary()),
    ):
        with pytest.raises((OSError, TypeError)):
            event_loop.run(knock(url, security))
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3


def test_the_local_engine_listens_on_this_machine_only_and_has_no_status_page(engine: Engine):
    pid = engine.call(os.getpid).result(timeout=PATIENCE)
    cluster = engine._cluster
    urls = [cluster.scheduler_address, *(nanny.address for nanny in cluster.workers.values())]
    ours = {
        cluster.scheduler.http_server.port,
        *(urlsplit(url).port for url in urls),
    }  # of this process; other tests have more
    here = [door for door in psutil.Process().net_connections() if door.laddr.port in ours]
    doors = [door for door in here + psutil.Process(pid).net_connections() if door.status == psutil.CONN_LISTEN]
    assert ours < {door.laddr.port for door in doors}
    assert {door.laddr.ip for door in doors} == {"127.0.0.1"}
    for door in doors:
        for page in ("", "info/main/workers.html", "json/counts.json", "status", "metrics"):
            with pytest.raises(OSError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{door.laddr.port}/{page}", timeout=PATIENCE)
            assert getattr(refused.value, "code", 404) == 404


@pytest.mark.parametrize(
    ("address", "open_to_others"),
    [
        ("", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("localhost:8786", False),
        ("inproc://10.0.0.1/12/1", False),
        ("tls://lab.example:8786", False),
        ("tcp://lab.example:8786", True),
        ("tcp://10.0.0.1:8786", True),
        ("10.0.0.1:8786", True),
        ("ws://lab.example:8786", True),
    ],
)
def test_a_scheduler_that_others_can_use_is_known_by_its_address(address, open_to_others, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    assert settings.scheduler_is_open() == open_to_others
