"""What every test starts from: an empty home folder, quiet libraries, fast tests first."""

import functools
import gc
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.browser import report

if TYPE_CHECKING:
    from core.engine import Engine
    from tests.loopback_hub import Hub

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NUMBA_NUM_THREADS",
)
MEMORY = 6 * 10**9  # bytes of a worker and of what it starts
MUCH = 50 * 10**6  # bytes that a test may leave uncollected
ROOT = Path(__file__).parent.parent
SHARED_WEIGHTS = ROOT.parent / "shared" / "weights"
COMPUTED = ("networks",)  # folders of the home folder that tests share: networks converted for OpenVINO
SHARED = ("features", "near-duplicates")  # those that they may share


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: nothing of the user's own home or settings is read or written."""
    scratch = tempfile.TemporaryDirectory(prefix="backbone-lab-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(scratch.cleanup)
    config.pluginmanager.register(report)  # not in the browser's own conftest, which workers alone read
    for name in [*filter(lambda name: name.startswith("BACKBONE_LAB_"), os.environ), "MLFLOW_TRACKING_URI"]:
        os.environ.pop(name, None)
    os.environ |= {
        "BACKBONE_LAB_HOME": f"{scratch.name}/home",  # for fixtures that outlive a test; each test has its own, below
        "KERAS_HOME": f"{scratch.name}/keras",  # Keras writes keras.json there as soon as it is imported
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # as in the product, where the run store sets it before MLflow is imported
    }
    gc.disable()  # until all is imported
    gc.set_threshold(700, 10, 50)  # not 10: a full collection of what Keras leaves takes a tenth of all tests
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # each computes on its share of the processor
        threads = str(max(1, (os.cpu_count() or 1) // int(workers)))
        os.environ |= dict.fromkeys(THREADS, threads)


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look at it."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, so that a small mistake shows early; then the browser journeys, which mostly wait."""
    items.sort(key=lambda item: 1 if "browser" in item.keywords else 2 if "slow" in item.keywords else 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A worker for each core and one more, since one waits for browsers and servers: as many as fit into memory."""
    return max(1, min((os.cpu_count() or 1) + 1, psutil.virtual_memory().total // MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Several workers take whole files in the order above, and one worker all browser journeys."""
    if config.getvalue("dist") != "load":  # as `--numprocesses` alone sets it
        return None
    from xdist.scheduler import LoadScopeScheduling

    class InOrder(LoadScopeScheduling):
        """A unit of work is the fast tests of a file, or its slow ones."""

        units: dict[str, str] | None = None

        def _split_scope(self, nodeid: str) -> str:
            if self.units is None:
                units = itertools.groupby(self.collection, key=_file)
                self.units = {test: f"{number} {file}" for number, (file, tests) in enumerate(units) for test in tests}
            return self.units[nodeid]

    config.option.loadscopereorder = False
    return InOrder(config, log)


def _file(nodeid: str) -> str:
    """The file of a test; the folder, for the browser's."""
    file = nodeid.partition("::")[0]
    return "tests/browser" if file.startswith("tests/browser/") else file


@pytest.fixture(scope="session")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of what follows from the code alone, for all workers: each test would compute the same again."""
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "computed"
    for name in (*COMPUTED, *SHARED):
        (path / name).mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, computed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, empty but for what is computed once."""
    path = tmp_path / "home"
    path.mkdir()
    for name in COMPUTED:
        (path / name).symlink_to(computed / name, target_is_directory=True)
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(path))
    return path


@pytest.fixture
def shared_results(home: Path, computed: Path) -> None:
    """The test shares results with others of its kind: those of the whole sample take seconds."""
    for name in SHARED:
        (home / name).symlink_to(computed / name, target_is_directory=True)


@pytest.fixture(autouse=True)
def garbage_goes() -> Iterator[None]:
    """Networks are cycles, which are found late, and TensorFlow keeps the memory that it once took."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    if process.memory_info().rss > before + MUCH:
        gc.collect()


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit leaves the page it ran as `__main__`, which the next Dask worker to be spawned would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """A folder of published Keras weights beside the repository, on machines that have one."""
    if not SHARED_WEIGHTS.is_dir():
        pytest.skip(f"published Keras weights are not in {SHARED_WEIGHTS}")
    return SHARED_WEIGHTS


@pytest.fixture(scope="session")
def components_found_once() -> Iterator[None]:
    """AppTest looks for components in all installed packages, for each page anew, which takes longer than the page."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        name = "scan_component_manifests"
        patch.setattr(manifest_scanner, name, functools.cache(getattr(manifest_scanner, name)))
        yield


@pytest.fixture(scope="session")
def our_config() -> None:
    """Streamlit's settings as the dashboard has them: it looks for the file beside the script that it runs."""
    from streamlit import config

    config._main_script_path = str(ROOT / "dashboard" / "app.py")
    config.get_config_options(force_reparse=True)


@pytest.fixture(scope="session")
def empty_store(computed: Path) -> Path:
    """An MLflow database with its tables and no runs: making the tables takes seconds, copying them none."""
    from filelock import FileLock
    from mlflow.tracking import MlflowClient

    path = computed / "mlflow.db"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="session")
def stores_opened_quickly() -> Iterator[None]:
    """MLflow reads its 60 migrations for each store that it opens, and SQLite waits for the disk after each change."""
    import sqlalchemy
    from mlflow.store.db import utils

    def leave_to_system(connection, _record) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    with pytest.MonkeyPatch.context() as patch:
        name = "_get_latest_schema_revision"
        patch.setattr(utils, name, functools.cache(getattr(utils, name)))
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", leave_to_system)
        yield
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", leave_to_system)


@pytest.fixture(scope="session")
def forked_workers() -> Iterator[None]:
    """Workers of clusters here are forked from a process that has imported what each needs: four seconds of work."""
    from dask import config
    from distributed.utils import get_mp_context

    settings = {
        "distributed.worker.multiprocessing-method": "forkserver",
        "distributed.nanny.environ.BACKBONE_LAB_HOME": "",  # that of the test, not of the process they are forked from
        "distributed.deploy.lost-worker-timeout": "0s",  # not 15: a dead worker is given up at once, unless told not to
    }
    with config.set(settings):
        get_mp_context().set_forkserver_preload(["core.engine", "keras", "scipy.optimize", "mlflow.tracking"])
        yield


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, empty_store: Path, forked_workers: None) -> Iterator["Engine"]:
    """A local engine with a worker that is a process of its own, on a home folder of the module's own."""
    from core.engine import Engine

    home = tmp_path_factory.mktemp("home")
    (home / "runs").mkdir()
    shutil.copy(empty_store, home / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKBONE_LAB_HOME", str(home))
        patch.setattr("core.tasks.warm_maps", bool)  # which would take each new worker seconds of a processor
        engine = Engine.start()
        yield engine
        engine.close()


@pytest.fixture
def hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Hub"]:
    """Hugging Face on this machine, with ToyCLIP's files as those of CLIPViTB32, which has its shape."""
    from core import backbones, download
    from core.backbones.clip.towers import SHAPES
    from tests import loopback_hub

    toy = {key: getattr(backbones.get("ToyCLIP"), key) for key in ("default_size", "min_size", "max_size")}
    monkeypatch.setitem(SHAPES, "CLIPViTB32", SHAPES["ToyCLIP"])
    monkeypatch.setitem(backbones.BACKBONES, "CLIPViTB32", replace(backbones.get("CLIPViTB32"), **toy))
    monkeypatch.setattr(download, "WAITS", (0, 0, 0, 0))
    monkeypatch.setattr(download, "REPORT_EVERY", 0.01)
    with loopback_hub.running(loopback_hub.folder(loopback_hub.TOY, loopback_hub.REPOSITORY)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(home / "hugging-face"))
        yield hub


@pytest.fixture
def store(home: Path, empty_store: Path, stores_opened_quickly: None) -> Path:
    """The test's own empty run store; returns its database."""
    path = home / "runs" / "mlflow.db"
    path.parent.mkdir(parents=True)
    shutil.copy(empty_store, path)
    return path
