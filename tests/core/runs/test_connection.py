"""The connection to a run store: what cannot be used is one sentence, within seconds; a moved home follows."""

import errno
import os
import shutil
import socket
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core import execute, runs, settings, storage
from core.config import RunConfig
from core.errors import NoAnswer, StoreError
from core.runs import connection
from tests import mlflow_server, modes

TINY = RunConfig(backbone="Tiny", input_size=32, n_train=40, n_test=20)


def change(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as file, file:
        file.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("file:{home}/mlruns", "is a folder.*mlflow migrate-filestore"),
        ("{home}/mlruns", "is a folder"),
        ("databricks", "databricks cannot be used"),
        ("sqlite://", "has no file.*Expected sqlite:///FILE"),
        ("foo://bar", "foo://bar cannot be used.*MLFLOW_TRACKING_URI"),
        ("sqlite:///{home}/text.db", "file is not a database"),
        ("sqlite:///{home}", "unable to open database file"),
        ("http://[::1", r"http://\[::1"),
        ("HTTP://[::1", "No run store answers at HTTP"),
        ("oracle://me:secret@host/runs", r"me:\*\*\*@host"),
        ("oracle://me:secret@secret@host/runs", r"me:\*\*\*@host"),
        ("sqlite:///{home}/new.db?unknown=1", "new.db"),
    ],
)
def test_a_store_of_no_supported_kind_is_one_sentence(home, monkeypatch, uri, words):
    home.mkdir(exist_ok=True)
    (home / "text.db").write_text("hello\n" * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(home=home))
    with pytest.raises(StoreError, match=words) as caught:
        runs.rows()
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)
    assert not (home / "new.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_store_of_another_user_is_said_with_its_remedy(store):
    with modes.denied(store), pytest.raises(StoreError, match=f"cannot use {store} .*Give this user") as raised:
        runs.rows()
    assert "MLFLOW_TRACKING_URI" not in str(raised.value)
    assert runs.rows() == []


def test_a_firewall_that_refuses_a_connection_is_no_matter_of_files():
    refused = PermissionError(errno.EPERM, "Operation not permitted")
    answer = Exception("API request to http://host/api failed with exception Operation not permitted")
    answer.__cause__ = refused
    for error, kind in ((refused, StoreError), (answer, NoAnswer)):
        with pytest.raises(kind) as raised, connection.in_words("http://host:5000"):
            raise error
        assert "None" not in str(raised.value) and storage.ALLOW not in str(raised.value)


def test_a_store_on_a_file_system_that_is_read_only_says_so(tmp_path):
    file = tmp_path / "runs.db"
    with pytest.raises(StoreError) as raised, connection.in_words(f"sqlite:///{file}"):
        raise OSError(errno.EROFS, "Read-only file system", str(file))
    assert str(raised.value) == f"The run store cannot use {file} (Read-only file system). {storage.WAIT}."


def test_a_store_whose_disk_is_full_says_so(tmp_path):
    with closing(sqlite3.connect(tmp_path / "runs.db")) as file, pytest.raises(StoreError) as raised:
        file.execute("create table texts (text)")
        file.execute("pragma max_page_count = 3")
        with connection.in_words(f"sqlite:///{tmp_path}/runs.db"):
            file.execute("insert into texts values (?)", ["x" * 100_000])
    assert str(raised.value) == f"The disk of the run store sqlite:///{tmp_path}/runs.db is full. Make room on it."


def test_warnings_that_are_errors_are_named_as_the_reason(home):
    said = r"treat warnings as errors.*is old.*Start without PYTHONWARNINGS=error"
    with pytest.raises(StoreError, match=said), connection.in_words(f"sqlite:///{home}/runs.db"):
        raise DeprecationWarning("it is old")


def test_a_server_that_is_not_there_is_said_at_once(home, monkeypatch):
    with socket.socket() as taken:  # bound, but not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{taken.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"No run store answers at http://127\.0\.0\.1"):
            runs.rows()
    assert time.monotonic() - started < 60  # MLflow alone tries for four minutes


@pytest.fixture
def server(home, monkeypatch):
    """A store that is connected, in a process with visitors, whose patience is shortened further."""
    monkeypatch.setattr(connection, "_shortened", set())
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.05)
    monkeypatch.setattr(connection, "_FOR_VISITORS", connection._FOR_VISITORS | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"})
    for name in connection._FOR_VISITORS:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    with mlflow_server.running() as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
        connection.answer_soon()
        assert runs.rows() == []
        yield server


def until(true) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def answers() -> bool:
    try:
        return runs.rows() == []
    except NoAnswer:
        return False


@pytest.mark.slow
def test_a_server_that_ceases_to_answer_is_said_and_asked_again_in_the_background(server):
    server.thawed.clear()
    with pytest.raises(NoAnswer, match=rf"^The run store {server.url} does not answer\. Wait until it does"):
        runs.rows()
    asked = server.asked.count("runs/search")
    for _ in range(3):
        with pytest.raises(NoAnswer):  # at once: nobody else waits
            runs.rows()
    assert server.asked.count("runs/search") == asked
    server.thawed.set()
    until(answers)


@pytest.mark.slow
def test_a_change_that_was_not_answered_is_in_doubt_and_not_repeated(server):
    server.thawed.clear()
    with pytest.raises(NoAnswer, match="look then whether what you changed was stored"):
        connection.connect(server.url)[0].set_tag("a" * 32, "note", "new")
    with pytest.raises(NoAnswer, match="nothing was lost"):  # nothing was sent
        connection.connect(server.url)[0].set_tag("a" * 32, "note", "newer")
    server.thawed.set()
    until(lambda: "runs/set-tag" in server.done and answers())
    assert server.done.count("runs/set-tag") == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 500])
