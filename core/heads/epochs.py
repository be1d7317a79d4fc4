"""Heads trained epoch by epoch with Keras and Adam: one layer, or a hidden layer before it.

All randomness comes from generators seeded by the options. Keras's global seed belongs to the whole process: another
thread may set it at any time, and the same options would then give a different head.

Pyright infers the types of Keras's arguments from their defaults, which is too narrow for some.
"""

import math
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.heads.dense import DenseHead
from core.heads.head import Labelled, Layer, Options, in_parts, moments, standardised
from core.progress import Progress, Report

if TYPE_CHECKING:
    import keras

REPORT_EVERY = 0.2  # seconds


def fit_linear(train: Labelled, val: Labelled, classes: int, options: Options, report: Report) -> DenseHead:
    """One layer with a softmax."""
    return _fit("linear-adam", train, val, classes, options, report)


def fit_mlp(train: Labelled, val: Labelled, classes: int, options: Options, report: Report) -> DenseHead:
    """A hidden layer of ReLU units, then one layer with a softmax."""
    return _fit("mlp", train, val, classes, options, report)


def _fit(method: str, train: Labelled, val: Labelled, classes: int, options: Options, report: Report) -> DenseHead:
    """The head after the epoch with the best validation accuracy."""
    import keras

    mean, scale = moments(train.x)
    train, val = (Labelled(standardised(part.x, mean, scale), part.y) for part in (train, val))
    model = _model([options.hidden] if method == "mlp" else [], train.x.shape[1], classes, options)
    curves: list[dict[str, float]] = []
    weights: list[np.ndarray] = []
    best, reported_at = -1.0, perf_counter()

    def after_batch(batch, logs) -> None:
        nonlocal reported_at
        if perf_counter() - reported_at > REPORT_EVERY:
            report(Progress("train", len(curves), options.epochs, unit="epochs"))
            reported_at = perf_counter()

    def after_epoch(epoch, logs) -> None:
        nonlocal best, weights
        point = {name.replace("val_", "validation_"): float(value) for name, value in logs.items()}
        curves.append({"step": epoch + 1, **point})
        if point["validation_accuracy"] > best:
            best, weights = point["validation_accuracy"], model.get_weights()
        report(Progress("train", epoch + 1, options.epochs, unit="epochs", metrics=point))

    model.fit(
        _batches(train, options),
        steps_per_epoch=math.ceil(len(train.y) / options.batch_size),
        validation_data=val,
        validation_batch_size=options.batch_size,
        epochs=options.epochs,
        shuffle=False,
        verbose=0,  # pyright: ignore[reportArgumentType]
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=after_batch, on_epoch_end=after_epoch)],
    )
    layers = [Layer(kernel, bias) for kernel, bias in zip(weights[::2], weights[1::2], strict=True)]
    best_point = max(curves, key=lambda point: point["validation_accuracy"])  # the first of equals
    chosen = {
        "epoch": best_point["step"],
        "validation_accuracy": best_point["validation_accuracy"],
        "last_epoch": options.epochs,
        "last_validation_accuracy": curves[-1]["validation_accuracy"],
    }
    return DenseHead(
        method=method, classes=classes, chosen=chosen, curves=curves, mean=mean, scale=scale, layers=layers
    )


def _model(units: list[int], dim: int, classes: int, options: Options) -> "keras.Model":
    """From features (b, dim) to logits: of probabilities, JAX would have no gradient below 1e-7."""
    import keras

    penalty = keras.regularizers.L2(options.strength / 2) if options.strength else None
    activations = ["relu"] * len(units) + [None]
    dense = [
        keras.layers.Dense(
            count,
            activation,
            kernel_initializer=keras.initializers.GlorotUniform(options.seed + i),  # pyright: ignore[reportArgumentType]
            kernel_regularizer=penalty,
            dtype="float32",
        )
        for i, (count, activation) in enumerate(zip([*units, classes], activations, strict=True))
    ]
    model = keras.Sequential([keras.Input((dim,)), *dense])
    optimizer = keras.optimizers.Adam(options.learning_rate)
    model.compile(
        optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # pyright: ignore[reportArgumentType]
    )
    return model


def _batches(train: Labelled, options: Options) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches, epoch after epoch, each newly shuffled; the last batch of an epoch may be smaller."""
    random = np.random.default_rng(options.seed)
    while True:
        for chosen in in_parts(random.permutation(len(train.y)), options.batch_size):
            yield train.x[chosen], train.y[chosen]
