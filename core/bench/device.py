"""What a device brings: the whole extraction against the bare pass, compiling, precision, and training steps."""

import multiprocessing
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from core import features, hardware, heads, keras_defaults, neighbours, settings, training
from core.bench.empty_home import empty_home
from core.bench.repeated import repeated
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import WeightsError
from core.features import Encoder, compiled
from core.progress import silent
from core.training import optimizers, phases, step

NETWORKS = ("ResNet50", "MobileNetV2")  # untrained, at their default sizes
JUDGED = {"MobileNetV2": 96, "EfficientNetLite0": 160}  # with published weights; pixels
ROUNDS = 3
NEIGHBOURS = 10
BATCH = 128  # of the training steps


def device(*, images: int = 60_000, backbone: str = "", input_size: int = 0) -> dict:
    """The figures of `docs/benchmarks.md` for a GPU; on a CPU, few images show that all of it works.

    Args:
        images: In each extraction, and at most in the rest, which have those of the sample.
        backbone: The only network; "": those that are usually shown.
    """
    sample = datasets.load(datasets.SAMPLE)
    encoders = [Encoder(name, "untrained", input_size) for name in ([backbone] if backbone else NETWORKS)]
    judged = {name: input_size or size for name, size in JUDGED.items() if backbone in ("", name)}
    # Before this process imports Keras, which would name its own folder of compiled networks to the others.
    first = {encoder.backbone: _first_batches(encoder, sample) for encoder in encoders}
    return {
        "backend": keras_defaults.backend(),
        "versions": hardware.versions(),
        "first_batch_seconds": first,  # building, compiling and one batch, in the first and in the second process
        "extraction": {encoder.backbone: _extraction(encoder, sample, images) for encoder in encoders},
        "precision": {name: _precisions(name, size, sample, images) for name, size in judged.items()},
        "training": {encoder.backbone: _training(encoder, sample, images) for encoder in encoders},
    }


def _extraction(encoder: Encoder, sample: Dataset, images: int) -> dict:
    source = repeated(sample, images)
    network = compiled.build(encoder, image_size=sample.images.shape[1])
    for _ in network.stream(source.images, np.arange(1_000_000) % images):
        if network.rate:
            break
    size = network.batch_size or 1
    on_device = _to_device(np.resize(sample.images, (size, *sample.images.shape[1:])))
    batches = -(-images // size)

    def bare() -> None:
        results = [network.function(on_device) for _ in range(batches)]
        np.asarray(results[-1])  # a device works in order: when the last is ready, all are

    def ours() -> None:
        with empty_home():
            features.extract(source, np.arange(images), encoder)

    rounds = [(batches * size / _seconds(bare), images / _seconds(ours)) for _ in range(ROUNDS)]
    return {
        "input_size": encoder.input_size,
        "precision": encoder.precision,
        "batch_size": size,
        "bare_images_per_second": round(median(reference for reference, _ in rounds), 1),
        "images_per_second": round(median(rate for _, rate in rounds), 1),
        "ratio": round(median(rate / reference for reference, rate in rounds), 3),  # aim: 0.90
    }


def _first_batches(encoder: Encoder, sample: Dataset) -> list[float]:
    with empty_home():  # where nothing has been compiled
        return [_in_another_process(encoder, sample.images.shape[1]) for _ in range(2)]


def _in_another_process(encoder: Encoder, image_size: int) -> float:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=_first_batch, args=(encoder, image_size, answers))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"The process ended with exit code {process.exitcode}")
    return answers.get()


def _first_batch(encoder: Encoder, image_size: int, answers: Any) -> None:
    import keras  # noqa: F401, whose import is not timed

    started = perf_counter()
    network = compiled.build(encoder, image_size=image_size)
    np.asarray(network.function(np.zeros((network.batch_size or 1, image_size, image_size, 3), np.uint8)))
    answers.put(round(perf_counter() - started, 1))


