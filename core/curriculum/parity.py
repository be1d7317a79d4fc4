"""Our textbook networks compared with Keras's: parameters by resolution, and whether their outputs are equal.

`compare` counts on networks without values, in seconds; `check` copies Keras's tensors and runs both networks on the
same images.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import backbones
from core.backbones import textbook
from core.errors import BackboneError

if TYPE_CHECKING:
    import keras

SIZE = 224  # pixels of the input for which resolutions are given; parameters do not depend on it
CHECKED_SIZE = 96  # pixels of the images on which both networks are run
SEED = 0


@dataclass(frozen=True)
class Resolution:
    """The layers whose feature maps have one resolution."""

    size: int  # pixels, square, of the feature maps for an image of `SIZE`
    layers: int  # with weights, in our network
    ours: int  # parameters
    keras: int  # parameters; 0 if Keras has no such network


@dataclass(frozen=True)
class Comparison:
    """The parameters of one of our networks and of Keras's."""

    resolutions: tuple[Resolution, ...]  # in the order of the forward pass
    ours: int  # parameters
    keras: int
    variants: dict[str, int]  # title of a variant -> parameters


@dataclass(frozen=True)
class ParityCheck:
    """How far apart the outputs of two networks with the same tensors are."""

    tensors: int  # copied from Keras's network
    images: int
    largest_difference: float  # between the features of both networks
    typical: float  # mean absolute feature of Keras's network
    seconds: float


def compare(name: str) -> Comparison:
    """Count the parameters of a textbook network and of Keras's; nothing is computed, so it needs no memory.

    Raises:
        BackboneError: It is not a textbook network.
    """
    network = _get(name)
    ours = _by_resolution(_without_values(network.build))
    # Flattening leaves the order of layers as it is in ours, which ends in a feature map.
    keras = (
        _by_resolution(backbones.outline(network.keras, input_size=SIZE, pooling="flatten")) if network.keras else {}
    )
    return Comparison(
        resolutions=tuple(
            Resolution(size, layers, params, keras.get(size, (0, 0))[1]) for size, (layers, params) in ours.items()
        ),
        ours=sum(params for _, params in ours.values()),
        keras=sum(params for _, params in keras.values()),
        variants={
            title: sum(params for _, params in _by_resolution(_without_values(network.build, **options)).values())
            for title, options in network.variants.items()
        },
    )


def check(name: str, *, images: int = 2) -> ParityCheck:
    """Copy random tensors from Keras's network to ours, and run both on the same random images.

    Raises:
        BackboneError: It is not a textbook network, or has no counterpart in Keras.
    """
    from keras import applications

    network, started = _get(name), time.monotonic()
    if not network.keras:
        raise BackboneError(f"{name} has no counterpart in Keras", "a network that Keras Applications has too")
    shape = (CHECKED_SIZE, CHECKED_SIZE, 3)
    our_network = network.build(CHECKED_SIZE)
    keras_network = getattr(applications, network.keras)(
        include_top=False, weights=None, input_shape=shape, name=backbones.get(network.keras).name
    )
    rng = np.random.default_rng(SEED)
    tensors = copy_tensors(our_network, keras_network, rng)
    pixels = rng.uniform(0, 255, (images, *shape)).astype("float32")
    prepared = pixels if backbones.get(network.keras).preprocessing == "inside" else pixels / 127.5 - 1
    ours, keras = np.asarray(our_network(pixels)), np.asarray(keras_network(prepared))
    return ParityCheck(
        tensors=tensors,
        images=images,
        largest_difference=float(np.abs(ours - keras).max()),
        typical=float(np.abs(keras).mean()),
        seconds=time.monotonic() - started,
    )


def copy_tensors(target: "keras.Model", source: "keras.Model", rng: np.random.Generator) -> int:
    """Perturb every float tensor of `source` and copy it to `target`, layer by layer; returns the number of tensors.

    Many layers start with equal tensors (BatchNorm with zeros and ones); perturbed ones reveal swapped layers. Tensors
    match if they have equally many values, whatever their shape: a depthwise kernel is (k, k, c, 1) in one network and
    (k, k, 1, c) in the other.

    Raises:
        BackboneError: The networks do not have the same tensors.
    """
    from_layers, to_layers = (
        [layer for layer in backbones.weight_layers(network) if type(layer).__name__ != "Normalization"]
        for network in (source, target)
    )
    if len(from_layers) != len(to_layers):
        raise BackboneError(f"{len(to_layers)} layers cannot take the tensors of {len(from_layers)}", "equally many")
    count = 0
    for from_layer, to_layer in zip(from_layers, to_layers, strict=True):
        values, current = from_layer.get_weights(), to_layer.get_weights()
        if [value.size for value in values] != [value.size for value in current]:
            raise BackboneError(
                f"The tensors of {from_layer.name} do not fit {to_layer.name}",
                f"{[value.shape for value in current]}, received {[value.shape for value in values]}",
            )
        values = [value + rng.uniform(0.01, 0.1, value.shape).astype(value.dtype) * value.std() for value in values]
        values = [
            value + rng.uniform(0, 0.2, value.shape).astype(value.dtype) if value.ndim == 1 else value
            for value in values
        ]
        from_layer.set_weights(values)
        to_layer.set_weights([value.reshape(old.shape) for value, old in zip(values, current, strict=True)])
        count += len(values)
    return count


def _get(name: str) -> textbook.Textbook:
    if name not in textbook.NETWORKS:
        raise BackboneError(f"{name} is not a textbook network", f"one of {', '.join(textbook.NETWORKS)}")
    return textbook.NETWORKS[name]


def _without_values(build: Callable[..., "keras.Model"], **options: str) -> "keras.Model":
    with backbones.without_values():
        return build(SIZE, **options)


def _by_resolution(network: "keras.Model") -> dict[int, tuple[int, int]]:
    """Resolution of the feature maps -> (layers with weights, their parameters), in the order of the forward pass."""
    counts: dict[int, tuple[int, int]] = {}
    for layer in backbones.weight_layers(network):
        shape = layer.output.shape
        # Squeeze and excite works on 1 x 1 maps; it counts towards the maps it reweights, those of the previous layers.
        size = int(shape[1]) if shape[1] > 1 else next(reversed(counts), 0)
        layers, params = counts.get(size, (0, 0))
        counts[size] = (layers + 1, params + layer.count_params())
    return counts
