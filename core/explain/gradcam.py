"""Grad-CAM: which parts of an image support a class, at the resolution of the last feature map.

Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization, ICCV 2017
(equations 1 and 2): with the feature map A (h, w, k) and the score y of a class before the softmax,

    weight of channel k = mean over (h, w) of dy / dA_k        map = ReLU(sum over k of weight_k A_k)
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from core.backbones import graph
from core.errors import RunError
from core.explain import gradients

if TYPE_CHECKING:
    import keras


def explain_model(model: Any, image: np.ndarray, class_index: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Which parts of an image support a class, according to a Keras model from uint8 images to probabilities.

    Args:
        model: Its backbone may be nested.
        image: (s, s, 3) uint8, of the size that the model takes.
        class_index: The class to explain; None: the predicted one.

    Returns:
        The map (h, w) float32 at the resolution of the last feature map, its maximum 1, or all 0 if nothing
        supports the class; and the probabilities (classes,) float32.

    Raises:
        RunError: There is no feature map between the images and the classes, or it is 1 x 1.
    """
    pooling, networks = _last_pooling(model)
    path = (*networks, pooling)
    maps_shape = tuple(_call(networks[-1], pooling).inputs[0].shape[1:])
    if maps_shape[:2] == (1, 1):
        raise RunError(
            "The last feature map is 1 x 1: it has no positions to compare",
            "2 x 2 or more",
            "Choose a run with a larger input size",
        )
    size = model.input_shape[1]
    if image.shape != (size, size, 3):
        raise RunError(f"The image has shape {image.shape}", f"({size}, {size}, 3), as in the dataset of the run")
    maps, slopes, probabilities = _differentiate(_feature_map(path, image), _rest(path), class_index)
    weights = slopes.mean(axis=(0, 1))  # (k,)
    heat = np.maximum(maps @ weights, 0)  # (h, w)
    highest = heat.max()
    return (heat / highest if highest > 0 else heat).astype(np.float32), probabilities


def _feature_map(path: Sequence[Any], image: np.ndarray) -> Any:
    """The input of the last layer of a path, (1, h, w, k)."""
    import keras

    x = image[None]
    for network, inner in pairwise(path):
        x = keras.Model(network.inputs[0], _call(network, inner).inputs[0])(x, training=False)
    return x


def _rest(path: Sequence[Any]) -> list[Any]:
    """The operations from the last layer of a path to the probabilities; every network here ends in such a chain."""
    chain = [path[-1]]
    for network, inner in reversed(list(pairwise(path))):
        operations = [use.operation for use in graph.uses(network)]
        chain += operations[operations.index(inner) + 1 :]
    return chain


def _call(network: "keras.Model", operation: Any) -> graph.Use:
    return next(use for use in graph.uses(network) if use.operation is operation)


def _differentiate(
    maps: Any, rest: Sequence[Callable[[Any], Any]], class_index: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The feature map (h, w, k), the gradient of the class score with respect to it, and the probabilities (c,)."""
    import keras

    *between, classifier = rest

    def score(x: Any) -> tuple[Any, Any]:
        for operation in between:
            x = operation(x)
        probabilities = classifier(x)
        scores = gradients.before_softmax(classifier, x)
        chosen = keras.ops.argmax(probabilities[0]) if class_index is None else class_index
        return keras.ops.take(scores[0], chosen), probabilities

    slopes, probabilities = gradients.gradient(score, maps)
    return gradients.to_numpy(maps)[0], slopes[0], gradients.to_numpy(probabilities)[0]


def _last_pooling(model: "keras.Model") -> tuple[Any, tuple[Any, ...]]:
    """The last layer from a feature map (b, h, w, k) to features (b, d), and the models it is nested in.

    Returns:
        The layer; the models, outermost first.
    """
    import keras

    fallback = None
    for layer in reversed(model.layers):
        if isinstance(layer, keras.Model):
            if fallback:
                return fallback, (model,)
            pooling, networks = _last_pooling(layer)
            return pooling, (model, *networks)
        if isinstance(layer, keras.layers.InputLayer) or _rank(layer.input) != 4:
            continue
        if tuple(layer.input.shape[1:3]) != (1, 1):
            pools = _rank(layer.output) == 2 or isinstance(layer, keras.layers.GlobalAveragePooling2D)
            if pools or fallback:  # without pooling: a network that ends in 1 x 1 convolutions
                return (layer if pools else fallback), (model,)
        elif _rank(layer.output) == 2:
            fallback = fallback or layer
    if fallback:
        return fallback, (model,)
    raise RunError(
        "This network has no feature map: most transformers have tokens instead",
        "a convolutional network that ends in pooling",
        "Choose a run of a convolutional network",
    )


def _rank(tensor: Any) -> int:
    return len(getattr(tensor, "shape", ()))  # several tensors are a list
