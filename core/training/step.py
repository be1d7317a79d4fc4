"""One training step: the part of the network that is not precomputed, its head, and its variables."""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones
from core.config import RunConfig
from core.errors import BackboneError
from core.features import compiled
from core.training import distillation, losses
from core.training.inputs import Source
from core.training.model import Assembly


def build(assembly: Assembly, body: Any | None, *, inference: bool) -> Any:
    """A `keras.Model` from the inputs of a `Source` to probabilities (b, classes), made of the layers of an assembly.

    Args:
        body: A model from the inputs to features (b, d); None if the inputs are features.
        inference: Whether the body runs in inference mode during training, so that its BatchNorm statistics stay fixed.
            The body is called directly, so this holds in any mode of the whole model (see `model.assemble`).
    """
    import keras

    class TrainStep(keras.Model):
        def __init__(self):
            super().__init__(name="train_step")
            self.body, self.head = body, assembly.head

        def call(self, x, training=None):
            if self.body is not None:
                x = self.body(x, training=False if inference else training)
            x = keras.ops.cast(x, "float32")
            for layer in self.head:
                x = layer(x, training=training) if isinstance(layer, keras.layers.Dropout) else layer(x)
            return x

    with compiled.building("float32"):
        return TrainStep()


def compile(model: Any, optimizer: Any, config: RunConfig) -> None:
    """Compile such a model for `fit` on the targets of a `Material`, with `loss` and `accuracy` in its logs."""
    from keras import metrics

    loss, accuracy = (
        (distillation.loss(config), distillation.accuracy())
        if config.teacher
        else (
            partial(losses.cross_entropy, label_smoothing=config.label_smoothing),
            metrics.CategoricalAccuracy(name="accuracy"),
        )
    )
    model.compile(
        optimizer,
        loss=loss,
        metrics=[accuracy],
        jit_compile=jit(),
    )
    optimizer.build(model.trainable_variables)


def moving(assembly: Assembly) -> list:
    """The variables that training changes, in a fixed order: the weights of trainable layers, and seeds.

    All others are as `model.assemble` creates them.
    """
    layers = [layer for layer in backbones.weight_layers(assembly.network) if layer.trainable]
    weights = [variable for layer in [*layers, *assembly.head] for variable in layer.weights]
    constant = {id(variable) for variable in assembly.model.weights}
    return weights + [variable for variable in assembly.model.variables if id(variable) not in constant]


def read(variables: list, name: str) -> dict[str, np.ndarray]:
    """Copies of variables as arrays for a checkpoint."""
    from keras import ops

    return {f"{name}_{index}": np.array(ops.convert_to_numpy(variable)) for index, variable in enumerate(variables)}


def write(variables: list, name: str, arrays: dict[str, np.ndarray]) -> None:
    """Assign the values that `read` returned."""
    for index, variable in enumerate(variables):
        variable.assign(arrays[f"{name}_{index}"])


def release(variables: list) -> None:
    """Free the memory of variables that are no longer needed.

    TensorFlow keeps the graph of a training step for the life of the process, and the graph keeps its variables:
    without this, the weights and optimizer state of every run would stay in the worker's memory.
    """
    from keras import backend

    if backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    for variable in variables:
        nothing = tf.zeros([0], variable.value.dtype)
        tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=nothing, validate_shape=False)


def predict(
    model: Any,
    source: Source,
    batch_size: int,
    put: Callable[[slice, Any], None],
) -> float:
    """Run a model over a source in order, batch by batch; a batch that does not fit into memory is halved.

    Args:
        put: Receives the positions of a batch and the model's outputs for them, an array or a list of arrays.

    Returns:
        The seconds until the first batch was done if it compiled the model, otherwise 0.
    """
    compiles, began, seconds = model.predict_function is None, perf_counter(), 0.0
    model.jit_compile = jit()
    done, batch_size = 0, min(batch_size, len(source))
    while done < len(source):
        positions = slice(done, min(done + batch_size, len(source)))
        whole = np.resize(np.arange(positions.start, positions.stop), batch_size)  # another size would be recompiled
        try:
            outputs = model.predict_on_batch(source.take(whole))
        except Exception as error:
            if not compiled.is_out_of_memory(error):
                raise
            batch_size = smaller(batch_size, error)
            continue
        if compiles and not done:
            seconds = perf_counter() - began
        done = positions.stop
        count = done - positions.start
        put(positions, [output[:count] for output in outputs] if isinstance(outputs, list) else outputs[:count])
    return seconds


def jit() -> bool:
    """Whether Keras should compile with XLA: JAX must; TensorFlow compiles steps anyway, and XLA takes minutes."""
    from keras import backend

    return backend.backend() == "jax"


def smaller(batch_size: int, error: Exception) -> int:
    """Half the batch size that did not fit into memory; raises BackboneError for a single image."""
    if batch_size == 1:
        raise BackboneError(
            "One image at a time does not fit into memory", remedy="Choose a smaller input size or backbone"
        ) from error
    return batch_size // 2
