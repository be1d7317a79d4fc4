"""Grad-CAM: which parts of an image speak for a class, as the last feature map of a network sees it.

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
from core.runs import models

if TYPE_CHECKING:
    import keras


def explain(run_id: str, image: np.ndarray, class_index: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What in an image speaks for a class, in the eyes of a finished run.

    Args:
        image: (s, s, 3) uint8, of the size that the run's dataset has.
        class_index: The class to explain; None: the predicted one.

    Returns:
        The map (h, w) float32 at the resolution of the last feature map, its maximum 1, or all 0 where nothing
        speaks for the class; and the probabilities (classes,) float32.

    Raises:
        RunError: The run has no model, or its last feature map has no places to tell apart.
    """
    return explain_model(models.load(run_id), image, class_index)


def explain_model(model: Any, image: np.ndarray, class_index: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """`explain` for a Keras model from uint8 images to probabilities, its backbone nested or not.

    Raises:
        RunError: There is no feature map between the images and the classes, or it is of 1 x 1.
    """
    pooling, networks = _last_pooling(model)
    path = (*networks, pooling)
    maps_shape = tuple(_call(networks[-1], pooling).inputs[0].shape[1:])
    if maps_shape[:2] == (1, 1):
        raise RunError(
            "The last feature map is of 1 x 1: there are no places to tell apart",
            "2 x 2 or more",
            "Look at a run with a larger input size",
        )
    size = model.input_shape[1]
    if image.shape != (size, size, 3):
        raise RunError(f"The image is of shape {image.shape}", f"({size}, {size}, 3), as the dataset of the run")
    maps, slopes, probabilities = _differentiate(_feature_map(path, image), _rest(path), class_index)
    weights = slopes.mean(axis=(0, 1))  # (k,)
    heat = np.maximum(maps @ weights, 0)  # (h, w)
    highest = heat.max()
    return (heat / highest if highest > 0 else heat).astype(np.float32), probabilities


def _feature_map(path: Sequence[Any], image: np.ndarray) -> Any:
    """What the last layer of a path takes, (1, h, w, k)."""
    import keras

    x = image[None]
    for network, inner in pairwise(path):
        x = keras.Model(network.inputs[0], _call(network, inner).inputs[0])(x, training=False)
    return x


def _rest(path: Sequence[Any]) -> list[Any]:
    """The operations from the last layer of a path to the probabilities: every network here ends in such a chain."""
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
    """The feature map (h, w, k), the slopes of the class's score by it (h, w, k), and the probabilities (c,)."""
    import keras

    *between, classifier = rest

    def score(x: Any) -> tuple[Any, Any]:
        for operation in between:
            x = operation(x)
        probabilities = classifier(x)
        x = keras.ops.cast(x, "float32")
        dense = hasattr(classifier, "kernel")
        scores = keras.ops.matmul(x, classifier.kernel) + classifier.bias if dense else x
        chosen = keras.ops.argmax(probabilities[0]) if class_index is None else class_index
        return keras.ops.take(scores[0], chosen), probabilities

    if keras.backend.backend() == "jax":
        import jax  # pyright: ignore[reportMissingImports]: only where it is the backend

        slopes, probabilities = jax.grad(score, has_aux=True)(maps)
    else:
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(maps)
            value, probabilities = score(maps)
        slopes = tape.gradient(value, maps)
    maps, slopes, probabilities = (
        np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(x[0], "float32"))) for x in (maps, slopes, probabilities)
    )
    return maps, slopes, probabilities


def _last_pooling(model: "keras.Model") -> tuple[Any, tuple[Any, ...]]:
    """The last layer that takes a feature map (b, h, w, k) and gives features (b, d), and the models it is nested in.

    Returns:
        The layer; the models, the outermost first.
    """
    import keras

    found = None
    for layer in reversed(model.layers):
        if isinstance(layer, keras.Model):
            if found:
                return found, (model,)
            pooling, networks = _last_pooling(layer)
            return pooling, (model, *networks)
        if isinstance(layer, keras.layers.InputLayer) or _rank(layer.input) != 4:
            continue
        if tuple(layer.input.shape[1:3]) != (1, 1):
            pools = _rank(layer.output) == 2 or isinstance(layer, keras.layers.GlobalAveragePooling2D)
            if pools or found:  # what was found pools nothing: a network that ends in convolutions of 1 x 1
                return (layer if pools else found), (model,)
        elif _rank(layer.output) == 2:
            found = found or layer
    if found:
        return found, (model,)
    raise RunError(
        "This network has no feature map before its features: a transformer, as in CLIP, has tokens instead",
        "a convolutional network that ends in pooling",
        "Look at a run of a convolutional network",
    )


def _rank(tensor: Any) -> int:
    return len(getattr(tensor, "shape", ()))  # several tensors come as a list
