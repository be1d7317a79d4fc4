"""The run store: what goes in comes out, a run ends once, and what a dead process left is found."""

import dataclasses
import errno
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
import psutil
import pytest
from sklearn.metrics import f1_score

from core import heads, runs, settings
from core.cli import commands
from core.config import RunConfig
from core.errors import BackboneError, ConfigError, Paused, RunError, Stopped, StoreError
from core.progress import Progress
from core.runs import store
from core.training import checkpoints
from core.training.freezing import Block, Frozen, Layer
from tests import modes

pytestmark = pytest.mark.usefixtures("store")

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50, learning_rate=0.01)
FROZEN = Frozen(
    layers=(Layer("dense", "Dense", "block", params=7, trainable_params=7, weight_layer=True, batchnorm=""),),
    blocks=(Block("block", layers=1, params=7, trainable_params=7, batchnorm=""),),
    params=7,
    trainable_params=7,
    weight_layers=1,
    trainable_weight_layers=1,
    asked=1,
    slice_length=1,
)
OUTCOME = runs.Outcome(
    accuracy=0.5,
    accuracy_low=0.4,
    accuracy_high=0.6,
    top5=None,
    validation_accuracy=0.55,
    calibration_error=0.1,
    per_class={"cat": 0.25, "dog": 0.75},
    seconds={"load": 1.0, "extract": 2.0, "train": 3.0, "evaluate": 4.0},
    images_per_second=100.0,
    cached=False,
    hardware="a machine",
    versions={"keras": "3"},
    protocol="a protocol",
    weights_origin="untrained",
    n_train=100,
    n_val=20,
    n_test=50,
    chosen={"strength": 0.1},
    scores={"macro_f1": 0.45, "log_loss": 1.2},
)


@pytest.fixture(scope="module")
def head() -> heads.Head:
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    known = heads.Labelled(x, y)
    return heads.fit("linear", known, known, classes=2, options=heads.Options())


def finish(run_id: str, head: heads.Head) -> None:
    predictions = pd.DataFrame({"row": [7, 3], "label": [0, 1], "prediction": [0, 0], "confidence": [0.9, 0.6]})
    confusion = pd.DataFrame([[1, 0], [1, 0]], index=["cat", "dog"], columns=["cat", "dog"])
    runs.finish(run_id, runs.Result(OUTCOME, predictions, confusion, head))


@pytest.mark.slow
def test_forty_threads_create_runs_at_once():
    with ThreadPoolExecutor(40) as threads:
        ids = list(threads.map(runs.create, [dataclasses.replace(TINY, seed=seed) for seed in range(40)]))
    assert {run.id for run in runs.active()} == set(ids)


def test_a_config_comes_back_as_it_was_given():
    run = runs.get(runs.create(TINY))
    assert (run.config, run.status, run.outcome) == (TINY, "queued", None)


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


def test_the_table_has_every_column_also_when_it_is_empty(head):
    assert runs.table(runs.rows()).columns.tolist() == runs.COLUMNS
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    waiting = runs.create(TINY)
    table = runs.table(runs.rows()).set_index("run_id")
    assert table.loc[run_id, ["accuracy", "seconds", "n_test_used", "backbone"]].tolist() == [0.5, 10.0, 50.0, "Tiny"]
    assert table.loc[waiting, ["accuracy", "seconds"]].isna().all()
    assert table.index.tolist() == [waiting, run_id]


def test_mlflow_itself_reads_the_same_run(head, store):
    from mlflow.tracking import MlflowClient

    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    found = MlflowClient(f"sqlite:///{store}").get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["accuracy"] == 0.5
    assert found.data.params["backbone"] == "Tiny"


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


def test_a_run_ends_once():
    run_id = runs.create(TINY)
    runs.end(run_id, "failed", error="first")
    runs.end(run_id, "stopped")
    assert (runs.get(run_id).status, runs.get(run_id).error) == ("failed", "first")
    with pytest.raises(RunError, match="is failed"):
        runs.start(run_id)


