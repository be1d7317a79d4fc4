"""The files of a run: what goes in comes out, and one that is missing or damaged is named."""

import dataclasses
import errno
import os

import numpy as np
import pandas as pd
import pytest

from core import runs
from core.config import RunConfig
from core.errors import RunError
from tests import modes
from tests.core.runs.results import FROZEN, OUTCOME, TINY, finish

pytestmark = pytest.mark.usefixtures("store")


def test_a_finished_run_gives_back_everything_it_was_given(head):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    run = runs.get(run_id)
    assert (run.status, run.outcome) == ("finished", OUTCOME)
    assert run.finished >= run.created
    assert runs.predictions(run_id)["row"].tolist() == [7, 3]
    assert runs.confusion(run_id).loc["dog", "cat"] == 1
    x = np.eye(4, dtype=np.float32)
    np.testing.assert_array_equal(runs.head(run_id).predict_proba(x), head.predict_proba(x))


@pytest.mark.parametrize(
    "names",
    [("EU", "NA", "SA"), ("001", "002", "010"), ("nan", "None", "null"), ("1.0", "1", "True"), ('a,"b"', "#c", " d ")],
    ids=lambda names: names[1],
)
def test_class_names_of_a_stored_confusion_matrix_are_the_names_they_were(names):
    run_id = runs.create(RunConfig())
    runs.start(run_id)
    predictions = pd.DataFrame({"row": [3], "label": [0], "prediction": [0], "confidence": [0.5]})
    counts = pd.DataFrame(np.arange(9).reshape(3, 3), index=list(names), columns=list(names))
    runs.finish(run_id, runs.Result(OUTCOME, predictions, counts))
    found = runs.confusion(run_id)
    assert (tuple(found.index), tuple(found.columns)) == (names, names)
    assert found.to_numpy().tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_finished_run_that_lost_a_file_says_which(head, home):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    for file in home.rglob("predictions.parquet"):
        file.unlink()
    with pytest.raises(RunError, match=r"predictions\.parquet"):
        runs.predictions(run_id)
    assert runs.get(run_id).outcome == OUTCOME


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("outcome.json", runs.get),
        ("predictions.parquet", runs.predictions),
        ("confusion.csv", runs.confusion),
        ("head.npz", runs.head),
    ],
)
def test_a_finished_run_with_a_damaged_file_says_which(head, home, name, read):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    read(run_id)
    (path,) = home.rglob(name)
    path.write_bytes(b"{")
    with pytest.raises(RunError, match=f"The file {name} of run {run_id} is damaged"):
        read(run_id)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize(("name", "read"), [("outcome.json", runs.get), ("head.npz", runs.head)])
@pytest.mark.parametrize("folder", [False, True])
def test_a_finished_run_with_a_file_of_another_user_need_not_be_deleted(head, home, name, read, folder):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    (path,) = home.rglob(name)
    with modes.denied(path.parent if folder else path):
        with pytest.raises(RunError, match=f"The file {path} of run {run_id} is not readable by") as raised:
            read(run_id)
        assert "elete" not in str(raised.value)
        assert [row.id for row in runs.rows()] == [run_id]
    read(run_id)


def test_a_finished_run_on_a_share_that_went_away_need_not_be_deleted(head, home, monkeypatch):
    def away(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    (path,) = home.rglob("head.npz")
    monkeypatch.setattr(np, "load", away)
    with pytest.raises(RunError, match=rf"The file {path} of run .*Input/output error\)\. Try again") as raised:
        runs.head(run_id)
    assert "elete" not in str(raised.value)


def test_a_network_that_trained_is_kept_with_what_of_it_trained(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"a network")
    stages = [{"name": "head", "accuracy": 0.4}, {"name": "finetune", "accuracy": 0.5}]
    run_id = runs.create(RunConfig(backbone="Tiny", method="finetune"))
    runs.start(run_id)
    empty = pd.DataFrame({"row": []})
    outcome = dataclasses.replace(OUTCOME, stages=stages, total_params=7)
    said = pd.DataFrame({"stage": ["head", "finetune"], "row": [3, 3], "prediction": [1, 0], "confidence": [0.6, 0.7]})
    left = {"model": tmp_path / "model.keras", "frozen": FROZEN, "stage_predictions": said}
    runs.finish(run_id, runs.Result(outcome, empty, empty, **left))
    pd.testing.assert_frame_equal(runs.stage_predictions(run_id), said)
    assert runs.model_path(run_id).read_bytes() == b"a network"
    assert runs.frozen(run_id) == FROZEN
    assert runs.get(run_id).outcome.frozen_accuracy == 0.4
    assert runs.table(runs.rows()).loc[0, ["frozen_accuracy", "total_params"]].tolist() == [0.4, 7]


def test_a_probe_has_no_trained_layers_and_no_model_file(head):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    assert runs.frozen(run_id) is None
    with pytest.raises(RunError, match=r"model\.keras"):
        runs.model_path(run_id)
