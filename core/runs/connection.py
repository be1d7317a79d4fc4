"""The connection to a run store (MLflow): checked before it is opened, and its errors in one sentence each.

MLflow itself waits for a server that does not answer for a quarter of an hour, as a worker should, and visitors should
not (`answer_soon`); and upgrades an old SQLite file without a copy.
"""

import functools
import logging
import os
import re
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from core import garbage, hardware, settings, storage
from core.errors import NoAnswer, StoreError
from core.runs import backups

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

EXPERIMENT = "Backbone Lab"
ANSWER = 4  # seconds that a server may take to answer a visitor
ASK_AGAIN = 1  # seconds until a server that did not answer is asked again
SUPPORTED = "sqlite:///FILE, or the address of a running MLflow server such as http://HOST:5000"
SHARED = (
    "{path} is on a network share ({kind}), where two programs that write to an SQLite file can damage it: write from "
    "one machine only, or start an MLflow server and set MLFLOW_TRACKING_URI to its address"
)
HOME_INSTEAD = "unset MLFLOW_TRACKING_URI to keep runs in the home folder"

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # it logs the traceback of each error that it also raises
}
# A connection to a file that was replaced, or whose share was away, is dead: each call opens it anew, in a millisecond.
_OF_FILES = {"MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool"}
_OF_POOLS = ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW")  # which NullPool refuses

# MLflow reads these at each request. It would repeat a request that was not answered, and so could do it twice.
_FOR_VISITORS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": str(ANSWER), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
_AS_MLFLOW_HAS_IT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "120", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7"}
# In MLflow's words, of which "with error code" is an answer, and so is "too many 500 error responses" after one.
_UNANSWERED = re.compile(
    r"(?!.*too many 500 error)(.*API request to \S+ failed with (timeout )?exception|.*timed out)", re.S
)
REFUSED = "nothing was lost, and nothing was changed, so do it again then"
_READS = ("get_", "search_", "list_", "download_")

_copies: list[Path] = []
_shortened: set[str] = set()  # names of _FOR_VISITORS that this process has set
logger = logging.getLogger(__name__)


