"""The dashboard in this process: a store with real runs of Tiny, and a worker that is a thread."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from core import execute, runs
from core.cluster import RESOURCES, THREADS
from core.config import RunConfig
from dashboard.server import engine as engines
from dashboard.server import once

if TYPE_CHECKING:
    from distributed import LocalCluster

PATIENCE = 400  # seconds for a page to show what is waited for, on a busy machine
ROOT = Path(__file__).parent.parent.parent
TINY = {"backbone": "Tiny", "n_train": 200, "n_test": 100}
CONFIGS = (
    RunConfig(**TINY),
    RunConfig(**TINY, method="linear-adam", epochs=2),
    RunConfig(**TINY, weights="/nowhere/weights.h5"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts the whole dashboard, and counts as slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("slow")


@contextmanager
def another_home(folder: Path, database: Path) -> Iterator[None]:
    """Inside, this empty folder is the home, with a copy of this database as its run store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKBONE_LAB_HOME", str(folder))
        (folder / "runs").mkdir()
        shutil.copy(database, folder / "runs" / "mlflow.db")
        yield


def take_over(made: Path, home: Path) -> None:
    """Begin with the runs of another home folder, and with copies of their files. No run may have been read before."""
    shutil.copytree(made / "runs", home / "runs", dirs_exist_ok=True)


@pytest.fixture(scope="session")
def finished_store(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Path, list[str]]:
    """A database and its runs: finished by a linear head, finished by the same epoch by epoch, failed, stopped."""
    home = tmp_path_factory.mktemp("runs-of-tiny")
    with another_home(home, empty_store):
        made = [runs.create(config) for config in CONFIGS]
        for run_id in made:
            execute.perform(run_id)
        made.append(runs.create(CONFIGS[0]))
        runs.end(made[-1], "stopped")
    return home / "runs" / "mlflow.db", made


@pytest.fixture(scope="session")
def cluster() -> Iterator["LocalCluster"]:
    """A cluster whose only worker is a thread of this process."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),  # as `Engine.start` does
        LocalCluster(
            n_workers=1,
            threads_per_worker=THREADS,
            resources=RESOURCES,
            processes=False,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def scheduler(cluster: "LocalCluster") -> Iterator[str]:
    """Address of the cluster; a test's tasks end with it, since they would write to the home folder of the next."""
    yield cluster.scheduler_address
    deadline = time.monotonic() + PATIENCE
    while running := [key for worker in cluster.workers.values() for key in worker.active_threads.values()]:
        assert time.monotonic() < deadline, f"still running: {running}"
        time.sleep(0.05)


@pytest.fixture
def used(store: Path, finished_store: tuple[Path, list[str]]) -> list[str]:
    """A home folder in which runs were made; their ids, oldest first: finished twice, failed, stopped."""
    database, made = finished_store
    shutil.copy(database, store)
    return list(made)


@pytest.fixture
def visit(
    scheduler: str, store: Path, our_config: None, components_found_once: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AppTest]]:
    """visit("train", method="knn") opens a page of a server that has just been started, and waits for its store."""
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", scheduler)
    monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", "everyone")
    monkeypatch.setattr(engines, "FIRST_PAINT", 0)  # no browser loads the page meanwhile
    monkeypatch.setattr("core.tasks.warm_maps", bool)  # a map that is drawn does it
    # After every script run Streamlit resets Keras, if that is in its process: only here it is, and may be at work.
    monkeypatch.setattr(script_runner, "_clean_problem_modules", lambda: None)

    def open_page(name: str = "home", **address: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
        page.query_params.update(address)
        if name != "home":
            page.switch_page(str(ROOT / "pages" / f"{name}.py"))
        page.run()
        return wait(page, lambda: not page.get("skeleton"))

    yield open_page
    st.cache_data.clear()
    st.cache_resource.clear()
    once.close_all()


def said(page: AppTest) -> str:
    """All sentences and captions of a page."""
    return " ".join(text.value for text in [*page.main.markdown, *page.main.caption])


def wait(page: AppTest, done: Callable[[], bool]) -> AppTest:
    """Look again, as the page's fragments do, until it shows what is waited for."""
    deadline, pause = time.monotonic() + PATIENCE, 0.1
    while not done():
        assert time.monotonic() < deadline, said(page)
        time.sleep(pause)
        pause = min(1.3 * pause, 1.0)  # drawing a page takes the worker, which is in this process, its time
        page.run()
    assert not page.exception
    return page
