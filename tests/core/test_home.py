"""A home folder in one file: it comes back whole or not at all, also when it was written while others were writing."""

import gzip
import io
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core import home as home_folder
from core import people, roster, runs, server_lock, storage
from core.cli import commands
from core.config import RunConfig
from core.curriculum import answers
from core.data import dataset
from core.errors import AccessError, EngineError, RunError, Stopped, StoreError
from core.zero_shot import tried
from core.zero_shot.tried import Prompts
from tests import modes

TINY = RunConfig(backbone="Tiny", input_size=32, n_train=40, n_test=20)
WEIGHTS, FEATURES, UNFINISHED = "weights/a/tiny.h5", "features/tiny.zarr/0.0", "datasets/.new-1/images.npy"
COMPUTED = ("checkpoints/a/prefix-train-0.npy", "challenges/a/images.zip")  # which can be computed again


@pytest.fixture
def used(store: Path, home: Path, tmp_path: Path) -> str:
    """A home folder with a run, weights behind a link, cached features, and half an import; the id of the run."""
    (tmp_path / "disk").mkdir()
    (home / "weights").mkdir()
    (home / "weights" / "a").symlink_to(tmp_path / "disk", target_is_directory=True)
    for name in (WEIGHTS, FEATURES, UNFINISHED, *COMPUTED, "weights/a.lock", "speeds.json", *home_folder.CLASS):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    run_id = runs.create(TINY)
    runs.end(run_id, "failed", error="One that failed")
    return run_id


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("part", ["weights/a", WEIGHTS, "speeds.json", "class.key", "runs/mlflow.db"])
def test_a_backup_never_leaves_out_what_it_may_not_read(used, home, tmp_path, part):
    with (
        modes.denied(home / part),
        pytest.raises(StoreError, match=f"{part} cannot be read .*Give this user") as raised,
    ):
        home_folder.backup(tmp_path / "lab.tar.gz")
    assert "Free some space" not in str(raised.value)
    assert not (tmp_path / "lab.tar.gz").exists()
    assert home_folder.backup(tmp_path / "lab.tar.gz")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("part", ["lost+found", ".Trash-1000", "weights/lost+found"])
def test_a_backup_of_a_disk_leaves_out_what_its_file_system_put_there(used, home, tmp_path, part):
    (home / part).mkdir()
    with modes.denied(home / part):
        home_folder.backup(tmp_path / "lab.tar.gz", caches=True)
    with tarfile.open(tmp_path / "lab.tar.gz") as archive:
        assert {WEIGHTS, FEATURES} <= set(archive.getnames())


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links in another way")
def test_links_that_go_round_keep_no_backup_from_being_written(used, home, tmp_path):
    (home / "features" / "again").symlink_to(home / "features", target_is_directory=True)
    for name in ("features/itself", "choices", "itself"):
        (home / name).symlink_to(Path(name).name)
    assert home_folder.backup(tmp_path / "lab.tar.gz", caches=True)
    with tarfile.open(tmp_path / "lab.tar.gz") as archive:
        assert [name for name in archive.getnames() if name.startswith("features")] == [FEATURES]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_folder_of_the_home_folder_that_may_not_be_written_is_not_called_unreadable(used, home):
    (home / "classes").mkdir()
    with modes.denied(home / "classes"), pytest.raises(StoreError, match=r"lab\.tar\.gz cannot be written \(Perm"):
        home_folder.backup(home / "classes" / "lab.tar.gz")