class Client:
    """MLflow's client, whose errors are StoreErrors.

    A file has one writer at a time, so its calls are made one after the other rather than waiting for its lock. A
    server that does not answer visitors is asked again in the background, and until it answers all else is refused.
    """

    def __init__(self, uri: str):
        from mlflow.tracking import MlflowClient

        self._uri, self.mlflow = uri, MlflowClient(uri)
        self._turn = threading.RLock() if file_of(uri) else nullcontext()
        self._asking, self._lock = False, threading.Lock()

    def __getattr__(self, name: str) -> Callable:
        method = getattr(self.mlflow, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            reads = name.startswith(_READS)
            if self._asking:
                raise _no_answer(self._uri, "nothing was lost" if reads else REFUSED)
            try:
                with self._turn, in_words(self._uri):
                    return method(*args, **kwargs)
            except NoAnswer as error:
                if _shortened:
                    self._ask_again()
                if reads:
                    raise
                raise _no_answer(self._uri, "look then whether what you changed was stored") from error

        return call

    def _ask_again(self) -> None:
        with self._lock:
            if not self._asking:
                self._asking = True
                threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        """Ask until the server answers, whatever it says."""
        while True:
            try:
                with in_words(self._uri):
                    self.mlflow.get_experiment_by_name(EXPERIMENT)
                break
            except NoAnswer:
                time.sleep(ASK_AGAIN)
            except StoreError:
                break
        self._asking = False


def answer_soon() -> None:
    """Wait for a server for some seconds only, in this process, which has visitors; MLflow's own settings go first."""
    for name in _FOR_VISITORS.keys() - os.environ.keys():
        os.environ[name] = _FOR_VISITORS[name]
        _shortened.add(name)


def patience() -> dict[str, str]:
    """The environment of a process started by this one that trains, and has the patience of MLflow."""
    return {name: _AS_MLFLOW_HAS_IT[name] for name in _shortened}


@functools.cache
def connect(uri: str) -> tuple[Client, str]:
    """The client of a store and the id of our experiment in it, both made on first use.

    Raises:
        StoreError: It does not answer, is of an unknown kind or of another version of MLflow, or has our experiment
            among its deleted ones.
    """
    os.environ |= _SETTINGS | (_OF_FILES if file_of(uri) else {}) | os.environ
    for name in _OF_POOLS if file_of(uri) else ():
        os.environ.pop(name, None)
    lock = settings.folder("runs") / "mlflow.lock"
    with storage.locked(lock), in_words(uri), garbage.uncollected():  # two processes must not create the same tables
        database = file_of(uri)
        if database:
            backups.check(database)
            _check_opens(database)
            if is_ours(uri):
                _set_aside_unfinished(database)
            if kind := hardware.share(database):
                logger.warning(SHARED.format(path=database, kind=kind))
        _check_kind(uri)
        ours = is_ours(uri)
        artifacts = (settings.folder("runs") / "artifacts").as_uri() if database else None
        client = Client(uri)
        experiment = client.mlflow.get_experiment_by_name(EXPERIMENT)  # nobody has this client yet who would ask again
        if experiment is None:
            return client, client.mlflow.create_experiment(EXPERIMENT, artifact_location=artifacts)
        if experiment.lifecycle_stage == "deleted":
            raise StoreError(
                f"The experiment {EXPERIMENT!r} of the run store {_shown(uri)} was deleted, and its runs with it",
                "",
                f"Bring it back: `MLFLOW_TRACKING_URI={_shown(uri)} .venv/bin/mlflow experiments restore "
                f"--experiment-id {experiment.experiment_id}`",
            )
        if ours and database and experiment.artifact_location != artifacts:
            _follow_home(database, experiment, str(artifacts))
        if ours:
            backups.make(older_than=backups.HOUR)
    return client, experiment.experiment_id


def client() -> Client:
    """The client of the store of the settings."""
    return connect(settings.tracking_uri())[0]


def experiment() -> str:
    """The id of our experiment in the store of the settings."""
    return connect(settings.tracking_uri())[1]


def copy_before_upgrade() -> Path | None:
    """The copy that this process made of an older store before upgrading it; None: it upgraded none."""
    return _copies[-1] if _copies else None


def is_ours(uri: str) -> bool:
    """Whether a store is that of the home folder, which we back up and whose paths follow the folder."""
    return file_of(uri) == backups.database()


def file_of(uri: str) -> Path | None:
    """The file of an SQLite store; None for another kind."""
    import sqlalchemy

    if not uri.startswith("sqlite:"):
        return None
    name = sqlalchemy.make_url(uri).database
    return Path(name).absolute() if name and name != ":memory:" else None


@contextmanager
def in_words(uri: str) -> Iterator[None]:
    """Errors of a store as StoreErrors."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # each kind of store has its own
        if storage.is_full(error):
            raise StoreError(f"The disk of the run store {_shown(uri)} is full", "", "Make room on it") from error
        if not file_of(uri) and _UNANSWERED.match(str(error)) and type(error).__name__ != "RestException":  # an answer
            raise _no_answer(uri) from error
        file = getattr(error, "filename", None) or file_of(uri)
        if file and (hindrance := storage.hindrance(error)):
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"The run store cannot use {file} ({reason})", "", hindrance[1]) from error
        if isinstance(error, Warning):
            raise StoreError(
                f"Python was told to treat warnings as errors, and the run store {_shown(uri)} warned: {error}",
                "",
                "Start without PYTHONWARNINGS=error and -W error",
            ) from error
        reason = str(error).replace(uri, _shown(uri)).strip().splitlines() or [type(error).__name__]
        if "database is locked" in reason[0]:  # SQLite's words, which each library wraps in its own error
            raise StoreError(
                f"The run store {_shown(uri)} is locked: another program has been writing to it for a while",
                "a file that others write to for a moment only",
                "Close that program; a folder on another machine may not support locks: keep the home folder on "
                "a disk of this one",
            ) from error
        raise StoreError(
            f"The run store {_shown(uri)} cannot be used ({reason[0][:200].rstrip('.')})",
            SUPPORTED,
            f"Check it, or {HOME_INSTEAD}",
        ) from error


def _no_answer(uri: str, consequence: str = "nothing was lost") -> NoAnswer:
    return NoAnswer(f"The run store {_shown(uri)} does not answer", "", f"Wait until it does: {consequence}")


def _shown(uri: str) -> str:
    """The address without its password."""
    return re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", uri)  # it may be no address that `urlsplit` takes


def _check_opens(database: Path) -> None:
    """Raise the error of a file that cannot be opened or made, which MLflow would try again for 100 seconds."""
    if database.exists():
        storage.check_access(database, os.R_OK | os.W_OK)
        sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True).close()
    elif database.parent.is_dir():  # else MLflow makes it
        tempfile.TemporaryFile(dir=database.parent).close()


def _check_kind(uri: str) -> None:
    from mlflow.store.db.db_types import DATABASE_ENGINES

    scheme = uri.split(":")[0].split("+")[0].lower() if ":" in uri else ""
    if scheme in ("http", "https"):
        _check_answers(uri)
    elif scheme == "sqlite" and not file_of(uri):
        raise StoreError(f"The run store {uri} has no file, and would be lost with this process", SUPPORTED)
    elif scheme in DATABASE_ENGINES:
        _check_version(uri)
    elif scheme in ("", "file") and uri != "databricks":  # by which MLflow means a service
        raise StoreError(
            f"The run store {uri} is a folder, which MLflow no longer writes to",
            SUPPORTED,
            "Convert it with `.venv/bin/mlflow migrate-filestore`, or " + HOME_INSTEAD,
        )


def _check_answers(uri: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        http_request(
            get_default_host_creds(uri), "/health", "GET", max_retries=0, timeout=ANSWER, raise_on_status=False
        )
    except MlflowException as error:
        raise StoreError(
            f"No run store answers at {_shown(uri)}",
            "a running MLflow server",
            f"Start it, or {HOME_INSTEAD}",
        ) from error


def _check_version(uri: str) -> None:
    """Compare the version of a database's tables with that of MLflow; upgrade older tables of an SQLite file."""
    import mlflow
    import sqlalchemy
    from alembic.runtime.migration import MigrationContext
    from alembic.util import CommandError
    from mlflow.store.db import utils

    database = file_of(uri)
    if database and not database.is_file():
        return
    engine = sqlalchemy.create_engine(uri)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
        versions = _table_versions()
        if revision is None or revision == versions.get_current_head():
            return
        try:
            versions.get_revision(revision)
        except CommandError as error:
            raise StoreError(
                f"The run store {_shown(uri)} was upgraded by a newer MLflow than the one here, {mlflow.__version__}",
                f"tables of MLflow {mlflow.__version__} or older",
                "Put back a copy from before, or update MLflow here; open it with its own `mlflow ui` alone",
            ) from error
        if not database:
            raise StoreError(
                f"The run store {_shown(uri)} has the tables of an older MLflow than the one here",
                f"tables of MLflow {mlflow.__version__}",
                f"Make a copy of it, then run `.venv/bin/mlflow db upgrade {_shown(uri)}`",
            )
        _copies.append(_copied(database))
        logger.warning(
            "The run store %s has the tables of an older MLflow and is upgraded to %s, which the older one cannot "
            "open. A copy of it as it was: %s",
            database,
            mlflow.__version__,
            _copies[-1],
        )
        utils._upgrade_db(engine)  # what `mlflow db upgrade` calls
    finally:
        engine.dispose()


@functools.cache  # reading some sixty migrations
def _table_versions() -> "ScriptDirectory":
    """All versions that the tables of MLflow have had."""
    import mlflow
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))