def test_an_error_is_an_answer_and_nobody_else_is_refused(server, status):
    server.failing = {"runs/set-tag": status}
    with pytest.raises(StoreError) as caught:
        connection.connect(server.url)[0].set_tag("a" * 32, "note", "new")
    assert not isinstance(caught.value, NoAnswer)
    assert runs.rows() == []


@pytest.mark.slow
def test_a_run_that_could_not_be_stored_whole_is_withdrawn_when_the_server_answers(server):
    server.refused = {"runs/log-batch", "experiments/get-by-name"}
    server.thawed.clear()
    with pytest.raises(NoAnswer):
        runs.create(TINY)
    server.thawed.set()
    until(lambda: "runs/delete" in server.done)
    assert server.done.count("runs/create") == server.done.count("runs/log-batch") == 1
    assert server.done.index("runs/log-batch") < server.done.index("runs/delete")


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 500])
def test_a_run_whose_creation_was_refused_in_the_middle_is_withdrawn(server, status):
    server.failing = {"runs/update": status}  # it has its tags by then, and would be queued for ever
    with pytest.raises(StoreError):
        runs.create(TINY)
    until(lambda: "runs/delete" in server.done)


@pytest.mark.slow
def test_a_run_is_withdrawn_although_the_server_refuses_that_for_a_while(server):
    server.failing = {"runs/update": 500, "runs/delete": 500}
    with pytest.raises(StoreError):
        runs.create(TINY)
    until(lambda: "runs/delete" in server.done)
    server.failing, server.done = {}, []
    until(lambda: "runs/delete" in server.done)


@pytest.mark.slow
def test_all_runs_of_a_server_come_in_pages_of_which_each_is_answered_soon(server):
    params = [{"key": key, "value": str(value)} for key, value in asdict(TINY).items()]
    data = {"params": params, "tags": [{"key": "backbone_lab.status", "value": "queued"}]}
    ids = [f"{number:032x}" for number in range(450)]
    server.runs = [{"info": mlflow_server.RUN["info"] | {"run_id": run_id}, "data": data} for run_id in ids]
    server.asked.clear()
    assert [row.id for row in runs.rows()] == ids
    assert server.asked.count("runs/search") == 3


@pytest.mark.slow
def test_files_of_a_run_are_not_called_lost_while_the_server_does_not_answer(server):
    server.thawed.clear()
    with pytest.raises(NoAnswer):
        runs.predictions("a" * 32)


