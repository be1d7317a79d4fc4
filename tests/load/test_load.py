"""A small load on a real server by real websockets: facts that hold however busy the machine is."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import runs
from tests import event_loop
from tests.load import measure
from tests.load.server import ROOT, Held, Server, started

pytestmark = pytest.mark.slow

SESSIONS = 3
COMINGS = 12  # visitors who come and go, several times
PER_SESSION = 5e6  # bytes
KEPT = 1e6  # bytes that each who left may leave behind: the allocator keeps some of them
FORGOTTEN = 1  # seconds for which the server keeps what a closed tab had


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("load") / "home"
    subprocess.run(
        [sys.executable, "-m", "tests.load.home", "2"],
        cwd=ROOT,
        env=os.environ | {"BACKBONE_LAB_HOME": str(home)},
        check=True,
    )
    return home


@pytest.fixture(scope="module")
def server(used_home: Path) -> Iterator[Server]:
    with started(used_home, used_home / "server.log", f"--server.disconnectedSessionTTL={FORGOTTEN}") as server:
        event_loop.run(measure.settle(server, measure.ALONE))
        yield server


@pytest.fixture(autouse=True)
def home(used_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's home folder is that of the test, too."""
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(used_home))
    return used_home


def test_every_page_comes_to_every_visitor_and_none_has_an_error(server: Server) -> None:
    load = event_loop.run(measure.visit(server, SESSIONS, measure.ALONE, pause=0.2))
    assert load.missing == []
    assert load.errors == []
    assert sorted(page.headings[0] for page in load.pages) == sorted(["Train", "Maps", "Run"] * SESSIONS)
    assert server.uncaught() == ""


def test_pages_come_beside_a_run_which_every_open_page_follows(server: Server) -> None:
    load = event_loop.run(measure.visit(server, SESSIONS, ["train", "run"], pause=1.0, epochs=2))
    assert (load.missing, load.errors) == ([], [])
    assert load.polls > 0
    assert load.run_seconds is not None
    assert [run.status for run in runs.rows() if run.config.method == "scratch"] == ["finished"]


def test_visitors_who_left_leave_nothing_behind(server: Server) -> None:
    held = []
    for seed in range(5):
        load = event_loop.run(measure.visit(server, COMINGS, measure.ALONE, pause=0.2, seed=seed))
        assert (load.missing, load.errors) == ([], [])
        assert load.memory < COMINGS * PER_SESSION
        held.append(_after_all_left(server))
    added = [after.objects - before.objects for before, after in itertools.pairwise(held)]
    assert min(added) < COMINGS, f"{added} objects, after each {COMINGS} visitors"
    assert held[-1].memory - held[1].memory < (len(held) - 2) * COMINGS * KEPT, held


def _after_all_left(server: Server) -> Held:
    """What the server holds when it has forgotten all tabs but the latest; it forgets when another one is closed."""
    for _ in range(10):
        time.sleep(FORGOTTEN)
        event_loop.run(measure.visit(server, 1, ["train"], pause=0.0))
        if (held := server.collect()).sessions <= 1:
            return held
    raise AssertionError(f"The server keeps {held.sessions} tabs that were closed")
