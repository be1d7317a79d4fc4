"""Learning from a teacher: from the labels, and from the probabilities that another run gives the training images.

    (1 - w) * cross-entropy(labels, p) + w * T**2 * KL(teacher at temperature T || p at temperature T)

Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, arXiv:1503.02531 (2015). `keras.distillation`
has the same loss, averaged over a batch and with the teacher in every step; here the teacher answers each image once,
and each image has its own loss, which class weights multiply.
"""

from typing import Any

from core.config import RunConfig
from core.training.losses import SMALLEST, cross_entropy


def loss(config: RunConfig) -> Any:
    """A Keras loss from labels and the teacher's probabilities, side by side (b, 2 c), and probabilities (b, c)."""
    import keras
    from keras import losses

    ops: Any = keras.ops

    def softened(probabilities: Any) -> Any:  # log-probabilities at the temperature
        return ops.log_softmax(ops.log(ops.maximum(probabilities, SMALLEST)) / config.temperature, axis=-1)

    class Distillation(losses.Loss):
        def call(self, y_true, y_pred):
            labels, taught = ops.split(y_true, 2, axis=-1)
            teacher, student = softened(taught), softened(y_pred)
            divergence = config.temperature**2 * ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)
            learned = cross_entropy(labels, y_pred, label_smoothing=config.label_smoothing)
            return (1 - config.teacher_weight) * learned + config.teacher_weight * divergence

    return Distillation()


def accuracy() -> Any:
    """Keras's accuracy for the same targets: by their labels."""
    from keras import metrics

    def by_labels(y_true, y_pred):
        return metrics.categorical_accuracy(y_true[:, : y_pred.shape[-1]], y_pred)

    return metrics.MeanMetricWrapper(by_labels, name="accuracy")
