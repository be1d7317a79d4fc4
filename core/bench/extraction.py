"""Speed against references: extraction against the bare forward pass, probe and fine-tune against the notebook.

Every ratio compares two things measured alternately in one process, so that other load slows both. They use an empty
cache, which is removed afterwards. docs/benchmarks.md has figures, hardware and commands.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from core import backbones, features, heads, metrics, settings, training
from core.bench import clip, device, estimates, growth, inference, maps, own_process, runs, store
from core.bench import heads as heads_bench
from core.bench import labels as labels_bench
from core.bench.empty_home import empty_home
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.features import compiled
from core.progress import Progress, silent
from core.training import checkpoints, optimizers, phases, step

ROUNDS = 5
EPOCHS = 5  # of the notebook, on the frozen backbone
BATCH = 32  # of its fine-tune phase


def extract(
    *,
    images: int = 2000,
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 0,
) -> dict:
    """A cold `features.extract`, including the cache, against the same compiled function on images on the device.

    The network is compiled and its batch size determined before the first round.
    """
    source = datasets.load(dataset)
    encoder = features.Encoder(backbone, weights, input_size)
    network = compiled.build(encoder, image_size=source.images.shape[1])
    for _ in network.stream(source.images, np.arange(100_000) % len(source.images)):
        if network.rate:
            break
    batch = network.batch_size or 1
    rows = np.arange(max(1, min(images, len(source.images)) // batch) * batch)  # whole batches

    def ours() -> None:
        with empty_home():
            features.extract(source, rows, encoder)

    on_device = [_to_device(source.images[rows[i : i + batch]]) for i in range(0, len(rows), batch)]

    def bare() -> None:
        results = [network.function(pixels) for pixels in on_device]
        np.asarray(results[-1])  # a device works in order: when the last is ready, all are

    seconds = [(_seconds(ours), _seconds(bare)) for _ in range(ROUNDS)]
    return {
        "backbone": encoder.backbone,
        "input_size": encoder.input_size,
        "images": len(rows),
        "batch_size": batch,
        "precision": encoder.precision,
        "images_per_second": len(rows) / median(ours for ours, _ in seconds),
        "bare_images_per_second": len(rows) / median(reference for _, reference in seconds),
        "ratio": median(reference / ours for ours, reference in seconds),  # 1: no overhead; target 0.95
        "ratios": [reference / ours for ours, reference in seconds],
    }


def probe(
    *,
    images: int = 1800,
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 0,
) -> dict:
    """Our probe, cold and then warm with another head, against `model.fit` through the frozen backbone.

    Cold: build and compile the network, extract features of all splits and fit a linear head. Warm: read the features
    from the cache and fit the head with a given strength.
    """
    source = datasets.load(dataset)
    entry, local_weights = backbones.get(backbone), backbones.find_weights(backbone, weights)
    encoder = features.Encoder(backbone, weights, input_size)
    rows = {split: datasets.splits(source)[split] for split in ("train", "val", "test")}
    share = min(1.0, images / len(rows["train"]))
    rows = {
        split: datasets.subsample(ids, source.labels[ids], max(1, round(share * len(ids))), seed=0)
        for split, ids in rows.items()
    }

    def ours(options: heads.Options) -> float:
        train, val, test = (
            heads.Labelled(features.extract(source, rows[split], encoder).values, source.labels[rows[split]])
            for split in ("train", "val", "test")
        )
        head = heads.fit("linear", train, val, classes=len(source.class_names), options=options)
        return metrics.accuracy(test.y, head.predict_proba(test.x).argmax(axis=1)).value

    with empty_home():
        import keras

        compiled.clear()
        keras.backend.clear_session()
        cold, accuracy = _timed(lambda: ours(heads.Options()))
        warm, _ = _timed(lambda: ours(heads.Options(strength=0.05)))
    notebook, notebook_accuracy = _timed(lambda: _notebook(source, rows, entry, local_weights, encoder.input_size))
    return {
        "backbone": entry.name,
        "input_size": encoder.input_size,
        "images": {split: len(ids) for split, ids in rows.items()},
        "cold_seconds": cold,
        "warm_seconds": warm,
        "notebook_seconds": notebook,
        "cold_times_faster": notebook / cold,  # target: 6
        "warm_times_faster": notebook / warm,  # target: 100
        "accuracy": accuracy,
        "notebook_accuracy": notebook_accuracy,
    }


def memory(
    *,
    images: int = 10_000,
    dataset: str = "cifar10",
    backbone: str = "MobileNetV2",
    weights: str = "imagenet",
    input_size: int = 224,
) -> dict:
    """Peak memory of a separate process that extracts features of these images, including TensorFlow."""
    spent = own_process.spend(_extract_first, images, dataset, backbone, weights, input_size)
    return {
        "backbone": backbone,
        "input_size": input_size,
        "images": images,
        "seconds": spent.seconds,
        "peak_gigabytes": spent.peak / 1e9,  # including pages of the image file, which the system can reclaim
        "peak_own_gigabytes": spent.own_peak / 1e9,  # without them
    }


def finetune(
    *,
    images: int = 1000,
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 96,
) -> dict:
    """Epochs of the notebook's fine-tune phase, the last 30 layers at batch 32: ours against plain `model.fit`.

    Each of our epochs is followed by one of the notebook's, and by as many steps on one prepared batch. The first round
    compiles and is not counted. Once with every step through the whole network, once with the frozen front precomputed.
    """
    source = datasets.load(dataset)
    entry, local_weights = backbones.get(backbone), backbones.find_weights(backbone, weights)
    config = RunConfig(
        dataset=dataset,
        backbone=entry.name,
        method="finetune",
        weights=weights,
        input_size=input_size,
        head_epochs=0,
        epochs=ROUNDS + 1,
        batch_size=BATCH,
        unfreeze="layers",
        unfreeze_count=30,
    )
    splits = datasets.splits(source)
    rows = {
        split: datasets.subsample(splits[split], source.labels[splits[split]], count, seed=0)
        for split, count in (("train", images), ("val", images // 10))
    }
    reference, reference_accuracy = _notebook_epochs(source, rows, config, local_weights)
    bare = _bare_steps(source, rows, config)
    result = {"backbone": entry.name, "input_size": input_size, "images": images, "batch_size": BATCH}
    with empty_home():
        for name, budget in (("whole", 0), ("prefix", None)):
            measured = _in_turns(config, source, rows, budget, reference, bare)
            result |= {f"{name}_{figure}": value for figure, value in measured.items()}
    result["notebook_validation_accuracy"] = reference_accuracy()
    return result


BENCHES: dict[str, Callable[..., dict]] = {
    "extract": extract,
    "engines": inference.engines,
    "probe": probe,
    "memory": memory,
    "finetune": finetune,
    "maps": maps.maps,
    "clip": clip.clip_answer,
    "fewshot": clip.few_shot_sweep,
    "heads": heads_bench.heads,
    "labels": labels_bench.labels,
    "estimates": estimates.estimates,
    "store": store.store,
    "device": device.device,
    "growth": growth.growth,
    "runs": runs.runs,
}


def _in_turns(
    config: RunConfig,
    source: Dataset,
    rows: dict,
    front_budget: int | None,
    reference: Callable[[], object],
    bare: Callable[[], object],
) -> dict[str, float]:
    """Our epochs, each followed by one of the reference and one of bare steps; seconds: medians without the first."""
    ours, notebook, bare_steps = [], [], []
    clock = 0.0

    def report(progress: Progress) -> None:
        nonlocal clock
        if "validation_accuracy" not in progress.metrics:
            clock = clock or time.perf_counter()
            return
        ours.append(time.perf_counter() - clock)
        notebook.append(_seconds(reference))
        bare_steps.append(_seconds(bare))
        clock = time.perf_counter()

    def train() -> training.Trained:
        folder = settings.folder("checkpoints") / "bench"
        return training.fit(config, source, rows, folder=folder, front_budget=front_budget, report=report)

    total, trained = _timed(train)
    checkpoints.delete("bench")
    return {
        "epoch_seconds": median(ours[1:]),
        "notebook_epoch_seconds": median(notebook[1:]),
        "times_faster": median(b / a for a, b in zip(ours[1:], notebook[1:], strict=True)),
        "steps_images_per_second": trained.images_per_second,
        "bare_images_per_second": len(rows["train"]) / median(bare_steps[1:]),
        "seconds": total - sum(notebook) - sum(bare_steps),  # with building, compiling, the front
        "validation_accuracy": trained.curves[-1]["validation_accuracy"],
    }


def _notebook_epochs(
    source: Dataset, rows: dict, config: RunConfig, weights: backbones.Weights
) -> tuple[Callable[[], object], Callable[[], float]]:
    """The exercise's fine-tune phase in plain Keras: functions for one epoch and for the validation accuracy."""
    import keras
    import tensorflow as tf

    from core.data.images import preprocess

    size, mode = config.input_size, backbones.get(config.backbone).preprocessing

    def prepare(image, label):
        return preprocess(tf.image.resize(tf.cast(image, tf.float32), (size, size)), mode), label

    def batches(split: str) -> tf.data.Dataset:
        ids = np.sort(rows[split])
        data = tf.data.Dataset.from_tensor_slices((np.asarray(source.images[ids]), source.labels[ids]))
        data = data.shuffle(1000, seed=0) if split == "train" else data
        return data.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)

    backbone = backbones.load(config.backbone, input_size=size, weights=weights)
    backbone.trainable = True
    for layer in backbone.layers[: -config.unfreeze_count - 1]:  # one of those is the pooling layer
        layer.trainable = False
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Dropout(config.dropout, seed=0)(backbone(inputs, training=False))
    outputs = _softmax(len(source.class_names))(x)
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(config.learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    train, val = batches("train"), batches("val")
    return (
        lambda: model.fit(train, validation_data=val, epochs=1, shuffle=False, verbose=0),  # pyright: ignore[reportArgumentType]
        lambda: model.evaluate(val, verbose=0)[1],  # pyright: ignore[reportArgumentType]
    )


def _bare_steps(source: Dataset, rows: dict, config: RunConfig) -> Callable[[], object]:
    """An epoch's number of steps, with the same compiled step, on one prepared batch."""
    import tensorflow as tf

    material = phases.Material(config, source, rows, settings.home(), silent, front_budget=0)
    (stage,) = phases.plan(config, None)
    phases.freeze(stage, material)
    model = phases.prepare(stage, material).model
    step.compile(model, optimizers.build(config, config.learning_rate), config)
    ids = rows["train"][:BATCH]
    batch = np.asarray(source.images[ids]), material.targets("train")[:BATCH]
    steps = -(-len(rows["train"]) // BATCH)
    data = tf.data.Dataset.from_tensors(batch).cache().repeat(steps).prefetch(2)
    return lambda: model.fit(data, epochs=1, shuffle=False, verbose=0)


def _notebook(source: Dataset, rows: dict, entry: backbones.Backbone, weights: backbones.Weights, size: int) -> float:
    """The exercise: resize and preprocess in tf.data, train dropout and softmax on the frozen backbone."""
    import keras
    import tensorflow as tf

    from core.data.images import preprocess

    def prepare(image, label):
        image = tf.image.resize(tf.cast(image, tf.float32), (size, size))
        return preprocess(image, entry.preprocessing), label

    def batches(split: str) -> tf.data.Dataset:
        ids = np.sort(rows[split])
        data = tf.data.Dataset.from_tensor_slices((np.asarray(source.images[ids]), source.labels[ids]))
        data = data.shuffle(1000, seed=0) if split == "train" else data
        return data.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).batch(64).prefetch(tf.data.AUTOTUNE)

    backbone = backbones.load(entry, input_size=size, weights=weights)
    backbone.trainable = False
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Dropout(0.2, seed=0)(backbone(inputs, training=False))
    outputs = _softmax(len(source.class_names))(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches("train"), validation_data=batches("val"), epochs=EPOCHS, verbose=0)  # pyright: ignore[reportArgumentType]
    return model.evaluate(batches("test"), verbose=0)[1]  # pyright: ignore[reportArgumentType]


def _softmax(classes: int) -> Any:
    from keras import initializers, layers

    start: Any = initializers.GlorotUniform(0)
    return layers.Dense(classes, activation="softmax", kernel_initializer=start)


def _extract_first(images: int, dataset: str, backbone: str, weights: str, input_size: int) -> None:
    source, encoder = datasets.load(dataset), features.Encoder(backbone, weights, input_size)
    with empty_home():
        features.extract(source, np.arange(images), encoder)


def _to_device(pixels: np.ndarray) -> Any:
    from keras import ops

    return ops.convert_to_tensor(pixels)


def _seconds(work: Callable[[], object]) -> float:
    return _timed(work)[0]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
