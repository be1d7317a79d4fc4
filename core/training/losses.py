"""Cross-entropy, the same on TensorFlow and JAX."""

from typing import Any

SMALLEST = 1e-37  # probability with a finite slope in float32


def cross_entropy(labels: Any, probabilities: Any, *, label_smoothing: float = 0.0) -> Any:
    """The loss (b,) of probabilities (b, c), given labels (b, c).

    On TensorFlow Keras computes it from the logits behind the probabilities. On JAX it clips these at 1e-7, below which
    an image has no gradient.
    """
    from keras import backend, losses, ops

    if backend.backend() != "jax":
        return losses.categorical_crossentropy(labels, probabilities, label_smoothing=label_smoothing)
    labels = labels * (1 - label_smoothing) + label_smoothing / labels.shape[-1]
    return ops.sum(-labels * ops.log(ops.maximum(probabilities, SMALLEST)), axis=-1)