def _set_aside_unfinished(database: Path) -> None:
    """Rename a store whose first start was killed: with tables, but without the experiment that MLflow adds last."""
    unfinished = False
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        begun = "experiments" in tables and connection.execute("SELECT 1 FROM experiments").fetchone()
        unfinished = bool(tables) and not begun
    if unfinished:  # Windows renames no file that is open
        aside = backups.set_aside(database, "unfinished")
        logger.warning("The run store %s was not finished, and has no runs: it is now %s", database, aside)


def _copied(database: Path) -> Path:
    """A copy of an SQLite file beside it."""
    copy = database.with_name(f"{database.stem}-copy-of-{datetime.now():%Y-%m-%d-%H%M%S}{database.suffix}")
    backups.copy(database, copy)
    return copy


def _follow_home(database: Path, experiment: Any, artifacts: str) -> None:
    """Correct the paths of artifacts in the store of a home folder that was moved: MLflow stores absolute ones.

    Its own interface cannot change them (mlflow#3144).
    """
    before = experiment.artifact_location.rstrip("/")
    if urlsplit(before).scheme != "file":
        return
    exists = os.path.exists  # that of `Path` raises for a folder in one that this user may not open
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        ours = (int(experiment.experiment_id),)
        listed = connection.execute("SELECT run_uuid, artifact_uri FROM runs WHERE experiment_id = ?", ours).fetchall()
        for run_id, uri in listed:
            now = artifacts + uri.removeprefix(before)
            if uri.startswith(f"{before}/") and (exists(_folder(now)) or not exists(_folder(uri))):
                connection.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (now, run_id))
        connection.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (artifacts, *ours))


def _folder(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))