def test_progress_and_curves_are_seen_while_a_run_works():
    run_id = runs.create(TINY)
    runs.start(run_id)
    report = runs.Reporter(run_id)
    report(Progress("train", 1, 9, metrics={"loss": 2.0}))
    report.flush(Progress("train", 3, 9, unit="epochs", rate=1.5))
    run = runs.get(run_id)
    assert (run.progress.done, run.progress.unit, run.progress.rate) == (3, "epochs", 1.5)
    assert runs.curves(run_id).to_numpy().tolist() == [[1, "loss", 2.0]]
    assert [run.id for run in runs.active()] == [run_id]


def test_a_report_raises_when_somebody_asked_for_a_stop():
    run_id = runs.create(TINY)
    runs.start(run_id)
    runs.request_stop(run_id)
    with pytest.raises(Stopped):
        runs.Reporter(run_id)(Progress("extract", 1, 2))


def test_runs_of_a_dead_process_are_interrupted_and_those_of_a_living_one_are_not():
    living, dead = runs.create(TINY), runs.create(TINY)
    assert runs.mark_interrupted(lambda run_id, owner: run_id == living) == [dead]
    assert (runs.get(living).status, runs.get(dead).status) == ("queued", "interrupted")
    assert runs.get(dead).error == runs.store.INTERRUPTED
    assert runs.mark_interrupted() == []  # this very process lives


def owner_of_a_run() -> dict:
    """The process that is noted with a run: this one."""
    owners: list[dict] = []
    runs.create(TINY)
    runs.mark_interrupted(lambda run_id, owner: owners.append(owner) or True)
    return owners[0]


def test_a_process_that_has_the_number_of_a_dead_one_is_not_it():
    owner = owner_of_a_run()
    assert runs.process_alive("", owner)
    assert not runs.process_alive("", owner | {"started": owner["started"] - 1000})
    assert not runs.process_alive("", owner | {"boot": "before the machine was started again"})
    assert runs.process_alive("", owner | {"host": "another machine"})


def test_a_clock_that_is_set_ends_no_run(monkeypatch):
    owner = owner_of_a_run()
    earlier = psutil._psplatform.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: earlier + 7200)
    assert runs.process_alive("", owner)


def test_an_owner_that_an_earlier_version_wrote_is_recognised():
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}
    assert runs.process_alive("", owner)
    assert not runs.process_alive("", owner | {"started": owner["started"] - 1000})


def test_a_run_that_works_cannot_be_deleted_and_one_that_ended_can():
    run_id = runs.create(TINY)
    with pytest.raises(RunError, match="Stop it first"):
        runs.delete(run_id)
    runs.end(run_id, "stopped")
    checkpoints.save(checkpoints.folder(run_id) / "last.npz", {}, {})
    runs.delete(run_id)
    assert run_id not in set(runs.table(runs.rows())["run_id"])
    assert not checkpoints.exists(run_id)


def test_an_unknown_run_is_named():
    with pytest.raises(RunError, match="no run 'nonsense'"):
        runs.get("nonsense")


def test_a_run_written_by_another_program_is_passed_over(caplog):
    run_id = runs.create(TINY)
    client, experiment = runs.store._client(), runs.store._experiment()
    foreign = client.create_run(experiment, run_name="foreign").info.run_id
    damaged = client.create_run(experiment, tags={"backbone_lab.status": "finished"}).info.run_id
    assert runs.table(runs.rows())["run_id"].tolist() == [run_id]
    assert damaged in caplog.text and foreign not in caplog.text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"method": "magic"}, "one of linear"),
        ({"preprocessing": "none"}, "own, divide255"),
        ({"train_split": "test"}, "train, probe20, finetune80"),
        ({"n_train": -1}, "0 or more"),
        ({"epochs": -1}, "1 to 1000000"),
        ({"learning_rate": -0.1}, "learning rate"),
        ({"method": "finetune", "unfreeze_count": 0}, "unfreeze_count is 0"),
        ({"augment": "flip+blur"}, "flip, crop, colour"),
        ({"dropout": 1.0}, "less than 1"),
        ({"learning_rate": float("nan")}, "learning rate"),
        ({"backbone": "Xception", "input_size": 32}, "at least 71 px"),
        ({"input_size": 5000}, "at most 1024"),
    ],
)
def test_an_impossible_config_is_refused_in_words(values, words):
    with pytest.raises(ConfigError, match=words):
        RunConfig(**values)


