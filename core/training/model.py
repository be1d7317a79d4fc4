"""The whole network of a run as one Keras model: uint8 images in, probabilities out.

    image (s0, s0, 3) uint8 -> resize, preprocess -> network (backbone and pooling) -> head -> probabilities

Whatever decides about a prediction is inside, so the model can be saved, exported and asked on its own. Augmentation is
no part of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import backbones, heads
from core.backbones import Weights
from core.config import RunConfig
from core.errors import ConfigError, RunError
from core.features import compiled


@dataclass
class Assembly:
    """A model and its two parts, which share their layers with it."""

    model: Any  # keras.Model, (b, s0, s0, 3) uint8 -> (b, classes) float32, rows sum to 1
    network: Any  # keras.Model of the backbone and its pooling, (b, s, s, 3) preprocessed -> (b, d)
    head: list  # its layers in order: "hidden" where there is one, "dropout", "predictions"


def assemble(
    config: RunConfig,
    *,
    image_size: int,
    classes: int,
    weights: Weights,
    head: heads.Head | None = None,
) -> Assembly:
    """The network that a fine-tune or a from-scratch run trains; everything in it is trainable yet.

    How BatchNorm runs is up to whoever trains: `network(x, training=False)` inside a functional model would not hold,
    because the `training=True` of `model.fit` overrides it (keras#20285).

    Args:
        image_size: Pixels of the square images that come in.
        head: A trained probe to start from; its hidden units win over `config.head_units`.

    Raises:
        ConfigError: The probe's features or classes are not those of this network.
        RunError: The probe is nearest neighbours, which has no layers.
    """
    import keras

    network = _network(config, weights)
    if config.method == "scratch":
        with compiled.building(precision(config)):
            keras.utils.set_random_seed(config.seed)
            network = keras.models.clone_model(network)  # untrained weights are otherwise the same for every seed
    arrays = _folded(head, network.output_shape[-1], classes) if head else []
    units = [kernel.shape[1] for kernel, _ in arrays[:-1]] or [config.head_units] * bool(config.head_units)
    with compiled.building("float32"):
        dropout = keras.layers.Dropout(config.dropout, seed=config.seed, name="dropout")
        layers = [*_dense(units, seed=config.seed), dropout, *_softmax(classes, seed=config.seed)]
        model = _join(config, image_size, network, layers)
    _assign(layers, arrays)
    return Assembly(model, network, layers)


def from_probe(config: RunConfig, head: heads.Head, *, image_size: int, weights: Weights) -> Any:
    """A probe as one such model, with the standardisation of its features folded into its first layer.

    Raises:
        RunError: Nearest neighbours, which has no layers.
    """
    network = _network(config, weights)
    if "texts" in head.arrays:
        return _from_texts(config, image_size, network, head)
    arrays = _folded(head, network.output_shape[-1], head.classes)
    with compiled.building("float32"):
        layers = [*_dense([kernel.shape[1] for kernel, _ in arrays[:-1]]), *_softmax(head.classes)]
        model = _join(config, image_size, network, layers)
    _assign(layers, arrays)
    return model


def _from_texts(config: RunConfig, image_size: int, network: Any, head: heads.Head) -> Any:
    """A zero-shot head: features at length one, and a kernel of texts."""
    from keras import layers

    with compiled.building("float32"):
        dense = _softmax(head.classes)
        model = _join(config, image_size, network, [layers.UnitNormalization(name="unit"), *dense])
    kernel = head.arrays["texts"].T * head.arrays["scale"]
    _assign(dense, [(kernel, np.zeros(head.classes, np.float32))])
    return model


def before(config: RunConfig, image_size: int, network: Any) -> Any:
    """A `keras.Model` from uint8 images (b, s0, s0, 3) to what a network, or the front of one, gives."""
    import keras

    with compiled.building("float32"):
        return keras.Model(*_enter(config, image_size, network))


def precision(config: RunConfig) -> str:
    """float32 or bfloat16, in the words of `compiled.build`."""
    return "bfloat16" if config.precision == "mixed" else compiled.own_precision(config.precision)


def _network(config: RunConfig, weights: Weights) -> Any:
    with compiled.building(precision(config)):
        return backbones.load(
            config.backbone, input_size=config.input_size, weights=weights, pooling=config.pooling
        )  # fmt: skip


def _dense(units: list[int], seed: int = 0) -> list:
    from keras import initializers, layers

    return [
        layers.Dense(count, "relu", kernel_initializer=initializers.GlorotUniform(seed), dtype="float32", name="hidden")
        for count in units
    ]


def _softmax(classes: int, seed: int = 0) -> list:
    from keras import initializers, layers

    start = initializers.GlorotUniform(seed + 1)
    return [layers.Dense(classes, "softmax", kernel_initializer=start, dtype="float32", name="predictions")]


def _join(config: RunConfig, image_size: int, network: Any, head: list) -> Any:
    import keras

    pixels, x = _enter(config, image_size, network)
    x = keras.ops.cast(x, "float32")
    for layer in head:
        x = layer(x)
    return keras.Model(pixels, x, name=f"{network.name}_classifier")


def _enter(config: RunConfig, image_size: int, network: Any) -> tuple[Any, Any]:
    import keras

    own = backbones.get(config.backbone).preprocessing
    mode = own if config.preprocessing == "own" else config.preprocessing
    pixels = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    return pixels, network(compiled.prepare(pixels, config.input_size, mode))


def _folded(head: heads.Head, dim: int, classes: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of every layer of a probe, the first of them for features (n, dim) as they come.

    ((x - m) / s) W + b = x (W / s) + (b - (m / s) W)
    """
    if head.method == "knn":
        raise RunError(
            "A nearest-neighbour head has no model", "a head with layers", "Choose a linear or hidden-layer probe"
        )
    arrays = [(head.arrays[f"kernel_{i}"], head.arrays[f"bias_{i}"]) for i in range(_depth(head))]
    kernel, bias = (array.astype(np.float64) for array in arrays[0])
    if (len(kernel), head.classes) != (dim, classes):
        raise ConfigError(
            f"The head was trained on {len(kernel)} features and {head.classes} classes",
            f"{dim} features and {classes} classes, which is what this network and dataset have",
            "Start from a probe of the same backbone, pooling and dataset",
        )
    mean, scale = (head.arrays[name].astype(np.float64) for name in ("mean", "scale"))
    first = kernel / scale[:, None], bias - (mean / scale) @ kernel
    return [first, *arrays[1:]]


def _depth(head: heads.Head) -> int:
    return sum(name.startswith("kernel_") for name in head.arrays)


def _assign(layers: list, arrays: list[tuple[np.ndarray, np.ndarray]]) -> None:
    with_weights = [layer for layer in layers if layer.weights]
    for layer, pair in zip(with_weights, arrays, strict=False):  # without arrays they keep their seeded start
        layer.set_weights(pair)