@pytest.fixture
def another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path for a home folder; `backup` is done before it is used."""
    return tmp_path / "another"


@pytest.mark.slow
def test_a_new_class_begins_without_the_work_of_learners_and_the_old_one_can_be_opened(
    store, home, another, monkeypatch
):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    rows = [(np.full((32, 32, 3), 20 * row, np.uint8), row % 2, "", str(row)) for row in range(12)]
    about = {"class_names": ("a", "b"), "source": "here", "licence": "none", "skipped": ()}
    name, seat = roster.join(roster.read().code, "Ada")
    before, made, rows = roster.read(), {}, list(rows)
    for person in ("Ada", people.LECTURER):
        with people.acting_as(person):
            made[person] = runs.create(TINY)
            for kind in ("of", "more-of"):
                dataset.write([(f"{kind}-{person}".lower(), person)], iter(rows), metadata=about)
    for kind in (home_folder.CHOICES, home_folder.CHOICES_OF_LEARNERS, answers.KIND, answers.OF_LEARNERS):
        storage.keep(kind, "columns", "all")
    for person in made:
        with people.acting_as(person):
            tried.keep("a", Prompts("ToyCLIP", ("a", "b"), ("a {}",), 1, 2))
    with people.acting_as("Ada"), pytest.raises(AccessError, match="change the class"):
        home_folder.begin_class()
    with people.acting_as(people.LECTURER), pytest.raises(RunError, match="Ada's run"):
        home_folder.begin_class()
    for run_id in made.values():
        runs.end(run_id, "stopped")

    def cancel(_progress) -> None:
        assert not roster.read().seats and not roster.is_code(before.code)  # nobody adds what the backup would lack
        raise Stopped

    def clear_up(_progress) -> None:
        if "more-of-ada" in dataset.names():
            dataset.delete("more-of-ada")

    with people.acting_as(people.LECTURER):
        dataset.hold_back("of-", "friday")  # as an open challenge does
        with pytest.raises(Stopped):
            home_folder.begin_class(cancel)
        assert roster.read() == before and len(dataset.names()) == 4
        file = home_folder.begin_class(clear_up)
    assert [run.id for run in runs.rows()] == [made[people.LECTURER]] and dataset.names() == ["more-of-", "of-"]
    assert dataset.person("of-") == people.LECTURER
    for kind in (home_folder.CHOICES, answers.KIND):
        assert [path.name for path in (home / kind).iterdir()] == ["columns.json"]
    assert [prompts.person for prompts in tried.of("a")] == [people.LECTURER]
    assert not roster.read().seats and roster.read().code != before.code
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    home_folder.restore(file)
    assert {run.person for run in runs.rows()} == set(made) and "of-ada" in dataset.names()
    assert (another / answers.OF_LEARNERS / "columns.json").exists()

    assert roster.read() == before and before.seats[name] == seat


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("caches", [False, True])
def test_a_home_comes_back_from_its_backup_by_one_command_each(used, home, another, tmp_path, monkeypatch, caches):
    file = tmp_path / "lab.tar.gz"
    assert commands.main(["backup", str(file), *(["--caches"] if caches else [])]) == 0
    rows = runs.rows()
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    assert commands.main(["restore", str(file)]) == 0
    assert runs.rows() == rows
    for name in (WEIGHTS, "speeds.json", *home_folder.CLASS):
        assert (another / name).read_text() == name
    assert not any((another / name).exists() for name in COMPUTED)
    assert file.stat().st_mode & 0o077 == 0  # it holds the key of the class
    assert not (another / "weights" / "a").is_symlink()
    assert ((another / FEATURES).is_file(), (another / UNFINISHED).exists()) == (caches, False)
    assert not list(another.glob(".restored-*"))


def test_a_backup_has_what_was_written_before_it_and_not_what_is_being_written(
    store, used, another, tmp_path, monkeypatch
):
    with closing(sqlite3.connect(store)) as writing:
        writing.execute("UPDATE runs SET name = 'half written'")  # and not committed
        home_folder.backup(tmp_path / "lab.tar.gz")
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    home_folder.restore(tmp_path / "lab.tar.gz")
    assert [row.name for row in runs.rows()] == ["Tiny linear 32 px"]


def test_nothing_is_overwritten(used, home, tmp_path):
    file = tmp_path / "lab.tar.gz"
    home_folder.backup(file)
    content, before = file.read_bytes(), files(home)
    with pytest.raises(StoreError, match=r"lab\.tar\.gz exists"):
        home_folder.backup(file)
    with pytest.raises(StoreError, match=r"runs, sign_in\.toml, speeds\.json, weights already.*BACKBONE_LAB_HOME"):
        home_folder.restore(file)
    assert (file.read_bytes(), files(home) - {"server.lock", "server.json"}) == (content, before)


def test_a_server_that_has_the_home_folder_is_said(used, another, tmp_path, monkeypatch):
    home_folder.backup(tmp_path / "lab.tar.gz")
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    lock = server_lock.take("port 8501")
    with pytest.raises(EngineError, match="port 8501"):
        home_folder.restore(tmp_path / "lab.tar.gz")
    server_lock.release(lock)


def test_a_backup_that_is_stopped_leaves_no_file(used, tmp_path):
    def stop(progress) -> None:
        raise Stopped

    (tmp_path / "backups").mkdir()
    with pytest.raises(Stopped):
        home_folder.backup(tmp_path / "backups" / "lab.tar.gz", report=stop)
    assert not list((tmp_path / "backups").iterdir())


@pytest.mark.parametrize("fault", ["a changed byte", "cut off", "text", "another tar", "no file"])
def test_what_is_no_whole_backup_is_said_and_changes_nothing(used, another, tmp_path, monkeypatch, fault):
    file = tmp_path / "lab.tar.gz"
    home_folder.backup(file)
    content = file.read_bytes()
    if fault == "a changed byte":
        file.write_bytes(content[:-8] + bytes([content[-8] ^ 1]) + content[-7:])  # of the checksum
    elif fault == "cut off":
        file.write_bytes(content[: len(content) // 2])
    elif fault == "text":
        file.write_text("hello")
    elif fault == "another tar":
        with tarfile.open(file, "w:gz") as archive:
            archive.add(__file__, "speeds.json")
    else:
        file.unlink()
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    with pytest.raises(StoreError, match=r"lab\.tar\.gz (is damaged|is not a|cannot be restored)") as caught:
        home_folder.restore(file)
    assert "\n" not in str(caught.value)
    assert files(another) <= {"server.lock", "server.json"}


@pytest.mark.parametrize("name", ["../outside.txt", "weights/../../outside.txt"])
def test_a_file_that_would_land_outside_of_the_home_folder_is_refused(used, another, tmp_path, monkeypatch, name):
    file = tmp_path / "lab.tar.gz"
    home_folder.backup(file)
    with gzip.open(file) as stream, tarfile.open(fileobj=stream) as archive:
        first = archive.next()
        about = archive.extractfile(first).read()
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(first, io.BytesIO(about))
        member = tarfile.TarInfo(name)
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(another))
    before = files(tmp_path)
    with pytest.raises(StoreError, match="is damaged"):
        home_folder.restore(file)
    assert {each for each in files(tmp_path) - before if "server." not in each} == set()
