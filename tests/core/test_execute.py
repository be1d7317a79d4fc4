"""The whole line on the shipped sample with the tiny backbone: real images, real features, real heads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import runs
from core.config import RunConfig
from core.data import datasets
from core.errors import CheckpointError, DatasetError, RunError, Stopped
from core.execute import check_resumable, execute, perform
from core.features import chunks, throughput
from core.protocol import choose_rows
from core.training import checkpoints

TINY = RunConfig(backbone="Tiny", n_train=200, n_test=100)


@pytest.mark.slow
def test_a_run_ends_with_an_outcome_that_adds_up(store):
    run_id = runs.create(TINY)
    assert perform(run_id) == "finished"
    run, predictions, confusion = runs.get(run_id), runs.predictions(run_id), runs.confusion(run_id)
    outcome, dataset = run.outcome, datasets.load(TINY.dataset)
    assert outcome.accuracy == pytest.approx((predictions["label"] == predictions["prediction"]).mean())
    assert outcome.accuracy_low < outcome.accuracy < outcome.accuracy_high
    assert outcome.accuracy == pytest.approx(np.trace(confusion) / confusion.to_numpy().sum())
    assert (dataset.labels[predictions["row"]] == predictions["label"]).all()
    assert set(dataset.official[predictions["row"]]) == {"test"}
    assert list(outcome.per_class) == list(dataset.class_names)
    assert (outcome.n_train, outcome.n_test, outcome.weights_origin) == (200, 100, "untrained")
    assert set(outcome.seconds) == set(runs.STAGES)
    assert "200 training images" in outcome.protocol
    assert outcome.images_per_second > 0
    assert not outcome.cached


def test_reports_name_the_images_just_seen_and_what_a_head_recognises_in_those_of_the_test():
    moments = []
    config = RunConfig(backbone="Tiny", n_train=150, n_test=60)
    result = execute(config, moments.append)
    rows = choose_rows(datasets.load(config.dataset), config)
    before = {row for moment in moments if not moment.labels for row in moment.rows}
    assert before and before <= {*rows["train"].tolist(), *rows["val"].tolist()}
    recognised = {row: label for moment in moments for row, label in zip(moment.rows, moment.labels, strict=False)}
    assert recognised
    predictions = result.predictions.set_index("row")["prediction"]
    assert recognised == predictions.loc[list(recognised)].to_dict()


def test_more_neighbours_than_training_images_are_noted():
    few, many = (execute(replace(TINY, method="knn", neighbours=k)).outcome for k in (5, 1_000_000))
    assert few.notes == [] and many.chosen["neighbours"] == 200
    assert "1,000,000 neighbours were asked for: all 200 training images vote." in " ".join(many.notes)


@pytest.mark.slow
def test_the_same_config_gives_the_same_numbers_and_reads_its_features_from_the_cache():
    first, second = execute(TINY).outcome, execute(TINY).outcome
    assert second.cached
    assert second.images_per_second is None
    assert (first.accuracy, first.chosen) == (second.accuracy, second.chosen)


def test_parts_are_disjoint_and_the_test_images_do_not_depend_on_the_seed():
    dataset = datasets.load(TINY.dataset)
    rows = choose_rows(dataset, TINY)
    other = choose_rows(dataset, RunConfig(backbone="Tiny", n_train=200, n_test=100, seed=1))
    assert not set(rows["train"]) & set(rows["val"]) | set(rows["train"]) & set(rows["test"])
    assert set(rows["train"]) != set(other["train"])
    np.testing.assert_array_equal(rows["test"], other["test"])
    assert len(rows["val"]) == 22  # a ninth, as in the whole


def test_more_images_than_there_are_is_refused_in_words():
    with pytest.raises(DatasetError, match="at most 500"):
        choose_rows(datasets.load(TINY.dataset), RunConfig(backbone="Tiny", n_test=501))


def test_a_failure_is_kept_with_its_sentence(store):
    run_id = runs.create(RunConfig(backbone="Tiny", dataset="nothing"))
    assert perform(run_id) == "failed"
    assert "nothing" in runs.get(run_id).error


@pytest.mark.slow
def test_a_disk_that_is_full_interrupts_a_probe_which_is_resumed_when_there_is_room(store):
    def full(*_):
        raise OSError(28, "No space left on device")

    run_id = runs.create(replace(TINY, input_size=40))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks.Writer, "_store", full)
        assert perform(run_id) == "interrupted"
    assert "disk of the home folder is full" in (runs.get(run_id).error or "")
    runs.resume(run_id)
    assert perform(run_id) == "finished"


@pytest.mark.slow
def test_a_run_with_a_damaged_checkpoint_is_not_resumed_and_does_not_wait_to_be(store):
    run_id, weights = runs.create(replace(TINY, method="finetune", epochs=1)), np.arange(100, dtype=np.float32)
    path = checkpoints.folder(run_id) / "last.npz"
    checkpoints.save(path, {"weights": weights}, {})
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(CheckpointError, match="is damaged"):
        check_resumable(run_id)
    path.write_bytes(whole.replace(weights.tobytes(), (weights + 1).tobytes()))  # which shows only when it is read
    check_resumable(run_id)
    assert perform(run_id) == "failed"
    assert f"The checkpoint {path} is damaged" in (runs.get(run_id).error or "")


@pytest.mark.slow
def test_a_share_that_went_away_interrupts_a_run_and_is_named(store, monkeypatch, caplog):
    def away(*_):
        raise OSError(107, "Transport endpoint is not connected")

    run_id = runs.create(replace(TINY, input_size=40))
    monkeypatch.setattr(chunks.Writer, "_store", away)
    assert perform(run_id) == "interrupted"
    assert "Transport endpoint is not connected" in (runs.get(run_id).error or "")
    assert "Traceback" in caplog.text


def test_a_share_that_is_away_when_a_run_begins_interrupts_it(store, monkeypatch):
    def away(_):
        raise OSError(107, "Transport endpoint is not connected")

    run_id = runs.create(TINY)
    monkeypatch.setattr(checkpoints, "exists", away)
    assert perform(run_id) == "interrupted"
    assert "Transport endpoint is not connected" in (runs.get(run_id).error or "")


def test_a_run_whose_checkpoint_cannot_be_written_or_looked_for_is_paused(store, monkeypatch):
    class Away(type(Path())):
        def stat(self, **_):
            raise OSError(107, "Transport endpoint is not connected")

    def unwritten(*_, **__):
        monkeypatch.setattr(checkpoints, "folder", Away)
        raise RunError("The checkpoint cannot be written")

    run_id = runs.create(TINY)
    monkeypatch.setattr("core.execute.execute", unwritten)
    assert perform(run_id) == "paused"
    assert "cannot be written" in (runs.get(run_id).error or "")


def test_another_error_of_the_system_fails_a_run_and_is_logged(store, monkeypatch, caplog):
    def refused(*_, **__):
        raise ConnectionRefusedError(111, "Connection refused")

    run_id = runs.create(TINY)
    monkeypatch.setattr("core.execute.execute", refused)
    assert perform(run_id) == "failed"
    assert "Connection refused" in (runs.get(run_id).error or "")
    assert "Traceback" in caplog.text


def test_a_stopped_run_keeps_no_outcome(store):
    def stop(progress):
        if progress.stage == "train":
            raise Stopped

    run_id = runs.create(TINY)
    assert perform(run_id, stop) == "stopped"
    assert runs.get(run_id).outcome is None


@pytest.mark.slow
def test_a_fine_tune_keeps_what_it_said_after_each_stage(store):
    config = RunConfig(
        backbone="Tiny", input_size=16, n_train=40, n_test=80, method="finetune", head_epochs=1, epochs=1
    )
    run_id = runs.create(config)
    assert perform(run_id) == "finished"
    stages, final = runs.stage_predictions(run_id), runs.predictions(run_id)
    assert stages.groupby("stage").size().to_dict() == {"head": 80, "finetune": 80}
    last = stages[stages["stage"] == "finetune"].drop(columns="stage").reset_index(drop=True)
    pd.testing.assert_frame_equal(last, final[["row", "prediction", "confidence"]])
    labels = final.set_index("row")["label"]
    frozen = stages[stages["stage"] == "head"]
    right = (frozen["prediction"].to_numpy() == labels.loc[frozen["row"]].to_numpy()).mean()
    assert right == runs.get(run_id).outcome.frozen_accuracy
    assert throughput.in_keras("Tiny") in set(throughput.table()["backbone"])  # for the estimate of the next one


@pytest.mark.slow
def test_a_probe_has_no_stages(store):
    run_id = runs.create(RunConfig(backbone="Tiny", n_train=40, n_test=30))
    perform(run_id)
    assert runs.stage_predictions(run_id) is None
