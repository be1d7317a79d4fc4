"""Gradients of a Keras network, on TensorFlow or JAX, and what to take them of."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core import backbones
from core.backbones import graph


def gradient(function: Callable[[Any], tuple[Any, Any]], x: Any) -> tuple[np.ndarray, Any]:
    """The gradient of a scalar with respect to x, and what else the function returns.

    Args:
        function: From x to a scalar and anything else.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        slopes, other = jax.grad(function, has_aux=True)(keras.ops.convert_to_tensor(x))
    else:
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            x = tf.convert_to_tensor(x)
            tape.watch(x)
            value, other = function(x)
        slopes = tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return to_numpy(slopes), other


def to_numpy(tensor: Any) -> np.ndarray:
    """Float32, whatever the precision of the tensor."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")))


def _call(operation: Any, *args: Any, **kwargs: Any) -> Any:
    return operation(*args, **kwargs)


def scores(model: Any, pixels: Any, do: Callable[..., Any] = _call) -> Any:
    """The logits of a network, (b, classes) float32, for pixels (b, s, s, 3) that may be differentiated.

    Gradients pass where resized pixels are rounded, as if they were not: straight-through (arXiv:1308.3432).

    Args:
        model: From uint8 images to probabilities; its last layer is the classifier, with the softmax or followed by it.
        do: Does the operations before, as `graph.run` has it.
    """
    import keras

    def until_softmax(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if operation is model.layers[-1]:
            return before_softmax(operation, args[0])
        if type(operation).__name__ == "Round":
            return args[0] + keras.ops.stop_gradient(operation(args[0]) - args[0])
        return do(operation, *args, **kwargs)

    return graph.run(model, pixels, until_softmax)


def before_softmax(classifier: Any, x: Any) -> Any:
    """The scores (b, classes) float32 whose softmax a network's last layer returns for its input."""
    import keras

    x = keras.ops.cast(x, "float32")
    return keras.ops.matmul(x, classifier.kernel) + classifier.bias if hasattr(classifier, "kernel") else x


def shuffled(model: Any) -> Any:
    """A copy of a network whose weights have the same values in random places, each tensor for itself."""
    import keras

    random = np.random.default_rng(0)
    with keras.saving.custom_object_scope(backbones.own_layers()):
        copy = keras.models.clone_model(model)
    copy.set_weights([random.permutation(values.ravel()).reshape(values.shape) for values in model.get_weights()])
    return copy
