"""A network that learns from a teacher: the loss, what is learned, and which teachers are refused."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core import execute, export, runs, training
from core.config import RunConfig
from core.data.datasets import Dataset
from core.errors import ConfigError, RunError
from core.plan import plan
from core.training import distillation

TINY = {"backbone": "Tiny", "n_train": 100, "n_test": 60}


def test_the_loss_is_that_of_the_paper_and_of_keras():
    import keras

    rng = np.random.default_rng(0)
    teacher, student = (_softmax(3 * rng.normal(size=(8, 5))) for _ in range(2))
    labels = np.eye(5)[rng.integers(0, 5, 8)]
    config = SimpleNamespace(temperature=4.0, teacher_weight=0.3, label_smoothing=0.1)
    soft_teacher, soft_student = (_softmax(np.log(p) / 4) for p in (teacher, student))
    divergence = 16 * np.sum(soft_teacher * np.log(soft_teacher / soft_student), axis=1)
    entropy = -np.sum((0.9 * labels + 0.1 / 5) * np.log(student), axis=1)
    targets = np.concatenate([labels, teacher], axis=1).astype(np.float32)
    loss = distillation.loss(config).call(targets, student.astype(np.float32))
    np.testing.assert_allclose(loss, 0.7 * entropy + 0.3 * divergence, rtol=1e-4)
    # An instance: by its name, Keras 3.15 takes the function, and compares logits without a softmax.
    kerass = keras.distillation.LogitsDistillation(4.0, keras.losses.KLDivergence())
    assert float(kerass.compute_loss(np.log(teacher), np.log(student))) == pytest.approx(divergence.mean(), rel=1e-4)


def test_a_teacher_is_heard_on_classes_that_the_network_thinks_impossible():
    import keras

    teacher, student = np.array([[0.0, 20, 40]]), np.array([[60.0, 30, 0]])  # logits
    config = SimpleNamespace(temperature=4.0, teacher_weight=1.0, label_smoothing=0.0)
    targets = np.concatenate([np.eye(3)[[2]], _softmax(teacher)], axis=1).astype(np.float32)
    loss = distillation.loss(config).call(targets, _softmax(student).astype(np.float32))
    expected = keras.distillation.LogitsDistillation(4.0, keras.losses.KLDivergence()).compute_loss(teacher, student)
    assert float(loss[0]) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "right"), [(1.0, True), (0.01, False)])
def test_a_teacher_who_knows_better_than_the_labels_is_believed_by_its_weight(tmp_path, weight, right):
    random, classes = np.random.default_rng(0), np.arange(192) % 3
    images = random.integers(0, 120, (192, 32, 32, 3))
    images[np.arange(192), :, :, classes] += 100
    rows = {"train": np.arange(96), "val": np.arange(96, 192)}
    labels = np.where(np.arange(192) < 96, (classes + 1) % 3, classes)  # wrong where it trains
    dataset = Dataset(
        name="colours",
        title="Colours",
        images=images.astype(np.uint8),
        labels=labels,
        class_names=("red", "green", "blue"),
        official=np.full(192, ""),
        files=np.full(192, ""),
        fingerprint="colours",
        source="",
        licence="",
        skipped=(),
    )
    config = RunConfig(
        backbone="Tiny",
        method="scratch",
        epochs=4,
        batch_size=16,
        learning_rate=5e-3,
        teacher="somebody",
        teacher_weight=weight,
    )
    taught = (0.9 * np.eye(3) + 0.1 / 3)[classes[:96]].astype(np.float32)
    trained = training.fit(config, dataset, rows, folder=tmp_path, taught=taught)
    assert (trained.chosen["last_validation_accuracy"] > 0.9) is right


@pytest.mark.slow
def test_a_run_teaches_another_and_says_so_and_one_that_cannot_is_refused(store):
    teacher, neighbours = (runs.create(RunConfig(**TINY, method=method)) for method in ("linear", "knn"))
    assert [execute.perform(each) for each in (teacher, neighbours)] == ["finished", "finished"]
    taught = RunConfig(**TINY, method="scratch", epochs=1, teacher=teacher, temperature=2.0)
    run_id = runs.create(taught)
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    run = runs.get(run_id)
    assert f"taught by run {teacher[:8]} (temperature 2, weight 0.5)" in run.tested().protocol
    alone = runs.create(RunConfig(**TINY, method="scratch", epochs=1))
    execute.perform(alone)
    answers = [runs.predictions(each).filter(regex=r"^p_").to_numpy() for each in (run_id, alone)]
    assert not np.allclose(*answers)
    first = [execute.find_learning_rate(each)[0]["loss"][0] for each in (taught, replace(taught, teacher=""))]
    assert first[0] != pytest.approx(first[1], rel=0.01)  # the teacher has a share in the loss
    with pytest.raises(RunError, match="learned from a teacher"):
        export.export(run_id, "script", store.parent)
    with pytest.raises(RunError, match="no run 'nobody'"):
        runs.create(RunConfig(**TINY, method="scratch", teacher="nobody"))
    for config, error, words in (
        ({"teacher": neighbours}, RunError, "nearest neighbours"),
        ({"teacher": teacher, "dataset": "cifar10"}, ConfigError, "trained on cifar10-sample"),
    ):
        with pytest.raises(error, match=words):
            plan(RunConfig(**TINY | {"dataset": "cifar10-sample", "method": "scratch"} | config))
    with pytest.raises(ConfigError, match="The method linear has no teacher"):
        RunConfig(**TINY, teacher=teacher)


def test_a_temperature_without_a_teacher_changes_nothing():
    assert RunConfig(method="scratch", backbone="Tiny", temperature=9.0) == RunConfig(method="scratch", backbone="Tiny")


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
