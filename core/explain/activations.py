"""What a network computes for a photo: feature maps, first filters, prediction and Grad-CAM."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core import backbones, metrics
from core.data import images
from core.errors import BackboneError, LabError
from core.explain import gradcam, imagenet
from core.features import compiled, layers

CHANNELS = 8  # shown of each feature map
FILTERS = 64  # shown of the first convolution
BEST = 5  # classes in a prediction
KEPT = 6  # networks in memory, one per backbone and input size


@dataclass(frozen=True)
class FeatureMap:
    """A feature map and its most active channels for a photo."""

    block: str  # named as in `blocks.of`
    size: int  # pixels of the map, square
    of: int  # channels in total
    channels: tuple[int, ...]  # the strongest by the mean of |activation| over the photo, first to last
    means: tuple[float, ...]  # their means
    silent: int  # channels that are 0 everywhere for this photo
    maps: np.ndarray  # (k, h, w) uint8: each channel stretched to 0..255


@dataclass(frozen=True)
class Seen:
    """What one network computes for one photo at one input size."""

    backbone: str
    input_size: int
    weights: str  # "classifier", "imagenet" (without classifier; for transformers their own) or "untrained"
    photo: np.ndarray  # (s, s, 3) uint8: the network's input
    feature_maps: tuple[FeatureMap, ...]
    filters: np.ndarray  # (n, kh, kw, 3) uint8, RGB, each stretched to 0..255; n = 0: no RGB filters
    filters_of: int  # filters in total
    class_names: tuple[str, ...] = ()  # the likeliest first; empty without a classifier
    probabilities: tuple[float, ...] = ()
    heat: np.ndarray | None = None  # (h, w) 0 to 1: Grad-CAM of the likeliest class
    without: str = ""  # why there is no prediction or no heat map


def weights_here(backbone: str) -> str:
    """The best weights of a backbone on this machine: "classifier", "imagenet" or "untrained". Downloads nothing."""
    if imagenet.find(backbone):
        return "classifier"
    return "imagenet" if backbones.published_here(backbone) else "untrained"


def see(backbone: str, photo: np.ndarray, input_size: int) -> Seen:
    """Run a network on the central square of a photo (h, w, 3) uint8.

    Raises:
        BackboneError: There is no such backbone, or it does not accept this size.
        WeightsError: Its weights are damaged.
    """
    spec = backbones.get(backbone)
    image = images.square(photo, input_size)
    weights = weights_here(backbone)
    network = _load(spec.name, input_size, weights)
    classifier, kernels, without = network.classifier, network.kernels, network.without
    order = _by_contrast(kernels)[:FILTERS]
    prediction: dict[str, Any] = {}
    if classifier:
        heat = None
        try:
            heat, probabilities = gradcam.explain_model(classifier, image)
        except LabError as error:  # a 1 x 1 map, at the smallest sizes
            without = error.received
            probabilities = np.asarray(classifier(image[None], training=False))[0]
        best = metrics.likeliest(probabilities, BEST)
        prediction = {
            "class_names": tuple(imagenet.class_names()[index] for index in best),
            "probabilities": tuple(float(probabilities[index]) for index in best),
            "heat": heat,
        }
    return Seen(
        backbone=spec.name,
        input_size=input_size,
        weights=network.weights,
        photo=image,
        feature_maps=tuple(_feature_maps(network, image, spec.preprocessing)),
        filters=np.stack([_stretched(kernel) for kernel in kernels[order]]) if len(kernels) else kernels,
        filters_of=len(kernels),
        without=without,
        **prediction,
    )


@dataclass(frozen=True)
class _Network:
    """The parts of a network kept in memory."""

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
    looked_at, maps = _outputs(network)  # before the layers are reused below
    kernels = _first_kernels(network, mode)
    classifier = imagenet.from_pixels(network, size, mode) if weights == "classifier" else None
    return _Network(looked_at, maps, classifier, kernels, weights, without)


def _outputs(network: Any) -> tuple[tuple[layers.Depth, ...], Any]:
    import keras

    maps = [(depth, tensor) for depth, tensor in layers.tensors_of(network) if depth.size > 1]
    if not maps:
        raise BackboneError(
            "This network has no feature maps larger than 1 x 1 at this size",
            "a convolutional network and a larger input",
            "Choose a larger input, or another architecture",
        )
    return tuple(depth for depth, _ in maps), keras.Model(network.inputs[0], [tensor for _, tensor in maps])


def _feature_maps(network: _Network, image: np.ndarray, mode: str) -> list[FeatureMap]:
    import keras

    inputs = compiled.prepare(image[None], image.shape[0], mode)
    outputs = keras.tree.flatten(network.maps(inputs, training=False))  # a single output is not a list
    feature_maps = []
    for depth, tensor in zip(network.depths, outputs, strict=True):
        values = np.asarray(tensor, np.float32)[0]
        if values.ndim == 2:  # tokens: those of the patches, which come last, have a place in the image
            values = values[-(depth.size**2) :].reshape(depth.size, depth.size, -1)
        maps = np.moveaxis(values, -1, 0)  # (c, h, w)
        means = np.abs(maps).mean(axis=(1, 2))
        chosen = np.argsort(-means, kind="stable")[:CHANNELS]
        feature_maps.append(
            FeatureMap(
                block=depth.block,
                size=depth.size,
                of=depth.channels,
                channels=tuple(int(channel) for channel in chosen),
                means=tuple(float(means[channel]) for channel in chosen),
                silent=int((means == 0).sum()),
                maps=np.stack([_stretched(maps[channel]) for channel in chosen]),
            )
        )
    return feature_maps


def _first_kernels(network: Any, mode: str) -> np.ndarray:
    """Filters (n, kh, kw, 3) of the first convolution if its input is the RGB image; else none."""
    for layer in network.layers:
        kernel = getattr(getattr(layer, "patch_embedding", layer), "kernel", None)
        if kernel is not None and len(kernel.shape) == 4:
            values = np.moveaxis(np.asarray(kernel, np.float32), -1, 0)
            if values.shape[-1] != 3:
                break
            return values[..., ::-1] if images.PREPROCESSING[mode].channels == "BGR" else values
    return np.zeros((0, 1, 1, 3), np.uint8)


def _by_contrast(kernels: np.ndarray) -> np.ndarray:
    """Indices of the filters, by decreasing sum of squared weights."""
    return np.argsort(-np.square(kernels.astype(np.float32)).sum(axis=(1, 2, 3)), kind="stable")


def _stretched(values: np.ndarray) -> np.ndarray:
    """Values stretched to 0..255, uint8; all 0 if constant."""
    values = values - values.min()
    highest = values.max()
    return (255 * values / highest if highest > 0 else values).round().astype(np.uint8)
