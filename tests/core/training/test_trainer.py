"""Training on planted answers: what trains, what is kept, and what happens when something comes between."""

import functools
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import backbones, training
from core.backbones import networks
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import ConfigError, DatasetError, Diverged, Paused, Stopped
from core.training import checkpoints, frozen_front, loop, lr_finder, model, trainer

pytestmark = pytest.mark.slow

ROWS = {"train": np.arange(0, 96), "val": np.arange(96, 144), "test": np.arange(144, 192)}
FINETUNE = RunConfig(
    backbone="Tiny",
    method="finetune",
    epochs=3,
    batch_size=16,
    learning_rate=5e-3,
    head_epochs=2,
    head_learning_rate=1e-2,
    unfreeze="blocks",
    unfreeze_count=2,
    dropout=0.1,
)
LITE_LAYERS = RunConfig(
    method="finetune",
    input_size=64,
    epochs=2,
    batch_size=32,
    head_epochs=0,
    dropout=0.0,
    learning_rate=1e-3,
    unfreeze="layers",
    unfreeze_count=12,
)
SCRATCH = RunConfig(backbone="Tiny", method="scratch", epochs=4, batch_size=16, learning_rate=5e-3, dropout=0.1)


@pytest.fixture
def normed(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a network with BatchNorm: Tiny, with one after each convolution."""

    def build(input_size: int):
        from keras import Input, Model, layers

        inputs = x = Input((input_size, input_size, 3), name="image")
        for block, filters in enumerate((8, 16, 16), start=1):
            x = layers.Conv2D(filters, 3, 2, padding="same", use_bias=False, name=f"block{block}_conv")(x)
            x = layers.BatchNormalization(name=f"block{block}_bn")(x)
            x = layers.ReLU(name=f"block{block}_relu")(x)
        return Model(inputs, x, name="tiny_normed")

    spec = replace(backbones.get("Tiny"), name="TinyNormed")
    monkeypatch.setitem(backbones.BACKBONES, spec.name, spec)
    monkeypatch.setitem(networks.OWN, spec.name, build)
    return spec.name


@functools.cache
def coloured(n: int = 192) -> Dataset:
    """Noise in which one colour is stronger, and tells the class."""
    random = np.random.default_rng(0)
    labels = np.arange(n) % 3
    images = random.integers(0, 120, (n, 32, 32, 3))
    images[np.arange(n), :, :, labels] += 100
    return Dataset(
        name="colours",
        title="Colours",
        images=images.astype(np.uint8),
        labels=labels,
        class_names=("red", "green", "blue"),
        official=np.full(n, ""),
        files=np.array([f"{i}.png" for i in range(n)]),
        fingerprint="c0ffee",
        source="",
        licence="",
        skipped=(),
    )


def fit(config: RunConfig, folder: Path, **more) -> training.Trained:
    return training.fit(config, more.pop("dataset", coloured()), ROWS, folder=folder, **more)


def values(trained: training.Trained) -> list[np.ndarray]:
    return [np.array(variable) for variable in trained.assembly.model.weights]


def close(some: list[np.ndarray], other: list[np.ndarray], tolerance: float = 1e-4) -> bool:
    return all(np.allclose(a, b, atol=tolerance) for a, b in zip(some, other, strict=True))


class StopAt:
    """A report that stops when a training has taken so many steps."""

    def __init__(self, step: int, error: type[Exception] = Stopped):
        self.step, self.error = step, error

    def __call__(self, progress):
        if progress.step and "batch_loss" in progress.metrics and progress.step >= self.step:
            raise self.error


@pytest.mark.parametrize("config", [FINETUNE, SCRATCH], ids=lambda config: config.method)
def test_a_planted_answer_is_found(config, tmp_path):
    accuracies = {}

    def test(name, predict):
        labels = coloured().labels[ROWS["test"]]
        accuracies[name] = (predict(ROWS["test"]).argmax(1) == labels).mean()

    trained = fit(replace(config, epochs=6), tmp_path, on_phase=test)
    assert accuracies[config.method] > 0.95
    assert trained.ended == "finished"
    assert [stage["name"] for stage in trained.phases] == list(accuracies)
    assert trained.chosen["validation_accuracy"] > 0.95


def test_curves_run_over_the_stages_and_every_batch_is_told_about(tmp_path):
    moments = []
    trained = fit(FINETUNE, tmp_path, report=moments.append)
    assert [(point["stage"], point["step"]) for point in trained.curves] == [
        ("head", 1),
        ("head", 2),
        ("finetune", 3),
        ("finetune", 4),
        ("finetune", 5),
    ]
    told = [moment for moment in moments if "validation_accuracy" in moment.metrics]
    assert [moment.step for moment in told] == [1, 2, 3, 4, 5]
    steps = [moment.step for moment in moments if "batch_loss" in moment.metrics]
    assert steps == sorted(steps)
    assert steps[-1] == 5 * 96 / 16
    last = [moment for moment in moments if moment.stage == "finetune"][-1]
    assert (last.done, last.total, last.unit) == (3 * 96, 3 * 96, "images")
    assert last.rate > 0
    assert last.memory > 0
    json.dumps([trained.curves, trained.phases, trained.chosen])


def test_the_best_epoch_is_restored_and_the_last_is_told_too(tmp_path):
    config = replace(SCRATCH, learning_rate=0.05, epochs=6)  # so high that it goes up and down
    found = {}
    trained = fit(config, tmp_path, on_phase=lambda name, predict: found.update({name: predict(ROWS["val"])}))
    accuracy = (found["scratch"].argmax(1) == coloured().labels[ROWS["val"]]).mean()
    best = max(point["validation_accuracy"] for point in trained.curves)
    assert trained.chosen["validation_accuracy"] == best == pytest.approx(accuracy)
    assert trained.chosen["last_epoch"] == 6
    assert trained.chosen["last_validation_accuracy"] == trained.curves[-1]["validation_accuracy"]


def test_training_ends_early_when_patience_does(tmp_path):
    trained = fit(replace(SCRATCH, epochs=30, patience=2), tmp_path)
    assert trained.curves[-1]["step"] == trained.chosen["epoch"] + 2 < 30


def test_only_what_is_unfrozen_changes(tmp_path):
    before = model.assemble(FINETUNE, image_size=32, classes=3).network
    trained = fit(replace(FINETUNE, unfreeze_count=1), tmp_path)
    changed = {
        a.path: not np.array_equal(a, b) for a, b in zip(trained.assembly.network.weights, before.weights, strict=True)
    }
    assert list(changed.values()) == [False] * 4 + [True] * 2  # the last of three convolutions
    assert sum(row.trainable_params > 0 for row in trained.frozen.layers) == 1


@pytest.mark.parametrize(("batchnorm", "moves"), [("inference", False), ("training", True)])
def test_batchnorm_statistics_move_only_in_training_mode(batchnorm, moves, normed, tmp_path):
    config = replace(FINETUNE, backbone=normed, unfreeze="all", batchnorm=batchnorm, epochs=1)
    before = model.assemble(config, image_size=32, classes=3).network
    after = fit(config, tmp_path).assembly.network
    statistics = [
        not np.array_equal(a, b) for a, b in zip(after.non_trainable_weights, before.non_trainable_weights, strict=True)
    ]
    assert statistics == 3 * [moves, moves]  # mean and variance
    assert all(
        not np.array_equal(a, b)
        for a, b in zip(after.trainable_weights[-2:], before.trainable_weights[-2:], strict=True)
    )


@pytest.mark.parametrize(
    "config",
    [
        LITE_LAYERS,
        replace(FINETUNE, unfreeze_count=1, batchnorm="training"),
    ],
    ids=["EfficientNetLite0", "Tiny"],
)
def test_the_frozen_front_computed_once_gives_what_the_whole_network_gives(config, tmp_path):
    once = fit(config, tmp_path / "once")
    always = fit(config, tmp_path / "always", front_budget=0)
    assert (once.front_cached, always.front_cached) == (True, False)
    for one, other in zip(once.curves, always.curves, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-3)
    assert close(values(once), values(always), tolerance=2e-3)
    assert not list(tmp_path.glob("**/prefix-*"))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system does not take space ahead")
def test_a_front_kept_on_the_disk_takes_its_space_at_once(tmp_path):
    """Otherwise a disk that is full later would end the process by a signal."""
    import keras

    front = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Identity()])
    (kept,) = frozen_front.empty(tmp_path, "train", front, 20, "disk")
    (file,) = tmp_path.glob("prefix-train-*.npy")
    assert file.stat().st_blocks * 512 >= kept.nbytes
    assert not kept.any()


def test_the_back_of_a_network_has_the_gradients_of_the_whole():
    import tensorflow as tf

    from core.training import freezing

    network = backbones.load("EfficientNetLite0", input_size=64)
    freezing.apply(network, "blocks", 3)
    front, back = frozen_front.split(network, inference=True)
    pixels = datasets.load("cifar10-sample").images[:4].astype(np.float32).repeat(2, axis=1).repeat(2, axis=2)
    variables = network.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        whole = tf.reduce_sum(tf.square(network(pixels, training=False)))
        parts = tf.reduce_sum(tf.square(back(front(pixels, training=False), training=False)))
    assert float(whole) == pytest.approx(float(parts), rel=1e-6)
    assert len(back.trainable_variables) == len(variables) > 10
    for one, other in zip(tape.gradient(whole, variables), tape.gradient(parts, variables), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_making_the_parts_leaves_no_trace_in_the_network(tmp_path):
    import keras

    trained = fit(replace(FINETUNE, unfreeze_count=1), tmp_path)
    trained.assembly.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    images = coloured().images[:8]
    np.testing.assert_allclose(
        loaded.predict(images, verbose=0), trained.assembly.model.predict(images, verbose=0), atol=1e-6
    )
    assert all(len(layer._inbound_nodes) == 1 for layer in trained.assembly.network.layers)  # used once


# Interruptions


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[RunConfig], training.Trained]:
    """unbroken(config) is a training that nothing interrupted, done once for all that are compared with it."""
    return functools.cache(lambda config: fit(config, tmp_path_factory.mktemp("unbroken")))


AUGMENTED = replace(FINETUNE, augment="flip+crop+colour")
DECAYING = replace(FINETUNE, unfreeze="all", layer_decay=0.5)


@pytest.mark.parametrize(
    ("config", "step"),
    [
        (SCRATCH, 6),
        (SCRATCH, 9),
        (FINETUNE, 3),
        (FINETUNE, 12),
        (FINETUNE, 20),
        (AUGMENTED, 3),
        (AUGMENTED, 13),
        (AUGMENTED, 20),
        (DECAYING, 20),
    ],
    ids=lambda value: value if isinstance(value, int) else value.augment or value.method,
)
def test_a_resumed_training_ends_where_an_unbroken_one_does(config, step, unbroken, tmp_path, monkeypatch):
    ends_where_unbroken(config, step, unbroken, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("config", "step"),
    [
        (replace(SCRATCH, learning_rate=1e-3, epochs=2), 9),
        (replace(FINETUNE, learning_rate=1e-4, batchnorm="training"), 14),
    ],
    ids=lambda value: value if isinstance(value, int) else value.method,
)
def test_a_resumed_training_of_a_network_with_statistics_does_so_too(
    config, step, normed, unbroken, tmp_path, monkeypatch
):
    ends_where_unbroken(replace(config, backbone=normed), step, unbroken, tmp_path, monkeypatch)


def ends_where_unbroken(config, step, unbroken, tmp_path, monkeypatch):
    """Pause a training at a step, resume it, and compare it with one that nothing interrupted."""
    monkeypatch.setattr(loop, "REPORT_EVERY", 0.0)
    config = replace(config, schedule="one-cycle", weight_decay=1e-3)
    expected = unbroken(config)
    with pytest.raises(Paused):
        fit(config, tmp_path, report=StopAt(step, Paused))
    tested = []
    resumed = fit(config, tmp_path, on_phase=lambda name, predict: tested.append(name))
    assert close(values(resumed), values(expected))
    assert [point["step"] for point in resumed.curves] == [point["step"] for point in expected.curves]
    for one, other in zip(resumed.curves, expected.curves, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-3)
    assert tested == [stage["name"] for stage in resumed.phases] == [stage["name"] for stage in expected.phases]


def test_a_killed_training_goes_on_from_its_last_epoch(unbroken, tmp_path):
    class Killed(BaseException):
        pass

    with pytest.raises(Killed):
        fit(SCRATCH, tmp_path, report=StopAt(15, Killed))
    told = []
    resumed = fit(SCRATCH, tmp_path, report=told.append)
    assert min(moment.step for moment in told if "batch_loss" in moment.metrics) > 8  # of eight an epoch
    epochs_told = [moment.step for moment in told if "validation_loss" in moment.metrics]
    assert epochs_told == [1, 2, 3, 4]  # what was told before is told again: nobody may have been left who heard it
    assert close(values(resumed), values(unbroken(SCRATCH)))


def test_a_training_killed_within_an_epoch_goes_on_from_its_last_checkpoint_there(unbroken, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    monkeypatch.setattr(loop, "REPORT_EVERY", 0.0)
    monkeypatch.setattr(trainer, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(trainer, "SAVE_SHARE", 1e6)
    with pytest.raises(Killed):
        fit(SCRATCH, tmp_path, report=StopAt(10, Killed))
    state = checkpoints.load(tmp_path / "last.npz")[1]["state"]
    assert (state["epoch"], state["images"], state["step"]) == (1, 3 * 16, 9)
    resumed, expected = fit(SCRATCH, tmp_path), unbroken(SCRATCH)
    assert close(values(resumed), values(expected))
    assert resumed.curves[1]["accuracy"] == pytest.approx(expected.curves[1]["accuracy"])


def test_a_training_killed_while_it_was_tested_is_only_tested_again(tmp_path):
    class Killed(BaseException):
        pass

    def killed(name, predict):
        raise Killed

    with pytest.raises(Killed):
        fit(SCRATCH, tmp_path, on_phase=killed)
    moments, tested = [], []
    resumed = fit(SCRATCH, tmp_path, report=moments.append, on_phase=lambda name, predict: tested.append(name))
    assert (resumed.ended, len(resumed.curves), tested) == ("finished", 4, ["scratch"])
    assert not any("batch_loss" in moment.metrics for moment in moments)


def test_a_stop_keeps_the_best_until_then_and_can_be_gone_on_with(tmp_path):
    tested = []
    stopped = fit(SCRATCH, tmp_path, report=StopAt(14), on_phase=lambda name, predict: tested.append(name))
    assert (stopped.ended, tested) == ("stopped", ["scratch"])
    assert 1 <= len(stopped.curves) < 4
    assert (tmp_path / "last.npz").is_file()
    assert len(fit(SCRATCH, tmp_path).curves) == 4


def test_a_stop_before_anything_is_finished_is_let_through_and_keeps_a_checkpoint(tmp_path):
    with pytest.raises(Stopped):
        fit(SCRATCH, tmp_path, report=StopAt(1))
    assert checkpoints.load(tmp_path / "last.npz")[1]["state"]["step"] == 1


def test_a_stop_early_in_the_second_stage_gives_the_first(tmp_path):
    stopped = fit(FINETUNE, tmp_path, report=StopAt(13))  # the head took 12 steps
    assert (stopped.ended, [stage["name"] for stage in stopped.phases]) == ("stopped", ["head"])
    fresh = fit(replace(FINETUNE, epochs=1), tmp_path / "other", report=StopAt(13))
    assert close(values(stopped), values(fresh))
    network = backbones.load("Tiny", input_size=32, weights="untrained")
    assert close([np.array(w) for w in stopped.assembly.network.weights], [np.array(w) for w in network.weights], 0)


def test_a_checkpoint_of_another_training_is_not_gone_on_with(tmp_path):
    with pytest.raises(Paused):
        fit(SCRATCH, tmp_path, report=StopAt(8, Paused))
    other = replace(SCRATCH, seed=1)
    assert close(values(fit(other, tmp_path)), values(fit(other, tmp_path / "fresh")))


def test_a_checkpoint_of_an_earlier_version_is_of_convnext_with_its_layernorm_first():
    then = RunConfig(backbone="ConvNeXtTiny", weights="untrained", method="finetune", pooling="norm-avg", version=2)
    stored = RunConfig(**vars(then) | {"pooling": "avg"})  # what that version wrote

    def identity(config: RunConfig) -> str:
        return trainer._identity(SimpleNamespace(config=config, dataset=coloured(), rows=ROWS, head=None))

    assert identity(then) == identity(stored)
    now = [RunConfig(**vars(then) | {"pooling": pooling, "version": 3}) for pooling in ("avg", "norm-avg")]
    assert len({identity(then), *map(identity, now)}) == 3


def test_a_checkpoint_from_before_layer_wise_decay_is_of_a_training_without_it(tmp_path):
    def identity(config: RunConfig) -> str:
        with pytest.raises(Paused):
            fit(config, tmp_path / str(config.layer_decay), report=StopAt(1, Paused))
        return checkpoints.load(tmp_path / str(config.layer_decay) / "last.npz")[1]["identity"]

    assert identity(FINETUNE).startswith("f570b32bf4a3c543")  # as that version computed it
    assert not identity(replace(FINETUNE, layer_decay=0.9)).startswith("f570b32bf4a3c543")


EXPLODING = replace(SCRATCH, optimizer="sgd", learning_rate=0.01, momentum=0.0, epochs=20)


def test_a_loss_that_is_no_number_ends_the_run_with_the_best_until_then(tmp_path):
    trained = fit(replace(EXPLODING, weight_decay=300.0), tmp_path)  # weights double in every step
    assert trained.ended == "diverged"
    assert 1 <= len(trained.curves) < 20
    assert "lower learning rate" in trained.error
    assert all(np.isfinite(value).all() for value in values(trained))
    saved, about = checkpoints.load(tmp_path / "last.npz")
    assert about["state"]["epoch"] == len(trained.curves)
    assert all(np.isfinite(array).all() for array in saved.values())


def test_a_loss_that_is_no_number_from_the_start_is_told(tmp_path):
    with pytest.raises(Diverged, match="lower learning rate"):
        fit(replace(EXPLODING, weight_decay=1e7), tmp_path)


class Memory(np.ndarray):
    """Images of which training cannot have 16 at once."""

    def __getitem__(self, key):
        if isinstance(key, np.ndarray) and len(key) == 16:
            raise MemoryError("no room")
        return np.asarray(super().__getitem__(key))


@pytest.mark.parametrize(
    "config", [SCRATCH, replace(DECAYING, head_epochs=0, epochs=4)], ids=lambda config: config.method
)
def test_a_batch_that_does_not_fit_is_halved_and_the_fact_is_noted(config, tmp_path):
    dataset = replace(coloured(), images=coloured().images.view(Memory))
    trained = fit(replace(config, schedule="cosine"), tmp_path, dataset=dataset)
    assert trained.batch_size == 8
    assert trained.curves[-1]["learning_rate"] == pytest.approx(0, abs=1e-9)  # at the end of its schedule
    assert trained.notes == ("Batches of 16 images did not fit into memory: epoch 1 continued with 8",)
    assert len(trained.curves) == 4
    assert trained.curves[-1]["loss"] < trained.curves[0]["loss"]


def test_a_full_disk_is_said_and_the_checkpoint_before_stays(tmp_path):
    from core.errors import RunError

    with pytest.raises(Paused):
        fit(SCRATCH, tmp_path, report=StopAt(8, Paused))
    (tmp_path / ".last.npz.new").symlink_to("/dev/full")
    with pytest.raises(RunError, match="Make room"):
        fit(SCRATCH, tmp_path)
    assert checkpoints.load(tmp_path / "last.npz")[1]["state"]["step"] >= 8


# What cannot be


@pytest.mark.parametrize(
    ("rows", "config", "error", "sentence"),
    [
        ({"train": ROWS["train"][:0]}, SCRATCH, DatasetError, "no training images"),
        ({"val": ROWS["val"][:0]}, SCRATCH, DatasetError, "no validation images"),
        ({"train": ROWS["train"][:10]}, SCRATCH, ConfigError, "batch of 16 is larger than the 10 training images"),
        ({"train": ROWS["train"][ROWS["train"] % 3 != 2]}, SCRATCH, DatasetError, "no training image: blue"),
        ({}, replace(FINETUNE, unfreeze_count=99), ConfigError, "99 blocks"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(rows, config, error, sentence, tmp_path):
    with pytest.raises(error, match=sentence):
        training.fit(config, coloured(), ROWS | rows, folder=tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "sgd", "momentum": 0.5, "weight_decay": 1e-4, "schedule": "cosine"},
        {"optimizer": "adamw", "weight_decay": 1e-2, "label_smoothing": 0.1, "class_weights": "balanced"},
        {"head_units": 8, "pooling": "max", "precision": "mixed"},
        {"pooling": "flatten", "unfreeze": "all-but-batchnorm", "augment": "flip"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_trains(options, tmp_path):
    trained = fit(replace(FINETUNE, **options), tmp_path)
    assert trained.curves[-1]["loss"] < trained.curves[0]["loss"]


def test_in_one_step_a_block_moves_by_its_share_of_the_learning_rate(tmp_path):
    one_step = replace(FINETUNE, unfreeze="all", optimizer="sgd", momentum=0.0, dropout=0.0)
    one_step = replace(one_step, head_epochs=0, epochs=1, batch_size=96)
    before, even, decayed = (
        {weight.path: np.array(weight) for weight in assembly.model.trainable_weights}
        for assembly in (
            model.assemble(one_step, image_size=32, classes=3),
            fit(one_step, tmp_path / "even").assembly,
            fit(replace(one_step, layer_decay=0.5), tmp_path / "decayed").assembly,
        )
    )
    for layer, share in {"block1_conv": 0.125, "block2_conv": 0.25, "block3_conv": 0.5, "predictions": 1}.items():
        name = f"{layer}/kernel"
        expected = share * (even[name] - before[name])
        assert np.abs(expected).max() > 1e-6
        np.testing.assert_allclose(decayed[name] - before[name], expected, rtol=0.02, atol=1e-7)


def test_a_schedule_is_over_the_last_stage(tmp_path):
    trained = fit(replace(FINETUNE, schedule="cosine"), tmp_path)
    rates = [point["learning_rate"] for point in trained.curves]
    assert rates[:2] == pytest.approx([1e-2, 1e-2])
    assert rates[2] < 5e-3
    assert rates[-1] == pytest.approx(0, abs=1e-6)


def test_the_finder_falls_before_it_rises(tmp_path):
    config, moments = replace(FINETUNE, unfreeze="all"), []
    table, suggestion = lr_finder.rise(config, coloured(), ROWS, report=moments.append)
    assert list(table.columns) == ["learning_rate", "loss"]
    assert table["learning_rate"].iloc[0] == pytest.approx(1e-7)
    assert table["learning_rate"].is_monotonic_increasing
    assert table["loss"].min() < 0.9 * table["loss"].iloc[0]
    assert 1e-6 < suggestion < 0.5
    assert moments[-1].unit == "steps"


def test_the_finder_suggests_nothing_where_there_is_nothing_to_learn():
    alike = replace(coloured(), images=np.full_like(coloured().images, 90))
    table, suggestion = lr_finder.rise(FINETUNE, alike, ROWS)
    assert len(table) > 20
    assert suggestion is None
