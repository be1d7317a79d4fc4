"""Vanishing gradients, measured: how much gradient reaches the first layers with and without shortcuts.

He et al. 2015 (arXiv:1512.03385) compare plain and residual networks with the same layers. Here a small network of each
kind sees one batch of real images, and the gradient of its loss is read at every block.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data import datasets
from core.errors import ConfigError

if TYPE_CHECKING:
    import keras

CHANNELS = 16
IMAGES = 64
MOST = 60  # blocks; takes seconds on two cores
KINDS = {
    "plain": "Without shortcuts",
    "residual": "With shortcuts",
}


@dataclass(frozen=True)
class GradientNorms:
    """The gradient at each block of two networks that differ only in their shortcuts."""

    blocks: int
    normalisation: str
    gradients: dict[str, tuple[float, ...]]  # kind -> norm of the gradient at each block's kernel, first to last
    losses: dict[str, float]  # kind -> cross-entropy of the batch
    seeds: int  # networks of each kind; their norms are averaged (geometric mean)
    images: int
    dataset: str
    seconds: float


def measure(blocks: int, normalisation: str = "none", dataset: str = "cifar10-sample", seeds: int = 2) -> GradientNorms:
    """Build both networks and read their gradients on one batch of real images; nothing is trained.

    Args:
        blocks: The number of 3 x 3 convolutions with ReLU. In the residual network each has a shortcut, and its output
            is divided by the square root of their number; otherwise the sum would grow with every block.
        normalisation: "none", or "batchnorm" after each convolution.

    Raises:
        ConfigError: Too many blocks, or an unknown normalisation.
    """
    import numpy as np

    if not 2 <= blocks <= MOST:
        raise ConfigError(f"{blocks} blocks requested", f"2 to {MOST}")
    if normalisation not in ("none", "batchnorm"):
        raise ConfigError(f"Unknown normalisation {normalisation!r}", "none or batchnorm")
    started, data = time.monotonic(), datasets.load(dataset)
    rows = np.sort(np.random.default_rng(0).choice(len(data.labels), IMAGES, replace=False))
    pixels = np.stack([data.images[int(row)] for row in rows]).astype("float32") / 127.5 - 1
    labels = np.asarray(data.labels)[rows]
    gradient_norms, losses = {}, {}
    for kind in KINDS:
        norms, errors = [], []
        for seed in range(seeds):
            network = _network(kind, blocks, normalisation, pixels.shape[1], len(data.class_names), seed)
            kernels = [network.get_layer(f"block{block}_conv").kernel for block in range(1, blocks + 1)]
            loss, gradients = _backward(network, kernels, pixels, labels)
            norms.append([float(np.linalg.norm(np.asarray(gradient))) for gradient in gradients])
            errors.append(float(loss))
        gradient_norms[kind] = tuple(np.exp(np.log(np.maximum(norms, 1e-30)).mean(0)).tolist())
        losses[kind] = float(np.mean(errors))
    seconds = time.monotonic() - started
    return GradientNorms(blocks, normalisation, gradient_norms, losses, seeds, IMAGES, dataset, seconds)


def _backward(network: Any, kernels: list, pixels: Any, labels: Any) -> tuple[Any, list]:
    """The loss of a batch, and its gradient at each kernel."""
    import keras

    def loss_of(logits: Any) -> Any:
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, True))

    if keras.backend.backend() == "jax":
        import jax

        variables, constant = network.trainable_variables, [each.value for each in network.non_trainable_variables]

        def loss_at(values: list) -> Any:
            return loss_of(network.stateless_call(values, constant, pixels, training=True)[0])

        loss, gradients = jax.value_and_grad(loss_at)([variable.value for variable in variables])
        by_variable = {id(variable): gradient for variable, gradient in zip(variables, gradients, strict=True)}
        return loss, [by_variable[id(kernel)] for kernel in kernels]
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = loss_of(network(pixels, training=True))
    return loss, tape.gradient(loss, [kernel.value for kernel in kernels])


def _network(kind: str, blocks: int, normalisation: str, size: int, classes: int, seed: int) -> "keras.Model":
    """A stem, equal 3 x 3 convolutions with ReLU, pooling, logits; y = F(x), or y = x + F(x) / sqrt(blocks)."""
    from keras import Input, Model, initializers, layers

    seeds = iter(range(1000 * seed, 1000 * seed + blocks + 2))

    def start() -> Any:  # Keras's default initialiser, seeded so that both kinds of network start from the same values
        return initializers.GlorotUniform(next(seeds))

    image = Input((size, size, 3))
    x = layers.Conv2D(CHANNELS, 3, 2, padding="same", activation="relu", kernel_initializer=start())(image)
    for block in range(1, blocks + 1):
        before = x
        x = layers.Conv2D(CHANNELS, 3, padding="same", kernel_initializer=start(), name=f"block{block}_conv")(x)
        if normalisation == "batchnorm":
            x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        if kind == "residual":
            x = layers.Add()([before, layers.Rescaling(blocks**-0.5)(x)])
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(classes, kernel_initializer=start())(x))
