"""Vanishing gradients, measured: how much of the error reaches the first layers, with a way around and without.

He et al. 2015 (arXiv:1512.03385) compare plain and residual networks of the same layers. Here a small one of each is
built, sees real images once, and the gradient of its loss is read at every block.
"""

import time
from dataclasses import dataclass

from core.data import datasets
from core.errors import ConfigError

CHANNELS = 16
IMAGES = 64
MOST = 60  # blocks: seconds on two cores
KINDS = {
    "plain": "Without shortcuts",
    "residual": "With shortcuts",
}


@dataclass(frozen=True)
class Measured:
    """The gradient at each block of two networks that differ in their shortcuts only."""

    blocks: int
    normalisation: str
    gradients: dict[str, tuple[float, ...]]  # kind -> norm of the gradient at each block's kernel, first to last
    losses: dict[str, float]  # kind -> cross-entropy of the batch
    seeds: int  # networks of each kind, whose norms are averaged (geometric mean)
    images: int
    dataset: str
    seconds: float


def measure(blocks: int, normalisation: str = "none", dataset: str = "cifar10-sample", seeds: int = 2) -> Measured:
    """Builds both networks and reads their gradients on one batch of real images; nothing is trained.

    Args:
        blocks: 3 x 3 convolutions with ReLU, one after the other; with shortcuts, a way around each, and what it adds
            is divided by the root of their number: the sum of many changes would grow with each block otherwise.
        normalisation: "none", or "batchnorm" after each convolution.

    Raises:
        ConfigError: Too many blocks, or an unknown normalisation.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    if not 2 <= blocks <= MOST:
        raise ConfigError(f"Networks of {blocks} blocks were asked for", f"2 to {MOST}")
    if normalisation not in ("none", "batchnorm"):
        raise ConfigError(f"Nothing is known of the normalisation {normalisation!r}", "none or batchnorm")
    started, data = time.monotonic(), datasets.load(dataset)
    rows = np.sort(np.random.default_rng(0).choice(len(data.labels), IMAGES, replace=False))
    pixels = np.stack([data.images[int(row)] for row in rows]).astype("float32") / 127.5 - 1
    labels = np.asarray(data.labels)[rows]
    found, losses = {}, {}
    for kind in KINDS:
        norms, errors = [], []
        for seed in range(seeds):
            network = _network(kind, blocks, normalisation, pixels.shape[1], len(data.class_names), seed)
            kernels = [network.get_layer(f"block{block}_conv").kernel for block in range(1, blocks + 1)]
            with tf.GradientTape() as tape:
                loss = keras.losses.sparse_categorical_crossentropy(labels, network(pixels, training=True), True)
                loss = tf.reduce_mean(loss)
            gradients = tape.gradient(loss, [kernel.value for kernel in kernels])
            norms.append([float(tf.norm(gradient)) for gradient in gradients])
            errors.append(float(loss))
        found[kind] = tuple(np.exp(np.log(np.maximum(norms, 1e-30)).mean(0)).tolist())
        losses[kind] = float(np.mean(errors))
    return Measured(blocks, normalisation, found, losses, seeds, IMAGES, dataset, time.monotonic() - started)


def _network(kind: str, blocks: int, normalisation: str, size: int, classes: int, seed: int):
    """A stem, equal 3 x 3 convolutions with ReLU, pooling, logits; y = F(x), or y = x + F(x) / sqrt(blocks)."""
    from keras import Input, Model, initializers, layers

    seeds = iter(range(1000 * seed, 1000 * seed + blocks + 2))

    def start():  # the usual one of Keras; both kinds of network get the same numbers
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
