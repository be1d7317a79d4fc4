"""What a step of training runs: the part of the network that is not computed already, its head, and its variables."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core import backbones
from core.errors import BackboneError
from core.features import compiled
from core.training.inputs import Source
from core.training.model import Assembly


def build(assembly: Assembly, body: Any | None, *, inference: bool) -> Any:
    """A `keras.Model` from what a `Source` gives to probabilities (b, classes), made of the layers of an assembly.

    Args:
        body: A model from the inputs to features (b, d); None where the inputs are features.
        inference: Whether the body runs in inference mode while it trains: its BatchNorm statistics then never move.
            The call in here is direct, so that this holds whatever mode the whole is in (see `model.assemble`).
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


def compile(model: Any, optimizer: Any, label_smoothing: float) -> None:
    """Makes such a model ready for `fit` on targets (b, classes), with `loss` and `accuracy` in its logs."""
    from keras import losses, metrics

    model.compile(
        optimizer,
        loss=losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=jit(),
    )
    optimizer.build(model.trainable_variables)


def moving(assembly: Assembly) -> list:
    """The variables that training changes, in an order that is always the same: weights of all that trains, and seeds.

    Whatever is not among them is as `model.assemble` makes it.
    """
    layers = [layer for layer in backbones.weight_layers(assembly.network) if layer.trainable]
    weights = [variable for layer in [*layers, *assembly.head] for variable in layer.weights]
    constant = {id(variable) for variable in assembly.model.weights}
    return weights + [variable for variable in assembly.model.variables if id(variable) not in constant]


def read(variables: list, name: str) -> dict[str, np.ndarray]:
    """Copies of variables as arrays that a checkpoint can hold."""
    from keras import ops

    return {f"{name}_{index}": np.array(ops.convert_to_numpy(variable)) for index, variable in enumerate(variables)}


def write(variables: list, name: str, arrays: dict[str, np.ndarray]) -> None:
    """Gives variables the values that `read` took."""
    for index, variable in enumerate(variables):
        variable.assign(arrays[f"{name}_{index}"])


def release(variables: list) -> None:
    """Gives back the memory of variables that nobody reads any more.

    TensorFlow keeps the graph of a training step for as long as the process lives, and the graph its variables: without
    this every run would leave its weights and its optimizer's state in the worker.
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
) -> None:
    """Runs a model over a source in order and hands on what it gives, batch by batch; halves a batch that does not fit.

    Args:
        put: Takes the places of a batch and the model's outputs for them, an array or a list of arrays.
    """
    model.jit_compile = jit()
    done, batch_size = 0, min(batch_size, len(source))
    while done < len(source):
        places = slice(done, min(done + batch_size, len(source)))
        whole = np.resize(np.arange(places.start, places.stop), batch_size)  # another size would be compiled anew
        try:
            outputs = model.predict_on_batch(source.take(whole))
        except Exception as error:
            if not compiled.is_out_of_memory(error):
                raise
            batch_size = smaller(batch_size, error)
            continue
        done = places.stop
        count = done - places.start
        put(places, [output[:count] for output in outputs] if isinstance(outputs, list) else outputs[:count])


def jit() -> bool:
    """Whether Keras is to compile with XLA: JAX must; TensorFlow's steps are compiled anyway, and XLA takes minutes."""
    from keras import backend

    return backend.backend() == "jax"


def smaller(batch_size: int, error: Exception) -> int:
    """Half the batch that did not fit into memory; raises BackboneError where there is no half."""
    if batch_size == 1:
        raise BackboneError(
            "One image at a time does not fit into memory", remedy="Choose a smaller input size or backbone"
        ) from error
    return batch_size // 2
