"""The network that computes the vectors of a source: with pooled features, all depths, or features and logits."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core import backbones, features
from core.backbones.catalog import NORM_FIRST
from core.features import Encoder, compiled, inference, layers
from core.runs import Run, models

if TYPE_CHECKING:
    import keras

_KEPT: dict[tuple[features.Key, int], compiled.Forward] = {}  # the last one, for a series of pictures


def kept(key: features.Key, encoder: Encoder, trained: Run | None, image_size: int) -> compiled.Forward:
    """As `build`, kept until the next one is built."""
    network = _KEPT.get((key, image_size))
    if network is None:
        network = build(key, encoder, trained, image_size)
        _KEPT.clear()
        _KEPT[key, image_size] = network
    return network


def build(key: features.Key, encoder: Encoder, trained: Run | None, image_size: int) -> compiled.Forward:
    """The network with the outputs in the key: pooled features, all depths, or features and logits.

    Args:
        trained: The run, if it trained its network.
    """
    if not key.output:
        return compiled.build(encoder, image_size=image_size)
    return compiled.compile(
        lambda: _with_outputs(key, encoder, trained),
        image_size=image_size,
        input_size=key.input_size,
        mode=key.preprocessing,
        precision=key.precision,
        identity={
            "backbone": key.backbone,
            "weights": key.weights,
            "output": f"{key.pooling} {key.output} {key.version}",
        },
    )


def _with_outputs(key: features.Key, encoder: Encoder, trained: Run | None) -> tuple[Any, inference.Parts]:
    """The network of which an output is wanted, and the columns of each."""
    model = None
    if trained:
        model = models.read(trained)
        network = next(layer for layer in model.layers if hasattr(layer, "layers"))
    else:
        network = compiled.network(of_depths(encoder))
    return layers.cut(network) if key.output == "depths" else _with_logits(model, network)


def of_depths(encoder: Encoder) -> Encoder:
    """The encoder with the same blocks, for all poolings that share them: in ConvNeXt a LayerNorm may end the last."""
    spec = backbones.get(encoder.backbone)
    norm_first = NORM_FIRST["avg"] in spec.poolings and not spec.norm_follows(encoder.pooling)
    return replace(encoder, pooling=NORM_FIRST["avg"] if norm_first else "avg")


def _with_logits(model: Any, network: Any) -> "tuple[keras.Model, dict[str, tuple[int, int]]]":
    """A model from images to the features of the network, concatenated with the logits of its head."""
    import keras

    with compiled.building("float32"):
        x = pooled = keras.ops.cast(network.outputs[0], "float32")
        *before, last = model.layers[model.layers.index(network) + 1 :]
        for layer in before:
            x = layer(x)
        output = keras.layers.Dense(last.units, name="logits", dtype="float32")
        logits = output(x)
        output.set_weights(last.get_weights())
        dim, classes = int(network.output_shape[-1]), int(last.units)
        both = keras.Model(network.inputs[0], keras.ops.concatenate([pooled, logits], axis=-1))
    return both, {"features": (0, dim), "logits": (dim, dim + classes)}