def _precisions(name: str, input_size: int, sample: Dataset, images: int) -> dict:
    """What less precision does to features, neighbours and the answers of a head, against float32."""
    share = min(1.0, images / len(sample.labels))
    ids = {split: ids[: max(20, round(share * len(ids)))] for split, ids in datasets.splits(sample).items()}
    rows = [ids[split] for split in ("train", "val", "test")]
    train, val, test = (sample.labels[each] for each in rows)
    lower = ("tf32", "bfloat16") if hardware.describe()["gpu"] else ("bfloat16",)  # a CPU has no TF32
    exact, results = None, {}
    for precision in ("float32", *lower):
        encoder = Encoder(name, "imagenet", input_size, precision=precision)
        try:
            encoder.local_weights()
        except WeightsError as error:
            return {"missing": str(error)}
        with empty_home():
            extracted = features.extract(sample, np.concatenate(rows), encoder)
        values = extracted.values
        x_train, x_val, x_test = np.split(values, np.cumsum([len(train), len(val)]))
        options = heads.Options(strength=0.01)
        head = heads.fit(
            "linear",
            heads.Labelled(x_train, train),
            heads.Labelled(x_val, val),
            classes=len(sample.class_names),
            options=options,
        )
        near, answers = neighbours.of_each(values, NEIGHBOURS)[0], head.predict_proba(x_test).argmax(axis=1)
        exact = exact or (values, near, answers)
        lengths = np.linalg.norm(values, axis=1) * np.linalg.norm(exact[0], axis=1)
        results[precision] = {
            "images_per_second": extracted.images_per_second,
            "smallest_cosine": float(((values * exact[0]).sum(axis=1) / lengths).min()),
            "neighbours_kept": float((near[:, :, None] == exact[1][:, None]).any(axis=2).mean()),
            "same_answers": float(np.mean(answers == exact[2])),
            "accuracy": float(np.mean(answers == test)),
        }
    return {"images": sum(map(len, rows)), "input_size": input_size} | results


def _training(encoder: Encoder, sample: Dataset, images: int) -> dict:
    """Steps of a whole fine-tune against the bare compiled step on one batch that is on the device."""
    splits, batch = datasets.splits(sample), min(BATCH, images)
    rows = {"train": splits["train"][: min(images, 8 * BATCH)], "val": splits["val"][:batch]}
    config = RunConfig(
        dataset=sample.name,
        backbone=encoder.backbone,
        method="finetune",
        weights="untrained",
        input_size=encoder.input_size,
        head_epochs=0,
        epochs=ROUNDS,
        batch_size=batch,
        unfreeze="all",
    )
    with empty_home():
        started = perf_counter()
        trained = training.fit(config, sample, rows, folder=settings.folder("checkpoints") / "bench")
        seconds = perf_counter() - started
        material = phases.Material(config, sample, rows, settings.home(), silent, front_budget=0)
        (phase,) = phases.plan(config, None)
        phases.freeze(phase, material)
        model = phases.prepare(phase, material).model
        step.compile(model, optimizers.build(config, config.learning_rate), config)
        pixels = np.asarray(sample.images[rows["train"][:batch]])
        with compiled.computing(config.encoder.precision):
            bare = _bare_step(model, pixels, material.targets("train")[:batch])
            bare()  # compiles
            rate = batch / median(_seconds(bare) for _ in range(4 * ROUNDS))
    ours = trained.images_per_second
    return {
        "batch_size": batch,
        "precision": config.encoder.precision,
        "bare_images_per_second": round(rate, 1),
        "images_per_second": ours,  # None: there was a single step in each epoch, which compiles
        "ratio": ours and round(ours / rate, 3),  # aim: 0.9
        "seconds": round(seconds, 1),  # of the whole fine-tune, with building and compiling
    }


def _bare_step(model: Any, pixels: np.ndarray, targets: np.ndarray) -> Callable[[], object]:
    """One training step, as a function that waits for its end."""
    if keras_defaults.backend() != "jax":
        return lambda: model.train_on_batch(pixels, targets)
    import jax
    from keras import losses, ops

    x, y = jax.device_put(pixels), jax.device_put(targets)

    def loss_at(trainable: list, constant: list) -> tuple[Any, list]:
        probabilities, constant = model.stateless_call(trainable, constant, x, training=True)
        return ops.mean(losses.categorical_crossentropy(y, probabilities)), constant

    @jax.jit
    def next_state(trainable: list, constant: list, moments: list) -> tuple[list, list, list]:
        (_, constant), gradients = jax.value_and_grad(loss_at, has_aux=True)(trainable, constant)
        trainable, moments = model.optimizer.stateless_apply(moments, gradients, trainable)
        return trainable, constant, moments

    model(pixels[:1])  # builds it
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    state = tuple([variable.value for variable in group] for group in groups)

    def take() -> None:
        nonlocal state
        state = jax.block_until_ready(next_state(*state))

    return take


def _to_device(pixels: np.ndarray) -> Any:
    from keras import ops

    return ops.convert_to_tensor(pixels)


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
