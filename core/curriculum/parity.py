"""Our own textbook networks beside Keras's: parameters stage by stage, and whether they compute the same.

`compare` counts on networks without values, in seconds; `check` takes Keras's tensors over, one after the other, and
runs both networks on the same images.
"""

import time
from dataclasses import dataclass

from core import backbones
from core.backbones import textbook
from core.errors import BackboneError

SIZE = 224  # pixels at which stages are named; parameters do not depend on it
CHECKED = 96  # pixels of the images that both networks see
SEED = 0


@dataclass(frozen=True)
class Stage:
    """The layers that give maps of one resolution."""

    size: int  # pixels, square, of the maps for an image of `SIZE`
    layers: int  # with weights, ours
    ours: int  # parameters
    keras: int  # parameters; 0 where Keras has no such network


@dataclass(frozen=True)
class Comparison:
    """A network of ours counted beside Keras's."""

    stages: tuple[Stage, ...]  # in the order images pass them
    ours: int  # parameters
    keras: int
    variants: dict[str, int]  # what else it could be -> parameters


@dataclass(frozen=True)
class Checked:
    """What came out when both computed the same."""

    tensors: int  # taken over from Keras's network
    images: int
    largest_difference: float  # between the features of the two
    typical: float  # mean absolute feature of Keras's
    seconds: float


def compare(name: str) -> Comparison:
    """Counts a textbook network beside Keras's; nothing is computed, so it takes no memory.

    Raises:
        BackboneError: It is no textbook network.
    """
    network = _get(name)
    mine = _stages(_hollow(network.build))
    theirs = _stages(backbones.outline(network.keras, input_size=SIZE)) if network.keras else {}
    return Comparison(
        stages=tuple(
            Stage(size, layers, params, theirs.get(size, (0, 0))[1]) for size, (layers, params) in mine.items()
        ),
        ours=sum(params for _, params in mine.values()),
        keras=sum(params for _, params in theirs.values()),
        variants={
            title: sum(params for _, params in _stages(_hollow(network.build, **options)).values())
            for title, options in network.variants.items()
        },
    )


def check(name: str, *, images: int = 2) -> Checked:
    """Gives our network all tensors of Keras's, which are random, and lets both see the same random images.

    Raises:
        BackboneError: It is no textbook network, or Keras has none like it.
    """
    import numpy as np
    from keras import applications

    network, started = _get(name), time.monotonic()
    if not network.keras:
        raise BackboneError(f"{name} has no counterpart in Keras", "a network that Keras Applications has too")
    mine = network.build(CHECKED)
    theirs = getattr(applications, network.keras)(
        include_top=False, weights=None, input_shape=(CHECKED, CHECKED, 3), name=backbones.get(network.keras).name
    )
    rng = np.random.default_rng(SEED)
    tensors = take_over(mine, theirs, rng)
    pixels = rng.uniform(0, 255, (images, CHECKED, CHECKED, 3)).astype("float32")
    prepared = pixels if backbones.get(network.keras).preprocessing == "inside" else pixels / 127.5 - 1
    ours, keras = np.asarray(mine(pixels)), np.asarray(theirs(prepared))
    return Checked(
        tensors=tensors,
        images=images,
        largest_difference=float(np.abs(ours - keras).max()),
        typical=float(np.abs(keras).mean()),
        seconds=time.monotonic() - started,
    )


def take_over(mine, theirs, rng) -> int:
    """Changes every float tensor of one network a little and puts it into the other, in the order of their layers.

    Initial tensors are alike in many layers (BatchNorm starts with zeros and ones): changed ones tell when two layers
    are mixed up. Tensors of as many numbers fit, whatever the shape: a depthwise kernel is (k, k, c, 1) here and
    (k, k, 1, c) there. Returns how many tensors there were.

    Raises:
        BackboneError: The networks do not have the same tensors.
    """
    sources, targets = (
        [layer for layer in backbones.weight_layers(network) if type(layer).__name__ != "Normalization"]
        for network in (theirs, mine)
    )
    if len(sources) != len(targets):
        raise BackboneError(f"{len(targets)} layers are to take the tensors of {len(sources)}", "as many layers")
    count = 0
    for source, target in zip(sources, targets, strict=True):
        given, places = source.get_weights(), target.get_weights()
        if [value.size for value in given] != [value.size for value in places]:
            raise BackboneError(
                f"The tensors of {source.name} do not fit {target.name}",
                f"{[value.shape for value in places]}, received {[value.shape for value in given]}",
            )
        changed = [value + rng.uniform(0.01, 0.1, value.shape).astype(value.dtype) * value.std() for value in given]
        changed = [
            value + rng.uniform(0, 0.2, value.shape).astype(value.dtype) if value.ndim == 1 else value
            for value in changed
        ]
        source.set_weights(changed)
        target.set_weights([value.reshape(place.shape) for value, place in zip(changed, places, strict=True)])
        count += len(changed)
    return count


def _get(name: str) -> textbook.Textbook:
    if name not in textbook.NETWORKS:
        raise BackboneError(f"{name} is not written out", f"one of {', '.join(textbook.NETWORKS)}")
    return textbook.NETWORKS[name]


def _hollow(build, **options):
    with backbones.without_values():
        return build(SIZE, **options)


def _stages(network) -> dict[int, tuple[int, int]]:
    """Resolution of the maps -> (layers with weights, their parameters), in the order images pass them."""
    found: dict[int, tuple[int, int]] = {}
    for layer in backbones.weight_layers(network):
        shape = layer.output.shape
        # Squeeze and excite works on one place; it belongs to the maps it weighs, those of the layers before
        size = int(shape[1]) if shape[1] > 1 else next(reversed(found), 0)
        layers, params = found.get(size, (0, 0))
        found[size] = (layers + 1, params + layer.count_params())
    return found
