"""The whole network of a run as one Keras model: uint8 images in, probabilities out.

    image (s0, s0, 3) uint8 -> resize, preprocess -> network (backbone and pooling) -> head -> probabilities

Everything that affects a prediction is inside, so the model can be saved, exported and used on its own. Augmentation is
not part of it.
"""

from dataclasses import dataclass
from typing import Any

from core import backbones, heads
from core.config import RunConfig
from core.errors import ConfigError, RunError
from core.features import Encoder, compiled


@dataclass
class Assembly:
    """A model and its two parts, which share their layers with it."""

    model: Any  # keras.Model, (b, s0, s0, 3) uint8 -> (b, classes) float32 probabilities
    network: Any  # keras.Model of the backbone and its pooling, (b, s, s, 3) preprocessed -> (b, d)
    head: list  # its layers in order: "hidden" (if any), "dropout", "predictions"


def assemble(
    config: RunConfig,
    *,
    image_size: int,
    classes: int,
    head: heads.Head | None = None,
) -> Assembly:
    """The network that a fine-tune or a from-scratch run trains; all of it is trainable at first.

    The mode of BatchNorm is up to the training step: `network(x, training=False)` inside a functional model would have
    no effect, because the `training=True` of `model.fit` overrides it (keras#20285).

    Args:
        image_size: Side of the square input images, in pixels.
        head: A trained probe to start from; its hidden units take precedence over `config.head_units`.

    Raises:
        ConfigError: The probe's features or classes do not match this network.
        RunError: The probe is nearest neighbours, which has no layers.
    """
    import keras

    # Untrained weights whose features are cached are the same for every seed; from scratch, the seed decides.
    seed = config.seed if config.method == "scratch" else backbones.UNTRAINED_SEED
    network: Any = compiled.network(config.encoder, seed=seed)
    dense = _dense_layers(head, network.output_shape[-1], classes) if head else []
    units = [len(layer.bias) for layer in dense[:-1]]
    if not units and config.head_units:
        units = [config.head_units]
    with compiled.building("float32"):
        dropout = keras.layers.Dropout(config.dropout, seed=config.seed, name="dropout")
        layers = [*_dense(units, seed=config.seed), dropout, _classifier(classes, seed=config.seed)]
        model = _join(config.encoder, image_size, network, layers)
    _assign(layers, dense)
    return Assembly(model, network, layers)


def from_probe(encoder: Encoder, head: heads.Head, *, image_size: int) -> Any:
    """A probe or a zero-shot head as one model, with the feature standardisation folded into its first layer.

    Raises:
        RunError: The head is nearest neighbours, which has no layers.
    """
    import keras

    network = compiled.network(encoder)
    dense = _dense_layers(head, network.output_shape[-1], head.classes)
    with compiled.building("float32"):
        layers = [*_dense([len(layer.bias) for layer in dense[:-1]]), _classifier(head.classes, head.activation)]
        if head.unit_length:
            layers.insert(0, keras.layers.UnitNormalization(name="unit"))
        model = _join(encoder, image_size, network, layers)
    _assign(layers, dense)
    return model


def before(encoder: Encoder, image_size: int, network: Any) -> Any:
    """A `keras.Model` from uint8 images (b, s0, s0, 3) to the output of a network, or of its front."""
    import keras

    with compiled.building("float32"):
        return keras.Model(*_enter(encoder, image_size, network))


def _dense(units: list[int], seed: int = 0) -> list:
    from keras import initializers, layers

    start: Any = initializers.GlorotUniform(seed)
    return [layers.Dense(count, "relu", kernel_initializer=start, dtype="float32", name="hidden") for count in units]


def _classifier(classes: int, activation: str = "softmax", *, seed: int = 0) -> Any:
    from keras import initializers, layers

    start: Any = initializers.GlorotUniform(seed + 1)
    return layers.Dense(classes, activation, kernel_initializer=start, dtype="float32", name="predictions")


def _join(encoder: Encoder, image_size: int, network: Any, head: list) -> Any:
    import keras

    pixels, x = _enter(encoder, image_size, network)
    x = keras.ops.cast(x, "float32")
    for layer in head:
        x = layer(x)
    return keras.Model(pixels, x, name=f"{network.name}_classifier")


def _enter(encoder: Encoder, image_size: int, network: Any) -> tuple[Any, Any]:
    import keras

    pixels = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    return pixels, network(compiled.prepare(pixels, encoder.input_size, encoder.preprocessing))


def _dense_layers(head: heads.Head, dim: int, classes: int) -> list[heads.Layer]:
    """The layers of a probe, for raw features (n, dim)."""
    layers = head.dense_layers()
    if layers is None:
        raise RunError(
            "A nearest-neighbour head has no model", "a head with layers", "Choose a linear or hidden-layer probe"
        )
    trained_on = len(layers[0].kernel)
    if (trained_on, head.classes) != (dim, classes):
        raise ConfigError(
            f"The head was trained on {trained_on} features and {head.classes} classes",
            f"{dim} features and {classes} classes, those of this network and dataset",
            "Start from a probe of the same backbone, pooling and dataset",
        )
    return layers


def _assign(layers: list, dense: list[heads.Layer]) -> None:
    with_weights = [layer for layer in layers if layer.weights]
    for layer, weights in zip(with_weights, dense, strict=False):  # none without a probe
        layer.set_weights(weights)
