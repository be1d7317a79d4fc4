"""Grad-CAM: which parts of an image speak for a class, as the last feature map of a network sees it.

Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization, ICCV 2017
(equations 1 and 2): with the feature map A (h, w, k) and the score y of a class before the softmax,

    weight of channel k = mean over (h, w) of dy / dA_k        map = ReLU(sum over k of weight_k A_k)
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from core.errors import RunError
from core.runs import models

_ONE_AT_A_TIME = threading.Lock()  # layers are watched while a model runs, and its threads share the model


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
    import keras

    pooling = _last_pooling(model)
    places = tuple(pooling.input.shape[1:3])
    if places == (1, 1):
        raise RunError(
            "The last feature map is of 1 x 1: there are no places to tell apart",
            "2 x 2 or more",
            "Look at a run with a larger input size",
        )
    classifier = model.layers[-1]
    size = model.input_shape[1]
    if image.shape != (size, size, 3):
        raise RunError(f"The image is of shape {image.shape}", f"({size}, {size}, 3), as the dataset of the run")

    def run(nudge: Any) -> tuple[Any, Any, Any]:
        """Feature map, scores and probabilities, with `nudge` added to the feature map to differentiate by."""
        seen = {}

        def nudged(maps: Any) -> Any:
            seen["maps"] = maps + keras.ops.cast(nudge, maps.dtype)
            return seen["maps"]

        def kept(x: Any) -> Any:
            seen["before"] = x
            return x

        with ExitStack() as watching:
            watching.enter_context(_watched(pooling, nudged))
            watching.enter_context(_watched(classifier, kept))
            probabilities = model(image[None], training=False)
        before = keras.ops.cast(seen["before"], "float32")
        dense = hasattr(classifier, "kernel")
        scores = keras.ops.matmul(before, classifier.kernel) + classifier.bias if dense else before
        return seen["maps"], scores, probabilities

    with _ONE_AT_A_TIME:
        maps, slopes, probabilities = _differentiate(run, tuple(pooling.input.shape[1:]), class_index)
    weights = slopes.mean(axis=(0, 1))  # (k,)
    heat = np.maximum(maps @ weights, 0)  # (h, w)
    highest = heat.max()
    return (heat / highest if highest > 0 else heat).astype(np.float32), probabilities


def _differentiate(
    run: Callable, shape: tuple[int, int, int], class_index: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The feature map (h, w, k), the slopes of the class's score by it (h, w, k), and the probabilities (c,)."""
    import keras

    def score(nudge: Any) -> tuple[Any, tuple[Any, Any]]:
        maps, scores, probabilities = run(nudge)
        chosen = keras.ops.argmax(probabilities[0]) if class_index is None else class_index
        return keras.ops.take(scores[0], chosen), (maps, probabilities)

    nudge = keras.ops.zeros((1, *shape), "float32")
    if keras.backend.backend() == "jax":
        import jax

        slopes, (maps, probabilities) = jax.grad(score, has_aux=True)(nudge)
    else:
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(nudge)
            value, (maps, probabilities) = score(nudge)
        slopes = tape.gradient(value, nudge)
    found = (maps[0], slopes[0], probabilities[0])
    maps, slopes, probabilities = (keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for x in found)
    return maps, slopes, probabilities


def _last_pooling(model: Any) -> Any:
    """The last layer that takes a feature map (b, h, w, k) and gives features (b, d), in nested models too."""
    import keras

    found = None
    for layer in reversed(model.layers):
        if isinstance(layer, keras.Model):
            return found or _last_pooling(layer)
        if isinstance(layer, keras.layers.InputLayer) or _rank(layer.input) != 4:
            continue
        if tuple(layer.input.shape[1:3]) != (1, 1):
            pools = _rank(layer.output) == 2 or isinstance(layer, keras.layers.GlobalAveragePooling2D)
            if pools or found:  # what was found pools nothing: a network that ends in convolutions of 1 x 1
                return layer if pools else found
        elif _rank(layer.output) == 2:
            found = found or layer
    if found:
        return found
    raise RunError(
        "This network has no feature map before its features: a transformer, as in CLIP, has tokens instead",
        "a convolutional network that ends in pooling",
        "Look at a run of a convolutional network",
    )


def _rank(tensor: Any) -> int:
    return len(getattr(tensor, "shape", ()))  # several tensors come as a list


@contextmanager
def _watched(layer: Any, watch: Callable) -> Iterator[None]:
    """The layer sees `watch(x)` instead of x."""
    call = layer.call
    layer.call = lambda x, *args, **kwargs: call(watch(x), *args, **kwargs)
    try:
        yield
    finally:
        del layer.call  # the class's own again
