"""Fewer bits: every kind is tested on the same images, and calibrated on none of them."""

import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from core import execute, export, metrics, protocol, runs
from core.config import RunConfig
from core.data import datasets
from core.errors import RunError, Stopped
from core.export import quantization, writers
from core.export.quantization import KINDS, Quantization, Quantized


@pytest.fixture
def run_id(store) -> str:
    run_id = runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=60))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return run_id


@pytest.mark.slow
def test_every_kind_is_measured_once_and_calibrated_on_training_images_alone(run_id, monkeypatch):
    calibrated_on, stages, write = [], [], writers.to_litert

    def watched(model, path, **options):
        for (image,) in options.get("representative_dataset", list)():
            calibrated_on.append(image[0])
        write(model, path, **options)

    monkeypatch.setattr(writers, "to_litert", watched)
    measured = quantization.measure(run_id, lambda progress: stages.append(progress.stage))
    config, dataset = runs.get(run_id).config, datasets.load("cifar10-sample")
    training = dataset.images[protocol.choose_rows(dataset, config)["train"]]
    assert len(calibrated_on) == measured.calibrated_on > 50
    assert all((training == image).all(axis=(1, 2, 3)).any() for image in calibrated_on)

    predictions = runs.predictions(run_id)
    assert list(measured.kinds) == list(KINDS)
    assert measured.rows == predictions["row"].tolist()
    assert measured.kinds["float32"].predictions == predictions["prediction"].tolist()
    assert all(len(each.predictions) == 60 and each.milliseconds > 0 for each in measured.kinds.values())
    assert measured.kinds["calibrated"].bytes != measured.kinds["float32"].bytes
    assert {"export", "evaluate"} <= set(stages)

    monkeypatch.setattr(writers, "to_litert", None)  # the second time, it is read
    assert quantization.measure(run_id) == quantization.find(run_id) == measured


@pytest.mark.slow
def test_a_kind_is_taken_away_if_its_script_answers_files_as_was_measured(run_id, tmp_path, monkeypatch):
    monkeypatch.setattr(quantization, "KINDS", {kind: KINDS[kind] for kind in ("float32", "calibrated")})
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # as for everybody who has not asked for it
    keras.utils.clear_session()  # the numbers that Keras adds to names are in the file
    measured = quantization.measure(run_id)
    keras.utils.clear_session()
    folder = export.export(run_id, "litert-calibrated", tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["classify.py", "labels.txt", "model.tflite"]
    assert (folder / "model.tflite").stat().st_size == measured.kinds["calibrated"].bytes
    others = [(answer + 1) % 10 for answer in measured.kinds["calibrated"].predictions]
    kinds = measured.kinds | {"calibrated": replace(measured.kinds["calibrated"], predictions=others)}
    monkeypatch.setattr(quantization, "measure", lambda run_id, report: replace(measured, kinds=kinds))
    with pytest.raises(RunError, match=r"does not answer as was measured: the same class for 0\.0%"):
        export.export(run_id, "litert-calibrated", tmp_path)


@pytest.mark.slow
def test_what_cannot_be_measured_says_so_and_a_cancelled_attempt_keeps_nothing(run_id):
    def cancel(progress):
        raise Stopped()

    with pytest.raises(Stopped):
        quantization.measure(run_id, cancel)
    assert quantization.find(run_id) is None
    neighbours = runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=60, method="knn"))
    with pytest.raises(RunError, match="has no model"):
        quantization.measure(neighbours)


def test_differences_are_told_by_the_images_that_only_one_gets_right():
    labels = np.arange(40) % 4
    worse = np.where(np.arange(40) < 8, (labels + 1) % 4, labels)
    kinds = {kind: Quantized(100, 1.0, labels.tolist()) for kind in KINDS} | {
        "dynamic": Quantized(30, 2.0, worse.tolist())
    }
    measured = Quantization(list(range(40)), labels.tolist(), kinds, 10, "here")
    assert measured.changed("dynamic").tolist() == list(range(8))
    assert measured.change("dynamic").paired == metrics.mcnemar(np.ones(40, bool), np.arange(40) >= 8)
    table = quantization.table(measured).set_index("kind")
    assert table.loc[KINDS["dynamic"], "p_value"] == pytest.approx(2 * 0.5**8)
    assert table.loc[KINDS["float32"], ["accuracy", "changed", "p_value"]].tolist() == [1, 0, 1]
