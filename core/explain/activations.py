"""What a network sees in a photo: its feature maps stage by stage, its first filters, its answer, and why."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core import backbones
from core.data import images
from core.errors import BackboneError, LabError
from core.explain import gradcam, imagenet
from core.features import compiled, layers

CHANNELS = 8  # shown of each stage
FILTERS = 64  # shown of the first convolution
BEST = 5  # classes
KEPT = 6  # networks in memory, each with its input size


@dataclass(frozen=True)
class Stage:
    """A feature map, and its channels that answer strongest to the photo."""

    block: str  # as `blocks.of` names it
    size: int  # pixels of the map, square
    of: int  # channels that there are
    channels: tuple[int, ...]  # the strongest by the mean of |activation| over the photo, first to last
    means: tuple[float, ...]  # that mean, of each of these
    silent: int  # channels that are 0 at every place of this photo
    maps: np.ndarray  # (k, h, w) uint8: each channel from its smallest value, 0, to its largest, 255


@dataclass(frozen=True)
class Seen:
    """What one network does with one photo at one size."""

    backbone: str
    input_size: int
    weights: str  # "classifier", "imagenet" (no classifier; of a CLIP its own) or "untrained"
    photo: np.ndarray  # (s, s, 3) uint8: what the network was given
    stages: tuple[Stage, ...]
    filters: np.ndarray  # (n, kh, kw, 3) uint8, RGB, each from its smallest value to its largest; n = 0: none see RGB
    filters_of: int  # filters that there are
    class_names: tuple[str, ...] = ()  # the likeliest first; empty without a classifier
    probabilities: tuple[float, ...] = ()
    heat: np.ndarray | None = None  # (h, w) 0 to 1: what speaks for the likeliest class (Grad-CAM)
    without: str = ""  # why there is no answer, or no heat map


def weights_here(backbone: str) -> str:
    """The best weights of a backbone on this machine: "classifier", "imagenet" or "untrained". Downloads nothing."""
    if imagenet.find(backbone):
        return "classifier"
    return "imagenet" if backbones.published_here(backbone) else "untrained"


def see(backbone: str, photo: np.ndarray, input_size: int) -> Seen:
    """What a network makes of the square in the middle of a photo (h, w, 3) uint8.

    Raises:
        BackboneError: There is no such backbone, or it takes no images of this size.
        WeightsError: Its weights are damaged.
    """
    facts = backbones.get(backbone)
    image = images.square(photo, input_size)
    weights = weights_here(backbone)
    network = _load(facts.name, input_size, weights)
    classifier, kernels, without = network.classifier, network.kernels, network.without
    order = _by_contrast(kernels)[:FILTERS]
    answer: dict[str, Any] = {}
    if classifier:
        heat = None
        try:
            heat, probabilities = gradcam.explain_model(classifier, image)
        except LabError as error:  # a map of 1 x 1, at the smallest sizes
            without = error.received
            probabilities = np.asarray(classifier(image[None], training=False))[0]
        best = np.argsort(-probabilities, kind="stable")[:BEST]
        answer = {
            "class_names": tuple(imagenet.class_names()[index] for index in best),
            "probabilities": tuple(float(probabilities[index]) for index in best),
            "heat": heat,
        }
    return Seen(
        backbone=facts.name,
        input_size=input_size,
        weights=network.weights,
        photo=image,
        stages=tuple(_stages(network, image, facts.preprocessing)),
        filters=np.stack([_stretched(kernel) for kernel in kernels[order]]) if len(kernels) else kernels,
        filters_of=len(kernels),
        without=without,
        **answer,
    )


@dataclass(frozen=True)
class _Network:
    """What of a network is kept in memory."""

    depths: tuple[layers.Depth, ...]
    maps: Any  # keras.Model from preprocessed images to the feature map of each depth
    classifier: Any  # keras.Model from uint8 images to probabilities, or None
    kernels: np.ndarray
    weights: str
    without: str  # why there is no classifier


@lru_cache(maxsize=KEPT)
def _load(name: str, size: int, weights: str) -> _Network:
    network, without = None, ""
    if weights == "classifier":
        try:
            network = imagenet.network(name, size)
        except LabError as error:
            without = error.received
            weights = "imagenet" if backbones.published_here(name) else "untrained"
    if network is None:
        with compiled.building("float32"):
            network = backbones.load(name, input_size=size, weights=weights)
    mode = backbones.get(name).preprocessing
    looked_at, maps = _outputs(network)  # before the layers are used once more below
    kernels = _first_kernels(network, mode)
    classifier = _from_pixels(network, size, mode) if weights == "classifier" else None
    return _Network(looked_at, maps, classifier, kernels, weights, without)


def _outputs(network: Any) -> tuple[tuple[layers.Depth, ...], Any]:
    import keras

    found = [(depth, tensor) for depth, tensor in layers.tensors_of(network) if depth.size > 1]
    if not found:
        raise BackboneError(
            "This network has no feature maps with places at this size",
            "a convolutional network, and an input of more than its smallest size",
            "Choose a larger input, or another architecture",
        )
    return tuple(depth for depth, _ in found), keras.Model(network.inputs[0], [tensor for _, tensor in found])


def _from_pixels(network: Any, size: int, mode: str) -> Any:
    """The same network from uint8 images, its last layer the classifier, as Grad-CAM wants it."""
    import keras

    last = network.layers[-1]
    with compiled.building("float32"):
        pixels = keras.Input((size, size, 3), dtype="uint8")
        before = keras.Model(network.inputs[0], last.input)
        return keras.Model(pixels, last(before(compiled.prepare(pixels, size, mode))))


def _stages(network: _Network, image: np.ndarray, mode: str) -> list[Stage]:
    import keras

    given = compiled.prepare(image[None], image.shape[0], mode)
    found = keras.tree.flatten(network.maps(given, training=False))  # one output comes alone
    stages = []
    for depth, tensor in zip(network.depths, found, strict=True):
        values = np.asarray(tensor, np.float32)[0]
        if values.ndim == 2:  # tokens: all but that of the class have a place in the image
            values = values[1:].reshape(depth.size, depth.size, -1)
        maps = np.moveaxis(values, -1, 0)  # (c, h, w)
        means = np.abs(maps).mean(axis=(1, 2))
        chosen = np.argsort(-means, kind="stable")[:CHANNELS]
        stages.append(
            Stage(
                block=depth.block,
                size=depth.size,
                of=depth.channels,
                channels=tuple(int(channel) for channel in chosen),
                means=tuple(float(means[channel]) for channel in chosen),
                silent=int((means == 0).sum()),
                maps=np.stack([_stretched(maps[channel]) for channel in chosen]),
            )
        )
    return stages


def _first_kernels(network: Any, mode: str) -> np.ndarray:
    """Filters (n, kh, kw, 3) of the first convolution, where it sees the colours of the image; else none."""
    for layer in network.layers:
        kernel = getattr(getattr(layer, "patch_embedding", layer), "kernel", None)
        if kernel is not None and len(kernel.shape) == 4:
            values = np.moveaxis(np.asarray(kernel, np.float32), -1, 0)
            if values.shape[-1] != 3:
                break
            return values[..., ::-1] if images.PREPROCESSING[mode].channels == "BGR" else values
    return np.zeros((0, 1, 1, 3), np.uint8)


def _by_contrast(kernels: np.ndarray) -> np.ndarray:
    """Which filter weighs the image most, the sum of its squared weights, first."""
    return np.argsort(-np.square(kernels.astype(np.float32)).sum(axis=(1, 2, 3)), kind="stable")


def _stretched(values: np.ndarray) -> np.ndarray:
    """From the smallest, 0, to the largest, 255, uint8; all 0 where they do not differ."""
    values = values - values.min()
    highest = values.max()
    return (255 * values / highest if highest > 0 else values).round().astype(np.uint8)
