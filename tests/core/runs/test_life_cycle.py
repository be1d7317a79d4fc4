"""A run ends once, what a dead process left is found, and what ended early can go on."""

import dataclasses
import itertools
import json
import os
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from math import isnan

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from core import runs, settings
from core.cli import commands
from core.errors import RunError, StoreError
from core.progress import Progress
from core.runs import connection, life_cycle
from core.training import checkpoints
from tests.core.runs.results import OUTCOME, TINY

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.slow
def test_forty_threads_create_runs_at_once():
    with ThreadPoolExecutor(40) as threads:
        ids = list(threads.map(runs.create, [dataclasses.replace(TINY, seed=seed) for seed in range(40)]))
    assert {run.id for run in runs.active()} == set(ids)


def test_a_run_ends_once():
    run_id = runs.create(TINY)
    runs.end(run_id, "failed", error="first")
    runs.end(run_id, "stopped")
    assert (runs.get(run_id).status, runs.get(run_id).error) == ("failed", "first")
    with pytest.raises(RunError, match="is failed"):
        runs.start(run_id)


def test_runs_of_a_dead_process_are_interrupted_and_those_of_a_living_one_are_not():
    living, dead = runs.create(TINY), runs.create(TINY)
    assert runs.mark_interrupted(lambda run_id, owner: run_id == living) == [dead]
    assert (runs.get(living).status, runs.get(dead).status) == ("queued", "interrupted")
    assert runs.get(dead).error == runs.life_cycle.INTERRUPTED
    assert runs.mark_interrupted() == []  # this very process lives


def test_a_run_that_works_cannot_be_deleted_and_one_that_ended_can():
    run_id = runs.create(TINY)
    with pytest.raises(RunError, match="Stop it first"):
        runs.delete(run_id)
    runs.end(run_id, "stopped")
    checkpoints.save(checkpoints.folder(run_id) / "last.npz", {}, {})
    runs.delete(run_id)
    assert run_id not in set(runs.table(runs.rows())["run_id"])
    assert not checkpoints.exists(run_id)


def test_what_was_stopped_with_a_result_keeps_it_and_can_go_on(head):
    run_id = runs.create(TINY)
    runs.start(run_id)
    empty = pd.DataFrame({"row": []})
    runs.finish(run_id, runs.Result(OUTCOME, empty, empty, head, ended="stopped"))
    assert (runs.get(run_id).status, runs.get(run_id).outcome) == ("stopped", OUTCOME)
    runs.resume(run_id)
    assert (runs.get(run_id).status, runs.get(run_id).outcome) == ("queued", None)


@pytest.mark.parametrize("status", ["stopped", "paused", "interrupted"])
def test_a_resumed_run_forgets_how_it_ended(status):
    run_id = runs.create(TINY)
    runs.start(run_id)
    runs.request_stop(run_id)
    runs.end(run_id, status, error="it ended")
    runs.resume(run_id)
    assert (runs.get(run_id).status, runs.get(run_id).error) == ("queued", None)
    assert runs.start(run_id) == TINY
    runs.Reporter(run_id).flush(Progress("train", 1, 10))  # no stop is asked for any more


@pytest.mark.parametrize("key", ["status", "stop"])
def test_a_run_whose_resumption_fails_keeps_the_reason_for_which_it_ended(store, monkeypatch, key):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # MLflow tries a tag four times, within eleven seconds
    run_id = runs.create(TINY)
    runs.request_stop(run_id)
    runs.end(run_id, "interrupted", error="it ended")
    with closing(sqlite3.connect(store)) as database:
        database.execute(
            f"CREATE TRIGGER refusal BEFORE UPDATE ON tags WHEN NEW.key = 'backbone_lab.{key}' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    with pytest.raises(StoreError):
        runs.resume(run_id)
    assert (runs.get(run_id).status, runs.get(run_id).error) == ("interrupted", "it ended")


def test_a_run_whose_resumption_is_cut_off_anywhere_can_be_resumed(monkeypatch):
    """What a process that dies in between has stored."""
    client = connection.client()
    for cut in itertools.count(1):
        run_id, left = runs.create(TINY), iter(range(cut))
        runs.end(run_id, "interrupted", error="it ended")

        def write(call, *arguments, left=left, **settings):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return call(*arguments, **settings)

        with monkeypatch.context() as patch:
            for name in ("update_run", "log_batch", "set_tag"):
                patch.setattr(client, name, partial(write, getattr(client, name)), raising=False)
            try:
                runs.resume(run_id)
                break
            except KeyboardInterrupt:
                pass
        assert (runs.get(run_id).status, runs.get(run_id).error) == ("interrupted", "it ended")
        runs.resume(run_id)
        assert run_id in {run.id for run in runs.active()}
    assert cut == 2


def test_only_a_run_that_this_process_queued_and_nobody_began_is_taken_back(monkeypatch):
    ours, begun, theirs = (runs.create(TINY) for _ in range(3))
    runs.start(begun)
    owner = {"host": socket.gethostname(), "pid": os.getppid()}
    connection.client().set_tag(theirs, "backbone_lab.owner", json.dumps(owner))
    for run_id in (ours, begun, theirs):
        runs.end_unbegun(run_id, error="It does not answer")
    assert [runs.get(run_id).status for run_id in (ours, begun, theirs)] == ["interrupted", "running", "queued"]
    assert runs.get(ours).error == "It does not answer"


def test_a_run_is_withdrawn_ever_more_seldom_and_not_at_all_where_that_is_forbidden(monkeypatch, caplog):
    waits, codes = [], iter(["INTERNAL_ERROR"] * 8 + ["PERMISSION_DENIED"])

    class Refusing:
        def delete_run(self, run_id):
            refusal = Exception()
            refusal.error_code = next(codes)  # pyright: ignore[reportAttributeAccessIssue]
            raise StoreError("It is refused") from refusal

    monkeypatch.setattr(connection, "client", Refusing)
    monkeypatch.setattr(life_cycle.time, "sleep", waits.append)
    life_cycle._withdraw("a" * 32)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [record.message for record in caplog.records] == [
        f"run {'a' * 32} was not begun, and may not be deleted: It is refused."
    ]


@pytest.mark.parametrize("status", ["queued", "failed", "diverged", "finished"])
def test_a_run_that_cannot_go_on_says_which_could(status):
    run_id = runs.create(TINY)
    if status != "queued":
        runs.end(run_id, status)
    with pytest.raises(RunError, match="stopped or paused or interrupted"):
        runs.resume(run_id)


def test_the_measures_of_an_older_run_are_added_from_its_predictions_by_one_command(capsys):
    older, unreadable = runs.create(TINY), runs.create(TINY)
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], np.float32)
    labels, predicted = np.array([0, 1, 1, 0]), p.argmax(1)
    frame = pd.DataFrame({"row": range(4), "label": labels, "prediction": predicted, "p_0": p[:, 0], "p_1": p[:, 1]})
    confusion = pd.DataFrame([[2, 0], [1, 1]], index=["cat", "dog"], columns=["cat", "dog"])
    for run_id, predictions in ((older, frame), (unreadable, frame)):
        runs.finish(run_id, runs.Result(dataclasses.replace(OUTCOME, scores={}), predictions, confusion))
    (settings.folder("runs") / "artifacts" / unreadable / "artifacts" / "predictions.parquet").unlink()
    assert all(isnan(row.macro_f1) for row in runs.rows())
    assert commands.main(["runs", "--measures"]) == 0
    assert "predictions.parquet" in capsys.readouterr().err
    values = {row.id: row.macro_f1 for row in runs.rows()}
    assert values[older] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert isnan(values[unreadable])
