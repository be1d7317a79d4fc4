"""Datasets in the terminal: imported, renamed, deleted, checked."""

import json
import os

import pytest

from core.cli import tables
from core.cli.commands import main
from core.data import datasets
from core.errors import ConfigError
from core.evaluation import label_errors
from tests import modes
from tests.pictures import photo, pictures, write_folder


def test_images_added_to_an_imported_folder_have_a_way_into_the_store(capsys, tmp_path):
    folder = str(write_folder(tmp_path / "grow", pictures()))
    assert main(["datasets", "import", folder]) == 0
    assert main(["datasets", "import", folder]) == 0
    assert f"{folder} is already the dataset grow" in capsys.readouterr().out
    write_folder(tmp_path / "grow", {"cats/new.jpg": photo()})
    assert main(["datasets", "import", folder]) == 0
    assert f"{folder} is now the dataset grow-2" in capsys.readouterr().out
    assert main(["datasets", "import", folder, "grow"]) == 1
    assert "datasets rename grow grow-old" in capsys.readouterr().err
    assert main(["datasets", "rename", "grow", "grow-old"]) == 0
    assert main(["datasets", "import", folder]) == 0
    assert main(["datasets", "import", folder, "Both again"]) == 0
    capsys.readouterr()
    assert main(["datasets", "--json"]) == 0
    counts = {each["name"]: each["images"] for each in json.loads(capsys.readouterr().out)}
    assert (counts["grow-old"], counts["grow-2"], counts["grow"], counts["both-again"]) == (10, 11, 11, 11)
    assert datasets.load("grow-old").title == "grow-old"
    assert main(["datasets", "delete", "grow"]) == 0
    assert "grow" not in [summary.name for summary in datasets.available()]


@pytest.mark.parametrize(
    "arguments",
    [
        ["rename", "grow"],
        ["delete"],
        ["delete", "nothing"],
        ["rename", "nothing", "other"],
        ["rename", "cifar10", "other"],
        ["delete", "cifar10-sample"],
        ["rename", "grow", "cifar10"],
        ["rename", "grow", "taken"],
        ["list", "grow"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_with_datasets_is_said_and_changes_nothing(capsys, tmp_path, arguments):
    for name in ("grow", "taken"):
        datasets.import_images(write_folder(tmp_path / name, pictures()))
    before = datasets.available()
    assert main(["datasets", *arguments]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert datasets.available() == before


@pytest.mark.slow
def test_a_folder_is_imported_and_what_cannot_be_read_is_listed(store, capsys, tmp_path):
    write_folder(tmp_path / "pets", pictures() | {"cats/notes.jpg": b"no picture"})
    assert main(["run", "--dataset", str(tmp_path / "pets"), "--backbone", "Tiny", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["config"]["dataset"] == "pets"
    assert "skipped cats/notes.jpg" in printed.err


@pytest.mark.parametrize("name", ["", "/", "/nowhere/suspects.csv", "/dev/null/suspects.csv"])
def test_a_file_that_cannot_be_written_is_said_before_wrong_labels_are_looked_for(monkeypatch, capsys, name):
    monkeypatch.setattr(label_errors, "search", lambda *_: pytest.fail("it was begun"))
    assert main(["check", "cifar10-sample", "--labels", name]) == 1
    assert "cannot be written. Expected a file in a folder" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_folder_of_another_user_is_a_sentence_where_a_table_would_be_written(tmp_path):
    with modes.denied(tmp_path), pytest.raises(ConfigError, match="cannot be written"):
        tables.check(tmp_path / "suspects.csv")