def test_an_unknown_backbone_names_a_close_one():
    with pytest.raises(BackboneError, match="ResNet50"):
        RunConfig(backbone="Resnet50")


def test_the_input_size_left_out_is_the_backbones_own():
    assert RunConfig(backbone="Xception").input_size == 299


@pytest.mark.parametrize(
    ("backbone", "pooling", "version", "opened"),
    [
        ("ConvNeXtTiny", "avg", 2, "norm-avg"),
        ("ConvNeXtBase", "max", 2, "norm-max"),
        ("ConvNeXtTiny", "flatten", 2, "flatten"),
        ("TextbookConvNeXtTiny", "avg", 2, "norm-avg"),
        ("ConvNeXtTiny", "avg", 3, "avg"),
        ("ConvNeXtTiny", "norm-avg", 3, "norm-avg"),
        ("ResNet50", "avg", 2, "avg"),
        ("ToyCLIP", "avg", 2, "class"),
    ],
)
def test_a_run_of_an_earlier_version_opens_with_the_features_it_was_trained_on(backbone, pooling, version, opened):
    run_id = runs.create(RunConfig(backbone=backbone, pooling=pooling, version=version))
    config = runs.get(run_id).config
    assert (config.pooling, config.encoder.pooling, config.version) == (opened, opened, version)
    assert [row.config for row in runs.rows()] == [config]


def test_a_run_of_the_toy_clip_under_its_earlier_name_opens_under_its_own():
    run_id = runs.create(RunConfig(backbone="ToyCLIP", method="zero-shot"))
    with sqlite3.connect(settings.home() / "runs" / "mlflow.db") as file:  # as that version wrote it
        file.execute("UPDATE params SET value = 'TinyCLIP' WHERE key = 'backbone'")
        file.execute("UPDATE runs SET name = 'TinyCLIP zero-shot 32 px'")
    run = runs.get(run_id)
    assert (run.config.backbone, run.name) == ("ToyCLIP", "ToyCLIP zero-shot 32 px")
    assert run.config == RunConfig(backbone="TinyCLIP", method="zero-shot")
    assert [(row.name, row.config) for row in runs.rows()] == [(run.name, run.config)]


@pytest.mark.parametrize(
    ("method", "word"), [("knn", "nearest neighbours"), ("finetune", "fine-tune"), ("linear", "linear")]
)
def test_a_run_is_named_in_the_words_of_the_field_also_one_of_an_earlier_version(method, word):
    run_id = runs.create(dataclasses.replace(TINY, method=method))
    assert runs.get(run_id).name == f"Tiny {word} 32 px"
    for name, shown in (
        (f"Tiny {method} 32 px, seed 3", f"Tiny {word} 32 px, seed 3"),
        (f"My {method}", f"My {method}"),
        (f"Tiny {method} baseline", f"Tiny {method} baseline"),
    ):
        runs.describe(run_id, name=name)
        assert [row.name for row in runs.rows()] == [shown]


def test_a_run_says_of_which_version_it_is():
    assert runs.get(runs.create(TINY)).config.version == RunConfig.version == 3


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
    client = store._client()
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
    store._client().set_tag(theirs, "backbone_lab.owner", json.dumps(owner))
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

    monkeypatch.setattr(store, "_client", Refusing)
    monkeypatch.setattr(store.time, "sleep", waits.append)
    store._withdraw("a" * 32)
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