def test_workers_keep_the_patience_that_visitors_do_not_have(monkeypatch):
    monkeypatch.setattr(connection, "_shortened", set())
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")  # by who started it: for both
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    connection.answer_soon()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "30"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert connection.patience() == {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7"}


def test_a_deleted_experiment_is_said_with_the_command_that_brings_it_back(store):
    from mlflow.tracking import MlflowClient

    runs.create(TINY)
    client = MlflowClient(settings.tracking_uri())
    client.delete_experiment(connection.experiment())
    connection.connect.cache_clear()
    with pytest.raises(StoreError, match=r"was deleted.*mlflow experiments restore --experiment-id 1"):
        runs.rows()
    client.restore_experiment("1")
    assert [row.config for row in runs.rows()] == [TINY]


def test_a_store_of_a_newer_mlflow_is_not_touched(store):
    change(store, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    content = store.read_bytes()
    with pytest.raises(StoreError, match="newer MLflow"):
        runs.rows()
    assert store.read_bytes() == content


@pytest.mark.slow
def test_a_store_of_an_older_mlflow_is_copied_and_upgraded_and_says_so(home, caplog):
    import sqlalchemy
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db import utils

    database = settings.folder("runs") / "mlflow.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    utils.InitialBase.metadata.create_all(engine)
    config = utils._get_alembic_config(str(engine.url))
    before = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][40]
    with engine.begin() as opened:
        config.attributes["connection"] = opened
        command.upgrade(config, before)
    engine.dispose()
    change(database, "INSERT INTO experiments (name, lifecycle_stage) VALUES ('Others', 'active')")
    run_id = runs.create(TINY)
    copy = runs.copy_before_upgrade()
    assert copy and copy.parent == database.parent
    assert str(copy) in caplog.text
    with closing(sqlite3.connect(copy)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [(before,)]
    assert runs.get(run_id).config == TINY


@pytest.mark.slow
def test_a_store_whose_first_start_was_killed_is_set_aside_and_made_again(home, caplog):
    import sqlalchemy
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db import utils

    database = settings.folder("runs") / "mlflow.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    utils.InitialBase.metadata.create_all(engine)
    config = utils._get_alembic_config(str(engine.url))
    *_, third, _second, _first = ScriptDirectory.from_config(config).walk_revisions()
    with engine.begin() as opened:
        config.attributes["connection"] = opened
        command.upgrade(config, third.revision)
    engine.dispose()
    change(database, "DROP TABLE metrics")  # as in the middle of the next migration
    run_id = runs.create(TINY)
    (aside,) = database.parent.glob("mlflow-unfinished-*.db")
    assert str(aside) in caplog.text
    assert runs.get(run_id).config == TINY


def test_a_locked_store_is_one_sentence(store):
    runs.create(TINY)
    with closing(sqlite3.connect(store)) as writing, pytest.raises(StoreError, match=r"is locked.*Close that program"):
        writing.execute("BEGIN EXCLUSIVE")
        with closing(sqlite3.connect(store, timeout=0)) as waiting, connection.in_words(settings.tracking_uri()):
            waiting.execute("SELECT * FROM runs")


def test_a_store_that_is_replaced_while_it_is_open_is_read_and_written_anew(store):
    first = runs.create(TINY)
    shutil.copy(store, copy := store.with_name("copy.db"))
    runs.create(TINY)
    copy.replace(store)
    third = runs.create(TINY)
    with closing(sqlite3.connect(store)) as file:
        assert {run_id for (run_id,) in file.execute("SELECT run_uuid FROM runs")} == {first, third}
    assert {run.id for run in runs.rows()} == {first, third}


def test_settings_of_mlflow_for_pools_of_connections_do_not_refuse_a_file(store, monkeypatch):
    for name in ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"):
        monkeypatch.setenv(name, "3")
    assert runs.get(runs.create(TINY)).config == TINY


def test_a_store_on_a_share_is_used_and_said(store, monkeypatch, caplog):
    share = SimpleNamespace(mountpoint=str(store.parent), fstype="nfs4", opts="rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [share])
    assert runs.rows() == []
    assert f"{store} is on a network share (nfs4)" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("way", [shutil.move, shutil.copytree], ids=["moved", "copied"])
def test_a_home_elsewhere_opens_its_runs_and_keeps_new_files_to_itself(store, home, tmp_path, monkeypatch, way):
    def done() -> str:
        run_id = runs.create(TINY)
        assert execute.perform(run_id) == "finished", runs.get(run_id).error
        return run_id

    first = done()
    stored = runs.predictions(first)
    elsewhere = tmp_path / "elsewhere"
    way(home, elsewhere)
    left = sorted(home.rglob("*"))
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(elsewhere))
    assert runs.get(first).outcome
    assert runs.predictions(first).equals(stored)
    second = done()
    for run_id in (first, second):
        assert runs.artifacts._artifact(run_id, "outcome.json").is_relative_to(elsewhere)
    assert sorted(home.rglob("*")) == left


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_home_elsewhere_opens_though_the_files_of_one_run_are_another_users(store, home, tmp_path, monkeypatch):
    run_id = runs.create(TINY)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(home, elsewhere)
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(elsewhere))
    (elsewhere / "runs" / "artifacts" / run_id).mkdir(parents=True, exist_ok=True)
    with modes.denied(elsewhere / "runs" / "artifacts" / run_id):
        assert [row.id for row in runs.rows()] == [run_id]
    assert str(elsewhere) in connection.client().get_run(run_id).info.artifact_uri


def test_runs_of_another_home_in_one_store_stay_where_they_are(store, home, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    run_id = runs.create(TINY)
    before = connection.client().get_run(run_id).info.artifact_uri
    connection.connect.cache_clear()
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / "another"))
    assert connection.client().get_run(run_id).info.artifact_uri == before