def test_a_reporter_pauses_once_and_leaves_a_run_alone_that_is_ending():
    run_id = runs.create(TINY)
    report = runs.Reporter(run_id)
    runs.request_stop(run_id, pause=True)
    with pytest.raises(Paused):
        report(Progress("train", 1, 10))
    assert runs.stop_seen(run_id)
    report.flush(Progress("evaluate", 1, 1))


def test_curves_have_their_own_steps_and_a_repeated_one_counts_once():
    run_id = runs.create(TINY)
    report = runs.Reporter(run_id)
    for loss in (3.0, 2.0):
        report.flush(Progress("train", 320, 1000))
        report(Progress("train", 320, 1000, metrics={"loss": loss}, step=1))
        report.flush(Progress("train", 320, 1000))
    assert runs.curves(run_id).to_dict("records") == [{"step": 1, "metric": "loss", "value": 2.0}]


@pytest.mark.parametrize("word", ["it's", "=1+1", '"a", b', "<b> & *x* $y$ :cat:", "Käfer 金魚", "NA", "%' OR 1=1 --"])
def test_what_a_person_calls_a_run_comes_back_as_it_was_and_changes_nothing_else(word):
    run_id = runs.create(TINY)
    runs.end(run_id, "stopped")
    before = runs.get(run_id)
    assert runs.rows()[0].tags == ()
    runs.describe(run_id, name=word, group=word, tags=[word, "second", word], note=f"{word}\nand more")
    (row,) = runs.rows()
    assert (row.name, row.group, row.tags, row.note) == (word, word, (word, "second"), f"{word}\nand more")
    assert runs.get(run_id) == dataclasses.replace(before, name=word)
    assert runs.table([row]).loc[0, ["name", "group", "tags"]].tolist() == [word, word, f"{word}, second"]
    runs.describe(run_id, name="plain")
    (row,) = runs.rows()
    assert (row.name, row.group, row.tags, row.note) == ("plain", "", (), "")


def test_a_run_keeps_its_words_when_new_ones_are_refused():
    run_id = runs.create(TINY)
    name = runs.get(run_id).name
    many = [f"{number:02}" + 58 * "金" for number in range(70)]  # together more than MLflow keeps
    for words in (
        {"name": " \n "},
        {"name": "x" * 101},
        {"name": "a", "tags": ["x" * 61]},
        {"name": "a", "tags": many},
    ):
        with pytest.raises(RunError):
            runs.describe(run_id, **words)
    assert runs.get(run_id).name == name
    with pytest.raises(RunError, match="no run"):
        runs.describe("0" * 32, name="a")


def test_tags_outside_ascii_are_kept_whole_and_cut_ones_hide_no_run():
    run_id, tags = runs.create(TINY), tuple(f"{number:02}" + 58 * "金" for number in range(60))
    runs.describe(run_id, name="a", tags=tags)
    assert runs.rows()[0].tags == tags
    runs.store._client().set_tag(run_id, "backbone_lab.tags", '["cut \\u91')
    assert [(row.id, row.tags) for row in runs.rows()] == [(run_id, ())]


def test_scores_of_a_result_are_in_the_rows_and_not_those_that_are_undefined(head):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    row = next(row for row in runs.rows() if row.id == run_id)
    assert (row.macro_f1, row.log_loss) == (0.45, 1.2)
    assert np.isnan(row.roc_auc)


def test_only_a_run_that_has_ended_is_archived():
    run_id = runs.create(TINY)
    with pytest.raises(RunError, match="is queued"):
        runs.set_archived(run_id, True)
    runs.end(run_id, "failed")
    assert not runs.row(run_id).archived
    for archived in (True, False):
        runs.set_archived(run_id, archived)
        assert runs.row(run_id).archived is archived


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
